# A permit is for a processor or a disk: who waits for the client, a lock, a
# standby or another server lends it.  Nothing deadlocks that PostgreSQL cannot
# see, and long transactions leave room for short ones, up to a ceiling.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = new_node('lending', 'max_connections = 80',
	'pg_admission.long_transaction_after = -1', 'synchronous_standby_names = gone',
	'synchronous_commit = local', 'deadlock_timeout = 500ms');
my $work = 'SELECT count(*) >= 0 FROM pg_class';

$node->safe_psql('postgres', q{
	CREATE TABLE t (a int PRIMARY KEY, b text DEFAULT repeat('x', 1000));
	INSERT INTO t SELECT g FROM generate_series(1, 20000) g;
	GRANT ALL ON t TO app;
	ALTER TABLE t OWNER TO app;});
my ($short) = start_clients($node, 1);
wait_clients(1, 'in', $short);

# Short transactions go on beside guests that need nothing.
sub goes_on
{
	my ($what, @guests) = @_;
	my $longest = 0;

	for (1 .. 10)
	{
		is($short->ask($work), 't', "$what: a short transaction $_");
		$longest = $short->took if $short->took > $longest;
	}
	cmp_ok($longest, '<', 0.5, "$what: none waits for long");
	return;
}

sub guests
{
	my ($count, @statements) = @_;
	my @guests = start_clients($node, $count);

	wait_clients($count, 'in', @guests);
	for my $guest (@guests)
	{
		$guest->ask($_) for @statements;
	}
	return @guests;
}

start_gate($node, 2);

my @guests = guests(4, 'BEGIN', $work);
goes_on('idle in transaction');
is(status_of($node, 'transactions_running + transactions_lent'), 4, 'they are past the gate, four on two permits');
is($_->ask($work), 't', 'and go on without waiting') for @guests;
is($_->ask('COMMIT'), '', 'to their end') for @guests;
wait_status($node, 'transactions_running + transactions_lent = 0');

# Nobody stands in line where nobody has the time: permits are lent all the same,
# also by a controller that has stopped.
$node->safe_psql('postgres', 'CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET pg_admission.transaction_queue_timeout = 0');
my @hasty = start_clients($node, 3, user => 'hasty');
my $controller = status_of($node, 'controller_pid');
wait_clients(3, 'in', @hasty);
for my $signal ('CONT', 'STOP')
{
	for my $guest (@hasty[ 0, 1 ])
	{
		$guest->ask('BEGIN');
		is($guest->ask($work), 't', 'without patience there is a permit');
	}
	kill $signal, $controller;
	wait_until('a permit is lent', sub { $hasty[2]->ask($work) eq 't' });
	cmp_ok(time() - $hasty[1]{answered}, '<', 5, "soon, the controller having got SIG$signal");
	is($_->ask('COMMIT'), '', 'who had it goes on to the end') for @hasty[ 0, 1 ];
	kill 'CONT', $controller;
	wait_status($node, 'transactions_running + transactions_lent = 0');
}

my ($locker) = guests(1, 'BEGIN', 'UPDATE t SET b = $$y$$ WHERE a = 1');
@guests = guests(4);
$_->query('UPDATE t SET b = $$z$$ WHERE a = 1') for @guests;
usleep(300_000);
goes_on('waiting for a row');
$locker->ask('COMMIT');
is($_->answer, '', 'they get it') for @guests;
wait_status($node, 'transactions_running + transactions_lent = 0');

@guests = guests(4);
$_->query('SELECT pg_sleep(3)') for @guests;
usleep(300_000);
goes_on('sleeping');
is($_->answer, '', 'they wake up') for @guests;

# A client that reads a row now and then: it fills its socket and stops.
@guests = guests(4);
$_->send_message('Q', "COPY t TO STDOUT\0") for @guests;
usleep(300_000);
goes_on('slow readers');
$_->hang_up for @guests;
wait_status($node, 'transactions_running + transactions_lent = 0');

@guests = guests(4, 'SET synchronous_commit = on');
$_->query('UPDATE t SET b = $$s$$ WHERE a = ' . (10 + $_->{pid} % 1000)) for @guests;
usleep(300_000);
goes_on('a lost standby');
$node->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = ''});
$node->reload;
is($_->answer, '', 'they commit') for @guests;

# To oneself through dblink, with one permit: no deadlock that nobody sees.
SKIP:
{
	skip 'no dblink', 1
	  unless $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'});
	$node->safe_psql('postgres', 'CREATE EXTENSION dblink; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO app');
	start_gate($node, 1);
	my $connection = 'user=app dbname=postgres host=' . $node->host . ' port=' . $node->port;
	my ($self) = guests(1);
	is($self->ask("SELECT dblink_connect_u('self', '$connection')"), 'OK', 'connected to itself');
	is($self->ask("SELECT * FROM dblink('self', 'SELECT count(*)::int FROM t') AS r (n int)"),
		'20000', 'a transaction that waits for another one in the same server');
	$self->hang_up;
	$node->safe_psql('postgres', 'DROP EXTENSION dblink');
}

