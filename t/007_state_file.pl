# A state file that cannot be used costs a line in the log and nothing else; an
# old cluster without one is no news.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('state_file', "log_min_messages = log");
my $file = $node->data_dir . '/pg_admission.state';

# The file as the server writes it, in the middle of a warm-up.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour')");
my $good = slurp_file($file);
like($good, qr/^pg_admission_state 3\n.*^phase warming\n.*^crc32c [0-9A-F]{8}\n\z/ms, 'the file is readable text');
is((stat $file)[2] & 0777, 0600, 'for the server alone');

sub start_with
{
	my ($what, $content, $expected_log, $expected_phase) = @_;
	$node->stop;
	unlink $file;
	rmdir $file;
	if (ref $content) { $content->() }
	elsif (defined $content) { append_to_file($file, $content) }
	my $offset = -s $node->logfile;
	$node->start;
	ok($node->wait_for_log($expected_log, $offset), "$what: the log says so") if $expected_log;
	is(status_of($node, 'phase'), $expected_phase, "$what: $expected_phase");
	return;
}

start_with('untouched', $good, qr/goes on with the warm-up that was interrupted/, 'warming');
start_with('truncated', substr($good, 0, length($good) / 2), qr/cannot use its state file .* it is damaged/, 'open');
start_with('without its last byte', substr($good, 0, -1), qr/it is damaged/, 'open');
start_with('empty', '', qr/it is damaged/, 'open');
start_with('garbage', join('', map { chr(($_ * 7919) % 256) } 1 .. 5000), qr/it is damaged/, 'open');
(my $edited = $good) =~ s/^duration_ms \d+/duration_ms 99/m;
start_with('edited', $edited, qr/it is damaged/, 'open');
(my $newer = $good) =~ s/^pg_admission_state 3/pg_admission_state 4/;
start_with('of a later version', $newer, qr/written by a later version/, 'open');
(my $two = $good) =~ s/\z/$good/;
start_with('twice', $two, qr/it is damaged/, 'open');
start_with('a directory', sub { mkdir $file }, qr/cannot use its state file .*: Is a directory/, 'open');
like(slurp_file($node->logfile), qr/could not write its state file "pg_admission.state": Is a directory/, 'which cannot be replaced either');
rmdir $file;
is($node->safe_psql('postgres', 'SELECT admission.start_warmup()'), 'warming', 'and is, when it can be again');
start_with('absent', undef, undef, 'open');
ok(-f $file, 'a file is written at once');
SKIP:
{
	skip 'root can read everything', 2 if $> == 0;
	start_with('unreadable', sub { append_to_file($file, $good); chmod 0, $file },
		qr/cannot use its state file .*: Permission denied/, 'open');
}

# From another cluster.
my $other = PostgreSQL::Test::Cluster->new('other_cluster');
$other->init;
$other->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'\npg_admission.warmup_on = 'new_instance'");
append_to_file($other->data_dir . '/pg_admission.state', $good);
$other->start;
$other->safe_psql('postgres', 'CREATE EXTENSION pg_admission');
is(status_of($other, 'phase || $$ $$ || warmup_trigger'), 'warming new_instance', 'a foreign file is evidence of a new instance');
ok($other->wait_for_log(qr/the file was written elsewhere/), 'and nothing is taken over from it');
$other->stop;

# A cluster whose initdb was long ago, in which we are installed today.
SKIP:
{
	skip 'faketime is not installed', 2 unless grep { -x "$_/faketime" } split /:/, $ENV{PATH};
	my $old = PostgreSQL::Test::Cluster->new('old_cluster');
	{
		local $ENV{LC_ALL} = 'C';
		system_or_bail('faketime', '-f', '-30d', 'initdb', '-D', $old->data_dir, '-A', 'trust', '-N');
	}
	$old->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'\nport = "
		  . $old->port . "\nlisten_addresses = ''\nunix_socket_directories = '" . $old->host . "'");
	$old->start;
	$old->safe_psql('postgres', 'CREATE EXTENSION pg_admission');
	is(status_of($old, 'phase'), 'open', 'installing on an old cluster arms nothing');
	$old->restart;
	is(status_of($old, 'phase'), 'open', 'nor does its restart');
	$old->stop;
}

$node->stop;
done_testing();
