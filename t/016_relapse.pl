# A server that has long been open and freezes: critical pressure, a standing
# line and clients that leave, together for half a minute, start a warm-up.

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
my $node = new_node('relapse',
	'max_connections = 200',
	'pg_admission.warmup_advance = load',
	"pg_admission.warmup_on = 'relapse'",
	'pg_admission.transaction_gate = off',
	"pg_admission.sample_interval = '500ms'",
	"pg_admission.system_root = '" . $machine->root . "'");
$node->safe_psql('postgres', 'GRANT pg_execute_server_program TO app; CREATE TABLE t (a int); GRANT INSERT ON t TO app');

my @clients;

# One step of a storm: more logins come than may start; whoever is let in is
# busy for a while, and whoever has waited for a second leaves, or does not.
sub storm
{
	my ($leave) = @_;
	push @clients, start_clients($node, 4);
	for my $client (@clients)
	{
		my $state = $client->state;
		$client->query("COPY t FROM PROGRAM 'sleep 3'")
		  if $state eq 'in' && !$client->{busy_once}++;
		$client->hang_up
		  if ($leave && $state eq 'held' && time() - $client->{started} > 1)
		  || ($state eq 'in' && $client->{busy_once} > 1);
		$client->{busy_once}++ if $client->{busy_once};
	}
	@clients = grep { $_->{socket} } @clients;
	usleep(90_000);
	return;
}

# While pressure is only critical it is no incident: nobody leaves.
$machine->set(running => 1, waiting => 9);
wait_status($node, "pressure_level = 'critical'");
is(status_of($node, 'start_cap'), '8', 'the cap of the end binds');
my $began = time();
storm(0) while time() - $began < 3;
is(status_of($node, 'connections_waiting > 0'), 't', 'a line stands');
is(status_of($node, 'phase'), 'open', 'which is no relapse');

# All three signs together, for long enough.
$began = time();
storm(1) until time() - $began > 90 || (int((time() - $began) * 10) % 10 == 0 && status_of($node, 'phase') ne 'open');
is(status_of($node, 'phase || warmup_trigger'), 'warmingrelapse', 'a relapse starts a warm-up');
cmp_ok(time() - $began, '>', 25, 'after half a minute');
like(status_of($node, 'phase_reason'), qr/relapse: critical pressure, a standing line and clients that leave, for half a minute; the caps are cut back/, 'and says why');
is(status_of($node, 'start_cap'), '4', 'with the cap of the beginning');
like(slurp_file($node->logfile), qr/pg_admission starts a warm-up: relapse/, 'and in the log');
$node->stop('immediate');
$machine->stop;

done_testing();
