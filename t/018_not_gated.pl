# What is not gated: statements that poolers send when they take over or give
# back a connection, and whatever belongs to a transaction that is past the gate.
# What may not be refused half-way is not.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('not_gated', 'max_connections = 60', 'max_prepared_transactions = 5',
	'pg_admission.long_transaction_after = -1');
my $work = 'SELECT count(*) >= 0 FROM pg_class';

$node->safe_psql('postgres', q{
	CREATE TABLE t (a int PRIMARY KEY, b int DEFAULT 0);
	INSERT INTO t SELECT g FROM generate_series(1, 1000) g;
	CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. 3 LOOP
			UPDATE t SET b = b + 1 WHERE a = i;
			COMMIT;
			PERFORM burn(0.2);
		END LOOP;
		ROLLBACK;
	END $$;
	ALTER TABLE t OWNER TO app;
	GRANT ALL ON SCHEMA public TO app;});

my ($client, $held) = start_clients($node, 2);
wait_clients(2, 'in', $client, $held);
$client->ask('PREPARE p AS SELECT count(*) FROM t');
$client->parse('named', 'SELECT count(*) FROM t')->sync->answer;
$client->parse('one', 'SELECT 1')->sync->answer;
$client->ask('BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT a FROM t ORDER BY a; COMMIT');
$held->ask('SELECT pg_advisory_lock(7)');

start_gate($node, 1);
my ($burner) = burn($node, 1, 8);

# Each of them while the only permit is out.
my $held_before = status_of($node, 'transactions_held');
for my $sql (
	'BEGIN', 'SAVEPOINT s', 'ROLLBACK TO s', 'RELEASE s', 'COMMIT', 'START TRANSACTION READ ONLY',
	'ROLLBACK', 'SET search_path = public', 'SHOW search_path', 'RESET search_path',
	'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE', 'SET CONSTRAINTS ALL DEFERRED',
	'LISTEN x', 'NOTIFY x', 'UNLISTEN *', 'PREPARE q AS SELECT 2', 'DEALLOCATE q',
	'FETCH 3 FROM c', 'MOVE 1 FROM c', '', ';', '-- nothing', 'SELECT 1', q{SELECT 'a', 2, NULL},
	q{SELECT 1 AS "one"; SELECT 2}, 'SELECT now()', 'SELECT current_user, current_schema()', 'SELECT pg_is_in_recovery()',
	'SELECT pg_advisory_unlock_all(); UNLISTEN *; RESET ALL', 'SELECT pg_advisory_unlock(8)', 'SELECT pg_advisory_unlock(8::smallint, 9)', q{SELECT set_config('search_path', 'public', false)})
{
	$client->ask($sql);
	is(status_of($node, 'transactions_held'), $held_before, "not gated: $sql");
}
is($client->bind_execute('one')->sync->answer, '1', 'nor is a prepared SELECT of a constant');
is($client->parse('new', $work)->sync->answer, '', 'nor preparing anything by a message');
is(status_of($node, 'transactions_held'), $held_before, 'none of all this was held');

# And each of these is, but for a session that holds something.
for my $sql ($work, 'EXECUTE p', 'EXPLAIN SELECT 1', 'DO $$ BEGIN END $$', 'CALL commits()',
	'COPY t TO STDOUT', 'UPDATE t SET b = 0 WHERE a = 1', 'SELECT pg_sleep(0)', 'SELECT now() FROM t', 'SELECT 1 WHERE true',
	'SELECT 1 HAVING true', 'SELECT 1 LIMIT 1', 'SELECT 1 OFFSET 0', 'SELECT 1 GROUP BY ()',
	'VALUES (1), (2)', 'CREATE TEMP TABLE own (a int)',
	'BEGIN; DECLARE d CURSOR FOR SELECT 1; COMMIT')
{
	my ($other) = start_clients($node, 1);
	wait_clients(1, 'in', $other);
	$other->ask('SET statement_timeout = 40');
	$other->ask('PREPARE p AS SELECT count(*) FROM t');
	is($other->ask($sql), 'ERROR 53400', "gated: $sql");
	$other->hang_up;
}
is($client->ask($work), 't', 'whoever holds a cursor is not refused');
cmp_ok(status_of($node, 'transactions_let_through'), '>=', 1, 'but let through when its time is over');
is($held->ask('SELECT pg_advisory_unlock(7)'), 't', 'nor is whoever holds an advisory lock');
is($client->ask('CLOSE c'), '', 'closing the cursor');
is($client->ask('DISCARD ALL'), '', 'and DISCARD ALL are not gated');
is($client->ask($work), 'ERROR 53400', 'after which it is like all others');
is($burner->answer, 'burnt', 'the permit comes back');

