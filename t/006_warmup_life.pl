# A warm-up survives what interrupts it, and the events that make an instance
# new to its load arm one.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_admission'\nmax_connections = 60");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_admission; CREATE ROLE app LOGIN');

# A cluster that initdb has just made is new.
is(status_of($node, 'phase || $$ $$ || warmup_trigger'), 'warming new_instance', 'a new instance warms up');

# Once stopped, it stays so through a restart: it is new no longer.
is($node->safe_psql('postgres', 'SELECT admission.stop_warmup()'), 'open', 'stopped');
$node->restart;
is(status_of($node, 'phase'), 'open', 'a clean restart arms nothing');
like(status_of($node, 'phase_reason'), qr/stopped by stop_warmup/, 'and what happened is remembered');

# A clean restart goes on with a warm-up, with its own window.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 3, 30)");
$node->safe_psql('postgres', 'SELECT admission.hold_warmup()');
my $before = status_of($node, 'progress');
$node->restart;
is(status_of($node, 'phase || $$ $$ || warmup_trigger || $$ $$ || connection_cap'), 'holding manual 3',
	'a restart goes on with the warm-up');
cmp_ok(status_of($node, 'progress'), '>=', $before, 'its progress is kept');
cmp_ok(status_of($node, 'progress'), '<', 0.1, 'and nothing was added by being down');
is($node->safe_psql('postgres', 'SELECT admission.continue_warmup()'), 'warming', 'it can be continued');

# A crash arms anew, with the interrupted window.
$node->stop('immediate');
$node->start;
is(status_of($node, 'phase || $$ $$ || warmup_trigger || $$ $$ || connection_cap'), 'warming crash 3',
	'an immediate shutdown arms, with the window of the one it interrupted');

# One that was held stays held.
$node->safe_psql('postgres', 'SELECT admission.hold_warmup()');
$node->stop('immediate');
$node->start;
is(status_of($node, 'phase || $$ $$ || warmup_trigger || $$ $$ || connection_cap'), 'holding crash 3',
	'a crash does not undo hold_warmup()');

# Unless warmup_on says otherwise: then it goes on.
$node->append_conf('postgresql.conf', "pg_admission.warmup_on = 'new_instance, new_host, promotion'");
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 4, 40)");
$node->stop('immediate');
$node->start;
is(status_of($node, 'phase || $$ $$ || warmup_trigger || $$ $$ || connection_cap'), 'warming manual 4',
	'without crash in warmup_on the warm-up goes on');
$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$node->stop('immediate');
$node->start;
is(status_of($node, 'phase'), 'open', 'and an open server stays open');

# A base backup carries the state file along; the clone knows that it is one.
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour', 5, 50)");
$node->backup('base');
ok(-e $node->backup_dir . '/base/pg_admission.state', 'a base backup has our state file');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is(status_of($standby, 'phase || $$ $$ || warmup_trigger'), 'warming new_host', 'a clone warms up by itself');
is(status_of($standby, 'connection_cap IS NULL'), 't', 'and not with the window of its origin');
is(status_of($node, 'phase || connection_cap'), 'warming5', 'the origin goes on');

# A standby that is promoted warms up again.
$standby->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$standby->restart;
is(status_of($standby, 'phase'), 'open', 'a standby restarts without a warm-up');
$standby->promote;
wait_status($standby, "phase = 'warming' AND warmup_trigger = 'promotion'");
pass('a promoted standby warms up');
$standby->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$standby->restart;
is(status_of($standby, 'phase'), 'open', 'only once');
$standby->stop;

# A promotion in the middle of a warm-up keeps the window that was chosen.
my $ready = PostgreSQL::Test::Cluster->new('ready');
$ready->init_from_backup($node, 'base', has_streaming => 1);
$ready->start;
$ready->safe_psql('postgres', "SELECT admission.start_warmup('30 min', 5, 20)");
$ready->promote;
wait_status($ready, "warmup_trigger = 'promotion'");
is(status_of($ready, 'phase || connection_cap'), 'warming5', 'a promotion keeps the window of a warm-up that runs');
$ready->stop;

# A long recovery does not use up the warm-up that follows it.
my $slow = PostgreSQL::Test::Cluster->new('slow');
$slow->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
$slow->append_conf('postgresql.conf', "restore_command = 'sleep 1; false'\n"
	  . "pg_admission.warmup_on = 'new_host'\npg_admission.warmup_duration = '2500ms'\nhot_standby = off\n");
$slow->start;
wait_ready($slow);
$slow->safe_psql('postgres', 'SELECT admission.hold_warmup()');
cmp_ok(status_of($slow, 'progress'), '<', 0.9, 'the clock starts when sessions are let in');
my ($began, $ready_at) = map { slurp_file($slow->logfile) =~ /^(\S+ [\d:.]+) .*$_/m ? $1 : '' }
  ('pg_admission starts a warm-up', 'ready to accept connections');
is($node->safe_psql('postgres', "SELECT '$ready_at'::timestamp - '$began'::timestamp > '2.5 s'"), 't',
	'after a recovery longer than the warm-up');
$slow->stop;

# A standby promoted while it was down.
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init_from_backup($node, 'base', has_streaming => 1);
$other->start;
$other->safe_psql('postgres', 'SELECT admission.stop_warmup()');
$other->stop;
unlink $other->data_dir . '/standby.signal' or die "unlink: $!";
$other->start;
is(status_of($other, 'phase || $$ $$ || warmup_trigger'), 'warming promotion',
	'a standby that comes up as a primary warms up');
$other->stop;

# A copy of the directory is another place.
$node->stop;
my $copy = PostgreSQL::Test::Cluster->new('copy');
system_or_bail('cp', '-a', $node->data_dir, $copy->data_dir);
$copy->append_conf('postgresql.conf', 'port = ' . $copy->port
	  . "\nunix_socket_directories = '" . $copy->host . "'");
$copy->start;
is(status_of($copy, 'phase || $$ $$ || warmup_trigger'), 'warming new_host', 'a copied data directory warms up');
ok($copy->wait_for_log(qr/ignores its state file .*: the file was written elsewhere/),
	'and says that it ignores the file');
$copy->stop;

# The end of the window, whatever its progress.
$node->append_conf('postgresql.conf', "pg_admission.warmup_max_age = '1s'");
$node->start;
$node->safe_psql('postgres', "SELECT admission.start_warmup('1 hour')");
$node->safe_psql('postgres', "SELECT admission.hold_warmup()") ;
wait_status($node, "phase = 'open' AND phase_reason LIKE '%warmup_max_age%'");
pass('warmup_max_age ends a warm-up, held or not');
$node->stop;

done_testing();
