# What users have built on the extension outlives its update, a dump and its
# restore, and pg_upgrade: views, functions, grants and revokes.  And what the
# library of a later version has left in the data directory stops no server.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('update', 'fsync = on');
my $folder = $node->config_data('--sharedir') . '/extension';
my $version = $node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'});
my $later = "$version.tested";
my $script = "$folder/pg_admission--$version--$later.sql";

# Beside the scripts of the extension, for as long as the test runs.
plan skip_all => "cannot write in $folder" unless -w $folder;
append_to_file($script, q{\echo Use "ALTER EXTENSION pg_admission UPDATE" to load this file. \quit
	CREATE FUNCTION admission.added() RETURNS int LANGUAGE sql AS 'SELECT 42';
	REVOKE ALL ON FUNCTION admission.added() FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION admission.added() TO pg_monitor;
	CREATE OR REPLACE VIEW admission.status AS
		SELECT s.*, admission.added() AS added FROM admission.status() AS s;
	CREATE OR REPLACE FUNCTION admission.brake(transactions int) RETURNS text
		LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
		AS $$ SELECT 'updated: ' || admission.brake(transactions::pg_catalog.text) $$;
	});
END { unlink $script if defined $script && -e $script }

# What a user builds, and gives to others.
my $build = q{
	GRANT USAGE ON SCHEMA admission TO viewer, operator;
	GRANT SELECT ON admission.status, admission.services TO viewer;
	GRANT SELECT (pid, service) ON admission.waiting TO viewer;
	GRANT EXECUTE ON FUNCTION admission.waiting() TO viewer;
	GRANT EXECUTE ON FUNCTION admission.brake(text), admission.brake(int) TO operator WITH GRANT OPTION;
	SET ROLE operator;
	GRANT EXECUTE ON FUNCTION admission.brake(int) TO viewer;
	RESET ROLE;
	REVOKE EXECUTE ON FUNCTION admission.health_check(boolean, jsonb) FROM pg_monitor;
	REVOKE SELECT ON admission.events FROM pg_monitor;

	CREATE SCHEMA dashboard;
	CREATE VIEW dashboard.load AS
		SELECT s.phase, s.transactions_waiting, w.pid FROM admission.status AS s LEFT JOIN admission.waiting AS w ON true;
	CREATE FUNCTION dashboard.slow_down() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT admission.brake(3); END;
	CREATE FUNCTION dashboard.phase() RETURNS text LANGUAGE plpgsql AS $$
		BEGIN RETURN (SELECT phase FROM admission.status); END $$;
	CREATE MATERIALIZED VIEW dashboard.names AS SELECT service FROM admission.services;
	};

# All rights on what belongs to the extension, a line each; and those that count
# as its own.
my $rights = q{
	SELECT what || ': ' || string_agg(concat_ws(' ', COALESCE(g.rolname, 'PUBLIC'), privilege_type, is_grantable, 'by', b.rolname),
		', ' ORDER BY g.rolname, privilege_type, b.rolname)
	FROM (
		SELECT p.oid::regprocedure::text AS what, COALESCE(proacl, acldefault('f', proowner)) AS acl
		FROM pg_proc AS p WHERE pronamespace = 'admission'::regnamespace
		UNION ALL
		SELECT c.oid::regclass::text, COALESCE(relacl, acldefault('r', relowner))
		FROM pg_class AS c WHERE relnamespace = 'admission'::regnamespace AND relkind = 'v'
		UNION ALL
		SELECT attrelid::regclass || '.' || attname, attacl
		FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid
		WHERE relnamespace = 'admission'::regnamespace AND attacl IS NOT NULL
		UNION ALL
		SELECT 'schema ' || nspname, nspacl FROM pg_namespace WHERE nspname = 'admission'
	) AS objects, aclexplode(acl) LEFT JOIN pg_roles AS g ON g.oid = grantee LEFT JOIN pg_roles AS b ON b.oid = grantor
	GROUP BY what ORDER BY what};
