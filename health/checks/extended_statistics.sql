-- CREATE STATISTICS without data: pg_upgrade does not carry it over, not even 18.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s
), filled AS MATERIALIZED (
	SELECT DISTINCT e.statistics_schemaname, e.statistics_name FROM pg_stats_ext AS e
)
SELECT 'warning' AS severity, format('%I.%I', sn.nspname, e.stxname) AS object,
	format('has no data; about %s rows', to_char(c.reltuples, 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_statistic_ext AS e
	JOIN pg_namespace AS sn ON sn.oid = e.stxnamespace
	JOIN pg_class AS c ON c.oid = e.stxrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN filled AS f ON f.statistics_schemaname = sn.nspname AND f.statistics_name = e.stxname
WHERE f.statistics_name IS NULL AND coalesce((to_jsonb(e) ->> 'stxstattarget')::int, -1) <> 0
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
	AND EXISTS (SELECT FROM known AS t WHERE t.schemaname = n.nspname AND t.tablename = c.relname)
ORDER BY c.reltuples DESC, object
