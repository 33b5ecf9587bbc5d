-- Of the server.
-- What a restore switches off to be fast, and is forgotten: a crash would lose
-- or damage data.
SELECT CASE WHEN s.name = 'synchronous_commit' THEN 'notice' ELSE 'blocking' END AS severity,
	s.name AS object,
	format('%s is %s', s.name, s.setting) AS evidence,
	'instant' AS cost,
	format('ALTER SYSTEM SET %I = on; SELECT pg_reload_conf();%s', s.name,
		CASE WHEN s.name = 'fsync' THEN ' CHECKPOINT; -- then sync on the host: what was written before is not on its disks yet' END) AS remedy
FROM pg_settings AS s
WHERE s.name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND s.reset_val = 'off'
UNION ALL
SELECT 'warning', 'archive_command',
	format('%s failures, the last at %s; the last success at %s', a.failed_count,
		to_char(a.last_failed_time, 'YYYY-MM-DD HH24:MI:SS'),
		coalesce(to_char(a.last_archived_time, 'YYYY-MM-DD HH24:MI:SS'), 'no time')),
	'minutes', '-- the server log says what archive_command prints'
FROM pg_stat_archiver AS a
WHERE a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
ORDER BY severity, object
