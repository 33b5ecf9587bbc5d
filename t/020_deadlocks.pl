# A hunt for deadlocks that PostgreSQL cannot see: sessions that hold locks in
# every order there is wait for permits, while those with permits wait for
# locks.  Every statement is answered in time, and fails only for a reason that
# is known; PostgreSQL's own deadlocks are found as ever; in the end no permit is
# out and no lock is left.
# ADMISSION_TEST_HUNT_S sets for how long, in seconds.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use IO::Select;
use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# Of whom some take no locks, so that the gate always has somebody to hold.
use constant HUNTERS => 20;
use constant WORKERS => 4;
use constant ROWS => 6;
use constant ROUND_S => 4;

# How long a role's transactions may wait for a permit, its DDL included, since
# its administrator has said so.
my %patience_ms = (app => 100, patient => 20_000);

# How long a statement may take beyond its own work: whatever a busy machine
# does; and the locks of all the others, one after the other.
use constant BUSY_S => 5;
use constant LOCKS_S => 50;

# For so long nobody may wait for a lock of somebody in line, who looks every
# 0.1 s whether it blocks anybody.
use constant STALL_S => 2;

my $hunt_s = $ENV{ADMISSION_TEST_HUNT_S} // 20;
my $seed = $ENV{ADMISSION_TEST_SEED} // 42;
note "seed $seed, $hunt_s s";

# Why statements may fail.
my %known = (
	'53400' => 'refused by pg_admission',
	'40P01' => 'a deadlock that PostgreSQL found',
	'55P03' => 'NOWAIT, or lock_timeout',
	'57014' => 'cancelled by this test',
	'25P01' => 'LOCK TABLE outside a block',
	'25P02' => 'the rest of a block that has failed',
	'3B001' => 'back to a savepoint that a failed block did not set',
	'42701' => 'a column to be added is there',
	'42703' => 'a column to be dropped is not',
	'42P07' => 'an index to be created is there',
	'42704' => 'an index to be dropped is not',
	'23505' => 'two sessions create the same index',
	'55006' => 'DDL on a table of which the same session reads a cursor');

my $node = new_node('deadlocks', 'max_connections = 60', 'deadlock_timeout = 200ms',
	'pg_admission.long_transaction_after = -1');
$node->safe_psql('postgres', q{
	CREATE ROLE patient LOGIN IN ROLE app;
	GRANT ALL ON SCHEMA public TO app;});
$node->safe_psql('postgres', "ALTER ROLE $_ SET pg_admission.transaction_queue_timeout = $patience_ms{$_}")
  for keys %patience_ms;

my $watcher = AdmissionClient->new($node, user => scalar getpwuid($<));
my @hunters = map { new_hunter($_) } 1 .. HUNTERS;
wait_clients(HUNTERS, 'in', map { $_->{client} } @hunters);
my %complaints = map { $_ => [] } qw(error refusal lock);
my (%stalls, %count);
my ($longest_s, $longest_sql);

#
# What hunters do.  Their scripts depend on the seed, not on the answers.
#

sub new_hunter
{
	my ($number) = @_;
	my $role = $number % 4 == 0 ? 'patient' : 'app';
	my ($client) = start_clients($node, 1, user => $role, application_name => "hunter $number");
	return {
		client => $client, patience_ms => $patience_ms{$role},
		number => $number,
		scripts => 0,	# begun
		script => [],	# statements to come
		random => 0,
		sql => undef,	# the one that is not judged yet
		due => 0,		# when the next may be sent
		locks => {},	# session-level advisory locks: how often
		block => 0,		# in a transaction block
		past => 0,		# that is past the gate
		cursors => 0 };
}

# PostgreSQL's own answer where DDL and VACUUM change the same row of a catalog
# has no code of its own.
sub is_known
{
	my ($code, $message) = @_;
	return $known{$code} || ($code eq 'XX000' && $message eq 'tuple concurrently updated');
}

# From 0 to $n - 1.
sub draw
{
	my ($hunter, $n) = @_;
	$hunter->{random} = ($hunter->{random} * 1103515245 + 12345) & 0x7fffffff;
	return ($hunter->{random} >> 16) % $n;
}

sub pick
{
	my ($hunter, @choices) = @_;
	return $choices[ draw($hunter, scalar @choices) ];
}

# Whatever the script before has drawn.
sub begin_draws
{
	my ($hunter) = @_;
	my $n = ($seed * 1000 + $hunter->{number}) * 10_000 + ++$hunter->{scripts};
	$hunter->{random} = ($n & 0x7fffffff) * 2654435761 & 0x7fffffff;
	return;
}

