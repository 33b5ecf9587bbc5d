# What a service may have: so many sessions, so many transactions, so much
# patience and its share of the permits; and that its lines are its own.

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

# Of these, no more than a half is for those who wait for room in their service.
my $slots = 40;
my $work = 'SELECT count(*) >= 0 FROM pg_class';

# A comfortable machine, which lets nobody wait but whom its service holds.
my $machine = AdmissionMachine->new(cores => 4);
my $node = new_node('service_limits', "max_connections = $slots", 'pg_admission.warmup_advance = load',
	"pg_admission.sample_interval = '200ms'", "pg_admission.system_root = '" . $machine->root . "'",
	"pg_admission.connection_queue_timeout = '50s'",
	q{pg_admission.services = 'few: role=few limit=2; narrow: role=narrow running=1; slow: role=slow running=1 patience=10s;
		hasty: role=hasty running=1 patience=200ms; curt: role=curt running=1 patience=0; low: role=low priority=low patience=30s;
		normal: role=normal patience=30s; high: role=high priority=high patience=30s'} =~ s/\s+/ /gr);

$node->safe_psql('postgres', join('; ', map { "CREATE ROLE $_ LOGIN" } qw(few narrow slow hasty curt low normal high)));
my $admin = session('postgres');

sub session
{
	my ($role) = @_;
	my ($client) = start_clients($node, 1, user => $role);

	wait_clients(1, 'in', $client);
	return $client;
}

sub set
{
	my ($setting, $value) = @_;
	$admin->ask("ALTER SYSTEM SET $setting = '$value'");
	$node->reload;
	wait_until("$setting is $value", sub { $admin->ask("SHOW $setting") eq $value });
	return;
}

# Has one of the session's statements use the only permit of its service.
sub begin_burning
{
	my ($client, $seconds) = @_;
	$client->query("SELECT burn($seconds)");
	wait_until('burning', sub { $admin->ask("SELECT gate_state FROM admission.backends WHERE pid = $client->{pid}") eq 'running' });
	return;
}

wait_status($node, q{pressure_level = 'comfortable'});

#
# Sessions.
#

my @few = map { session('few') } 1, 2;
is(service_says($admin, 'sessions, session_cap', 'few'), '2 2', 'a service has as many sessions as it may');
my @held = start_clients($node, 1, user => 'few');
wait_service($admin, 'sessions, logins_waiting', 'few', '2 1');
pass('a third one waits');
my $app = session('app');
cmp_ok($app->{admitted_after}, '<', 2, 'another service passes by it');
is(status_of($node, q{connections_waiting || ' ' || held}), '1 1', 'and has not waited');
$_->ask($work) for @few;
$few[0]->hang_up;
wait_clients(1, 'in', @held);
is(service_says($admin, 'sessions, logins_waiting, logins_held', 'few'), '2 0 1', 'when one leaves, the one that waits comes');

# A login waits unless half of the slots are for those who wait like it.
push @held, start_clients($node, $slots / 2, user => 'few');
wait_service($admin, 'sessions, logins_waiting', 'few', '2 ' . $slots / 2);
my ($one_more) = start_clients($node, 1, user => 'few');
wait_clients(1, 'refused', $one_more);
cmp_ok($one_more->{refused_after}, '<', 5, 'where many wait, one more is refused at once');
is($one_more->error('C'), '53300', 'with the SQLSTATE of too many connections');
is($one_more->error('M'), 'pg_admission refused this connection: its service has as many sessions as it may', 'in our words');
is($one_more->error('D'), 'Service "few" has a limit; sessions: 2 of at most 2, waiting: 20.', 'with numbers');
like($one_more->error('H'), qr/admission\.services.*pg_admission\.services/, 'and where to look');
is(service_says($admin, 'sessions, logins_waiting, logins_refused', 'few'), '2 20 1', 'which is counted, and those in line stay');
my $other = session('app');
is($other->ask($work), 't', 'another service has the slots that are left');
$_->hang_up for $other, @held[ 4 .. $#held ];
wait_service($admin, 'logins_waiting, logins_abandoned', 'few', '3 17');
pass('whoever hangs up leaves the line');

# In time.
set('pg_admission.connection_queue_timeout', '1s');
wait_clients(3, 'refused', @held[ 1 .. 3 ]);
my ($late) = start_clients($node, 1, user => 'few');
wait_clients(1, 'refused', $late);
cmp_ok($late->{refused_after}, '>', 0.9, 'a login waits as long as it may');
is($late->error('M') . $late->error('C'), $one_more->error('M') . '53300', 'and is refused in the same words');
is(service_says($admin, 'sessions, logins_waiting', 'few'), '2 0', 'nobody is in line any more');
is(status_of($node, q{concat_ws(' ', refused, refused_service)}), '5 5', 'status tells the reason');
set('pg_admission.connection_queue_timeout', '50s');

# The limit moves.
my $rules = $admin->ask('SHOW pg_admission.services');
my ($waits) = start_clients($node, 1, user => 'few');
wait_service($admin, 'logins_waiting', 'few', '1');
set('pg_admission.services', $rules =~ s/limit=2/limit=3/r);
wait_clients(1, 'in', $waits);
is(service_says($admin, 'sessions, session_cap', 'few'), '3 3', 'a higher limit lets in who waits');
set('pg_admission.services', $rules =~ s/limit=2/limit=1/r);
wait_service($admin, 'session_cap', 'few', '1');
is($_->ask($work), 't', 'a lower one throws nobody out') for $few[1], $held[0], $waits;
set('pg_admission.services', $rules);
$_->hang_up for $few[1], $held[0], $waits;
wait_service($admin, 'sessions', 'few', '0');

# Of those in it by another name, too: moving in is never refused, but counts.
set('pg_admission.services', "few: application_name=few limit=1; $rules" =~ s/; few: [^;]*//r);
$app->ask(q{SET application_name = 'few'});
is($app->ask($work), 't', 'a session goes over to the service');
($waits) = start_clients($node, 1, application_name => 'few');
wait_service($admin, 'sessions, logins_waiting', 'few', '1 1');
$app->ask('RESET application_name');
is($app->ask($work), 't', 'and back');
wait_clients(1, 'in', $waits);
pass('which makes room for another');
$waits->hang_up;
set('pg_admission.services', $rules);

#
# Transactions.
#

my @narrow = map { session('narrow') } 1 .. 3;
is($narrow[0]->ask($work), 't', 'below its limit a service runs');
begin_burning($narrow[0], 3);
$narrow[1]->query($work);
wait_service($admin, 'running, waiting', 'narrow', '1 1');
is($app->ask($work), 't', 'while it holds its own, another service');
cmp_ok($app->took, '<', 0.7, 'does not wait');
is($narrow[1]->answer, 'ERROR 53400', 'though the machine is comfortable, who waits is refused');
cmp_ok($narrow[1]->took, '>', 0.9, 'after a second');
cmp_ok($narrow[1]->took, '<', 2.5, 'and not much later');
is($narrow[1]->error('M'), 'pg_admission refused this transaction: its service runs as many as it may', 'in our words');
is($narrow[1]->error('D'), 'Service "narrow" has a limit; transactions running: 1 of at most 1, waiting: 0.', 'with numbers');
like($narrow[1]->error('H'), qr/admission\.services.*pg_admission\.services/, 'and where to look');
is($narrow[0]->answer, 'burnt', 'whoever runs is not disturbed');
is($narrow[1]->ask($work), 't', 'and the session of the refused one works');
is(service_says($admin, 'held, refused', 'narrow') . ' ' . service_says($admin, 'held, refused', 'default'), '1 1 0 0', 'it is counted where it was');
is(status_of($node, q{concat_ws(' ', transactions_refused, transactions_refused_service, transactions_held)}), '1 1 1', 'and in the sum');

# From hand to hand.
begin_burning($narrow[0], 0.5);
$narrow[1]->query($work);
is($narrow[0]->answer, 'burnt', 'one ends');
is($narrow[1]->answer, 't', 'and the next one runs');

# What idles lends.
is($narrow[0]->ask('BEGIN'), '', 'a block begins');
is($narrow[0]->ask($work), 't', 'takes the permit');
is($_->ask($work), 't', 'and lends it while it idles') for @narrow[ 1, 2 ];
is($narrow[0]->ask($work), 't', 'it goes on without waiting');
is($narrow[0]->ask('COMMIT'), '', 'to its end');
wait_service($admin, 'running, waiting', 'narrow', '0 0');

# Who holds a lock that outlives transactions is not refused.
$narrow[2]->ask('SELECT pg_advisory_lock(7)');
begin_burning($narrow[0], 4);
is($narrow[2]->ask($work), 't', 'whoever holds an advisory lock goes on');
is($narrow[0]->state, 'busy', 'beside the one that runs');
is($narrow[1]->ask($work), 'ERROR 53400', 'others are refused');
is($narrow[2]->ask('SELECT pg_advisory_unlock(7)'), 't', 'it can be given back');
is($narrow[0]->answer, 'burnt', 'and all goes on');

# Patience.
my @slow = map { session('slow') } 1, 2;
begin_burning($slow[0], 2);
is($slow[1]->ask($work), 't', 'a service has the patience of its rule');
is($slow[0]->answer, 'burnt', 'to wait for another');
my @hasty = map { session('hasty') } 1, 2;
begin_burning($hasty[0], 2);
is($hasty[1]->ask($work), 'ERROR 53400', 'or little of it');
cmp_ok($hasty[1]->took, '<', 0.9, 'and is refused soon');
$admin->ask(q{ALTER ROLE hasty SET pg_admission.transaction_queue_timeout = '10s'});
my $patient = session('hasty');
is($patient->ask($work), 't', q{what was set for a role comes before its service's});
is($hasty[0]->answer, 'burnt', 'in the end');
my @curt = map { session('curt') } 1, 2;
begin_burning($curt[0], 2);
is($curt[1]->ask($work), 'ERROR 53400', 'or none');
like($curt[1]->error('M'), qr/its service runs as many as it may/, 'and is told why');
is(service_says($admin, 'held, refused, wait_p50_ms IS NULL', 'curt'), '0 1 t', 'and not counted among those who waited');
is($curt[0]->answer, 'burnt', 'while the other goes on');
$_->hang_up for @slow, @hasty, @curt, $patient;
is(status_of($node, 'held_while_comfortable_ms'), '0', 'nobody was held for another reason');
wait_status($node, 'transactions_running + transactions_waiting + transactions_lent = 0');

#
# Priority: of one permit at a time, among more than can be served.
#

set('pg_admission.warmup_advance', 'clock');
set('pg_admission.brake', '1');
wait_status($node, 'transaction_cap = 1');
my %crowd = map { my $role = $_; ($role => [ map { session($role) } 1 .. 8 ]) } qw(low normal high);
my %served;
my %last;
my $longest = 0;
my $begun = time();
my $until = $begun + 7;
my $ended = 0;

# Only while all wait: in the first moments some have not come yet.
while (time() < $until)
{
	for my $role (keys %crowd)
	{
		for my $client (@{ $crowd{$role} })
		{
			next unless $client->state eq 'in';
			if ($client->{asked} && time() - $begun > 1)
			{
				$ended++ if $client->answer ne 'burnt';
				$served{$role}++;
			}
			$client->query('SELECT burn(0.005)');
		}
	}
	usleep(500);
}
$_->answer for map { @$_ } values %crowd;
my $all = 0;
$all += $served{$_} //= 0 for keys %crowd;
note join(', ', map { "$_: $served{$_}" } sort keys %served);
cmp_ok($all, '>', 100, 'many are served, one at a time');
is($ended, 0, 'and nobody is refused');
my %share = map { $_ => $served{$_} / $all } keys %served;
cmp_ok($share{low}, '>', 0.07, 'low priority has its tenth');
cmp_ok($share{low}, '<', 0.14, 'and not much more');
cmp_ok($share{normal}, '>', 0.15, 'normal priority has two tenths');
cmp_ok($share{normal}, '<', 0.26, 'and not much more');
cmp_ok($share{high}, '>', 0.62, 'high priority has the others');

# What high priority does not use is for the others.
is($_->ask($work), 't', 'alone, low priority is served') for $crowd{low}[0];
cmp_ok($crowd{low}[0]->took, '<', 0.7, 'at once');

# A holder in another service is not behind all of the more important.
$crowd{low}[0]->ask('SELECT pg_advisory_lock(8)');
$_->query('SELECT burn(0.2)') for @{ $crowd{high} };
wait_service($admin, 'waiting', 'high', '7');
is($crowd{low}[0]->ask($work), 't', 'who holds a lock that others may need');
cmp_ok(scalar(grep { $_->state eq 'busy' } @{ $crowd{high} }), '>=', 3, 'is not behind all of the more important');
$_->answer for @{ $crowd{high} };
set('pg_admission.brake', 'off');

#
# Nothing is left.
#

is($admin->ask(q{SELECT concat_ws(' ', sum(v.held) = max(s.transactions_held), sum(v.refused) = max(s.transactions_refused),
		sum(v.abandoned) = max(s.transactions_abandoned), sum(v.logins_held) = max(s.held),
		sum(v.logins_refused) = max(s.refused), sum(v.logins_abandoned) = max(s.abandoned))
	FROM admission.services AS v, admission.status AS s}), 't t t t t t', 'what services count adds up to what the gates do');
# Metrics have the same.
sub metric
{
	my ($name, $service) = @_;
	return $admin->ask("SELECT string_agg(concat_ws(' ', labels ->> 'gate', value), ', ' ORDER BY labels ->> 'gate')
		FROM admission.metrics WHERE name = 'pg_admission_service_$name' AND labels ->> 'service' = '$service'");
}

is(metric('cap', 'few'), 'connection 2, transaction Infinity', 'the cap on sessions is a metric');
is(metric('cap', 'narrow'), 'connection Infinity, transaction 1', 'that on transactions, too');
is(metric($_ . '_total', 'narrow'), 'connection 0, transaction ' . service_says($admin, $_, 'narrow'), "what was $_") for qw(held refused abandoned);
like(metric('waited_seconds_total', 'narrow'), qr/^connection 0, transaction [2-9]\.?\d*$/, 'and how long the line was stood in');
$_->hang_up for @narrow, $app, map { @$_ } values %crowd;
wait_until('they have gone', sub { $admin->ask('SELECT sum(sessions) FROM admission.services') eq '1' });
is($admin->ask('SELECT concat_ws($$ $$, sum(running), sum(waiting), sum(logins_waiting)) FROM admission.services'), '0 0 0', 'nothing runs or waits in any service');
is(status_of($node, q{concat_ws(' ', connections_admitted, connections_waiting, transactions_running, transactions_waiting, transactions_lent)}),
	'0 0 0 0 0', 'nor at the gates');
@few = map { session('few') } 1, 2;
@narrow = map { session('narrow') } 1, 2;
($waits) = start_clients($node, 1, user => 'few');
wait_service($admin, 'sessions, logins_waiting', 'few', '2 1');
begin_burning($narrow[0], 3);
is($narrow[1]->ask($work), 'ERROR 53400', 'and each may have as much as before, and no more');
$few[0]->hang_up;
wait_clients(1, 'in', $waits);

# Processor time is that of who is there now, not of who was there at the sample.
set('pg_admission.sample_interval', '1min');
my $past = session('normal');
$machine->set(pid => $past->{pid}, run => 1);
wait_until('seen', sub { $admin->ask('SELECT admission.sample_now()'); service_says($admin, 'cpu_percent > 50', 'normal') eq 't' });
$past->hang_up;
wait_service($admin, 'sessions', 'normal', '0');
# One of these has its place in the server.
my @used = map {
	my $present = session('high');
	my $used = service_says($admin, 'coalesce(cpu_percent, 0)', 'high');
	$present->hang_up;
	wait_service($admin, 'sessions', 'high', '0');
	$used;
} 1 .. $slots;
is(join(' ', grep { $_ ne '0' } @used), '', 'a service has not used what was used by another one');

$node->stop;
$machine->stop;
done_testing();