# The extended protocol: gated when it executes.
$client->parse('named', $work)->sync->answer;
($burner) = burn($node, 1, 4);
is($client->bind_execute('named')->sync->answer, 'ERROR 53400', 'a prepared statement is gated');
is($client->parse('', $work)->bind_execute('')->sync->answer, 'ERROR 53400', 'and an unnamed one');
is($client->parse('', $work)->bind_execute('')->bind_execute('named')->sync->answer, 'ERROR 53400',
	'and a pipeline, as one');
is($burner->answer, 'burnt', 'the permit comes back');
is($client->parse('', $work)->bind_execute('')->bind_execute('named')->sync->answer, 't', 'a pipeline passes once');
is(status_of($node, 'transactions_running'), 0, 'all is balanced');

# A portal that is executed in parts goes on, though others wait in between.
$client->ask('BEGIN');
$client->parse('', 'SELECT a FROM t ORDER BY a')->bind_execute('', 10);
$client->send_message('H', '');
$client->execute(10)->execute(0)->sync;
is($client->answer, '1000', 'a portal in parts');
is($client->ask('COMMIT'), '', 'commits');

# Commands that commit in between: past the gate until they end, whatever waits.
sub during
{
	my ($what, $sql, $expected) = @_;
	my @others = start_clients($node, 4);

	wait_clients(4, 'in', @others);
	my $admitted = status_of($node, 'transactions_admitted');
	$client->query($sql);
	wait_status($node, "transactions_admitted > $admitted");
	$_->query('SELECT burn(0.3)') for @others;
	is($client->answer, $expected, $what);
	$_->answer for @others;
	wait_status($node, 'transactions_running + transactions_waiting + transactions_lent = 0');
	$_->hang_up for @others;
}
during('CALL with COMMIT', 'CALL commits()', '');
is($node->safe_psql('postgres', 'SELECT b FROM t WHERE a = 3'), '1', 'to its end');
during('DO with COMMIT', 'DO $$ BEGIN FOR i IN 1 .. 3 LOOP UPDATE t SET b = 5 WHERE a = i; COMMIT; PERFORM burn(0.1); END LOOP; END $$', '');
during('CREATE INDEX CONCURRENTLY', 'CREATE INDEX CONCURRENTLY i ON t (b)', '');
is($node->safe_psql('postgres', q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass}), 't', 'leaves a valid index');
during('REINDEX CONCURRENTLY', 'REINDEX TABLE CONCURRENTLY t', '');
during('VACUUM', 'VACUUM ANALYZE t', '');
during('CLUSTER', 'CLUSTER t USING t_pkey', '');

# Two-phase commit gives the permit back when it prepares.
$client->ask('BEGIN');
$client->ask('UPDATE t SET b = 9 WHERE a = 9');
is(status_of($node, 'transactions_running'), 1, 'a transaction block holds its permit');
is($client->ask(q{PREPARE TRANSACTION 'x'}), '', 'prepared');
is(status_of($node, 'transactions_running'), 0, 'and the permit is back');
($burner) = burn($node, 1, 2);
is($client->ask(q{COMMIT PREPARED 'x'}), '', 'COMMIT PREPARED is not gated');
is($burner->answer, 'burnt', 'in the end');

# Errors where they are hardest.
$client->ask('CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1/0; RETURN 1; END $$');
is($client->ask('SELECT fails()'), 'ERROR 22012', 'an error inside a function');
is($client->ask('DO $$ BEGIN COMMIT; PERFORM 1/0; END $$'), 'ERROR 22012', 'or behind a COMMIT');
is($client->ask('DO $$ BEGIN BEGIN PERFORM 1/0; EXCEPTION WHEN OTHERS THEN NULL; END; END $$'), '', 'or one that is caught');
is($client->ask('VACUUM nothing'), 'ERROR 42P01', 'or in a command');
is($client->ask('BEGIN; VACUUM t'), 'ERROR 25001', 'or because of a block');
$client->ask('ROLLBACK');
is(status_of($node, 'transactions_running + transactions_lent'), 0, 'gives the permit back');
is($client->ask($work), 't', 'and the session works');

$node->stop;
done_testing();
