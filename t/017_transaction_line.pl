# A transaction that finds no permit waits for one, for a bounded time; it is
# refused with an error that leaves its session usable; every other end of the
# wait gives the place back.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = new_node('transactions', 'max_connections = 60', 'pg_admission.long_transaction_after = -1');
my $work = 'SELECT count(*) >= 0 FROM pg_class';

sub now_running
{
	return status_of($node, "transactions_running || '/' || transactions_waiting");
}

# Nothing binds where no cap stands.
my ($client) = start_clients($node, 1);
wait_clients(1, 'in', $client);
is($client->ask($work), 't', 'a transaction runs where no cap stands');
is(status_of($node, 'transaction_cap IS NULL AND transactions_admitted + transactions_held = 0'),
	't', 'and is not counted');
is( status_of($node, 'transactions_running'), 0, 'nothing runs any more');

start_gate($node, 1);
is(status_of($node, 'transaction_cap'), 1, 'the cap is there');
is($client->ask($work), 't', 'a transaction runs below the cap');
is(status_of($node, 'transactions_admitted || $$/$$ || transactions_held'), '1/0', 'and is counted');

# Refused in time, with an error that says all.
my ($burner) = burn($node, 1, 3);
is(now_running(), '1/0', 'one runs');
is($client->ask($work), 'ERROR 53400', 'another is refused');
cmp_ok($client->took, '>', 0.9, 'after a second');
cmp_ok($client->took, '<', 2.5, 'and not much later');
is($client->error('M'), 'pg_admission refused this transaction: no permit came free in time', 'in our words');
like($client->error('D'), qr/^It waited 1\d\d\d ms; transactions running: 1 of at most 1, waiting: 0\.$/, 'with numbers');
like($client->error('H'), qr/pg_admission\.transaction_queue_timeout/, 'and a way out');
is($client->error('S'), 'ERROR', 'the session goes on');
is(status_of($node, 'transactions_refused || $$/$$ || transactions_held'), '1/1', 'the refusal is counted');
like(status_of($node, 'advice'), qr/^transactions are being refused \(1\)/, 'and worth an advice');
is($burner->answer, 'burnt', 'whoever runs is not disturbed');
is($client->ask($work), 't', 'and the session of the refused one works');

# Served when the permit comes back, by a hand-over.
($burner) = burn($node, 1, 0.5);
is($client->ask($work), 't', 'a waiter is served');
cmp_ok($client->took, '<', 0.9, 'as soon as the permit comes back');
is($burner->answer, 'burnt', 'from whom it got it');

# Shown while it waits.
($burner) = burn($node, 1, 2);
$client->query($work);
wait_status($node, 'transactions_waiting = 1');
is($node->safe_psql('postgres', q{SELECT concat_ws(',', gate, role, database, application_name, "position") FROM admission.waiting}),
	'transaction,app,postgres,raw,1', 'a waiter is seen');
is($node->safe_psql('postgres', q{SELECT concat_ws(',', state, gate_state) FROM admission.backends WHERE gate_state = 'waiting'}),
	'active,waiting', 'in the backends too');
like($node->safe_psql('postgres', q{SELECT wait_event_type FROM pg_stat_activity WHERE pid = (SELECT pid FROM admission.waiting)}),
	qr/^Extension$/, 'with a wait event');
is($client->answer, 'ERROR 53400', 'and refused');
is($burner->answer, 'burnt', 'while the other goes on');

# In a transaction block: an error like any other.
($burner) = burn($node, 1, 4);
is($client->ask('BEGIN'), '', 'BEGIN is not gated');
is($client->ask($work), 'ERROR 53400', 'but the first statement is');
is($client->ask($work), 'ERROR 25P02', 'the block has failed');
is($client->ask('ROLLBACK'), '', 'and is rolled back');
$client->ask('BEGIN');
$client->ask('SAVEPOINT a');
is($client->ask($work), 'ERROR 53400', 'within a savepoint');
is($client->ask('ROLLBACK TO a'), '', 'which can be rolled back');
is($burner->answer, 'burnt', 'the permit comes back');
is($client->ask($work), 't', 'and the same transaction goes on');
is($client->ask('COMMIT'), '', 'and commits');
is(now_running(), '0/0', 'all is balanced');