sub table { return pick($_[0], qw(t1 t2 t3)); }
sub row { return 1 + draw($_[0], ROWS); }
sub key { return 1 + draw($_[0], 3); }

sub lock_row
{
	my ($hunter) = @_;
	return sprintf('SELECT id FROM %s WHERE id = %d FOR %s%s', table($hunter), row($hunter),
		pick($hunter, 'UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE'),
		pick($hunter, '', '', '', ' NOWAIT', ' SKIP LOCKED'));
}

# The order of rows within one statement is random too.
sub lock_rows
{
	my ($hunter) = @_;
	return sprintf('SELECT id FROM %s WHERE id IN (%d, %d, %d) ORDER BY id * %d %% 7 FOR %s', table($hunter),
		row($hunter), row($hunter), row($hunter), 1 + draw($hunter, 6), pick($hunter, 'UPDATE', 'SHARE'));
}

sub fill
{
	my ($table) = @_;
	return "INSERT INTO $table (id) SELECT generate_series(1, " . ROWS . ') ON CONFLICT DO NOTHING';
}

sub update_row
{
	my ($hunter) = @_;
	return sprintf('UPDATE %s SET n = n + 1 WHERE id = %d', table($hunter), row($hunter));
}

sub lock_table
{
	my ($hunter) = @_;
	return sprintf('LOCK TABLE %s IN %s MODE%s', table($hunter),
		pick($hunter, 'ACCESS SHARE', 'ROW SHARE', 'ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE',
			'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'),
		pick($hunter, '', '', ' NOWAIT'));
}

sub lock_key
{
	my ($hunter) = @_;
	return sprintf('SELECT pg_%sadvisory_xact_lock%s(%d)', pick($hunter, '', '', 'try_'),
		pick($hunter, '', '_shared'), key($hunter));
}

sub change_table
{
	my ($hunter) = @_;
	my $table = table($hunter);
	my $name = 'x' . key($hunter);

	return pick($hunter,
		"ALTER TABLE $table ADD COLUMN $name int", "ALTER TABLE $table ADD COLUMN $name float8 DEFAULT random()",
		"ALTER TABLE $table DROP COLUMN $name", "ALTER TABLE $table DROP COLUMN $name",
		"CREATE INDEX ${table}_$name ON $table (n)", "DROP INDEX ${table}_$name",
		"TRUNCATE $table; " . fill($table));
}

# What cannot run in a block.  VACUUM (FREEZE) is not there: it waits for pages
# that cursors keep pinned, whose sessions may wait for its lock on the table,
# and then PostgreSQL itself sees no deadlock.
sub maintain
{
	my ($hunter) = @_;
	my $table = table($hunter);
	my $name = "${table}_x" . key($hunter);

	return pick($hunter,
		"CREATE INDEX CONCURRENTLY $name ON $table (n)", "DROP INDEX CONCURRENTLY $name",
		"REINDEX TABLE CONCURRENTLY $table", "VACUUM $table", "VACUUM (FULL) $table", "VACUUM (ANALYZE) $table");
}

sub read_cursor
{
	my ($hunter) = @_;
	my $name = 'c' . ++$hunter->{cursors};
	return "DECLARE $name CURSOR FOR SELECT id FROM " . table($hunter) . "; FETCH 2 FROM $name";
}

sub work
{
	my ($hunter) = @_;
	return pick($hunter, 'SELECT burn(0.05)', 'SELECT burn(0.2)', 'SELECT pg_sleep(0.05)',
		'SELECT count(*) FROM pg_class', 'SELECT sum(n) FROM ' . table($hunter));
}

my @statements = (
	(\&lock_row) x 5, (\&lock_rows) x 2, (\&update_row) x 5, (\&lock_table) x 2, (\&lock_key) x 3,
	\&change_table, \&read_cursor, (\&work) x 3);

sub statement
{
	my ($hunter) = @_;
	return pick($hunter, @statements)->($hunter);
}

sub block
{
	my ($hunter) = @_;
	my @script = ('BEGIN');

	push @script, q{SET LOCAL lock_timeout = '30ms'} if draw($hunter, 10) == 0;
	push @script, statement($hunter) for 0 .. draw($hunter, 3);
	if (draw($hunter, 3) == 0)
	{
		push @script, 'SAVEPOINT s', statement($hunter), statement($hunter);
		push @script, pick($hunter, 'ROLLBACK TO s', 'ROLLBACK TO s', 'RELEASE s'), statement($hunter);
	}
	return @script, pick($hunter, 'COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK');
}

