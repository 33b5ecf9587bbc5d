-- Collations whose library has changed since their indexes were built, as on
-- another version of the operating system: such an index may miss rows and let
-- duplicates in.
WITH changed AS (
	SELECT 'pg_catalog."default"'::regcollation::oid AS oid, format('database %I', d.datname) AS name,
		d.datcollversion AS was, pg_database_collation_actual_version(d.oid) AS is_now,
		format('ALTER DATABASE %I REFRESH COLLATION VERSION;', d.datname) AS refresh
	FROM pg_database AS d
	WHERE d.datname = current_database()
	UNION ALL
	SELECT c.oid, format('collation %I.%I', n.nspname, c.collname), c.collversion, pg_collation_actual_version(c.oid),
		format('ALTER COLLATION %I.%I REFRESH VERSION;', n.nspname, c.collname)
	FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace
	WHERE c.collversion IS NOT NULL
), concerned AS (
	SELECT c.oid, format('%I.%I', n.nspname, x.relname) AS index_name, i.indisexclusion AS locks,
		row_number() OVER (PARTITION BY c.oid ORDER BY x.relpages DESC, n.nspname, x.relname) AS place
	FROM changed AS c
		JOIN pg_index AS i ON c.oid = ANY (i.indcollation)
		JOIN pg_class AS x ON x.oid = i.indexrelid AND x.relkind = 'i'
		JOIN pg_namespace AS n ON n.oid = x.relnamespace
	WHERE c.was <> c.is_now
), summed AS (
	SELECT o.oid, count(*) AS count,
		string_agg(o.index_name, ', ' ORDER BY o.place) FILTER (WHERE o.place <= 5) AS first_ones,
		-- That of an exclusion constraint cannot be rebuilt concurrently.
		string_agg(format('REINDEX INDEX %s;', o.index_name), ' ' ORDER BY o.place) FILTER (WHERE o.locks) AS reindex_locking,
		string_agg(format('REINDEX INDEX CONCURRENTLY %s;', o.index_name), ' ' ORDER BY o.place) FILTER (WHERE NOT o.locks) AS reindex
	FROM concerned AS o
	GROUP BY o.oid
)
SELECT CASE WHEN s.count > 0 THEN 'blocking' ELSE 'warning' END AS severity, c.name AS object,
	format('made with version %s, now %s; %s', c.was, c.is_now,
		CASE WHEN s.count > 5 THEN format('%s indexes, among them %s', s.count, s.first_ones)
			WHEN s.count > 0 THEN format('indexes: %s', s.first_ones)
			ELSE 'no indexes' END) AS evidence,
	CASE WHEN s.reindex_locking IS NOT NULL THEN 'lock' WHEN s.count > 0 THEN 'minutes' ELSE 'instant' END AS cost,
	concat_ws(' ', CASE WHEN s.count > 5 THEN format('REINDEX DATABASE CONCURRENTLY %I;', current_database()) ELSE s.reindex END,
		s.reindex_locking, c.refresh) AS remedy
FROM changed AS c LEFT JOIN summed AS s ON s.oid = c.oid
WHERE c.was <> c.is_now AND (s.count > 0 OR c.oid = 'pg_catalog."default"'::regcollation)
UNION ALL
SELECT 'notice', format('%s collations', count(*)), format('made with other versions; no index uses them; among them %s', min(c.name)), 'instant',
	format('SELECT format(''ALTER COLLATION %%s REFRESH VERSION;'', oid::regcollation) FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid) %sgexec', chr(92))
FROM changed AS c LEFT JOIN summed AS s ON s.oid = c.oid
WHERE c.was <> c.is_now AND s.oid IS NULL AND c.oid <> 'pg_catalog."default"'::regcollation
HAVING count(*) > 0
ORDER BY severity, object
