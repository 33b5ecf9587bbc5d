-- Indexes that CREATE or REINDEX INDEX CONCURRENTLY left behind half-built: they
-- are written to and not read.
SELECT 'warning' AS severity, format('%I.%I', n.nspname, x.relname) AS object,
	format('%s, %s', CASE WHEN x.relkind = 'I' THEN 'not attached on all partitions'
		WHEN NOT i.indisready THEN 'not ready' ELSE 'not valid' END,
		CASE WHEN i.indisunique THEN 'unique: duplicates may be there' ELSE 'not unique' END) AS evidence,
	'minutes' AS cost,
	CASE WHEN x.relkind = 'I' THEN format('ALTER INDEX %I.%I ATTACH PARTITION ...; -- an index of each partition that lacks it', n.nspname, x.relname)
		WHEN x.relname ~ '_cc(new|old)[0-9]*$' THEN format('DROP INDEX CONCURRENTLY %I.%I;', n.nspname, x.relname)
		ELSE format('%sREINDEX INDEX CONCURRENTLY %I.%I;', CASE WHEN i.indisunique THEN
			format('SELECT %1$s, count(*) FROM %2$s%3$s GROUP BY %1$s HAVING count(*) > 1; -- if there are none: ',
				(SELECT string_agg(pg_get_indexdef(i.indexrelid, k.number, true), ', ') FROM generate_series(1, i.indnkeyatts) AS k (number)),
				i.indrelid::regclass, ' WHERE ' || pg_get_expr(i.indpred, i.indrelid)) END, n.nspname, x.relname) END AS remedy
FROM pg_index AS i
	JOIN pg_class AS x ON x.oid = i.indexrelid
	JOIN pg_namespace AS n ON n.oid = x.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
	AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.relid = i.indrelid)
ORDER BY object