# Locks that outlive transactions; next_statement() sees to their end.
sub hold_keys
{
	my ($hunter) = @_;
	my @locks = map { sprintf('SELECT pg_advisory_lock(%d)', key($hunter)) } 0 .. draw($hunter, 2);
	return $locks[0], statement($hunter), @locks[ 1 .. $#locks ], block($hunter);
}

sub new_script
{
	my ($hunter) = @_;
	my $kind;

	begin_draws($hunter);
	return work($hunter) if $hunter->{number} <= WORKERS;
	$kind = draw($hunter, 10);
	return block($hunter) if $kind < 5;
	return hold_keys($hunter) if $kind < 7;
	return maintain($hunter) if $kind == 7;
	return statement($hunter);
}

# Without "more" only what is begun is brought to its end.
sub next_statement
{
	my ($hunter, $more) = @_;
	my ($key) = sort keys %{ $hunter->{locks} };

	return shift @{ $hunter->{script} } if @{ $hunter->{script} };
	return "SELECT pg_advisory_unlock($key)" if defined $key;
	return unless $more;
	$hunter->{script} = [ new_script($hunter) ];
	return shift @{ $hunter->{script} };
}

sub send_statement
{
	my ($hunter, $sql) = @_;
	my $client = $hunter->{client};

	$hunter->{sql} = $sql;
	if ($sql =~ /;/ || draw($hunter, 3) > 0)
	{
		$client->query($sql);
		return;
	}
	$client->begin_query;
	$client->parse('', $sql)->bind_execute('')->send_message('S', '');
	return;
}

#
# What they may expect.
#

sub complain
{
	my ($kind, $hunter, $what) = @_;
	push @{ $complaints{$kind} }, "$hunter->{client}{pid}: $what: $hunter->{sql}\n";
	return;
}

sub is_never_gated
{
	my ($sql) = @_;
	return $sql =~ /^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)\b/;
}

# Seconds in which the statement must be answered.
sub bound_s
{
	my ($hunter) = @_;
	my $sql = $hunter->{sql};

	return BUSY_S if is_never_gated($sql);
	return BUSY_S + $hunter->{patience_ms} / 1000 if $sql =~ /burn|pg_sleep|pg_class|_try_|unlock/;
	return BUSY_S + $hunter->{patience_ms} / 1000 + LOCKS_S;
}

# Nothing goes on after a statement that has no end: shows who waits for whom.
sub give_up
{
	my ($hunter) = @_;
	fail("an answer in time, seed $seed: $hunter->{client}{pid}: $hunter->{sql}");
	diag($node->safe_psql('postgres', q{
		SELECT pid, state, wait_event_type, wait_event, pg_blocking_pids(pid), age(clock_timestamp(), query_start), query
		FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY query_start}));
	diag($node->safe_psql('postgres', q{SELECT * FROM admission.waiting}));
	die 'a statement was not answered';
}

sub judge_time
{
	my ($hunter, $took_s) = @_;
	give_up($hunter) if $took_s > bound_s($hunter);
	return;
}

# Whoever holds something, or has begun to work, is not turned away; nor is
# anybody later than its patience says.
sub judge_refusal
{
	my ($hunter) = @_;
	my ($waited_ms) = $hunter->{client}->error('D') =~ /^It waited (\d+) ms/;

	complain('refusal', $hunter, 'holds an advisory lock') if %{ $hunter->{locks} };
	complain('refusal', $hunter, 'was past the gate') if $hunter->{past};
	complain('refusal', $hunter, 'is never gated') if is_never_gated($hunter->{sql});
	complain('refusal', $hunter, "waited $waited_ms ms")
	  if defined $waited_ms && $waited_ms > $hunter->{patience_ms} + 1000 * BUSY_S;
	return;
}

sub note_key
{
	my ($hunter, $answer) = @_;
	my $locks = $hunter->{locks};

	$locks->{$1}++ if $hunter->{sql} =~ /pg_advisory_lock\((\d)\)/;
	return unless $hunter->{sql} =~ /pg_advisory_unlock\((\d)\)/;
	complain('lock', $hunter, 'was not held any more') if $answer ne 't';
	delete $locks->{$1} if --$locks->{$1} == 0;
	return;
}

sub note_transaction
{
	my ($hunter, $failed) = @_;
	$hunter->{block} = 1 if $hunter->{sql} eq 'BEGIN' && !$failed;
	$hunter->{block} = 0 if $hunter->{sql} =~ /^(COMMIT|ROLLBACK)$/;
	$hunter->{past} = 0 unless $hunter->{block};
	$hunter->{past} = 1 if $hunter->{block} && !$failed && !is_never_gated($hunter->{sql});
	return;
}

