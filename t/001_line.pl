# The cap on admitted sessions holds; those beyond it wait in line in the order
# of arrival, are seen, and are let in one by one as places come free.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('line', 'max_connections = 40',
	"pg_admission.connection_queue_timeout = '60s'");

# Without a warm-up nobody waits.
my @before = start_clients($node, 5);
wait_clients(5, 'in', @before);
is(status_of($node, 'phase || held || connections_admitted'), 'open05',
	'nobody waits while no warm-up runs');
$_->hang_up for @before;
wait_status($node, 'connections_admitted = 0');

is($node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 2, 10)"),
	'warming', 'a warm-up starts');
is(status_of($node, 'connection_cap'), 2, 'the cap is the initial one');

my @in = start_clients($node, 2);
wait_clients(2, 'in', @in);
my @waiters;
for my $i (1 .. 4)
{
	push @waiters, AdmissionClient->new($node, application_name => "waiter $i");
	wait_status($node, "connections_waiting = $i");
}
is(status_of($node, 'connections_admitted || $$/$$ || held'), '2/4',
	'two are in and four held');
is( $node->safe_psql('postgres', q{
		SELECT string_agg(concat_ws(',', gate, role, database, application_name,
				client_address, waiting_since <= now(), position), E'\n' ORDER BY position)
		FROM admission.waiting}),
	join("\n", map { "connection,app,postgres,waiter $_,t,$_" } 1 .. 4),
	'the view shows who waits, in order');
my @pids = split /\n/, $node->safe_psql('postgres', 'SELECT DISTINCT pid FROM admission.waiting');
is(scalar(grep { kill 0, $_ } @pids), 4, 'with the pids of four living processes');

# One leaves, one enters: the oldest or, once the line stands, the newest.
$in[0]->hang_up;
wait_status($node, 'connections_waiting = 3');
is(status_of($node, 'connections_admitted || $$/$$ || handed_on'), '2/1',
	'a freed place goes to one waiter, by one grant');
wait_clients(1, 'in', @waiters);

# The wait is over for all when the cap rises above them.
$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 20, 20)");
wait_clients(4, 'in', @waiters);
is(status_of($node, 'connections_waiting || $$/$$ || connections_admitted'), '0/5',
	'a higher cap lets them all in');
ok(status_of($node, 'longest_wait_ms > 0'), 'the longest wait is kept');

# A place is held by the session, not by its work.
$_->query('SELECT 1') for @waiters;
wait_clients(4, 'in', @waiters);
is(status_of($node, 'connections_admitted'), 5, 'a session keeps its place after its work');

# The ramp: the cap follows progress, and goes when the warm-up is complete.
$node->safe_psql('postgres', "SELECT admission.start_warmup('2 s', 2, 30)");
wait_status($node, 'connection_cap BETWEEN 10 AND 29 AND progress BETWEEN 0.2 AND 0.99');
pass('the cap rises with progress');
wait_status($node, "phase = 'open' AND connection_cap IS NULL AND progress = 1");
like(status_of($node, 'phase_reason'), qr/completed/, 'the warm-up completes');

$node->stop;
done_testing();
