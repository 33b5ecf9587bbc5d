# The flight recorder: what the history keeps, and what survives a restart, a
# crash, a full disk and a file that cannot be used.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('recorder', "pg_admission.sample_interval = '100ms'");
my $file = $node->data_dir . '/pg_admission.history';

sub history
{
	my ($expression) = @_;
	return $node->safe_psql('postgres', "SELECT $expression FROM admission.pressure_history");
}

# What the gates did stands beside the pressure.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 2, 4)");
my @clients = start_clients($node, 5);
wait_clients(2, 'in', @clients);
wait_status($node, 'connections_waiting = 3');
wait_until('in the history', sub { history('max(connections_waiting) = 3 AND max(connection_cap) = 2 AND sum(held) = 3') eq 't' });
pass('caps, waiters and totals are in the history');
$_->hang_up for clients_in('held', @clients);
wait_until('abandoned', sub { history('sum(abandoned) = 3') eq 't' });
pass('and those who left');
$_->hang_up for @clients;

# Through a restart.
my $marked = history('max(sampled_at)');
my $columns = $node->safe_psql('postgres', q{
	SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'admission.pressure_history'::regclass AND attnum > 0});
$node->stop;
my $text = slurp_file($file);
like($text, qr/\Apg_admission_history 1\norigin \d+ \S+ \d+\ntime_utc,at_us,/, 'the file can be read by people');
like($text, qr/^2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ,\d+,0\.\d/m, 'a line a sample, with the time in UTC');
unlike($text, qr/nan|inf/i, 'unknown figures are empty');
is((stat($file))[2] & 0777, 0600, 'nobody else may read it');
$node->start;
is(history("count(*) FILTER (WHERE connections_waiting = 3) > 0 AND bool_or(sampled_at = '$marked')"), 't', 'a restart keeps the history');
is(history('count(*) = count(DISTINCT sampled_at)'), 't', 'no sample is there twice');
wait_until('goes on', sub { history("max(sampled_at) > '$marked'::timestamptz + interval '100 ms'") eq 't' });
pass('and it goes on');

# Through a crash: what was written before it.
$node->stop;
$node->start;
my $kept = history('count(*)');
$node->safe_psql('postgres', 'SELECT admission.sample_now()');
$node->stop('immediate');
$node->start;
cmp_ok(history('count(*)'), '>=', $kept - 5, 'an immediate shutdown keeps what was written before');

# A file that cannot be used costs a line in the log and nothing else.
sub start_with
{
	my ($what, $change, $message) = @_;
	$node->stop;
	my $good = slurp_file($file);
	my $offset = -s $node->logfile;

	$change->($good);
	$node->start;
	ok($node->wait_for_log($message, $offset), "$what: the log says so");
	is(history("count(*) FILTER (WHERE connections_waiting = 3)"), '0', "$what: the history begins anew");
	is(status_of($node, 'phase IS NOT NULL'), 't', "$what: and the server runs");
	$node->stop;
	append_to($file, $good);
	$node->start;
	return;
}

sub append_to
{
	my ($path, $text) = @_;
	open(my $out, '>', $path) or die "$path: $!";
	print $out $text;
	close $out or die "$path: $!";
	return;
}

sub crc32c
{
	my ($text) = @_;
	my $crc = 0xFFFFFFFF;
	for my $byte (unpack('C*', $text))
	{
		$crc ^= $byte;
		$crc = $crc & 1 ? ($crc >> 1) ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
	}
	return $crc ^ 0xFFFFFFFF;
}

# The text, changed and sealed again.
sub forged
{
	my ($text, $change) = @_;
	$text =~ s/^crc32c .*\n\z//m;
	$change->(\$text);
	return $text . sprintf("crc32c %08X\n", crc32c($text));
}

start_with('truncated', sub { append_to($file, substr($_[0], 0, length($_[0]) / 2)) }, qr/cannot use its history file "pg_admission.history": it is damaged/);
start_with('edited', sub { (my $edited = $_[0]) =~ s/,comfortable,/,critical,/; append_to($file, $edited) }, qr/cannot use its history file .* it is damaged/);
start_with('empty', sub { append_to($file, '') }, qr/cannot use its history file .* it is damaged/);
start_with('huge', sub { append_to($file, 'x' x 3_000_000) }, qr/cannot use its history file .* (File too large|it is damaged)/);
start_with('forged, no end of the last line', sub { append_to($file, forged($_[0], sub { ${ $_[0] } =~ s/\n\z// })) }, qr/cannot use its history file .* it is damaged/);
start_with('forged, a line damaged', sub { append_to($file, forged($_[0], sub { ${ $_[0] } =~ s/,\d+\n\z/,many\n/ })) }, qr/cannot use its history file .* a line of it is damaged/);
start_with('of a later version', sub { (my $newer = $_[0]) =~ s/history 1/history 2/; append_to($file, $newer) }, qr/cannot use its history file .* written by another version/);
is(history("count(*) FILTER (WHERE connections_waiting = 3) > 0"), 't', 'the good file is taken up again');

# A copy of the directory has a history of its own.
$node->stop;
my $copy = PostgreSQL::Test::Cluster->new('copy');
system_or_bail('cp', '-a', $node->data_dir, $copy->data_dir);
$copy->append_conf('postgresql.conf', 'port = ' . $copy->port
	  . "\nunix_socket_directories = '" . $copy->host . "'");
$copy->start;
ok($copy->wait_for_log(qr/cannot use its history file .* it was written elsewhere/), 'a copied directory ignores the file');
$copy->stop;

# What cannot be written is said once, and does not stop the controller.
unlink $file;
mkdir $file or die "mkdir: $!";
$node->start;
$node->stop;
like(slurp_file($node->logfile), qr/could not write its history file "pg_admission.history": .*\n.*Until this is mended, a crash or restart loses the history/, 'a file that cannot be written');
rmdir $file;

done_testing();
