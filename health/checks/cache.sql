-- Cold buffers: the first transactions read from the disk.  How much has been
-- read is known where the counters began with the server.
WITH server AS (
	SELECT pg_postmaster_start_time() AS started_at,
		coalesce(current_setting('pg_prewarm.autoprewarm', true), 'not loaded') AS autoprewarm,
		least((SELECT s.setting::float8 * current_setting('block_size')::int FROM pg_settings AS s WHERE s.name = 'shared_buffers'),
			pg_database_size(current_database())) AS wanted_bytes,
		CASE WHEN (SELECT a.stats_reset FROM pg_stat_archiver AS a) > pg_postmaster_start_time() - interval '10 s'
			THEN (SELECT sum(d.blks_read) FROM pg_stat_database AS d)::float8 * current_setting('block_size')::int END AS read_bytes
)
SELECT 'notice' AS severity, 'shared_buffers' AS object,
	format('the server started %s ago%s; autoprewarm is %s', date_trunc('second', now() - s.started_at),
		', and has read ' || pg_size_pretty(s.read_bytes::bigint) || ' of ' || pg_size_pretty(s.wanted_bytes::bigint), s.autoprewarm) AS evidence,
	'minutes' AS cost,
	'CREATE EXTENSION IF NOT EXISTS pg_prewarm; SELECT pg_prewarm(c.oid) FROM (SELECT oid, relpages, sum(relpages) OVER (ORDER BY relpages, oid) AS pages FROM pg_class WHERE relkind IN (''r'', ''i'', ''m'') AND relpersistence = ''p'') AS c WHERE c.pages - c.relpages < (SELECT setting::bigint FROM pg_settings WHERE name = ''shared_buffers'');' AS remedy
FROM server AS s
WHERE now() - s.started_at < '1 hour' AND s.wanted_bytes >= 64 * 1024 * 1024
	AND CASE WHEN s.read_bytes IS NOT NULL THEN s.read_bytes < 0.5 * s.wanted_bytes ELSE s.autoprewarm <> 'on' END
