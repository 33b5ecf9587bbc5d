/* pg_admission--0.1.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_admission" to load this file. \quit

/*
 * The schema is the extension's own: it goes with it, and one that somebody has
 * made before, with functions in it that a call of ours might reach, is refused.
 */

CREATE SCHEMA admission;

/*
 * Reading: for pg_monitor.  State is of the server, not of a database: the
 * extension shows the same in every database in which it is created.
 */

CREATE FUNCTION admission.status(
	OUT mode text,
	OUT phase text,
	OUT phase_reason text,
	OUT advice text,
	OUT pressure_level text,
	OUT warmup_trigger text,
	OUT warmup_started_at timestamptz,
	OUT progress float8,
	OUT brake text,
	OUT health_blocking int,
	OUT health_checked_at timestamptz,
	OUT services_paused int,
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
	OUT passed bigint,
	OUT refused bigint,
	OUT refused_timeout bigint,
	OUT refused_slots bigint,
	OUT refused_service bigint,
	OUT abandoned bigint,
	OUT ended bigint,
	OUT would_hold_start_cap bigint,
	OUT would_hold_connection_cap bigint,
	OUT refused_by_server bigint,
	OUT longest_wait_ms bigint,
	OUT transaction_cap int,
	OUT transactions_running int,
	OUT transactions_waiting int,
	OUT transactions_lent int,
	OUT transactions_long int,
	OUT transactions_admitted bigint,
	OUT transactions_held bigint,
	OUT transactions_refused bigint,
	OUT transactions_refused_service bigint,
	OUT transactions_abandoned bigint,
	OUT transactions_ended bigint,
	OUT transactions_let_through bigint,
	OUT transactions_would_hold bigint,
	OUT longest_transaction_wait_ms bigint,
	OUT held_while_comfortable_ms bigint,
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
'open: no warm-up runs | warming: caps rise as the load proves them | holding: an administrator keeps progress where it is | off: the mode is off';
COMMENT ON COLUMN admission.status.phase_reason IS
'why the phase is what it is, in words';
COMMENT ON COLUMN admission.status.advice IS
'what to type next, in words and SQL';
COMMENT ON COLUMN admission.status.pressure_level IS
'how much the machine is wanted: comfortable | high | critical; see admission.pressure';
COMMENT ON COLUMN admission.status.warmup_trigger IS
'what started the present or the last warm-up: new_instance | new_host | promotion | crash | relapse | manual; null: none has run';
COMMENT ON COLUMN admission.status.warmup_started_at IS
'when the present or the last warm-up started; null: none has run';
COMMENT ON COLUMN admission.status.progress IS
'how far the warm-up is, 0 to 1; 1 when none runs';
COMMENT ON COLUMN admission.status.brake IS
'off | on: the caps are those of a warm-up''s beginning | how many transactions may run; by admission.brake(), or else by pg_admission.brake; if both are on, the tighter one binds';
COMMENT ON COLUMN admission.status.health_blocking IS
'blocking findings of admission.health_check() as last run in each database, by anybody or by the worker while a warm-up may have to wait for them; null: it has not been run since the server started';
COMMENT ON COLUMN admission.status.health_checked_at IS
'when it was last run, in whatever database';
COMMENT ON COLUMN admission.status.services_paused IS
'services that are paused, those included that wait their turn to come back; see admission.services';
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
COMMENT ON COLUMN admission.status.passed IS
'logins let in beyond the caps since the counters were reset, because the machine was comfortable';
COMMENT ON COLUMN admission.status.refused IS
'logins refused since the counters were reset: refused_timeout + refused_slots + refused_service';
COMMENT ON COLUMN admission.status.refused_timeout IS
'of those, logins that waited until pg_admission.connection_queue_timeout or authentication_timeout';
COMMENT ON COLUMN admission.status.refused_slots IS
'of those, logins that could not wait because too few connection slots were free';
COMMENT ON COLUMN admission.status.refused_service IS
'of those, logins whose service was paused or at its limit';
COMMENT ON COLUMN admission.status.abandoned IS
'logins whose client had hung up before it was admitted, held or not, since the counters were reset';
COMMENT ON COLUMN admission.status.ended IS
'logins terminated, cancelled or shut down while held, since the counters were reset';
COMMENT ON COLUMN admission.status.would_hold_start_cap IS
'mode observe: logins that start_cap would have held, since the counters were reset';
COMMENT ON COLUMN admission.status.would_hold_connection_cap IS
'mode observe: logins that connection_cap would have held, since the counters were reset';
COMMENT ON COLUMN admission.status.refused_by_server IS
'logins that PostgreSQL itself refused for want of a connection slot since the counters were reset: "sorry, too many clients already" and "remaining connection slots are reserved"';
COMMENT ON COLUMN admission.status.longest_wait_ms IS
'the longest time a login has been held, whatever its end, in milliseconds, since the counters were reset';
COMMENT ON COLUMN admission.status.transaction_cap IS
'how many transactions may run at once; in mode observe, would; null: no cap';
COMMENT ON COLUMN admission.status.transactions_running IS
'transactions of gated sessions past the transaction gate, but those that are lent';
COMMENT ON COLUMN admission.status.transactions_waiting IS
'transactions in line';
COMMENT ON COLUMN admission.status.transactions_lent IS
'transactions whose permit is lent, since they wait for the client, a lock, a standby or the like, not for a processor or a disk';
COMMENT ON COLUMN admission.status.transactions_long IS
'of transactions_running, those older than pg_admission.long_transaction_after that transaction_cap does not count, since half of it is taken by others as old';
COMMENT ON COLUMN admission.status.transactions_admitted IS
'transactions admitted while a cap stood, at once or after waiting, since the counters were reset';
COMMENT ON COLUMN admission.status.transactions_held IS
'transactions that had to wait in line since the counters were reset';
COMMENT ON COLUMN admission.status.transactions_refused IS
'transactions refused since the counters were reset, with SQLSTATE 53400: their session goes on';
COMMENT ON COLUMN admission.status.transactions_refused_service IS
'of those, transactions whose service was paused or at its limit';
COMMENT ON COLUMN admission.status.transactions_abandoned IS
'transactions whose client had hung up while they waited, since the counters were reset';
COMMENT ON COLUMN admission.status.transactions_ended IS
'transactions cancelled, timed out or terminated while they waited, since the counters were reset';
COMMENT ON COLUMN admission.status.transactions_let_through IS
'transactions let in beyond the cap since the counters were reset: the machine was comfortable, they blocked somebody, or their session held a cursor or an advisory lock';
COMMENT ON COLUMN admission.status.transactions_would_hold IS
'mode observe: transactions that transaction_cap would have held, since the counters were reset';
COMMENT ON COLUMN admission.status.longest_transaction_wait_ms IS
'the longest time a transaction has waited, whatever its end, in milliseconds, since the counters were reset';
COMMENT ON COLUMN admission.status.held_while_comfortable_ms IS
'time in which anybody was held for over 0.2 s while pressure was comfortable, in milliseconds, since the counters were reset; should stay 0';
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
	OUT service text,
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
'who is in line, by gate and service, oldest first; before PostgreSQL 18 pg_stat_activity does not show held logins';
COMMENT ON COLUMN admission.waiting.gate IS
'connection: a login that is held | transaction';
COMMENT ON COLUMN admission.waiting.pid IS
'process that waits; to end it: admission.terminate_backends(), for a held login as a superuser';
COMMENT ON COLUMN admission.waiting.role IS
'role that logs in; null, as are the next four: the reader lacks the rights of pg_read_all_stats';
COMMENT ON COLUMN admission.waiting.database IS
'database it asked for; not checked yet';
COMMENT ON COLUMN admission.waiting.application_name IS
'application_name in its connection request; null: none';
COMMENT ON COLUMN admission.waiting.client_address IS
'address of the client; null: a Unix socket';
COMMENT ON COLUMN admission.waiting.service IS
'the service it belongs to; see admission.services';
COMMENT ON COLUMN admission.waiting.waiting_since IS
'when it joined the line';
COMMENT ON COLUMN admission.waiting."position" IS
'place in its gate''s and service''s order of arrival, from 1; while the oldest has waited over 0.5 s most permits go to the newest';

/*
 * Pressure: from the controller's last sample, which nobody pays for by
 * looking.
 */

CREATE FUNCTION admission.pressure(
	OUT level text,
	OUT cause text,
	OUT cpu_demand float8,
	OUT cpu_used float8,
	OUT run_queue_wait float8,
	OUT runnable_backends float8,
	OUT usable_cores float8,
	OUT throttled float8,
	OUT steal float8,
	OUT load1 float8,
	OUT load5 float8,
	OUT load15 float8,
	OUT psi_cpu_some float8,
	OUT psi_memory_some float8,
	OUT psi_memory_full float8,
	OUT psi_io_some float8,
	OUT psi_io_full float8,
	OUT memory_available_bytes bigint,
	OUT memory_limit_bytes bigint,
	OUT memory_used float8,
	OUT sources text,
	OUT window_s float8,
	OUT sampled_at timestamptz,
	OUT sample_age_s float8
)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_pressure';

COMMENT ON FUNCTION admission.pressure() IS
'the row of the view admission.pressure';

CREATE VIEW admission.pressure AS
	SELECT * FROM admission.pressure();

COMMENT ON VIEW admission.pressure IS
'how much the machine is wanted, in one row, from the last sample; what cannot be read is null';
COMMENT ON COLUMN admission.pressure.level IS
'comfortable | high: caps do not rise | critical: caps are cut; with hysteresis: it rises after 0.5 s over a threshold and falls after 3 s below four fifths of it, or 97 % of it for memory_used';
COMMENT ON COLUMN admission.pressure.cause IS
'the figure that is furthest over its threshold; null: comfortable; one of cpu_demand (high from 1.5, critical from 6) | run_queue_wait (0.6, 0.9, where processes run on half of the cores) | throttled (0.25, never) | memory_full (0.1, 0.4) | memory_used (0.92, 0.97)';
COMMENT ON COLUMN admission.pressure.cpu_demand IS
'(time running + time waiting for a processor) / (elapsed x usable cores): 1 is exactly busy, 3 means two waiters for each runner';
COMMENT ON COLUMN admission.pressure.cpu_used IS
'time running / (elapsed x usable cores), by anybody on the machine or, under a quota, in the control group; 0 to 1';
COMMENT ON COLUMN admission.pressure.run_queue_wait IS
'of the time in which the server''s processes could run, the share in which they waited for a processor; 0 to 1';
COMMENT ON COLUMN admission.pressure.runnable_backends IS
'mean number of the server''s processes that ran or waited for a processor';
COMMENT ON COLUMN admission.pressure.usable_cores IS
'processors that the server may use: pg_admission.cores, or affinity and the control group''s quota';
COMMENT ON COLUMN admission.pressure.throttled IS
'share of the quota''s periods in which the control group used it up; 0 to 1; null: no quota';
COMMENT ON COLUMN admission.pressure.steal IS
'share of the processors'' time that went to other virtual machines; 0 to 1';
COMMENT ON COLUMN admission.pressure.load1 IS
'the kernel''s load average over 1 minute';
COMMENT ON COLUMN admission.pressure.load5 IS
'the kernel''s load average over 5 minutes';
COMMENT ON COLUMN admission.pressure.load15 IS
'the kernel''s load average over 15 minutes';
COMMENT ON COLUMN admission.pressure.psi_cpu_some IS
'share of the time in which some task waited for a processor (PSI), of the control group or the machine; 0 to 1';
COMMENT ON COLUMN admission.pressure.psi_memory_some IS
'share of the time in which some task stood still for want of memory (PSI); 0 to 1';
COMMENT ON COLUMN admission.pressure.psi_memory_full IS
'share of the time in which all tasks stood still for want of memory (PSI); 0 to 1';
COMMENT ON COLUMN admission.pressure.psi_io_some IS
'share of the time in which some task waited for a disk (PSI); 0 to 1';
COMMENT ON COLUMN admission.pressure.psi_io_full IS
'share of the time in which all tasks waited for disks (PSI); 0 to 1';
COMMENT ON COLUMN admission.pressure.memory_available_bytes IS
'memory to be had without swapping, of the machine or, if that is less, below the control group''s limit, in bytes';
COMMENT ON COLUMN admission.pressure.memory_limit_bytes IS
'all memory, of the machine or, if that is less, the control group''s limit, in bytes';
COMMENT ON COLUMN admission.pressure.memory_used IS
'1 - available / limit; 0 to 1';
COMMENT ON COLUMN admission.pressure.sources IS
'where the figures came from, in words';
COMMENT ON COLUMN admission.pressure.window_s IS
'the time the figures are about, in seconds';
COMMENT ON COLUMN admission.pressure.sampled_at IS
'when the sample was taken; null: none has been';
COMMENT ON COLUMN admission.pressure.sample_age_s IS
'how long ago, in seconds';

CREATE FUNCTION admission.pressure_history(
	OUT sampled_at timestamptz,
	OUT window_s float8,
	OUT cpu_demand float8,
	OUT cpu_used float8,
	OUT run_queue_wait float8,
	OUT runnable_backends float8,
	OUT psi_cpu_some float8,
	OUT psi_memory_full float8,
	OUT psi_io_some float8,
	OUT load1 float8,
	OUT throttled float8,
	OUT steal float8,
	OUT memory_available_bytes float8,
	OUT level text,
	OUT progress float8,
	OUT start_cap bigint,
	OUT connection_cap bigint,
	OUT connections_starting bigint,
	OUT connections_admitted bigint,
	OUT connections_waiting bigint,
	OUT connections_exempt bigint,
	OUT admitted bigint,
	OUT held bigint,
	OUT refused bigint,
	OUT abandoned bigint,
	OUT refused_by_server bigint,
	OUT transaction_cap bigint,
	OUT transactions_running bigint,
	OUT transactions_lent bigint,
	OUT transactions_waiting bigint,
	OUT transactions_refused bigint,
	OUT transactions_abandoned bigint
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
ROWS 3600
AS 'MODULE_PATHNAME', 'adm_pressure_history';

COMMENT ON FUNCTION admission.pressure_history() IS
'the rows of the view admission.pressure_history';

CREATE VIEW admission.pressure_history AS
	SELECT * FROM admission.pressure_history();

COMMENT ON VIEW admission.pressure_history IS
'the last 3600 samples, oldest first: an hour at pg_admission.sample_interval = 1s; kept in pg_admission.history in the data directory, which can be read where the server is down';
COMMENT ON COLUMN admission.pressure_history.sampled_at IS
'when the sample was taken';
COMMENT ON COLUMN admission.pressure_history.window_s IS
'the time the sample is about, in seconds; the next columns are as in admission.pressure';
COMMENT ON COLUMN admission.pressure_history.cpu_demand IS
'as in admission.pressure: 1 is exactly busy';
COMMENT ON COLUMN admission.pressure_history.cpu_used IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.run_queue_wait IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.runnable_backends IS
'as in admission.pressure, in processes';
COMMENT ON COLUMN admission.pressure_history.psi_cpu_some IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.psi_memory_full IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.psi_io_some IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.load1 IS
'the kernel''s load average over 1 minute';
COMMENT ON COLUMN admission.pressure_history.throttled IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.steal IS
'as in admission.pressure; 0 to 1';
COMMENT ON COLUMN admission.pressure_history.memory_available_bytes IS
'as in admission.pressure, in bytes, to six digits after a restart';
COMMENT ON COLUMN admission.pressure_history.level IS
'comfortable | high | critical';
COMMENT ON COLUMN admission.pressure_history.progress IS
'of the warm-up, 0 to 1; 1 when none ran';
COMMENT ON COLUMN admission.pressure_history.start_cap IS
'how many sessions could start at once, in sessions; null: no cap';
COMMENT ON COLUMN admission.pressure_history.connection_cap IS
'how many sessions could be admitted, in sessions; null: no cap';
COMMENT ON COLUMN admission.pressure_history.connections_starting IS
'sessions that held a start permit at that moment';
COMMENT ON COLUMN admission.pressure_history.connections_admitted IS
'sessions past the gate at that moment, those starting included';
COMMENT ON COLUMN admission.pressure_history.connections_waiting IS
'logins in line at that moment';
COMMENT ON COLUMN admission.pressure_history.connections_exempt IS
'sessions not subject to the gate at that moment';
COMMENT ON COLUMN admission.pressure_history.admitted IS
'logins admitted in the window';
COMMENT ON COLUMN admission.pressure_history.held IS
'logins that had to wait, in the window';
COMMENT ON COLUMN admission.pressure_history.refused IS
'logins refused by the gate in the window';
COMMENT ON COLUMN admission.pressure_history.abandoned IS
'logins whose client had hung up before it was admitted, in the window';
COMMENT ON COLUMN admission.pressure_history.refused_by_server IS
'logins that PostgreSQL itself refused for want of a slot, in the window';

COMMENT ON COLUMN admission.pressure_history.transaction_cap IS
'how many transactions could run at once; null: no cap';
COMMENT ON COLUMN admission.pressure_history.transactions_running IS
'transactions past their gate at that moment, but those lent';
COMMENT ON COLUMN admission.pressure_history.transactions_lent IS
'transactions whose permit was lent at that moment';
COMMENT ON COLUMN admission.pressure_history.transactions_waiting IS
'transactions in line at that moment';
COMMENT ON COLUMN admission.pressure_history.transactions_refused IS
'transactions refused by the gate in the window';
COMMENT ON COLUMN admission.pressure_history.transactions_abandoned IS
'transactions whose client had hung up while they waited, in the window';

CREATE FUNCTION admission.sample_now()
RETURNS timestamptz
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_sample_now';

COMMENT ON FUNCTION admission.sample_now() IS
'waits until the controller has taken a sample that began after the call, at least 0.1 s after the one before; returns its time; an error after 5 s';

CREATE FUNCTION admission.backend_samples(
	OUT pid int,
	OUT backend_start timestamptz,
	OUT gate_state text,
	OUT leader_pid int,
	OUT cpu_percent float8,
	OUT run_queue_wait_percent float8,
	OUT cpu_s float8,
	OUT transaction_cpu_s float8,
	OUT memory_bytes bigint,
	OUT read_bytes_per_s float8,
	OUT write_bytes_per_s float8,
	OUT service text
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_backend_samples';

COMMENT ON FUNCTION admission.backend_samples() IS
'what the last sample and the gate know of each process of the server; joined with pg_stat_activity it is the view admission.backends';

/*
 * Stable, so that a view that does not show them does not call them: each looks
 * through the whole lock table.
 */
CREATE FUNCTION admission.blocking(
	OUT pid int,
	OUT processes int,
	OUT behind int
)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
ROWS 10
AS 'MODULE_PATHNAME', 'adm_blocking';

COMMENT ON FUNCTION admission.blocking() IS
'each process that others wait for to release a lock, how many they are, and, where it waits for none itself, how many wait behind it, for it or for one another; looks through the lock table once for each that waits';

CREATE FUNCTION admission.blocked_by(pid int)
RETURNS int[]
LANGUAGE internal STABLE STRICT PARALLEL RESTRICTED
AS 'pg_blocking_pids';

COMMENT ON FUNCTION admission.blocked_by(int) IS
'pg_blocking_pids(), for views that need not call it';

CREATE VIEW admission.backends AS
	SELECT
		COALESCE(a.pid, s.pid) AS pid,
		s.leader_pid,
		COALESCE(a.usename, w.role::name) AS role,
		COALESCE(a.datname, w.database::name) AS database,
		CASE w.gate WHEN 'connection' THEN w.application_name ELSE a.application_name END AS application_name,
		COALESCE(a.client_addr, w.client_address) AS client_address,
		COALESCE(a.backend_start, s.backend_start) AS backend_start,
		COALESCE(a.backend_type, CASE WHEN s.gate_state IS NULL THEN 'background worker' ELSE 'client backend' END) AS backend_type,
		CASE w.gate WHEN 'connection' THEN 'waiting for admission' ELSE a.state END AS state,
		a.wait_event_type,
		a.wait_event,
		s.service,
		s.gate_state,
		s.cpu_percent,
		s.run_queue_wait_percent,
		s.cpu_s,
		s.transaction_cpu_s,
		s.memory_bytes,
		s.read_bytes_per_s,
		s.write_bytes_per_s,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.backend_start AS backend_age,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.xact_start AS transaction_age,
		CASE WHEN a.state OPERATOR(pg_catalog.=) 'active'
			THEN pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.query_start END AS query_age,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.state_change AS state_age,
		CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'
			THEN admission.blocked_by(a.pid) END AS blocked_by,
		COALESCE((
			SELECT k.processes FROM admission.blocking() AS k
			WHERE k.pid OPERATOR(pg_catalog.=) a.pid
		), 0) AS blocking,
		a.query
	FROM pg_catalog.pg_stat_activity AS a
		FULL JOIN admission.backend_samples() AS s ON a.pid OPERATOR(pg_catalog.=) s.pid
		LEFT JOIN admission.waiting() AS w ON w.pid OPERATOR(pg_catalog.=) s.pid;

COMMENT ON VIEW admission.backends IS
'each process of the server: what it uses, by the last sample, and what it does, by pg_stat_activity; held logins included; blocked_by and blocking cost a look through the lock table, if they are selected';
COMMENT ON COLUMN admission.backends.pid IS
'process id; to stop those with something in common: admission.cancel_backends(), admission.terminate_backends()';
COMMENT ON COLUMN admission.backends.backend_start IS
'when the process began, which tells it from a later one with the same id';
COMMENT ON COLUMN admission.backends.role IS
'role that logged in, or is logging in';
COMMENT ON COLUMN admission.backends.database IS
'database it works in, or asked for';
COMMENT ON COLUMN admission.backends.application_name IS
'as in pg_stat_activity, or in the connection request';
COMMENT ON COLUMN admission.backends.client_address IS
'address of the client; null: a Unix socket, or no client';
COMMENT ON COLUMN admission.backends.state IS
'as in pg_stat_activity; waiting for admission: a held login';
COMMENT ON COLUMN admission.backends.wait_event_type IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.backends.wait_event IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.backends.query IS
'the present or the last query, as in pg_stat_activity';
COMMENT ON COLUMN admission.backends.leader_pid IS
'of a parallel worker, the process it works for, whose figures include its processor time; else null';
COMMENT ON COLUMN admission.backends.backend_type IS
'as in pg_stat_activity; background worker: one without a database, which is not there; client backend: also one that is not there yet';
COMMENT ON COLUMN admission.backends.service IS
'the service its session belongs to, by pg_admission.services; null: not a client''s';
COMMENT ON COLUMN admission.backends.gate_state IS
'at the gates: outside: not there yet, or leaving | waiting: a login or a transaction, in line | granted: let in, not awake yet | starting | admitted: and no transaction that is counted | running: a transaction | long: likewise, and transaction_cap does not count it | lent: likewise, and its permit is somebody else''s | exempt | lane: exempt by exempt_roles; null: not a client''s';
COMMENT ON COLUMN admission.backends.cpu_percent IS
'processor time used during the last sample, 100 is one core; parallel workers included; null: not sampled yet';
COMMENT ON COLUMN admission.backends.run_queue_wait_percent IS
'of the time in which it could run, the share in which it waited for a processor; 0 to 100; null: it did not want to run';
COMMENT ON COLUMN admission.backends.cpu_s IS
'processor time used since it began, in seconds; parallel workers included';
COMMENT ON COLUMN admission.backends.transaction_cpu_s IS
'processor time used in the present transaction, in seconds, from the first sample that found it; null: in none at the sample';
COMMENT ON COLUMN admission.backends.memory_bytes IS
'resident memory that is not shared, in bytes; of a process that uses little processor time, up to five samples old';
COMMENT ON COLUMN admission.backends.read_bytes_per_s IS
'read from disk, in bytes per second; mean of the last sample or, of a process that uses little processor time, of the last five';
COMMENT ON COLUMN admission.backends.write_bytes_per_s IS
'written towards disk, in bytes per second; mean of the last sample or, of a process that uses little processor time, of the last five';
COMMENT ON COLUMN admission.backends.backend_age IS
'since the process began';
COMMENT ON COLUMN admission.backends.transaction_age IS
'since the present transaction began; null: in none';
COMMENT ON COLUMN admission.backends.query_age IS
'since the present query began; null: not active';
COMMENT ON COLUMN admission.backends.state_age IS
'since state last changed';
COMMENT ON COLUMN admission.backends.blocked_by IS
'processes that it waits for to release a lock; null: it waits for none';
COMMENT ON COLUMN admission.backends.blocking IS
'how many processes wait for it to release a lock';

CREATE FUNCTION admission.blocking_tree(
	OUT line int,
	OUT depth int,
	OUT pid int,
	OUT waits_for int,
	OUT root int,
	OUT blocks int,
	OUT below int
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
ROWS 10
AS 'MODULE_PATHNAME', 'adm_blocking_tree';

COMMENT ON FUNCTION admission.blocking_tree() IS
'who waits for whom to release a lock; joined with pg_stat_activity it is the view admission.blocking_tree';

CREATE VIEW admission.blocking_tree AS
	SELECT
		t.line,
		t.depth,
		t.pid,
		pg_catalog.repeat('  ', t.depth) OPERATOR(pg_catalog.||) t.pid::pg_catalog.text AS tree,
		t.waits_for,
		t.root,
		t.blocks,
		t.below,
		a.usename AS role,
		a.application_name,
		a.state,
		a.wait_event_type,
		a.wait_event,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.xact_start AS transaction_age,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.state_change AS state_age,
		a.query
	FROM admission.blocking_tree() AS t
		LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) t.pid
	ORDER BY t.line;

COMMENT ON VIEW admission.blocking_tree IS
'who waits for whom to release a lock, each process once, roots first, those with most behind them before the others: the right one to stop is mostly a root; looks through the lock table once for each process that waits';
COMMENT ON COLUMN admission.blocking_tree.line IS
'place in the order of the tree, from 1';
COMMENT ON COLUMN admission.blocking_tree.depth IS
'0: a root, which waits for nobody, or is one of those in a deadlock that has not been found yet';
COMMENT ON COLUMN admission.blocking_tree.pid IS
'process; 0: a prepared transaction, see pg_prepared_xacts';
COMMENT ON COLUMN admission.blocking_tree.tree IS
'pid, further to the right the deeper';
COMMENT ON COLUMN admission.blocking_tree.waits_for IS
'of those it waits for, the one nearest to a root; null: none, or a deadlock';
COMMENT ON COLUMN admission.blocking_tree.root IS
'the root above it';
COMMENT ON COLUMN admission.blocking_tree.blocks IS
'how many wait for it, those before whom it stands in a queue included';
COMMENT ON COLUMN admission.blocking_tree.below IS
'how many stand below it in the tree';
COMMENT ON COLUMN admission.blocking_tree.role IS
'as in pg_stat_activity, likewise the next four; null: a prepared transaction';
COMMENT ON COLUMN admission.blocking_tree.application_name IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.blocking_tree.state IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.blocking_tree.wait_event_type IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.blocking_tree.wait_event IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.blocking_tree.transaction_age IS
'since its transaction began';
COMMENT ON COLUMN admission.blocking_tree.state_age IS
'since its state changed: of one that is idle in transaction, how long it has been';
COMMENT ON COLUMN admission.blocking_tree.query IS
'the present or the last query, as in pg_stat_activity';

CREATE VIEW admission.connections AS
	SELECT
		c.role,
		c.database,
		c.application_name,
		c.state,
		c.connections,
		m.max_connections,
		m.reserved,
		c.used,
		m.max_connections OPERATOR(pg_catalog.-) c.used AS free,
		GREATEST(m.max_connections OPERATOR(pg_catalog.-) m.reserved OPERATOR(pg_catalog.-) c.used, 0) AS free_for_ordinary,
		100.0::float8 OPERATOR(pg_catalog.*) c.used
			OPERATOR(pg_catalog./) GREATEST(m.max_connections OPERATOR(pg_catalog.-) m.reserved, 1) AS used_percent
	FROM (
		SELECT
			b.role, b.database, b.application_name,
			COALESCE(b.state, CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'usage') THEN 'starting' END) AS state,
			pg_catalog.count(*) AS connections,
			pg_catalog.sum(pg_catalog.count(*)) OVER ()::bigint AS used
		FROM admission.backends AS b
		WHERE b.backend_type OPERATOR(pg_catalog.=) 'client backend'
		GROUP BY 1, 2, 3, 4
	) AS c
	CROSS JOIN (
		SELECT
			pg_catalog.current_setting('max_connections')::bigint AS max_connections,
			pg_catalog.current_setting('superuser_reserved_connections')::bigint
				OPERATOR(pg_catalog.+) COALESCE(pg_catalog.current_setting('reserved_connections', true)::bigint, 0) AS reserved
	) AS m;

COMMENT ON VIEW admission.connections IS
'who holds the connection slots, and in every row how many there are and how close to the wall that is; held logins included';
COMMENT ON COLUMN admission.connections.role IS
'role that logged in, or is logging in; null: not known yet';
COMMENT ON COLUMN admission.connections.database IS
'database it works in, or asked for; null: not known yet';
COMMENT ON COLUMN admission.connections.application_name IS
'as in pg_stat_activity, or in the connection request';
COMMENT ON COLUMN admission.connections.state IS
'as in pg_stat_activity; waiting for admission: a held login; starting: a session that has not begun its work';
COMMENT ON COLUMN admission.connections.connections IS
'slots held by this role, database, application and state';
COMMENT ON COLUMN admission.connections.max_connections IS
'all slots, in connections';
COMMENT ON COLUMN admission.connections.reserved IS
'slots that ordinary sessions can never have, in connections';
COMMENT ON COLUMN admission.connections.used IS
'slots held by anybody, in connections';
COMMENT ON COLUMN admission.connections.free IS
'slots held by nobody, in connections';
COMMENT ON COLUMN admission.connections.free_for_ordinary IS
'of those, slots that are not reserved, in connections; 0: PostgreSQL refuses the next one';
COMMENT ON COLUMN admission.connections.used_percent IS
'slots held, of those that are not reserved; over 100 where administrators hold some';

/*
 * Services: classes of traffic that can be limited, paused, and brought back one
 * by one.
 */

CREATE FUNCTION admission.services(
	OUT place int,
	OUT service text,
	OUT rule text,
	OUT priority text,
	OUT exempt boolean,
	OUT session_limit int,
	OUT session_cap int,
	OUT transaction_limit int,
	OUT transaction_cap int,
	OUT patience_ms int,
	OUT state text,
	OUT paused_by text,
	OUT turn int,
	OUT progress float8,
	OUT seconds_left float8,
	OUT sessions int,
	OUT logins_waiting int,
	OUT running int,
	OUT waiting int,
	OUT held bigint,
	OUT refused bigint,
	OUT abandoned bigint,
	OUT wait_p50_ms bigint,
	OUT wait_p95_ms bigint,
	OUT wait_p99_ms bigint,
	OUT logins_held bigint,
	OUT logins_refused bigint,
	OUT logins_abandoned bigint,
	OUT login_wait_p50_ms bigint,
	OUT login_wait_p95_ms bigint,
	OUT login_wait_p99_ms bigint,
	OUT cpu_percent float8,
	OUT cpu_share float8
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_services';

COMMENT ON FUNCTION admission.services() IS
'the rows behind the view admission.services';

CREATE VIEW admission.services AS
	SELECT s.service, s.state, s.paused_by, s.turn, s.progress, s.seconds_left,
		s.sessions, s.running, s.waiting, s.logins_waiting,
		s.cpu_percent, s.cpu_share,
		s.held, s.refused, s.abandoned, s.wait_p50_ms, s.wait_p95_ms, s.wait_p99_ms,
		s.logins_held, s.logins_refused, s.logins_abandoned,
		s.login_wait_p50_ms, s.login_wait_p95_ms, s.login_wait_p99_ms,
		s.priority, s.exempt, s.session_limit, s.session_cap, s.transaction_limit, s.transaction_cap, s.patience_ms,
		s.rule
	FROM admission.services() AS s
	ORDER BY s.place, s.service;

COMMENT ON VIEW admission.services IS
'the services of pg_admission.services in their order, default last, and those that are in the rules no more but paused or still have sessions; totals since the counters were reset';
COMMENT ON COLUMN admission.services.service IS
'its name; default: what no rule fits';
COMMENT ON COLUMN admission.services.state IS
'open | paused | resuming: comes back step by step | waiting its turn: paused until those before it have come back';
COMMENT ON COLUMN admission.services.paused_by IS
'function: pause_service(), on this server, through restart and crash | setting: pg_admission.paused_services | setting and function; null: not paused';
COMMENT ON COLUMN admission.services.turn IS
'of those that wait their turn: the lowest comes back next; need not begin at 1';
COMMENT ON COLUMN admission.services.progress IS
'how far it has come back, 0: paused to 1: open';
COMMENT ON COLUMN admission.services.seconds_left IS
'of the time in which it comes back, which runs only while the machine is comfortable; null: it does not come back';
COMMENT ON COLUMN admission.services.sessions IS
'sessions past the connection gate, exempt ones included';
COMMENT ON COLUMN admission.services.running IS
'transactions past the transaction gate, but those that are lent';
COMMENT ON COLUMN admission.services.waiting IS
'transactions in line';
COMMENT ON COLUMN admission.services.logins_waiting IS
'logins in line';
COMMENT ON COLUMN admission.services.cpu_percent IS
'processor time that its sessions used during the last sample, 100 is one core';
COMMENT ON COLUMN admission.services.cpu_share IS
'the same as a share of what all sessions used, 0 to 1; null: next to nothing';
COMMENT ON COLUMN admission.services.held IS
'transactions that had to wait in line';
COMMENT ON COLUMN admission.services.refused IS
'transactions refused, for whatever reason';
COMMENT ON COLUMN admission.services.abandoned IS
'transactions whose client had hung up while they waited';
COMMENT ON COLUMN admission.services.wait_p50_ms IS
'half of the transactions that waited did so for no longer than this, in milliseconds, rounded up to 10, 50, 100, 200, 500, 1000, 2000, 5000, 10000 or the longest wait; null: none has waited';
COMMENT ON COLUMN admission.services.wait_p95_ms IS
'likewise, 95 of 100';
COMMENT ON COLUMN admission.services.wait_p99_ms IS
'likewise, 99 of 100';
COMMENT ON COLUMN admission.services.logins_held IS
'logins that had to wait in line';
COMMENT ON COLUMN admission.services.logins_refused IS
'logins refused, for whatever reason';
COMMENT ON COLUMN admission.services.logins_abandoned IS
'logins whose client had hung up before it was admitted';
COMMENT ON COLUMN admission.services.login_wait_p50_ms IS
'as wait_p50_ms, of logins';
COMMENT ON COLUMN admission.services.login_wait_p95_ms IS
'as wait_p95_ms, of logins';
COMMENT ON COLUMN admission.services.login_wait_p99_ms IS
'as wait_p99_ms, of logins';
COMMENT ON COLUMN admission.services.priority IS
'who goes first in line: high | normal | low; of ten permits, one goes to low first, two to normal';
COMMENT ON COLUMN admission.services.exempt IS
'its sessions are not subject to the gates while the reserved lane has room: pg_admission.exempt_connections';
COMMENT ON COLUMN admission.services.session_limit IS
'how many sessions it may have, by its rule; null: no limit';
COMMENT ON COLUMN admission.services.session_cap IS
'how many it may have now: 0 while it is paused, less than its limit while it comes back; null: no cap';
COMMENT ON COLUMN admission.services.transaction_limit IS
'how many transactions it may run at once, by its rule; null: no limit';
COMMENT ON COLUMN admission.services.transaction_cap IS
'how many it may run now: 0 while it is paused, less while it comes back; null: no cap of its own';
COMMENT ON COLUMN admission.services.patience_ms IS
'how long its transactions may wait in line, in milliseconds; null: pg_admission.transaction_queue_timeout';
COMMENT ON COLUMN admission.services.rule IS
'its rule in pg_admission.services; null: it has none';

CREATE FUNCTION admission.check_service(service text, must_be_paused boolean DEFAULT false)
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_check_service';

COMMENT ON FUNCTION admission.check_service(text, boolean) IS
'an error where there is no such service, or it is not paused and must be';

/*
 * Metrics.
 */

CREATE FUNCTION admission.metrics(
	OUT name text,
	OUT type text,
	OUT unit text,
	OUT help text,
	OUT labels jsonb,
	OUT value float8
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_metrics';

COMMENT ON FUNCTION admission.metrics() IS
'the rows of the view admission.metrics';

CREATE VIEW admission.metrics AS
	SELECT * FROM admission.metrics();

COMMENT ON VIEW admission.metrics IS
'all metrics as of now, a row a value; the same as openmetrics() and pg_admission.metrics_file';
COMMENT ON COLUMN admission.metrics.name IS
'name of the value; those of a counter end with _total, of a histogram with _bucket, _sum and _count';
COMMENT ON COLUMN admission.metrics.type IS
'gauge | counter | histogram';
COMMENT ON COLUMN admission.metrics.unit IS
'seconds | bytes | ratio: 0 to 1, or more where help says so; null: a number of what the name says';
COMMENT ON COLUMN admission.metrics.help IS
'what it means';
COMMENT ON COLUMN admission.metrics.labels IS
'labels by name; their values come from fixed sets';
COMMENT ON COLUMN admission.metrics.value IS
'the value, in the unit; Infinity: no cap';

CREATE FUNCTION admission.openmetrics()
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_openmetrics';

COMMENT ON FUNCTION admission.openmetrics() IS
'all metrics as a page in the format OpenMetrics 1.0; pg_admission.metrics_file has them in the Prometheus text format, which is what textfile collectors read';

CREATE FUNCTION admission.runaways(
	OUT pid int,
	OUT backend_start timestamptz,
	OUT past text,
	OUT value float8,
	OUT "limit" float8,
	OUT protected boolean
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
ROWS 10
AS 'MODULE_PATHNAME', 'adm_runaways';

COMMENT ON FUNCTION admission.runaways() IS
'sessions past a limit for runaways; joined with pg_stat_activity it is the view admission.runaways';

CREATE VIEW admission.runaways AS
	SELECT
		r.pid,
		r.backend_start,
		a.usename AS role,
		a.datname AS database,
		a.application_name,
		a.client_addr AS client_address,
		a.state,
		r.past,
		r.value,
		r."limit",
		r.protected,
		pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) a.xact_start AS transaction_age,
		a.query
	FROM admission.runaways() AS r
		LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) r.pid
	ORDER BY r.value OPERATOR(pg_catalog./) GREATEST(r."limit", 1) DESC;

COMMENT ON VIEW admission.runaways IS
'sessions past one of the limits pg_admission.runaway_*, whether or not anything is done about them (pg_admission.runaway_action), furthest first';
COMMENT ON COLUMN admission.runaways.pid IS
'process';
COMMENT ON COLUMN admission.runaways.backend_start IS
'when it began';
COMMENT ON COLUMN admission.runaways.role IS
'as in pg_stat_activity, likewise the next four';
COMMENT ON COLUMN admission.runaways.database IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.runaways.application_name IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.runaways.client_address IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.runaways.state IS
'as in pg_stat_activity';
COMMENT ON COLUMN admission.runaways.query IS
'the present or the last query, as in pg_stat_activity';
COMMENT ON COLUMN admission.runaways.past IS
'the first limit it is past: cpu_time: processor time in one transaction | runtime: of a statement | idle_in_transaction, all in seconds | blocking: processes that wait behind it for locks, while it waits for none itself';
COMMENT ON COLUMN admission.runaways.value IS
'what it has come to; processor time by the last sample';
COMMENT ON COLUMN admission.runaways."limit" IS
'the setting';
COMMENT ON COLUMN admission.runaways.protected IS
'whether nothing is done about it whatever the settings: superusers, reserved slots, exempt roles, replication';
COMMENT ON COLUMN admission.runaways.transaction_age IS
'since its transaction began';

CREATE FUNCTION admission.events(
	OUT at timestamptz,
	OUT kind text,
	OUT message text,
	OUT detail text,
	OUT outcome text,
	OUT actor_role text,
	OUT actor_pid int,
	OUT actor_application text,
	OUT actor_address text,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role text,
	OUT database text,
	OUT application_name text,
	OUT query_start timestamptz
)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
ROWS 1000
AS 'MODULE_PATHNAME', 'adm_events';

COMMENT ON FUNCTION admission.events() IS
'the rows of the view admission.events';

CREATE VIEW admission.events AS
	SELECT * FROM admission.events();

COMMENT ON VIEW admission.events IS
'what pg_admission did and who asked for it: the last 1000 events, oldest first; the same stands in the server log; kept in pg_admission.events in the data directory, which can be read where the server is down';
COMMENT ON COLUMN admission.events.at IS
'when it happened';
COMMENT ON COLUMN admission.events.kind IS
'warmup | cut: of a warm-up''s caps | hold: clients wait for over 0.2 s, or none has for 10 s | brake | mode | stop: of a session, by cancel_backends() or terminate_backends() | runaway';
COMMENT ON COLUMN admission.events.message IS
'what happened, as in the server log';
COMMENT ON COLUMN admission.events.detail IS
'why, or with which criteria; cut off after 319 bytes';
COMMENT ON COLUMN admission.events.outcome IS
'what came of a signal: signal sent: nobody waited to see more | gone: the session | ended: what it did | went on: and was terminated after the grace | still there after so long';
COMMENT ON COLUMN admission.events.actor_role IS
'role that asked for it; null: pg_admission itself, or who reloaded the configuration';
COMMENT ON COLUMN admission.events.actor_pid IS
'its process';
COMMENT ON COLUMN admission.events.actor_application IS
'its application_name';
COMMENT ON COLUMN admission.events.actor_address IS
'address of its client; local: a Unix socket';
COMMENT ON COLUMN admission.events.pid IS
'process of the session it happened to';
COMMENT ON COLUMN admission.events.backend_start IS
'when that session began';
COMMENT ON COLUMN admission.events.role IS
'its role';
COMMENT ON COLUMN admission.events.database IS
'its database';
COMMENT ON COLUMN admission.events.application_name IS
'its application_name at login';
COMMENT ON COLUMN admission.events.query_start IS
'when its present or last query began; the text is not kept';

/*
 * Acting: for superusers, and for whom they GRANT EXECUTE.  Each returns the
 * phase as it is afterwards.
 */

CREATE FUNCTION admission.start_warmup(
	duration interval DEFAULT NULL,
	initial_connections int DEFAULT NULL,
	target_connections int DEFAULT NULL,
	initial_transactions int DEFAULT NULL,
	target_transactions int DEFAULT NULL
)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_start_warmup';

COMMENT ON FUNCTION admission.start_warmup(interval, int, int, int, int) IS
'starts a warm-up now, replacing one that runs; duration 100 ms to 24 days, caps on connections 1 to max_connections sessions or -1 for none, caps on transactions 1 to 262143 running at once; null takes pg_admission.warmup_duration, .warmup_initial_connections, .warmup_target_connections, .warmup_initial_transactions, .max_running_transactions; returns the phase';

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

CREATE FUNCTION admission.brake(brake text DEFAULT 'on')
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_brake';

COMMENT ON FUNCTION admission.brake(text) IS
'puts the caps on logins and transactions down at once, whatever runs: on: as at the beginning of a warm-up | how many transactions may run, 1 to 262143 | off; stays through restarts; returns what it was set to';

CREATE FUNCTION admission.brake(transactions int)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
AS $$ SELECT admission.brake(transactions::pg_catalog.text) $$;

COMMENT ON FUNCTION admission.brake(int) IS
'the same with the number of transactions that may run';

CREATE FUNCTION admission.reset_counters()
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_reset_counters';

COMMENT ON FUNCTION admission.reset_counters() IS
'sets the totals in admission.status and longest_wait_ms to zero';

/*
 * Pausing services and bringing them back: for superusers, and for whom they
 * GRANT EXECUTE.  They act at once, not when the transaction ends.
 */

CREATE FUNCTION admission.pause_services(
	services text[] DEFAULT NULL,
	OUT service text,
	OUT state text,
	OUT paused_by text,
	OUT turn int,
	OUT progress float8,
	OUT seconds_left float8
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_pause_services';

COMMENT ON FUNCTION admission.pause_services(text[]) IS
'pauses these services, or all that are not exempt, as pause_service() does; returns how they are afterwards';

CREATE FUNCTION admission.disconnect_service(service text, grace interval)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	begun timestamptz := clock_timestamp();
	over boolean := false;
	found bigint;
	pids int[];
	starts timestamptz[];
	gone bigint;
	closed bigint := 0;
BEGIN
	PERFORM admission.check_service(disconnect_service.service, must_be_paused => true);
	WHILE NOT over LOOP
		over := clock_timestamp() >= begun + grace;
		SELECT count(*),
			array_agg(f.pid) FILTER (WHERE over OR f.state = 'idle'),
			array_agg(f.backend_start) FILTER (WHERE over OR f.state = 'idle')
		INTO found, pids, starts
		FROM admission.find_backends(service => disconnect_service.service) AS f
		WHERE f.left_alone IS NULL AND f.state <> 'waiting for admission';
		EXIT WHEN found = 0;
		IF pids IS NULL THEN
			PERFORM pg_sleep(0.1);
		ELSE
			SELECT count(*) FILTER (WHERE s.gone) INTO gone
			FROM admission.stop_backends(pids, starts, true, false, NULL, '2 seconds',
				format('service => %L', disconnect_service.service)) AS s;
			closed := closed + gone;
		END IF;
	END LOOP;
	RAISE NOTICE 'sessions of service "%" that were closed: %', service, closed;
END
$$;

COMMENT ON FUNCTION admission.disconnect_service(text, interval) IS
'closes the sessions of a paused service: those that idle at once, and again, the others when grace is over; not its held logins';

CREATE FUNCTION admission.pause_service(
	service text,
	disconnect boolean DEFAULT false,
	grace interval DEFAULT '5 seconds'
)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_pause_service';

COMMENT ON FUNCTION admission.pause_service(text, boolean, interval) IS
'pauses a service on this server, through restart and crash: its logins wait or are refused, its new transactions are refused, those that run go on to their end; if it was coming back in its turn, those that wait behind it stay paused, too; disconnect: closes those of its sessions that idle at once, the others after grace, up to 1 hour; a notice where it is paused already; returns its state';

CREATE FUNCTION admission.resume_service(
	service text,
	over interval DEFAULT '1 minute'
)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_resume_service';

COMMENT ON FUNCTION admission.resume_service(text, interval) IS
'brings a paused service back: from one transaction at a time to all it may run, or to pg_admission.max_running_transactions, and likewise sessions if it has a limit, in the time given, 0: at once, to 24 days; the time runs while the machine is comfortable, and critical pressure takes a fifth off; a notice where it is not paused; returns its state';

CREATE FUNCTION admission.resume_services(
	over interval DEFAULT '1 minute',
	services text[] DEFAULT NULL,
	OUT service text,
	OUT state text,
	OUT paused_by text,
	OUT turn int,
	OUT progress float8,
	OUT seconds_left float8
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_resume_services';

COMMENT ON FUNCTION admission.resume_services(interval, text[]) IS
'brings these services back one after another, or all that are paused, the more important first and then in the order of the rules: the first begins at once, each other when the one before has come back and the machine is comfortable, and takes the time given; 0: all at once, those on their way, too; returns how they are now';

/*
 * Stopping.  Selection is SQL; who may stop whom, and signals, are the library's,
 * which keeps PostgreSQL's rules whoever calls it.
 */

CREATE FUNCTION admission.protection(pid int, backend_start timestamptz, include_protected boolean)
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'adm_protection';

COMMENT ON FUNCTION admission.protection(int, timestamptz, boolean) IS
'why the caller must not stop the session, by the rules of terminate_backends(); null: it may, or the session has gone; include_protected takes a superuser';

CREATE FUNCTION admission.readable(text text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'adm_readable';

COMMENT ON FUNCTION admission.readable(text) IS
'the text with question marks for what is not of this database''s encoding, as a query from another database may be';

CREATE FUNCTION admission.stop_backends(
	pids int[],
	backend_starts timestamptz[],
	terminate boolean,
	include_protected boolean,
	grace interval,
	wait interval,
	criteria text,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT done text,
	OUT gone boolean
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'adm_stop_backends';

COMMENT ON FUNCTION admission.stop_backends(int[], timestamptz[], boolean, boolean, interval, interval, text) IS
'cancels or terminates these sessions, each told by its process and the time it began; for those who select them otherwise than terminate_backends() does; criteria is for the record';

CREATE FUNCTION admission.check_criteria(criteria jsonb, victims text, max_victims int, include_protected boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key text;
	least text;
	given int;
BEGIN
	FOR key IN SELECT jsonb_object_keys(criteria) LOOP
		IF key NOT IN ('role_name', 'database_name', 'application_name', 'client', 'service', 'state', 'min_cpu_percent', 'min_runtime',
			'min_transaction_age', 'min_idle_in_transaction', 'query', 'wait_event', 'blocking_at_least') THEN
			RAISE EXCEPTION 'unknown criterion: "%"', key
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
	END LOOP;
	SELECT count(*) INTO given FROM jsonb_each_text(criteria) AS c (k, v) WHERE v IS NOT NULL;
	IF given = 0 THEN
		RAISE EXCEPTION 'no criterion: this would be everybody'
			USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Say who is meant, with role_name, database_name, application_name, client, service, state, min_cpu_percent, min_runtime, min_transaction_age, min_idle_in_transaction, query, wait_event or blocking_at_least.';
	END IF;
	IF criteria ? 'role_name' AND to_regrole(quote_ident(criteria ->> 'role_name')) IS NULL THEN
		RAISE EXCEPTION 'role "%" does not exist', criteria ->> 'role_name'
			USING ERRCODE = 'undefined_object';
	END IF;
	IF criteria ? 'database_name'
		AND NOT EXISTS (SELECT FROM pg_database WHERE datname = criteria ->> 'database_name') THEN
		RAISE EXCEPTION 'database "%" does not exist', criteria ->> 'database_name'
			USING ERRCODE = 'invalid_catalog_name';
	END IF;
	PERFORM admission.check_service(criteria ->> 'service');
	IF NOT COALESCE(criteria ->> 'state', 'idle') IN ('active', 'idle', 'idle in transaction',
		'idle in transaction (aborted)', 'fastpath function call', 'disabled', 'starting', 'waiting for admission') THEN
		RAISE EXCEPTION 'invalid state: "%"', criteria ->> 'state'
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It must be active, idle, idle in transaction, idle in transaction (aborted), fastpath function call, disabled, starting, or waiting for admission.';
	END IF;
	FOR key, least IN
		SELECT k, v FROM jsonb_each_text(criteria) AS c (k, v)
		WHERE CASE
			WHEN k IN ('min_cpu_percent', 'blocking_at_least') THEN NOT v::float8 > 0
			WHEN k IN ('min_runtime', 'min_transaction_age', 'min_idle_in_transaction') THEN NOT v::interval > '0'
			ELSE false END
	LOOP
		RAISE EXCEPTION '% must be greater than 0: %', key, least
			USING ERRCODE = 'invalid_parameter_value';
	END LOOP;
	IF NOT COALESCE(victims IN ('all', 'oldest', 'all_but_oldest', 'top_cpu'), false) THEN
		RAISE EXCEPTION 'invalid victims: "%"', victims
			USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It must be all, oldest, all_but_oldest or top_cpu.';
	END IF;
	IF include_protected AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
		RAISE EXCEPTION 'must be superuser to use include_protected'
			USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF max_victims < 1 THEN
		RAISE EXCEPTION 'max_victims must be at least 1: %', max_victims
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;

COMMENT ON FUNCTION admission.check_criteria(jsonb, text, int, boolean) IS
'an error where the criteria of find_backends() are not sound';

CREATE FUNCTION admission.match_backends(
	criteria jsonb,
	victims text,
	max_victims int,
	include_protected boolean,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role name,
	OUT database name,
	OUT application_name text,
	OUT client_address inet,
	OUT state text,
	OUT reason text,
	OUT left_alone text,
	OUT cpu_percent float8,
	OUT transaction_age interval,
	OUT query text
)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	of ALIAS FOR victims;
	one_only boolean := victims IN ('oldest', 'top_cpu');
	first int := CASE WHEN victims = 'all_but_oldest' THEN 2 ELSE 1 END;
	last bigint := first - 1 + COALESCE(max_victims, CASE WHEN one_only THEN 1 END, 2147483647)::bigint;
	told jsonb := criteria;
	protected_too boolean := COALESCE(include_protected, false);
BEGIN
	PERFORM admission.check_criteria(criteria, victims, max_victims, include_protected);
	-- Not what this transaction saw earlier.
	PERFORM pg_stat_clear_snapshot();
	RETURN QUERY
	WITH found AS MATERIALIZED (
		SELECT b.pid, b.backend_start, b.role, b.database, b.application_name, b.client_address, b.state,
			b.cpu_percent, b.transaction_age, b.query, concat_ws(', ',
			'role ' || c.role_name,
			'database ' || c.database_name,
			'application_name like ' || c.application_name,
			'client in ' || c.client,
			'service ' || c.service,
			'state ' || c.state,
			'cpu ' || CASE WHEN c.min_cpu_percent IS NOT NULL THEN round(b.cpu_percent) END || ' %',
			'running for ' || CASE WHEN c.min_runtime IS NOT NULL THEN date_trunc('milliseconds', b.query_age) END,
			'transaction for ' || CASE WHEN c.min_transaction_age IS NOT NULL THEN date_trunc('milliseconds', b.transaction_age) END,
			'idle in transaction for ' || CASE WHEN c.min_idle_in_transaction IS NOT NULL THEN date_trunc('milliseconds', b.state_age) END,
			'query like ' || c.query,
			'wait_event ' || c.wait_event,
			'blocking ' || CASE WHEN c.blocking_at_least IS NOT NULL THEN
				(SELECT k.behind FROM admission.blocking() AS k WHERE k.pid = b.pid) END) AS why
		FROM jsonb_to_record(told) AS c (
				role_name text,
				database_name text,
				application_name text,
				client inet,
				service text,
				state text,
				min_cpu_percent float8,
				min_runtime interval,
				min_transaction_age interval,
				min_idle_in_transaction interval,
				query text,
				wait_event text,
				blocking_at_least int),
			admission.backends AS b
		WHERE b.backend_type = 'client backend'
			AND b.backend_start IS NOT NULL
			AND (c.role_name IS NULL OR b.role = c.role_name)
			AND (c.database_name IS NULL OR b.database = c.database_name)
			AND (c.application_name IS NULL OR b.application_name LIKE c.application_name)
			AND (c.client IS NULL OR b.client_address <<= c.client)
			AND (c.service IS NULL OR b.service = c.service)
			AND (c.state IS NULL OR b.state = c.state)
			AND (c.min_cpu_percent IS NULL OR b.cpu_percent >= c.min_cpu_percent)
			AND (c.min_runtime IS NULL OR b.query_age >= c.min_runtime)
			AND (c.min_transaction_age IS NULL OR b.transaction_age >= c.min_transaction_age)
			AND (c.min_idle_in_transaction IS NULL
				OR (b.state LIKE 'idle in transaction%' AND b.state_age >= c.min_idle_in_transaction))
			-- Where the text is hidden another stands in its place.
			AND (c.query IS NULL OR (b.backend_age IS NOT NULL AND admission.readable(b.query) ILIKE c.query))
			-- Of a parallel query, the leader stands for its workers.
			AND (c.wait_event IS NULL OR b.wait_event = c.wait_event OR EXISTS (
				SELECT FROM pg_stat_activity AS w
				WHERE w.leader_pid = b.pid AND w.wait_event = c.wait_event))
			AND (c.blocking_at_least IS NULL OR EXISTS (
				SELECT FROM admission.blocking() AS k
				WHERE k.pid = b.pid AND k.behind >= c.blocking_at_least))
	), judged AS MATERIALIZED (
		SELECT f.*, admission.protection(f.pid, f.backend_start, protected_too) AS kept_because
		FROM found AS f
	), placed AS (
		SELECT j.*, row_number() OVER (
			PARTITION BY j.kept_because IS NULL
			ORDER BY CASE WHEN of = 'top_cpu' THEN j.cpu_percent END DESC NULLS LAST,
				j.transaction_age DESC NULLS LAST, j.backend_start, j.pid) AS place
		FROM judged AS j
	)
	SELECT p.pid, p.backend_start, p.role, p.database, p.application_name, p.client_address, p.state,
		p.why, p.kept_because, p.cpu_percent, p.transaction_age, p.query
	FROM placed AS p
	WHERE p.kept_because IS NOT NULL OR p.place BETWEEN first AND last
	ORDER BY p.kept_because IS NOT NULL, p.place;
END
$$;

COMMENT ON FUNCTION admission.match_backends(jsonb, text, int, boolean) IS
'the rows of find_backends(), by its criteria as an object';

CREATE FUNCTION admission.find_backends(
	role_name text DEFAULT NULL,
	database_name text DEFAULT NULL,
	application_name text DEFAULT NULL,
	client inet DEFAULT NULL,
	service text DEFAULT NULL,
	state text DEFAULT NULL,
	min_cpu_percent float8 DEFAULT NULL,
	min_runtime interval DEFAULT NULL,
	min_transaction_age interval DEFAULT NULL,
	min_idle_in_transaction interval DEFAULT NULL,
	query text DEFAULT NULL,
	wait_event text DEFAULT NULL,
	blocking_at_least int DEFAULT NULL,
	victims text DEFAULT 'all',
	max_victims int DEFAULT NULL,
	include_protected boolean DEFAULT false,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role name,
	OUT database name,
	OUT application_name text,
	OUT client_address inet,
	OUT state text,
	OUT reason text,
	OUT left_alone text,
	OUT cpu_percent float8,
	OUT transaction_age interval,
	OUT query text
)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT * FROM admission.match_backends(
		jsonb_strip_nulls(jsonb_build_object(
			'role_name', find_backends.role_name,
			'database_name', find_backends.database_name,
			'application_name', find_backends.application_name,
			'client', find_backends.client,
			'service', find_backends.service,
			'state', find_backends.state,
			'min_cpu_percent', find_backends.min_cpu_percent,
			'min_runtime', find_backends.min_runtime,
			'min_transaction_age', find_backends.min_transaction_age,
			'min_idle_in_transaction', find_backends.min_idle_in_transaction,
			'query', find_backends.query,
			'wait_event', find_backends.wait_event,
			'blocking_at_least', find_backends.blocking_at_least)),
		find_backends.victims, find_backends.max_victims, find_backends.include_protected)
$$;

COMMENT ON FUNCTION admission.find_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean) IS
'client sessions and held logins that meet all criteria, null being none: role and database by name, application_name by LIKE, client by network, service by name, state as in pg_stat_activity or waiting for admission, processor time in the last sample from min_cpu_percent (100 is one core) on, running, transaction and idle in transaction for at least so long, query by ILIKE, wait_event its own or a parallel worker''s, so many who wait behind it for locks while it waits for none; victims: all | oldest | all_but_oldest (by their transaction) | top_cpu, at most max_victims, or 1 of the oldest or top_cpu; left_alone says who would not be stopped, and why';

CREATE FUNCTION admission.tell_nobody(arguments text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE NOTICE 'nobody meets the criteria: %', arguments;
	IF NOT pg_has_role('pg_read_all_stats', 'usage') THEN
		RAISE NOTICE 'what you may not see of a session meets no criterion: GRANT pg_monitor';
	END IF;
END
$$;

COMMENT ON FUNCTION admission.tell_nobody(text) IS
'what cancel_backends() and terminate_backends() say where they find nobody';

CREATE FUNCTION admission.stop_matching(
	terminate boolean,
	criteria jsonb,
	victims text,
	max_victims int,
	dry_run boolean,
	grace interval,
	wait interval,
	include_protected boolean,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role name,
	OUT database name,
	OUT application_name text,
	OUT client_address inet,
	OUT state text,
	OUT reason text,
	OUT done text,
	OUT gone boolean
)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	verb text := CASE WHEN terminate THEN 'terminate' ELSE 'cancel' END;
	doing boolean := terminate;
	protected_too boolean := COALESCE(include_protected, false);
	grace_given interval := grace;
	wait_given interval := wait;
	arguments text;
BEGIN
	PERFORM admission.check_criteria(criteria, victims, max_victims, include_protected);
	IF COALESCE(least(grace, wait) < '0' OR greatest(grace, wait) > '1 hour', false) THEN
		RAISE EXCEPTION 'grace and wait must be between 0 and 1 hour'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	SELECT string_agg(key || ' => ' || quote_literal(value), ', ' ORDER BY place, key) INTO arguments
	FROM (SELECT 1 AS place, c.* FROM jsonb_each_text(criteria) AS c
		UNION ALL
		SELECT 2, o.* FROM jsonb_each_text(jsonb_strip_nulls(jsonb_build_object(
			'victims', NULLIF(victims, 'all'),
			'max_victims', max_victims,
			'grace', grace,
			'wait', wait,
			'include_protected', NULLIF(include_protected, false)))) AS o) AS given;
	IF COALESCE(dry_run, true) THEN
		RETURN QUERY
		SELECT m.pid, m.backend_start, m.role, m.database, m.application_name, m.client_address, m.state, m.reason,
			COALESCE('left alone: ' || m.left_alone, 'nothing yet: a dry run'), NULL::boolean
		FROM admission.match_backends(criteria, victims, max_victims, include_protected) AS m;
		IF NOT FOUND THEN
			PERFORM admission.tell_nobody(arguments);
			RETURN;
		END IF;
		RETURN QUERY
		SELECT NULL::int, NULL::timestamptz, NULL::name, NULL::name, NULL, NULL::inet, NULL, NULL,
			format('to do it: SELECT * FROM admission.%s_backends(%s, dry_run => false);', verb, arguments), NULL::boolean;
		RETURN;
	END IF;
	RETURN QUERY
	WITH matched AS MATERIALIZED (
		SELECT m.*, row_number() OVER () AS place
		FROM admission.match_backends(criteria, victims, max_victims, include_protected) AS m
	), stopped AS MATERIALIZED (
		SELECT s.* FROM admission.stop_backends(
			ARRAY(SELECT m.pid FROM matched AS m WHERE m.left_alone IS NULL ORDER BY m.place),
			ARRAY(SELECT m.backend_start FROM matched AS m WHERE m.left_alone IS NULL ORDER BY m.place),
			doing, protected_too, grace_given, wait_given, arguments) AS s
	)
	SELECT m.pid, m.backend_start, m.role, m.database, m.application_name, m.client_address, m.state, m.reason,
		COALESCE(s.done, 'left alone: ' || m.left_alone), s.gone
	FROM matched AS m LEFT JOIN stopped AS s ON s.pid = m.pid AND s.backend_start = m.backend_start
	ORDER BY m.place;
	IF NOT FOUND THEN
		PERFORM admission.tell_nobody(arguments);
	END IF;
END
$$;

COMMENT ON FUNCTION admission.stop_matching(boolean, jsonb, text, int, boolean, interval, interval, boolean) IS
'what cancel_backends() and terminate_backends() have in common';

CREATE FUNCTION admission.cancel_backends(
	role_name text DEFAULT NULL,
	database_name text DEFAULT NULL,
	application_name text DEFAULT NULL,
	client inet DEFAULT NULL,
	service text DEFAULT NULL,
	state text DEFAULT NULL,
	min_cpu_percent float8 DEFAULT NULL,
	min_runtime interval DEFAULT NULL,
	min_transaction_age interval DEFAULT NULL,
	min_idle_in_transaction interval DEFAULT NULL,
	query text DEFAULT NULL,
	wait_event text DEFAULT NULL,
	blocking_at_least int DEFAULT NULL,
	victims text DEFAULT 'all',
	max_victims int DEFAULT NULL,
	dry_run boolean DEFAULT true,
	wait interval DEFAULT NULL,
	include_protected boolean DEFAULT false,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role name,
	OUT database name,
	OUT application_name text,
	OUT client_address inet,
	OUT state text,
	OUT reason text,
	OUT done text,
	OUT gone boolean
)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT * FROM admission.stop_matching(false,
		jsonb_strip_nulls(jsonb_build_object(
			'role_name', cancel_backends.role_name,
			'database_name', cancel_backends.database_name,
			'application_name', cancel_backends.application_name,
			'client', cancel_backends.client,
			'service', cancel_backends.service,
			'state', cancel_backends.state,
			'min_cpu_percent', cancel_backends.min_cpu_percent,
			'min_runtime', cancel_backends.min_runtime,
			'min_transaction_age', cancel_backends.min_transaction_age,
			'min_idle_in_transaction', cancel_backends.min_idle_in_transaction,
			'query', cancel_backends.query,
			'wait_event', cancel_backends.wait_event,
			'blocking_at_least', cancel_backends.blocking_at_least)),
		cancel_backends.victims, cancel_backends.max_victims, cancel_backends.dry_run, NULL, cancel_backends.wait, cancel_backends.include_protected)
$$;

COMMENT ON FUNCTION admission.cancel_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean, interval, boolean) IS
'cancels what the sessions do that find_backends() finds with the same arguments; with dry_run, the default, only says whom and what to type; wait: for how long, up to 1 hour, to see whether what they did has ended, which gone tells; one row for each session, those left alone last';

CREATE FUNCTION admission.terminate_backends(
	role_name text DEFAULT NULL,
	database_name text DEFAULT NULL,
	application_name text DEFAULT NULL,
	client inet DEFAULT NULL,
	service text DEFAULT NULL,
	state text DEFAULT NULL,
	min_cpu_percent float8 DEFAULT NULL,
	min_runtime interval DEFAULT NULL,
	min_transaction_age interval DEFAULT NULL,
	min_idle_in_transaction interval DEFAULT NULL,
	query text DEFAULT NULL,
	wait_event text DEFAULT NULL,
	blocking_at_least int DEFAULT NULL,
	victims text DEFAULT 'all',
	max_victims int DEFAULT NULL,
	dry_run boolean DEFAULT true,
	grace interval DEFAULT NULL,
	wait interval DEFAULT NULL,
	include_protected boolean DEFAULT false,
	OUT pid int,
	OUT backend_start timestamptz,
	OUT role name,
	OUT database name,
	OUT application_name text,
	OUT client_address inet,
	OUT state text,
	OUT reason text,
	OUT done text,
	OUT gone boolean
)
RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT * FROM admission.stop_matching(true,
		jsonb_strip_nulls(jsonb_build_object(
			'role_name', terminate_backends.role_name,
			'database_name', terminate_backends.database_name,
			'application_name', terminate_backends.application_name,
			'client', terminate_backends.client,
			'service', terminate_backends.service,
			'state', terminate_backends.state,
			'min_cpu_percent', terminate_backends.min_cpu_percent,
			'min_runtime', terminate_backends.min_runtime,
			'min_transaction_age', terminate_backends.min_transaction_age,
			'min_idle_in_transaction', terminate_backends.min_idle_in_transaction,
			'query', terminate_backends.query,
			'wait_event', terminate_backends.wait_event,
			'blocking_at_least', terminate_backends.blocking_at_least)),
		terminate_backends.victims, terminate_backends.max_victims, terminate_backends.dry_run, terminate_backends.grace, terminate_backends.wait, terminate_backends.include_protected)
$$;

COMMENT ON FUNCTION admission.terminate_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean, interval, interval, boolean) IS
'terminates the sessions that find_backends() finds with the same arguments; with dry_run, the default, only says whom and what to type; grace: cancels first, and terminates after so long whose transaction goes on, and who idles outside of one; wait: for how long, up to 1 hour, to see whether they have gone, which gone tells; one row for each session, those left alone last';

/*
 * Health: may this instance be opened to traffic now?
 */

CREATE FUNCTION admission.health_check(
	deep boolean DEFAULT false,
	profile jsonb DEFAULT NULL,
	OUT severity text,
	OUT check_name text,
	OUT object text,
	OUT evidence text,
	OUT cost text,
	OUT remedy text,
	OUT docs text
)
RETURNS SETOF record
LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'adm_health_check';

COMMENT ON FUNCTION admission.health_check(boolean, jsonb) IS
'what keeps this instance from being opened to traffic, as seen from this database, what to do first coming first; severity: blocking | warning | unknown: something could not be looked at | notice | ok: the check found nothing; cost of the remedy: instant | minutes | lock: it locks a table while it rewrites it | restart of the server; docs: where to read on; deep: besides starts amcheck on all tables and btree indexes of this database, in a worker that goes on while the machine is comfortable, or goes on with it if it was stopped; how far it is, and what it found, is among the findings then and later, and fresh for an hour; profile: of the instance before this one, by health_profile(); it only reads, and gives up a check after 5 s or where it would wait for a lock';

CREATE FUNCTION admission.health_profile()
RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'adm_health_profile';

COMMENT ON FUNCTION admission.health_profile() IS
'what to know of this instance before another takes its place, for health_check(profile) there: settings that matter, extensions, settings of roles and databases, connections and transactions per second, and connections by application';

/*
 * Nothing for PUBLIC.
 */

REVOKE ALL ON SCHEMA admission FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA admission FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA admission FROM PUBLIC;

GRANT USAGE ON SCHEMA admission TO pg_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA admission TO pg_monitor;
GRANT EXECUTE ON FUNCTION
	admission.status(),
	admission.waiting(),
	admission.pressure(),
	admission.pressure_history(),
	admission.sample_now(),
	admission.backend_samples(),
	admission.blocking(),
	admission.blocked_by(int),
	admission.blocking_tree(),
	admission.events(),
	admission.runaways(),
	admission.services(),
	admission.check_service(text, boolean),
	admission.metrics(),
	admission.openmetrics(),
	admission.health_check(boolean, jsonb),
	admission.health_profile()
TO pg_monitor;

-- Whom they may stop is up to PostgreSQL's own rules.
GRANT USAGE ON SCHEMA admission TO pg_signal_backend;
GRANT SELECT ON admission.backends, admission.blocking_tree TO pg_signal_backend;
GRANT EXECUTE ON FUNCTION
	admission.waiting(),
	admission.backend_samples(),
	admission.check_service(text, boolean),
	admission.blocking(),
	admission.blocked_by(int),
	admission.blocking_tree()
TO pg_signal_backend;
GRANT EXECUTE ON FUNCTION
	admission.protection(int, timestamptz, boolean),
	admission.readable(text),
	admission.stop_backends(int[], timestamptz[], boolean, boolean, interval, interval, text),
	admission.check_criteria(jsonb, text, int, boolean),
	admission.tell_nobody(text),
	admission.match_backends(jsonb, text, int, boolean),
	admission.stop_matching(boolean, jsonb, text, int, boolean, interval, interval, boolean),
	admission.find_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean),
	admission.cancel_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean, interval, boolean),
	admission.terminate_backends(text, text, text, inet, text, text, float8, interval, interval, interval, text, text, int, text, int, boolean, interval, interval, boolean)
TO pg_monitor, pg_signal_backend;
