# A warm-up waits for the health check: in every database, for as long as
# something blocks, and for nobody's harm.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionMachine;
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# More than 1 MB, and nobody but the test analyzes.
use constant LARGE => 'AS SELECT n FROM generate_series(1, 40000) AS n';

my $machine = AdmissionMachine->new(cores => 4);
my $node = new_node('held', 'fsync = on', 'pg_admission.hold_for_health = on', "autovacuum_naptime = '1d'",
	"pg_admission.sample_interval = '200ms'", "pg_admission.system_root = '" . $machine->root . "'");

sub progress
{
	return status_of($node, 'progress');
}

# Lets some time pass, in which a warm-up would go on.
sub samples
{
	$node->safe_psql('postgres', join('', map { 'SELECT admission.sample_now();' } 1 .. 5));
	return;
}

sub start_warmup
{
	$node->safe_psql('postgres', q{SELECT admission.stop_warmup(); SELECT admission.start_warmup('1 hour')});
	return;
}

sub is_held
{
	my ($what) = @_;
	wait_status($node, "phase_reason LIKE '%progress waits for %'");
	my $before = progress();
	samples();
	is(progress(), $before, "$what: progress stays as it was");
	cmp_ok($before, '<', 1, "$what: before its end");
	return;
}

sub goes_on
{
	my ($what) = @_;
	my $before = progress();
	wait_status($node, "progress > $before AND phase_reason NOT LIKE '%progress waits for %'") and pass("$what: it goes on");
	return;
}

# What is printed about the warm-up from now on.
my $read = 0;

sub events
{
	my $rows = $node->safe_psql('postgres', q{SELECT message FROM admission.events WHERE kind = 'warmup' AND message ~ 'holds the|lets the' ORDER BY at});
	my @rows = split /\n/, $rows;
	my @new = map { /holds/ ? 'holds' : 'lets go on' } @rows[$read .. $#rows];

	$read = @rows;
	return \@new;
}

# In other databases, which do not have the extension.
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(broken doomed pattern);
$node->safe_psql($_, 'CREATE TABLE large ' . LARGE) for qw(broken doomed);
$node->safe_psql('pattern', 'CREATE TABLE large ' . LARGE);
$node->safe_psql('postgres', 'ALTER DATABASE pattern IS_TEMPLATE true');
my $commits = q{SELECT sum(xact_commit) FROM pg_stat_database WHERE datname IN ('pattern', 'template1')};
my $commits_before = $node->safe_psql('postgres', $commits);
my $others = q{SELECT sum(xact_commit) FROM pg_stat_database WHERE datname = 'broken'};
my $others_before = $node->safe_psql('postgres', $others);
start_warmup();
wait_status($node, 'health_blocking = 2');
is_held('a table without statistics in other databases');
like(status_of($node, 'phase_reason'),
	qr/progress waits for what admission\.health_check\(\) finds blocking, 2 in all, the first in database (?:broken|doomed): statistics: public\.large: no statistics; \d+ kB/,
	'it says what it waits for, and where');
like(status_of($node, 'advice'), qr/^to mend what is first, in database (?:broken|doomed): ANALYZE public\.large; -- there are 2;/, 'and what to do');
cmp_ok(progress(), '<', 0.01, 'it was held from the beginning');
is_deeply(events(), ['holds'], 'the event is recorded');
my $recorded = $node->safe_psql('postgres', q{SELECT message || '; ' || detail FROM admission.events WHERE message ~ 'holds the warm' ORDER BY at DESC LIMIT 1});
like($recorded, qr/: blocking findings of the health check: [12]; The first, in database (?:broken|doomed): statistics: public\.large/, 'with what was found');

# Databases come and go, throughout a round of checks and until the next begins.
my $since = status_of($node, 'now()');
my $come_and_gone = 0;
for my $wait ("health_checked_at > '$since'", "health_checked_at > '$since'::timestamptz + interval '3 s'")
{
	wait_until($wait, sub {
		$come_and_gone += !$node->psql('postgres', $_) for 'CREATE DATABASE passing', 'DROP DATABASE passing';
		return status_of($node, $wait) eq 't' || $come_and_gone % 2;
	});
}
cmp_ok($come_and_gone, '>=', 4, 'databases come and go meanwhile');
is($come_and_gone % 2, 0, 'without a failure');
$node->safe_psql('postgres', 'DROP DATABASE doomed');
wait_status($node, 'health_blocking = 1');
like(status_of($node, 'advice'), qr/^to mend what is first, in database broken: /, 'what was found in one that is gone is forgotten');
is_held('the other database');

# One controller after another.
my $pid = status_of($node, 'controller_pid');
kill 'TERM', $pid;
wait_status($node, "controller_pid <> $pid");
my $checked_at = status_of($node, 'health_checked_at');
wait_status($node, "health_checked_at > '$checked_at'");
is_held('a new controller');

# Mended.
$node->safe_psql('broken', 'ANALYZE large');
goes_on('after ANALYZE there');
is(status_of($node, 'health_blocking'), 0, 'nothing blocks any more');
is_deeply(events(), ['lets go on'], 'that is recorded, too');
is($node->safe_psql('postgres', $commits), $commits_before, 'templates have not been looked into');
cmp_ok($node->safe_psql('postgres', $others), '>', $others_before, 'others have');

# What somebody finds counts at once, long before the next round.
$node->safe_psql('postgres', 'CREATE TABLE large ' . LARGE);
my $started = time();
is($node->safe_psql('postgres', q{SELECT count(*) FROM admission.health_check() WHERE severity = 'blocking'}, extra_params => [ '-U', 'monitor' ]), 1,
	'somebody finds something');
is_held('what somebody found');
$node->safe_psql('postgres', 'ANALYZE large; SELECT count(*) FROM admission.health_check()');
goes_on('what somebody no longer finds');
cmp_ok(time() - $started, '<', 30, 'both at once');
is_deeply(events(), [ 'holds', 'lets go on' ], 'and recorded');

# Held by the load, or not: the health check holds it all the same.
my ($app) = start_clients($node, 1);
wait_clients(1, 'in', $app);
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.warmup_advance = load});
$node->reload;
$machine->set(running => 3);
$machine->set(pid => $app->{pid}, run => 3.4);
start_warmup();
wait_status($node, "progress > 0 AND phase_reason LIKE '%the caps rise: the machine is comfortable%'");
$node->safe_psql('postgres', 'CREATE TABLE wide ' . LARGE . '; SELECT count(*) FROM admission.health_check()');
is_held('with load that proves it');
$node->safe_psql('postgres', 'ANALYZE wide; SELECT count(*) FROM admission.health_check()');
goes_on('with load that proves it');
$app->hang_up;
$node->safe_psql('postgres', q{ALTER SYSTEM RESET pg_admission.warmup_advance});
$node->reload;
events();

