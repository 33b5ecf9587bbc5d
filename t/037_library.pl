# The extension's SQL and its library are of two files: with a library of
# another version, and with none preloaded, every function and every view says
# so, and nothing else of the server is hurt.  What is called is read from the
# catalogs, so that whatever is added is called as well.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

# What is given for an argument of each type: nothing and nobody is meant by it.
my %sample = (
	boolean => 'false',
	integer => '0',
	text => q{'nobody'},
	jsonb => 'NULL',
	interval => q{'1 second'},
	inet => q{'192.0.2.1'},
	'double precision' => '1',
	'timestamp with time zone' => q{'2000-01-01'},
	'integer[]' => q{'{0}'},
	'text[]' => q{'{nobody}'},
	'timestamp with time zone[]' => q{'{2000-01-01}'});

# Arguments that are checked before the library is asked for anything.
my %checked = (
	victims => q{'all'},
	max_victims => '1',
	criteria => q{'{"role_name": "postgres"}'},
	role_name => q{'postgres'});

# Which optional arguments are given all the same, for the same reason.
my %given = map { $_ => 1 } qw(role_name);

# What does its work without the library: what is computed of the arguments or
# read from catalogs and PostgreSQL's own views.
my %needs_no_library = map { $_ => 1 } qw(blocked_by check_criteria health_check health_profile readable tell_nobody);

my $node = new_node('library',
	'pg_admission.runaway_blocking = 1', "pg_admission.runaway_only_under = comfortable",
	"pg_admission.sample_interval = '200ms'", "pg_admission.services = 'nobody: role=nobody'",
	"pg_admission.connection_queue_timeout = '1min'");

# The functions of the extension, each as a hash.
sub functions
{
	my ($condition) = @_;
	my @columns = qw(oid name language set arguments optional types binary symbol);
	my @functions;

	for my $line (split /\n/, $node->safe_psql('postgres', qq{
		SELECT p.oid, p.proname, l.lanname, p.proretset,
			array_to_string(p.proargnames[:p.pronargs], ','), p.pronargdefaults,
			(SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)),
			p.probin, p.prosrc
		FROM pg_depend AS d
			JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
			JOIN pg_language AS l ON l.oid = p.prolang
		WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_admission')
			AND $condition
		ORDER BY p.proname, p.oid}))
	{
		my %function;
		$line =~ s/\n.*//s;
		@function{@columns} = split /\|/, $line, -1;
		push @functions, \%function if $function{oid} =~ /^\d+$/;
	}
	return @functions;
}

sub argument
{
	my ($name, $type) = @_;
	my $value = $checked{$name} // $sample{$type};

	BAIL_OUT("no sample of type $type") unless defined $value;
	return "$value\::$type";
}

# Its arguments, those included that may be left out if all are wanted.
sub arguments
{
	my ($function, $all) = @_;
	my @names = split /,/, $function->{arguments};
	my @types = split /,/, $function->{types};
	my $must = $all ? @types : @types - $function->{optional};
	my @given = map { argument($names[$_], $types[$_]) } 0 .. $must - 1;

	push @given, map { "$names[$_] => " . argument($names[$_], $types[$_]) }
	  grep { $given{ $names[$_] } } $must .. $#types;
	return join ', ', @given;
}

# What the server says to a statement of a superuser's: its SQLSTATE and message,
# and its hint.
my $asker;
sub said
{
	my ($sql) = @_;

	unless ($asker)
	{
		($asker) = start_clients($node, 1, user => 'postgres');
		wait_clients(1, 'in', $asker);
	}
	$asker->ask($sql);
	die "the server has crashed: $sql" if $asker->state eq 'closed';
	return ('', '') unless $asker->error('C');
	return ($asker->error('C') . ': ' . $asker->error('M'), $asker->error('H'));
}

# A library of another version: a function that is declared with a column less
# or more than the library's has rows of does not return any.
my ($holder, $waiter) = start_clients($node, 2);
wait_clients(2, 'in', $holder, $waiter);
$node->safe_psql('postgres', 'CREATE TABLE locked (a int); GRANT ALL ON locked TO app; GRANT ALL ON SCHEMA public TO app');
$holder->ask('BEGIN; LOCK TABLE locked');
$waiter->query('SELECT count(*) FROM locked');
wait_until('a runaway', sub { $node->safe_psql('postgres', 'SELECT count(*) FROM admission.runaways') > 0 });
my ($first) = start_clients($node, 1);
wait_clients(1, 'in', $first);
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 1, 1)");
my ($held) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');

