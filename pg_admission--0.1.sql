/* pg_admission--0.1.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_admission" to load this file. \quit

/*
 * Reading: for pg_monitor.  State is of the server, not of a database: the
 * extension shows the same in every database in which it is created.
 */

CREATE FUNCTION admission.status(
	OUT mode text,
	OUT phase text,
	OUT phase_reason text,
	OUT advice text,
	OUT warmup_trigger text,
	OUT warmup_started_at timestamptz,
	OUT progress float8,
	OUT connection_cap int,
	OUT start_cap int,
	OUT connections_admitted int,
	OUT connections_starting int,
	OUT connections_waiting int,
	OUT connections_exempt int,
	OUT connections_in_lane int,
	OUT admitted bigint,
	OUT held bigint,
	OUT handed_on bigint,
	OUT refused bigint,
	OUT refused_timeout bigint,
	OUT refused_slots bigint,
	OUT abandoned bigint,
	OUT ended bigint,
	OUT would_hold_start_cap bigint,
	OUT would_hold_connection_cap bigint,
	OUT longest_wait_ms bigint,
	OUT counters_reset_at timestamptz,
	OUT controller_pid int,
	OUT controller_heartbeat_age_ms bigint
)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_status';

COMMENT ON FUNCTION admission.status() IS
'the row of the view admission.status';

CREATE VIEW admission.status AS
	SELECT * FROM admission.status();

COMMENT ON VIEW admission.status IS
'what pg_admission does now, in one row; its column advice says what to type next';
COMMENT ON COLUMN admission.status.mode IS
'pg_admission.mode as published by the controller: enforce | observe | off';
COMMENT ON COLUMN admission.status.phase IS
'open: no warm-up runs | warming: caps rise | holding: caps stay where they are | off: the mode is off';
COMMENT ON COLUMN admission.status.phase_reason IS
'why the phase is what it is, in words';
COMMENT ON COLUMN admission.status.advice IS
'what to type next, in words and SQL';
COMMENT ON COLUMN admission.status.warmup_trigger IS
'what started the present or the last warm-up: new_instance | new_host | promotion | crash | manual; null: none has run';
COMMENT ON COLUMN admission.status.warmup_started_at IS
'when the present or the last warm-up started; null: none has run';
COMMENT ON COLUMN admission.status.progress IS
'how far the warm-up is, 0 to 1; 1 when none runs';
COMMENT ON COLUMN admission.status.connection_cap IS
'how many sessions may be admitted, in sessions; in mode observe, would be; null: no cap';
COMMENT ON COLUMN admission.status.start_cap IS
'how many sessions may be starting at once, in sessions; in mode observe, would be; null: no cap';
COMMENT ON COLUMN admission.status.connections_admitted IS
'sessions past the gate that are not exempt, those starting included';
COMMENT ON COLUMN admission.status.connections_starting IS
'of those, sessions that hold a start permit: from login to the end of the first transaction, unless idle or older than 1 s';
COMMENT ON COLUMN admission.status.connections_waiting IS
'logins in line';
COMMENT ON COLUMN admission.status.connections_exempt IS
'sessions not subject to the gate: superusers, replication, and the reserved lane';
COMMENT ON COLUMN admission.status.connections_in_lane IS
'of those, sessions of pg_admission.exempt_roles; at most pg_admission.exempt_connections';
COMMENT ON COLUMN admission.status.admitted IS
'logins admitted by permit since the counters were reset, at once or after waiting';
COMMENT ON COLUMN admission.status.held IS
'logins that had to wait in line since the counters were reset';
COMMENT ON COLUMN admission.status.handed_on IS
'permits given to a waiter since the counters were reset, each with one wake-up';
COMMENT ON COLUMN admission.status.refused IS
'logins refused since the counters were reset: refused_timeout + refused_slots';
COMMENT ON COLUMN admission.status.refused_timeout IS
'of those, logins that waited until pg_admission.connection_queue_timeout or authentication_timeout';
COMMENT ON COLUMN admission.status.refused_slots IS
'of those, logins that could not wait because too few connection slots were free';
COMMENT ON COLUMN admission.status.abandoned IS
'logins whose client had hung up before it was admitted, held or not, since the counters were reset';
COMMENT ON COLUMN admission.status.ended IS
'logins terminated, cancelled or shut down while held, since the counters were reset';
COMMENT ON COLUMN admission.status.would_hold_start_cap IS
'mode observe: logins that start_cap would have held, since the counters were reset';
COMMENT ON COLUMN admission.status.would_hold_connection_cap IS
'mode observe: logins that connection_cap would have held, since the counters were reset';
COMMENT ON COLUMN admission.status.longest_wait_ms IS
'the longest time a login has been held, whatever its end, in milliseconds, since the counters were reset';
COMMENT ON COLUMN admission.status.counters_reset_at IS
'when the server started or the counters were last reset';
COMMENT ON COLUMN admission.status.controller_pid IS
'process of the controller; null: not running';
COMMENT ON COLUMN admission.status.controller_heartbeat_age_ms IS
'time since the controller last did its round, in milliseconds; above 60000 the gates open; null: it has never run';

