-- Indexes over expressions that have no statistics, since the table has not been
-- analyzed since they were made: conditions on the expression are guesses.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, x.relname) AS object,
	format('no statistics on its expression; about %s rows', to_char(c.reltuples, 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_index AS i
	JOIN pg_class AS x ON x.oid = i.indexrelid AND x.relkind = 'i'
	JOIN pg_class AS c ON c.oid = i.indrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = x.relname
WHERE i.indexprs IS NOT NULL AND i.indisvalid AND c.reltuples > 0 AND k.tablename IS NULL
	-- A partial index without rows has nothing to know.
	AND x.reltuples <> 0
	AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
	-- What lacks all statistics is another finding.
	AND EXISTS (SELECT FROM known AS t WHERE t.schemaname = n.nspname AND t.tablename = c.relname)
ORDER BY c.reltuples DESC, object
