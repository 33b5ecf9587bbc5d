# A storm: sessions of several services come, work and go in every way there is
# while rules, pauses, brake and mode change under them, and the server crashes
# once.  Afterwards everybody gets in, and not one permit is lost.
#
#	ADMISSION_TEST_STORM   seconds (20)
#	ADMISSION_TEST_SEED    of its random numbers (42)

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $seconds = $ENV{ADMISSION_TEST_STORM} || 20;
my $seed = $ENV{ADMISSION_TEST_SEED} || 42;
srand($seed);
note "seed $seed, $seconds s";

my $node = new_node('races', 'max_connections = 80', 'pg_admission.cores = 1', 'pg_admission.exempt_connections = 3',
	"pg_admission.connection_queue_timeout = '1s'", "pg_admission.transaction_queue_timeout = '300ms'",
	"pg_admission.long_transaction_after = '100ms'");
my $work = 'SELECT count(*) >= 0 FROM pg_class';
my @roles = qw(red green blue);
my $clients = 24;
my %count = map { $_ => 0 } qw(answered refused logins logins_refused changes);

$node->safe_psql('postgres', join('; ', map { "CREATE ROLE $_ LOGIN" } @roles));

sub one_of { return $_[ rand @_ ]; }

#
# Those who work.
#

my @statements = (
	($work) x 6, 'SELECT burn(0.003)', 'SELECT pg_sleep(0.01)', 'SELECT 1', 'SELECT 1/0',
	'BEGIN', "BEGIN; $work", 'SAVEPOINT s', ('COMMIT') x 4, 'ROLLBACK', 'DISCARD ALL',
	'SELECT pg_advisory_lock((random() * 1000000)::int)', 'SELECT pg_advisory_unlock_all()',
	q{SET application_name = 'fast'}, q{SET application_name = 'slow'}, 'RESET application_name');

sub come
{
	$count{logins}++;
	return AdmissionClient->new($node, user => one_of(@roles), application_name => one_of(qw(fast slow none)));
}

# One step in a client's life; returns it, or who comes in its place.
sub step
{
	my ($client) = @_;
	my $state = $client->state;

	$count{logins_refused}++ if $state eq 'refused' && !$client->{admitted_after};
	return come() if $state eq 'refused' || $state eq 'closed';
	if (rand() < ($state eq 'in' ? 0.02 : 0.002))
	{
		$client->send_bytes('X' . pack('N', 4)) if $state eq 'in' && rand() < 0.5;
		$client->hang_up;
		return come();
	}
	return $client if $state ne 'in';
	my $error = $client->error('C');
	$count{answered}++ if $client->{asked} && !$error;
	$count{refused}++ if $error eq '53400';
	return $client->query($error && rand() < 0.8 ? 'ROLLBACK' : one_of(@statements));
}

#
# Who changes everything.
#

sub random_rule
{
	my ($name) = @_;
	my @words = one_of((map { "role=$_" } @roles), 'role=+red', 'application_name=fast', 'application_name=s*', 'client_address=local');

	return "$name: $words[0] exempt=on" if rand() < 0.05;
	push @words, 'limit=' . (1 + int rand 8) if rand() < 0.5;
	push @words, 'running=' . (1 + int rand 3) if rand() < 0.5;
	push @words, 'priority=' . one_of(qw(low normal high)) if rand() < 0.5;
	push @words, 'patience=' . one_of(qw(0 50ms 2s)) if rand() < 0.3;
	return "$name: @words";
}

# Some names stay, in another order, and some are new.
sub random_rules
{
	my @names = (qw(a b c d default), 'x' . int rand 30);
	my @rules = map { my $name = $_; $name eq 'default' ? 'default: running=' . (2 + int rand 4) : random_rule($name) }
	  grep { rand() < 0.7 } shuffle @names;
	return join('; ', @rules);
}

# For a call, where there is such a service.
sub of_any
{
	my ($call) = @_;
	return "SELECT admission.$call FROM (SELECT service FROM admission.services WHERE NOT exempt ORDER BY random() LIMIT 1) AS s";
}

sub random_over { return sprintf("'%d ms'", one_of(0, 100, 500, 1500)); }

sub reload_with { return ("ALTER SYSTEM SET pg_admission.$_[0] = '$_[1]'", 'SELECT pg_reload_conf()'); }

# Each returns statements, to be done one after another.
my @changes = (
	sub { of_any('pause_service(service)') },
	sub { of_any('pause_service(service)') },
	sub { of_any(sprintf(q{pause_service(service, disconnect => true, grace => '%d ms')}, rand 300)) },
	(sub { of_any('resume_service(service, over => ' . random_over() . ')') }) x 4,
	sub { 'SELECT admission.pause_services()' },
	(sub { 'SELECT admission.resume_services(over => ' . random_over() . ')' }) x 3,
	(sub { reload_with('services', random_rules()) }) x 4,
	sub { reload_with('paused_services', one_of('a', '*', 'b, nobody')) },
	(sub { reload_with('paused_services', '') }) x 2,
	sub { reload_with('brake', one_of(1, 2, 'on')) },
	(sub { reload_with('brake', 'off') }) x 2,
	sub { reload_with('mode', one_of(qw(off observe))) },
	(sub { reload_with('mode', 'enforce') }) x 2,
	sub { reload_with('transaction_gate', one_of(qw(on off))) },
	sub { reload_with('exempt_connections', int rand 4) },
	sub { sprintf(q{SELECT admission.start_warmup('3 s', %d, 40, %d, 10)}, 4 + rand 10, 1 + rand 3) },
	sub { 'SELECT admission.stop_warmup()' },
	sub { 'SELECT admission.reset_counters()' },
	sub { 'SELECT count(*) FROM admission.services, admission.waiting, admission.status, admission.metrics' },
	sub { q{SELECT pg_terminate_backend(pid) FROM admission.backends WHERE role <> 'postgres' ORDER BY random() LIMIT 2} },
	sub { q{SELECT pg_cancel_backend(pid) FROM admission.waiting ORDER BY random() LIMIT 2} });

