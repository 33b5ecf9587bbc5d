# Mode observe counts whom the caps would have held and holds nobody; off does
# not even count; changes take effect by a reload, and are refused when wrong.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('modes', 'max_connections = 60', 'pg_admission.mode = observe',
	'log_min_messages = log', "pg_admission.connection_queue_timeout = '60s'");

my ($ret, $out, $err) = $node->psql('postgres', "SELECT admission.start_warmup('10 min', 2, 2)");
like($err, qr/WARNING:  the warm-up holds nobody: pg_admission.mode is "observe"/, 'the caller is warned');
is(status_of($node, 'mode || $$ $$ || phase || $$ $$ || connection_cap'), 'observe warming 2', 'observe shows the caps');
my @clients = start_clients($node, 7);
wait_clients(7, 'in', @clients);
is(status_of($node, 'would_hold_connection_cap || $$/$$ || held || $$/$$ || refused'), '5/0/0',
	'it counts whom the cap would have held, and holds nobody');
like(status_of($node, 'advice'), qr/mode observe: 5 logins and 0 transactions would have been held/, 'and says so');

# Permits that are no longer used are taken back before anybody is counted.
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min')");
$node->safe_psql('postgres', 'SELECT admission.hold_warmup(), admission.reset_counters()');
my @idle;
for (1 .. 20)
{
	push @idle, start_clients($node, 1);
	wait_clients(1, 'in', $idle[-1]);
	usleep(30_000);
}
is(status_of($node, 'would_hold_start_cap'), 0, 'idle sessions would have held nobody');
is(status_of($node, 'advice'), 'mode observe: nobody would have been held so far', 'and advice says so');
$_->hang_up for @idle;
wait_status($node, 'connections_admitted = 7');
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 2, 2)");
ok($node->wait_for_log(qr/LOG:  pg_admission: the warm-up was started by /), 'the log says who started a warm-up');

# Sessions from before the change count; nobody is thrown out.
$node->append_conf('postgresql.conf', 'pg_admission.mode = enforce');
$node->reload;
wait_status($node, "mode = 'enforce'");
ok($node->wait_for_log(qr/LOG:  pg_admission.mode is now "enforce"/), 'the log says that the mode has changed');
is(scalar(clients_in('in', @clients)), 7, 'enforce throws nobody out');
my ($held) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
$_->hang_up for @clients[ 0 .. 4 ];
wait_status($node, 'connections_admitted = 2');
is(status_of($node, 'connections_waiting'), 1, 'it holds until the sessions are fewer than the cap');
$clients[5]->hang_up;
wait_clients(1, 'in', $held);
pass('and then lets the waiter in');

# A new time takes effect on those who wait already.
my ($waiter) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
$node->append_conf('postgresql.conf', "pg_admission.connection_queue_timeout = '100ms'");
$node->reload;
wait_clients(1, 'refused', $waiter);
cmp_ok($waiter->{refused_after}, '<', 30, 'a shorter timeout ends a wait that has begun');

# Zero time: nobody waits.
$node->append_conf('postgresql.conf', "pg_admission.connection_queue_timeout = 0");
$node->reload;
wait_until('no waiting', sub {
	my ($client) = start_clients($node, 1);
	wait_clients(1, 'refused', $client);
	$client->{refused_after} < 0.5 });
pass('a timeout of 0 refuses at once');

# Off.
$node->append_conf('postgresql.conf', 'pg_admission.mode = off');
$node->reload;
wait_status($node, "phase = 'off'");
my @more = start_clients($node, 5);
wait_clients(5, 'in', @more);
is(status_of($node, 'connections_admitted'), 7, 'off lets everybody in, and still knows who is there');

# A wrong value never takes effect.
my $offset = -s $node->logfile;
$node->append_conf('postgresql.conf', "pg_admission.exempt_roles = 'a b'");
$node->reload;
ok($node->wait_for_log(qr/invalid value for parameter "pg_admission.exempt_roles": "a b"/, $offset), 'a wrong value is named');
is($node->safe_psql('postgres', 'SHOW pg_admission.exempt_roles'), '+pg_monitor', 'and the old one stays');

$node->stop;
done_testing();
