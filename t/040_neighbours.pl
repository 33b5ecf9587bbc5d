# Other libraries with hooks, loaded before ours and behind it, one by one and
# all together: they do what they are for, and the gates hold and refuse as ever.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('neighbours', 'pg_admission.long_transaction_after = -1',
	'pg_stat_statements.track = all', 'pg_stat_statements.track_planning = on',
	'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on', 'auto_explain.log_analyze = on',
	"pgaudit.log = 'all, -misc'", 'pgaudit.log_catalog = on', "set_user.superuser_allowlist = 'app'");
my $folder = $node->config_data('--pkglibdir');
my @libraries = grep { -e "$folder/$_.so" } qw(pg_stat_statements auto_explain pgaudit set_user pg_stat_kcache);
note("libraries: @libraries");
plan skip_all => 'none of the libraries is installed' unless @libraries;

# What checks a library: after a round of statements, some admitted, some
# refused.  Each is given what stands before ours.
my %check = (
	pg_stat_statements => \&check_pg_stat_statements,
	auto_explain => \&check_auto_explain,
	pgaudit => \&check_pgaudit,
	set_user => \&check_set_user,
	pg_stat_kcache => \&check_pg_stat_kcache);

$node->safe_psql('postgres', q{
	CREATE TABLE t (a int PRIMARY KEY, b int DEFAULT 0);
	INSERT INTO t SELECT g FROM generate_series(1, 100) AS g;
	CREATE TABLE log (a int);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (NEW.a); RETURN NEW; END';
	CREATE TRIGGER noted AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
	CREATE FUNCTION inner_function() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(b) FROM t AS nested); END';
	CREATE FUNCTION outer_function() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN inner_function() + (SELECT 0 FROM t LIMIT 1); END';
	CREATE FUNCTION fails() RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / 0; RETURN 1; END';
	CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. 3 LOOP
			UPDATE t SET b = b + 1 WHERE a = i;
			COMMIT;
		END LOOP;
		ROLLBACK;
	END $$;
	CREATE PROCEDURE nothing() LANGUAGE plpgsql AS 'BEGIN END';
	GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
	CREATE ROLE target;
	GRANT SET ON PARAMETER pg_admission.transaction_queue_timeout TO app, target;
	});

# A superuser's session, for what is asked often.
my $admin;
sub ask { return $admin->ask($_[0]) }
sub wait_gate
{
	my ($running, $waiting) = @_;
	return wait_until("$running running and $waiting waiting", sub {
		ask(q{SELECT concat_ws(' ', transactions_running + transactions_lent, transactions_waiting) FROM admission.status}) eq "$running $waiting" });
}

# A permit's only holder, for as long as is wanted.
my $burner;
sub take_permit
{
	($burner) = start_clients($node, 1, application_name => 'burner');
	wait_clients(1, 'in', $burner);
	$burner->query('SELECT burn(60)');
	wait_gate(1, 0);
	return;
}
sub give_permit_back
{
	ask(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'burner'});
	$burner->answer;
	$burner->hang_up;
	return;
}

# Runs the code while the client finds no permit, and has no patience.
sub while_refused
{
	my ($client, $code) = @_;

	$client->ask(q{SET pg_admission.transaction_queue_timeout = '30ms'});
	take_permit();
	$code->();
	give_permit_back();
	$client->ask(q{SET pg_admission.transaction_queue_timeout = '30s'});
	return;
}

sub session
{
	my ($client) = start_clients($node, 1);
	wait_clients(1, 'in', $client);
	return $client;
}

# The statements: what they answer when they are let in.
my @statements = (
	[ 'a query', 'SELECT count(a) FROM t', '100' ],
	[ 'an update with triggers', 'UPDATE t SET b = b + 1 WHERE a = 7', '' ],
	[ 'nested functions', 'SELECT outer_function()', '100' ],
	[ 'a prepared statement', 'EXECUTE p', '100' ],
	[ 'EXPLAIN ANALYZE', 'EXPLAIN (ANALYZE, BUFFERS off, COSTS off, TIMING off, SUMMARY off) SELECT FROM t', qr/Seq Scan/ ],
	[ 'DO', 'DO $$ BEGIN PERFORM outer_function(); UPDATE t SET b = 3 WHERE a = 1; COMMIT; PERFORM 1 FROM t; END $$', '' ],
	[ 'CALL with COMMIT', 'CALL commits()', '' ],
	[ 'COPY', 'COPY (SELECT 5 FROM t) TO STDOUT', '' ],
	[ 'an error inside', 'SELECT fails() FROM t LIMIT 1', 'ERROR 22012' ],
	[ 'an error in a DO', 'DO $$ BEGIN UPDATE t SET b = 1 WHERE a = 2; COMMIT; PERFORM fails(); END $$', 'ERROR 22012' ],
	[ 'an error that is caught', 'DO $$ BEGIN BEGIN PERFORM fails(); EXCEPTION WHEN division_by_zero THEN PERFORM inner_function(); END; END $$', '' ],
	[ 'a table of its own', 'CREATE TEMP TABLE own AS SELECT a FROM t', '' ],
	[ 'a cursor', 'BEGIN; DECLARE c CURSOR FOR SELECT a FROM t ORDER BY a; FETCH 2 FROM c; COMMIT', '2' ]);

