# Stopping sessions by what they have in common: whom each criterion means, what
# a dry run says, what came of each signal, and what stands in the record.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('stopping', 'max_connections = 60', 'autovacuum = off',
	"listen_addresses = '127.0.0.1'", "pg_admission.sample_interval = '200ms'");
$node->safe_psql('postgres', q{
	CREATE ROLE clerk LOGIN;
	CREATE ROLE "o'brien" LOGIN;
	CREATE ROLE signaller LOGIN IN ROLE pg_signal_backend;
	CREATE ROLE quiet LOGIN;
	ALTER ROLE quiet SET track_activities = off;
	CREATE FUNCTION stubborn() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		LOOP
			BEGIN
				PERFORM pg_sleep(600);
			EXCEPTION WHEN query_canceled THEN
				NULL;
			END;
		END LOOP;
	END $$;
	CREATE PROCEDURE stubborn_batch() LANGUAGE plpgsql AS $$
	BEGIN
		LOOP
			BEGIN
				PERFORM pg_sleep(600);
			EXCEPTION WHEN query_canceled THEN
				NULL;
			END;
			COMMIT;
		END LOOP;
	END $$;
	CREATE DATABASE shop;});

# All sessions by their application_name.
my %session;
my $admin = session('admin', user => 'postgres');
my $signals = 0;

sub session
{
	my ($name, %options) = @_;
	my $client = AdmissionClient->new($node, application_name => $name, %options);

	wait_clients(1, 'in', $client);
	return $session{$name} = $client;
}

sub session_by_tcp
{
	my ($name) = @_;
	no warnings 'redefine';
	local *IO::Socket::UNIX::new = sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $node->port)
	};
	return session($name);
}

# Starts a statement and waits until the session waits for what it is to wait for.
sub start
{
	my ($client, $sql, $wait_event) = @_;
	$client->query($sql);
	wait_until($sql, sub {
		$admin->ask("SELECT wait_event FROM pg_stat_activity WHERE pid = $client->{pid}") eq $wait_event });
	return;
}

# Who would be stopped.
sub found
{
	my ($criteria) = @_;
	return $admin->ask(qq{SELECT string_agg(application_name, ' ' ORDER BY application_name)
		FROM admission.find_backends($criteria) WHERE left_alone IS NULL});
}

# What came of a call, a line for each session; counts the signals it tells of.
sub stop
{
	my ($call, $caller) = @_;
	my $rows = ($caller // $admin)->ask(qq{
		SELECT string_agg(concat_ws(' | ', application_name, done, gone), E'\n') FROM admission.$call});

	$signals += () = $rows =~ /\b(?:cancelled|terminated)\b/g;
	return $rows;
}

# The interval since what an activity's column says, and so much more.
sub since
{
	my ($column, $name, $more) = @_;
	return qq{(SELECT statement_timestamp() - $column + '$more us' FROM pg_stat_activity WHERE application_name = '$name')};
}

sub living
{
	return join(' ', sort grep { $session{$_}->state !~ /refused|closed/ } keys %session);
}

# The record about a session.
sub events
{
	my ($client, $columns) = @_;
	return $admin->ask(qq{SELECT string_agg(concat_ws(' | ', $columns), E'\n')
		FROM admission.events WHERE kind = 'stop' AND pid = $client->{pid}});
}

sub end_sessions
{
	for my $client (map { delete $session{$_} } @_)
	{
		$admin->ask("SELECT pg_terminate_backend($client->{pid}, 10000)");
		$client->hang_up;
	}
	return;
}

# Who is there, in this order.
session('clerk', user => 'clerk');
session('shopper', database => 'shop');
session_by_tcp('remote');
session('holder')->ask('BEGIN');
$session{holder}->ask('SELECT pg_advisory_lock(1)');
session('keeper')->ask('BEGIN');
$session{keeper}->ask('SELECT pg_advisory_lock(2)');
session('broken')->ask('BEGIN');
$session{broken}->ask('SELECT 1/0');
session('wboss', user => 'postgres')->ask('BEGIN');
start(session('early'), 'SELECT pg_sleep(600)', 'PgSleep');
start(session("w$_"), 'SELECT pg_advisory_lock_shared(' . ($_ < 3 ? 1 : 2) . ')', 'advisory') for 1 .. 3;
start(session('late'), 'SELECT /* Report */ pg_sleep(600)', 'PgSleep');