CREATE FUNCTION admission.waiting(
	OUT gate text,
	OUT pid int,
	OUT role text,
	OUT database text,
	OUT application_name text,
	OUT client_address inet,
	OUT waiting_since timestamptz,
	OUT "position" int
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_waiting';

COMMENT ON FUNCTION admission.waiting() IS
'the rows of the view admission.waiting';

CREATE VIEW admission.waiting AS
	SELECT * FROM admission.waiting();

COMMENT ON VIEW admission.waiting IS
'who is in line, oldest first; before PostgreSQL 18 pg_stat_activity does not show held logins';
COMMENT ON COLUMN admission.waiting.gate IS
'connection: a login that is held';
COMMENT ON COLUMN admission.waiting.pid IS
'process that waits; a superuser can end it with pg_terminate_backend(pid)';
COMMENT ON COLUMN admission.waiting.role IS
'role that logs in';
COMMENT ON COLUMN admission.waiting.database IS
'database it asked for; not checked yet';
COMMENT ON COLUMN admission.waiting.application_name IS
'application_name in its connection request; null: none';
COMMENT ON COLUMN admission.waiting.client_address IS
'address of the client; null: a Unix socket';
COMMENT ON COLUMN admission.waiting.waiting_since IS
'when it joined the line';
COMMENT ON COLUMN admission.waiting."position" IS
'place in the order of arrival, from 1; while the oldest has waited over 0.5 s most permits go to the newest';

/*
 * Acting: for superusers, and for whom they GRANT EXECUTE.  Each returns the
 * phase as it is afterwards.
 */

CREATE FUNCTION admission.start_warmup(
	duration interval DEFAULT NULL,
	initial_connections int DEFAULT NULL,
	target_connections int DEFAULT NULL
)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_start_warmup';

COMMENT ON FUNCTION admission.start_warmup(interval, int, int) IS
'starts a warm-up now, replacing one that runs; duration 100 ms to 24 days, caps 1 to max_connections sessions or -1 for none; null takes pg_admission.warmup_duration, .warmup_initial_connections, .warmup_target_connections; returns the phase';

CREATE FUNCTION admission.stop_warmup()
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_stop_warmup';

COMMENT ON FUNCTION admission.stop_warmup() IS
'ends the warm-up and lets everybody in who waits; a notice where none runs; returns the phase';

CREATE FUNCTION admission.hold_warmup()
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_hold_warmup';

COMMENT ON FUNCTION admission.hold_warmup() IS
'keeps the caps where they are until continue_warmup() or pg_admission.warmup_max_age; an error where no warm-up runs; returns the phase';

CREATE FUNCTION admission.continue_warmup()
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_continue_warmup';

COMMENT ON FUNCTION admission.continue_warmup() IS
'lets the caps rise again after hold_warmup(); an error where no warm-up runs; returns the phase';

CREATE FUNCTION admission.reset_counters()
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_reset_counters';

COMMENT ON FUNCTION admission.reset_counters() IS
'sets the totals in admission.status and longest_wait_ms to zero';

/*
 * Nothing for PUBLIC.
 */

REVOKE ALL ON SCHEMA admission FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA admission FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA admission FROM PUBLIC;

GRANT USAGE ON SCHEMA admission TO pg_monitor;
GRANT SELECT ON admission.status, admission.waiting TO pg_monitor;
GRANT EXECUTE ON FUNCTION admission.status(), admission.waiting() TO pg_monitor;