my $own_rights = q{
	SELECT pg_describe_object(classoid, objoid, objsubid) || ': ' || (SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM unnest(initprivs) AS i)
	FROM pg_init_privs WHERE privtype = 'e'
		AND pg_describe_object(classoid, objoid, objsubid) LIKE '%admission%' ORDER BY 1};
my $members = q{
	SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
	WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_admission') ORDER BY 1};

sub lines
{
	my ($on, $database, $sql) = @_;
	return [ split /\n/, $on->safe_psql($database, $sql) ];
}

# What a user's objects answer.
sub dashboard_works
{
	my ($on, $database, $when, $braked) = @_;

	is($on->safe_psql($database, 'SELECT phase, transactions_waiting FROM dashboard.load'), 'open|0', "$when: a view on views");
	is($on->safe_psql($database, 'SELECT dashboard.phase()'), 'open', "$when: a function on a view");
	is($on->safe_psql($database, 'SELECT dashboard.slow_down()'), $braked, "$when: a function bound to a function");
	is($on->safe_psql($database, q{SELECT admission.brake('off')}), 'off', "$when: undone");
	is($on->safe_psql($database, 'REFRESH MATERIALIZED VIEW dashboard.names; SELECT string_agg(service, $$ $$) FROM dashboard.names'),
		'default', "$when: a materialized view");
	is($on->safe_psql($database, 'SET ROLE viewer; SELECT count(pid) FROM admission.waiting'), '0', "$when: a right on columns");
	return;
}

$node->safe_psql('postgres', 'CREATE ROLE viewer IN ROLE pg_read_all_stats; CREATE ROLE operator');
my $rights_at_first = lines($node, 'postgres', $rights);
$node->safe_psql('postgres', $build);
my $rights_before = lines($node, 'postgres', $rights);
isnt("@$rights_before", "@$rights_at_first", 'rights differ from those of the script');
dashboard_works($node, 'postgres', 'at first', '3');

# Dump and restore.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'restore');
is_deeply(lines($node, 'restored', $rights), $rights_before, 'a dump keeps all rights');
is_deeply(lines($node, 'restored', $own_rights), lines($node, 'postgres', $own_rights), 'and which of them are the extension\'s');
dashboard_works($node, 'restored', 'restored', '3');

# An update that fails or is taken back leaves all as it was.
my $members_before = lines($node, 'postgres', $members);
$node->safe_psql('postgres', "BEGIN; ALTER EXTENSION pg_admission UPDATE TO '$later'; ROLLBACK");
is_deeply(lines($node, 'postgres', $members), $members_before, 'an update that is rolled back leaves nothing');
$node->safe_psql('postgres', 'ALTER EXTENSION pg_admission UPDATE');
is($node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}), $version,
	'an update to the version that is there does nothing');

# Sessions with plans of before.
my ($session) = start_clients($node, 1, user => 'postgres');
wait_clients(1, 'in', $session);
$session->ask('PREPARE p AS SELECT phase FROM dashboard.load');
$session->ask('PREPARE q AS SELECT to_jsonb(s) ? $$added$$ FROM admission.status AS s');
is($session->ask('EXECUTE p'), 'open', 'a plan from before the update');
is($session->ask('EXECUTE q'), 'f', 'and one of all the columns');
is($session->ask('SELECT dashboard.phase()'), 'open', 'and one within a function');

# While the gates are at work.
start_gate($node, 1);
my ($burner) = burn($node, 1, 8);
my ($waiter) = start_clients($node, 1);
wait_clients(1, 'in', $waiter);
$waiter->ask("SET application_name = 'psql'");
$waiter->query('SELECT count(*) > 0 FROM pg_class');
wait_status($node, 'transactions_waiting = 1');
$node->safe_psql('postgres', "ALTER EXTENSION pg_admission UPDATE TO '$later'");
is(status_of($node, 'transactions_waiting || phase'), '1warming', 'who waits goes on waiting');
is($burner->answer, 'burnt', 'who runs goes on');
is($waiter->answer, 't', 'and whose turn comes is let in');
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');