# A waiter that blocks somebody is let through.
start_gate($node, 1);
my ($burner) = burn($node, 1, 4);
my ($reader) = start_clients($node, 1, application_name => 'psql');
wait_clients(1, 'in', $reader);
$reader->query('SELECT count(*) FROM t');
wait_status($node, 'transactions_waiting = 1');
my $passed = status_of($node, 'transactions_let_through');
my $since = time();
$node->safe_psql('postgres', 'ALTER TABLE t ADD c int');
cmp_ok(time() - $since, '<', 1, 'an ALTER TABLE does not wait for a waiter');
is($reader->answer, '20000', 'who was let through');
is(status_of($node, 'transactions_let_through'), $passed + 1, 'and is counted so');
is($burner->answer, 'burnt', 'beside the one that runs');

# Of many no more than twice the cap; to refuse the others ends their locks, too.
start_gate($node, 1);
($burner) = burn($node, 1, 4);
my @readers = start_clients($node, 6, application_name => 'psql');
wait_clients(6, 'in', @readers);
$_->query('SELECT burn(1) FROM t LIMIT 1') for @readers;
wait_status($node, 'transactions_waiting = 6');
my ($changer) = start_clients($node, 1, user => 'postgres');
wait_clients(1, 'in', $changer);
$since = time();
$changer->query('ALTER TABLE t DROP c');
wait_until('five answers', sub { grep({ $_->state ne 'busy' } @readers) >= 5 });
cmp_ok(time() - $since, '<', 1, 'those who block somebody do not wait on');
is(join(', ', sort map { $_->answer } @readers), join(', ', ('ERROR 53400') x 5, 'burnt'), 'of many who block somebody as many go on as there is room for');
my ($refused) = grep { $_->error('C') } @readers;
is($refused->error('M'), 'pg_admission refused this transaction: no permit came free, and others wait for its locks', 'and the others are told why they do not');
like($refused->error('D'), qr/transactions running, long ones included: 2 of at most 2/, 'and by which cap');
is($changer->answer, '', 'the ALTER TABLE is done');
is($burner->answer, 'burnt', 'beside the one that runs');
$_->hang_up for @readers, $changer;

# PostgreSQL's own deadlocks are reported as ever.
start_gate($node, 1);
my ($a, $b) = guests(2, 'BEGIN');
$a->ask('UPDATE t SET b = $$a$$ WHERE a = 1');
$b->ask('UPDATE t SET b = $$b$$ WHERE a = 2');
$a->query('UPDATE t SET b = $$a$$ WHERE a = 2');
usleep(100_000);
$b->query('UPDATE t SET b = $$b$$ WHERE a = 1');
my @ends = sort map { $_->answer } $a, $b;
is_deeply(\@ends, [ '', 'ERROR 40P01' ], 'a deadlock has one victim');
$_->ask('ROLLBACK') for $a, $b;

# Long transactions: half of the cap is left to the others, and whatever uses
# processors stays below twice the cap.
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.long_transaction_after = '300ms'});
$node->reload;
start_gate($node, 4);
my @burners = burn($node, 4, 6);
usleep(400_000);
wait_status($node, 'transactions_long = 2');
is(status_of($node, 'transactions_running || $$/$$ || transactions_long'), '4/2', 'of four long ones the cap counts two');
goes_on('long ones');
push @burners, burn($node, 4, 5);
wait_status($node, 'transactions_running = 8');
usleep(500_000);
is($short->ask($work), 'ERROR 53400', 'with twice the cap at work nobody else is let in');
is(status_of($node, 'transactions_running'), 8, 'however long they take');
is($_->answer, 'burnt', 'they end') for @burners;
is($short->ask($work), 't', 'and all goes on');
$_->hang_up for @burners;

# A cursor is read in pieces by a client that thinks in between.
start_gate($node, 1);
my ($thinker) = guests(1, 'BEGIN', 'DECLARE c CURSOR FOR SELECT a FROM t ORDER BY a');
for my $n (1 .. 5)
{
	is($short->ask($work), 't', 'others run while a client thinks');
	is($thinker->ask('FETCH 10 FROM c'), $n * 10, 'who goes on reading');
}
is($thinker->ask('COMMIT'), '', 'to the end');

# Work whose client has gone stops, by a setting that no other is overridden by.
my ($asker) = guests(1, $work);
is($asker->ask('SHOW client_connection_check_interval'), '500ms', 'gated work looks after its client');
is($asker->ask('SET client_connection_check_interval = 7000'), '', 'which a session');
$asker->ask($work);
is($asker->ask('SHOW client_connection_check_interval'), '7s', 'may choose by itself');
my ($gone) = burn($node, 1, 30);
$since = time();
$gone->hang_up;
wait_status($node, 'transactions_running = 0');
cmp_ok(time() - $since, '<', 3, 'the work of a client that has gone stops');
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$short->ask($work);
is($short->ask('SHOW client_connection_check_interval'), '0', 'without a cap nothing is left of it');

wait_status($node, 'transactions_running + transactions_lent + transactions_waiting = 0');
pass('all is balanced in the end');
$node->stop;
done_testing();
