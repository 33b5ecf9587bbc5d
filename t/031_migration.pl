# What a migration leaves behind is found by health_check(), keeps the warm-up
# from going on where it blocks, and is mended by the remedies as they are
# printed: by pg_upgrade, and by logical replication.
#
#	oldinstall    installation of an older version to upgrade from, else from
#	              this version to itself

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sources = "$FindBin::RealBin/..";

# Nobody but the test analyzes: what has no statistics stays so.
my @quiet = ("autovacuum_naptime = '1d'", 'autovacuum_analyze_threshold = 1000000000', 'fsync = on');

# Separators that no finding contains.
my @readable = (extra_params => [ '-F', "\x1f", '-R', "\x1e" ]);

# Findings as hashes, of the columns of health_check(), worst first.
sub parse_findings
{
	my ($rc, $stdout, $stderr) = @_;
	my @columns = qw(severity check object evidence cost remedy docs);
	my @findings;

	die "the health check failed: $stderr" if $rc != 0 || $stderr ne '';
	for my $line (split /\x1e/, $stdout)
	{
		my %finding;
		@finding{@columns} = split /\x1f/, $line, -1;
		push @findings, \%finding;
	}
	return @findings;
}

sub function_findings
{
	my ($node, $database, $profile) = @_;
	my $argument = defined $profile ? "profile => \$json\$$profile\$json\$" : '';

	return parse_findings($node->psql($database, "SELECT * FROM admission.health_check($argument)", @readable));
}

# The same by psql alone.
sub script_findings
{
	my ($node, $database, $profile) = @_;
	my @profile = defined $profile ? ('-v', "profile=$profile") : ();

	return parse_findings($node->psql($database, slurp_file("$sources/scripts/health_check.sql"),
			extra_params => [ @{ $readable[1] }, @profile ]));
}

# What must be mended before traffic, in short and in a fixed order.
sub above_notice
{
	return sort map { "$_->{severity} $_->{check} $_->{object}" }
	  grep { $_->{severity} =~ /^(?:blocking|warning)$/ } @_;
}

sub pick
{
	my ($check, $object, @findings) = @_;

	return grep { $_->{check} eq $check && $_->{object} eq $object } @findings;
}

# Runs a remedy as it is printed, decided where that is the reader's; its finding
# must be gone.
sub mend
{
	my ($node, $database, $finding, $look) = @_;
	my $name = "$database: $finding->{check}: $finding->{object}";
	my $remedy = $finding->{remedy} =~ s/^.*?-- (?:if|when) [^:]*: //r;
	my ($rc, $stdout, $stderr) = $node->psql($database, $remedy);

	is("$rc $stderr", '0 ', "$name: what is printed runs: $finding->{remedy}");
	$node->restart if $finding->{cost} eq 'restart';
	is(scalar(pick($finding->{check}, $finding->{object}, $look->())), 0, "$name: and mends it");
	return;
}

# The finding of a check on an object, which must be there once.
sub expect_finding
{
	my ($check, $object, $severity, $evidence, @findings) = @_;
	my @found = pick($check, $object, @findings);

	is(scalar @found, 1, "$check: $object is found") or return { check => $check, object => $object, cost => '', remedy => 'nothing was found' };
	is($found[0]->{severity}, $severity, "$check: $object: its severity");
	like($found[0]->{evidence}, $evidence, "$check: $object: its evidence");
	return $found[0];
}

# pg_upgrade.

# Whether the installation of a node has the extension as it is here.
sub has_extension
{
	my ($node) = @_;
	my $installed = $node->config_data('--sharedir') . '/extension/pg_admission--0.1.sql';

	return -e $installed && slurp_file($installed) eq slurp_file("$sources/pg_admission--0.1.sql");
}

# Checksums, since before 18 they are not made unless asked for.
sub new_cluster
{
	my ($name, $install_path, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, defined $install_path ? (install_path => $install_path) : ());

	$node->init(extra => [ '--encoding=UTF8', '--locale=C', '--data-checksums' ]);
	$node->append_conf('postgresql.conf', join("\n", 'shared_buffers = 16MB', @quiet, @settings) . "\n");
	return $node;
}

my $old = new_cluster('old', $ENV{oldinstall}, 'max_connections = 60', "work_mem = '3MB'");
my $new = new_cluster('new', undef, 'max_connections = 50', "shared_preload_libraries = 'pg_admission'",
	'pg_admission.warmup_on = all', 'pg_admission.warmup_advance = clock', "pg_admission.warmup_duration = '1 hour'");
