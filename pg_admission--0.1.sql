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
	OUT pressure_level text,
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
	OUT passed bigint,
	OUT refused bigint,
	OUT refused_timeout bigint,
	OUT refused_slots bigint,
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
	OUT gate_state text,
	OUT leader_pid int,
	OUT cpu_percent float8,
	OUT run_queue_wait_percent float8,
	OUT cpu_s float8,
	OUT transaction_cpu_s float8,
	OUT memory_bytes bigint,
	OUT read_bytes_per_s float8,
	OUT write_bytes_per_s float8
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
	OUT processes int
)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
ROWS 10
AS 'MODULE_PATHNAME', 'adm_blocking';

COMMENT ON FUNCTION admission.blocking() IS
'each process that others wait for to release a lock, and how many they are; looks through the lock table once for each of those';

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
		COALESCE(a.backend_type, CASE WHEN s.gate_state IS NULL THEN 'background worker' ELSE 'client backend' END) AS backend_type,
		CASE w.gate WHEN 'connection' THEN 'waiting for admission' ELSE a.state END AS state,
		a.wait_event_type,
		a.wait_event,
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
'process id; to end it: pg_cancel_backend(pid), pg_terminate_backend(pid)';
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
			COALESCE(b.state, 'starting') AS state,
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
	admission.metrics(),
	admission.openmetrics()
TO pg_monitor;
