# Runaways: who is past which limit, and what is done about it; under which
# pressure, how many in a minute, and to whom never.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionMachine;
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('runaways', 'max_connections = 60', "pg_admission.sample_interval = '200ms'",
	'pg_admission.runaway_only_under = comfortable', 'pg_admission.runaway_cpu_time = -1',
	'pg_admission.runaway_idle_in_transaction = -1', 'pg_admission.runaway_blocking = -1');

# Changes settings below pg_admission.runaway_, and waits until they stand.
sub settings
{
	my (%settings) = @_;
	for my $name (sort keys %settings)
	{
		$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.runaway_$name = '$settings{$name}'");
	}
	$node->reload;
	for my $name (sort keys %settings)
	{
		wait_until($name, sub { $node->safe_psql('postgres', "SHOW pg_admission.runaway_$name") eq $settings{$name} });
	}
	return;
}

sub runaways
{
	return $node->safe_psql('postgres', q{SELECT string_agg(pid || ' ' || past, ', ' ORDER BY pid) FROM admission.runaways});
}

sub events
{
	my ($condition) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM admission.events WHERE kind = 'runaway' AND $condition");
}

sub session
{
	my ($sql, %options) = @_;
	my ($client) = start_clients($node, 1, %options);
	wait_clients(1, 'in', $client);
	$client->query($sql);
	return $client;
}

# Two that burn and one that sleeps for longer: by processor time it is the two.
my $sleeper = session('SELECT pg_sleep(600)');
my @burners = map { session('SELECT burn(600)') } 1 .. 2;
is(runaways(), '', 'no limit, no runaway');
settings(cpu_time => '1s');
my $two = join(', ', map { "$_->{pid} cpu_time" } sort { $a->{pid} <=> $b->{pid} } @burners);
wait_until('both burners', sub { runaways() eq $two });
is(runaways(), $two, 'those that burn are found, not the one that sleeps');
is($node->safe_psql('postgres', q{SELECT bool_and(value >= "limit" AND "limit" = 1 AND NOT protected AND role = 'app' AND query LIKE 'SELECT burn%') FROM admission.runaways}),
	't', 'with what they have used');
settings(cpu_time => -1, runtime => '1s');
wait_until('all by runtime', sub { runaways() =~ /\b$sleeper->{pid} runtime/ });
pass('by running time it is the sleeper, too');
settings(runtime => -1);

# A parallel query's workers count for their leader.
$node->safe_psql('postgres', q{
	CREATE TABLE wide AS SELECT i FROM generate_series(1, 3000000) i;
	CREATE TABLE narrow AS SELECT i FROM generate_series(1, 3000) i;
	GRANT SELECT ON wide, narrow TO app;
	ANALYZE wide, narrow;
	ALTER TABLE wide SET (parallel_workers = 2)});
my $parallel = session(q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;
	SELECT count(*) FROM wide, narrow WHERE wide.i # narrow.i < 0});
wait_until('workers', sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE leader_pid = $parallel->{pid}") > 0 });
settings(cpu_time => '2s');
wait_until('the leader', sub { runaways() =~ /\b$parallel->{pid} cpu_time/ });
unlike($node->safe_psql('postgres', q{SELECT string_agg(backend_type, ' ') FROM pg_stat_activity JOIN admission.runaways USING (pid)}),
	qr/worker/, q{a parallel query is found by its leader, which hardly runs});

# Nothing is done by default; then it is told, once for each.
is(events('true'), '0', 'nothing is done by default');
settings(action => 'log');
wait_until('told', sub { events(q{message ~ 'finds a runaway in process'}) == 3 });
usleep(1_000_000);
is(events('true'), '3', 'each is told once');
is(scalar(clients_in('busy', $sleeper, @burners, $parallel)), 4, 'and all go on');
like(slurp_file($node->logfile), qr/LOG:  pg_admission finds a runaway in process $burners[0]{pid} of role "app"\n.*DETAIL:  cpu_time is [\d.]+; pg_admission\.runaway_cpu_time is 2\./,
	'in the log, too');
settings(action => 'none');
$_->hang_up for $sleeper, @burners, $parallel;
$node->restart;

# Observed.
settings(action => 'terminate');
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.mode = 'observe'});
$node->reload;
wait_status($node, "mode = 'observe'");
my $burner = session('SELECT burn(600)');
wait_until('seen', sub { events(qq{pid = $burner->{pid} AND message ~ 'would terminate the runaway process' AND outcome IS NULL}) == 1 });
is($burner->state, 'busy', 'in mode observe it is told what would be done');
$node->safe_psql('postgres', q{ALTER SYSTEM RESET pg_admission.mode});
settings(action => 'none');
wait_status($node, "mode = 'enforce'");
$burner->hang_up;
$node->restart;

