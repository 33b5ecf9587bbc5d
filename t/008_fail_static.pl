# No login depends on the controller: stopped, terminated, killed or never
# started, every client is served or refused by its own deadline.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = new_node('fail_static', 'max_connections = 90',
	"pg_admission.connection_queue_timeout = '3s'", 'restart_after_crash = on');

sub controller_pid { return status_of($node, 'controller_pid') }

# Stopped: permits go on from hand to hand, and deadlines are kept.
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 5, 5)");
my @in = start_clients($node, 5);
wait_clients(5, 'in', @in);
my @held = start_clients($node, 25);
wait_status($node, 'connections_waiting = 25');
my $pid = controller_pid();
kill 'STOP', $pid;
my @late = start_clients($node, 25);
$_->hang_up for @in;
wait_clients(5, 'in', @held, @late);
pass('with the controller stopped, freed permits go to waiters');
is(status_of($node, 'connections_admitted'), 5, 'and the caps stay as they were');
wait_clients(45, 'refused', @held, @late);
my ($slowest) = sort { $b <=> $a } map { $_->{refused_after} } clients_in('refused', @held, @late);
cmp_ok($slowest, '<', 3 + 3, 'the others are refused by their own deadline');
cmp_ok(status_of($node, 'controller_heartbeat_age_ms'), '>', 2000, 'the heartbeat shows its silence');
wait_status($node, "advice LIKE 'the controller (process $pid) has been stuck for % s:%'");
pass('and advice says it in words');

# The start permits of idle sessions come back without it, too.
$_->hang_up for @held, @late;
kill 'CONT', $pid;
wait_status($node, 'connections_admitted = 0 AND controller_heartbeat_age_ms < 2000');
$node->append_conf('postgresql.conf', 'pg_admission.cores = 1');
$node->reload;
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', -1, -1)");
kill 'STOP', $pid;
my @idle = start_clients($node, 40);
wait_clients(40, 'in', @idle);
pass('and idle sessions give their start permits back');
kill 'CONT', $pid;
$_->hang_up for @idle;
wait_status($node, 'connections_admitted = 0');

# Terminated: it comes back and goes on.
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 2, 2)");
@in = start_clients($node, 2);
wait_clients(2, 'in', @in);
@held = start_clients($node, 10);
wait_status($node, 'connections_waiting = 10');
kill 'TERM', $pid;
wait_status($node, "controller_pid <> $pid");
is(status_of($node, 'phase || connection_cap'), 'warming2', 'a terminated controller comes back and goes on');
wait_clients(10, 'refused', @held);
$_->hang_up for @in;

# Killed: the server restarts as after any crash, and arms only if asked to.
my @before = start_clients($node, 5);
wait_until('two of them in', sub { clients_in('in', @before) >= 2 });
kill 'KILL', controller_pid();
wait_until('the end of them', sub { clients_in('in', @before) == 0 });
wait_ready($node);
$node->poll_query_until('postgres', 'SELECT controller_pid IS NOT NULL FROM admission.status');
wait_status($node, 'connections_waiting = 0 AND connections_admitted = 0 AND connections_exempt = 1');
pass('after a crash restart the counts are those of the live sessions');

# Silent for a minute: the gate of transactions opens, for those without patience too.
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.transaction_queue_timeout = 0');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.long_transaction_after = -1');
$node->reload;
start_gate($node, 1);
my ($app) = start_clients($node, 1);
wait_clients(1, 'in', $app);
my ($burner) = burn($node, 1, 70);
is($app->ask('SELECT count(*) > 0 FROM pg_class'), 'ERROR 53400', 'who has no patience is refused');
my $stopped = controller_pid();
kill 'STOP', $stopped;
is($app->ask('SELECT count(*) > 0 FROM pg_class'), 'ERROR 53400', 'when the controller has just been stopped, too');
usleep(61_500_000);
is($app->ask('SELECT count(*) > 0 FROM pg_class'), 't', 'when it has been silent for a minute, nobody is');
is($burner->state, 'busy', 'beside the one that runs');
kill 'CONT', $stopped;
is($burner->answer, 'burnt', 'to its end');
$_->hang_up for $app, $burner;
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET ALL');
$node->reload;

# Never started: the caps of the start hold for a moment, then the gate opens.
$node->append_conf('postgresql.conf',
	"max_worker_processes = 0\npg_admission.warmup_on = 'crash'\n"
	  . "pg_admission.warmup_initial_connections = 3\npg_admission.connection_queue_timeout = '20s'");
$node->stop('immediate');
$node->start;
my $since = time();
is(status_of($node, 'controller_pid IS NULL AND controller_heartbeat_age_ms IS NULL'), 't', 'no controller has started');
my @clients = start_clients($node, 50);
wait_clients(50, 'in', @clients);
cmp_ok(time() - $since, '<', 15, 'without a controller the gate opens, and 50 clients get in');
like(status_of($node, 'advice'), qr/controller does not run or is stuck/, 'status says why');
$_->hang_up for @clients;

$node->stop;
done_testing();
