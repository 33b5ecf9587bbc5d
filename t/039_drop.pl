# DROP EXTENSION leaves the gates to the configuration, and nothing in the
# catalogs; in the middle of a warm-up, and while its functions are called.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('drop', 'max_connections = 40', 'autovacuum = off', 'pg_admission.long_transaction_after = -1',
	"pg_admission.connection_queue_timeout = '50s'", "pg_admission.services = 'chat: role=chat'");
my $work = 'SELECT count(*) >= 0 FROM pg_class';

sub session
{
	my (%options) = @_;
	my ($client) = start_clients($node, 1, %options);

	wait_clients(1, 'in', $client);
	return $client;
}

# A superuser's session; what it answers.
my $admin = session(user => 'postgres');
sub drop { return $admin->ask('DROP EXTENSION pg_admission') }
sub create { return $admin->ask('CREATE EXTENSION pg_admission') }

# In a database where nothing else is done: how many rows each catalog has,
# without those of what ANALYZE finds.
sub in_bare { return $node->safe_psql('bare', $_[0]) }
sub counts_in_bare
{
	my @catalogs = split /\n/, in_bare(q{
		SELECT oid::regclass FROM pg_class
		WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND relname !~ '^pg_statistic' ORDER BY 1});
	return { map { split /\|/ } split /\n/,
		in_bare(join ' UNION ALL ', map { "SELECT '$_', count(*) FROM $_" } @catalogs) };
}

# Nothing is left.
is($admin->ask('CREATE ROLE chat LOGIN') . $admin->ask('CREATE DATABASE bare'), '', 'a role and a database');
my $before = counts_in_bare();
in_bare('CREATE EXTENSION pg_admission');
my $with = counts_in_bare();
cmp_ok($with->{pg_proc}, '>', $before->{pg_proc}, 'CREATE EXTENSION makes functions');
in_bare('DROP EXTENSION pg_admission');
is_deeply(counts_in_bare(), $before, 'DROP EXTENSION leaves nothing of them in any catalog');
is(in_bare(q{SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname ~ 'admission'}), '', 'nor its schema');

# Nor is a schema of that name taken over, whose owner could put functions beside
# those that superusers call.
in_bare('DROP SCHEMA IF EXISTS admission; GRANT CREATE ON DATABASE bare TO chat; SET ROLE chat; CREATE SCHEMA admission');
my ($rc, undef, $refusal) = $node->psql('bare', 'CREATE EXTENSION pg_admission');
isnt($rc, 0, 'a schema of another owner is not the extension\'s');
like($refusal, qr/ERROR:  schema "admission" already exists/, 'which says why');
is(in_bare(q{SELECT count(*) FROM pg_extension WHERE extname = 'pg_admission'}), 0, 'and is not created');

# A warm-up goes on: who is held stays held, who is refused is refused.
$admin->ask("SELECT admission.start_warmup('1 hour', 2, 2, 1, 1)");
is($admin->ask('SELECT admission.hold_warmup()'), 'holding', 'a warm-up, held');
my ($runs, $refused) = start_clients($node, 2);
wait_clients(2, 'in', $runs, $refused);
my ($held) = start_clients($node, 1);
wait_status($node, 'connections_waiting = 1');
$runs->query('SELECT burn(3)');
wait_status($node, 'transactions_running = 1');
my $started = status_of($node, 'warmup_started_at');
is(drop(), '', 'DROP EXTENSION');
is($refused->ask($work), 'ERROR 53400', 'a transaction is refused as before');
is($held->state, 'held', 'a login is still held');
my ($later) = start_clients($node, 1);
is($runs->answer, 'burnt', 'who was let in goes on');
is($refused->ask($work), 't', 'and the permit comes back');
is($later->state, 'held', 'who comes is held, too');
is($admin->ask('SHOW pg_admission.mode'), 'enforce', 'settings are there');
is($admin->ask(q{ALTER SYSTEM SET pg_admission.mode = 'nonsense'}), 'ERROR 22023', 'and are checked');
is($admin->ask(q{SET pg_admission.transaction_queue_timeout = '5s'; SHOW pg_admission.transaction_queue_timeout}), '5s',
	'a session can change its own');
is(create(), '', 'CREATE EXTENSION');
is(status_of($node, 'phase || $$ $$ || connections_waiting'), 'holding 2', 'the same warm-up, and the same line');
is(status_of($node, 'warmup_started_at'), $started, 'since when it was');
drop();
$runs->hang_up;
wait_until('one of them to be let in', sub { grep { $_->state eq 'in' } $held, $later });
is(scalar(clients_in('held', $held, $later)), 1, 'places are handed on without the extension');

# The configuration is obeyed.
$admin->ask($_) for q{ALTER SYSTEM SET pg_admission.mode = 'off'}, 'SELECT pg_reload_conf()';
wait_clients(2, 'in', $held, $later);
$admin->ask($_) for 'ALTER SYSTEM RESET pg_admission.mode', 'SELECT pg_reload_conf()';
$_->hang_up for $held, $later, $refused;
create();
wait_status($node, q{mode = 'enforce' AND connections_admitted = 0});
$admin->ask('SELECT admission.stop_warmup()');