sub round_of_statements
{
	my ($client, $how) = @_;

	for my $statement (@statements)
	{
		my ($what, $sql, $expected) = @$statement;
		my $answer = $client->ask($sql);
		ref $expected ? like($answer, $expected, "$how: $what") : is($answer, $expected, "$how: $what");
	}
	$client->ask('DROP TABLE own');
	is(ask('SELECT transactions_running + transactions_lent + transactions_waiting FROM admission.status'), 0, "$how: all permits are back");
	return;
}

sub refused_all
{
	my ($client, $how) = @_;

	for my $statement (@statements)
	{
		my ($what, $sql) = @$statement;
		$sql =~ s/count\(a\)/sum(a)/;
		is($client->ask($sql), 'ERROR 53400', "$how: $what is refused");
		$client->ask('ROLLBACK') if $what eq 'a cursor';
	}
	is($client->parse('', 'SELECT sum(a) FROM t')->bind_execute('')->sync->answer, 'ERROR 53400',
		"$how: and so is the extended protocol");
	is($client->ask('SELECT 1'), '1', "$how: the session goes on");
	return;
}

# A statement that waits for a moment, by its answer.
sub waits
{
	my ($client, $sql) = @_;
	take_permit();
	$client->query($sql);
	wait_gate(1, 1);
	usleep(400_000);
	give_permit_back();
	return $client->answer;
}

# Those that are loaded, in this order.
sub with_libraries
{
	my (@order) = @_;
	my $how = join ',', @order;
	my %place = map { $order[$_] => $_ } 0 .. $#order;
	my %before = map { $_ => $place{$_} < $place{pg_admission} } @order;

	$node->append_conf('postgresql.conf', "shared_preload_libraries = '$how'\n");
	$node->restart;
	my $offset = -s $node->logfile;
	($admin) = start_clients($node, 1, user => 'postgres');
	wait_clients(1, 'in', $admin);
	ask("CREATE EXTENSION IF NOT EXISTS $_") for grep { $_ ne 'auto_explain' } @order;
	ask("SELECT $_\_reset()") for grep { exists $place{$_} } qw(pg_stat_statements pg_stat_kcache);
	ask("SELECT admission.start_warmup('1 hour', initial_transactions => 1, target_transactions => 1)");
	my $client = session();
	$client->ask('PREPARE p AS SELECT count(*) FROM t');
	$client->ask('SET plan_cache_mode = force_generic_plan');

	round_of_statements($client, "$how: admitted");
	while_refused($client, sub { refused_all($client, $how) });
	round_of_statements($client, "$how: admitted again");
	for my $library (grep { $_ ne 'pg_admission' } @order)
	{
		$check{$library}->($client, "$how: $library", $before{$library}, sub { slurp_file($node->logfile, $offset) });
	}
	unlike(slurp_file($node->logfile, $offset), qr/PANIC|TRAP|WARNING|terminated by signal|stack is not empty|XX000/, "$how: nothing unexpected in the log");
	$client->hang_up;
	# What is in the catalogs wants its library.
	ask("DROP EXTENSION IF EXISTS $_") for grep { $_ !~ /^(?:auto_explain|pg_admission)$/ } reverse @order;
	return;
}

# Refused statements are no calls; and where the wait is in the times.
sub check_pg_stat_statements
{
	my ($client, $how, $before, $log) = @_;
	my $calls = sub { ask("SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements WHERE query ~ '$_[0]'") };

	is($calls->('^SELECT count\(a\) FROM t'), 2, "$how: counts what was admitted");
	is($calls->('sum\(a\)'), 0, "$how: counts nothing that was refused");
	is($calls->('^CALL commits'), 2, "$how: likewise of commands");
	is($calls->('^UPDATE t SET b = b \+ .* WHERE a = i'), 6, "$how: counts what is inside of them");
	is($calls->('AS nested'), 6, "$how: and inside of functions");
	is($calls->('^SELECT fails'), 0, "$how: what fails is no call, as ever");

	# Twice, once each, with its wait.
	is(waits($client, 'SELECT max(a) FROM t'), '100', "$how: a query that waits");
	is(waits($client, 'CALL nothing()'), '', "$how: a command that waits");
	my ($query, $plan) = split / /, ask(
		q{SELECT concat_ws(' ', max_exec_time, max_plan_time) FROM pg_stat_statements WHERE query ~ '^SELECT max\(a\)'});
	my $command = ask(q{SELECT max_exec_time FROM pg_stat_statements WHERE query ~ '^CALL nothing'});
	my $holds = $before ? '<' : '>=';
	cmp_ok($query, '<', 300, "$how: the wait is not in the times of queries");
	cmp_ok($plan, $holds, 300, "$how: it is in those of planning, unless pg_admission stands behind");
	cmp_ok($command, $holds, 300, "$how: and in those of commands");
	return;
}