# Ways past it.
$node->safe_psql('postgres', 'CREATE TABLE broad ' . LARGE . '; SELECT count(*) FROM admission.health_check()');
is_held('a finding');

# Who cannot look at it now, knows no better.
my ($locker) = start_clients($node, 1, user => $ENV{USER} // getpwuid($<));
wait_clients(1, 'in', $locker);
$locker->ask('BEGIN; LOCK TABLE broad');
is($node->safe_psql('postgres', q{SELECT string_agg(severity || ' ' || check_name, ', ') FROM admission.health_check() WHERE severity IN ('blocking', 'unknown')}),
	'unknown statistics', 'the table is locked');
is(status_of($node, 'health_blocking'), 1, 'what was found is not forgotten');
is_held('a finding that is hidden');
$locker->hang_up;

# What concerns the server counts once.
$node->safe_psql('postgres', 'ALTER SYSTEM SET fsync = off');
$node->reload;
wait_until('reloaded', sub { $node->safe_psql('postgres', 'SHOW fsync') eq 'off' });
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION pg_admission');
$node->safe_psql($_, 'SELECT count(*) FROM admission.health_check()') for qw(postgres other);
is(status_of($node, 'health_blocking'), 2, 'a finding about the server is one, wherever it is found');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET fsync');
$node->reload;
wait_until('reloaded', sub { $node->safe_psql('postgres', 'SHOW fsync') eq 'on' });
$node->safe_psql('other', 'SELECT count(*) FROM admission.health_check()');
is(status_of($node, 'health_blocking'), 1, 'and gone, wherever it is not found');

$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.hold_for_health = off');
$node->reload;
goes_on('with hold_for_health = off');
is(status_of($node, 'health_blocking'), 1, 'with the finding there');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_admission.hold_for_health');
$node->reload;
is_held('with hold_for_health = on again');
is_deeply(events(), [ 'holds', 'lets go on', 'holds' ], 'recorded as well');
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.warmup_max_age = '1s'});
$node->reload;
wait_status($node, "phase = 'open' AND phase_reason LIKE '%warmup_max_age%'");
pass('warmup_max_age ends what is held');
$node->safe_psql('postgres', q{ALTER SYSTEM RESET pg_admission.warmup_max_age});

# What was there before a crash does not hold after it.
$node->append_conf('postgresql.conf', 'pg_admission.warmup_on = crash');
$node->stop('immediate');
$node->start;
is(status_of($node, 'phase || $$ $$ || warmup_trigger'), 'warming crash', 'a crash starts a warm-up');
is($node->safe_psql('postgres', q{SELECT count(*) FROM admission.health_check() WHERE severity = 'blocking'}), 1, 'the finding is there');
samples();
goes_on('after a crash');
unlike(slurp_file($node->logfile) =~ s/.*database system was interrupted//sr, qr/holds the warm-up/, 'and has not been held');
start_warmup();
is_held('started by hand, it');

# Without a worker nothing is known, but by who asks.
$node->append_conf('postgresql.conf', "pg_admission.warmup_on = ''\nmax_worker_processes = 1\nmax_logical_replication_workers = 0");
$node->restart;
start_warmup();
is(status_of($node, 'health_checked_at IS NULL'), 't', 'without worker slots nothing is checked');
goes_on('without worker slots');
samples();
is(status_of($node, 'health_checked_at IS NULL'), 't', 'nor later');
$node->safe_psql('postgres', 'SELECT count(*) FROM admission.health_check()');
is_held('what somebody finds without workers');
$node->safe_psql('postgres', 'ANALYZE broad; SELECT count(*) FROM admission.health_check()');
goes_on('what somebody finds no longer');

# What it is called is of the encoding of its database.
$node->safe_psql('postgres', q{CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'});
$node->safe_psql('latin', q{CREATE EXTENSION pg_admission;
	DO $$BEGIN EXECUTE format('CREATE TABLE %I } . LARGE . q{', 'tabell' || chr(233)); END$$;
	SELECT count(*) FROM admission.health_check()});
is_held('a name of another encoding');
like($node->safe_psql('postgres', q{SET client_encoding = 'LATIN1'; SELECT phase_reason FROM admission.status}),
	qr/public\."?tabell\?"?/, 'can be read from everywhere');
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, 'nothing has broken');
$machine->stop;
$node->stop;

done_testing();
