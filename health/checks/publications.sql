-- Published tables whose UPDATE and DELETE fail, since nothing identifies a row.
-- Publications that nobody reads.
WITH published AS (
	-- The view pg_publication_tables opens them, and waits where they are locked.
	SELECT DISTINCT c.oid
	FROM pg_publication AS p
		JOIN pg_class AS c ON c.relkind = 'r' AND c.relpersistence = 'p'
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE (p.pubupdate OR p.pubdelete) AND (
		(p.puballtables AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
		OR EXISTS (SELECT FROM pg_publication_namespace AS s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)
		OR EXISTS (SELECT FROM pg_publication_rel AS r WHERE r.prpubid = p.oid AND (r.prrelid = c.oid
				OR (c.relispartition AND r.prrelid IN (SELECT a.relid FROM pg_partition_ancestors(c.oid) AS a)))
			AND coalesce(to_jsonb(r) ->> 'prexcept', 'false') = 'false'))
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	'published without a replica identity: UPDATE and DELETE fail' AS evidence,
	'instant' AS cost,
	format('ALTER TABLE %I.%I REPLICA IDENTITY FULL; -- or give it a primary key', n.nspname, c.relname) AS remedy
FROM published AS p
	JOIN pg_class AS c ON c.oid = p.oid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relreplident IN ('d', 'i', 'n') AND NOT EXISTS (
	SELECT FROM pg_index AS i
	WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
UNION ALL
SELECT 'notice', format('%I', p.pubname), 'no logical slot of this database could read it', 'instant',
	format('SELECT * FROM pg_publication_tables WHERE pubname = %L; -- if it is left over: DROP PUBLICATION %I;', p.pubname, p.pubname)
FROM pg_publication AS p
WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.database = current_database())
ORDER BY severity DESC, object