sub judge
{
	my ($hunter) = @_;
	my $client = $hunter->{client};
	my $answer = $client->answer;
	my $code = $client->error('C');

	$count{ $code || 'done' }++;
	($longest_s, $longest_sql) = ($client->took, $hunter->{sql}) if $client->took > $longest_s;
	judge_time($hunter, $client->took);
	complain('error', $hunter, "$code " . $client->error('M')) if $code && !is_known($code, $client->error('M'));
	judge_refusal($hunter) if $code eq '53400';
	note_key($hunter, $answer) unless $code;
	note_transaction($hunter, $code);
	# A COMMIT that is cancelled leaves a block that has failed.
	push @{ $hunter->{script} }, 'ROLLBACK' if $code eq '25P02' && $hunter->{sql} =~ /unlock/;
	$hunter->{sql} = undef;
	return;
}

# Somebody who has long waited for a lock of somebody who has long been in line.
my $stalled = sprintf(q{
	SELECT format('%%s %%s blocks %%s since %%s', w.pid, w.role, l.pid, l.waitstart)
	FROM admission.waiting w, pg_locks l
	WHERE w.gate = 'transaction' AND w.waiting_since < clock_timestamp() - interval '%1$d s'
		AND l.waitstart < clock_timestamp() - interval '%1$d s' AND w.pid = ANY (pg_blocking_pids(l.pid))}, STALL_S);

# Somebody who waits, for a lock or in line, is told not to; but not for a
# session's advisory lock, which PostgreSQL may have given at that moment and
# then leaves to the session, whatever it is told.
my $cancel = q{
	DO $$ BEGIN
		PERFORM pg_cancel_backend(pid) FROM pg_stat_activity
		WHERE usename IN ('app', 'patient') AND state = 'active' AND wait_event_type IN ('Lock', 'Extension')
			AND query NOT LIKE '%pg_advisory_lock(%'
		ORDER BY random() LIMIT 1;
	END $$};

sub watch
{
	return if $watcher->state eq 'busy' || time() - ($watcher->{asked} // 0) < 0.3;
	die $watcher->error('M') if $watcher->error('C');
	$stalls{$_}++ for @{ $watcher->{rows} };
	$watcher->query("$stalled; $cancel");
	return;
}

#
# The hunt.
#

# Reads what a hunter was answered and lets it go on; whether it is busy.
sub advance
{
	my ($hunter, $more) = @_;
	my $state = $hunter->{client}->state;

	die "the connection of $hunter->{client}{pid} was lost" unless $state eq 'in' || $state eq 'busy';
	if ($state eq 'busy')
	{
		judge_time($hunter, time() - $hunter->{client}{asked});
		return 1;
	}
	if (defined $hunter->{sql})
	{
		judge($hunter);
		$hunter->{due} = time() + pick($hunter, 0, 0, 0, 0, 0.01, 0.05);
	}
	return 1 if time() < $hunter->{due};
	my $sql = next_statement($hunter, $more) // return 0;
	send_statement($hunter, $sql);
	return 1;
}

# Until the time is over; without one until everything begun has ended.
sub hunt
{
	my ($seconds) = @_;
	my $deadline = time() + ($seconds // 0);
	my $sockets = IO::Select->new(map { $_->{client}{socket} } @hunters);

	while (1)
	{
		my $busy = grep { advance($_, defined $seconds) } @hunters;
		return if defined $seconds ? time() > $deadline : $busy == 0;
		watch();
		$sockets->can_read(0.005);
	}
}

# Dropped columns count as columns, of which a table can only have so many.
sub reset_tables
{
	$node->safe_psql('postgres', "DROP TABLE IF EXISTS $_; CREATE TABLE $_ (id int PRIMARY KEY, n int DEFAULT 0);"
		  . fill($_) . "; ALTER TABLE $_ OWNER TO app") for qw(t1 t2 t3);
	return;
}

# Hunters that have come to their end hold nothing, though their sessions live.
sub check_rest
{
	my ($round) = @_;
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE usename IN ('app', 'patient')}), '0', "$round: no lock is left");
	wait_status($node, 'transactions_running + transactions_lent + transactions_waiting = 0');
	is(status_of($node, q{concat_ws(' ', transactions_running, transactions_lent, transactions_waiting, transactions_long)}),
		'0 0 0 0', "$round: no permit is out");
	return;
}

