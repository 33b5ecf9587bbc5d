# Who is counted and whose turn it is, where that is not plain: transactions that
# began before the caps, work behind a statement, backends that are stopped,
# those who hold something, those who are patient, and a line that stands.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = new_node('turns', 'max_connections = 60', 'pg_admission.long_transaction_after = -1');
my $work = 'SELECT count(*) >= 0 FROM pg_class';

$node->safe_psql('postgres', q{
	CREATE FUNCTION pieces(seconds float8) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		until timestamptz := clock_timestamp() + seconds * interval '1 s';
	BEGIN
		WHILE clock_timestamp() < until LOOP
			PERFORM count(*) FROM pg_class;
		END LOOP;
		RETURN 'done';
	END $$;
	CREATE FUNCTION slow_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM burn(0.05);
		RETURN NULL;
	END $$;
	CREATE TABLE at_once (a int);
	CREATE TABLE at_commit (a int);
	CREATE TRIGGER slow AFTER INSERT ON at_once FOR EACH ROW EXECUTE FUNCTION slow_trigger();
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON at_commit DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION slow_trigger();
	GRANT ALL ON at_once, at_commit TO app;});

my ($client, $second) = start_clients($node, 2);
wait_clients(2, 'in', $client, $second);

sub balanced
{
	return wait_status($node, 'transactions_running + transactions_lent + transactions_waiting = 0');
}

# While somebody works on the only permit nobody else gets it.
sub keeps_its_permit
{
	my ($what, $worker) = @_;

	wait_status($node, 'transactions_running = 1');
	is($second->ask($work), 'ERROR 53400', "$what keeps the permit");
	is($worker->state, 'busy', 'and goes on');
	is($worker->answer, $_[2], 'to its end');
	balanced();
	return;
}

# Began when no cap stood: counted from then on, however many queries are in it.
$client->query('SELECT pieces(3)');
usleep(200_000);
start_gate($node, 1);
keeps_its_permit('work that began before the cap', $client, 'done');

$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$client->ask('BEGIN');
is($client->ask($work), 't', 'a transaction begins where no cap stands');
start_gate($node, 1);
$client->ask('SELECT 1');
is($client->ask('SHOW client_connection_check_interval'), '500ms', 'and looks after its client when one does');
$client->ask('COMMIT');
balanced();

# What is behind a statement is a part of it.
keeps_its_permit('a trigger', $client->query('INSERT INTO at_once SELECT generate_series(1, 40)'), '');
$client->ask('BEGIN');
$client->ask('INSERT INTO at_commit SELECT generate_series(1, 40)');
keeps_its_permit('a trigger at the commit', $client->query('COMMIT'), '');

# A backend that is stopped uses no processor.
my ($burner) = burn($node, 1, 2);
kill 'STOP', $burner->{pid};
is($second->ask($work), 't', 'whoever is stopped lends its permit');
kill 'CONT', $burner->{pid};
is($burner->answer, 'burnt', 'and goes on when it may');
balanced();

# Patient work in line does not keep the others out.
my @patient = start_clients($node, 8, application_name => 'psql');
wait_clients(8, 'in', @patient);
($burner) = burn($node, 1, 0.5);
$_->query('SELECT burn(0.3)') for @patient;
wait_status($node, 'transactions_waiting = 8');
is($second->ask($work), 't', 'behind eight who are patient');
cmp_ok($second->took, '<', 0.9, 'nobody waits for all of them');
is($_->answer, 'burnt', 'who all have their turn') for @patient;
is($burner->answer, 'burnt', 'in the end');
$_->hang_up for @patient;
balanced();

