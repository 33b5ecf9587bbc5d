# A start permit is held from the login to the end of the session's first
# transaction, or until the session sits idle, waits for others, or has worked
# for a second; an idle session holds nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('starts', 'max_connections = 120', 'pg_admission.cores = 1',
	"pg_admission.connection_queue_timeout = '30s'");
$node->safe_psql('postgres', 'CREATE TABLE t (a int); INSERT INTO t VALUES (1); GRANT ALL ON t TO app');
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour')");
is(status_of($node, 'start_cap'), 4, 'the start cap of one core');
is(status_of($node, 'connection_cap IS NULL'), 't', 'there is no cap on sessions');

# Many more idle sessions than the cap: nobody waits for long.
my $since = time();
my @idle = start_clients($node, 60);
wait_clients(60, 'in', @idle);
is(status_of($node, 'connections_admitted'), 60, 'idle sessions hold no start permit');
wait_status($node, 'connections_starting = 0');
pass('and their permits come back without a statement');
cmp_ok(status_of($node, 'longest_wait_ms'), '<', 5000, 'nobody waited for long');
$_->hang_up for @idle;
wait_status($node, 'connections_admitted = 0');

# The first transaction keeps the permit while it works.
my $work = q{DO $$ DECLARE stop timestamptz := clock_timestamp() + '0.6 s';
	BEGIN WHILE clock_timestamp() < stop LOOP END LOOP; END $$};
my ($one) = start_clients($node, 1);
wait_clients(1, 'in', $one);
$one->query($work);
is(status_of($node, 'connections_starting'), 1, 'a working first transaction holds its permit');
wait_clients(1, 'in', $one);
is(status_of($node, 'connections_starting'), 0, 'its end gives it back');
$one->query($work);
wait_until('the second transaction', sub { $node->safe_psql('postgres',
	q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'}) == 1 });
is(status_of($node, 'connections_starting'), 0, 'the second transaction needs none');
wait_clients(1, 'in', $one);
$one->hang_up;

# An error ends the first transaction as well.
($one) = start_clients($node, 1);
wait_clients(1, 'in', $one);
$one->query('SELECT 1/0');
wait_clients(1, 'in', $one);
is($one->error('C'), '22012', 'the first transaction fails');
is(status_of($node, 'connections_starting'), 0, 'and gives its permit back');
$one->hang_up;

# Eight first transactions wait for a lock: others get in all the same.
my $locker = $node->background_psql('postgres', on_error_stop => 0);
$locker->query_safe('BEGIN; LOCK TABLE t') if $locker->can('query_safe');
SKIP:
{
	skip "this version of the test library has no query_safe", 2 unless $locker->can('query_safe');
	my @blocked = start_clients($node, 8);
	wait_clients(8, 'in', @blocked);
	$_->query('SELECT * FROM t') for @blocked;
	wait_until('eight waiting for the lock', sub { $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) == 8 });
	my ($next) = start_clients($node, 1);
	wait_clients(1, 'in', $next);
	cmp_ok($next->{admitted_after}, '<', 5, 'waiting for a lock gives the permit back');
	$locker->query_safe('COMMIT');
	wait_clients(8, 'in', @blocked);
	is(status_of($node, 'connections_admitted'), 9, 'all are admitted');
	$_->hang_up for @blocked, $next;
}
$locker->quit;

# Eight first transactions work for long: others get in after a second.
my @busy = start_clients($node, 8);
wait_clients(8, 'in', @busy);
(my $long = $work) =~ s/0\.6 s/4 s/;
$_->query($long) for @busy;
my ($next) = start_clients($node, 1);
wait_clients(1, 'in', $next);
cmp_ok($next->{admitted_after}, '<', 3.9, 'long work is no longer starting');
wait_clients(8, 'in', @busy);
is(status_of($node, 'connections_starting <= 1'), 't', 'their permits came back once');
$_->hang_up for @busy, $next;
wait_status($node, 'connections_admitted = 0 AND connections_starting = 0');

# A waiter that does not run when its turn comes keeps what it was given.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 1, 1)");
my ($first) = start_clients($node, 1);
wait_clients(1, 'in', $first);
my ($sleeper) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
my $pid = $node->safe_psql('postgres', 'SELECT pid FROM admission.waiting');
kill 'STOP', $pid;
$first->hang_up;
wait_status($node, 'connections_admitted = 1 AND connections_waiting = 0');
wait_status($node, 'connections_starting = 0');
kill 'CONT', $pid;
wait_clients(1, 'in', $sleeper);
is($sleeper->state, 'in', 'a waiter that wakes late is in');
$sleeper->hang_up;

$node->stop;
done_testing();
