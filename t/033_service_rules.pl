# Which service a session belongs to, by each kind of rule and in their order;
# that new rules reach those who are there, and that wrong ones change nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('service_rules', 'max_connections = 160', "listen_addresses = '127.0.0.1'",
	'pg_admission.cores = 3', 'pg_admission.exempt_connections = 2', "pg_admission.connection_queue_timeout = '60s'");
my $work = 'SELECT count(*) >= 0 FROM pg_class';

$node->safe_psql('postgres', q{
	CREATE ROLE owner LOGIN;
	CREATE DATABASE shop OWNER owner;
	CREATE ROLE team;
	CREATE ROLE squad IN ROLE team;
	CREATE ROLE direct LOGIN IN ROLE team;
	CREATE ROLE indirect LOGIN NOINHERIT IN ROLE squad;
	CREATE ROLE single LOGIN;
	CREATE ROLE "odd, name" LOGIN;
	CREATE ROLE "Single" LOGIN;});

# By application_name, for those that are asked more than once.
my $admin = session('admin', user => 'postgres');

sub session
{
	my ($name, %options) = @_;
	my $client = AdmissionClient->new($node, application_name => $name, %options);

	wait_clients(1, 'in', $client);
	return $client;
}

sub session_by_tcp
{
	no warnings 'redefine';
	local *IO::Socket::UNIX::new = sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $node->port)
	};
	return session(@_);
}

sub service_of
{
	my ($client) = @_;
	return $admin->ask("SELECT service FROM admission.backends WHERE pid = $client->{pid}");
}

sub changes_of_rules
{
	return $admin->ask(q{SELECT count(*) FROM admission.events
		WHERE kind = 'service' AND message LIKE 'pg\_admission.services has changed: %'});
}

# The last one in the file counts; a value there is one line.
sub reload_with
{
	my ($rules) = @_;
	$rules =~ s/\s+/ /g;
	$node->append_conf('postgresql.conf', "pg_admission.services = '$rules'");
	$node->reload;
	return;
}

sub set_rules
{
	my ($rules) = @_;
	my $before = changes_of_rules();

	reload_with($rules);
	wait_until("rules: $rules", sub { changes_of_rules() == $before + 1 });
	return;
}

sub end_sessions
{
	my (@clients) = @_;
	for my $client (@clients)
	{
		$admin->ask("SELECT pg_terminate_backend($client->{pid}, 60000)");
		$client->hang_up;
	}
	return;
}

# Without rules there is one service.
is($admin->ask(q{SELECT string_agg(concat_ws(' ', service, state, progress, sessions, rule), E'\n') FROM admission.services}),
	'default open 1 1 default: priority=normal', 'without rules all belong to "default"');

# Each kind of rule.
set_rules(q{tcp: client_address=127.0.0.1/32 role=single; pair: role=direct database=shop; shop: database=shop;
	crew: role=+team priority=high; notify: application_name=notify-*,*-bulk limit=50; middle: application_name=a*b*c;
	star: application_name="star*"; nameless: application_name=""; socket: client_address=local application_name=here,there;
	one: role=single,"odd, name" running=2x; ten: client_address=10.0.0.0/8});
for my $case (
	[ 'pair', 'raw', user => 'direct', database => 'shop' ],
	[ 'crew', 'raw', user => 'direct' ],
	[ 'crew', 'raw', user => 'indirect' ],
	[ 'shop', 'raw', user => 'indirect', database => 'shop' ],
	[ 'shop', 'notify-1', database => 'shop' ],
	[ 'notify', 'notify-1' ],
	[ 'notify', 'notify-' ],
	[ 'notify', 'nightly-bulk', user => 'single' ],
	[ 'default', 'Notify-1' ],
	[ 'default', 'notify' ],
	[ 'default', 'nightly-bulky' ],
	[ 'middle', 'abc' ],
	[ 'middle', 'a/b/cc-bbc' ],
	[ 'default', 'acb' ],
	[ 'star', 'star*' ],
	[ 'default', 'stars' ],
	[ 'nameless', '' ],
	[ 'socket', 'there', user => 'single' ],
	[ 'one', 'raw', user => 'single' ],
	[ 'one', 'raw', user => 'odd, name' ],
	[ 'default', 'raw', user => 'Single' ],
	[ 'default', 'raw' ])
{
	my ($expected, $name, %options) = @$case;
	my $client = session($name, %options);

	is(service_of($client), $expected, join(' ', "$expected: \"$name\"", %options));
	$client->hang_up;
}
for my $case (
	[ 'tcp', 'raw', user => 'single' ],
	[ 'tcp', 'there', user => 'single', database => 'shop' ],
	[ 'default', 'there' ])
{
	my ($expected, $name, %options) = @$case;
	my $client = session_by_tcp($name, %options);

	is(service_of($client), $expected, join(' ', "by TCP, $expected: \"$name\"", %options));
	$client->hang_up;
}

