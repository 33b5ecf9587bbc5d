# Pausing a service and bringing it back: who is refused, who is held and who
# goes on; that it holds through everything, and can be taken back at any time.

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

my $machine = AdmissionMachine->new(cores => 4);
my $slots = 40;
my $rules = 'chat: application_name=chat*; batch: role=batch priority=low limit=9 running=9; '
  . 'agents: role=agents priority=high; ops: role=ops exempt=on';
my $node = new_node('pausing', "max_connections = $slots", 'wal_level = replica',
	"pg_admission.sample_interval = '200ms'", "pg_admission.system_root = '" . $machine->root . "'",
	"pg_admission.connection_queue_timeout = '50s'", "pg_admission.services = '$rules'");
my $work = 'SELECT count(*) >= 0 FROM pg_class';

$node->safe_psql('postgres', q{
	CREATE ROLE batch LOGIN;
	CREATE ROLE agents LOGIN;
	CREATE ROLE ops LOGIN;
	CREATE TABLE done (a int);
	GRANT ALL ON done TO app;});
my $admin = session('admin', user => 'postgres');

sub session
{
	my ($name, %options) = @_;
	my ($client) = start_clients($node, 1, application_name => $name, %options);

	wait_clients(1, 'in', $client);
	return $client;
}

# What a function answers, and what it says besides.
sub call
{
	my ($call, @options) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', "SELECT admission.$call", @options);
	return ($out, $err);
}

# The rows of one that answers with several, these columns of them.
sub rows
{
	my ($columns, $call) = @_;
	return $node->safe_psql('postgres', "SELECT concat_ws(' ', $columns) FROM admission.$call");
}

sub set
{
	my ($setting, $value) = @_;
	$admin->ask("ALTER SYSTEM SET $setting = '$value'");
	$node->reload;
	wait_until("$setting is $value", sub { $admin->ask("SHOW $setting") eq $value });
	return;
}

# The state as the server has it, whoever tells it.
sub wait_state
{
	my ($service, $state) = @_;
	return wait_service($admin, q{state, 'by ' || paused_by}, $service, $state);
}

# Has a session run for a while; returns when it does.
sub begin_burning
{
	my ($client, $service, $seconds) = @_;
	my $before = service_says($admin, 'running', $service);

	$client->query("SELECT burn($seconds)");
	return wait_service($admin, 'running', $service, $before + 1);
}

# A new login waits.
sub is_held
{
	my ($what, $name, %options) = @_;
	my ($client) = start_clients($node, 1, application_name => $name, %options);

	wait_until("$what: it waits", sub { $admin->ask("SELECT count(*) FROM admission.waiting WHERE application_name = '$name'") eq '1' });
	is($client->state, 'held', "$what: a login is held");
	return $client;
}

sub is_refused
{
	my ($what, $client) = @_;
	is($client->ask($work), 'ERROR 53400', "$what: a transaction is refused");
	return;
}

sub restart_admin
{
	$admin = session('admin', user => 'postgres');
	return;
}

#
# What a pause does.
#

my ($idle, $works, $holds, $long, $prepared) = map { session("chat $_") } qw(idle works holds long prepared);
my $other = session('other');
$works->ask('BEGIN');
$works->ask('INSERT INTO done VALUES (1)');
$holds->ask('SELECT pg_advisory_lock(7)');
$prepared->ask("PREPARE work AS $work");
begin_burning($long, 'chat', 2);

my ($out, $err) = call(q{pause_service('chat')});
is($out, 'paused', 'a service is paused');
like($err, qr/NOTICE:  the pause holds on this server, through restart and crash, but does not follow a failover\nHINT:  .*pg_admission\.paused_services/,
	'with a notice of how far that reaches');
is(service_says($admin, 'state, paused_by, progress, session_cap, transaction_cap', 'chat'), 'paused function 0 0 0', 'the view says so');

