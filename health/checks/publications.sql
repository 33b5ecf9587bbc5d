-- Published tables whose UPDATE and DELETE fail, since nothing identifies a row.
-- Publications that nobody reads.
WITH published AS (
	SELECT DISTINCT t.schemaname, t.tablename
	FROM pg_publication AS p JOIN pg_publication_tables AS t ON t.pubname = p.pubname
	WHERE p.pubupdate OR p.pubdelete
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	'published without a replica identity: UPDATE and DELETE fail' AS evidence,
	'instant' AS cost,
	format('ALTER TABLE %I.%I REPLICA IDENTITY FULL; -- or give it a primary key', n.nspname, c.relname) AS remedy
FROM published AS p
	JOIN pg_namespace AS n ON n.nspname = p.schemaname
	JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.tablename
WHERE c.relkind = 'r' AND c.relreplident IN ('d', 'i', 'n') AND NOT EXISTS (
	SELECT FROM pg_index AS i
	WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
UNION ALL
SELECT 'notice', format('%I', p.pubname), 'no logical slot of this database could read it', 'instant',
	format('SELECT * FROM pg_publication_tables WHERE pubname = %L; -- if it is left over: DROP PUBLICATION %I;', p.pubname, p.pubname)
FROM pg_publication AS p
WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.database = current_database())
ORDER BY severity DESC, object
