# Metrics: pages that parsers accept, a file that goes on while every slot is
# taken, PostgreSQL's own refusals among them, and errors that are said once.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;
use Time::HiRes qw(usleep);

my $folder = PostgreSQL::Test::Utils::tempdir_short();
my $file = "$folder/pg_admission.prom";
my $node = new_node('metrics',
	'max_connections = 10',
	"pg_admission.metrics_file = '$file'");

# A value in the file, or in a page; undef: no such line.
sub value_in
{
	my ($page, $series) = @_;
	return $page =~ /^\Q$series\E (\S+)$/m ? $1 : undef;
}

sub value
{
	my ($series) = @_;
	return value_in(slurp_file($file), $series);
}

wait_until('the file', sub { -f $file });
is((stat($file))[2] & 0777, 0644, 'a monitoring agent may read the file');
ok(!-e "$file.tmp", 'and finds it whole');
is(value('pg_up'), 1, 'pg_up');
is(value('pg_settings_max_connections'), 10, 'conventional names where they exist');
is(value('pg_admission_mode{mode="enforce"}'), 1, 'the mode');
is(value('pg_admission_cap{gate="connection",of="starting"}'), '+Inf', 'no cap');

my @helped = slurp_file($file) =~ /^# HELP (\S+)/mg;
my %helped = map { $_ => 1 } @helped;
is(scalar(@helped), scalar(keys %helped), 'the lines of a metric stand together');

# Well-kept parsers of both formats, where they are installed.
my $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';
SKIP:
{
	my $parse = 'import sys; from %s import text_string_to_metric_families as f; print(sum(len(m.samples) for m in f(sys.stdin.read())))';
	skip 'python3 with prometheus_client is not installed', 2
	  if system($python, '-c', 'import prometheus_client') != 0;
	my $count = 'SELECT count(*) FROM admission.metrics';
	my $page = "$folder/page";
	# What is waited for comes and goes, and with it its samples.
	ok(wait_until('a page that is parsed to the last sample', sub {
		unlink $page;
		append_to_file($page, $node->safe_psql('postgres', 'SELECT admission.openmetrics()'));
		return parsed(sprintf($parse, 'prometheus_client.openmetrics.parser'), $page) eq $node->safe_psql('postgres', $count);
	}), 'openmetrics() is OpenMetrics');
	ok(wait_until('a file that is parsed to the last sample', sub {
		return parsed(sprintf($parse, 'prometheus_client.parser'), $file) eq $node->safe_psql('postgres', $count);
	}), 'the file is in the Prometheus text format');
}

sub parsed
{
	my ($program, $page) = @_;
	my $out = '';
	IPC::Run::run([ $python, '-c', $program ], '<', $page, '>', \$out, '2>&1');
	chomp $out;
	return $out;
}

