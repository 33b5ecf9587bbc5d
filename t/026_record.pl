# The record: what pg_admission did, who asked for it, and that it is still there
# tomorrow.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionMachine;
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $machine = AdmissionMachine->new(cores => 1);
my $node = new_node('recorded', 'pg_admission.warmup_advance = load', "pg_admission.sample_interval = '200ms'",
	"pg_admission.system_root = '" . $machine->root . "'");
my $file = $node->data_dir . '/pg_admission.events';

sub events
{
	my ($expression, $condition) = @_;
	return $node->safe_psql('postgres', "SELECT $expression FROM admission.events" . ($condition ? " WHERE $condition" : ''));
}

sub wait_event
{
	my ($condition) = @_;
	return wait_until($condition, sub { events("count(*) > 0", $condition) eq 't' });
}

is(events('count(*)'), '0', 'nothing has happened');

# A warm-up, and who asked for what.
$node->safe_psql('postgres', 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA admission TO monitor');
$node->safe_psql('postgres', "SET application_name = 'on call'; SELECT admission.start_warmup('3 s', initial_connections => 20, target_connections => 40)",
	extra_params => [ '-U', 'monitor' ]);
is(events(q{kind, message, actor_role, actor_application, actor_address}),
	'warmup|pg_admission: the warm-up was started by monitor|monitor|on call|local', 'who started a warm-up, and from where');
$node->safe_psql('postgres', "SELECT admission.hold_warmup(), admission.continue_warmup()");
is(events('count(*)', q{kind = 'warmup' AND message ~ 'was (held|continued) by ' AND actor_pid IS NOT NULL}), '2', 'who held and continued it');

# Critical pressure cuts the caps, of which nobody has asked.
my ($app) = start_clients($node, 1);
wait_clients(1, 'in', $app);
$machine->set(running => 1, waiting => 0);
$machine->set(pid => $app->{pid}, run => 0.9);
wait_status($node, 'progress > 0.3');
$machine->set(running => 1, waiting => 9);
wait_event(q{kind = 'cut' AND detail ~ 'cpu_demand is 1?[0-9]\\.' AND actor_role IS NULL});
pass('a cut, and why');

# Clients that are held, and no more.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', initial_transactions => 1, target_transactions => 1)");
my @clients = start_clients($node, 3);
wait_clients(3, 'in', @clients);
$_->query('SELECT burn(1)') for @clients;
wait_event(q{kind = 'hold' AND message = 'pg_admission holds clients back' AND detail ~ '^Waiting: 0 logins, [12] transactions\\.'});
pass('that clients are held');
wait_clients(3, 'in', @clients);
wait_event(q{kind = 'hold' AND message = 'pg_admission holds nobody back any more' AND detail ~ 'transactions [0-9]+; refused, logins 0, transactions [0-9]+'});
pass('and that none are any more, with totals');

# Refused is held back, too, however short the waits of a line that stands.
my $over = q{kind = 'hold' AND message = 'pg_admission holds nobody back any more'};
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.long_transaction_after = -1');
$node->reload;
my ($burner) = burn($node, 1, 16);
my $began = time();
while (time() - $began < 14)
{
	$_->query('SELECT count(*) >= 0 FROM pg_class') for grep { $_->state eq 'in' } @clients;
	usleep(50_000);
}
is(events('count(*)', $over), '1', 'that nobody is any more is not said while clients are refused');
is($burner->answer, 'burnt', 'behind the one that runs');
wait_event("$over AND detail ~ 'In 1[3-9]\\.[0-9] s: held after the first, logins 0, transactions [0-9]+; refused, logins 0, transactions [0-9]+'");
pass('and is afterwards');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_admission.long_transaction_after');
$node->reload;
$_->answer for @clients;

# The mode.
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.mode = 'off'});
$node->reload;
wait_event(q{kind = 'mode' AND message = 'pg_admission.mode is now "off"' AND detail ~ '^It was "enforce"'});
pass('a change of the mode');

# The same in the log.
my $log = slurp_file($node->logfile);
my @missing = grep { index($log, "LOG:  $_") < 0 } split(/\n/, events('message'));
is("@missing", '', 'all of it stands in the server log');
like($log, qr/DETAIL:  Asked for by role "monitor", process \d+, client local, application "on call"\./, 'with who asked for it');

# What a client calls itself must not keep others from reading.
$node->safe_psql('postgres', "SET application_name = E'tab\\tnew\\nline\\\\'; SELECT admission.brake(), admission.brake('off')");
is(events('count(*)', q{kind = 'brake'}), '2', 'an odd name is recorded');

# Who may read it.
is($node->safe_psql('postgres', 'SELECT count(*) > 5 FROM admission.events', extra_params => [ '-U', 'monitor' ]), 't', 'monitoring may read it');
my ($rc, $out, $err) = $node->psql('postgres', 'SELECT * FROM admission.events', extra_params => [ '-U', 'app' ]);
like($err, qr/permission denied for schema admission/, 'others may not');

# Through a restart, and a crash.
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
my $all = $node->safe_psql('postgres', q{SELECT md5(string_agg(e::text, '' ORDER BY at)) FROM admission.events e});
$node->stop;
my $text = slurp_file($file);
like($text, qr/\Apg_admission_events 1\norigin \d+ \S+ \d+\ntime_utc\tat\tkind\tmessage\t/, 'the file can be read by people');
like($text, qr/^2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\t\d+\twarmup\tpg_admission: the warm-up was started by monitor\t/m, 'a line an event');
is((stat($file))[2] & 0777, 0600, 'nobody else may read it');
$node->start;
is($node->safe_psql('postgres', q{SELECT md5(string_agg(e::text, '' ORDER BY at)) FROM admission.events e}), $all, 'a restart keeps it');
$node->safe_psql('postgres', 'SELECT admission.brake(5)');
wait_until('written', sub { index(slurp_file($file), 'the brake was set to 5 by') > 0 });
$node->stop('immediate');
$node->start;
wait_event(q{message ~ 'set to 5'});
pass('and so does a crash, once it was written');

# A file that cannot be used costs a line in the log and nothing else.
for my $damage ([ 'garbage', "nonsense\n", qr/it is damaged, or was written by another version/ ],
	[ 'a flipped byte', do { (my $t = $text) =~ s/monitor/monitOr/; $t }, qr/it is damaged/ ],
	[ 'half of it', substr($text, 0, length($text) / 2), qr/it is damaged/ ])
{
	my ($what, $bytes, $why) = @$damage;
	$node->safe_psql('postgres', q{SELECT admission.brake('off')});
	$node->stop;
	open(my $handle, '>', $file) or die "$file: $!";
	print $handle $bytes;
	close $handle;
	my $before = -s $node->logfile;
	$node->start;
	is(events('count(*)'), '0', "$what: the record begins anew");
	like(substr(slurp_file($node->logfile), $before), qr/cannot use its events file "pg_admission\.events": $why/, 'and the log says why');
	is($node->safe_psql('postgres', 'SELECT admission.brake(6)'), '6', 'and all works');
}
$node->stop;
$machine->stop;

done_testing();
