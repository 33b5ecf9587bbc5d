# Thousands of logins that come and go in every way there is: afterwards the
# counts are exactly those of the live backends, and not one permit is lost.
# ADMISSION_TEST_CHURN sets how many logins.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $logins = $ENV{ADMISSION_TEST_CHURN} // 2000;
my $seed = $ENV{ADMISSION_TEST_SEED} // 42;
srand($seed);
note "seed $seed, $logins logins";

my $node = new_node('churn', 'max_connections = 60', 'restart_after_crash = on',
	'pg_admission.cores = 1', 'fsync = off',
	"pg_admission.connection_queue_timeout = '2s'");

# Superuser sessions that act while the churn goes on.
sub admin
{
	my ($sql) = @_;
	my ($ret, $out) = $node->psql('postgres', $sql);
	return defined $out ? $out : '';
}

my @acts = (
	sub { admin(q{SELECT pg_terminate_backend(pid) FROM admission.waiting ORDER BY random() LIMIT 3}) },
	sub { admin(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' ORDER BY random() LIMIT 3}) },
	sub { admin(q{SELECT pg_cancel_backend(pid) FROM admission.waiting ORDER BY random() LIMIT 2}) },
	sub { $node->reload },
	sub { admin(sprintf(q{SELECT admission.start_warmup('%d s', %d, %d)}, 1 + rand 5, 1 + rand 5, 6 + rand 20)) },
	sub { admin('SELECT admission.hold_warmup()') },
	sub { admin('SELECT admission.continue_warmup()') },
	sub { admin('SELECT admission.stop_warmup()') },
);

# One step in a client's life; returns whether it is over.
sub step
{
	my ($client) = @_;
	my $state = $client->state;

	return 1 if $state eq 'refused' || $state eq 'closed';
	if (rand() < 0.02)
	{
		$client->hang_up;
		return 1;
	}
	if ($state eq 'in')
	{
		if (rand() < 0.5 || $client->{worked})
		{
			$client->send_bytes('X' . pack('N', 4)) if rand() < 0.7;
			$client->hang_up;
			return 1;
		}
		$client->{worked} = 1;
		$client->query((('SELECT 1', 'SELECT 1/0', 'BEGIN', 'SELECT pg_sleep(0.02)', 'BEGIN; SAVEPOINT s; SELECT 1/0'))[ rand 5 ]);
	}
	return 0;
}

# The server's counts against the live backends, when nothing is in flight.
sub check_counts
{
	my ($when) = @_;
	wait_until("nobody in line $when", sub { admin('SELECT connections_waiting FROM admission.status') eq '0' });
	wait_until("counts of the live backends $when", sub {
		admin('SELECT connections_admitted FROM admission.status') eq count_live($node) });
	is(status_of($node, 'connections_admitted'), count_live($node), "admitted are those alive $when");
	return;
}

sub churn
{
	my ($count) = @_;
	my @clients;
	my $started = 0;
	my $next_act = time() + 0.2;

	while ($started < $count || @clients)
	{
		while ($started < $count && @clients < 40)
		{
			push @clients, AdmissionClient->new($node);
			$started++;
		}
		@clients = grep { !step($_) } @clients;
		if (time() > $next_act)
		{
			$acts[ rand @acts ]->();
			$next_act = time() + rand 0.4;
		}
		usleep(2000);
	}
	return;
}

# Sessions that stay, a kill -9 of one of them, and the counts begin anew.
sub crash
{
	my ($round) = @_;
	$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
	my @stay = start_clients($node, 3);
	wait_clients(3, 'in', @stay);
	check_counts("with three that stay, round $round");
	my $victim = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE usename = 'app' LIMIT 1});
	kill 'KILL', $victim;
	wait_until('the end of the three', sub { clients_in('in', @stay) == 0 });
	wait_ready($node);
	$node->poll_query_until('postgres', 'SELECT controller_pid IS NOT NULL FROM admission.status')
	  or die 'the server did not come back';
	is(status_of($node, 'connections_admitted || $$/$$ || connections_starting || $$/$$ || connections_exempt'),
		'0/0/1', "a crash restart begins with nothing held, round $round");
	return;
}

my $rounds = int($logins / 2000) + 1;
for my $round (1 .. $rounds)
{
	churn($logins / $rounds);
	check_counts("after the churn of round $round");
	wait_status($node, 'connections_starting = 0 AND connections_in_lane = 0 AND connections_exempt = 1');
	is(status_of($node, 'held BETWEEN handed_on AND handed_on + refused_timeout + abandoned + ended'),
		't', "every held login had an end, round $round");
	note 'admitted held handed_on refused_timeout refused_slots abandoned ended: '
	  . status_of($node, q{concat_ws(' ', admitted, held, handed_on, refused_timeout, refused_slots, abandoned, ended)});
	crash($round);
}

$node->stop;
done_testing();