my $old_has_extension = has_extension($old);

$old->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'") if $old_has_extension;
$old->start;
$old->safe_psql('postgres', 'CREATE EXTENSION pg_admission') if $old_has_extension;
$old->safe_psql('postgres', q{
	CREATE ROLE app LOGIN;
	ALTER ROLE app SET statement_timeout = '30s';
	ALTER ROLE app IN DATABASE postgres SET search_path = public, pg_catalog;
	ALTER DATABASE postgres SET idle_session_timeout = '1h';

	CREATE TABLE places (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, city text, zip int, filler text);
	INSERT INTO places (city, zip, filler) SELECT 'city ' || n % 50, n % 50, repeat('x', 500) FROM generate_series(1, 3000) AS n;
	CREATE INDEX ON places (lower(city));
	CREATE STATISTICS places_of_cities ON city, zip FROM places;

	CREATE TABLE "Order Lines" (id serial PRIMARY KEY, place int REFERENCES places, filler text);
	INSERT INTO "Order Lines" (place, filler) SELECT n, repeat('x', 500) FROM generate_series(1, 3000) AS n;
	CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER audit BEFORE UPDATE ON "Order Lines" FOR EACH ROW EXECUTE FUNCTION nothing();

	CREATE TABLE measured (at int NOT NULL, value text) PARTITION BY RANGE (at);
	CREATE TABLE measured_before PARTITION OF measured FOR VALUES FROM (0) TO (3000);
	CREATE TABLE measured_now PARTITION OF measured FOR VALUES FROM (3000) TO (4000);
	INSERT INTO measured SELECT n, repeat('x', 500) FROM generate_series(0, 3010) AS n;

	-- has no statistics, and is not to have any
	CREATE TABLE blobs AS SELECT repeat('x', 500) AS blob FROM generate_series(1, 3000);
	ALTER TABLE blobs ALTER COLUMN blob SET STATISTICS 0;
	ANALYZE;
	});
$old->safe_psql('postgres', 'CREATE DATABASE archive');
$old->safe_psql('archive', q{
	CREATE TABLE papers AS SELECT n, repeat('x', 500) FROM generate_series(1, 3000) AS n;
	ANALYZE;
	});
is_deeply([ above_notice(map { script_findings($old, $_) } qw(postgres archive)) ], [],
	'on the old instance nothing is found');

# What is planted there: in both databases a table that was never analyzed, and
# what pg_upgrade carries as it is.
my $outdated = $old->safe_psql('postgres', q{
	SELECT v.version FROM pg_available_extension_versions AS v JOIN pg_available_extensions AS a USING (name)
	WHERE name = 'hstore' AND v.version <> a.default_version ORDER BY v.version DESC LIMIT 1});
$old->safe_psql('postgres', q{
	ALTER TABLE places ADD CONSTRAINT "zip is known" CHECK (zip >= 0) NOT VALID;
	ALTER TABLE "Order Lines" DISABLE TRIGGER audit;
	CREATE TABLE late AS SELECT n, repeat('x', 500) FROM generate_series(1, 3000) AS n;
	});
$old->safe_psql('archive', 'CREATE TABLE piles AS SELECT n, repeat($$x$$, 500) FROM generate_series(1, 3000) AS n');
$old->safe_psql('postgres', "CREATE EXTENSION hstore VERSION '$outdated'") if $outdated ne '';
my @planted = sort 'blocking statistics public.late', 'warning triggers public."Order Lines"',
  $outdated ne '' ? 'warning extensions hstore' : ();

is_deeply([ above_notice(script_findings($old, 'postgres')) ], \@planted, 'but for what is planted');
is_deeply([ above_notice(script_findings($old, 'archive')) ], ['blocking statistics public.piles'],
	'in the other database, too');
is_deeply([ above_notice(function_findings($old, 'postgres')) ], \@planted, 'the function finds the same')
  if $old_has_extension;

my $profile = $old->safe_psql('postgres', slurp_file("$sources/scripts/health_profile.sql"));
is_deeply([ above_notice(script_findings($old, 'postgres', $profile)) ], \@planted,
	'and nothing else by its own profile');
$old->stop;

upgrade_cluster($old, $new);
$new->start;
is($new->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'pg_admission'}),
	$old_has_extension ? 1 : 0, 'the extension is there if it was');