sub check_auto_explain
{
	my ($client, $how, $before, $log) = @_;
	my $text = $log->();

	is(scalar(() = $text =~ /Query Text: SELECT count\(a\) FROM t\n\s+Aggregate .*actual/g), 2, "$how: logs the plans of what was admitted");
	ok($text !~ /Query Text: [^\n]*sum\(a\)/, "$how: and of nothing that was refused");
	ok($text =~ /Query Text: \(SELECT count\(b\) FROM t AS nested\)\n/, "$how: and those inside of functions");
	return;
}

sub check_pgaudit
{
	my ($client, $how, $before, $log) = @_;
	my $text = $log->();

	is(scalar(() = $text =~ /AUDIT: SESSION,[^\n]*SELECT count\(a\) FROM t/g), 2, "$how: logs what was admitted, once");
	ok($text !~ /AUDIT: SESSION,[^\n]*sum\(a\) FROM t/, "$how: and nothing that was refused before it ran");
	ok($text =~ /AUDIT: SESSION,\d+,5,READ,SELECT,[^\n]*FROM t AS nested/, "$how: logs what is inside of functions");
	is(scalar(() = $text =~ /AUDIT: SESSION,[^\n]*INSERT INTO log VALUES/g), 12, "$how: and of triggers");
	is(scalar(() = $text =~ /AUDIT: SESSION,\d+,1,[^\n]*,CALL commits/g), 2, "$how: a procedure, once each");
	is(scalar(() = $text =~ /AUDIT: SESSION,\d+,1,FUNCTION,DO,,,DO \$\$ BEGIN PERFORM outer_function/g), $before ? 2 : 3,
		"$how: DO that is refused is logged all the same, unless pg_admission stands behind");
	return;
}

sub check_set_user
{
	my ($client, $how, $before, $log) = @_;
	my $is = sub { is($client->ask($_[0]), $_[1], "$how: $_[2]") };

	ask('GRANT EXECUTE ON FUNCTION set_user(text), set_user_u(text) TO app; GRANT ALL ON ALL TABLES IN SCHEMA public TO target');
	$is->(q{SELECT set_user('target')}, 'OK', 'becomes another');
	$is->('SELECT current_user', 'target', 'and is it');
	while_refused($client, sub { $is->('SELECT count(*) FROM t', 'ERROR 53400', 'who is refused all the same') });
	$is->('SELECT reset_user()', 'OK', 'and back');
	$is->('SELECT current_user', 'app', 'and is it');
	$is->(q{SELECT set_user_u('postgres')}, 'OK', 'becomes a superuser');
	$is->('ALTER SYSTEM SET work_mem = 100', 'ERROR 42501', 'which may not do everything');
	while_refused($client, sub { $is->('SELECT count(*) FROM t', 'ERROR 53400', 'and is refused, since its login was not a superuser\'s') });
	$is->('SELECT reset_user()', 'OK', 'and back');
	ok($log->() =~ /Role app transitioning to Superuser Role postgres/i, "$how: logs it");
	return;
}

sub check_pg_stat_kcache
{
	my ($client, $how, $before, $log) = @_;

	is($client->ask('SELECT burn(0.3)'), 'burnt', "$how: something to count");
	is(ask(q{SELECT sum(exec_user_time + exec_system_time) > 0.01 FROM pg_stat_kcache_detail WHERE query ~ '^SELECT burn' AND rolname = 'app'}),
		't', "$how: counts processor time");
	is(ask(q{SELECT count(*) FROM pg_stat_kcache_detail WHERE query ~ 'sum\\(a\\)'}), 0, "$how: nothing for what is refused");
	return;
}

# What needs another behind it.
my %needs = (pg_stat_kcache => ['pg_stat_statements']);

for my $library (@libraries)
{
	my @needed = @{ $needs{$library} // [] };
	next if grep { my $name = $_; !grep { $_ eq $name } @libraries } @needed;
	with_libraries('pg_admission', @needed, $library);
	with_libraries(@needed, $library, 'pg_admission');
}
if (@libraries > 1)
{
	my $middle = int(@libraries / 2);
	with_libraries('pg_admission', @libraries);
	with_libraries(@libraries[ 0 .. $middle - 1 ], 'pg_admission', @libraries[ $middle .. $#libraries ]);
	with_libraries(@libraries, 'pg_admission');
}
$node->stop;
done_testing();
