# The governor, on a machine whose pressure the test invents: what proves a
# warm-up, what holds it, what cuts the caps, and that nobody is held while the
# machine is comfortable.
#
#	ADMISSION_TEST_IDLE    idle pooled sessions of the quiet night (100)

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionMachine;
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $idle = $ENV{ADMISSION_TEST_IDLE} // 100;
# Looks are long, and the work is well above what proves it: where the process that
# moves the machine is late, a short look would see nothing.
my $machine = AdmissionMachine->new(cores => 4);
my $node = new_node('governed',
	'max_connections = ' . ($idle + 60),
	'pg_admission.warmup_advance = load',
	"pg_admission.sample_interval = '500ms'",
	"pg_admission.system_root = '" . $machine->root . "'");

sub samples
{
	my ($count) = @_;
	$node->safe_psql('postgres', join('', map { 'SELECT admission.sample_now();' } 1 .. $count));
	return;
}

# Polls until the level is this one.
sub wait_level
{
	my ($level) = @_;
	return wait_status($node, "pressure_level = '$level'");
}

samples(2);
is($node->safe_psql('postgres', "SELECT sources FROM admission.pressure"),
	'running: /proc/schedstat; waiting: /proc/schedstat; stalls: /proc/pressure; memory: /proc/meminfo',
	'the invented machine is read');
is($node->safe_psql('postgres', "SELECT usable_cores, memory_limit_bytes FROM admission.pressure"),
	'4|8589934592', 'with its processors and memory');

# The quiet night: a pool that is only there proves nothing.
my ($app) = start_clients($node, 1);
wait_clients(1, 'in', $app);
my @idle = start_clients($node, $idle);
wait_clients($idle, 'in', @idle);
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 min')");
samples(40);
is(status_of($node, 'phase || progress'), 'warming0', "quiet night: $idle idle sessions make no progress");
like(status_of($node, 'phase_reason'), qr/waiting for load: gated work uses 0 % .* counts when it has used 50 % for 5 s/, 'and it says so');

# Nor does work that is not gated.
my $admin = $node->background_psql('postgres', on_error_stop => 0);
my $admin_pid = $admin->query_safe('SELECT pg_backend_pid()');
$machine->set(running => 3);
$machine->set(pid => $admin_pid, run => 3);
wait_until(q{a superuser's work is seen}, sub {
	$node->safe_psql('postgres', "SELECT round(cpu_percent / 100) FROM admission.backends WHERE pid = $admin_pid") eq '3' });