is_refused('paused', $idle);
cmp_ok($idle->took, '<', 0.7, 'at once');
is($idle->error('M'), 'pg_admission refused this transaction: its service is paused', 'in our words');
is($idle->error('D'), 'Service "chat" is paused, by admission.pause_service().', 'with the reason');
like($idle->error('H'), qr/Try again later\..*admission\.services.*admission\.resume_service\(\)/, 'and the way out');
is($idle->error('S'), 'ERROR', 'and the session goes on');
is($idle->ask('SELECT 1'), '1', 'which a pool can tell');
is($idle->ask('BEGIN'), '', 'a block begins');
is($idle->ask($work), 'ERROR 53400', 'in which work is refused');
is($idle->ask('SELECT 1'), 'ERROR 25P02', 'and which has failed');
is($idle->ask('ROLLBACK'), '', 'and is rolled back');
is($prepared->ask('EXECUTE work'), 'ERROR 53400', 'a prepared statement is refused');
is($prepared->ask($_), '', "$_ is not") for 'SET work_mem = 1234', 'DEALLOCATE work', 'DISCARD ALL';

is($works->ask('INSERT INTO done VALUES (2)'), '', 'a transaction that has begun its work goes on');
is($works->ask('SAVEPOINT s'), '', 'whatever it does');
is($works->ask('COMMIT'), '', 'to its end');
is($other->ask('SELECT count(*) FROM done'), '2', 'and has done all of it');
is_refused('the next one', $works);
is($long->answer, 'burnt', 'a statement that ran ends well');
is($holds->ask($work), 't', 'whoever holds an advisory lock goes on');
cmp_ok($holds->took, '<', 0.7, 'at once');
is($holds->ask('SELECT pg_advisory_unlock(7)'), 't', 'until it holds none');
is_refused('without it', $holds);

