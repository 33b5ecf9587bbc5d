# The deep check: amcheck over all relations by a worker that rests while the
# machine is wanted, goes on where it was stopped, and names what is damaged.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionMachine;
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $machine = AdmissionMachine->new(cores => 4);
my $node = new_node('deep',
	'pg_admission.warmup_advance = load',
	"pg_admission.sample_interval = '100ms'",
	"pg_admission.system_root = '" . $machine->root . "'");

# What the check has to say, with or without starting it.
sub deep_says
{
	my ($start, $columns) = @_;
	return $node->safe_psql('postgres', "SELECT $columns FROM admission.health_check(deep => $start) WHERE check_name = 'deep'");
}

sub wait_deep
{
	my ($what, $pattern) = @_;
	return wait_until($what, sub { deep_says('false', "severity || ' ' || evidence") =~ $pattern });
}

sub worker
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_admission deep check'");
}

# Overwrites bytes at a place in the fifth item of a page: damage that leaves the
# page's own structure whole.
sub damage
{
	my ($relation, $block, $place, $bytes) = @_;
	my $path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('$relation')");
	my $pointer;

	$node->stop;
	open my $file, '+<:raw', $path or die "$path: $!";
	seek $file, $block * 8192 + 24 + 4 * 4, 0;
	read $file, $pointer, 4;
	seek $file, $block * 8192 + (unpack('L', $pointer) & 0x7fff) + $place, 0;
	print $file $bytes;
	close $file or die "$path: $!";
	$node->start;
	return;
}

is(deep_says('false', 'count(*)'), '0', 'nothing is said of a check that never ran');
deep_says('true', '1');
wait_deep('the lack of amcheck', qr/^notice the extension amcheck is not created/);
$node->safe_psql('postgres', deep_says('false', 'remedy'));

# A machine that is wanted: it looks at one relation and then waits.
$machine->set(running => 4, waiting => 40);
wait_status($node, "pressure_level = 'critical'");
deep_says('true', '1');
wait_until('its worker', sub { worker() ne '' });
wait_deep('its first relation', qr/^notice process \d+ has checked 1 of \d+ relations/);
$node->safe_psql('postgres', 'SELECT admission.sample_now()') for 1 .. 10;
like(deep_says('true', 'evidence'), qr/has checked 1 of /, 'while the machine is wanted it rests');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE pid = " . worker()), '0', 'and holds no lock meanwhile');
my ($total) = deep_says('false', 'evidence') =~ /of (\d+) relations/;

$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . worker() . ')');
wait_deep('that it was stopped', qr/^notice was stopped after 1 of $total relations/);
deep_says('true', '1');
wait_deep('that it goes on', qr/^notice process \d+ has checked 2 of $total relations/);
$machine->set(running => 0, waiting => 0);
wait_deep('its end', qr/^ok checked $total of $total relations, 100 % of \d+ MB, 0 damaged, 0 skipped/);
pass('it rested, was stopped, and went on where it was');
deep_says('true', '1');
is(worker(), '', 'a fresh result is not made anew');

$node->safe_psql('postgres', q{
	CREATE TABLE numbers (id int PRIMARY KEY, word text);
	INSERT INTO numbers SELECT g, md5(g::text) FROM generate_series(1, 20000) AS g;
	CREATE TABLE words AS SELECT * FROM numbers;
	VACUUM;
	CHECKPOINT;
});
damage('numbers_pkey', 3, 8, pack('l', 2**31 - 1));    # its key
damage('words', 2, 22, "\x3f");                         # where a row's columns begin
is($node->psql('postgres', "SELECT count(*) FROM admission.health_check(deep => true)",
		connstr => $node->connstr('postgres') . " user=monitor"), 0, 'a member of pg_monitor may start it');
wait_deep('its end', qr/^notice checked .* 2 damaged, 0 skipped/m);
is(deep_says('false', "string_agg(severity || ' ' || object, ', ' ORDER BY object)"), 'blocking public.numbers_pkey, blocking public.words',
	'it names the index and the table that are damaged');
is(status_of($node, 'health_blocking'),
	$node->safe_psql('postgres', "SELECT count(*) FROM admission.health_check() WHERE severity = 'blocking'"), 'and they count as blocking');
$node->safe_psql('postgres', deep_says('false', "string_agg(remedy, '') FILTER (WHERE object = 'public.numbers_pkey')"));
is(deep_says('false', "string_agg(object, ', ')"), 'public.words', 'the index that was built anew is no finding any more');
$node->safe_psql('postgres', 'DROP TABLE words');
is(deep_says('false', 'count(object)'), '0', 'nor is a table that was dropped');

# One that was locked is left for later; where the worker is stopped before that,
# the next one begins with it.
$node->safe_psql('postgres', q{
	CREATE TABLE locked AS SELECT 1 AS a;
	CREATE TABLE long AS SELECT md5(g::text) FROM generate_series(1, 500000) AS g;
	GRANT ALL ON locked TO app});
my $before = $node->safe_psql('postgres', q{SELECT count(*) FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam
	WHERE c.oid < 'locked'::regclass AND c.relpersistence = 'p' AND a.amname IN ('heap', 'btree')});
my ($locker) = start_clients($node, 1);
wait_clients(1, 'in', $locker);
$locker->ask('BEGIN');
is($locker->ask('LOCK TABLE locked'), '', 'a table is locked');
my ($asker) = start_clients($node, 1, user => 'postgres');
wait_clients(1, 'in', $asker);
deep_says('true', '1');
wait_until('the next one', sub {
		$asker->ask(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_admission deep check'
			AND query = 'pg_admission: deep check of relation ' || 'long'::regclass::oid}) eq '1' })
  or diag(deep_says('false', 'severity, evidence'));
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . worker() . ')');
wait_deep('that what was locked is to be checked again', qr/^notice was stopped after $before of \d+ relations/);
$locker->hang_up;
deep_says('true', '1');
wait_deep('its end', qr/^ok checked (\d+) of \1 relations, 100 % of \d+ MB, 0 damaged, 0 skipped/);
pass('what was locked when the worker was stopped is checked by the next');

$node->stop;
$machine->stop;
done_testing();
