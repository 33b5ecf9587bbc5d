-- Sequences behind the column they feed, as after a migration by logical
-- replication, which does not carry them: inserts fail with duplicate keys.
-- And sequences near their end, or their column's.  What is in the column is
-- taken from its statistics, so that no table is read.  Reading a sequence takes
-- ROW EXCLUSIVE on it until the transaction ends, so only those of the 1000
-- largest tables are.
WITH locked AS MATERIALIZED (
	SELECT l.relation FROM pg_locks AS l
	-- Waiting for it is enough: who comes later waits behind that.
	WHERE l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
), feeds AS (
	-- Owned by the column, serial or identity, or only in its default.
	SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
	FROM pg_depend AS d
	WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
		AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
	UNION
	SELECT d.refobjid, a.adrelid, a.adnum
	FROM pg_depend AS d JOIN pg_attrdef AS a ON a.oid = d.objid
	WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
), fed AS MATERIALIZED (
	SELECT f.sequence, f.relation, f.number, c.relispartition,
		has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') AS may_read,
		EXISTS (SELECT FROM locked AS l WHERE l.relation IN (f.sequence, f.relation)) AS is_locked
	FROM feeds AS f
		JOIN pg_sequence AS s ON s.seqrelid = f.sequence
		JOIN pg_class AS c ON c.oid = f.relation AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
	WHERE s.seqincrement > 0
), sized AS MATERIALIZED (
	-- A partitioned table is as large as its partitions, which the sequence feeds, too.
	SELECT f.*, pg_relation_size(f.relation) AS bytes FROM fed AS f WHERE f.may_read AND NOT f.is_locked
), placed AS MATERIALIZED (
	SELECT s.*, dense_rank() OVER (ORDER BY s.largest DESC, s.sequence) AS place
	FROM (SELECT z.*, max(z.bytes) OVER (PARTITION BY z.sequence) AS largest FROM sized AS z) AS s
), chosen AS MATERIALIZED (
	SELECT p.* FROM placed AS p WHERE p.place <= 1000
), columns AS MATERIALIZED (
	SELECT format('%I.%I', sn.nspname, sc.relname) AS name,
		coalesce(l.last, CASE WHEN r.word::numeric <> s.seqstart THEN r.word::numeric - 1 END) AS last,
		s.seqstart, s.seqmin, s.seqmax, s.seqcycle, s.seqtypid, f.bytes,
		c.relkind, c.reltuples, format('%I.%I', n.nspname, c.relname) AS table_name, a.attname, a.atttypid,
		n.nspname, c.relname,
		CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
			ELSE 9223372036854775807 END AS column_max, a.attinhcount = 0 AS is_own, f.relispartition
	FROM chosen AS f
		JOIN pg_sequence AS s ON s.seqrelid = f.sequence
		JOIN pg_class AS sc ON sc.oid = s.seqrelid
		JOIN pg_namespace AS sn ON sn.oid = sc.relnamespace
		JOIN pg_class AS c ON c.oid = f.relation
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = f.number
		CROSS JOIN LATERAL (SELECT pg_sequence_last_value(s.seqrelid) AS last) AS l
		-- Not used since RESTART WITH, of which only the sequence itself tells; this
		-- function runs a query that is made as text.
		LEFT JOIN LATERAL ts_stat(CASE WHEN l.last IS NULL AND has_sequence_privilege(s.seqrelid, 'SELECT')
				AND NOT (sc.relpersistence = 'u' AND pg_is_in_recovery())
			THEN format('SELECT last_value::text::tsvector FROM %I.%I', sn.nspname, sc.relname) END) AS r ON true
	WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
), known AS MATERIALIZED (
	-- From 19 on rows may be aggregated before they are joined, and values of other
	-- columns, too, so be looked at.
	SELECT s.schemaname, s.tablename, s.attname, max(CASE WHEN v.value ~ '^-?[0-9]+$' THEN v.value::numeric END) AS top
	FROM pg_stats AS s
		JOIN columns AS c ON c.nspname = s.schemaname AND c.relname = s.tablename AND c.attname = s.attname,
		LATERAL unnest(s.histogram_bounds::text::text[] || s.most_common_vals::text::text[]) AS v (value)
	GROUP BY s.schemaname, s.tablename, s.attname
), judged AS (
	SELECT c.*, k.top,
		coalesce(c.last, c.seqstart::numeric - 1) < k.top AS behind,
		k.top >= 0.99 * least(c.seqmax, c.column_max) AS odd,
		c.last IS NULL AND k.top IS NULL AND c.bytes > 0 AS unused,
		(c.last - c.seqmin) / nullif(least(c.seqmax, c.column_max)::numeric - c.seqmin, 0) AS used,
		(c.last - c.seqmin) / nullif(c.column_max::numeric - c.seqmin, 0) AS column_used
	FROM columns AS c
		LEFT JOIN known AS k ON k.schemaname = c.nspname AND k.tablename = c.relname AND k.attname = c.attname
)
SELECT CASE WHEN sum(j.reltuples) FILTER (WHERE j.behind) >= 1000 AND NOT bool_or(j.odd IS TRUE) THEN 'blocking' ELSE 'warning' END AS severity,
	j.name AS object,
	CASE WHEN bool_or(j.behind) THEN format('is at %s, and %s has values up to %s or more', coalesce(max(j.last)::text, 'its start'),
			(array_agg(format('%s.%I', j.table_name, j.attname) ORDER BY j.top DESC NULLS LAST, j.relispartition, j.table_name))[1], max(j.top))
		ELSE format('has never been used, and %s has rows', min(j.table_name) FILTER (WHERE j.unused)) END AS evidence,
	'instant' AS cost,
	CASE WHEN bool_or(j.odd IS TRUE) THEN string_agg(format('SELECT %1$I FROM %2$s ORDER BY 1 DESC LIMIT 10; -- does the last one stand for something else? After setval() to it the sequence has no more values',
			j.attname, j.table_name), ' ') FILTER (WHERE j.odd)
		ELSE format('SELECT setval(%L, greatest((SELECT last_value FROM %s), %s));', j.name, j.name,
			coalesce(string_agg(format('(SELECT max(%I) FROM %s)', j.attname, j.table_name), ', ' ORDER BY j.table_name) FILTER (WHERE NOT j.relispartition),
				string_agg(format('(SELECT max(%I) FROM %s)', j.attname, j.table_name), ', ' ORDER BY j.table_name))) END AS remedy
