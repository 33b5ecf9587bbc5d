-- Of the server.
-- More connections than the machine can serve.  Given are its processors and
-- memory; where they are not known, nothing is said of them.
WITH given AS (
	SELECT :cores::float8 AS cores, :memory_bytes::float8 AS memory_bytes,
		current_setting('max_connections')::int AS max_connections,
		(SELECT s.setting::float8 * current_setting('block_size')::int FROM pg_settings AS s WHERE s.name = 'shared_buffers') AS shared_bytes,
		(SELECT s.setting::float8 * 1024 FROM pg_settings AS s WHERE s.name = 'work_mem') AS work_bytes
)
SELECT 'warning' AS severity, 'max_connections' AS object,
	format('max_connections is %s for %s processors: %s each', g.max_connections, g.cores, round(g.max_connections / g.cores)) AS evidence,
	'restart' AS cost,
	format('ALTER SYSTEM SET max_connections = %s; -- then restart, with a pooler in front', ceil(100 * g.cores)) AS remedy
FROM given AS g
WHERE g.max_connections > 100 * g.cores
UNION ALL
SELECT 'warning', 'work_mem',
	format('shared_buffers %s and max_connections, %s, times work_mem, %s, are more than the memory, %s',
		pg_size_pretty(g.shared_bytes::bigint), g.max_connections, pg_size_pretty(g.work_bytes::bigint), pg_size_pretty(g.memory_bytes::bigint)),
	'instant', format('ALTER SYSTEM SET work_mem = ''%skB''; SELECT pg_reload_conf();',
		greatest(floor((g.memory_bytes - g.shared_bytes) / 2 / g.max_connections / 1024), 64))
FROM given AS g
WHERE g.shared_bytes + g.max_connections * g.work_bytes > g.memory_bytes
UNION ALL
SELECT 'warning', 'max_connections',
	format('%s of %s connections are taken', count(*), current_setting('max_connections')),
	'instant', 'SELECT application_name, usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC;'
FROM pg_stat_activity AS a
WHERE a.backend_type = 'client backend'
HAVING count(*) > 0.9 * current_setting('max_connections')::int