# The view tells the rules, in their order, and who is there.
is($admin->ask(q{SELECT string_agg(service, ' ') FROM admission.services}),
	'tcp pair shop crew notify middle star nameless socket one ten default', 'the view has them in their order');
is(service_says($admin, 'rule', 'tcp'), 'tcp: client_address=127.0.0.1 role=single', 'with their rules');
is(service_says($admin, 'priority, session_limit, session_cap, transaction_limit', 'notify'), 'normal 50 50', 'and their limits');
is(service_says($admin, 'transaction_limit, transaction_cap', 'one'), '6 6', 'in processors, too');
my @sessions = map { session("notify-$_") } 1 .. 3;
is(service_says($admin, 'sessions, running, waiting, logins_waiting', 'notify'), '3 0 0 0', 'and how many sessions');
$sessions[0]->query('SELECT pg_sleep(600)');
wait_until('it runs', sub { service_says($admin, 'running', 'notify') eq '1' });
is(service_says($admin, 'sessions, running, waiting', 'notify'), '3 1 0', 'and transactions');

# New rules reach a session when its next transaction begins, and new sessions at
# once.
$sessions[1]->ask('BEGIN');
is($sessions[1]->ask($work), 't', 'one is in a transaction');
set_rules('fresh: role=app; middle: application_name=a*b*c');
is(service_of($_), 'notify', 'those who are there stay') for @sessions;
is($sessions[1]->ask($work), 't', 'whoever is in a transaction');
is(service_of($sessions[1]), 'notify', 'stays to its end');
$sessions[1]->ask('COMMIT');
is($_->ask($work), 't', 'the next one begins') for @sessions[ 1, 2 ];
is(service_of($_), 'fresh', 'by the new rules') for @sessions[ 1, 2 ];
is(service_says($admin, 'sessions, running, rule IS NULL', 'notify'), '1 1 t', 'the old service is listed while somebody is in it');
is(service_says($admin, 'sessions', 'fresh'), '2', 'beside the new one');
my $new = session('notify-9');
is(service_of($new), 'fresh', 'a new session belongs to it at once');
end_sessions($sessions[0], $new);
wait_until('it is forgotten', sub { service_says($admin, 'service', 'notify') eq '' });
pass('and is gone with the last one');

# A session that calls itself something else.
is($sessions[1]->ask(q{SET application_name = 'abc'; SELECT 1}), '1', 'a session changes its name');
is(service_of($sessions[1]), 'fresh', 'and stays where it is');
set_rules('middle: application_name=a*b*c; fresh: role=app');
$sessions[1]->ask($work);
is(service_of($sessions[1]), 'middle', 'until its next transaction');
$sessions[2]->ask(q{SET application_name = 'aabbcc'});
$sessions[2]->ask($work);
is(service_of($sessions[2]), 'middle', 'whether or not the rules have changed');
$sessions[2]->ask('RESET application_name');
$sessions[2]->ask($work);
is(service_of($sessions[2]), 'fresh', 'and back');
is(service_says($admin, 'sessions', 'middle') . service_says($admin, 'sessions', 'fresh'), '11', 'and is counted where it is');