FROM judged AS j
GROUP BY j.name
HAVING bool_or(j.behind) OR bool_or(j.unused)
UNION ALL
SELECT CASE WHEN j.used >= 0.99 THEN 'blocking' ELSE 'warning' END, j.name,
	format('is at %s, %s %% of the way to the end of %s, %s', j.last, round(100 * j.used),
		CASE WHEN j.column_max < j.seqmax THEN format('%s.%I', j.table_name, j.attname) ELSE 'the sequence' END,
		least(j.seqmax, j.column_max)),
	CASE WHEN j.atttypid = 'int8'::regtype OR j.column_used < 0.8 THEN 'instant' ELSE 'lock' END,
	CASE WHEN j.atttypid = 'int8'::regtype OR j.column_used < 0.8
		THEN format('ALTER SEQUENCE %s AS %s NO MAXVALUE;', j.name, format_type(j.atttypid, NULL))
		ELSE format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint; ALTER SEQUENCE %s AS bigint NO MAXVALUE;',
			j.table_name, j.attname, j.name) END
FROM judged AS j
-- A partition's column goes with its parent's.
WHERE j.used >= 0.8 AND NOT j.seqcycle AND j.is_own
UNION ALL
SELECT 'unknown', format('%s sequences', count(DISTINCT f.sequence)),
	format('not looked at: %s locked by others, %s not readable by role %I', count(DISTINCT f.sequence) FILTER (WHERE f.is_locked),
		count(DISTINCT f.sequence) FILTER (WHERE NOT f.may_read), current_user),
	'instant', CASE WHEN bool_and(f.may_read) THEN '-- check again later' ELSE '-- check again as a superuser or a member of pg_read_all_data' END
FROM fed AS f
WHERE f.is_locked OR NOT f.may_read
HAVING count(*) > 0
UNION ALL
SELECT 'notice', format('%s sequences', max(p.place) - 1000), 'not looked at: their tables are smaller than those of a thousand others', NULL, NULL
FROM placed AS p
HAVING max(p.place) > 1000
ORDER BY severity, object