# Each criterion alone.
my @criteria = (
	[ q{role_name => 'clerk'}, 'clerk' ],
	[ q{database_name => 'shop'}, 'shopper' ],
	[ q{application_name => 'w_'}, 'w1 w2 w3' ],
	[ q{application_name => 'W%'}, '' ],
	[ q{application_name => 'arly'}, '' ],
	[ q{client => '127.0.0.1'}, 'remote' ],
	[ q{client => '127.0.0.0/8'}, 'remote' ],
	[ q{client => '127.0.0.2'}, '' ],
	[ q{client => '10.0.0.0/8'}, '' ],
	[ q{state => 'active'}, 'early late w1 w2 w3' ],
	[ q{state => 'idle'}, 'clerk remote shopper' ],
	[ q{state => 'idle in transaction'}, 'holder keeper' ],
	[ q{state => 'idle in transaction (aborted)'}, 'broken' ],
	[ q{state => 'fastpath function call'}, '' ],
	[ q{state => 'waiting for admission'}, '' ],
	[ 'min_runtime => ' . since('query_start', 'w1', 1), 'early' ],
	[ 'min_runtime => ' . since('query_start', 'w1', 0), 'early w1' ],
	[ 'min_runtime => ' . since('query_start', 'late', 0), 'early late w1 w2 w3' ],
	[ 'min_transaction_age => ' . since('xact_start', 'keeper', 1), 'holder' ],
	[ 'min_transaction_age => ' . since('xact_start', 'keeper', 0), 'holder keeper' ],
	[ 'min_transaction_age => ' . since('xact_start', 'late', 0), 'early holder keeper late w1 w2 w3' ],
	[ 'min_idle_in_transaction => ' . since('state_change', 'keeper', 1), 'holder' ],
	[ 'min_idle_in_transaction => ' . since('state_change', 'keeper', 0), 'holder keeper' ],
	[ 'min_idle_in_transaction => ' . since('state_change', 'late', 0), 'broken holder keeper' ],
	[ q{query => 'select%REPORT%'}, 'late' ],
	[ q{wait_event => 'PgSleep'}, 'early late' ],
	[ q{wait_event => 'advisory'}, 'w1 w2 w3' ],
	[ 'blocking_at_least => 1', 'holder keeper' ],
	[ 'blocking_at_least => 2', 'holder' ],
	[ 'blocking_at_least => 3', '' ],

	# Together they narrow it down; null is none.
	[ q{role_name => 'clerk', database_name => 'shop'}, '' ],
	[ q{state => 'active', wait_event => 'PgSleep', min_runtime => } . since('query_start', 'late', 1), 'early' ],
	[ q{role_name => 'app', state => 'idle', database_name => 'postgres'}, 'remote' ],
	[ q{role_name => NULL, client => NULL, database_name => 'shop'}, 'shopper' ],

	# Who of those.
	[ q{application_name => 'w%', victims => 'oldest'}, 'w1' ],
	[ q{application_name => 'w%', victims => 'all_but_oldest'}, 'w2 w3' ],
	[ q{application_name => 'w%', max_victims => 2}, 'w1 w2' ],
	[ q{application_name => 'w%', max_victims => 9}, 'w1 w2 w3' ],
	[ q{application_name => 'w%', victims => 'oldest', max_victims => 2}, 'w1 w2' ],
	[ q{application_name => 'w%', victims => 'all_but_oldest', max_victims => 1}, 'w2' ],
	[ q{state => 'idle', victims => 'oldest'}, 'clerk' ]);
is(found($_->[0]), $_->[1], "whom it means: $_->[0]" =~ s/\(SELECT.*?\)$/.../r) for @criteria;

is($admin->ask(q{SELECT reason FROM admission.find_backends(role_name => 'app', database_name => 'postgres',
		application_name => 'hold%', client => NULL, state => 'idle in transaction', query => '%lock%', blocking_at_least => 1)}),
	'role app, database postgres, application_name like hold%, state idle in transaction, query like %lock%, blocking 2',
	'the reason says all of it');

