# What a user must never see is a healthy server that turns people away because
# an extension was installed: whole scenes with the default settings, on the
# machine as it is.  The quiet night and the morning after it are in
# 012_governor.pl, where the test says what the machine does.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $burn = q{DO $$ BEGIN WHILE clock_timestamp() < statement_timestamp() + interval '%s' LOOP PERFORM 1; END LOOP; END $$};

# Nobody was refused, and nobody waited for long while there was no need to.
sub nobody_suffered
{
	my ($node, $scene) = @_;
	is(status_of($node, 'refused'), '0', "$scene: nobody was refused");
	is(status_of($node, 'held_while_comfortable_ms'), '0', "$scene: nobody was held on a comfortable machine");
	return;
}

# Looked at by one session: logins that look again and again are work, too, which
# one processor feels, most where the server has assertions.
sub wait_for_comfort
{
	my ($node) = @_;
	my $now = $node->safe_psql('postgres', q{
		DO $$ BEGIN
			FOR i IN 1 .. 600 LOOP
				EXIT WHEN (SELECT pressure_level = 'comfortable' AND transactions_running = 0 FROM admission.status);
				PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
			END LOOP;
		END $$;
		SELECT concat_ws(' ', pressure_level, transactions_running) FROM admission.status});
	is($now, 'comfortable 0', 'the machine is comfortable again');
	return;
}

# The small shop: forty workers with persistent connections come back all at
# once after a crash, into a warm-up.
my $shop = new_node('shop', 'max_connections = 100',
	"pg_admission.warmup_on = 'all'", 'pg_admission.warmup_advance = load');
$shop->stop('immediate');
$shop->start;
is(status_of($shop, 'phase || warmup_trigger'), 'warmingcrash', 'small shop: a crash starts a warm-up');
my @workers = start_clients($shop, 40);
wait_clients(40, 'in', @workers);
for my $round (1 .. 10)
{
	$_->query('SELECT count(*) FROM pg_class') for @workers;
	wait_clients(40, 'in', @workers);
}
nobody_suffered($shop, 'small shop');
cmp_ok(status_of($shop, 'longest_wait_ms'), '<=', 200, 'small shop: nobody waited for longer than 0.2 s');
$_->hang_up for @workers;

# A lone batch: thirty sessions work as hard as they can, and there is nobody
# else.
$shop->safe_psql('postgres', 'SELECT admission.start_warmup(), admission.reset_counters()');
my @batch = start_clients($shop, 30);
my %sent;
wait_until('the batch is done', sub {
	for my $session (clients_in('in', @batch))
	{
		$session->query(sprintf($burn, '2 s')) if !$sent{$session}++;
	}
	return scalar(keys %sent) == 30 && clients_in('in', @batch) == 30;
});
is(scalar(clients_in('refused', @batch)), 0, 'lone batch: nothing is refused');
is(status_of($shop, "warmup_trigger <> 'relapse'"), 't', 'lone batch: it is no incident');
nobody_suffered($shop, 'lone batch');
cmp_ok($shop->safe_psql('postgres', 'SELECT max(cpu_demand) FROM admission.pressure_history'), '>', 1.5,
	'lone batch: though the machine was wanted by more than it has processors');
$_->hang_up for @batch;

# A data load by a superuser proves nothing.
wait_status($shop, "pressure_level = 'comfortable' AND connections_admitted = 0");
$shop->safe_psql('postgres', "SELECT admission.start_warmup('10 s')");
$shop->safe_psql('postgres', sprintf($burn, '7 s'));
cmp_ok($shop->safe_psql('postgres', q{
	SELECT avg(cpu_used) FROM admission.pressure_history WHERE sampled_at > now() - interval '5 s'}), '>', 0.3,
	'data load: the machine works');
is(status_of($shop, 'phase || progress'), 'warming0', 'data load: and proves nothing');
$shop->stop;

# The other side of it: a machine that was comfortable until a moment ago is not
# flooded by those who come then, wherever between two looks that was, and
# whatever their patience.
my $flooded = new_node('flooded', 'max_connections = 60', 'pg_admission.warmup_advance = load',
	'pg_admission.cores = 1');
my @flood = start_clients($flooded, 24);
wait_clients(24, 'in', @flood);
for my $scene ([ 0, '5s' ], [ 50, '5s' ], [ 100, '5s' ], [ 150, '5s' ], [ 100, '100ms' ])
{
	my ($phase, $patience) = @$scene;
	wait_for_comfort($flooded);
	$flooded->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', initial_transactions => 4, target_transactions => 4)");
	wait_status($flooded, 'transaction_cap = 4');
	$flooded->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.transaction_queue_timeout = '$patience'");
	$flooded->reload;
	usleep($phase * 1000);
	$_->query('SELECT burn(0.3)') for @flood;
	my $most = $flooded->safe_psql('postgres', q{
		DO $$ DECLARE most int := 0; BEGIN
			FOR i IN 1 .. 40 LOOP
				most := greatest(most, (SELECT transactions_running FROM admission.status));
				PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
			END LOOP;
			PERFORM set_config('test.most', most::text, false);
		END $$;
		SELECT current_setting('test.most')});
	cmp_ok($most, '<=', 8, "flood after $phase ms, patience $patience: no more than twice the cap run");
	wait_until('all answered', sub { clients_in('busy', @flood) == 0 });
}
$flooded->stop;

done_testing();