# The gate begins to bind while transactions run that began without it.
sub hunt_round
{
	my ($cap) = @_;
	my $round = $cap ? "cap $cap" : 'no cap';

	reset_tables();
	%count = ();
	$longest_s = 0;
	hunt(0.3);
	start_gate($node, $cap) if $cap;
	hunt(ROUND_S);
	hunt();
	check_rest($round);
	note("$round: ", join(', ', map { "$_ $count{$_}" } sort keys %count), "; ", sprintf('%.1f s for %s', $longest_s, $longest_sql));
	my $deadlocks = $count{'40P01'} // 0;
	$node->safe_psql('postgres', 'SELECT admission.stop_warmup()') if $cap;
	return $deadlocks;
}

# Two sessions that will block each other, past the gate or not, and a gate of
# which all permits are in use.
sub fill_gate
{
	my ($cap, @statements) = @_;
	my @pair = start_clients($node, 2, user => 'patient');

	wait_clients(2, 'in', @pair);
	for my $statement (@statements)
	{
		$pair[$_]->ask($statement->[$_]) for 0, 1;
	}
	return (@pair, $cap ? burn($node, $cap, 20) : ());
}

# One of the two is told so, long before any permit comes free.
sub check_deadlock
{
	my ($what, $first, $second, @burners) = @_;
	my ($victim, $survivor) = ($first, $second);

	wait_until("$what: a victim", sub { $first->error('C') || $second->error('C') });
	($victim, $survivor) = ($second, $first) if $second->error('C');
	is($victim->answer, 'ERROR 40P01', "$what: PostgreSQL finds a deadlock");
	cmp_ok($victim->took, '<', 0.2 + STALL_S, "$what: in time");
	$victim->hang_up;
	is($survivor->answer, '', "$what: which had one victim");
	$_->hang_up for $survivor, @burners;
	wait_status($node, 'transactions_running + transactions_lent + transactions_waiting = 0');
	return;
}

sub provoke
{
	my ($cap) = @_;
	my $name = $cap ? "cap $cap" : 'no cap';

	reset_tables();
	start_gate($node, $cap) if $cap;
	my ($first, $second, @burners) = fill_gate($cap, [ 'BEGIN', 'BEGIN' ],
		[ 'UPDATE t1 SET n = 1 WHERE id = 1', 'UPDATE t1 SET n = 2 WHERE id = 2' ]);
	$first->query('UPDATE t1 SET n = 1 WHERE id = 2');
	$second->query('UPDATE t1 SET n = 2 WHERE id = 1');
	check_deadlock("$name, two past the gate", $first, $second, @burners);
	return unless $cap;

	# The first is in line and no lock is asked for yet: a cycle that
	# PostgreSQL cannot see, until whoever blocks the second is let through.
	($first, $second, @burners) = fill_gate($cap,
		[ 'SELECT pg_advisory_lock(11)', 'SELECT pg_advisory_lock(12)' ],
		[ 'SELECT 1', 'BEGIN' ], [ 'SELECT 1', 'SELECT count(*) FROM pg_class' ]);
	my $passed = status_of($node, 'transactions_let_through');
	$first->query('SELECT pg_advisory_lock(12)');
	wait_status($node, 'transactions_waiting = 1');
	$second->query('SELECT pg_advisory_lock(11)');
	check_deadlock("$name, one in line", $first, $second, @burners);
	is(status_of($node, 'transactions_let_through'), $passed + 1, "$name, one in line: who was let through");
	$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
	return;
}

provoke($_) for 0 .. 4;

# Permits change hands in all ways there are.
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.long_transaction_after = '200ms'});
$node->reload;
cmp_ok(hunt_round(0), '>', 0, 'there are deadlocks without a gate');
my $deadlocks = 0;
my $rounds = max(1, int($hunt_s / ROUND_S));
$deadlocks += hunt_round(1 + $_ % 4) for 0 .. $rounds - 1;

cmp_ok($deadlocks, '>', 0, 'and with it');
is(join('', @{ $complaints{error} }), '', 'statements failed for known reasons');
is(join('', @{ $complaints{refusal} }), '', 'none was refused that may not be, or too late');
is(join('', @{ $complaints{lock} }), '', 'no advisory lock was lost');
is(join("\n", sort keys %stalls), '', 'nobody in line blocked anybody for long');
is(status_of($node, 'transactions_held > 0 AND transactions_refused > 0 AND transactions_let_through > 0'),
	't', 'transactions were held, refused and let through');
is(scalar(clients_in('in', map { $_->{client} } @hunters)), HUNTERS, 'no connection was lost');
note(status_of($node, q{concat_ws(' ', 'admitted', transactions_admitted, 'held', transactions_held, 'refused',
	transactions_refused, 'let through', transactions_let_through, 'longest', longest_transaction_wait_ms)}));
$node->stop;
done_testing();