# Who holds something comes first, in the order of arrival.
my @holders = start_clients($node, 3);
wait_clients(3, 'in', @holders);
$holders[$_]->ask("SELECT pg_advisory_lock($_)") for 0 .. 2;
($burner) = burn($node, 1, 0.6);
$client->query('SELECT clock_timestamp()');
wait_status($node, 'transactions_waiting = 1');
for my $n (0 .. 2)
{
	$holders[$n]->query('SELECT burn(0.1) || clock_timestamp()');
	wait_status($node, 'transactions_waiting = ' . ($n + 2));
}
my @ends = map { $_->answer =~ s/burnt//r } @holders;
is_deeply(\@ends, [ sort @ends ], 'those who hold something take turns among themselves');
like($client->answer, qr/^2/, 'and leave one to the others');
is($burner->answer, 'burnt', 'beside the one that ran');
$_->hang_up for @holders;
balanced();

# While the line stands nobody waits for long, whoever leaves it early; who stands
# behind others does not wait at all, up to so many a second.
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.cores = 1');
$node->reload;
wait_until('one core is known', sub { $node->safe_psql('postgres', 'SELECT usable_cores FROM admission.pressure') == 1 });
($burner) = burn($node, 1, 6);
my @crowd = start_clients($node, 20);
wait_clients(20, 'in', @crowd);
$crowd[0]->ask('SET statement_timeout = 100');
$_->query($work) for @crowd;
my $began = time();
my @late;
my %did_not_wait = (1 => 0, '' => 0);
while (time() - $began < 4)
{
	for my $one (grep { $_->state eq 'in' } @crowd)
	{
		if ($one->{asked} - $began > 2)
		{
			push @late, $one->took;
			$did_not_wait{$one->took < 0.08}++ if $one->error('D') =~ /^It did not wait, because its turn would not have come in time; transactions running: 1 of at most 1, waiting: \d+\.$/;
		}
		$one->query($work);
	}
	usleep(2_000);
}
my $longest = 0;
$longest = $_ > $longest ? $_ : $longest for @late;
cmp_ok(scalar @late, '>', 20, 'a line that stands');
cmp_ok($longest, '<', 0.5, 'keeps nobody for long');
cmp_ok($did_not_wait{1}, '>', 250, 'and many, behind others who are not served either, not at all');
cmp_ok($did_not_wait{1}, '<=', 3 * 250, 'though no more than that in a second');
cmp_ok($did_not_wait{''}, '<', $did_not_wait{1} / 10, 'as they are told');
cmp_ok(scalar(grep { $_ > 0.08 } @late), '>', 20, 'while the others have their time');
$_->answer for @crowd;
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_admission.cores');
$node->reload;
is($burner->answer, 'burnt', 'whoever runs is not disturbed');
balanced();

# Clients that hang up in line: those behind them are answered at once, for a
# while; but for the patient, and not for one who leaves.
sub leave_line
{
	my ($count) = @_;
	my @leavers = start_clients($node, $count);
	wait_clients($count, 'in', @leavers);
	$_->query($work) for @leavers;
	wait_status($node, "transactions_waiting >= $count");
	my $before = status_of($node, 'transactions_abandoned');
	$_->hang_up for @leavers;
	wait_status($node, "transactions_abandoned = $before + $count");
	return;
}

$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.transaction_queue_timeout = '600ms'});
$node->reload;
($burner) = burn($node, 1, 9);
leave_line(2);
is($second->ask($work), 'ERROR 53400', 'when two have left the line');
cmp_ok($second->took, '>', 0.5, 'the next one has its time');
usleep(1_500_000);
my ($patient) = start_clients($node, 1, application_name => 'psql');
wait_clients(1, 'in', $patient);
leave_line(12);
$patient->query($work);
is($second->ask($work), 'ERROR 53400', 'when twelve have');
cmp_ok($second->took, '<', 0.3, 'nobody waits any more');
is($patient->state, 'busy', 'but the patient');
usleep(2_500_000);
is($second->ask($work), 'ERROR 53400', 'a while later');
cmp_ok($second->took, '>', 0.5, 'it has its time again');
is($patient->answer, 't', 'and the patient its turn');
is($burner->answer, 'burnt', 'behind the one that ran');
$patient->hang_up;
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_admission.transaction_queue_timeout');
$node->reload;
balanced();

# In mode observe those who idle are not counted as running, as if.
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.mode = observe');
$node->reload;
wait_status($node, q{mode = 'observe'});
$node->safe_psql('postgres', 'SELECT admission.reset_counters()');
$client->ask('BEGIN');
$client->ask($work);
is($second->ask($work), 't', 'observed: nobody is held');
is(status_of($node, 'transactions_would_hold'), 0, 'nor would be by one who idles');
$client->ask('COMMIT');
($burner) = burn($node, 1, 1);
is($second->ask($work), 't', 'observed again');
is(status_of($node, 'transactions_would_hold'), 1, 'but by one who works');
is($burner->answer, 'burnt', 'to its end');

balanced();
pass('all is balanced in the end');
$node->stop;
done_testing();