my @to_do;

sub change
{
	my ($admin) = @_;
	my $state = $admin->state;

	die "the administrator is $state" if $state ne 'in' && $state ne 'busy';
	return if $state ne 'in' || rand() < 0.5;
	# What is wrong with a call is that another change came first.
	my $error = $admin->error('C');
	die $admin->error('M') if $error && $error !~ /^(?:55000|42704)$/;
	@to_do = one_of(@changes)->() unless @to_do;
	$admin->query(shift @to_do);
	$count{changes}++;
	return;
}

sub connect_admin
{
	my $admin = AdmissionClient->new($node, user => 'postgres', application_name => 'admin');

	wait_clients(1, 'in', $admin);
	return $admin;
}

sub storm
{
	my ($for_s) = @_;
	my $admin = connect_admin();
	my @clients = map { come() } 1 .. $clients;
	my $until = time() + $for_s;

	while (time() < $until)
	{
		@clients = map { step($_) } @clients;
		change($admin);
		usleep(1000);
	}
	@to_do = ();
	$admin->answer;
	$admin->hang_up;
	note join(', ', map { "$_: $count{$_}" } sort keys %count);
	return @clients;
}

storm($seconds / 2);
my $half = $count{answered};
cmp_ok($half, '>', 100, 'in the storm many transactions are done');
$node->stop('immediate');
$node->start;
pass('the server has crashed, and is back');
my @clients = storm($seconds / 2);
cmp_ok($count{answered} - $half, '>', 100, 'and so are many behind the crash');
cmp_ok($count{refused}, '>', 0, 'some were refused');
cmp_ok($count{logins_refused}, '>', 0, 'and some logins, too');

#
# The storm is over.
#

my $admin = connect_admin();
$admin->ask($_) for 'ALTER SYSTEM RESET ALL', 'SELECT pg_reload_conf()', q{SELECT admission.brake('off')}, 'SELECT admission.stop_warmup()';
wait_until('the rules are reset', sub { $admin->ask(q{SELECT count(*) FROM admission.services WHERE rule IS NOT NULL}) eq '1' });
$admin->ask(q{SELECT admission.resume_service(service, over => '0') FROM admission.services WHERE state <> 'open'});
is($admin->ask(q{SELECT count(*) FROM admission.services WHERE state <> 'open'}), '0', 'all services are open');

# Whoever is there goes on, and everybody else comes.
wait_until('all are answered', sub { !grep { $_->state =~ /busy|held/ } @clients });
my @there = clients_in('in', @clients);
$_->ask('ROLLBACK') for @there;
is(scalar(grep { $_->ask($work) eq 't' } @there), scalar @there, 'who is there goes on');
my @more = start_clients($node, 30, user => 'green');
wait_clients(30, 'in', @more);
is(scalar(grep { $_->ask($work) eq 't' } @more), 30, 'everybody else comes, and works');
$_->hang_up for @there, @more;
wait_until('all have gone', sub { $admin->ask(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'}) eq '1' });
wait_status($node, q{connections_admitted + connections_starting + connections_waiting + connections_in_lane = 0});
is(status_of($node, q{concat_ws(' ', connections_admitted, connections_waiting, connections_in_lane, transactions_running, transactions_waiting, transactions_lent)}),
	'0 0 0 0 0 0', 'the gates count nobody');
is($admin->ask(q{SELECT concat_ws(' ', sum(sessions), sum(logins_waiting), sum(running), sum(waiting)) FROM admission.services}), '1 0 0 0', 'and neither do the services');
wait_until('old services are forgotten', sub { $admin->ask('SELECT count(*) FROM admission.services') eq '1' });
pass('nobody is left in an old service');

# A service that had kept a permit, or given one back too often, would let in
# nobody where one may.
my @names = map { "s$_" } 1 .. 64;
$admin->ask($_) for q{ALTER SYSTEM SET pg_admission.services = '} . join('; ', map { "$_: application_name=$_ limit=1 running=1" } @names) . q{; default: limit=1 running=1'},
  'SELECT pg_reload_conf()';
wait_until('the last rules', sub { $admin->ask('SELECT count(*) FROM admission.services') eq '65' });
my @one_each = map { AdmissionClient->new($node, application_name => $_) } @names, 'default';
wait_clients(65, 'in', @one_each);
is(scalar(grep { $_->ask($work) eq 't' } @one_each), 65, 'each service has one session, which runs one transaction');
my @second = map { AdmissionClient->new($node, application_name => $_) } @names[ 0 .. 3 ];
wait_clients(4, 'refused', @second);
pass('and none has two');
$_->hang_up for @one_each;

# What the log must not have; recovery tells of the end of the log as of something
# invalid.
my @log = split /\n/, slurp_file($node->logfile);
my @bad = grep { /PANIC|TRAP|signal (?:6|11)\b|invalid|exited with exit code/ && !/LOG:  invalid (?:record length|magic number|resource manager|info bits|contrecord)/ } @log;
is(join("\n", @bad[ 0 .. ($#bad > 9 ? 9 : $#bad) ]), '', 'there is nothing bad in the log');
is(scalar(grep { /database system is ready to accept connections/ } @log), 2, 'nor has the server crashed by itself');
is($admin->ask('SELECT controller_pid IS NOT NULL AND controller_heartbeat_age_ms < 30000 FROM admission.status'), 't', 'and the controller is alive');

$node->stop;
done_testing();