$new->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS pg_admission');
is(status_of($new, 'phase || $$ $$ || warmup_trigger'), 'warming new_instance', 'what was upgraded warms up');

# From 18 on pg_upgrade carries what ANALYZE found, from 19 on also what it found
# for CREATE STATISTICS, but not the counters.
my $version = $new->safe_psql('postgres', 'SHOW server_version_num');
my $carries = $version >= 180000;
my @blocking = $carries ? ('public.late') : ('public."Order Lines"', qw(public.late public.measured_before public.places));
my @blocking_archive = $carries ? ('public.piles') : qw(public.papers public.piles);
my $blocking = @blocking + @blocking_archive;

wait_status($new, "phase_reason LIKE '%progress waits for what admission.health\\_check() finds blocking, $blocking in all%'");
like(status_of($new, 'phase_reason'), qr/, the first in database (?:postgres|archive): statistics: public\.\S+.*: no statistics; /,
	'it is held, and says by what');
like(status_of($new, 'advice'), qr/^to mend what is first, in database \w+: ANALYZE public\.\S+/, 'and what to do');
is(status_of($new, 'health_blocking'), $blocking, 'and how much there is');
my $progress = status_of($new, 'progress');

my @found = function_findings($new, 'postgres', $profile);
is_deeply([ above_notice(@found) ], [ sort @planted,
	(map { "blocking statistics $_" } grep { $_ ne 'public.late' } @blocking),
	'warning drift max_connections', 'warning drift work_mem',
	$carries && $version < 190000 ? 'warning extended_statistics public.places_of_cities' : (),
	$carries ? 'warning counters pg_stat_user_tables' : () ],
	'what is missing is found, what was planted as well, and nothing else');
is(scalar(grep { $_->{check} eq 'drift' && $_->{object} =~ /^(?:role|database) / } @found), 0,
	'settings of roles and databases were carried');

# For psql, the same.
my $told = sub { [ map { my $f = $_; join ' ', map { "$_=$f->{$_}" } qw(severity check object cost remedy docs) } @_ ] };
my @scripted = script_findings($new, 'postgres', $profile);
is_deeply($told->(@scripted), $told->(@found), 'the script finds what the function finds');
my @archive = script_findings($new, 'archive');
is_deeply([ above_notice(@archive) ], [ sort map({ "blocking statistics $_" } @blocking_archive),
	$carries ? 'warning counters pg_stat_user_tables' : () ], 'and the like in a database without the extension');

# What blocks is mended first, and only the last of it lets the warm-up go on.
my $look = sub { function_findings($new, 'postgres', $profile) };
my $look_archive = sub { script_findings($new, 'archive') };
mend($new, 'postgres', $_, $look) for grep { $_->{severity} eq 'blocking' } @found;
wait_status($new, sprintf "phase_reason LIKE '%%progress waits for what %% finds blocking, %d in all, the first in database archive: %%'",
	scalar @blocking_archive);
is(status_of($new, 'progress'), $progress, 'progress was held all the time, and the other database still holds it');
mend($new, 'archive', $_, $look_archive) for grep { $_->{severity} eq 'blocking' } @archive;
wait_status($new, "progress > $progress AND phase_reason ~ 'the caps rise with the clock'");
like(slurp_file($new->logfile), qr/pg_admission holds the warm-up's progress.*pg_admission lets the warm-up go on: no blocking findings/s,
	'then it goes on, and the log says both');

# The rest.  Where nothing was carried, the partitions now have statistics and
# the whole has none.
my @rest = $look->();
is_deeply([ above_notice(@rest) ], [ sort grep({ !/^blocking/ } above_notice(@found)),
	$carries ? () : 'warning partition_statistics public.measured' ], 'what does not block is still there');
mend($new, 'postgres', $_, $look) for grep { $_->{severity} eq 'warning' } @rest;
mend($new, 'archive', $_, $look_archive) for grep { $_->{severity} eq 'warning' } $look_archive->();
mend($new, 'postgres', expect_finding('constraints', '"zip is known" on public.places', 'notice', qr/not validated/, $look->()), $look);

