-- Of the server.
-- Pages that failed their checksum; no checksums.
SELECT 'blocking' AS severity,
	coalesce(d.datname::text, 'shared relations') AS object,
	format('%s pages failed their checksum, the last at %s', d.checksum_failures,
		to_char(d.checksum_last_failure, 'YYYY-MM-DD HH24:MI:SS')) AS evidence,
	'minutes' AS cost,
	format('-- in a shell: pg_amcheck --heapallindexed --database=%s, then restore what it names; SELECT pg_stat_reset() in that database forgets the failures',
		CASE WHEN d.datname ~ '^[[:alnum:]_-]+$' THEN d.datname ELSE 'DATABASE' END) AS remedy
FROM pg_stat_database AS d
WHERE d.checksum_failures > 0
UNION ALL
SELECT 'notice', 'data_checksums', 'data_checksums is off: damage by a disk goes unnoticed',
	'restart', '-- in a shell, with the server stopped: pg_checksums --enable --progress --pgdata=DIRECTORY'
WHERE current_setting('data_checksums') = 'off'
ORDER BY severity, object
