# Whom the gate spares, and that it takes nothing away from those who log in
# through it: a database owner's rights, a vacuum's horizon, an error's text.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('roles', 'max_connections = 40', 'autovacuum = off',
	"pg_admission.connection_queue_timeout = '60s'",
	q{pg_admission.exempt_roles = '+pg_monitor, "odd, name", +ops'});
$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN;
	CREATE DATABASE shop OWNER owner;
	CREATE ROLE ops; CREATE ROLE team IN ROLE ops; CREATE ROLE deep LOGIN NOINHERIT IN ROLE team;
	CREATE ROLE "odd, name" LOGIN;
	CREATE TABLE bloat AS SELECT 1 AS a;
});

my $rights = q{SELECT has_schema_privilege('public', 'CREATE'),
	pg_has_role('pg_database_owner', 'USAGE'), pg_has_role('pg_database_owner', 'MEMBER')};
is($node->safe_psql('shop', $rights, extra_params => [ '-U', 'owner' ]), 't|t|t',
	'an owner who is let in at once has all rights');

$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 1, 1)");
my ($in) = start_clients($node, 1);
wait_clients(1, 'in', $in);

# Exempt: superuser, members at any depth, quoted names, replication.
for my $role ('postgres', 'monitor', 'deep', 'odd, name')
{
	my ($client) = start_clients($node, 1, user => $role);
	wait_clients(1, 'in', $client);
	is($client->state, 'in', "$role does not wait");
	$client->hang_up;
}
wait_status($node, 'connections_in_lane = 0');

# An unknown role and an unknown database fail as they do without us.
my ($unknown) = start_clients($node, 1, user => 'nobody_there');
wait_clients(1, 'refused', $unknown);
is($unknown->error('C'), '28000', 'an unknown role is refused by PostgreSQL itself');

# The owner is held, and has all its rights when its turn comes.
my ($held) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
my ($stdout, $stderr) = ('', '');
my $psql = IPC::Run::start(
	[ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'owner', '-d', 'shop', '-c', $rights ],
	'>', \$stdout, '2>', \$stderr);
wait_status($node, 'connections_waiting = 2');

# A held login holds no snapshot: what was deleted before can be vacuumed, and
# nobody has an older horizon.
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM pg_stat_activity a, admission.waiting w
	WHERE a.pid = w.pid AND a.backend_xmin IS NOT NULL}), '0', 'a held login shows no xmin');
$node->safe_psql('postgres', 'DELETE FROM bloat');
my ($ret, $out, $err) = $node->psql('postgres', 'VACUUM (VERBOSE) bloat');
like($err, qr/removed: 1 removed|tuples: 1 removed/, 'a held login does not hold vacuum back');

# What a client sends as a name does not break the view for the others.
my ($odd) = start_clients($node, 1, database => "b\xc3\xff", application_name => "a\xfe");
wait_status($node, 'connections_waiting = 3');
is($node->safe_psql('postgres', q{SELECT lower(database) FROM admission.waiting WHERE position = 3}),
	'b??', 'bytes that are no text are shown as question marks');
$odd->hang_up;
wait_status($node, 'connections_waiting = 2');

# Whom the lane had no room for goes over to it as soon as it has.
$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.exempt_connections = 1");
$node->reload;
my ($first) = start_clients($node, 1, user => 'monitor');
wait_clients(1, 'in', $first);
ok(wait_until('the lane is full', sub {
	my ($second) = start_clients($node, 1, user => 'deep');
	usleep(300_000);
	my $waits = $second->state ne 'in';
	$second->hang_up;
	return $waits;
}), 'a full lane lets nobody in');
my ($second) = start_clients($node, 1, user => 'deep');
ok(wait_until('who finds it full waits', sub {
	status_of($node, q{(SELECT count(*) FROM admission.waiting WHERE role = 'deep')}) eq '1';
}), 'who finds it full waits');
$first->hang_up;
wait_clients(1, 'in', $second);
is($second->state, 'in', 'and is in when somebody has left it, whatever the caps');
wait_status($node, 'connections_in_lane = 1 AND connections_waiting = 2');
$second->hang_up;

$in->hang_up;
$held->hang_up;
$psql->finish;
is($stdout, "t|t|t\n", 'an owner who was held has all rights');
is($stderr, '', 'and was told nothing else');

$node->stop;
done_testing();