# What pg_upgrade would not have carried.
my $app_settings = 'SELECT string_agg(setconfig::text, $$ $$ ORDER BY setdatabase) FROM pg_db_role_setting WHERE setrole = $$app$$::regrole';
my $carried = $new->safe_psql('postgres', $app_settings);
$new->safe_psql('postgres', 'ALTER ROLE app RESET ALL; ALTER ROLE app IN DATABASE postgres RESET ALL');
my @lost = grep { $_->{check} eq 'drift' && $_->{object} =~ /^role app/ } $look->();
is_deeply([ sort map { "$_->{object} $_->{evidence}" } @lost ],
	[ 'role app database postgres had the setting search_path = public, pg_catalog', 'role app had the setting statement_timeout = 30s' ],
	'settings of a role that are gone are found');
mend($new, 'postgres', $_, $look) for @lost;
is($new->safe_psql('postgres', $app_settings), $carried, 'and are as they were');

is_deeply([ above_notice($look->(), script_findings($new, 'postgres'), $look_archive->()) ], [], 'then nothing is left');
wait_status($new, "phase_reason ~ 'the caps rise with the clock'");
$progress = status_of($new, 'progress');
ok(wait_status($new, "progress > $progress"), 'and nothing holds the warm-up');
$new->stop;

# Logical replication.

my $publisher = new_node('publisher', 'wal_level = logical', 'max_wal_senders = 8', 'autovacuum = off');
my $subscriber = new_node('subscriber', 'autovacuum = off', 'fsync = on', "wal_retrieve_retry_interval = '100ms'",
	'pg_admission.hold_for_health = on');
my $look_there = sub { function_findings($publisher, 'shop') };
my $look_here = sub { function_findings($subscriber, 'shop') };

$publisher->safe_psql('postgres', 'CREATE DATABASE shop');
$publisher->safe_psql('shop', q{
	CREATE EXTENSION pg_admission;
	CREATE TABLE customers (id serial PRIMARY KEY, name text);
	INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 2000) AS n;
	CREATE TABLE "Orders" ("Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
	INSERT INTO "Orders" (name) SELECT 'order ' || n FROM generate_series(1, 2000) AS n;
	CREATE TABLE shops (id smallserial PRIMARY KEY, name text);
	INSERT INTO shops (name) SELECT 'shop ' || n FROM generate_series(1, 10) AS n;

	-- one sequence for two tables, the first of which is ahead
	CREATE SEQUENCE numbers;
	CREATE TABLE bills (id int PRIMARY KEY DEFAULT nextval('numbers'));
	CREATE TABLE refunds (id int PRIMARY KEY DEFAULT nextval('numbers'));
	INSERT INTO refunds SELECT nextval('numbers') FROM generate_series(1, 1500);
	INSERT INTO bills SELECT nextval('numbers') FROM generate_series(1, 1500);

	CREATE TABLE log (line text);
	INSERT INTO log VALUES ('first');
	CREATE PUBLICATION "Move" FOR ALL TABLES;
	});

# Without a key, who writes there fails already.
my $keyless = expect_finding('publications', 'public.log', 'warning', qr/UPDATE and DELETE fail/, $look_there->());
isnt($publisher->psql('shop', "UPDATE log SET line = 'second'", stderr => \my $refusal), 0, 'an UPDATE of it fails');
like($refusal, qr/does not have a replica identity/, 'for that reason');
mend($publisher, 'shop', $keyless, $look_there);
$publisher->safe_psql('shop', "UPDATE log SET line = 'second'");

# One of the tables cannot be copied.
my $schema = $publisher->basedir . '/schema.sql';
$publisher->command_ok([ 'pg_dump', '--schema-only', '--file', $schema, '--dbname', $publisher->connstr('shop') ], 'pg_dump');
$subscriber->safe_psql('postgres', 'CREATE DATABASE shop');
$subscriber->safe_psql('shop', slurp_file($schema));
$subscriber->safe_psql('shop', q{INSERT INTO shops VALUES (7, 'in the way')});
my $source = $publisher->connstr . ' dbname=shop';
$subscriber->safe_psql('shop', qq{CREATE SUBSCRIPTION "Move" CONNECTION '$source' PUBLICATION "Move" WITH (slot_name = 'move')});
$subscriber->poll_query_until('shop', q{
	SELECT count(*) FILTER (WHERE srsubstate = 'r') = 5 AND EXISTS (
		SELECT FROM pg_stat_subscription_stats AS t, jsonb_each_text(to_jsonb(t)) AS c
		WHERE c.key ~ '^sync_.*error_count$' AND c.value::int > 0)
	FROM pg_subscription_rel}) or die 'the tables were not copied';
