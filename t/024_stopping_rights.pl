# Who may stop whom: PostgreSQL's own rules, and beyond them superusers, exempt
# roles, replication and the server's own processes are left alone.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('stopping_rights', 'max_connections = 60', 'autovacuum_naptime = 1',
	'wal_level = replica', 'max_wal_senders = 4', 'pg_admission.exempt_connections = 2',
	"pg_admission.connection_queue_timeout = '60s'");
$node->safe_psql('postgres', q{
	CREATE ROLE boss LOGIN SUPERUSER;
	CREATE ROLE clerk LOGIN;
	CREATE ROLE signaller LOGIN IN ROLE pg_signal_backend;
	CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
	CREATE ROLE member LOGIN IN ROLE app;
	CREATE ROLE stranger LOGIN;
	CREATE ROLE replicator LOGIN REPLICATION;
	CREATE ROLE leaver LOGIN IN ROLE pg_monitor;

	CREATE TABLE big AS SELECT n, repeat('x', 500) FROM generate_series(1, 5000) AS n;
	GRANT SELECT ON big TO app;
	ANALYZE big;

	-- keeps an autovacuum worker for minutes
	CREATE TABLE slow (a int, b text) WITH (autovacuum_vacuum_threshold = 1,
		autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
	INSERT INTO slow SELECT n, repeat('x', 500) FROM generate_series(1, 10000) AS n;
	DELETE FROM slow WHERE a % 2 = 0;

	-- what members of pg_signal_backend get by the script
	DO $$
	DECLARE
		one record;
	BEGIN
		GRANT USAGE ON SCHEMA admission TO member, stranger;
		GRANT SELECT ON admission.backends, admission.blocking_tree TO member, stranger;
		FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
			WHERE pronamespace = 'admission'::regnamespace AND has_function_privilege('pg_signal_backend', oid, 'EXECUTE')
		LOOP
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO member, stranger', one.name);
		END LOOP;
	END $$;});

sub session
{
	my ($user, $name, %options) = @_;
	my $client = AdmissionClient->new($node, user => $user, application_name => $name, %options);

	wait_clients(1, 'in', $client);
	return $client;
}

# A walsender; what else the startup packet must say goes behind the database.
sub walsender
{
	my ($replication) = @_;
	return session('replicator', 'walsender', database => "postgres\0replication\0$replication");
}

my $boss = session('boss', 'boss');

# What came of a call, a line for each session.
sub stop
{
	my ($caller, $call) = @_;
	return $caller->ask(qq{
		SELECT string_agg(concat_ws(' | ', application_name, state, done, gone), E'\n') FROM admission.$call});
}

# The same by hand, for one process.
sub stop_process
{
	my ($caller, $pid, $include_protected) = @_;
	return $caller->ask(qq{
		SELECT concat_ws(' | ', done, gone) FROM admission.stop_backends(ARRAY[$pid],
			ARRAY(SELECT backend_start FROM pg_stat_activity WHERE pid = $pid), true, $include_protected, NULL, '10 s', 'by hand')});
}

sub count_activity
{
	my ($condition) = @_;
	return $boss->ask("SELECT count(*) FROM pg_stat_activity WHERE $condition");
}

sub lives
{
	my ($client, $sql) = @_;
	return $client->state eq 'in' && $client->ask($sql // 'SELECT 1') !~ /^ERROR/;
}

# Who is left alone, by a superuser too.
my ($app, $superuser, @monitors) = (session('app', 'victim 1'), session('postgres', 'victim 2'),
	map { session('monitor', "victim $_") } 3 .. 5);
$_->ask('SELECT 1') for @monitors;
is($boss->ask(q{SELECT string_agg(gate_state, ' ' ORDER BY application_name) FROM admission.backends WHERE role = 'monitor'}),
	'lane lane admitted', 'of three in an exempt role, one is beyond its slots');
is(stop($boss, q{terminate_backends(application_name => 'victim%', dry_run => false, wait => '10 s')}),
	join("\n", 'victim 1 | idle | terminated | t', q{victim 2 | idle | left alone: a superuser's session},
		map { "victim $_ | idle | left alone: a session of an exempt role" } 3 .. 5), 'one of five is stopped');
is(stop($boss, q{terminate_backends(application_name => 'boss', dry_run => false, include_protected => true)}),
	'boss | active | left alone: your own session', 'nobody stops oneself');
is(stop_process($boss, $boss->{pid}, 'true'), 'left alone: your own session', 'by hand neither');
wait_clients(1, 'refused', $app);
ok(lives($_), 'who is left alone lives on') for $superuser, @monitors;

# A role's new name takes nothing away.
my $renamed = session('leaver', 'renamed');
$boss->ask('ALTER ROLE leaver RENAME TO stayer');
is(stop($boss, q{terminate_backends(application_name => 'renamed', dry_run => false, wait => '10 s')}),
	'renamed | idle | left alone: a session of an exempt role', 'a renamed exempt role stays exempt');

# include_protected takes a superuser to say yes; null is no yes.
is($boss->ask(q{SELECT left_alone FROM admission.find_backends(application_name => 'victim 2', include_protected => NULL)}),
	q{a superuser's session}, 'null includes nobody');
is(stop($boss, q{terminate_backends(application_name => 'victim%', dry_run => false, include_protected => true, wait => '10 s')}),
	join("\n", map { "victim $_ | idle | terminated | t" } 2 .. 5), 'but a superuser may include them');
wait_clients(4, 'refused', $superuser, @monitors);

# Those who replicate are no sessions to be found, and never stopped.
my @walsenders = (walsender('database'), walsender('true'));
is(count_activity(q{backend_type = 'walsender'}), 2, 'two replicate');
for my $criterion (q{application_name => 'walsender'}, q{role_name => 'replicator'})
{
	is(stop($boss, "terminate_backends($criterion, dry_run => false, include_protected => true)"), '', "nobody finds them by $criterion");
}
is(stop_process($boss, $_->{pid}, 'true'), 'left alone: it replicates', 'they are left alone by hand, too') for @walsenders;
ok(lives($_, 'IDENTIFY_SYSTEM'), 'and live on') for @walsenders;
$app = session('app', 'victim');
my $replicating_boss = session('boss', 'replicating boss', database => "postgres\0replication\0database");
is(stop($replicating_boss, q{terminate_backends(application_name => 'victim', dry_run => false, wait => '10 s')}),
	'victim | idle | terminated | t', 'on such a connection a superuser stops as on any other');
$_->hang_up for $replicating_boss, $app;

# The server's own processes.
my $vacuums = q{query LIKE 'autovacuum: VACUUM%public.slow%'};
wait_until('autovacuum', sub { count_activity($vacuums) });
my $autovacuum = $boss->ask("SELECT pid FROM pg_stat_activity WHERE $vacuums");
is(stop($boss, q{terminate_backends(query => 'autovacuum:%', dry_run => false, include_protected => true)}), '', 'nobody finds autovacuum');
is(stop_process($boss, $autovacuum, 'true'), 'it had gone already | t', 'it is no session');
is(count_activity("pid = $autovacuum"), 1, 'and goes on');
is($boss->ask(q{SELECT string_agg(DISTINCT a.backend_type, ',')
		FROM admission.find_backends(application_name => '%', include_protected => true) AS f JOIN pg_stat_activity AS a USING (pid)}),
	'client backend', 'whoever is found is a client');

# A parallel query: its leader stands for its workers.
my $leader = session('app', 'leader');
$leader->ask("SET $_") for 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0',
  'max_parallel_workers_per_gather = 2', 'parallel_leader_participation = off';
my $workers = "leader_pid = $leader->{pid} AND wait_event = 'PgSleep'";

sub run_in_parallel
{
	$leader->query('SELECT count(pg_sleep(600)) FROM big');
	return wait_until('two workers', sub { count_activity($workers) == 2 });
}
run_in_parallel();
is(count_activity("pid = $leader->{pid} AND wait_event = 'PgSleep'"), 0, 'only its workers sleep');
my $worker = $boss->ask("SELECT min(pid) FROM pg_stat_activity WHERE $workers");
is(stop_process($boss, $worker, 'true'), 'it had gone already | t', 'a worker is no session');
is(count_activity($workers), 2, 'and goes on');
is($boss->ask(q{SELECT string_agg(pid::text, ',') FROM admission.find_backends(role_name => 'app')}), $leader->{pid}, 'nobody finds the workers');
is(stop($boss, q{cancel_backends(wait_event => 'PgSleep', dry_run => false, wait => '10 s')}), 'leader | active | cancelled | t', 'by what they wait for, their leader is found');
is($leader->answer, 'ERROR 57014', 'and cancelled');
wait_until('no workers', sub { count_activity($workers) == 0 });
pass('the workers end with it');
run_in_parallel();
is(stop($boss, q{terminate_backends(wait_event => 'PgSleep', dry_run => false, wait => '10 s')}), 'leader | active | terminated | t', 'or terminated');
wait_until('no workers', sub { count_activity($workers) == 0 });
wait_clients(1, 'refused', $leader);
pass('the workers end with it again');

# What somebody may not read is no text to be matched.
my %caller = (boss => $boss, map { $_ => session($_, $_) } qw(signaller watcher member stranger));
is($caller{signaller}->ask(q{SELECT string_agg(application_name, ',') FROM admission.find_backends(query => '%privilege%') WHERE left_alone IS NULL}),
	'', 'nobody is found by a query that is hidden');

# A login that is held, where no more than one session may be in.
sub hold
{
	my ($user) = @_;
	my ($client) = start_clients($node, 1, user => $user, application_name => 'victim');
	wait_status($node, 'connections_waiting = 1');
	return $client;
}

# Everybody against everybody: whoever PostgreSQL lets stop them may stop them by
# our way too, unless they are protected, and nobody else may.
my %victim = (
	app => sub { session('app', 'victim') },
	clerk => sub { session('clerk', 'victim') },
	own => sub { session($_[0], 'victim') },
	superuser => sub { session('postgres', 'victim') },
	exempt => sub { session('monitor', 'victim') },
	held => sub { hold('app') });
my %protected = (
	(map { ("$_ superuser" => q{a superuser's session}, "$_ exempt" => 'a session of an exempt role') } keys %caller),
	'boss own' => q{a superuser's session},
	'watcher own' => 'a session of an exempt role');
my %cells = (refused => 0, protected => 0, stopped => 0);

sub pid_of_victim
{
	return $boss->ask(q{SELECT pid FROM admission.backends WHERE application_name = 'victim'});
}

sub end_victim
{
	my ($client) = @_;
	$client->hang_up;
	return wait_until('nobody', sub { pid_of_victim() eq '' });
}

# By PostgreSQL's own function: "t" or an error.
sub by_postgresql
{
	my ($caller) = @_;
	return $caller->ask('SELECT pg_terminate_backend(' . pid_of_victim() . ', 10000)');
}

sub try_cell
{
	my ($who, $kind) = @_;
	my $caller = $caller{$who};
	my $client = $victim{$kind}->($who);
	# Whose login is held is not for everybody to read.
	my $criterion = $kind eq 'held' ? q{state => 'waiting for admission'} : q{application_name => 'victim'};
	my $done = $caller->ask("SELECT done FROM admission.terminate_backends($criterion, dry_run => false, wait => '10 s')");
	my $lives = pid_of_victim() ne '';
	my $fresh = $lives ? $client : $victim{$kind}->($who);
	my $theirs = by_postgresql($caller);

	if ($theirs eq 'ERROR 42501')
	{
		like("$done, " . ($lives ? 'lives' : 'dead'), qr/^left alone: not permitted: .*, lives$/, "$who may not stop $kind");
		$cells{refused}++;
	}
	elsif ($protected{"$who $kind"})
	{
		is("$theirs, $done, " . ($lives ? 'lives' : 'dead'), qq{t, left alone: $protected{"$who $kind"}, lives}, "$who leaves alone $kind");
		$cells{protected}++;
	}
	else
	{
		is("$theirs, $done, " . ($lives ? 'lives' : 'dead'), 't, terminated, dead', "$who stops $kind");
		$cells{stopped}++;
	}
	end_victim($_) for $client, $fresh;
	return;
}

for my $kind (qw(app clerk own superuser exempt held))
{
	$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 1, 1)") if $kind eq 'held';
	try_cell($_, $kind) for qw(boss signaller watcher member stranger);
}
is_deeply(\%cells, { refused => 16, protected => 5, stopped => 9 }, 'every rule was tried');

# A held login is found, and told of its end.
my $held = hold('app');
is(stop($boss, q{cancel_backends(state => 'waiting for admission', role_name => 'app', database_name => 'postgres',
		application_name => 'vict%') WHERE pid IS NOT NULL}),
	'victim | waiting for admission | nothing yet: a dry run', 'a held login is found by what it said');
is(stop($boss, q{cancel_backends(application_name => 'victim', dry_run => false, wait => '10 s')}),
	'victim | waiting for admission | cancelled | t', 'and can be cancelled');
wait_clients(1, 'refused', $held);
is($held->error('M'), 'pg_admission ended this connection while it was waiting in line', 'which it is told');
is($boss->ask(q{SELECT concat_ws(' | ', role, database, application_name, outcome) FROM admission.events WHERE kind = 'stop' ORDER BY at DESC LIMIT 1}),
	'app | postgres | victim | ended', 'and which is in the record');

# An exempt role's login that waits, its slots being taken, is exempt.
my $beside_watcher = session('monitor', 'monitor');
$held = hold('monitor');
is(stop($boss, q{terminate_backends(application_name => 'victim', dry_run => false, wait => '10 s')}),
	'victim | waiting for admission | left alone: a session of an exempt role', 'an exempt role is exempt in line, too');
end_victim($held);
$boss->ask('SELECT admission.stop_warmup()');

# Everybody at once: no more than clients and held logins.
my $others = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
	WHERE backend_type NOT IN ('client backend', 'parallel worker', 'autovacuum worker')};
my $before = $boss->ask($others);
like(stop($boss, q{terminate_backends(application_name => '%', dry_run => false, include_protected => true, wait => '10 s')}),
	qr/^(?:.* \| terminated \| t\n)+boss \| active \| left alone: your own session$/, 'everybody can be stopped but oneself');
is($boss->ask($others), $before, 'and who is no client');
is(count_activity(q{backend_type = 'client backend'}), 1, 'nobody else is left');
ok(lives($_, 'IDENTIFY_SYSTEM'), 'who replicates lives on') for @walsenders;
is(count_activity("pid = $autovacuum"), 1, 'and so does autovacuum');

$node->stop;
done_testing();