# SET ROLE is no other login; a superuser's sessions are in a service, too.
$admin->ask('GRANT single TO app');
set_rules('one: role=single; top: role=postgres; fresh: role=app');
is($sessions[2]->ask('SET ROLE single'), '', 'a session takes another role');
$sessions[2]->ask($work);
is(service_of($sessions[2]), 'fresh', 'and stays in the service of the one that logged in');
my $boss = session('boss', user => 'postgres');
is(service_of($boss), 'top', q{a superuser's session is in a service});
set_rules('high: role=postgres; fresh: role=app');
is($boss->ask($work), 't', 'which it leaves');
is(service_of($boss), 'high', 'for another by new rules');
end_sessions($boss, @sessions[ 1, 2 ]);

# Wrong rules: the old ones stay, and the log says why.
set_rules('good: application_name=good');
my $good = session('good');
my $too_many = join('; ', map { "s$_: application_name=s$_" } 1 .. 65);
for my $case (
	[ 'good application_name=good', q{In service "good", expected a colon behind its name, found "application_name" at character 6\.} ],
	[ 'good: application_name=good limit=0', q{In service "good", expected 1 or more .* for limit, found "0" at character 35\.} ],
	[ 'good: limit=5', q{In service "good", expected role, database, application_name or client_address to say who belongs to it, found the end} ],
	[ 'good: client_address=10.0.0.1/8', q{In service "good", expected a network without bits right of its mask, found "10\.0\.0\.1/8"} ],
	[ 'good: role=x; good: role=y', q{Expected no second service of the same name, found "good" at character 15\.} ],
	[ 'default: role=x', q{In service "default", expected no key that says who belongs to it, found "role"} ],
	[ 'good: role=x exempt=on limit=3', q{In service "good", expected no limit, running, patience or priority beside exempt=on, found "limit"} ],
	[ $too_many, q{Expected at most 64 services besides default, found "s65"} ])
{
	my ($rules, $why) = @$case;
	my $log = -s $node->logfile;

	reload_with($rules);
	ok($node->wait_for_log(qr/invalid value for parameter "pg_admission\.services".*\n.*DETAIL:  $why/, $log),
		'the log says what is wrong with ' . substr($rules, 0, 40));
}
is($good->ask($work), 't', 'all goes on');
my $another = session('good');
is(join(' ', map { service_of($_) } $good, $another), 'good good', 'by the old rules');
is($admin->ask(q{SELECT string_agg(rule, '; ') FROM admission.services}), 'good: application_name=good; default: priority=normal',
	'which the view shows');
$admin->ask(q{ALTER SYSTEM SET pg_admission.services = 'good'});
is($admin->error('C'), '22023', 'ALTER SYSTEM refuses them');
end_sessions($good, $another);

# Who waits is shown with its service.
set_rules('few: role=single limit=1; narrow: application_name=narrow* running=1 patience=20s');
my $only = session('few', user => 'single');
my ($held) = start_clients($node, 1, user => 'single', application_name => 'few');
wait_status($node, 'connections_waiting = 1');
my @narrow = map { session("narrow $_") } 1, 2;
$narrow[0]->query('SELECT burn(2)');
wait_until('it runs', sub { service_says($admin, 'running', 'narrow') eq '1' });
$narrow[1]->query($work);
wait_status($node, 'transactions_waiting = 1');
is($admin->ask(q{SELECT string_agg(concat_ws(' ', gate, service, application_name, "position"), ', ' ORDER BY gate) FROM admission.waiting}),
	'connection few few 1, transaction narrow narrow 2 1', 'who waits, and in which service');
is(service_says($admin, 'sessions, logins_waiting, running, waiting', 'few'), '1 1 0 0', 'a login is counted in its own');
is(service_says($admin, 'sessions, logins_waiting, running, waiting', 'narrow'), '2 0 1 1', 'and so is a transaction');
$_->answer for @narrow;
end_sessions($only);
wait_clients(1, 'in', $held);
end_sessions($held, @narrow);

# Exempt: by its name a session is in the reserved lane, as long as that has room.
set_rules('probes: application_name=probe exempt=on');
$admin->ask(q{SELECT admission.start_warmup('10 min', 1, 1)});
$only = session('only');
my @probes = map { session('probe') } 1, 2;
is(status_of($node, 'connections_in_lane'), '2', 'those of an exempt service are in the lane');
is($admin->ask(qq{SELECT string_agg(concat_ws(' ', service, gate_state), ', ') FROM admission.backends WHERE application_name = 'probe'}),
	'probes lane, probes lane', 'and shown there');
is(service_says($admin, 'exempt, sessions', 'probes'), 't 2', 'and counted in their service');
($held) = start_clients($node, 1, application_name => 'probe');
wait_status($node, 'connections_waiting = 1');
is(status_of($node, 'connections_in_lane'), '2', 'a third one waits like everybody');
end_sessions($only);
wait_clients(1, 'in', $held);
end_sessions($held, @probes);
$admin->ask('SELECT admission.stop_warmup()');

# Those who stop sessions can say whose.
set_rules('notify: application_name=notify-*');
@sessions = map { session("notify-$_") } 1 .. 3;
my $other = session('other');
is($admin->ask(q{SELECT string_agg(application_name, ' ' ORDER BY application_name) FROM admission.find_backends(service => 'notify')}),
	'notify-1 notify-2 notify-3', 'the sessions of a service are found');
$sessions[0]->query('SELECT pg_sleep(600)');
wait_until('it runs', sub { service_says($admin, 'running', 'notify') eq '1' });
is($admin->ask(q{SELECT string_agg(application_name, ' ') FROM admission.cancel_backends(service => 'notify', dry_run => false, wait => '10 s') WHERE done = 'cancelled'}),
	'notify-1', 'what they do can be cancelled');
is($sessions[0]->answer, 'ERROR 57014', 'by its service');
is($admin->ask(q{SELECT count(*) FROM admission.terminate_backends(service => 'notify', dry_run => false, wait => '10 s') WHERE gone}),
	'3', 'and they can be terminated');
wait_clients(3, 'refused', @sessions);
is($other->ask($work), 't', 'and nobody else');
for my $call (qw(find_backends cancel_backends terminate_backends))
{
	is($admin->ask("SELECT * FROM admission.$call(service => 'nobody')"), 'ERROR 42704', "$call(): an unknown service");
	is($admin->error('M'), 'service "nobody" does not exist', 'is an error');
	like($admin->error('H'), qr/^The services of pg_admission\.services are: .*notify/, 'that says which there are');
}
end_sessions($other);

# A database owner who is let in by the rules has all rights of one.
set_rules('crew: role=+team,+nobody_there database=shop,postgres; owners: role=+owner');
is( $node->safe_psql('shop', q{SELECT has_schema_privilege('public', 'CREATE'),
		pg_has_role('pg_database_owner', 'USAGE'), pg_has_role('pg_database_owner', 'MEMBER')},
		extra_params => [ '-U', 'owner' ]),
	't|t|t', 'an owner who is matched by a group has all rights');
my $owner = session('owner', user => 'owner', database => 'shop');
is(service_of($owner), 'owners', 'and is in the group of its own name');
$admin->ask('GRANT team TO owner');
$owner->ask($work);
is(service_of($owner), 'owners', 'a new membership counts from the next login on');
my $again = session('owner', user => 'owner', database => 'shop');
is(service_of($again), 'crew', 'like this one');
end_sessions($owner, $again);

# As many services as there may be, and all of them others, twice, while sessions
# idle in the old ones.
sub many
{
	my ($letter) = @_;
	return join('; ', map { "$letter$_: application_name=$letter$_" } 1 .. 64);
}

set_rules(many('a'));
my @a = map { session("a$_") } 1 .. 40;
my $last = session('a64');
is(service_of($last), 'a64', '64 services work');
end_sessions($last);
set_rules(many('b'));
my @b = map { session("b$_") } 1 .. 40;
is(join(' ', map { service_of($_) } $a[39], $b[39]), 'a40 b40', 'beside the old ones of those who idle');
my $log = -s $node->logfile;
my $before = changes_of_rules();
reload_with(many('c'));
ok($node->wait_for_log(qr/pg_admission keeps its old services until there is room for the new ones/, $log), 'there is no room for 64 more');
$last = session('b64');
is(service_of($last), 'b64', 'so the rules before stay');
is($last->ask($work), 't', 'and work');
is(service_says($admin, 'sessions', 'a1') . service_says($admin, 'sessions', 'b1'), '11', 'whoever idles stays where it is');
is($_->ask($work), 't', 'a session begins a transaction') for @a[ 0 .. 9 ];
is(service_of($a[0]), 'default', 'and has left its old service');
is(changes_of_rules(), $before, 'there is still no room');
end_sessions(@a[ 10 .. 19 ]);
wait_until('the third rules', sub { changes_of_rules() == $before + 1 });
pass('when enough have left, the new rules are taken over');
is($last->ask($work), 't', 'who was there goes on');
is(service_of($last), 'default', 'by them');
$new = session('c64');
is(service_of($new), 'c64', 'and so does who comes');
is(join(' ', map { service_of($_) } $a[39], $b[39]), 'a40 b40', 'those who idle have kept theirs');
is($_->ask($work), 't', 'they go on') for @a[ 20 .. 39 ], @b;
is(join(' ', map { service_of($_) } $a[39], $b[39]), 'default default', 'by the rules of now');
wait_until('they are forgotten', sub { $admin->ask(q{SELECT count(*) FROM admission.services WHERE rule IS NULL}) eq '0' });
pass('nothing is left of the old ones');
is($admin->ask(q{SELECT sum(sessions) = (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') FROM admission.services}),
	't', 'and everybody is counted once');

$node->stop;
done_testing();
