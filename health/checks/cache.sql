-- Cold buffers: the first transactions read from the disk.
WITH read AS (
	SELECT sum(d.blks_read)::float8 * 8192 AS bytes,
		least((SELECT s.setting::float8 * 8192 FROM pg_settings AS s WHERE s.name = 'shared_buffers'),
			pg_database_size(current_database())) AS wanted_bytes
	FROM pg_stat_database AS d
)
SELECT 'notice' AS severity, 'shared_buffers' AS object,
	format('%s of %s read since the server started %s ago; autoprewarm is %s', pg_size_pretty(r.bytes::bigint), pg_size_pretty(r.wanted_bytes::bigint),
		date_trunc('second', now() - pg_postmaster_start_time()),
		coalesce(current_setting('pg_prewarm.autoprewarm', true), 'not loaded')) AS evidence,
	'minutes' AS cost,
	'CREATE EXTENSION IF NOT EXISTS pg_prewarm; SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN (''r'', ''i'', ''m'') AND relpersistence = ''p'' ORDER BY relpages;' AS remedy
FROM read AS r
WHERE now() - pg_postmaster_start_time() < '1 hour' AND r.bytes < 0.5 * r.wanted_bytes AND r.wanted_bytes >= 64 * 1024 * 1024
