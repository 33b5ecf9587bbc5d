-- The views of pressure agree with themselves and with PostgreSQL's own.

-- a sample that began after the call
SELECT admission.sample_now() AS first \gset
SELECT admission.sample_now() > :'first' AS later;
SELECT sampled_at > :'first' AS fresh, sample_age_s BETWEEN 0 AND 60 AS young,
       window_s >= 0.1 AS long_enough, usable_cores > 0 AS cores, cpu_demand >= 0 AS demand,
       cpu_used BETWEEN 0 AND 1 AS used, memory_available_bytes <= memory_limit_bytes AS memory,
       memory_used BETWEEN 0 AND 1 AS memory_used, load1 >= 0 AS load, sources LIKE 'running: %' AS sources
FROM admission.pressure;

-- the history begins when the server has run for pg_admission.sample_interval
DO $$
BEGIN
	FOR i IN 1 .. 500 LOOP
		EXIT WHEN EXISTS (SELECT FROM admission.pressure_history);
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT count(*) >= 1 AS samples, bool_and(level IN ('comfortable', 'high', 'critical')) AS levels,
       max(sampled_at) > :'first'::timestamptz - interval '1 s' AS recent
FROM admission.pressure_history;

-- every backend that PostgreSQL knows, and nobody twice
SELECT count(*) AS missing FROM pg_stat_activity WHERE pid NOT IN (SELECT pid FROM admission.backends);
SELECT count(*) - count(DISTINCT pid) AS twice FROM admission.backends;
SELECT role = current_user AS role, database, backend_type, state, gate_state, cpu_s > 0 AS ran,
       memory_bytes > 0 AS memory, blocked_by, blocking
FROM admission.backends WHERE pid = pg_backend_pid();
SELECT backend_type FROM admission.backends
WHERE pid = (SELECT controller_pid FROM admission.status);

-- slots
SELECT max_connections, reserved, used = (SELECT sum(connections) FROM admission.connections) AS used,
       free = max_connections - used AS free, free_for_ordinary = free - reserved AS ordinary,
       round(used_percent) = round(100.0 * used / (max_connections - reserved)) AS percent
FROM admission.connections
WHERE role = current_user AND state = 'active';

-- metrics: no series twice, each with help, units in their names, labels bounded
SELECT name, labels, count(*) FROM admission.metrics GROUP BY 1, 2 HAVING count(*) > 1;
SELECT name FROM admission.metrics WHERE help = '' OR help !~ '\.$';
SELECT DISTINCT name, unit FROM admission.metrics
WHERE unit IS NOT NULL AND name !~ (unit || '(_total|_bucket|_sum|_count)?$');
SELECT DISTINCT name FROM admission.metrics
WHERE name !~ '^pg_admission_' ORDER BY 1;
SELECT value FROM admission.metrics WHERE name = 'pg_settings_max_connections';
SELECT split_part(page, E'\n', 1) AS first, right(page, 7) = E'\n# EOF\n' AS ends
FROM admission.openmetrics() AS page;
SELECT count(*) AS buckets, bool_and(rises) AS cumulative
FROM (SELECT value >= lag(value, 1, 0::float8) OVER () AS rises
      FROM admission.metrics WHERE name = 'pg_admission_wait_seconds_bucket') AS b;

-- the lock table is looked through only for those who ask
CREATE FUNCTION pg_temp.looks_through_locks(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
	looks boolean := false;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS off) ' || query LOOP
		looks := looks OR line ~ 'blocking|blocked_by';
	END LOOP;
	RETURN looks;
END
$$;
SELECT query, pg_temp.looks_through_locks(query) FROM (VALUES
	('SELECT pid, role, state, gate_state, cpu_percent FROM admission.backends'),
	('SELECT count(*) FROM admission.backends'),
	('SELECT * FROM admission.connections'),
	('SELECT pid, blocking FROM admission.backends'),
	('SELECT pid, blocked_by FROM admission.backends')) AS q (query);
SELECT count(*) AS blockers FROM admission.blocking();
SELECT admission.blocked_by(-1) AS nobody, admission.blocked_by(NULL) IS NULL AS null;