is($node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}), $later, 'updated');
is(status_of($node, 'added'), 42, 'a view has its new column');
is_deeply([ grep { !/admission\.added\(\)/ } @{ lines($node, 'postgres', $rights) } ], $rights_before, 'all rights are kept');
is_deeply([ grep { !/added/ } @{ lines($node, 'postgres', $members) } ], $members_before, 'nothing has left the extension');
is(scalar @{ lines($node, 'postgres', $members) }, @$members_before + 1, 'what is new is in it');
dashboard_works($node, 'postgres', 'updated', 'updated: 3');
is($session->ask('EXECUTE p'), 'open', 'a plan from before the update is made anew');
is($session->ask('EXECUTE q'), 't', 'with the new column');
is($session->ask('SELECT dashboard.phase()'), 'open', 'so is one within a function');

# pg_upgrade, of a database with the updated extension and one with the other.
$session->hang_up;
$_->hang_up for $burner, $waiter;
my @before = map { lines($node, 'postgres', $_) } $rights, $own_rights, $members;
$node->stop;
my $new = PostgreSQL::Test::Cluster->new('upgraded');
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'\npg_admission.warmup_on = ''\nfsync = on\n");
upgrade_cluster($node, $new);
$new->start;
is($new->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}), $later, 'keeps the version');
is($new->safe_psql('restored', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}), $version, 'in each database');
is_deeply(lines($new, 'postgres', $rights), $before[0], 'keeps all rights');
is_deeply(lines($new, 'postgres', $own_rights), $before[1], 'and which of them are the extension\'s');
is_deeply(lines($new, 'postgres', $members), $before[2], 'and what belongs to it');
dashboard_works($new, 'postgres', 'upgraded', 'updated: 3');
dashboard_works($new, 'restored', 'upgraded', '3');
$new->safe_psql('restored', "ALTER EXTENSION pg_admission UPDATE TO '$later'");
dashboard_works($new, 'restored', 'upgraded and updated', 'updated: 3');

# The library of before on the files of a later one: told once, and the state
# is kept.
my %first_line = (
	'pg_admission.state' => [ qr/^(pg_admission_state )\d+/, 'cannot use its state file "pg_admission.state": it was written by a later version' ],
	'pg_admission.history' => [ qr/^(\S+ )\d+/, 'cannot use its history file "pg_admission.history": it is damaged, or was written by another version' ],
	'pg_admission.events' => [ qr/^(\S+ )\d+/, 'cannot use its events file "pg_admission.events": it is damaged, or was written by another version' ]);
$new->append_conf('postgresql.conf', "log_min_messages = log\n");
$new->safe_psql('postgres', "SELECT admission.start_warmup('1 hour')");
$new->stop;
for my $name (sort keys %first_line)
{
	my $file = $new->data_dir . "/$name";
	my $text = slurp_file($file);
	ok($text =~ s/$first_line{$name}[0]/${1}99/, "$name begins with its format");
	unlink $file;
	append_to_file($file, $text);
}
my $offset = -s $new->logfile;
$new->start;
is(status_of($new, 'phase'), 'open', 'the server starts, without the warm-up of a later version');
$new->restart;
my $log = slurp_file($new->logfile, $offset);
for my $name (sort keys %first_line)
{
	my $said = $first_line{$name}[1];
	is(scalar(() = $log =~ /\Q$said\E/g), 1, "$name: the log says so, once");
}
like($log, qr/by a later version\n.*DETAIL:  The server has started as if there were none; the file is kept as "pg_admission\.state\.later"\./,
	'and what becomes of the file');
like(slurp_file($new->data_dir . '/pg_admission.state.later'), qr/^pg_admission_state 99$/m, 'which is there as it was');
$new->stop;
done_testing();