my $held = is_held('paused', 'chat new');
is($admin->ask(q{SELECT concat_ws(' ', gate, service) FROM admission.waiting}), 'connection chat', 'which is shown');
for my $case ([ 'a superuser', user => 'postgres' ], [ 'monitoring', user => 'monitor' ])
{
	my ($who, %options) = @$case;
	my $client = session('chat check', %options);

	is($client->ask($work), 't', "$who of the same service goes on");
	$client->hang_up;
}
for my $role (qw(app agents ops batch))
{
	my $client = session('another', user => $role);

	is($client->ask($work), 't', "so does $role of another one");
	$client->hang_up;
}
is($admin->ask(q{SELECT sum(held + refused + logins_held + logins_refused) FROM admission.services WHERE service <> 'chat'}), '0', 'which nobody else has noticed');
is(status_of($node, q{concat_ws(' ', services_paused, advice)}) =~ s/;.*//r, q{1 paused by pause_service(): 'chat'}, 'but status says so');

# Again, and back.
($out, $err) = call(q{pause_service('chat')});
is($out, 'paused', 'pausing it again');
is($err, q{psql:<stdin>:1: NOTICE:  service "chat" is paused already}, 'changes nothing');
($out, $err) = call(q{resume_service('chat', over => '0')});
is("$out$err", 'open', 'it is brought back at once');
wait_clients(1, 'in', $held);
is($held->ask($work), 't', 'and lets in who was held');
is($_->ask($work), 't', 'and all go on') for $idle, $works, $holds, $prepared;
($out, $err) = call(q{resume_service('chat')});
is($out, 'open', 'bringing it back again');
like($err, qr/NOTICE:  service "chat" is not paused$/, 'changes nothing');
$_->hang_up for $held, $works, $holds, $prepared, $long;

# A transaction in line, and a login for want of time or of slots.
set('pg_admission.services', $rules =~ s/chat\*;/chat* running=1 patience=20s;/r);
wait_service($admin, 'transaction_limit', 'chat', '1');
my ($first, $second) = map { session("chat $_") } 1, 2;
begin_burning($first, 'chat', 2);
$second->query($work);
wait_service($admin, 'waiting', 'chat', '1');
call(q{pause_service('chat')});
is($second->answer, 'ERROR 53400', 'who waits in line is refused when its service is paused');
is($second->error('M'), 'pg_admission refused this transaction: its service is paused', 'for that');
is($first->answer, 'burnt', 'not who runs');
set('pg_admission.services', $rules);
$held = is_held('in time', 'chat late');
set('pg_admission.connection_queue_timeout', '1s');
wait_clients(1, 'refused', $held);
is($held->error('C') . ' ' . $held->error('M'), '53300 pg_admission refused this connection: its service is paused', 'and refused when its time is over');
is($held->error('D'), 'Service "chat" is paused, by admission.pause_service().', 'with the reason');
set('pg_admission.connection_queue_timeout', '50s');
my @crowd = start_clients($node, $slots / 2, application_name => 'chat crowd');
wait_service($admin, 'logins_waiting', 'chat', $slots / 2);
push @crowd, start_clients($node, 1, application_name => 'chat crowd');
wait_clients(1, 'refused', $crowd[-1]);
is($crowd[-1]->error('M'), 'pg_admission refused this connection: its service is paused', 'where many wait, one more is refused at once');
my $one = session('other');
is($one->ask($work), 't', 'another service has the slots that are left');
$_->hang_up for $one, @crowd, $first, $second;
wait_service($admin, 'logins_waiting', 'chat', '0');
call(q{resume_service('chat', over => '0')});

# What it does not take.
for my $case (
	[ q{pause_service('nobody')}, qr/service "nobody" does not exist.*are: .*chat/s ],
	[ q{pause_service(NULL)}, qr/the name of a service must not be null/ ],
	[ q{pause_service('ops')}, qr/service "ops" cannot be paused: it is exempt.*exempt=on/s ],
	[ q{pause_service('chat', true, '2 hours')}, qr/grace is out of range/ ],
	[ q{pause_service('chat', true, '-1 s')}, qr/grace is out of range/ ],
	[ q{pause_service('chat', true, NULL)}, qr/grace is out of range/ ],
	[ q{resume_service('nobody')}, qr/service "nobody" does not exist/ ],
	[ q{resume_service(NULL)}, qr/the name of a service must not be null/ ],
	[ q{resume_service('chat', over => '-1 s')}, qr/over is out of range/ ],
	[ q{resume_service('chat', over => '25 days')}, qr/over is out of range.*24 days/s ],
	[ q{resume_service('chat', over => NULL)}, qr/over must not be null/ ],
	[ q{pause_services(ARRAY['chat', 'nobody'])}, qr/service "nobody" does not exist/ ],
	[ q{pause_services(ARRAY['chat', NULL])}, qr/the name of a service must not be null/ ],
	[ q{resume_services('1 s', ARRAY['nobody'])}, qr/service "nobody" does not exist/ ],
	[ q{pause_services(ARRAY['chat', 'ops'])}, qr/service "ops" cannot be paused/ ])
{
	my ($call, $why) = @$case;
	like((call($call))[1], qr/ERROR:  $why/, "$call is refused");
	is($admin->ask(q{SELECT string_agg(service, ' ') FROM admission.services WHERE state <> 'open'}), '', 'and changes nothing');
}
call(q{resume_services('0')});
like((call($_, extra_params => [ '-U', 'monitor' ]))[1], qr/permission denied for function/, "monitoring may not call $_")
  for q{pause_service('chat')}, q{pause_services()}, q{resume_service('chat')}, q{resume_services()}, q{disconnect_service('chat', '0')};

#
# With disconnect.
#

my @idle = map { session("chat idle $_") } 1, 2;
my ($ends, $stays) = map { session("chat $_") } qw(ends stays);
my $caller = session('caller', user => 'postgres');
begin_burning($ends, 'chat', 2);
$stays->query('SELECT pg_sleep(600)');
wait_service($admin, 'running', 'chat', '2');
call(q{pause_service('chat')});
$held = is_held('before a disconnect', 'chat held');
my $begun = time();
$caller->query(q{SELECT admission.pause_service('chat', disconnect => true, grace => '5 s')});
wait_clients(3, 'refused', @idle, $idle);
cmp_ok(time() - $begun, '<', 4, 'who idles is closed at once');
is($idle[0]->error('C'), '57P01', 'as by an administrator');
wait_clients(1, 'refused', $ends);
is($ends->{rows}[-1], 'burnt', 'who runs has time to end');
is($stays->state, 'busy', 'and is closed when it idles');
is($caller->answer, 'paused', 'the call returns');
cmp_ok(time() - $begun, '>', 4.9, 'when the time is over');
wait_clients(1, 'refused', $stays);
is($stays->error('C'), '57P01', 'and who still runs is closed');
is($other->ask($work), 't', 'nobody else is');
is($held->state, 'held', 'nor who is held');
is(service_says($admin, 'sessions, running, logins_waiting, state', 'chat'), '0 0 1 paused', 'else nothing is left of the service');
$held->hang_up;
($out, $err) = call(q{pause_service('chat', disconnect => true, grace => '0')});
like($err, qr/NOTICE:  service "chat" is paused already.*NOTICE:  sessions of service "chat" that were closed: 0/s, 'once more finds nobody');
call(q{resume_service('chat', over => '0')});
$caller->hang_up;

#
# Where it does not hold, it says so.
#

my $chat = session('chat');
for my $mode (qw(observe off))
{
	set('pg_admission.mode', $mode);
	wait_status($node, "mode = '$mode'");
	($out, $err) = call(q{pause_service('chat')});
	like($err, qr/WARNING:  the pause holds nobody: pg_admission\.mode is "$mode"/, "mode $mode: a pause says that it holds nobody");
	is(service_says($admin, 'state', 'chat'), 'paused', "mode $mode: but is kept");
	is($chat->ask($work), 't', "mode $mode: a transaction goes on");
	session('chat by the way')->hang_up;
	set('pg_admission.mode', 'enforce');
	wait_status($node, q{mode = 'enforce'});
	is_refused("after mode $mode", $chat);
	call(q{resume_service('chat', over => '0')});
}
set('pg_admission.transaction_gate', 'off');
($out, $err) = call(q{pause_service('chat')});
like($err, qr/WARNING:  the pause holds only logins: pg_admission\.transaction_gate is off/, 'without the transaction gate it says so');
wait_service($admin, 'transaction_cap IS NULL', 'chat', 't');
is($chat->ask($work), 't', 'a transaction goes on');
$held = is_held('without the transaction gate', 'chat held');
set('pg_admission.transaction_gate', 'on');
wait_service($admin, 'transaction_cap', 'chat', '0');
is_refused('with it again', $chat);
$_->hang_up for $chat, $held;

#
# Through everything.
#

$node->restart;
restart_admin();
$held = is_held('after a restart', 'chat held');
is(service_says($admin, 'state, paused_by', 'chat'), 'paused function', 'the pause is still there');
$node->stop('immediate');
$node->start;
restart_admin();
$held = is_held('after a crash', 'chat held');
call(q{resume_service('chat', over => '0')});
wait_clients(1, 'in', $held);
call(q{pause_service('chat')});
call(q{pause_service('batch')});
$node->set_standby_mode;
$node->restart;
restart_admin();
is($admin->ask('SELECT pg_is_in_recovery()'), 't', 'as a standby');
$held = is_held('on a standby', 'chat held');
($out, $err) = call(q{resume_service('chat', over => '0')});
is("$out$err", 'open', 'a service can be brought back there');
wait_clients(1, 'in', $held);
is($held->ask($work), 't', 'and works');
is((call(q{pause_service('chat')}))[0], 'paused', 'and be paused');
is_refused('on a standby', $held);
$node->promote;
wait_until('promotion', sub { $admin->ask('SELECT pg_is_in_recovery()') eq 'f' });
is_refused('promoted', $held);
is(join(' ', service_says($admin, 'state', 'chat'), service_says($admin, 'state', 'batch')), 'paused paused', 'what is paused stays so');

# On the way back, too.
call(q{resume_service('chat', over => '100 s')});
wait_until('some progress', sub { service_says($admin, 'progress > 0.02', 'chat') eq 't' });
$node->restart;
restart_admin();
is(service_says($admin, 'state, progress BETWEEN 0.02 AND 0.9', 'chat'), 'resuming t', 'a service that comes back goes on after a restart');
$node->stop('immediate');
$node->start;
restart_admin();
is(service_says($admin, 'state, progress BETWEEN 0.02 AND 0.9', 'chat'), 'resuming t', 'and a crash');
call(q{pause_services()});
call(q{resume_services('1 hour', ARRAY['batch', 'chat'])});
$node->restart;
restart_admin();
is(join(', ', map { service_says($admin, 'state, turn', $_) } qw(batch chat agents default)), 'resuming, waiting its turn 2, paused, paused', 'and those that wait their turn');
call(q{resume_service('batch', over => '0'), admission.resume_service('agents', over => '0'), admission.resume_service('chat', over => '0'), admission.resume_service('default', over => '0')});

#
# By the setting.
#

$chat = session('chat');
my $agent = session('agent', user => 'agents');
my $log = -s $node->logfile;
set('pg_admission.paused_services', 'chat, nobody');
ok($node->wait_for_log(qr/pg_admission\.paused_services names "nobody", which is no service/, $log), 'a name that is no service is in the log');
wait_state('chat', 'paused by setting');
is_refused('by the setting', $chat);
is($chat->error('D'), 'Service "chat" is paused, by the setting pg_admission.paused_services.', 'with the reason');
like($chat->error('H'), qr/take it out of "pg_admission\.paused_services"/, 'and the way out');
$held = is_held('by the setting', 'chat held');
is($agent->ask($work), 't', 'others go on');
like((call(q{resume_service('chat')}))[1],
	qr/ERROR:  service "chat" is paused by the setting pg_admission\.paused_services\n.*HINT:  For it to come back step by step: pause it with admission\.pause_service\(\), too;/s,
	'the functions do not bring it back, and say how to');
is((call(q{pause_service('chat')}))[0], 'paused', 'but pause it, too');
wait_state('chat', 'paused by setting and function');
set('pg_admission.paused_services', 'agents');
wait_state('chat', 'paused by function');
is_refused('both must be released', $chat);
wait_state('agents', 'paused by setting');
is_refused('the other one', $agent);
call(q{resume_service('chat', over => '0')});
is($chat->ask($work), 't', 'the one is back');
wait_clients(1, 'in', $held);
set('pg_admission.paused_services', '*');
wait_state('default', 'paused by setting');
is_refused('all', $_) for $chat, $agent;
my $ops = session('ops', user => 'ops');
is($ops->ask($work), 't', 'but who is exempt');
$held->hang_up;
$held = is_held('all', 'ordinary');
like((call(q{resume_services()}))[1], qr/NOTICE:  service "agents" stays paused, by the setting pg_admission\.paused_services/,
	'none is brought back');
$node->restart;
restart_admin();
$held = is_held('after a restart', 'ordinary');
is($admin->ask(q{SELECT string_agg(concat_ws(' ', service, state), ', ' ORDER BY service) FROM admission.services WHERE paused_by = 'setting'}),
	'agents paused, batch paused, chat paused, default paused', 'all are paused from the first moment on');
$admin->ask(q{ALTER SYSTEM SET pg_admission.paused_services = 'chat,'});
is($admin->error('C'), '22023', 'a wrong value is refused');
set('pg_admission.paused_services', '');
wait_clients(1, 'in', $held);
is($admin->ask(q{SELECT string_agg(service, ' ') FROM admission.services WHERE state <> 'open'}), '', 'taken out, all are open');
$held->hang_up;

#
# Step by step.
#

my @batch = map { session('batch', user => 'batch') } 1, 2;
call(q{pause_service('batch')});
call(q{resume_service('batch', over => '1 hour')});
is(service_says($admin, 'state, transaction_limit, transaction_cap, session_cap', 'batch'), 'resuming 9 1 1', 'a service comes back with one transaction');
begin_burning($batch[0], 'batch', 3);
is($batch[1]->ask($work), 'ERROR 53400', 'and the next one is refused');
is($batch[1]->error('D'), 'Service "batch" comes back step by step; transactions running: 1 of at most 1, waiting: 0.', 'with the reason');
like($batch[1]->error('H'), qr/admission\.resume_service\(\.\.\., over => '0'\)/, 'and the way out');
$held = is_held('with more sessions than it may have', 'batch held', user => 'batch');
($out, $err) = call(q{resume_service('batch', over => '1 s')});
is($out, 'resuming', 'asked again');
like($err, qr/NOTICE:  service "batch" comes back already\n.*over => '0'/, 'it goes on as it was');
like(status_of($node, 'advice'), qr/"batch" comes back .* to open all at once: SELECT \* FROM admission\.resume_services\(over => '0'\);/, 'status has a call');
($out, $err) = call(q{resume_services(over => '0')});
is($err, '', 'which, named or not, finds it');
wait_clients(1, 'in', $held);
pass('and opens it at once');
is($batch[0]->answer, 'burnt', 'beside the one that runs');
$held->hang_up;

call(q{pause_service('batch')});
$begun = time();
call(q{resume_service('batch', over => '4 s')});
my @seen;
wait_until('it has come back', sub {
	push @seen, [ split ' ', service_says($admin, 'state, progress, transaction_cap, session_cap', 'batch') ];
	return $seen[-1][0] eq 'open' });
cmp_ok(time() - $begun, '>', 3.5, 'over 4 seconds');
for my $column (1 .. 3)
{
	my @values = map { $_->[$column] } @seen;
	is("@values", join(' ', sort { $a <=> $b } @values), ('', 'progress', 'its transactions', 'its sessions')[$column] . ' grow');
}
is("$seen[0][0] $seen[0][2]", 'resuming 1', 'from one');
is("$seen[-1][1] $seen[-1][2] $seen[-1][3]", '1 9 9', 'to all');
ok((grep { $_->[2] > 2 && $_->[2] < 8 } @seen), 'by way of some');
is($_->ask($work), 't', 'and all work') for @batch;

# Under pressure progress stands, or falls.
sub samples
{
	$admin->ask(join('', map { 'SELECT admission.sample_now();' } 1 .. 8));
	return;
}

set('pg_admission.warmup_advance', 'load');
wait_status($node, q{pressure_level = 'comfortable'});
call(q{pause_service('batch')});
call(q{resume_service('batch', over => '8 s')});
wait_until('the way', sub { service_says($admin, 'transaction_cap >= 4', 'batch') eq 't' });
pass('progress on a comfortable machine');
$machine->set(running => 4, waiting => 6);
wait_status($node, q{pressure_level = 'high'});
samples();
my $progress = service_says($admin, 'progress', 'batch');
samples();
is(service_says($admin, 'state, progress', 'batch'), "resuming $progress", 'high pressure: progress stands');
$machine->set(running => 4, waiting => 36);
wait_until('a cut', sub { service_says($admin, "progress < $progress", 'batch') eq 't' });
my $expected = (0.8 * (1 + 8 * $progress) - 1) / 8;
cmp_ok(abs(service_says($admin, 'progress', 'batch') - $expected), '<', 0.01, 'critical pressure: a fifth is taken off');
$machine->set(running => 1, waiting => 0);
wait_until('it goes on', sub { service_says($admin, "progress > $progress", 'batch') eq 't' });
pass('comfortable again: it goes on');
is((call(q{pause_service('batch')}))[0], 'paused', 'in the middle it is paused');
is(service_says($admin, 'progress, transaction_cap', 'batch'), '0 0', 'entirely');
is_refused('in the middle', $batch[0]);
call(q{resume_service('batch', over => '0')});
set('pg_admission.warmup_advance', 'clock');

#
# One after another.
#

$chat = session('chat');
call(q{pause_services()});
is($admin->ask(q{SELECT string_agg(service, ' ') FROM admission.services WHERE state = 'paused'}), 'chat batch agents default', 'all but the exempt are paused');
my $since = $admin->ask('SELECT clock_timestamp()');
is(rows('service, state, turn', q{resume_services(over => '2 s')}),
	"agents resuming\nchat waiting its turn 2\ndefault waiting its turn 3\nbatch waiting its turn 4", 'by priority, and then as in the rules');
is_refused('waiting its turn', $chat);
is($chat->error('D'), 'Service "chat" is paused, until it is its turn to come back.', 'with the reason');
my $most = 0;
wait_until('all have come back', sub {
	my ($open, $on_the_way) = split ' ', $admin->ask(q{SELECT concat_ws(' ', count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'resuming')) FROM admission.services});
	$most = $on_the_way if $on_the_way > $most;
	return $open == 5;
});
is($most, 1, 'only one is on its way at a time');
cmp_ok($admin->ask("SELECT extract(epoch FROM clock_timestamp() - '$since')"), '>', 7, 'each in its own time');
is($admin->ask(qq{SELECT string_agg(message, E'\n' ORDER BY at) FROM admission.events WHERE kind = 'service' AND at > '$since'}),
	join("\n", map { "pg_admission: $_" } '4 services were resumed, one after another, by postgres',
		'service "agents" has come back', 'service "chat" comes back: it is its turn', 'service "chat" has come back',
		'service "default" comes back: it is its turn', 'service "default" has come back',
		'service "batch" comes back: it is its turn', 'service "batch" has come back'),
	'the record has it in its order');

