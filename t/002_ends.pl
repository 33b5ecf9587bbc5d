# Every way in which a wait ends: each at once, each with our own words, and the
# place goes on.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('ends', 'max_connections = 90',
	"pg_admission.connection_queue_timeout = '60s'");

sub fill_and_hold
{
	my ($held) = @_;
	$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 1, 1)");
	my ($in) = start_clients($node, 1);
	wait_clients(1, 'in', $in);
	my @held = start_clients($node, $held);
	wait_status($node, "connections_waiting = $held");
	return ($in, @held);
}

# The client hangs up: gone within a second, and the next one moves up.
my ($in, @held) = fill_and_hold(3);
my $since = time();
$held[0]->hang_up;
wait_status($node, 'connections_waiting = 2');
cmp_ok(time() - $since, '<', 1, 'a waiter whose client hung up is gone within a second');
is(status_of($node, 'abandoned'), 1, 'and counted as abandoned');
is($node->safe_psql('postgres', 'SELECT min(position) || $$-$$ || max(position) FROM admission.waiting'),
	'1-2', 'those behind it move up');
$in->hang_up;
wait_clients(1, 'in', @held);
is(status_of($node, 'connections_waiting || $$/$$ || connections_admitted'), '1/1',
	'the freed place goes to the next waiter');
$_->hang_up for @held;
wait_status($node, 'connections_waiting = 0 AND connections_admitted = 0');

# An administrator terminates a held login.
($in, @held) = fill_and_hold(2);
my $pid = $node->safe_psql('postgres', 'SELECT pid FROM admission.waiting WHERE position = 1');
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)"), 't', 'a held login can be terminated');
wait_clients(1, 'refused', @held);
my ($ended) = clients_in('refused', @held);
is($ended->error('C'), '57P01', 'it is told with SQLSTATE 57P01');
is($ended->error('M'), 'pg_admission ended this connection while it was waiting in line', 'in our words');
is(status_of($node, 'ended'), 1, 'and counted');
$pid = $node->safe_psql('postgres', 'SELECT pid FROM admission.waiting');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
wait_clients(2, 'refused', @held);
is(status_of($node, 'connections_waiting || $$/$$ || ended'), '0/2', 'a cancelled one ends likewise');
$in->hang_up;
wait_status($node, 'connections_admitted = 0');

# mode = off lets everybody in at once, by a file that no other overrides.
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.mode = 'enforce'});
($in, @held) = fill_and_hold(10);
$node->append_conf('postgresql.auto.conf', 'pg_admission.mode = off');
$since = time();
$node->reload;
wait_clients(10, 'in', @held);
cmp_ok(time() - $since, '<', 2, 'mode = off ends every wait at once');
is(status_of($node, 'phase || connections_admitted'), 'off11', 'all are in');
$node->safe_psql('postgres', q{ALTER SYSTEM RESET pg_admission.mode});
$node->reload;
wait_status($node, "phase = 'warming'");
$_->hang_up for $in, @held;
wait_status($node, 'connections_admitted = 0');

# The time is over: one refusal, by deadline, with the configured SQLSTATE.
$node->append_conf('postgresql.conf', "pg_admission.connection_queue_timeout = '1s'");
$node->reload;
wait_until('the new timeout', sub {
	$node->safe_psql('postgres', 'SHOW pg_admission.connection_queue_timeout') eq '1s' });
($in, @held) = fill_and_hold(2);
wait_clients(2, 'refused', @held);
for my $client (@held)
{
	is($client->error('S') . $client->error('C'), 'FATAL53300', 'a refusal is one FATAL 53300');
	cmp_ok($client->{refused_after}, '>=', 0.9, 'not before its time');
	cmp_ok($client->{refused_after}, '<', 5, 'and soon after it');
}
is($held[0]->error('M'), 'pg_admission refused this connection: no permit came free in time', 'the message');
like($held[0]->error('D'), qr/^It waited 1\d\d\d ms; sessions admitted: \d+ of at most 1, starting: \d+ of at most \d+, waiting: \d+\.$/,
	'the numbers are in the detail');
like($held[0]->error('H'), qr/admission\.stop_warmup\(\).*pg_admission\.mode/, 'the way out is in the hint');
is(status_of($node, 'refused || $$/$$ || refused_timeout'), '2/2', 'both are counted');
like(status_of($node, 'advice'), qr/^logins are being refused \(2 after waiting, 0 for want.*stop_warmup/, 'and advice says so');

$node->append_conf('postgresql.conf', "pg_admission.refusal_sqlstate = '57P03'");
$node->reload;
wait_until('the new SQLSTATE', sub {
	my ($client) = start_clients($node, 1);
	wait_clients(1, 'refused', $client);
	$client->error('C') eq '57P03' });
pass('refusal_sqlstate is obeyed');

# authentication_timeout is nearer than the queue's: refused before it strikes.
$node->append_conf('postgresql.conf',
	"authentication_timeout = '3s'\npg_admission.connection_queue_timeout = '60s'");
$node->reload;
wait_until('the new timeout', sub {
	$node->safe_psql('postgres', 'SHOW authentication_timeout') eq '3s' });
@held = start_clients($node, 1);
wait_clients(1, 'refused', @held);
like($held[0]->error('M'), qr/^pg_admission refused this connection/,
	'authentication_timeout is answered in our words');
cmp_ok($held[0]->{refused_after}, '<', 3, 'before it strikes');
# Even where it strikes first, since the process did not get to run.
@held = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
$node->safe_psql('postgres', 'SELECT admission.reset_counters()');
$pid = $node->safe_psql('postgres', 'SELECT pid FROM admission.waiting');
kill 'STOP', $pid;
sleep 4;
kill 'CONT', $pid;
wait_clients(1, 'refused', @held);
like($held[0]->error('M'), qr/^pg_admission refused this connection/,
	'authentication_timeout is no shutdown');
is(status_of($node, 'refused_timeout || $$/$$ || ended'), '1/0', 'and is counted as what it is');
$node->append_conf('postgresql.conf', "authentication_timeout = '60s'");
$node->reload;
wait_until('the old timeout', sub {
	$node->safe_psql('postgres', 'SHOW authentication_timeout') eq '1min' });

# A fast shutdown does not wait for them, and each is told.
@held = start_clients($node, 50);
wait_status($node, 'connections_waiting = 50');
$since = time();
$node->stop('fast');
cmp_ok(time() - $since, '<', 5, 'a fast shutdown with 50 waiters');
wait_clients(50, 'refused', @held);
is(scalar(grep { $_->error('M') =~ /^pg_admission ended this connection/ && $_->error('C') eq '57P01' } @held),
	50, 'every one of them is told, in our words');

# Refusals do not flood the log: five a second, and a line for the others.
my $log = slurp_file($node->logfile);
my @lines = $log =~ /FATAL:  pg_admission ended this connection while it was waiting/g;
cmp_ok(scalar(@lines), '<=', 15, 'most of the 50 are not logged one by one');

done_testing();
