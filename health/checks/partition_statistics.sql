-- Partitioned tables without statistics over all partitions, which autovacuum
-- never makes: joins and groupings over them are guesses.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE s.inherited
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	format('no statistics over its partitions, %s of which have about %s rows',
		count(*), to_char(sum(p.reltuples), 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN LATERAL pg_partition_tree(c.oid) AS t ON t.isleaf
	JOIN pg_class AS p ON p.oid = t.relid AND p.reltuples > 0
	LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
WHERE c.relkind = 'p' AND k.tablename IS NULL
	AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
GROUP BY n.nspname, c.relname
ORDER BY sum(p.reltuples) DESC, object
