-- Tables whose columns have no statistics, as all have after pg_upgrade before
-- 18 and after a restore: their plans are guesses.  Where statistics cannot be
-- read, tables that were neither analyzed nor vacuumed.  Small tables may never
-- have been due.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE NOT s.inherited
), locked AS MATERIALIZED (
	SELECT l.relation FROM pg_locks AS l
	-- Waiting for it is enough: who comes later waits behind that.
	WHERE l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
		AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
), unknown AS MATERIALIZED (
	SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.reltuples, c.relpages,
		EXISTS (SELECT FROM locked AS l WHERE l.relation = c.oid) AS is_locked
	FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
	WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
		AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		AND k.tablename IS NULL
		AND (c.reltuples < 0 OR (has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)))
), sized AS MATERIALIZED (
	SELECT u.oid, u.name, u.reltuples, u.relpages, pg_relation_size(u.oid) AS bytes FROM unknown AS u WHERE NOT u.is_locked
), here AS MATERIALIZED (
	SELECT pg_database_size(current_database()) AS bytes
), ranked AS (
	SELECT s.name, s.bytes, s.bytes >= 1024 * 1024 AS large,
		-- All large ones together: a staging table is no reason to wait.
		CASE WHEN sum(s.bytes) FILTER (WHERE s.bytes >= 1024 * 1024) OVER () >= 0.01 * h.bytes
			THEN 'blocking' ELSE 'warning' END AS severity,
		row_number() OVER (ORDER BY s.bytes DESC, s.name) AS place
	FROM sized AS s CROSS JOIN here AS h
	-- What was found empty and has not grown since has nothing to know.
	WHERE s.bytes > CASE WHEN s.reltuples = 0 THEN 8192::bigint * s.relpages ELSE 0 END
		-- Nor has one that is to have none, by SET STATISTICS 0 of all columns.
		AND (s.bytes < 1024 * 1024 OR EXISTS (
			SELECT FROM pg_attribute AS a
			WHERE a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(a.attstattarget, -1) <> 0))
)
SELECT r.severity, r.name AS object,
	format('no statistics; %s', pg_size_pretty(r.bytes)) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %s;', r.name) AS remedy
FROM ranked AS r
WHERE r.large AND r.place <= 10
UNION ALL
SELECT CASE WHEN bool_or(r.large) THEN min(r.severity) ELSE 'notice' END,
	format('%s%s tables', count(*), CASE WHEN bool_or(r.place > 10 AND r.large) THEN ' more' ELSE ' small' END),
	format('no statistics; %s together, the largest %s', pg_size_pretty(sum(r.bytes)), max(r.name) FILTER (WHERE r.place = least_place)),
	'minutes', 'ANALYZE;'
FROM (SELECT r.*, min(r.place) OVER () AS least_place FROM ranked AS r WHERE NOT r.large OR r.place > 10) AS r
HAVING count(*) > 0
UNION ALL
SELECT 'unknown', format('%s tables', count(*)), 'not looked at: locked by others; among them ' || min(u.name), 'instant', '-- check again later'
FROM unknown AS u
WHERE u.is_locked
HAVING count(*) > 0
UNION ALL
SELECT 'unknown', format('%s tables', count(*)), format('their statistics are not for role %I to see; among them %s', current_user, min(c.oid::regclass::text)),
	'instant', '-- check again as a superuser or a member of pg_read_all_data'
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.reltuples > 0 AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
HAVING count(*) > 0