# Protected ones are shown last and take nobody's place.
is($admin->ask(q{SELECT string_agg(concat_ws(': ', application_name, left_alone), ', ')
		FROM admission.find_backends(application_name => 'w%', victims => 'all_but_oldest', max_victims => 1)}),
	q{w2, wboss: a superuser's session}, 'who is left alone does not count');
end_sessions('wboss');

# By processor time.
session('worker')->query('SELECT burn(600)');
wait_until('one that burns', sub { found('min_cpu_percent => 10') eq 'worker' });
is(found('min_cpu_percent => 10'), 'worker', 'whom it means: min_cpu_percent');
is(found('min_cpu_percent => 2000'), '', 'and not more than there is');
is(found(q{application_name => 'w%', victims => 'top_cpu'}), 'worker', 'top_cpu is one');
wait_until('idle processors', sub { found(q{application_name => 'w%', victims => 'top_cpu', max_victims => 2}) eq 'w1 worker' });
is(found(q{application_name => 'w%', victims => 'top_cpu', max_victims => 2}), 'w1 worker', 'or the first two');
is(stop(q{terminate_backends(min_cpu_percent => 10, dry_run => false, wait => '10 s')}), 'worker | terminated | t', 'one that burns ends');
wait_clients(1, 'refused', delete $session{worker});
end_sessions(qw(w1 w2 w3 remote shopper));

# A dry run stops nobody, and its last row does exactly what it shows.
session($_, user => "o'brien") for "it's 1", "it's 2", "it's 3", 'its 4';
session("it's 5");
my $all = living();
my $options = q{role_name => 'o''brien', application_name => 'it''s%', victims => 'all_but_oldest', max_victims => 1, wait => '10 s'};
for my $dry_run ('', ', dry_run => NULL', ', dry_run => true')
{
	is(stop("terminate_backends($options, grace => '10 ms'$dry_run) WHERE pid IS NOT NULL"),
		q{it's 2 | nothing yet: a dry run}, "a dry run$dry_run");
	is(stop("cancel_backends($options$dry_run) WHERE pid IS NOT NULL"), q{it's 2 | nothing yet: a dry run}, 'of a cancel');
}
is(events($session{"it's 2"}, 'outcome'), '', 'leaves no record');
is(living(), $all, 'and stops nobody');
for my $verb ('cancel', 'terminate')
{
	my $text = $admin->ask("SELECT done FROM admission.${verb}_backends($options) WHERE pid IS NULL");

	like($text, qr/^to do it: SELECT \* FROM admission\.${verb}_backends\(.*, dry_run => false\);$/, 'its last row says how to do it');
	my ($call) = $text =~ /FROM admission\.(.*);$/;
	is(stop($call), $verb eq 'cancel' ? q{it's 2 | nothing to cancel: it is idle} : q{it's 2 | terminated | t}, "which does it: $verb");
}
delete $session{"it's 2"};
is(living(), $all =~ s/it's 2 //r, 'to those it showed, and to nobody else');
end_sessions("it's 1", "it's 3", "it's 5", 'its 4');
my ($rc, $stdout, $stderr) = $node->psql('postgres', q{SELECT * FROM admission.terminate_backends(role_name => 'o''brien', dry_run => false)});
is("$rc$stdout", '0', 'nobody is no error');
like($stderr, qr/NOTICE:  nobody meets the criteria: role_name => 'o''brien'/, 'but worth a notice');

# Whatever it says can be read again, and says the same.
my $everything = q{role_name => 'o''brien', database_name => 'shop', application_name => E'%\\\\ "it''s" \\u00f6\n', client => '10.0.0.0/8',
	state => 'active', min_cpu_percent => 1.5, min_runtime => '1.5 s', min_transaction_age => '1 day 2 h', min_idle_in_transaction => '1 us',
	query => '%;--', wait_event => 'PgSleep', blocking_at_least => 3, victims => 'top_cpu', max_victims => 4,
	grace => '250 ms', wait => '1 min', include_protected => true};
sub told
{
	my ($arguments) = @_;
	my ($rc, $stdout, $stderr) = $node->psql('postgres', "SELECT * FROM admission.terminate_backends($arguments)");
	return $stdout eq '' && $stderr =~ /NOTICE:  nobody meets the criteria: (.*)\z/s ? $1 =~ s/\s+\z//r : "$stdout$stderr";
}
my $again = told($everything);
is(scalar(() = $again =~ / => /g), 17, 'a dry run tells all criteria and options');
is(told($again), $again, 'in a way that says the same again');

# Errors, before anybody is stopped.
my @wrong = (
	[ '', '22023', qr/no criterion: this would be everybody$/ ],
	[ q{role_name => NULL, victims => 'oldest', max_victims => 1}, '22023', qr/no criterion/ ],
	[ q{role_name => 'nobody there'}, '42704', qr/role "nobody there" does not exist$/ ],
	[ q{database_name => 'nowhere'}, '3D000', qr/database "nowhere" does not exist$/ ],
	[ q{state => 'sleeping'}, '22023', qr/invalid state: "sleeping"$/ ],
	(map { [ "min_cpu_percent => $_", '22023', qr/min_cpu_percent must be greater than 0: $_$/ ] } 0, -1),
	(map { my $name = $_; map { [ "$name => '$_'", '22023', qr/$name must be greater than 0: / ] } '0', '-1 s' }
		qw(min_runtime min_transaction_age min_idle_in_transaction)),
	(map { [ "blocking_at_least => $_", '22023', qr/blocking_at_least must be greater than 0: $_$/ ] } 0, -1),
	(map { [ "state => 'idle', victims => $_", '22023', qr/invalid victims: / ] } q{'youngest'}, q{''}, 'NULL'),
	(map { [ "state => 'idle', max_victims => $_", '22023', qr/max_victims must be at least 1: $_$/ ] } 0, -1));
my @wrong_times = map { [ "state => 'idle', $_", '22023', qr/grace and wait must be between 0 and 1 hour$/ ] }
	q{wait => '-1 ms'}, q{wait => '61 min'};
my @wrong_grace = map { [ $_->[0] =~ s/wait/grace/r, @$_[ 1, 2 ] ] } @wrong_times;

sub refuses
{
	my ($caller, $call, $sqlstate, $message) = @_;
	my $answer = $caller->ask("SELECT * FROM admission.$call");

	like("$answer: " . $caller->error('M'), qr/^ERROR $sqlstate: $message/, 'an error: ' . $call =~ s/'\{"?\d.*?\}'/.../gr);
	return;
}
$all = living();
my %wrong = (find => [@wrong], cancel => [ @wrong, @wrong_times ], terminate => [ @wrong, @wrong_times, @wrong_grace ]);
for my $verb (sort keys %wrong)
{
	my $really = $verb eq 'find' ? '' : 'dry_run => false';
	refuses($admin, "${verb}_backends(" . join(', ', grep { $_ ne '' } $_->[0], $really) . ')', @$_[ 1, 2 ]) for @{ $wrong{$verb} };
}
refuses($admin, qq{stop_matching(true, '{"aplication_name": "x"}', 'all', NULL, false, NULL, NULL, false)}, '22023', 'unknown criterion: "aplication_name"');
refuses($admin, qq{stop_matching(true, '{"role_name": null}', 'all', NULL, false, NULL, NULL, false)}, '22023', 'no criterion: this would be everybody');
my $signaller = session('signaller', user => 'signaller');
my ($pid, $start) = ($session{clerk}{pid},
	$admin->ask("SELECT backend_start FROM pg_stat_activity WHERE pid = $session{clerk}{pid}"));
my @direct = ("'{$pid}'", qq('{"$start"}'), 'true', 'false', 'NULL', 'NULL', q{'by hand'});

# A call by hand, with some arguments replaced.
sub by_hand
{
	my (%instead) = @_;
	return 'stop_backends(' . join(', ', map { $instead{$_} // $direct[$_] } 0 .. $#direct) . ')';
}
for my $call (q{find_backends(state => 'idle', include_protected => true)},
	map { "${_}_backends(state => 'idle', include_protected => true, dry_run => false)" } 'cancel', 'terminate')
{
	refuses($signaller, $call, '42501', qr/must be superuser to use include_protected$/);
}
refuses($signaller, by_hand(3 => 'true'), '42501', qr/must be superuser to use include_protected$/);
refuses($signaller, "protection($pid, '$start', true)", '42501', qr/must be superuser to use include_protected$/);
for my $n (4, 5)
{
	refuses($admin, by_hand($n => $_), '22023', qr/(grace|wait) is out of range$/) for q{'-1 ms'}, q{'61 min'};
}
refuses($admin, by_hand($_ => 'NULL'), '22004', qr/only grace and wait may be null$/) for 0 .. 3, 6;
refuses($admin, by_hand(0 => "'{$pid, $pid}'"), '2202E', qr/there must be as many times as processes$/);
refuses($admin, by_hand(0 => "'{NULL}'"), '22004', qr/null array element/);
is(living(), "$all signaller", 'nobody was stopped by any of these');

# A session is its process and the time when it began.
is($admin->ask(q{SELECT concat_ws(' | ', done, gone) FROM admission.} . by_hand(1 => "ARRAY['$start'::timestamptz + '$_ us']")),
	'it had gone already | t', "an earlier or later session of that process: $_ us") for -1, 1;
is($session{clerk}->ask('SELECT 1'), 1, 'the one that is there lives on');
is(events($session{clerk}, 'outcome'), '', 'without a record');
is($admin->ask("SELECT admission.protection($pid, '$start'::timestamptz + '1 us', false) IS NULL"), 't', 'nor is it protected');

# Cancelled: the statement ends, the session goes on.
is(stop(q{cancel_backends(application_name => 'late', dry_run => false, wait => '10 s')}), 'late | cancelled | t', 'a statement is cancelled');
is($session{late}->answer, 'ERROR 57014', 'which its client is told');
is($session{late}->ask('SELECT 1'), 1, 'and the session goes on');
is(events($session{late}, q{message, actor_role, actor_pid, actor_application, actor_address, role, database, application_name, detail, outcome}),
	"pg_admission cancels what is done by process $session{late}{pid} of role \"app\" | postgres | $admin->{pid} | admin | local"
	  . q{ | app | postgres | late | Criteria: application_name => 'late', wait => '00:00:10'. | ended}, 'it is in the record');
is($admin->ask(qq{SELECT backend_start = (SELECT a.backend_start FROM pg_stat_activity a WHERE a.pid = e.pid)
	AND at BETWEEN backend_start AND clock_timestamp() AND query_start < at FROM admission.events e WHERE pid = $session{late}{pid}}),
	't', 'with the times');
is(stop(q{cancel_backends(application_name => 'clerk', dry_run => false, wait => '10 s')}),
	'clerk | nothing to cancel: it is idle', 'an idle one has nothing to cancel');
cmp_ok($admin->took, '<', 5, 'so there is nothing to wait for');
is(stop(q{cancel_backends(application_name => 'holder', dry_run => false, wait => '10 s')}),
	'holder | nothing to cancel: it is idle in transaction', 'nor has one idle in transaction');
is($session{holder}->ask('SELECT pg_advisory_unlock(1)'), 't', 'which goes on');
is(events($session{clerk}, 'outcome') . events($session{holder}, 'outcome'), '', 'where nothing is sent, nothing is recorded');

start(session('stubborn'), 'SELECT stubborn()', 'PgSleep');
is(stop(q{cancel_backends(application_name => 'stubborn', dry_run => false, wait => '300 ms')}),
	'stubborn | cancelled | f', 'one that swallows it has not gone');
is(events($session{stubborn}, 'outcome'), 'still there after 300 ms', 'nor by the record');

# With grace: who obeys keeps its session.
my $began = time();
is(stop(q{terminate_backends(application_name => 'early', dry_run => false, grace => '30 s', wait => '10 s')}), 'early | cancelled | t', 'who obeys');
cmp_ok(time() - $began, '<', 20, 'does not take all the grace');
is($session{early}->answer, 'ERROR 57014', 'loses its statement');
start($session{early}, 'SELECT pg_sleep(600)', 'PgSleep');
$began = time();
is(stop(q{terminate_backends(role_name => 'app', min_transaction_age => '1 us', dry_run => false, grace => '1500 ms', wait => '10 s')}),
	"holder | terminated | t\nkeeper | terminated | t\nstubborn | cancelled, then terminated | t\nearly | cancelled | t", 'and the others go');
cmp_ok(time() - $began, '>=', 1.5, 'after the grace');
is($session{early}->answer, 'ERROR 57014', 'who obeys loses its statement again');
is($session{early}->ask('SELECT 1'), 1, 'and keeps its session');
wait_clients(3, 'refused', @session{qw(holder keeper stubborn)});
is($session{$_}->error('C'), '57P01', "$_ is told") for qw(holder keeper stubborn);
is(events($session{early}, 'outcome'), "ended\nended", 'the record has both of its ends');
like(events($session{stubborn}, q{split_part(message, ' ', 2), outcome}), qr/^cancels \| .*\ncancels \| .*\nterminates \| gone$/, 'and each step');
like(events($session{stubborn}, 'detail'), qr/grace => '00:00:01.5', wait => '00:00:10'\.$/, 'with what was asked for');
delete @session{qw(holder keeper stubborn)};

# A statement goes on after its transactions.
start(session('batch'), 'CALL stubborn_batch()', 'PgSleep');
is(stop(q{terminate_backends(application_name => 'batch', dry_run => false, grace => '500 ms', wait => '10 s')}),
	'batch | cancelled, then terminated | t', 'a batch that commits has not obeyed by that');
end_sessions('batch');

# Of one whose activity is not tracked nobody knows that it is idle.
start(session('quiet', user => 'quiet'), 'SELECT pg_sleep(600)', 'PgSleep');
is(found(q{state => 'disabled'}), 'quiet', 'one whose activity is not tracked');
like(stop(q{cancel_backends(application_name => 'quiet', dry_run => false, wait => '300 ms')}), qr/^quiet \| cancelled/, 'can be cancelled');
end_sessions('quiet');

# Stuck where no signal is looked at.
my $stuck = session('stuck');
kill 'STOP', $stuck->{pid};
is(stop(q{cancel_backends(application_name => 'stuck', dry_run => false)}), 'stuck | nothing to cancel: it is idle', 'a stopped process');
is(stop(q{terminate_backends(application_name => 'stuck', dry_run => false)}), 'stuck | terminated', 'without wait nobody has looked');
is(events($stuck, 'outcome'), 'signal sent', 'and so in the record');
is(stop(q{terminate_backends(application_name => 'stuck', dry_run => false, wait => '300 ms')}), 'stuck | terminated | f', 'it has not gone');
is(events($stuck, 'outcome'), "signal sent\nstill there after 300 ms", 'nor by the record');
kill 'CONT', $stuck->{pid};
wait_clients(1, 'refused', delete $session{stuck});
pass('until it goes on');

# Whoever waits can be interrupted.
my ($caller, $victim, $other) = (session('caller', user => 'postgres'), session('victim 1'), session('victim 2'));
kill 'STOP', $victim->{pid};
$caller->query(q{SELECT * FROM admission.terminate_backends(application_name => 'victim _', dry_run => false, wait => '1 hour')});
$signals += 2;
wait_until('signals', sub { events($victim, 'outcome') . events($other, 'outcome') eq 'signal sent' x 2 });
wait_clients(1, 'refused', $other);
is($caller->state, 'busy', 'one waits for who does not go');
$admin->ask("SELECT pg_cancel_backend($caller->{pid})");
is($caller->answer, 'ERROR 57014', 'and can be cancelled');
is(events($_, 'actor_pid, actor_application, outcome'), "$caller->{pid} | caller | signal sent", 'the record has what it had sent') for $victim, $other;
kill 'CONT', $victim->{pid};
wait_clients(1, 'refused', $victim);
delete @session{ 'victim 1', 'victim 2' };

# By hand, and by somebody else.
is($signaller->ask('SELECT done FROM admission.' . by_hand(5 => q{'10 s'})), 'terminated', 'by hand');
$signals++;
wait_clients(1, 'refused', delete $session{clerk});
is($admin->ask(qq{SELECT concat_ws(' | ', actor_role, role, detail, outcome) FROM admission.events WHERE pid = $pid}),
	'signaller | clerk | Criteria: by hand. | gone', 'with one\'s own words in the record');

# Nothing is missing.
is($admin->ask(q{SELECT count(*) FROM admission.events WHERE kind = 'stop'}), $signals, "all $signals signals are in the record");
my $log = slurp_file($node->logfile);
my @logged = $log =~ /LOG:  pg_admission (?:cancels what is done by|terminates) process \d+ of role "/g;
is(scalar @logged, $signals, 'and in the server log');
like($log, qr/LOG:  pg_admission terminates process $pid of role "clerk"\n.*DETAIL:  Asked for by role "signaller", process $signaller->{pid}, client local, application "signaller"\. Criteria: by hand\./,
	'with who asked, and why');
is(living(), 'admin broken caller early late signaller', 'nobody else was stopped');

$node->stop;
done_testing();