samples(10);
is(status_of($node, 'progress'), '0', q{a superuser's work is seen, and proves nothing});

# Gated work on a comfortable machine does.
$machine->set(pid => $admin_pid, run => 0);
$machine->set(pid => $app->{pid}, run => 3.4);
wait_status($node, 'progress > 0 AND start_cap > 8');
pass('morning: gated work on a comfortable machine raises the cap');
wait_status($node, "phase_reason LIKE '%the caps rise: the machine is comfortable with gated work that uses __ %'");
pass('and it says so');

# High pressure holds.
$machine->set(running => 4, waiting => 6);
wait_level('high');
my $held = status_of($node, 'progress');
samples(10);
is(status_of($node, 'progress'), $held, 'high pressure holds progress');
wait_status($node, "phase_reason ~ 'the caps do not rise while pressure is high: cpu_demand is 2\\.[3-7]'");
pass('and it says so');
like(status_of($node, 'advice'), qr/FROM admission\.backends ORDER BY cpu_percent/, 'with what to look at');
$machine->set(running => 4, waiting => 1.5);
samples(20);
is(status_of($node, 'pressure_level'), 'high', 'a little under the threshold it stays high');
$machine->set(running => 2.6, waiting => 0);
wait_level('comfortable');
wait_status($node, "progress > $held");
pass('and progress goes on when the machine is comfortable again');

# Critical pressure cuts a fifth, once per cool-down, never below the beginning.
$node->safe_psql('postgres', "SELECT admission.start_warmup('3 s', 10, 40)");
wait_status($node, 'connection_cap >= 30');
$machine->set(running => 4, waiting => 36);
wait_level('critical');
wait_until('the first cut', sub { slurp_file($node->logfile) =~ /pg_admission cuts the caps: pressure is critical/ });
my ($cap, $after) = (status_of($node, 'connection_cap'));
cmp_ok($cap, '>=', 24, 'the first cut takes a fifth');
cmp_ok($cap, '<=', 32, 'of the cap');
samples(10);
is(status_of($node, 'connection_cap'), $cap, 'and no more within the cool-down');
wait_status($node, "phase_reason ~ 'the caps are cut back while pressure is critical: cpu_demand is (9|10)\\.'");
pass('and it says so');
wait_status($node, "connection_cap < $cap");
$after = status_of($node, 'connection_cap');
cmp_ok($after, '>=', 0.75 * $cap, 'the next cut takes another fifth');

# Recovery, to the end.
$machine->set(running => 2.6, waiting => 0);
wait_status($node, "phase = 'open'");
like(status_of($node, 'phase_reason'), qr/the last one completed/, 'a warm-up that was cut completes when the load has proved it');

# While open, caps bind under pressure only.
$machine->set(running => 4, waiting => 6);
wait_level('high');
is(status_of($node, 'start_cap'), '16', 'open and under pressure, the cap of the end binds');
like(status_of($node, 'phase_reason'), qr/new sessions and transactions are capped while pressure is high/, 'and it says so');

# Memory counts as well.
$machine->set(running => 1, waiting => 0);
wait_level('comfortable');
$machine->set(available_kb => 100 * 1024);
wait_level('critical');
is($node->safe_psql('postgres', 'SELECT cause FROM admission.pressure'), 'memory_used', 'memory that runs out is critical');
$machine->set(available_kb => 6 * 1024 * 1024, memory_full => 0.2);
wait_level('high');
is($node->safe_psql('postgres', 'SELECT cause FROM admission.pressure'), 'memory_full', 'tasks that stand still for it are high pressure');
$machine->set(memory_full => 0);
wait_level('comfortable');

# A comfortable machine holds nobody: not behind a cap that is wrong.
$_->hang_up for @idle;
wait_status($node, 'connections_admitted <= 1');
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 1, 5), admission.reset_counters()");
my @wave = start_clients($node, 40);
wait_clients(40, 'in', @wave);
is(status_of($node, 'refused'), '0', 'a comfortable machine refuses nobody');
cmp_ok(status_of($node, 'longest_wait_ms'), '<=', 200, 'and holds nobody for longer than 0.2 s');
is(status_of($node, 'held_while_comfortable_ms'), '0', 'which is counted');
is(status_of($node, 'passed > 0 AND held > 0'), 't', 'they were let in beyond the cap');

# Not even where there is no time, or no slot, to wait.
$_->hang_up for @wave;
wait_status($node, 'connections_admitted <= 1');
$node->append_conf('postgresql.conf', 'pg_admission.connection_queue_timeout = 0');
$node->reload;
wait_until('reloaded', sub { $node->safe_psql('postgres', 'SHOW pg_admission.connection_queue_timeout') eq '0' });
samples(1);
@wave = start_clients($node, $idle + 50);
wait_until('all answered', sub { clients_in('held', @wave) == 0 });
is(scalar(clients_in('in', @wave)), $idle + 50, 'nor where nobody may wait');
is(status_of($node, 'refused'), '0', 'none was refused');

# Nor where samples are rare.
$_->hang_up for @wave;
wait_status($node, 'connections_admitted <= 1');
$node->append_conf('postgresql.conf', "pg_admission.sample_interval = '60s'\npg_admission.transaction_queue_timeout = 0");
$node->reload;
wait_until('reloaded', sub { $node->safe_psql('postgres', 'SHOW pg_admission.sample_interval') eq '1min' });
start_gate($node, 1);
my ($other) = start_clients($node, 1);
wait_clients(1, 'in', $other);
usleep(4_000_000);
my ($burner) = burn($node, 1, 2);
is($other->ask('SELECT count(*) > 0 FROM pg_class'), 't', 'a comfortable machine is known to be one however rare samples are');
is($burner->answer, 'burnt', 'beside one that runs');
$_->hang_up for $burner, $other;
$node->append_conf('postgresql.conf', "pg_admission.sample_interval = '500ms'\npg_admission.transaction_queue_timeout = '1s'");
$node->reload;

# With the clock, or without a measure of pressure, the ramp is plain.
wait_status($node, 'connections_admitted <= 1');
$node->append_conf('postgresql.conf', 'pg_admission.warmup_advance = clock');
$node->reload;
samples(1);
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 3, 5)");
my @refused = start_clients($node, 4);
wait_clients(2, 'in', @refused);
wait_clients(2, 'refused', @refused);
pass('with warmup_advance = clock the cap holds');
$machine->stop;

# A machine that tells nothing.
$node->append_conf('postgresql.conf', "pg_admission.warmup_advance = load\npg_admission.system_root = '/nonexistent'");
$node->reload;
wait_until('nothing can be read', sub {
	$node->safe_psql('postgres', 'SELECT cpu_demand IS NULL AND sampled_at IS NOT NULL FROM admission.pressure') eq 't' });
is($node->safe_psql('postgres', q{
	SELECT level, usable_cores > 0, cpu_used IS NULL, run_queue_wait IS NULL, psi_cpu_some IS NULL,
		memory_available_bytes IS NULL, load1 IS NULL, sources FROM admission.pressure}),
	'comfortable|t|t|t|t|t|t|running: none; waiting: none; stalls: none; memory: none',
	'what cannot be read is null');
like(status_of($node, 'phase_reason'), qr/pressure cannot be measured here, so the caps rise with the clock/, 'and the clock counts instead');
for my $source (qw(stat loadavg meminfo pressure))
{
	my @lines = slurp_file($node->logfile) =~ m{cannot read "/nonexistent/proc/$source"}g;
	is(scalar @lines, 1, "one line in the log for /proc/$source");
}
$node->stop;

done_testing();