# Once past the gate, a transaction is past it.
$client->ask('BEGIN');
$client->ask($work);
($burner) = burn($node, 1, 2);
is($client->ask($work), 't', 'the second statement of a transaction does not wait');
cmp_ok($client->took, '<', 0.5, 'at all');
is($client->ask('SELECT 1/0'), 'ERROR 22012', 'an error ends it');
$client->ask('ROLLBACK');
is($burner->answer, 'burnt', 'and everything goes on');
wait_status($node, 'transactions_running = 0');

# Other ends of a wait.
($burner) = burn($node, 1, 4);
$client->ask('SET statement_timeout = 800');
is($client->ask($work), 'ERROR 53400', 'refused before statement_timeout');
cmp_ok($client->took, '<', 0.5, 'after a quarter of it');
$client->ask('SET statement_timeout = 0');

# By those who would wait for longer than a test of this takes.
$node->safe_psql('postgres', q{ALTER ROLE app SET pg_admission.transaction_queue_timeout = '10 s'});
my ($cancelled, $terminated, $hung_up, $let_in) = start_clients($node, 4);
wait_clients(4, 'in', $cancelled, $terminated, $hung_up, $let_in);
$node->safe_psql('postgres', 'ALTER ROLE app RESET pg_admission.transaction_queue_timeout');

$cancelled->query($work);
wait_status($node, 'transactions_waiting = 1');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM admission.waiting');
is($cancelled->answer, 'ERROR 57014', 'a waiter can be cancelled');
is(status_of($node, 'transactions_waiting || $$/$$ || transactions_ended'), '0/1', 'and is gone');

$terminated->query($work);
wait_status($node, 'transactions_waiting = 1');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(pid) FROM admission.waiting');
wait_clients(1, 'refused', $terminated);
is($terminated->error('C'), '57P01', 'a waiter can be terminated');
is(status_of($node, 'transactions_ended'), 2, 'which is counted, too');

$hung_up->query($work);
wait_status($node, 'transactions_waiting = 1');
my $since = time();
$hung_up->hang_up;
wait_status($node, 'transactions_abandoned = 1');
cmp_ok(time() - $since, '<', 0.5, 'a waiter whose client hung up is gone at once');
is(status_of($node, 'transactions_waiting'), 0, 'from the line too');
is($burner->answer, 'burnt', 'whoever runs is not disturbed');

# Everybody is let in where the gate is switched off.
($burner) = burn($node, 1, 2);
$let_in->query($work);
wait_status($node, 'transactions_waiting = 1');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.transaction_gate = off');
$node->reload;
is($let_in->answer, 't', 'switching the gate off lets waiters in');
is($burner->answer, 'burnt', 'beside those that run');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_admission.transaction_gate');
$node->reload;
wait_status($node, 'transaction_cap = 1');

# Patience belongs to the work.
$node->safe_psql('postgres', q{ALTER ROLE app SET pg_admission.transaction_queue_timeout = '10 s'});
my ($other) = start_clients($node, 1);
wait_clients(1, 'in', $other);
$node->safe_psql('postgres', 'ALTER ROLE app RESET pg_admission.transaction_queue_timeout');
($burner) = burn($node, 1, 2);
is($other->ask($work), 't', 'a role may have more patience');
is($burner->answer, 'burnt', 'than others');
my ($person) = start_clients($node, 1, application_name => 'psql');
wait_clients(1, 'in', $person);
($burner) = burn($node, 1, 2);
is($person->ask($work), 't', 'psql has');
is($burner->answer, 'burnt', 'by itself');
$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA public TO app');
($burner) = burn($node, 1, 2);
is($client->ask('CREATE TABLE made (a int)'), '', 'and DDL');
is($burner->answer, 'burnt', 'likewise');

# A superuser is not subject to it.
($burner) = burn($node, 1, 2);
$since = time();
$node->safe_psql('postgres', $work);
cmp_ok(time() - $since, '<', 1, 'a superuser does not wait');
is($burner->answer, 'burnt', 'for anybody');

wait_status($node, 'transactions_running + transactions_waiting + transactions_lent = 0');
pass('all is balanced in the end');
$node->stop;
done_testing();