# Cancelled, at most five in a minute; never those who are protected.
my @protected = (session('SELECT burn(600)', user => 'monitor'),
	session('SELECT burn(600)', user => $ENV{USER} // getpwuid($<)));
my @many = map { session('SELECT burn(600)') } 1 .. 7;
settings(action => 'none', cpu_time => '1s');
wait_until('all past it', sub { $node->safe_psql('postgres', q{SELECT count(*) FILTER (WHERE protected) || ' ' || count(*) FROM admission.runaways}) eq '2 9' });
pass('those who are protected are seen as such');
settings(action => 'cancel');
wait_until('five', sub { clients_in('in', @many) == 5 });
usleep(2_000_000);
is(scalar(clients_in('in', @many)), 5, 'five are cancelled in a minute, and no more');
is((grep { $_->{error}{C} && $_->{error}{C} eq '57014' } @many), 5, 'their sessions go on');
is(scalar(clients_in('busy', @protected)), 2, 'superusers and exempt roles are left alone');
wait_until('outcomes', sub { events(q{outcome = 'ended'}) == 5 });
pass('and what came of it is on the record');
settings(action => 'none');
$_->hang_up for @many, @protected;
$node->restart;

# Idle in transaction: there is nothing to cancel, but much to terminate.
settings(cpu_time => -1, idle_in_transaction => '1s', action => 'cancel');
my $idle = session('BEGIN; SELECT 1');
wait_until('told', sub { events(qq{pid = $idle->{pid} AND message ~ 'cannot cancel, since it is idle'}) == 1 });
is($idle->ask('SELECT 2'), '2', 'who is idle cannot be cancelled, and it says so');
$idle->hang_up;
settings(action => 'terminate');
$idle = session('BEGIN; SELECT 1');
wait_until('terminated', sub { $idle->state eq 'refused' });
is($idle->error('C'), '57P01', 'who is idle in transaction is terminated');
wait_until('outcome', sub { events(qq{pid = $idle->{pid} AND outcome = 'gone'}) == 1 });
pass('and that is recorded');

# By how many wait for it.
settings(idle_in_transaction => -1, blocking => 2, action => 'log');
$node->safe_psql('postgres', 'CREATE TABLE locked (); GRANT ALL ON locked TO app');
my $holder = session('BEGIN; LOCK TABLE locked');
wait_clients(1, 'in', $holder);
my @waiters = map { session('SELECT count(*) FROM locked') } 1 .. 2;
wait_until('found', sub { events(qq{pid = $holder->{pid} AND detail ~ '^blocking is 2'}) == 1 });
pass('who blocks so many is found');
$holder->ask('COMMIT');
wait_clients(2, 'in', @waiters);

# In no transaction, too.
$holder->ask('SELECT pg_advisory_lock(7)');
$_->query('SELECT pg_advisory_xact_lock(7)') for @waiters;
wait_until('found', sub { events(qq{pid = $holder->{pid} AND detail ~ '^blocking is 2'}) == 2 });
pass('so is who is idle, and holds an advisory lock');
$holder->ask('SELECT pg_advisory_unlock(7)');
wait_clients(2, 'in', @waiters);

# Whoever stands in a queue is waited for by all behind it, and is no runaway.
$holder->ask('BEGIN; LOCK TABLE locked');
push @waiters, start_clients($node, 2);
wait_clients(4, 'in', @waiters);
$_->query('BEGIN; LOCK TABLE locked') for @waiters;
wait_until('a queue', sub { $node->safe_psql('postgres', 'SELECT max(blocks) FROM admission.blocking_tree WHERE depth > 0') >= 3 });
is(runaways(), "$holder->{pid} blocking", 'but not those in its queue');
$node->safe_psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'});
settings(blocking => -1);

# One that does not listen is reported.  Stopped in burn() it could have the lock
# that every login needs; this takes none.
settings(cpu_time => '1s', action => 'none');
my $stuck = session('SELECT count(*) FROM (SELECT generate_series(1, 1e12::int8)) AS numbers');
wait_until('past it', sub { runaways() =~ /\b$stuck->{pid} cpu_time/ });
kill 'STOP', $stuck->{pid};
settings(action => 'terminate');
wait_until('still there', sub { events(qq{pid = $stuck->{pid} AND outcome = 'still there after 5000 ms'}) == 1 });
like(slurp_file($node->logfile), qr/the runaway process $stuck->{pid} is still there after 5000 ms/, 'one that does not listen is reported');
settings(cpu_time => -1);
kill 'CONT', $stuck->{pid};
wait_until('gone', sub { $stuck->state ne 'busy' });
my ($rc, $out, $err) = $node->psql('postgres', 'ALTER SYSTEM SET pg_admission.runaway_runtime = 0');
like($err, qr/DETAIL:  Everybody would be past a limit of 0; -1 means no limit\./, 'a limit of nothing is refused');

# Only under the pressure that is named.
my $machine = AdmissionMachine->new(cores => 1);
settings(only_under => 'high', cpu_time => '1s');
$node->append_conf('postgresql.conf', "pg_admission.system_root = '" . $machine->root . "'");
$node->restart;
wait_status($node, "pressure_level = 'comfortable'");
$burner = session('SELECT burn(600)');
$machine->set(pid => $burner->{pid}, run => 1);
wait_until('past it', sub { runaways() eq "$burner->{pid} cpu_time" });
usleep(1_000_000);
is($burner->state, 'busy', 'on a comfortable machine nobody is stopped');
$machine->set(running => 1, waiting => 3);
wait_until('stopped', sub { $burner->state ne 'busy' });
is($burner->error('C'), '57P01', 'under high pressure it is');
$machine->stop;
$node->stop;

done_testing();
