-- Partitioned tables without statistics over all partitions, which autovacuum
-- never makes: joins and groupings over them are guesses.
WITH RECURSIVE known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE s.inherited
), below AS (
	-- pg_partition_tree() would lock all of them.
	SELECT i.inhparent AS root, i.inhrelid AS relid
	FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhparent AND c.relkind = 'p'
	UNION ALL
	SELECT b.root, i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.relid
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	format('no statistics over its partitions, %s of which have about %s rows',
		count(*), to_char(sum(p.reltuples), 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN below AS b ON b.root = c.oid
	JOIN pg_class AS p ON p.oid = b.relid AND p.relkind <> 'p' AND p.reltuples > 0
	LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
WHERE c.relkind = 'p' AND k.tablename IS NULL
	AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
GROUP BY n.nspname, c.relname
ORDER BY sum(p.reltuples) DESC, object