# A pause goes on as well, until somebody ends it.
my $chat = session(user => 'chat');
is($admin->ask(q{SELECT admission.pause_service('chat')}), 'paused', 'a pause');
drop();
is($chat->ask($work), 'ERROR 53400', 'outlives the extension');
$node->restart;
$admin = session(user => 'postgres');
my ($again) = start_clients($node, 1, user => 'chat');
create();
wait_status($node, 'connections_waiting = 1');
is($again->state, 'held', 'and a restart without it');
is($admin->ask(q{SELECT admission.resume_service('chat', over => '0')}), 'open', 'and can be ended by the next');
wait_clients(1, 'in', $again);
$again->hang_up;

# Sessions with plans of what is dropped.
my $other = session(user => 'postgres');
my $name = 'regular_look';
$other->ask("PREPARE $name AS SELECT phase FROM admission.status");
$other->ask(q{CREATE FUNCTION look() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT phase FROM admission.status); END $$});
$other->ask("EXECUTE $name; SELECT look()") for 1 .. 6;
is($other->ask("EXECUTE $name") . $other->ask('SELECT look()'), 'openopen', 'a prepared statement and a function');
drop();
like($other->ask($_), qr/^ERROR (?:3F000|42P01)$/, "$_: fails when the extension is gone") for "EXECUTE $name", 'SELECT look()';
create();
is($other->ask("EXECUTE $name"), 'open', 'and work when it is there again');
is($other->ask('SELECT look()'), 'open', 'both');

# Calls that are under way: the library is still there, and what they call by
# name is not.
$other->query('SELECT admission.sample_now() IS NOT NULL');
drop();
is($other->answer, 't', 'a function of the library returns');
create();
my $victim = session(application_name => 'victim');
my $asker = session(user => 'postgres');
$victim->query('DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(1.5); END $$');
wait_until('its sleep', sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'}) == 1 });
$asker->query(q{SELECT done FROM admission.cancel_backends(role_name => 'app', dry_run => false, wait => '10 s')});
wait_until('a cancel', sub { $node->safe_psql('postgres', q{SELECT count(*) FROM admission.events WHERE application_name = 'victim'}) == 1 });
is($asker->state, 'busy', 'a session waits for those it has cancelled');
is(drop(), '', 'the extension is dropped meanwhile');
is($asker->answer, 'cancelled', 'who waits is told of the end');
is($victim->answer, '', 'which has come');
$victim->hang_up;
create();

# A pause that closes sessions calls others by name for as long as it waits; when
# its session hears of the end of them is up to PostgreSQL.
my $open = session(user => 'chat');
$open->ask('BEGIN');
$asker->query(q{SELECT admission.pause_service('chat', disconnect => true, grace => '3 s')});
wait_until('the pause to wait', sub { $node->safe_psql('postgres',
	q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%disconnect => true%' AND wait_event = 'PgSleep'}) == 1 });
is(drop(), '', 'it is dropped while a pause closes sessions');
like($asker->answer, qr/^(?:paused|ERROR 42883)$/, 'which goes on, or says that what it needs is gone');
create();
is($admin->ask(q{SELECT admission.resume_service('chat', over => '0')}), 'open', 'the pause stood, and ends');
$open->hang_up;

# A view that is read keeps it until then.
$other->query('SELECT phase FROM admission.status, pg_sleep(1.5)');
wait_until('its lock', sub { $admin->ask(q{SELECT count(*) FROM pg_locks WHERE relation = 'admission.status'::regclass}) });
$admin->ask(q{SET lock_timeout = '100ms'});
is(drop(), 'ERROR 55P03', 'a view that is read cannot be dropped');
$admin->ask('RESET lock_timeout');
is($other->answer, 'open', 'its reader is not disturbed');

# In a transaction, and with dependants.
$admin->ask('BEGIN');
is(drop(), '', 'dropped in a transaction');
$admin->ask('ROLLBACK');
is(status_of($node, 'phase'), 'open', 'and not, when that is rolled back');
$admin->ask('CREATE VIEW public.mine AS SELECT phase FROM admission.status');
is(drop(), 'ERROR 2BP01', 'what a user has built on it keeps it');
is($admin->ask('DROP EXTENSION pg_admission CASCADE'), '', 'unless CASCADE is said');
is($admin->ask(q{SELECT to_regclass('public.mine') IS NULL}), 't', 'which takes it along');

# Again and again, from many sessions, in the middle of logins and transactions.
my @many = map { session(user => 'postgres') } 1 .. 4;
for my $round (1 .. 15)
{
	$_->query($round % 2 ? 'CREATE EXTENSION IF NOT EXISTS pg_admission' : 'DROP EXTENSION IF EXISTS pg_admission') for @many[ 0, 1 ];
	$many[2]->query('SELECT count(*) FROM admission.backends');
	$many[3]->query('SELECT count(*) FROM admission.metrics()');
	$_->answer for @many;
}
is($admin->ask('DROP EXTENSION IF EXISTS pg_admission'), '', 'by many at a time');
is($admin->ask('CREATE EXTENSION pg_admission'), '', 'and made for good');
is(status_of($node, 'phase || $$ $$ || mode'), 'open enforce', 'all is as it was');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal|cache lookup failed/, 'nothing has broken');
$node->stop;
done_testing();
