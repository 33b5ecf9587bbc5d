# Those who wait never take the administrator's place: under a flood of logins
# on a small server every superuser gets in, and so does the reserved lane.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $logins = $ENV{ADMISSION_TEST_LOGINS} // 50;

my $node = new_node('administrator', 'max_connections = 20',
	"pg_admission.connection_queue_timeout = '60s'",
	"pg_admission.exempt_connections = 2");
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 2, 10)");
$node->safe_psql('postgres', "SELECT admission.hold_warmup()");

# A hundred ordinary clients: each tries again as soon as it is refused, until
# as many as may wait are in line; then they try again in a trickle.
my @flood = start_clients($node, 100);
sub settle { $_->state for @flood; return }
sub replace_refused
{
	my ($at_most) = @_;
	for my $i (0 .. $#flood)
	{
		last if $at_most <= 0;
		next unless $flood[$i]->state =~ /refused|closed/;
		$flood[$i] = AdmissionClient->new($node);
		$at_most--;
	}
	return;
}
wait_until('all are answered or held', sub {
	settle();
	clients_in('in', @flood) == 2 && clients_in('held', @flood) <= 10 });

my $free_slots = 20 - 2 - status_of($node, 'connections_waiting');
cmp_ok($free_slots, '>=', 3 + 5, 'reserved slots and headroom stay free');
is(status_of($node, 'connections_admitted'), 2, 'the cap holds');

my ($ours) = grep { $_->error('M') =~ /^pg_admission/ } @flood;
SKIP:
{
	skip 'all were refused by PostgreSQL before they reached us', 2 unless $ours;
	is($ours->error('M'),
		'pg_admission refused this connection: too few connection slots are free to wait in line',
		'the others are refused at once');
	is($ours->error('C'), '53300', 'with SQLSTATE 53300');
}

for my $role ('postgres', 'monitor')
{
	my $in = 0;
	for my $i (1 .. $logins)
	{
		replace_refused(3);
		my $client = AdmissionClient->new($node, user => $role);
		wait_until("login $i of $role", sub { settle(); $client->state ne 'held' });
		$in++ if $client->state eq 'in';
		$client->hang_up;
		# Its slot is free again when the server has seen the end.
		wait_until('its end', sub { $node->poll_query_until('postgres',
			q{SELECT connections_in_lane = 0 FROM admission.status}) });
	}
	is($in, $logins, "$logins of $logins logins as $role succeed");
}
is(status_of($node, 'connections_admitted'), 2, 'the cap held all the time');
cmp_ok(status_of($node, 'connections_waiting'), '<=', 10, 'and so did the headroom');

# The lane has an end: what does not fit in it is treated like everybody.
my @lane = start_clients($node, 2, user => 'monitor');
wait_clients(2, 'in', @lane);
is(status_of($node, 'connections_in_lane'), 2, 'two monitoring sessions are in the lane');
my ($beyond) = start_clients($node, 1, user => 'monitor');
wait_until('its answer', sub {
	$beyond->state eq 'refused'
	  || $node->safe_psql('postgres', q{SELECT count(*) FROM admission.waiting WHERE role = 'monitor'}) == 1 });
isnt($beyond->state, 'in', 'the third waits or is refused like everybody');

$_->hang_up for @flood, @lane, $beyond;
wait_status($node, 'connections_admitted + connections_waiting + connections_in_lane = 0');
is(status_of($node, 'connections_exempt'), 1, 'only the one who asks is left');
$node->stop;
done_testing();
