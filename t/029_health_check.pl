# The health check: faults are planted, found with the severity and under the
# name they should have, and mended by the remedies as they are printed.  The
# script for psql finds the same.  What it may do to others: nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use File::Basename qw(basename);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $sources = "$FindBin::RealBin/..";
my $superuser = $ENV{USER} // getpwuid($<);

# Autovacuum does not come by itself: what has no statistics stays so.
my $node = PostgreSQL::Test::Cluster->new('faulty');
$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C', '--data-checksums' ]);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_admission'
pg_admission.warmup_on = ''
pg_admission.warmup_advance = clock
pg_admission.hold_for_health = off
pg_admission.cores = 2
log_statement = none
fsync = on
shared_buffers = 16MB
max_connections = 110
max_prepared_transactions = 5
max_worker_processes = 12
archive_mode = on
archive_command = 'true'
autovacuum_naptime = '1d'
autovacuum_max_workers = 1
CONF
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_admission;
	CREATE ROLE app LOGIN;
	CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
	SELECT admission.sample_now();
});

# Names that want quoting in every way, as they are and in SQL.

sub odd_name
{
	my ($name) = @_;
	return qq{$name o'd"d %s};
}

sub ident
{
	my ($name) = @_;
	return '"' . ($name =~ s/"/""/gr) . '"';
}

sub literal
{
	my ($text) = @_;
	return "'" . ($text =~ s/'/''/gr) . "'";
}

sub odd
{
	my ($name) = @_;
	return ident(odd_name($name));
}

my $schema = odd('schema');

sub named
{
	my ($name) = @_;
	return "$schema." . odd($name);
}

# The column that a sequence feeds, in all tables that have one, and the name
# that the server makes for a sequence it owns.
my $id = odd('i');

sub owned_by
{
	my ($table) = @_;
	return "$schema." . ident(odd_name($table) . '_' . odd_name('i') . '_seq');
}

# Findings.

# Reads rows as arrays; what is said on stderr is the caller's concern.
sub rows_of
{
	my ($at, $database, $sql, @options) = @_;
	my ($rc, $stdout, $stderr) = $at->psql($database, $sql, extra_params => [ '-F', "\x1f", @options ]);

	die "$sql: $stderr" if $rc != 0;
	return map { [ split /\x1f/, $_, -1 ] } split /\n/, $stdout;
}

# What the last query answers, which is one value.
sub value_of
{
	my ($database, $sql) = @_;
	my ($row) = reverse rows_of($node, $database, $sql);
	return $row ? $row->[0] : undef;
}

# As hashes of the columns, worst first.
sub findings_at
{
	my ($at, $database, $profile, @options) = @_;
	my $argument = defined $profile ? 'profile => ' . literal($profile) : '';

	return map {
		my %finding;
		@finding{qw(severity check object evidence cost remedy docs)} = @$_;
		\%finding;
	} rows_of($at, $database, "SELECT * FROM admission.health_check($argument)", @options);
}

sub findings
{
	return findings_at($node, @_);
}

sub short
{
	return map { "$_->{severity} $_->{check} $_->{object}" } @_;
}

sub above_notice
{
	return sort(short(grep { $_->{severity} =~ /^(?:blocking|warning)$/ } @_));
}

sub not_checked
{
	return map { "$_->{check} $_->{object}: $_->{evidence}" } grep { $_->{severity} eq 'unknown' } @_;
}

# Those that a fault should make.
sub made_by
{
	my ($fault, @findings) = @_;
	my ($severity, $check, $object) = split / /, $fault->{finding}, 3;

	return grep { $_->{check} eq $check && $_->{object} eq $object
		  && $_->{evidence} =~ ($fault->{evidence} // qr//) } @findings;
}

# A clean instance.

my @clean = findings('postgres');
is_deeply([ above_notice(@clean) ], [], 'nothing is above notice on a clean instance');
is_deeply([ not_checked(@clean) ], [], 'everything could be checked');
my %says = map { $_->{check} => 1 } @clean;
is_deeply([ sort keys %says ], [ sort grep { $_ ne 'drift' } map { basename($_, '.sql') } glob "$sources/health/checks/*.sql" ],
	'every check says something, if only that it found nothing, but for what compares');
my $docs = slurp_file("$sources/docs/health.md");
is_deeply([ grep { $_->{docs} ne "health.md#$_->{check}" || $docs !~ /^### \Q$_->{check}\E$/m } @clean ], [],
	'with the place to read on, which is there');

# Faults that cannot be planted on a running server: prepared transactions of
# some age, a damaged page.

# As behind the files in pg_twophase.
sub crc32c
{
	my ($bytes) = @_;
	my $crc = 0xFFFFFFFF;

	for my $byte (unpack 'C*', $bytes)
	{
		$crc ^= $byte;
		$crc = $crc & 1 ? ($crc >> 1) ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
	}
	return $crc ^ 0xFFFFFFFF;
}

sub overwrite
{
	my ($path, $offset, $bytes) = @_;
	open(my $file, '+<:raw', $path) or die "$path: $!";
	seek($file, $offset, 0) or die "$path: $!";
	print $file $bytes;
	close $file or die "$path: $!";
	return;
}

# The time of PREPARE is behind magic, length, transaction id and database.
sub set_back
{
	my ($path, $minutes) = @_;
	my $state = slurp_file($path);

	substr($state, 16, 8) = pack('q', unpack('q', substr($state, 16, 8)) - $minutes * 60 * 1_000_000);
	substr($state, -4) = pack('L', crc32c(substr($state, 0, -4)));
	overwrite($path, 0, $state);
	return;
}

# The last one's age is below the limit however long the test takes.
my %minutes = (odd_name('ten minutes') => 10, odd_name('two hours') => 120, 'to come' => -30);
my %transaction;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(bare counted damaged wrapped), odd('failing');
$node->safe_psql($_, 'CREATE EXTENSION pg_admission') for qw(bare counted);
$node->safe_psql('bare', q{SELECT pg_create_logical_replication_slot('left_logical', 'pgoutput')});
for my $gid (keys %minutes)
{
	$transaction{$gid} = value_of('postgres', 'BEGIN; SELECT pg_current_xact_id()::xid; PREPARE TRANSACTION ' . literal($gid));
}
my $torn = value_of('damaged', q{CREATE TABLE torn AS SELECT 1; CHECKPOINT; SELECT pg_relation_filepath('torn')});
$node->stop;
overwrite($node->data_dir . "/$torn", 8000, 'torn');
for my $gid (keys %minutes)
{
	my ($path) = glob sprintf('%s/pg_twophase/*%08X', $node->data_dir, $transaction{$gid});
	set_back($path, $minutes{$gid});
}
$node->start;
$node->psql('damaged', 'TABLE torn', stderr => \my $damage);
like($damage, qr/invalid page/, 'a page is damaged');

# The others: in which database, what is to be found, how it is planted.  A
# remedy in words is carried out by mend, SQL or code.  In this order they are
# planted, and mended; one without SQL came with another.

my @faults;

sub fault
{
	my ($database, $finding, $plant, %options) = @_;
	push @faults, { database => $database, finding => $finding, plant => $plant, %options };
	return;
}

# Of the server.
my $memory_kb = value_of('postgres', 'SELECT admission.sample_now(); SELECT (memory_limit_bytes / 1024)::bigint FROM admission.pressure');
fault('postgres', 'warning autovacuum autovacuum', 'ALTER SYSTEM SET autovacuum = off');
fault('postgres', 'warning autovacuum track_counts', 'ALTER SYSTEM SET track_counts = off');
fault('postgres', 'warning leftovers ' . named('unfilled'), 'CREATE MATERIALIZED VIEW ' . named('unfilled') . ' AS SELECT 1 WITH NO DATA');
fault('postgres', 'warning leftovers role ' . odd('expired'), 'CREATE ROLE ' . odd('expired') . q{ LOGIN VALID UNTIL '2020-01-01'});
fault('postgres', 'warning leftovers role ' . odd('reader'), 'CREATE ROLE ' . odd('reader') . '; ALTER ROLE ' . odd('reader') . ' SET default_transaction_read_only = on',
	evidence => qr/nothing can be written$/);
fault('bare', 'warning leftovers database bare', 'ALTER DATABASE bare CONNECTION LIMIT 9', evidence => qr/^takes no more than 9 connections/);
fault('postgres', 'blocking durability fsync', 'ALTER SYSTEM SET fsync = off');
fault('postgres', 'blocking durability full_page_writes', 'ALTER SYSTEM SET full_page_writes = off');
fault('postgres', 'notice durability synchronous_commit', 'ALTER SYSTEM SET synchronous_commit = off');
fault('postgres', 'warning durability archive_command', q{ALTER SYSTEM SET archive_command = 'false'},
	evidence => qr/^[1-9]\d* failures/,
	mend => q{ALTER SYSTEM RESET archive_command; SELECT pg_reload_conf(); SELECT pg_switch_wal()});
fault('postgres', 'blocking checksums damaged', '', evidence => qr/^[1-9]\d* pages failed/,
	mend => sub { $node->safe_psql('damaged', 'SELECT pg_stat_reset(); DROP TABLE torn') });
fault('postgres', "notice timeouts $_", '')
  for qw(authentication_timeout client_connection_check_interval idle_in_transaction_session_timeout);
fault('postgres', 'warning connections work_mem', "ALTER SYSTEM SET work_mem = '" . int($memory_kb / 100) . "kB'");
fault('postgres', 'warning admission pg_admission.mode', 'ALTER SYSTEM SET pg_admission.mode = observe');
fault('postgres', 'warning admission pg_admission.exempt_roles',
	q{ALTER SYSTEM SET pg_admission.exempt_roles = '+pg_monitor, "no b''ody %s"'}, evidence => qr/no role is named no b'ody %s/);
fault('postgres', 'warning admission pg_admission.services',
	q{ALTER SYSTEM SET pg_admission.services = 'a: role=+pg_monitor, "no b''ody %s",postgres database = postgres , gone; b: application_name="role=x"'},
	evidence => qr/^no database is named gone: /, mend => 'ALTER SYSTEM RESET pg_admission.services; SELECT pg_reload_conf()');
fault('postgres', 'blocking prepared_transactions ' . odd_name('two hours'), '');
fault('postgres', 'warning prepared_transactions ' . odd_name('ten minutes'), '');
fault('postgres', 'warning slots left_logical', '', evidence => qr/^logical slot of database bare is not in use/);
fault('postgres', 'warning slots left_physical', q{SELECT pg_create_physical_replication_slot('left_physical', true)},
	evidence => qr/^physical slot is not in use/);

# Horizons are moved, since to age takes long.
sub aged
{
	my ($name, $column, $millions) = @_;
	return "UPDATE pg_database SET $column = (($column\::text::bigint + 4294967296 - $millions * 1000000) % 4294967296)::text::xid WHERE datname = "
	  . literal($name);
}

fault('postgres', 'warning wraparound wrapped', aged('wrapped', 'datfrozenxid', 300),
	evidence => qr/^oldest transaction id is 300\d{6} old, 14 %/, in_shell => 1);
fault('postgres', 'blocking wraparound ' . odd('failing'), aged(odd_name('failing'), 'datminmxid', 1800),
	evidence => qr/^oldest multixact id is 1800\d{6} old, 84 %/, in_shell => 1);

# What came from elsewhere.
my $outdated = value_of('postgres', q{
	SELECT v.version FROM pg_available_extension_versions AS v JOIN pg_available_extensions AS a USING (name)
	WHERE name = 'hstore' AND v.version <> a.default_version ORDER BY v.version LIMIT 1});
fault('postgres', 'blocking extensions vanished', q{INSERT INTO pg_extension
	SELECT 9, 'vanished', extowner, extnamespace, false, '1.0', NULL, NULL FROM pg_extension WHERE extname = 'plpgsql'},
	mend => q{DELETE FROM pg_extension WHERE extname = 'vanished'});
fault('postgres', 'warning extensions hstore', "CREATE EXTENSION hstore VERSION '$outdated'") if defined $outdated;
my $from_nowhere = q{CONNECTION 'host=/nonexistent' PUBLICATION p WITH (connect = false, slot_name = 'away')};
fault('postgres', 'warning subscriptions ' . odd('disabled'), 'CREATE SUBSCRIPTION ' . odd('disabled') . " $from_nowhere",
	evidence => qr/^is disabled$/);
fault('postgres', 'warning subscriptions ' . odd('without worker'),
	'CREATE SUBSCRIPTION ' . odd('without worker') . " $from_nowhere; ALTER SUBSCRIPTION " . odd('without worker') . ' ENABLE',
	evidence => qr/^is enabled, and no worker runs for it/,
	mend => join(';', map { "ALTER SUBSCRIPTION $_" } odd('without worker') . ' DISABLE', odd('without worker') . ' SET (slot_name = NONE)')
	  . ';DROP SUBSCRIPTION ' . odd('without worker'));
fault('postgres', 'warning publications ' . named('published'),
	'CREATE TABLE ' . named('published') . '(a int); CREATE PUBLICATION ' . odd('publication') . ' FOR TABLE ' . named('published'));
fault('postgres', 'notice publications ' . odd('publication'), '', mend => 'DROP PUBLICATION ' . odd('publication'));

# Statistics.
my $large = 'AS SELECT n FROM generate_series(1, 40000) AS n';
fault('counted', 'warning counters pg_stat_user_tables', sub {
		# A session counts what it did when it ends.
		$node->safe_psql('counted', $_) for "CREATE TABLE forgotten $large; ANALYZE forgotten", 'SELECT pg_stat_reset()';
	},
	evidence => qr/^nothing is counted of 1 of 1 tables/);
fault('postgres', 'blocking statistics ' . named('large'), 'CREATE TABLE ' . named('large') . " $large");
fault('postgres', 'blocking statistics ' . named('wide'), 'CREATE TABLE ' . named('wide') . " $large");
fault('postgres', 'warning partition_statistics ' . named('partitioned'),
	'CREATE TABLE ' . named('partitioned') . "($id int) PARTITION BY RANGE ($id);"
	  . 'CREATE TABLE ' . named('partition') . ' PARTITION OF ' . named('partitioned') . ' DEFAULT;'
	  . 'INSERT INTO ' . named('partitioned') . ' SELECT generate_series(1, 100); ANALYZE ' . named('partition'),
	evidence => qr/, 1 of which have about 100 rows/);
fault('postgres', 'warning expression_statistics ' . named('expression'),
	'CREATE TABLE ' . named('calculated') . '(a int, b int); INSERT INTO ' . named('calculated') . ' SELECT n % 5, n % 10 FROM generate_series(1, 100) AS n;'
	  . 'ANALYZE ' . named('calculated') . '; CREATE INDEX ' . odd('expression') . ' ON ' . named('calculated') . '((a + 1))');
fault('postgres', 'warning extended_statistics ' . named('extended'),
	'CREATE TABLE ' . named('dependent') . '(a int, b int); INSERT INTO ' . named('dependent') . ' SELECT n % 5, n % 10 FROM generate_series(1, 100) AS n;'
	  . 'ANALYZE ' . named('dependent') . '; CREATE STATISTICS ' . named('extended') . ' ON a, b FROM ' . named('dependent'));
fault('postgres', 'warning autovacuum ' . named('neglected'), 'CREATE TABLE ' . named('neglected') . '() WITH (autovacuum_enabled = false)');

# Sequences: behind, of a table that is analyzed and filled with numbers of its own,
# or at a value.
sub behind
{
	my ($table, $column, $rows) = @_;
	my $name = named($table);
	return "CREATE TABLE $name ($id $column, v int); INSERT INTO $name SELECT generate_series(1, $rows); ANALYZE $name";
}

sub at
{
	my ($sequence, $value) = @_;
	return 'SELECT setval(' . literal($sequence) . ", $value)";
}

sub fed
{
	my ($sequence) = @_;
	return 'bigint DEFAULT nextval(' . literal(named($sequence)) . ')';
}

my $identity = 'GENERATED BY DEFAULT AS IDENTITY';
fault('postgres', 'blocking sequences ' . owned_by('identity'), behind('identity', "int $identity", 2000),
	evidence => qr/^is at its start, and \Q$schema\E.* has values up to 2000 or more/);
fault('postgres', 'warning sequences ' . owned_by('serial'), behind('serial', 'serial', 10));
fault('postgres', 'blocking sequences ' . named('free'), 'CREATE SEQUENCE ' . named('free') . ';' . behind('fed', fed('free'), 2000)
	  . ';' . at(named('free'), 1999), evidence => qr/^is at 1999, and /);
fault('postgres', 'warning sequences ' . owned_by('unknown'),
	'CREATE TABLE ' . named('unknown') . "($id bigserial); INSERT INTO " . named('unknown') . ' VALUES (5)',
	evidence => qr/^has never been used, and /);
fault('postgres', 'warning sequences ' . owned_by('int'),
	'CREATE TABLE ' . named('int') . "($id serial);" . at(owned_by('int'), 2_000_000_000),
	evidence => qr/^is at 2000000000, 93 % of the way to the end of the sequence, 2147483647/);
fault('postgres', 'blocking sequences ' . owned_by('int identity'),
	'CREATE TABLE ' . named('int identity') . "($id int GENERATED ALWAYS AS IDENTITY);" . at(owned_by('int identity'), 2_147_483_600));
fault('postgres', 'warning sequences ' . owned_by('smallint'),
	'CREATE TABLE ' . named('smallint') . "($id smallserial);" . at(owned_by('smallint'), 30_000));
fault('postgres', 'blocking sequences ' . named('wider'), 'CREATE SEQUENCE ' . named('wider') . '; CREATE TABLE ' . named('narrow')
	  . "($id int DEFAULT nextval(" . literal(named('wider')) . '));' . at(named('wider'), 2_147_483_600),
	evidence => qr/ of the way to the end of \Q$schema\E\..*\Q$id\E, 2147483647/);
fault('postgres', 'warning sequences ' . named('narrower'), 'CREATE SEQUENCE ' . named('narrower') . ' AS int; CREATE TABLE ' . named('broad')
	  . "($id " . fed('narrower') . ');' . at(named('narrower'), 2_000_000_000));
fault('postgres', 'warning sequences ' . owned_by("$_ limit"),
	'CREATE TABLE ' . named("$_ limit") . "($id $_ GENERATED ALWAYS AS IDENTITY (MAXVALUE 1000));" . at(owned_by("$_ limit"), 950),
	evidence => qr/^is at 950, 95 % of the way to the end of the sequence, 1000/) for qw(int bigint);
fault('postgres', 'warning sequences ' . owned_by('split'),
	'CREATE TABLE ' . named('split') . "($id serial, k int) PARTITION BY LIST (k); CREATE TABLE " . named('splinter')
	  . ' PARTITION OF ' . named('split') . ' DEFAULT;' . at(owned_by('split'), 2_000_000_000));

# What is switched off, half-built, or not validated.
my $nothing = named('nothing');
fault('postgres', 'warning triggers ' . named('triggered'),
	"CREATE FUNCTION $nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE " . named('triggered') . '();'
	  . join('', map { 'CREATE TRIGGER ' . odd($_) . ' BEFORE INSERT ON ' . named('triggered') . " FOR EACH ROW EXECUTE FUNCTION $nothing();" } qw(first second))
	  . 'ALTER TABLE ' . named('triggered') . ' DISABLE TRIGGER USER', evidence => qr/^trigger disabled: "first.*, "second/);
fault('postgres', 'warning triggers ' . named('referencing'), 'CREATE TABLE ' . named('referenced') . '(a int PRIMARY KEY); CREATE TABLE '
	  . named('referencing') . '(a int CONSTRAINT ' . odd('key') . ' REFERENCES ' . named('referenced') . '); ALTER TABLE '
	  . named('referencing') . ' DISABLE TRIGGER ALL', evidence => qr/^foreign key not enforced: \Q@{[ odd('key') ]}\E$/);
fault('postgres', 'warning triggers ' . named('ruled'), 'CREATE TABLE ' . named('ruled') . '(a int); CREATE RULE ' . odd('rule')
	  . ' AS ON UPDATE TO ' . named('ruled') . ' DO ALSO NOTIFY ruled; ALTER TABLE ' . named('ruled') . ' DISABLE RULE ' . odd('rule'));
fault('postgres', 'notice triggers ' . odd('event'),
	"CREATE FUNCTION $nothing(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
	  . 'CREATE FUNCTION ' . named('event') . "() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'; CREATE EVENT TRIGGER " . odd('event')
	  . ' ON sql_drop EXECUTE FUNCTION ' . named('event') . '(); ALTER EVENT TRIGGER ' . odd('event') . ' DISABLE');
fault('postgres', 'warning indexes ' . named('invalid'), 'CREATE TABLE ' . named('indexed') . '(a int); CREATE INDEX ' . odd('invalid')
	  . ' ON ' . named('indexed') . '(a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = ' . literal(named('invalid')) . '::regclass');
fault('postgres', 'warning indexes ' . "$schema." . ident(odd_name('unique') . '_ccnew'), sub {
		my $table = named('twice');
		$node->safe_psql('postgres', "CREATE TABLE $table(a int); INSERT INTO $table VALUES (1), (1)");
		for my $sql ('CREATE UNIQUE INDEX CONCURRENTLY ' . odd('unique') . " ON $table(a)", 'REINDEX INDEX CONCURRENTLY ' . named('unique'))
		{
			$node->psql('postgres', $sql, stderr => \my $stderr);
			like($stderr, qr/could not create unique index/, 'an index is left half-built');
		}
		$node->safe_psql('postgres', "DELETE FROM $table WHERE ctid = '(0,1)'");
	}, evidence => qr/, unique: duplicates may be there/);
fault('postgres', 'warning indexes ' . named('unique'), '');
fault('postgres', 'warning indexes ' . named('incomplete'), 'CREATE TABLE ' . named('whole') . '(a int) PARTITION BY LIST (a); CREATE TABLE '
	  . named('part') . ' PARTITION OF ' . named('whole') . ' DEFAULT; CREATE INDEX ' . odd('incomplete') . ' ON ONLY ' . named('whole') . '(a)',
	mend => 'CREATE INDEX ' . odd('attached') . ' ON ' . named('part') . '(a); ALTER INDEX ' . named('incomplete') . ' ATTACH PARTITION ' . named('attached'));
fault('postgres', 'notice constraints ' . odd('positive') . ' on ' . named('checked'), 'CREATE TABLE ' . named('checked') . '(a int); ALTER TABLE '
	  . named('checked') . ' ADD CONSTRAINT ' . odd('positive') . ' CHECK (a > 0) NOT VALID');
fault('postgres', 'notice constraints ' . odd('positive') . ' on ' . named('domain'), 'CREATE DOMAIN ' . named('domain') . ' AS int; ALTER DOMAIN '
	  . named('domain') . ' ADD CONSTRAINT ' . odd('positive') . ' CHECK (VALUE > 0) NOT VALID');
fault('postgres', 'notice constraints ' . odd('old key') . ' on ' . named('checked'), 'ALTER TABLE ' . named('checked') . ' ADD CONSTRAINT '
	  . odd('old key') . ' FOREIGN KEY (a) REFERENCES ' . named('referenced') . ' NOT VALID');

# Collations: none that has a version, without ICU.
my $has_icu = value_of('postgres', q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i' AND collversion IS NOT NULL}) > 0;
if ($has_icu)
{
	my ($used, $unused, $german) = (named('collation'), named('unused'), q{(provider = icu, locale = 'de')});
	$node->safe_psql('postgres', 'CREATE DATABASE ' . odd('german') . " TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de'");
	$node->safe_psql(odd_name('german'), 'CREATE EXTENSION pg_admission');
	fault('postgres', 'notice collations 1 collations', "CREATE COLLATION $unused $german;"
		  . "UPDATE pg_collation SET collversion = '0' WHERE collname = " . literal(odd_name('unused')), evidence => qr/^made with other versions; no index uses them; among them collation \Q$unused\E$/);
	fault('postgres', "blocking collations collation $used", "CREATE COLLATION $used $german; CREATE TABLE " . named('sorted')
		  . "(t text COLLATE $used, CONSTRAINT " . odd('excluding') . " EXCLUDE USING btree (t WITH =)); CREATE INDEX " . odd('sorted by') . ' ON ' . named('sorted') . '(t);'
		  . "UPDATE pg_collation SET collversion = '0' WHERE collname = " . literal(odd_name('collation')),
		evidence => qr/; indexes: \Q$schema\E\."excluding .*, \Q$schema\E\."sorted by/);
	fault(odd_name('german'), 'blocking collations database ' . odd('german'), 'CREATE TABLE sorted (t text PRIMARY KEY, EXCLUDE USING btree (t WITH =));'
		  . join('', map { "CREATE INDEX ON sorted (t, (t || '$_'));" } 1 .. 5)
		  . q{UPDATE pg_database SET datcollversion = '0' WHERE datname = current_database()}, evidence => qr/; 7 indexes, among them /);
}

# Who logs in as a superuser.
my @clients;
fault('postgres', 'warning admission superusers', sub {
		$node->safe_psql('postgres', 'CREATE ROLE ' . odd('owner') . ' LOGIN SUPERUSER');
		@clients = start_clients($node, 10, user => odd_name('owner'), application_name => 'the application');
		wait_clients(10, 'in', @clients);
	}, evidence => qr/^1\d of 1\d sessions are superusers'/, mend => 'ALTER ROLE ' . odd('owner') . ' NOSUPERUSER');
fault('postgres', 'warning superusers ' . odd('owner'), sub { }, evidence => qr/^superuser with 10 sessions of the application$/,
	mend => sub { pass('mended with the other') });

# What is no fault, though it looks like one.
my %innocent = (
	'sequences ' . named('cycling') => 'CREATE SEQUENCE ' . named('cycling') . ' MAXVALUE 100 CYCLE; CREATE TABLE ' . named('cyclic') . "($id " . fed('cycling')
	  . ');' . at(named('cycling'), 99),
	'sequences ' . named('falling') => 'CREATE SEQUENCE ' . named('falling') . ' INCREMENT -1;' . behind('fallen', fed('falling'), 2000),
	'sequences ' . named('lowest') => 'CREATE SEQUENCE ' . named('lowest') . ' MINVALUE -9223372036854775808;' . behind('low', fed('lowest'), 10) . ';' . at(named('lowest'), 10),
	'sequences ' . owned_by('restarted') => behind('restarted', "int $identity", 2000) . '; ALTER TABLE ' . named('restarted') . " ALTER $id RESTART WITH 2001",
	'sequences ' . owned_by('unlogged') => 'CREATE UNLOGGED TABLE ' . named('unlogged') . "($id int $identity)",
	'statistics ' . named('emptied') => 'CREATE TABLE ' . named('emptied') . " $large; DELETE FROM " . named('emptied') . '; ANALYZE ' . named('emptied'),
	'expression_statistics ' . named('partial') => 'CREATE TABLE ' . named('marked') . '(a int, b int); INSERT INTO ' . named('marked') . ' SELECT 1, n FROM generate_series(1, 100) AS n;'
	  . 'CREATE INDEX ' . odd('partial') . ' ON ' . named('marked') . '((b + 1)) WHERE a = 2; ANALYZE ' . named('marked'),
	'prepared_transactions to come' => '');

# Planting.

$node->safe_psql($_, "CREATE SCHEMA $schema") for qw(postgres bare);
$node->safe_psql('postgres', $_) for grep { $_ } values %innocent;
for my $fault (@faults)
{
	ref $fault->{plant} ? $fault->{plant}->() : $fault->{plant} && $node->safe_psql($fault->{database}, $fault->{plant});
}
$node->reload;

# Settings reach new sessions a moment later, and an archive_command fails when it
# is tried.
sub archive_a_file
{
	$node->safe_psql('postgres', 'CREATE TABLE a_line (); DROP TABLE a_line; SELECT pg_switch_wal()');
	return;
}

wait_until('archive_command', sub { value_of('postgres', 'SHOW archive_command') eq 'false' });
archive_a_file();
my %at;
wait_until('all faults', sub {
	%at = map { my $database = $_->{database}; $database => [ findings($database) ] } @faults;
	return !grep { !made_by($_, @{ $at{ $_->{database} } }) } @faults;
});

for my $fault (@faults)
{
	my @found = made_by($fault, @{ $at{ $fault->{database} } });
	is_deeply([ short(@found) ], [ $fault->{finding} ], "found: $fault->{finding}") or diag(explain(\@found));
}
my @innocent = map { "$_->{check} $_->{object}" } map { @$_ } values %at;
is_deeply([ grep { exists $innocent{$_} } @innocent ], [], 'what is no fault is not found');
is_deeply([ not_checked(map { @$_ } values %at) ], [], 'everything could be checked');
my %place = (blocking => 0, warning => 1, unknown => 2, notice => 3, ok => 4);
my @severities = map { $_->{severity} } @{ $at{postgres} };
is_deeply(\@severities, [ sort { $place{$a} <=> $place{$b} } @severities ], 'worst first');

# The script.

# What make makes of the sources, beside the tree.
my $made = PostgreSQL::Test::Utils::tempdir();
my ($commands) = do
{
	local %ENV = %ENV;
	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	run_command([ 'make', '-ns', '-C', $sources, 'scripts' ]);
};
$commands =~ s/^make.*: (?:Entering|Leaving) directory.*\n?//mg;
is($commands =~ s{>\S*/scripts/}{>$made/}g, 2, 'make scripts makes two');
system_or_bail('sh', '-ec', "cd '$sources'; $commands");
ok(slurp_file("$sources/scripts/$_") eq slurp_file("$made/$_"), "$_ is what the sources give") for qw(health_check.sql health_profile.sql);

# Both as they print it.
sub print_with
{
	my ($at, $database, @how) = @_;
	my $user = $how[0] eq '-U' ? splice(@how, 1, 1) : $superuser;
	my ($stdout, $stderr) = run_command([ qw(psql -XAt -F |), '-d', $at->connstr($database), '-U', $user, grep { $_ ne '-U' } @how ]);

	return $stdout . $stderr;
}

my @machine = map { ('-v', $_) } split /\|/,
  $node->safe_psql('postgres', q{SELECT 'cores=' || usable_cores || '|memory_bytes=' || memory_limit_bytes FROM admission.pressure});

sub script_prints
{
	return print_with(@_, @machine, '-f', "$sources/scripts/health_check.sql");
}

sub function_prints
{
	return print_with(@_, '-c', 'SELECT * FROM admission.health_check()');
}

# Ages that they print change from time to time.
sub same_lines
{
	my ($what, $one, $other) = @_;
	my ($a, $b);

	wait_until($what, sub { ($a, $b) = ($one->(), $other->()); $a eq $b });
	is($a, $b, $what);
	return $a;
}

for my $database (sort keys %at)
{
	my $lines = same_lines("$database: the script prints what the function prints",
		sub { script_prints($node, $database) }, sub { function_prints($node, $database) });
	cmp_ok(scalar(split /\n/, $lines), '>=', scalar keys %says, 'all of it');
}
# But for being a superuser less.
my $without_superusers = sub { function_prints(@_) =~ s/^warning\|admission\|superusers\|.*\n//mr };
same_lines('a member of pg_monitor is told the same', sub { $without_superusers->($node, 'postgres', '-U', 'monitor') },
	sub { $without_superusers->($node, 'postgres') });
my $seen_by_monitor = script_prints($node, 'postgres', '-U', 'monitor');
unlike($seen_by_monitor, qr/could not be checked|ERROR/, 'with the script every check runs without further rights');
like($seen_by_monitor, qr/^unknown\|sequences\|\d+ sequences\|not looked at: 0 locked by others, \d+ not readable by role monitor\|/m, 'it says what they do not show');
like($seen_by_monitor, qr/^blocking\|durability\|fsync\|.*^warning\|triggers\|/ms, 'and faults are found');
like($seen_by_monitor, qr/^blocking\|statistics\|\Q@{[ named('large') ]}\E\|/m, 'tables that were never analyzed are among them');
like(function_prints($node, 'postgres', '-U', 'app'), qr/^psql: error: .*permission denied|^ERROR:  permission denied/,
	'who has no rights is refused');

# What others lock.

sub superuser_session
{
	my ($session) = start_clients($node, 1, user => $superuser);
	wait_clients(1, 'in', $session);
	return $session;
}

sub wait_for_lock
{
	my ($pid) = @_;
	return wait_until('a lock is waited for', sub { value_of('postgres', "SELECT count(*) FROM pg_locks WHERE pid = $pid AND NOT granted") > 0 });
}

my @before = short(findings('postgres'));
my ($locker, $reader, $waiter) = map { superuser_session() } 1 .. 3;
is($locker->ask('BEGIN; LOCK TABLE ' . join(', ', map { named($_) } qw(large identity published calculated dependent referencing checked partitioned indexed))
		. '; ALTER SEQUENCE ' . named('free') . ' RENAME TO free'), '', 'tables and a sequence are locked');
is($reader->ask('BEGIN; SELECT n FROM ' . named('wide') . ' LIMIT 1'), 1, 'another table is read');
$waiter->query('BEGIN; LOCK TABLE ' . named('wide'));
wait_for_lock($waiter->{pid});
my $started = time();
my @meanwhile = findings('postgres');
cmp_ok(time() - $started, '<', 2, 'where others have locked tables, or wait to, the answer does not wait');
is_deeply([ sort(not_checked(@meanwhile)) ], [ 'sequences 2 sequences: not looked at: 2 locked by others, 0 not readable by role ' . $superuser,
	'statistics 6 tables: not looked at: locked by others; among them ' . named('checked') ], 'it says what it has not looked at');
my %meanwhile = map { $_ => 1 } short(@meanwhile);
is_deeply([ sort grep { !$meanwhile{$_} } @before ], [ sort 'blocking statistics ' . named('large'), 'blocking statistics ' . named('wide'),
	'blocking sequences ' . named('free'), 'blocking sequences ' . owned_by('identity') ], 'and finds all the rest');
$_->hang_up for $locker, $reader, $waiter;
wait_until('unlocked', sub { value_of('postgres', q{SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'}) == 0 });

# Ending it.  Catalogs that are locked make every check that reads them wait.

my ($asking, $watching) = map { superuser_session() } 1 .. 2;
my $ask = 'SELECT count(*) FROM admission.health_check()';
my $see = "SELECT coalesce(wait_event_type, '') FROM pg_stat_activity WHERE pid = $asking->{pid}";
my $lock_catalogs = 'BEGIN; LOCK TABLE pg_extension, pg_sequence, pg_subscription, pg_event_trigger, pg_publication, pg_statistic_ext';
my $all = $asking->ask($ask);
cmp_ok($all, '>', 0, 'it answers');
$watching->ask($see);
$locker = superuser_session();
$locker->ask($lock_catalogs);
$asking->query($ask);
wait_until('it waits', sub { $watching->ask($see) eq 'Lock' });
$watching->ask("SELECT pg_cancel_backend($asking->{pid})");
is($asking->answer, 'ERROR 57014', 'pg_cancel_backend() ends it');
like($asking->error('M'), qr/due to user request/, 'as such');
$asking->ask("SET statement_timeout = '150ms'");
is($asking->ask($ask), 'ERROR 57014', 'so does statement_timeout');
like($asking->error('M'), qr/due to statement timeout/, 'as such');
$asking->ask('RESET statement_timeout');

# A check that takes too long is given up, alone.  The process stands still for so
# long.
$asking->query("SELECT string_agg(evidence, '; ') FROM admission.health_check() WHERE evidence LIKE '%more than 5 s'");
wait_until('it waits', sub { $watching->ask($see) eq 'Lock' });
kill 'STOP', $asking->{pid};
$started = time();
wait_until('more than 5 s', sub { time() - $started > 5.2 });
$locker->hang_up;
wait_until('unlocked', sub { $watching->ask(q{SELECT count(*) FROM pg_locks WHERE relation = 'pg_extension'::regclass AND mode = 'AccessExclusiveLock' AND granted}) == 0 });
$watching->ask("SET statement_timeout = '200ms'");
is($watching->ask($ask), 'ERROR 57014', 'who waits for another to have done can be ended, too');
kill 'CONT', $asking->{pid};
is($asking->answer, 'could not be checked: it took more than 5 s', 'a check that takes too long is given up, and the others go on');
is($asking->ask($ask), $all, 'and nobody is cancelled by that later');
$_->hang_up for $asking, $watching;

# It leaves no traces.

is($node->safe_psql('postgres', q{
	SET search_path = nowhere; SET lock_timeout = '7s';
	BEGIN READ ONLY;
	SELECT count(*) > 50 FROM admission.health_check();
	SELECT count(*) > 50 FROM admission.health_check();
	SHOW search_path; SHOW lock_timeout;
	SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NULL;
	COMMIT; SHOW search_path; SHOW lock_timeout}), join("\n", 't', 't', ('nowhere', '7s', 't', 'nowhere', '7s')),
	'it runs in a transaction that only reads, any number of times, and leaves settings as they were');

# On a standby.

$node->backup('base', backup_options => ['--no-verify-checksums']);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->safe_psql('postgres', 'SELECT admission.sample_now()');
my $on_standby = same_lines('on a standby the script prints what the function prints', sub { script_prints($standby, 'postgres') },
	sub { function_prints($standby, 'postgres') });
unlike($on_standby, qr/^unknown|ERROR/m, 'everything is checked there');
like($on_standby, qr/^blocking\|sequences\|\Q@{[ owned_by('identity') ]}\E\|/m, 'and found');
my $paused = { finding => 'warning standby replay' };
is_deeply([ made_by($paused, findings_at($standby, 'postgres')) ], [], 'replay goes on');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
my @paused = made_by($paused, findings_at($standby, 'postgres'));
is_deeply([ short(@paused) ], [ $paused->{finding} ], 'replay is paused');
$standby->safe_psql('postgres', $paused[0]->{remedy});
is_deeply([ made_by($paused, findings_at($standby, 'postgres')) ], [], 'the remedy lets it go on');
$standby->stop;

# Mending.

sub mend
{
	my ($fault, $finding) = @_;
	my $mend = $fault->{mend};
	my $remedy = $mend && !ref $mend ? $mend : $finding->{remedy};

	return $mend->() if ref $mend;
	# What is the reader's to decide, or to type elsewhere.
	$remedy =~ s/^.*?-- (?:if|when) [^:]*: //;
	$remedy =~ s/^-- in a shell(?:, [^:]*)?: // if $fault->{in_shell};
	# Odd names are left to the reader.
	$remedy =~ s/=DATABASE$/"='" . odd_name('failing') =~ s{'}{'"'"'}gr . "'"/e;
	return $node->command_ok([ 'sh', '-c', $remedy ], "the remedy runs: $remedy") if $fault->{in_shell};
	my $rc = $node->psql($fault->{database}, $remedy, stderr => \my $stderr);
	is($rc, 0, "the remedy runs: $remedy") or diag($stderr);
	return;
}

sub mended
{
	my ($fault) = @_;
	return wait_until("mended: $fault->{finding}", sub { !made_by($fault, findings($fault->{database}, $fault->{profile})) })
	  && pass("mended: $fault->{finding}");
}

# Mends what was found by its remedy; afterwards it must not be found.
sub mend_all
{
	my ($found, @list) = @_;
	for my $fault (@list)
	{
		my ($finding) = made_by($fault, @$found) or next;
		isnt($finding->{cost}, '', "with a cost: $fault->{finding}");
		mend($fault, $finding);
		mended($fault);
	}
	return;
}

mend_all($at{ $_->{database} }, $_) for @faults;
$_->hang_up for @clients;
for my $database (sort keys %at)
{
	is_deeply([ above_notice(findings($database)) ], [], "$database: nothing above notice is left");
}

# Many tables without statistics: the ten largest by name, the others in a row.

sub without_statistics
{
	return [ short(grep { $_->{check} eq 'statistics' && $_->{severity} ne 'ok' } findings('bare')) ];
}

sub mend_statistics
{
	my ($object) = @_;
	my $fault = { database => 'bare', finding => "blocking statistics $object" };
	mend_all([ findings('bare') ], $fault);
	return;
}

# (Files grow by up to 64 pages at once, which 16000 rows are more than.)
$node->safe_psql('bare', join(';', map { 'CREATE MATERIALIZED VIEW ' . named("lot $_") . ' AS SELECT n FROM generate_series(1, ' . (30_000 + 16_000 * $_) . ') AS n' } 1 .. 12));
$node->safe_psql('bare', 'CREATE TABLE ' . named("small $_") . ' AS SELECT 1') for 1 .. 2;
is_deeply(without_statistics(), [ (map { 'blocking statistics ' . named("lot $_") } reverse 3 .. 12), 'blocking statistics 4 more tables' ],
	'of many large tables the largest are named');
mend_statistics(named('lot 12'));
is_deeply(without_statistics(), [ (map { 'blocking statistics ' . named("lot $_") } reverse 2 .. 11), 'blocking statistics 3 more tables' ],
	'and the next ones move up');
mend_statistics('3 more tables');
is_deeply(without_statistics(), [], 'the remedy for the others is for all');
$node->safe_psql('bare', 'CREATE TABLE ' . named("small $_") . ' AS SELECT 1') for 3 .. 4;
is_deeply(without_statistics(), ['notice statistics 2 small tables'], 'small ones are a notice');
mend_statistics('2 small tables');

# Where another instance was otherwise.

my $wanted = value_of('postgres', q{
	SELECT name FROM pg_available_extensions WHERE installed_version IS NULL AND name IN ('citext', 'tcn', 'lo') ORDER BY name LIMIT 1});
$node->safe_psql('postgres', 'CREATE ROLE ' . odd('role'));
my $profile = value_of('postgres', q{
	SELECT jsonb_build_object('database', 'postgres', 'settings', jsonb_build_object('work_mem', '2048kB', 'search_path', '""', 'DateStyle', 'ISO,DMY',
			'log_line_prefix', $$it's %m "here" $$, 'session_preload_libraries', 'plpgsql,pg_admission', 'vanished.setting', '1',
			'max_worker_processes', '13', 'shared_buffers', '16384kB', 'max_connections', '125', 'shared_preload_libraries', ''),
		'extensions', jsonb_build_object('plpgsql', '1.0'}
	  . ($wanted ? ", '$wanted', '1'" : '') . q{),
		'role_settings', jsonb_build_array(
			jsonb_build_object('role', 'app', 'database', NULL, 'name', 'search_path', 'value', '""'),
			jsonb_build_object('role', 'app', 'database', 'postgres', 'name', 'search_path', 'value', '"$user", public'),
			jsonb_build_object('role', } . literal(odd_name('role')) . q{, 'database', NULL, 'name', 'work_mem', 'value', '3MB'),
			jsonb_build_object('role', NULL, 'database', } . literal(odd_name('failing')) . q{, 'name', 'my.setting', 'value', $$it's "so" %s$$),
			jsonb_build_object('role', NULL, 'database', NULL, 'name', 'lock_timeout', 'value', '8s')),
		'load', jsonb_build_object('connections', 108))});
my @restarts = map { { database => 'postgres', profile => $profile, finding => "$_->[0] drift $_->[1]", evidence => $_->[2] } } (
	[ qw(warning max_connections), qr/^the old instance carried 108 connections, this one has room for 107/ ],
	[ qw(warning max_connections), qr/^was 125, is 110/ ], [ qw(notice max_worker_processes) ]);
my $unknown = 'notice drift vanished.setting';
my @differs = map { { database => 'postgres', profile => $profile, finding => "$_->[0] drift $_->[1]" } } map { [ split / /, $_, 2 ] } (
	$wanted ? "warning $wanted" : (), 'warning work_mem', 'warning search_path', 'warning DateStyle', 'notice log_line_prefix', 'notice session_preload_libraries',
	'warning role app', 'warning role app database postgres', 'warning role ' . odd('role'), 'warning database ' . odd('failing'), 'warning all roles');
my @drift = grep { $_->{check} eq 'drift' } findings('postgres', $profile);
is_deeply([ sort(short(@drift)) ], [ sort $unknown, map { $_->{finding} } @differs, @restarts ], 'what differs is found, and nothing else');
same_lines('by the script, too', sub { script_prints($node, 'postgres', '-v', "profile=$profile") },
	sub { print_with($node, 'postgres', '-c', 'SELECT * FROM admission.health_check(profile => ' . literal($profile) . ')') });
mend_all(\@drift, @differs);

# Tables below are created by their bare names.
$node->safe_psql('postgres', 'ALTER SYSTEM RESET search_path');

# What takes a restart.

sub set
{
	$node->safe_psql('postgres', "ALTER SYSTEM SET $_") for @_;
	return;
}

sub found_once
{
	my ($fault) = @_;
	my @found;
	wait_until("found: $fault->{finding}", sub { @found = made_by($fault, findings($fault->{database}, $fault->{profile})) });
	is_deeply([ short(@found) ], [ $fault->{finding} ], "found: $fault->{finding}");
	return $found[0];
}

my ($many, $unsummed, $unloaded, $cold, $full, $late) = map { { database => 'postgres', finding => $_->[0], evidence => $_->[1] } } (
	[ 'warning connections max_connections', qr/ for 1 processors/ ], [ 'notice checksums data_checksums' ],
	[ 'warning admission shared_preload_libraries', qr/^pg_admission is created, and not loaded/ ], [ 'notice cache shared_buffers' ],
	[ 'warning connections max_connections', qr/^\d+ of 20 connections are taken/ ],
	[ 'warning autovacuum autovacuum_max_workers', qr/^all 1 workers are busy, and \d+ more tables are due/ ]);

my @ask = map { made_by($_, @drift) } @restarts;
is_deeply([ map { $_->{cost} } @ask ], [ ('restart') x @restarts ], 'some settings take a restart');
mend($restarts[$_], $ask[$_]) for 0 .. $#restarts;
set('pg_admission.cores = 1');
$node->stop;
$node->command_ok([ 'pg_checksums', '--disable', '--pgdata', $node->data_dir ], 'checksums are switched off');
$node->start;
mended($_) for @restarts;
mend($many, found_once($many));
my $enable = found_once($unsummed)->{remedy} =~ s/, with the server stopped$//r =~ s/DIRECTORY/$node->data_dir/er;
$node->stop;
mend({ in_shell => 1 }, { remedy => $enable });
$node->start;
$node->safe_psql('postgres', 'SELECT admission.sample_now()');
mended($_) for $many, $unsummed;

$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
mend($unloaded, found_once($unloaded));
$node->safe_psql('postgres', q{
	CREATE TABLE big (t text); ALTER TABLE big ALTER t SET STORAGE PLAIN;
	INSERT INTO big SELECT repeat('x', 7000) FROM generate_series(1, 9000); ANALYZE; CHECKPOINT});

# A crash forgets what was counted, and what was in the buffers.
set(q{shared_buffers = '64MB'}, 'max_connections = 20');
$node->stop('immediate');
$node->start;
mended($unloaded);
SKIP:
{
	skip 'pg_prewarm is not here' unless value_of('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_prewarm'});
	mend($cold, found_once($cold));
	mended($cold);
}

@clients = start_clients($node, 18, user => $superuser);
wait_clients(18, 'in', @clients);
my $taken = found_once($full);
like($taken->{evidence}, qr/^19 /, 'all are counted');
mend($full, $taken);
$_->hang_up for @clients;
mended($full);

# A worker that rests for most of the time, and more to do than it can.
$node->safe_psql('postgres', join(';', map { "CREATE TABLE due_$_ AS SELECT n FROM generate_series(1, 2000) AS n; DELETE FROM due_$_" } 1 .. 5));
set(q{autovacuum_naptime = '1s'}, q{autovacuum_vacuum_cost_delay = '100ms'}, 'autovacuum_vacuum_cost_limit = 1');
$node->reload;
mend($late, found_once($late));
mended($late);

# What stops all work, or all that checks it.
for my $all (
	[ 'synchronous_standby_names', q{ALTER SYSTEM SET synchronous_standby_names = 'nobody'}, qr/^no standby of nobody is connected/ ],
	[ 'default_transaction_read_only', 'ALTER SYSTEM SET default_transaction_read_only = on', qr/nothing can be written$/ ],
	[ 'database postgres', 'ALTER DATABASE postgres SET session_replication_role = replica', qr/triggers and foreign keys do nothing$/ ])
{
	my $fault = { database => 'postgres', finding => "blocking leftovers $all->[0]", evidence => $all->[2] };

	$node->safe_psql('postgres', $all->[1]);
	$node->reload;
	mend($fault, found_once($fault));
	mended($fault);
}
$node->stop;

done_testing();
