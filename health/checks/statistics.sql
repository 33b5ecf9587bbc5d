-- Tables whose columns have no statistics, as all have after pg_upgrade before
-- 18 and after a restore: their plans are guesses.  Where statistics cannot be
-- read, tables that were neither analyzed nor vacuumed.  Small tables may never
-- have been due; the limit is that of autovacuum's patience, not of harm.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE NOT s.inherited
), locked AS MATERIALIZED (
	SELECT l.relation FROM pg_locks AS l
	-- Waiting for it is enough: who comes later waits behind that.
	WHERE l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
		AND l.relation IS NOT NULL
), unknown AS MATERIALIZED (
	SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.reltuples, c.relpages
	FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
	WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
		AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		AND k.tablename IS NULL
		AND (c.reltuples < 0 OR (has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)))
		AND NOT EXISTS (SELECT FROM locked AS l WHERE l.relation = c.oid)
), sized AS MATERIALIZED (
	SELECT u.name, u.reltuples, u.relpages, pg_relation_size(u.oid) AS bytes FROM unknown AS u
), ranked AS (
	SELECT s.name, s.bytes, s.bytes >= 1024 * 1024 AS large,
		row_number() OVER (ORDER BY s.bytes DESC, s.name) AS place
	FROM sized AS s
	-- What was found empty and has not grown since has nothing to know.
	WHERE s.bytes > CASE WHEN s.reltuples = 0 THEN 8192::bigint * s.relpages ELSE 0 END
)
SELECT 'blocking' AS severity, r.name AS object,
	format('no statistics; %s', pg_size_pretty(r.bytes)) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %s;', r.name) AS remedy
FROM ranked AS r
WHERE r.large AND r.place <= 10
UNION ALL
SELECT CASE WHEN bool_or(r.large) THEN 'blocking' ELSE 'notice' END,
	format('%s%s tables', count(*), CASE WHEN bool_or(r.place > 10 AND r.large) THEN ' more' ELSE ' small' END),
	format('no statistics; %s together, the largest %s', pg_size_pretty(sum(r.bytes)), max(r.name) FILTER (WHERE r.place = least_place)),
	'minutes', 'ANALYZE;'
FROM (SELECT r.*, min(r.place) OVER () AS least_place FROM ranked AS r WHERE NOT r.large OR r.place > 10) AS r
HAVING count(*) > 0
