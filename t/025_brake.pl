# The brake: the caps go down at once, by the function or by the setting, and
# come up again only when somebody says so.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('braked', 'pg_admission.cores = 1', "pg_admission.transaction_queue_timeout = '10s'",
	"pg_admission.warmup_initial_transactions = '3'");
my $work = 'SELECT count(*) > 0 FROM pg_class';

sub caps
{
	return status_of($node, q{brake || ' ' || coalesce(transaction_cap::text, '-') || ' ' || coalesce(start_cap::text, '-')});
}

sub set_brake
{
	my ($value) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET pg_admission.brake = '$value'");
	$node->reload;
	return;
}

is(caps(), 'off - -', 'there are no caps');
is($node->safe_psql('postgres', 'SELECT admission.brake()'), 'on', 'brake() puts the brake on');
is(caps(), 'on 3 4', 'with the caps of the beginning of a warm-up');
like(status_of($node, 'phase_reason'), qr/\Athe brake is on, by admission\.brake\(\); no warm-up has run\z/, 'status says so');
like(status_of($node, 'advice'), qr/SELECT admission\.brake\('off'\);\z/, 'and how to release it');
is($node->safe_psql('postgres', 'SELECT admission.brake(1)'), '1', 'a number is how many may run');
is(caps(), '1 1 4', 'and one may');

# What runs goes on, what comes waits, and is let go at once.
my ($runs, $comes) = start_clients($node, 2);
wait_clients(2, 'in', $runs, $comes);
$runs->query('SELECT burn(3)');
wait_status($node, 'transactions_running = 1');
$comes->query($work);
wait_status($node, 'transactions_waiting = 1');
is($runs->state, 'busy', 'what runs is not touched');
is($node->safe_psql('postgres', q{SELECT admission.brake('off')}), 'off', 'the brake is released');
is($comes->answer, 't', 'who waited runs at once');
is($runs->state, 'busy', 'beside the one that still does');
is(caps(), 'off - -', 'and there are no caps');
is($runs->answer, 'burnt', 'to its end');

# Under it a start ends where its first transaction begins to wait: pools must
# have their connections back.
$node->safe_psql('postgres', 'SELECT admission.brake(1)');
my ($first) = start_clients($node, 1);
wait_clients(1, 'in', $first);
$first->query('SELECT burn(2)');
wait_status($node, 'transactions_running = 1');
is(status_of($node, 'connections_starting'), '0', 'a first transaction holds no start permit');
my @next = start_clients($node, 6);
wait_clients(6, 'in', @next);
$_->query($work) for @next;
wait_status($node, 'transactions_waiting = 6 AND connections_starting = 0');
pass('neither while it runs nor in line');
is($first->answer, 'burnt', 'it runs');
is($_->answer, 't', 'and so do the others') for @next;
$_->hang_up for $first, @next;
$node->safe_psql('postgres', q{SELECT admission.brake('off')});

# Through a restart and a crash.
$node->safe_psql('postgres', 'SELECT admission.brake(2)');
$node->restart;
is(caps(), '2 2 4', 'the brake stays through a restart');
$node->stop('immediate');
$node->start;
is(caps(), '2 2 4', 'and through a crash');
wait_until('said', sub { $node->safe_psql('postgres', q{SELECT count(*) FROM admission.events
	WHERE kind = 'brake' AND message = 'pg_admission starts with the brake that admission.brake() put on: 2'}) == 2 });
pass('which is on the record each time');

# The setting stands beside the function, and the tighter one binds.
set_brake('1');
wait_status($node, 'transaction_cap = 1');
is(caps(), '2 1 4', 'the tighter of both binds');
like(status_of($node, 'phase_reason'), qr/by admission\.brake\(\) and pg_admission\.brake;/, 'status names both');
my ($rc, $out, $err) = $node->psql('postgres', q{SELECT admission.brake('off')});
like($err, qr/WARNING:  the brake is still on: the setting pg_admission\.brake says so/, 'the function says what it cannot release');
is(caps(), '1 1 4', 'since the setting still brakes');
($rc, $out, $err) = $node->psql('postgres', q{ALTER SYSTEM SET pg_admission.brake = 'oops'});
like($err, qr/invalid value for parameter "pg_admission\.brake": "oops".*DETAIL:  It must be off, on, or how many transactions may run, from 1 to 262143\./s,
	'a bad value is refused');
set_brake('off');
wait_status($node, "brake = 'off'");
is(caps(), 'off - -', 'the setting releases its own');

# Within a warm-up it never raises a cap.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', initial_transactions => 2, target_transactions => 2)");
$node->safe_psql('postgres', 'SELECT admission.brake(50)');
is(caps(), '50 2 4', 'a brake above the cap does not raise it');
$node->safe_psql('postgres', q{SELECT admission.brake('off'), admission.stop_warmup()});

# What it cannot do, it says.
for my $bad (q{'nonsense'}, q{'0'}, '-1', q{''}, '262144', 'NULL::text')
{
	($rc, $out, $err) = $node->psql('postgres', "SELECT admission.brake($bad)");
	like($err, qr/ERROR:  (invalid value for the brake|the brake must be off, on, or a number)/, "brake($bad) is refused");
}
is(caps(), 'off - -', 'and changes nothing');
$node->safe_psql('postgres', 'ALTER SYSTEM SET pg_admission.transaction_gate = off');
$node->reload;
wait_until('the gate is off', sub { $node->safe_psql('postgres', 'SHOW pg_admission.transaction_gate') eq 'off' });
($rc, $out, $err) = $node->psql('postgres', 'SELECT admission.brake()');
like($err, qr/WARNING:  the brake holds only logins: pg_admission\.transaction_gate is off/, 'without the transaction gate it says so');
is(caps(), 'on - 4', 'and brakes logins');
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_admission.mode = 'observe'});
$node->reload;
wait_status($node, "mode = 'observe'");
($rc, $out, $err) = $node->psql('postgres', 'SELECT admission.brake()');
like($err, qr/WARNING:  the brake holds nobody: pg_admission\.mode is "observe"/, 'and in mode observe');

# Whose hand it was.
($rc, $out, $err) = $node->psql('postgres', 'SELECT admission.brake()', extra_params => [ '-U', 'monitor' ]);
like($err, qr/permission denied for function brake/, 'monitoring cannot brake');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION admission.brake(text), admission.brake(int) TO monitor');
is($node->safe_psql('postgres', 'SELECT admission.brake(7)', extra_params => [ '-U', 'monitor' ]), '7', 'unless it was granted');
is($node->safe_psql('postgres', q{SELECT message, actor_role FROM admission.events WHERE kind = 'brake' ORDER BY at DESC LIMIT 1}),
	'pg_admission: the brake was set to 7 by monitor|monitor', 'and it is on the record');
is($node->safe_psql('postgres', q{SELECT count(*) FROM admission.events WHERE message = 'pg_admission.brake is now "1"' AND actor_role IS NULL}),
	'1', 'as is the setting');
$node->stop;

done_testing();