# In an order of one's own, and out of the order.
call(q{pause_services()});
is(rows('service, state, turn', q{resume_services('1 hour', ARRAY['batch', 'chat', 'default'])}),
	"batch resuming\nchat waiting its turn 2\ndefault waiting its turn 3", 'as they are named');
is((call(q{resume_service('default', over => '0')}))[0], 'open', 'one is taken out of its turn');
is(service_says($admin, 'state', 'agents') . ' ' . service_says($admin, 'state', 'chat'), 'paused waiting its turn', 'the others stay');
($out, $err) = call(q{pause_service('batch')});
like($err, qr/NOTICE:  services that waited to come back after "batch" stay paused: 1/, 'pausing the one that is on its way');
is(join(' ', map { service_says($admin, 'state', $_) } qw(batch chat agents default)), 'paused paused paused open', 'stops those behind it');
call(q{resume_services('1 hour', ARRAY['chat', 'batch'])});
call(q{resume_service('chat', over => '0')});
wait_state('batch', 'resuming');
pass('when one is opened at once, it is the turn of the next');
call(q{resume_service('batch', over => '0'), admission.resume_service('agents', over => '0')});

#
# A service that leaves the rules.
#

call(q{pause_service('chat')});
set('pg_admission.services', $rules =~ s/chat: [^;]*; //r);
wait_service($admin, 'rule IS NULL, state, paused_by', 'chat', 't paused function');
pass('a paused service that has left the rules is listed');
is($chat->ask($work), 't', 'its sessions belong to another one');
$chat->hang_up;
$node->restart;
restart_admin();
is(service_says($admin, 'rule IS NULL, state, paused_by', 'chat'), 't paused function', 'and it is after a restart');
$chat = session('chat');
set('pg_admission.services', $rules);
wait_service($admin, 'rule IS NULL, state', 'chat', 'f paused');
is_refused('back in the rules', $chat);
is((call(q{resume_service('chat', over => '0')}))[0], 'open', 'it can be brought back');
is($chat->ask($work), 't', 'and works');

# One that has become exempt is open, and stays so when it loses that again: after
# a crash, and if that was when the server started.
my $exempt = $rules =~ s/chat: [^;]*/$& exempt=on/r;
call(q{pause_service('chat')});
set('pg_admission.services', $exempt);
wait_service($admin, 'state', 'chat', 'open');
$node->poll_query_until('postgres', q{SELECT pg_read_file('pg_admission.state') !~ 'chat'}) or die 'not saved';
$node->stop('immediate');
$node->start;
restart_admin();
set('pg_admission.services', $rules);
is(service_says($admin, 'state', 'chat'), 'open', 'a crash does not bring back the pause of one that was exempt');
call(q{pause_service('chat')});
$admin->ask("ALTER SYSTEM SET pg_admission.services = '$exempt'");
$node->restart;
restart_admin();
set('pg_admission.services', $rules);
is(service_says($admin, 'state', 'chat'), 'open', 'nor does a start with it');
$chat = session('chat');
is($chat->ask($work), 't', 'so that it works');

# Whose hand it was.
$node->safe_psql('postgres', q{SET application_name = 'on call'; SELECT admission.pause_service('chat'), admission.resume_service('chat', over => '0')});
is($admin->ask(q{SELECT string_agg(concat_ws(' ', message, actor_role, actor_application), ', ')
	FROM (SELECT * FROM admission.events WHERE kind = 'service' ORDER BY at DESC LIMIT 2) AS e}),
	'pg_admission: service "chat" was resumed by postgres postgres on call, pg_admission: service "chat" was paused by postgres postgres on call',
	'the record has who asked');

$_->hang_up for $chat;
wait_until('all have gone', sub { $admin->ask('SELECT sum(sessions) FROM admission.services') eq '1' });
is(status_of($node, q{concat_ws(' ', connections_admitted, connections_waiting, transactions_running, transactions_waiting, transactions_lent, services_paused)}),
	'0 0 0 0 0 0', 'nothing is left');
$node->stop;
$machine->stop;
done_testing();