my $copying = expect_finding('subscriptions', '"Move"', 'blocking', qr/^1 of 6 tables are not copied yet, among them public\.shops; [1-9]\d* errors so far$/,
	grep { $_->{severity} eq 'blocking' } $look_here->());
$subscriber->safe_psql('postgres', 'SELECT admission.start_warmup()');
ok(wait_status($subscriber, q{phase_reason ~ 'in database shop: subscriptions: "Move": 1 of 6 tables'}),
	'which holds a warm-up that was started by hand');

# The remedy says what to wait for.
my ($query) = $copying->{remedy} =~ /(SELECT [^;]*); -- until that is empty/;
is($subscriber->safe_psql('shop', "SELECT count(*) FROM ($query) AS q"), 1, 'the remedy tells the table');
$subscriber->safe_psql('shop', 'DELETE FROM shops WHERE id = 7');
wait_until('copied', sub { $subscriber->safe_psql('shop', $query) eq '' });
my @here = $look_here->();
is(scalar(grep { $_->{severity} eq 'blocking' } @here), 0, 'when that is so, nothing blocks');
wait_status($subscriber, q{phase_reason !~ 'progress waits'});

# The subscription is there, and sequences have not been carried.  Before
# ANALYZE nobody knows how far they are behind.
my $subscription = expect_finding('subscriptions', '"Move"', 'notice', qr/^still takes changes from elsewhere; last word from there /, @here);
expect_finding('sequences', $_->[0], 'warning', qr/^has never been used, and \Q$_->[1]\E has rows/, @here)
  for [ 'public.customers_id_seq', 'public.customers' ], [ 'public."Orders_Id_seq"', 'public."Orders"' ],
  [ 'public.shops_id_seq', 'public.shops' ];
$subscriber->safe_psql('shop', 'ANALYZE');
@here = $look_here->();

for my $case (
	[ 'public.customers_id_seq', 'blocking', 'customers', 'name', 'id', 2000 ],
	[ 'public."Orders_Id_seq"', 'blocking', '"Orders"', 'name', '"Id"', 2000 ],
	[ 'public.shops_id_seq', 'warning', 'shops', 'name', 'id', 10 ])
{
	my ($sequence, $severity, $table, $column, $key, $top) = @$case;
	my $behind = expect_finding('sequences', $sequence, $severity,
		qr/^is at its start, and public\.\Q$table\E\.\Q$key\E has values up to $top or more/, @here);
	my $insert = "INSERT INTO $table ($column) VALUES ('new') RETURNING $key";

	isnt($subscriber->psql('shop', $insert, stderr => \my $stderr), 0, "$table: a new row fails");
	like($stderr, qr/duplicate key value violates unique constraint/, "$table: for its number is taken");
	mend($subscriber, 'shop', $behind, $look_here);
	is($subscriber->safe_psql('shop', $insert), $top + 1, "$table: then it has the next number");
}

# A sequence that feeds two tables is behind both: one finding, and a remedy that
# goes beyond both.
mend($subscriber, 'shop', expect_finding('sequences', 'public.numbers', 'blocking',
		qr/^is at its start, and public\.bills\.id has values up to 3000 or more/, @here), $look_here);
is($subscriber->safe_psql('shop', "SELECT nextval('numbers')"), 3001, 'its next number is beyond both');

# The end: the schema has brought a publication along, which nobody reads.
mend($subscriber, 'shop', expect_finding('publications', '"Move"', 'notice', qr/no logical slot/, $look_here->()), $look_here);
is_deeply([ pick('publications', '"Move"', $look_there->()), pick('slots', 'move', $look_there->()) ], [],
	'where the slot is in use nothing is found at the other end');
mend($subscriber, 'shop', $subscription, $look_here);
is_deeply([ above_notice(grep { $_->{check} =~ /^(?:subscriptions|sequences|publications|slots)$/ } $look_here->()) ], [],
	'nothing is left here');

# There the slot and the publication are.
$publisher->poll_query_until('shop', q{SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'move'})
  or die 'the slot is still in use';
mend($publisher, 'shop', expect_finding('slots', 'move', 'warning', qr/^logical slot of database shop is not in use; keeps /, $look_there->()),
	$look_there);
mend($publisher, 'shop', expect_finding('publications', '"Move"', 'notice', qr/no logical slot/, $look_there->()), $look_there);
is($publisher->safe_psql('shop', 'SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)'), 0,
	'and nothing is left there');
$_->stop for $publisher, $subscriber;

done_testing();
