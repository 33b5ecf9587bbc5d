# A login is held the same way under trust, scram and TLS, and succeeds when its
# turn comes: libpq notices nothing but time.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('authentication', 'max_connections = 40',
	"pg_admission.connection_queue_timeout = '60s'");
$node->safe_psql('postgres', q{
	SET password_encryption = 'scram-sha-256';
	CREATE ROLE scram LOGIN PASSWORD 'secret';
	CREATE ROLE tls LOGIN PASSWORD 'secret';
});

my $has_tls = 1;
if ($node->safe_psql('postgres', q{SELECT setting FROM pg_settings WHERE name = 'ssl_library'}) eq ''
	|| system_log('openssl', 'version') != 0)
{
	$has_tls = 0;
}
else
{
	my $dir = $node->data_dir;
	system_or_bail('openssl', 'req', '-new', '-x509', '-nodes', '-days', '30', '-subj', '/CN=localhost',
		'-out', "$dir/server.crt", '-keyout', "$dir/server.key");
	chmod 0600, "$dir/server.key";
	$node->append_conf('postgresql.conf', "ssl = on\nlisten_addresses = '127.0.0.1'");
}
unlink $node->data_dir . '/pg_hba.conf';
$node->append_conf('pg_hba.conf', join("\n",
		'local all scram scram-sha-256',
		'local all all trust',
		$has_tls ? 'hostssl all tls 127.0.0.1/32 scram-sha-256' : ())
	  . "\n");
$node->restart;

$node->safe_psql('postgres', "SELECT admission.start_warmup('10 min', 1, 1)");
my ($in) = start_clients($node, 1);
wait_clients(1, 'in', $in);

my %logins = (
	trust => 'host=' . $node->host . ' user=app',
	scram => 'host=' . $node->host . ' user=scram password=secret',
	wrong => 'host=' . $node->host . ' user=scram password=wrong');
$logins{tls} = 'host=127.0.0.1 sslmode=require user=tls password=secret' if $has_tls;

my (%run, %stdout, %stderr);
for my $name (sort keys %logins)
{
	($stdout{$name}, $stderr{$name}) = ('', '');
	$run{$name} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', "$logins{$name} dbname=postgres port=" . $node->port, '-c', 'SELECT current_user' ],
		'>', \$stdout{$name}, '2>', \$stderr{$name});
}
my $expected = $has_tls ? 3 : 2;
wait_status($node, "connections_waiting = $expected");
$run{wrong}->finish;
like($stderr{wrong}, qr/password authentication failed/, 'who cannot authenticate is not held');
is( $node->safe_psql('postgres', q{SELECT string_agg(DISTINCT role, ',' ORDER BY role) FROM admission.waiting}),
	$has_tls ? 'app,scram,tls' : 'app,scram', 'the others are held');
is($node->safe_psql('postgres', q{SELECT host(client_address) FROM admission.waiting WHERE role = 'tls'}),
	'127.0.0.1', 'with the address of the client') if $has_tls;

$in->hang_up;
for my $name (grep { $_ ne 'wrong' } sort keys %logins)
{
	$run{$name}->finish;
	my $user = $name eq 'trust' ? 'app' : $name;
	is($stdout{$name}, "$user\n", "$name: in at last");
	is($stderr{$name}, '', "$name: without a word");
}

$node->stop;
done_testing();
