# The health check: faults are planted, found with the severity and under the
# name they should have, and mended by the remedies as they are printed.  The
# same by the script for psql.  What it does to others: nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant US_PER_MINUTE => 60 * 1_000_000;

my $sources = "$FindBin::RealBin/..";
my $superuser = $ENV{USER} // getpwuid($<);

# Autovacuum never comes by itself: what has no statistics stays so.  Without
# streaming the test's own settings would be for two sessions less than needed.
my $node = PostgreSQL::Test::Cluster->new('faulty');
$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C', '--data-checksums' ]);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_admission'
pg_admission.warmup_on = ''
pg_admission.warmup_advance = clock
pg_admission.hold_for_health = off
pg_admission.cores = 2
log_min_messages = warning
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

# Names.

sub ident
{
	my ($name) = @_;
	return '"' . ($name =~ s/"/""/gr) . '"';
}

# A name that wants quoting in every way, as it is and in SQL.
sub odd_name
{
	my ($name) = @_;
	return qq{$name o'd"d %s};
}

sub odd
{
	my ($name) = @_;
	return ident(odd_name($name));
}

my $schema = odd('schema');

# In the schema.
sub named
{
	my ($name) = @_;
	return "$schema." . odd($name);
}

# The column of all tables that have a sequence, and the sequence it owns.
my $id = ident(q{i'd %});

sub owned_sequence
{
	my ($table) = @_;
	return "$schema." . ident(odd_name($table) . q{_i'd %_seq});
}

# Findings.

sub rows_of
{
	my ($database, $sql, %options) = @_;
	my ($rc, $stdout, $stderr) = $node->psql($database, $sql,
		extra_params => [ '-F', "\x1f", $options{user} ? ('-U', $options{user}) : () ]);

	die "$sql: $stderr" if $rc != 0 || $stderr ne '';
	return split /\n/, $stdout;
}

# As hashes of the columns, worst first.
sub findings
{
	my ($database, %options) = @_;
	my $profile = defined $options{profile} ? "profile => \$json\$$options{profile}\$json\$" : '';

	return map {
		my %finding;
		@finding{qw(severity check object evidence cost remedy docs)} = split /\x1f/, $_, -1;
		\%finding;
	} rows_of($database, "SELECT * FROM admission.health_check($profile)", %options);
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
	return map { "$_->{check} $_->{evidence}" } grep { $_->{evidence} =~ /could not be checked/ } @_;
}

# Those of a check about an object.
sub pick
{
	my ($fault, @findings) = @_;
	my ($severity, $check, $object) = split / /, $fault->{finding}, 3;

	return grep { $_->{check} eq $check && $_->{object} eq $object
		  && (!$fault->{evidence} || $_->{evidence} =~ $fault->{evidence}) } @findings;
}

# A clean instance.

my @clean = findings('postgres');
is_deeply([ above_notice(@clean) ], [], 'nothing is above notice on a clean instance');
is_deeply([ not_checked(@clean) ], [], 'everything could be checked');
my %checked = map { $_->{check} => 1 } @clean;
is_deeply([ sort keys %checked ], [ sort map { m{([^/]+)\.sql$} } glob "$sources/health/checks/*.sql" ],
	'every check says something, if only that it found nothing');
is_deeply([ grep { $_->{docs} ne "health.md#$_->{check}" } @clean ], [], 'with the place to read on');
my $docs = slurp_file("$sources/docs/health.md");
is_deeply([ grep { $docs !~ /^### \Q$_\E$/m } keys %checked ], [], 'which is there');

# Faults that a running server cannot make of itself: prepared transactions of
# some age, a damaged page.

# The checksum at the end of a file in pg_twophase.
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

# The time of PREPARE stands behind magic, length, transaction id and database.
sub set_back
{
	my ($path, $minutes) = @_;
	my $state = slurp_file($path);
	my $prepared = unpack('q', substr($state, 16, 8)) - $minutes * US_PER_MINUTE;

	substr($state, 16, 8) = pack('q', $prepared);
	substr($state, -4) = pack('L', crc32c(substr($state, 0, -4)));
	overwrite($path, 0, $state);
	return;
}

my %age_of = (odd_name('ten minutes') => 10, odd_name('two hours') => 120, 'just now' => 0);
my %transaction_of;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(bare counted damaged), odd('wrapped'), odd('failing');
$node->safe_psql($_, 'CREATE EXTENSION pg_admission') for qw(bare counted);
$node->safe_psql('bare', q{SELECT pg_create_logical_replication_slot('left_logical', 'pgoutput')});
for my $gid (keys %age_of)
{
	my $quoted = $gid =~ s/'/''/gr;
	($transaction_of{$gid}) = rows_of('postgres', "BEGIN; SELECT pg_current_xact_id()::xid; PREPARE TRANSACTION '$quoted'");
}
my $torn = $node->data_dir . '/'
  . $node->safe_psql('damaged', q{CREATE TABLE torn AS SELECT 1; CHECKPOINT; SELECT pg_relation_filepath('torn')});
$node->stop;
overwrite($torn, 8000, 'x' x 8);
for my $gid (keys %age_of)
{
	my ($path) = glob sprintf('%s/pg_twophase/*%08X', $node->data_dir, $transaction_of{$gid});
	set_back($path, $age_of{$gid});
}
$node->start;
$node->psql('damaged', 'TABLE torn', stderr => \my $damage);
like($damage, qr/invalid page/, 'a page is damaged');

# The others: where, how, and what is found.  What the remedy tells in words
# only is done by mend, which is SQL or code.  In this order they are planted
# and mended.

my $has_collations = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i'}) > 0;
my ($outdated) = rows_of('postgres', q{
	SELECT v.version FROM pg_available_extension_versions AS v JOIN pg_available_extensions AS a USING (name)
	WHERE name = 'hstore' AND v.version <> a.default_version ORDER BY v.version LIMIT 1});
my ($memory_kb) = rows_of('postgres', 'SELECT (memory_limit_bytes / 1024)::bigint FROM admission.pressure');
my @faults;

sub fault
{
	my ($database, $finding, $plant, %options) = @_;
	push @faults, { database => $database, finding => $finding, plant => $plant, %options };
	return;
}

# Of the server.
fault('postgres', 'warning autovacuum autovacuum', 'ALTER SYSTEM SET autovacuum = off');
fault('postgres', 'warning autovacuum track_counts', 'ALTER SYSTEM SET track_counts = off');
fault('postgres', 'blocking durability fsync', 'ALTER SYSTEM SET fsync = off');
fault('postgres', 'blocking durability full_page_writes', 'ALTER SYSTEM SET full_page_writes = off');
fault('postgres', 'notice durability synchronous_commit', 'ALTER SYSTEM SET synchronous_commit = off');
fault('postgres', 'warning durability archive_command', q{ALTER SYSTEM SET archive_command = 'false'},
	mend => q{ALTER SYSTEM RESET archive_command; SELECT pg_reload_conf(); CREATE TABLE a_line (); SELECT pg_switch_wal(); DROP TABLE a_line});
fault('postgres', 'blocking checksums damaged', '',
	mend => sub { $node->safe_psql('damaged', 'SELECT pg_stat_reset(); DROP TABLE torn') });
fault('postgres', 'notice timeouts authentication_timeout', '');
fault('postgres', 'notice timeouts client_connection_check_interval', '');
fault('postgres', 'notice timeouts idle_in_transaction_session_timeout', '');
fault('postgres', 'warning connections work_mem', sprintf("ALTER SYSTEM SET work_mem = '%dkB'", $memory_kb / 100));
fault('postgres', 'warning admission pg_admission.mode', 'ALTER SYSTEM SET pg_admission.mode = observe');
fault('postgres', 'warning admission pg_admission.exempt_roles',
	q{ALTER SYSTEM SET pg_admission.exempt_roles = '+pg_monitor, "no b''ody %s"'}, evidence => qr/no role is named no b'ody %s/);

# Of databases; their horizons are moved, since to age takes long.
for my $case ([ 'wrapped', 'warning', 300, 500 ], [ 'failing', 'blocking', 1700, 1800 ])
{
	my ($name, $severity, @millions) = @$case;
	fault('postgres', "$severity wraparound " . odd($name), sprintf(q{
		UPDATE pg_database SET datfrozenxid = ((datfrozenxid::text::bigint + 4294967296 - %d000000) %% 4294967296)::text::xid,
			datminmxid = ((datminmxid::text::bigint + 4294967296 - %d000000) %% 4294967296)::text::xid
		WHERE datname = '%s'}, @millions, odd_name($name) =~ s/'/''/gr),
		evidence => qr/^oldest $_ id is /, count => 1, in_shell => 1) for qw(transaction multixact);
}
fault('postgres', 'blocking prepared_transactions ' . odd_name('two hours'), '');
fault('postgres', 'warning prepared_transactions ' . odd_name('ten minutes'), '');
fault('postgres', 'warning slots left_physical', q{SELECT pg_create_physical_replication_slot('left_physical', true)});
fault('postgres', 'warning slots left_logical', '');

# Extensions, and what came from elsewhere.
fault('postgres', 'blocking extensions vanished', q{
	INSERT INTO pg_extension SELECT 9, 'vanished', extowner, extnamespace, false, '1.0', NULL, NULL FROM pg_extension WHERE extname = 'plpgsql'},
	mend => q{DELETE FROM pg_extension WHERE extname = 'vanished'});
fault('postgres', 'warning extensions hstore', "CREATE EXTENSION hstore VERSION '$outdated'") if $outdated;
fault('postgres', 'warning subscriptions ' . odd('disabled'),
	'CREATE SUBSCRIPTION ' . odd('disabled') . q{ CONNECTION 'host=/nonexistent' PUBLICATION p WITH (connect = false, slot_name = 'away')},
	evidence => qr/^is disabled$/);
fault('postgres', 'warning subscriptions ' . odd('failing'),
	'CREATE SUBSCRIPTION ' . odd('failing') . q{ CONNECTION 'host=/nonexistent' PUBLICATION p WITH (connect = false, slot_name = 'away');
	ALTER SUBSCRIPTION } . odd('failing') . ' ENABLE',
	evidence => qr/^is enabled, and no worker runs for it/,
	mend => join(' ', map { 'ALTER SUBSCRIPTION ' . odd('failing') . " $_;" } 'DISABLE', 'SET (slot_name = NONE)')
	  . 'DROP SUBSCRIPTION ' . odd('failing'));
fault('postgres', 'warning publications ' . named('published'),
	'CREATE TABLE ' . named('published') . '(a int); CREATE PUBLICATION ' . odd('publication') . ' FOR TABLE ' . named('published'));
fault('postgres', 'notice publications ' . odd('publication'), '');

# Statistics.  Those of a database of its own: twelve large tables, one of them a
# materialized view, and two small ones.
my $large = 'AS SELECT n FROM generate_series(1, 40000) AS n';
my @lots = map { [ "lot $_", 40000 + 1000 * $_ ] } 1 .. 11;
fault('bare', "blocking statistics $schema." . odd($_->[0]),
	sprintf('CREATE TABLE %s.%s AS SELECT n FROM generate_series(1, %d) AS n', $schema, odd($_->[0]), $_->[1])) for reverse @lots[3 .. 10];
fault('bare', 'blocking statistics 5 more tables', join(';',
	(map { sprintf('CREATE TABLE %s.%s AS SELECT n FROM generate_series(1, %d) AS n', $schema, odd($_->[0]), $_->[1]) } @lots[0 .. 2]),
	map({ 'CREATE TABLE ' . named($_) . ' AS SELECT 1' } 'small 1', 'small 2')),
	evidence => qr/, the largest \Q$schema\E\."lot 1 /, skip => 1);
fault('bare', 'blocking statistics ' . named('materialized'), 'CREATE MATERIALIZED VIEW ' . named('materialized') . ' ' . ($large =~ s/40000/90000/r),
	late => 1);
fault('postgres', 'blocking statistics ' . named('large'), 'CREATE TABLE ' . named('large') . " $large");
fault('postgres', 'blocking statistics ' . named('large, too'), 'CREATE TABLE ' . named('large, too') . " $large");
fault('counted', 'warning counters pg_stat_user_tables', qq{
	CREATE TABLE forgotten $large; ANALYZE forgotten; SELECT pg_stat_reset()});