# Of what this machine has: on others the processor time is not known.
SKIP:
{
	skip 'processor time is measured on Linux', 1 if $^O ne 'linux';
	my ($burner) = burn($node, 1, 4);
	ok(wait_until('its processor time', sub {
		(value_in($node->safe_psql('postgres', 'SELECT admission.openmetrics()'), 'pg_admission_service_cpu_used_ratio{service="default"}') // 0) > 0.01;
	}), 'what the sessions of a service use of the processors');
	$burner->answer;
	$burner->hang_up;
}

# The gate's totals.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 1, 1)");
my @clients = start_clients($node, 2);
wait_clients(1, 'in', @clients);
wait_status($node, 'connections_waiting = 1');
usleep(120_000);
# Who waits first, lest it have the other's permit before it is missed.
my ($in) = clients_in('in', @clients);
$_->hang_up for grep { $_ != $in } @clients;
wait_status($node, 'connections_waiting = 0 AND abandoned = 1');
$in->hang_up;
my $page = $node->safe_psql('postgres', 'SELECT admission.openmetrics()');
is(value_in($page, 'pg_admission_held_total{gate="connection"}'), 1, 'held');
is(value_in($page, 'pg_admission_abandoned_total{gate="connection"}'), 1, 'abandoned');
is(value_in($page, 'pg_admission_wait_seconds_count{gate="connection"}'), 1, 'waits are counted');
is(value_in($page, 'pg_admission_wait_seconds_bucket{gate="connection",le="0.1"}'), 0, 'by their length');
is(value_in($page, 'pg_admission_wait_seconds_bucket{gate="connection",le="+Inf"}'), 1, 'cumulatively');
$node->safe_psql('postgres', 'SELECT admission.stop_warmup(), admission.reset_counters()');

# Every slot is taken and nobody can log in: the file goes on, and says so.
my @sessions = start_clients($node, 7);
wait_clients(7, 'in', @sessions);
my @admins = map { AdmissionClient->new($node, user => $node->{_user} // getpwuid($<)) } 1 .. 3;
wait_clients(3, 'in', @admins);
my @shut_out = start_clients($node, 4);
wait_until('shut out', sub { clients_in('refused', @shut_out) == 4 });
like($shut_out[0]->error('M'), qr/too many clients already/, 'nobody can log in');
my ($ret, $out, $err) = $node->psql('postgres', 'SELECT 1');
isnt($ret, 0, 'not even an administrator');
wait_until('the refusals in the file', sub { (value('pg_admission_server_refused_total{reason="too_many_clients"}') // 0) >= 5 });
pass(q{PostgreSQL's own refusals are counted while nobody can log in});
is(value('pg_stat_activity_count{state="idle"}'), 10, 'and the sessions by state');
cmp_ok(value('pg_admission_connections{state="admitted"}'), '==', 7, 'and by what they hold');
my $written = (stat($file))[9];
wait_until('the file is written again', sub { (stat($file))[9] > $written });
pass('the file goes on');

# The others of PostgreSQL's refusals.
$_->hang_up for @admins;
wait_until('an administrator', sub { ($node->psql('postgres', 'SELECT 1'))[0] == 0 });
my ($last) = start_clients($node, 1);
wait_clients(1, 'refused', $last);
$_->hang_up for @sessions;
wait_status($node, 'connections_admitted = 0');
$node->safe_psql('postgres', 'CREATE ROLE limited LOGIN CONNECTION LIMIT 0');
my $limited = AdmissionClient->new($node, user => 'limited');
wait_clients(1, 'refused', $limited);
is($node->safe_psql('postgres', q{
	SELECT string_agg(labels ->> 'reason', ' ' ORDER BY labels ->> 'reason') FROM admission.metrics
	WHERE name = 'pg_admission_server_refused_total' AND value > 0}),
	'connection_limit reserved_slots too_many_clients', 'by their reasons');
is(status_of($node, 'refused_by_server = 6'), 't', 'status shows those for want of a slot');

# A file that cannot be written, and one that can be again.
$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.metrics_file = '$folder/none/x.prom'");
my $offset = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr{could not write its metrics file "$folder/none/x.prom": No such file or directory}, $offset), 'a file that cannot be written is said');
mkdir "$folder/none" or die "mkdir: $!";
wait_until('written', sub { -f "$folder/none/x.prom" });
pass('and written when it can be');
my @said = slurp_file($node->logfile, $offset) =~ /could not write its metrics file/g;
is(scalar @said, 1, 'said once');

# What others have put beside the file, in a folder that is open to them.
sub write_to
{
	my ($path) = @_;
	my $before = -s $node->logfile;
	$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.metrics_file = '$path'");
	$node->reload;
	return $before;
}

my $precious = "$folder/precious";
append_to_file($precious, "precious\n");
chmod 0600, $precious or die "chmod: $!";
symlink($precious, "$folder/link.prom.tmp") or die "symlink: $!";
write_to("$folder/link.prom");
wait_until('the file beside a link', sub { -f "$folder/link.prom" });
like(slurp_file("$folder/link.prom"), qr/^pg_up 1$/m, 'beside a link the file is written');
ok(!-l "$folder/link.prom", 'as a file');
is(slurp_file($precious), "precious\n", 'and not where the link leads');
is((stat($precious))[2] & 0777, 0600, 'whose permissions stay');

POSIX::mkfifo("$folder/pipe.prom.tmp", 0600) or die "mkfifo: $!";
write_to("$folder/pipe.prom");
wait_until('the file beside a pipe', sub { -f "$folder/pipe.prom" });
like(slurp_file("$folder/pipe.prom"), qr/^pg_up 1$/m, 'a pipe holds nobody up');

# Nothing is left of a file that could not be put in its place.
mkdir "$folder/folder.prom" or die "mkdir: $!";
$offset = write_to("$folder/folder.prom");
ok($node->wait_for_log(qr{could not write its metrics file "$folder/folder.prom": Is a directory}, $offset), 'a folder is not replaced');
wait_until('nothing beside it', sub { !-e "$folder/folder.prom.tmp" });
pass('and nothing stays beside it');
my $long = $folder . '/.' x ((1022 - length("$folder/x.prom")) / 2) . '/x.prom';
$offset = write_to($long);
ok($node->wait_for_log(qr{could not write its metrics file "\Q$long\E": File name too long}, $offset), 'a name that leaves no room is not cut off');

$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.metrics_file = ''");
$node->reload;
$node->stop;

done_testing();
