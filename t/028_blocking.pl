# Who waits for whom: the tree, its roots, queues, deadlocks and prepared
# transactions.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('blocking', 'deadlock_timeout = 10min', 'max_prepared_transactions = 2');
$node->safe_psql('postgres', q{
	CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ();
	GRANT ALL ON a, b, c TO app});

sub tree
{
	return $node->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', depth, pid, coalesce(waits_for::text, '-'), root, blocks, below), ', ' ORDER BY line) FROM admission.blocking_tree});
}

# Starts a query that waits for a lock.
sub waits
{
	my ($client, $sql) = @_;
	$client->query($sql);
	wait_until($sql, sub { $node->safe_psql('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $client->{pid}") eq 't' });
	return;
}

# Who waits for a lock does not notice that its client has gone.
sub stop_all
{
	$node->safe_psql('postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'});
	wait_until('all gone', sub { count_live($node) == 0 });
	return;
}

my @c = start_clients($node, 8);
wait_clients(8, 'in', @c);
my @pid = map { $_->{pid} } @c;
is(tree(), '', 'nobody waits');

# A chain of three, and a queue behind another root.
$c[0]->ask('BEGIN; LOCK TABLE a');
$c[1]->ask('BEGIN; LOCK TABLE b');
waits($c[1], 'LOCK TABLE a');
waits($c[2], 'SELECT count(*) FROM b');
is(tree(), "0 $pid[0] - $pid[0] 1 2, 1 $pid[1] $pid[0] $pid[0] 1 1, 2 $pid[2] $pid[1] $pid[0] 0 0", 'a chain, from its root');
$c[3]->ask('BEGIN; LOCK TABLE c');
waits($c[$_], 'BEGIN; LOCK TABLE c') for 4 .. 7;
my @lines = split(/, /, tree());
is($lines[0], "0 $pid[3] - $pid[3] 4 4", 'the root with most behind it comes first');
is(scalar(grep { /^1 \d+ $pid[3] $pid[3] / } @lines), 4, 'each of a queue stands once, below its root');
is(scalar(@lines), 8, 'and nobody is missing');
is($node->safe_psql('postgres', q{SELECT tree, role, state, application_name FROM admission.blocking_tree LIMIT 1}),
	"$pid[3]|app|idle in transaction|raw", 'with who it is');
is($node->safe_psql('postgres', q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM admission.find_backends(blocking_at_least => 4)}),
	"$pid[3]", 'the head of a queue is found by how many it blocks');
is($node->safe_psql('postgres', q{SELECT count(*) FROM admission.blocking_tree}, extra_params => [ '-U', 'monitor' ]), '8', 'monitoring sees it');
stop_all();

# A deadlock that has not been found yet, with one more behind it.
@c = start_clients($node, 3);
wait_clients(3, 'in', @c);
@pid = map { $_->{pid} } @c;
$c[0]->ask('BEGIN; LOCK TABLE a');
$c[1]->ask('BEGIN; LOCK TABLE b');
waits($c[0], 'LOCK TABLE b');
waits($c[1], 'LOCK TABLE a');
waits($c[2], 'SELECT count(*) FROM a');
@lines = split(/, /, tree());
is(scalar(@lines), 3, 'of a deadlock each stands once');
like($lines[0], qr/^0 ($pid[0]|$pid[1]) - \1 \d 2$/, 'below one of them');
stop_all();

# A prepared transaction has no process.
@c = start_clients($node, 2);
wait_clients(2, 'in', @c);
$c[0]->ask(q{BEGIN; LOCK TABLE a; PREPARE TRANSACTION 'p'});
waits($c[1], 'SELECT count(*) FROM a');
is(tree(), "0 0 - 0 1 1, 1 $c[1]{pid} 0 0 0 0", 'a prepared transaction is process 0');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'p'});
is($c[1]->answer, '0', 'and who waited for it goes on');
$node->stop;

done_testing();
