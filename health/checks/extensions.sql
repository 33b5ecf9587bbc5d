-- Extensions whose files are not there: every call fails.  And those that the
-- files are newer than, as after pg_upgrade.
SELECT 'blocking' AS severity, e.extname::text AS object,
	format('version %s is created, and this server has no such extension', e.extversion) AS evidence,
	'minutes' AS cost,
	format('-- install the package of %s for PostgreSQL %s', e.extname, current_setting('server_version_num')::int / 10000) AS remedy
FROM pg_extension AS e
WHERE NOT EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = e.extname)
UNION ALL
SELECT 'warning', e.extname,
	format('version %s is created, version %s is there', e.extversion, a.default_version),
	'instant', format('ALTER EXTENSION %I UPDATE;', e.extname)
FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
WHERE a.default_version <> e.extversion
	AND EXISTS (
		SELECT FROM pg_extension_update_paths(e.extname) AS p
		WHERE p.source = e.extversion AND p.target = a.default_version AND p.path IS NOT NULL)
ORDER BY severity, object