my @of_rows = functions(q{l.lanname = 'c' AND p.prorettype = 'record'::regtype});
cmp_ok(scalar @of_rows, '>=', 15, 'functions of the library that return rows');
for my $function (@of_rows)
{
	for my $other (-1, 1)
	{
		my $name = "$function->{name}_" . ($other < 0 ? 'less' : 'more');
		said(qq{
			SELECT string_agg(concat_ws(' ', CASE m WHEN 'o' THEN 'OUT' END, quote_ident(name), format_type(t, NULL)), ', ' ORDER BY n)
				|| CASE WHEN $other > 0 THEN ', OUT one_more int' ELSE '' END
			FROM pg_proc AS p, unnest(proallargtypes, proargmodes, proargnames) WITH ORDINALITY AS a (t, m, name, n)
			WHERE p.oid = $function->{oid} AND n <= cardinality(proallargtypes) + least($other, 0)});
		my $columns = $asker->answer;
		said("CREATE FUNCTION public.$name($columns) RETURNS "
			  . ($function->{set} eq 't' ? 'SETOF ' : '') . "record LANGUAGE C AS '$function->{binary}', '$function->{symbol}'");
		my ($error, $hint) = said("SELECT * FROM public.$name(" . arguments($function, 1) . ')');
		is($error, '55000: the extension pg_admission is not of the version of its library', "$name: refuses to return rows");
		is($hint, 'Run ALTER EXTENSION pg_admission UPDATE, or restart the server with the library that belongs to it.',
			"$name: says what to do");
		said("DROP FUNCTION public.$name");
	}
}
is(status_of($node, 'phase'), 'warming', 'the right ones work as before');
$_->hang_up for $holder, $waiter, $first, $held;
wait_status($node, 'connections_waiting + connections_admitted = 0');
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');

# No library: the settings stay in the configuration, where nobody knows them.
$node->append_conf('postgresql.conf', join "\n", "shared_preload_libraries = ''",
	"pg_admission.mode = 'enforce'", "pg_admission.exempt_roles = '+pg_monitor'", 'pg_admission.no_such_setting = 7', '');
$node->restart;
is($node->safe_psql('postgres', 'SHOW pg_admission.mode'), 'enforce', 'a server without the library starts with its settings');

# Each of them, in a session of its own.
sub all_say_so
{
	my ($when) = @_;
	my $hint_expected = 'Add pg_admission to shared_preload_libraries and restart the server.';
	my $error_expected = '55000: pg_admission must be loaded via shared_preload_libraries';

	$asker = undef;
	for my $function (functions('true'))
	{
		my $call = "admission.$function->{name}(" . arguments($function, 0) . ')';
		my ($error, $hint) = said("SELECT * FROM $call");
		if ($needs_no_library{ $function->{name} })
		{
			is($error, '', "$when: $call works");
		}
		else
		{
			is($error, $error_expected, "$when: $call says so");
			is($hint, $hint_expected, "$when: $call says what to do");
		}
	}
	for my $view (split /\n/, $node->safe_psql('postgres',
			q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'admission'::regnamespace AND relkind = 'v' ORDER BY 1}))
	{
		my ($error, $hint) = said("SELECT * FROM $view");
		is($error, $error_expected, "$when: $view says so");
		is($hint, $hint_expected, "$when: $view says what to do");
	}
	return;
}
all_say_so('without the library');

# Too late for it.
$node->append_conf('postgresql.conf', "session_preload_libraries = 'pg_admission'\n");
$node->reload;
wait_until('the setting', sub { $node->safe_psql('postgres', 'SHOW session_preload_libraries') eq 'pg_admission' });
my ($late) = start_clients($node, 1);
wait_clients(1, 'in', $late);
is($late->ask('SELECT count(*) > 0 FROM pg_class'), 't', 'loaded for a session it does nothing');
$late->hang_up;
all_say_so('loaded for the session');
is($node->safe_psql('postgres', q{LOAD 'pg_admission'; SELECT count(*) > 0 FROM pg_class; SHOW pg_admission.mode}),
	"t\nenforce", 'nor does it by LOAD');
$node->append_conf('postgresql.conf', "session_preload_libraries = ''\n");
$node->reload;

# Without it the extension can be dumped, restored, dropped and created.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'pg_dump works without the library');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'and so does pg_restore');
is($node->safe_psql('restored', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}),
	$node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'pg_admission'}), 'which brings the extension');
$node->safe_psql('postgres', 'DROP EXTENSION pg_admission');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('admission')}), 0, 'it can be dropped');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_admission');
is((said('SELECT * FROM admission.status'))[0], '55000: pg_admission must be loaded via shared_preload_libraries', 'and created');

# And it comes back as if nothing had been.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'\n");
my $offset = -s $node->logfile;
$node->restart;
is(status_of($node, 'phase || $$ $$ || mode'), 'open enforce', 'preloaded again, all works');
like(slurp_file($node->logfile, $offset), qr/invalid configuration parameter name "pg_admission.no_such_setting"/,
	'and a setting that does not exist is told of');
$node->stop;
done_testing();
