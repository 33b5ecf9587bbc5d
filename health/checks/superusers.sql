-- Applications that log in as superuser: no gate holds them, no right stops them.
SELECT CASE WHEN count(*) >= 5 THEN 'warning' ELSE 'notice' END AS severity, format('%I', a.usename) AS object,
	format('superuser with %s sessions of %s', count(*),
		string_agg(DISTINCT coalesce(nullif(a.application_name, ''), 'no name'), ', ')) AS evidence,
	'instant' AS cost,
	CASE WHEN a.usesysid = 10 THEN '-- let the application log in as a role of its own: this one must stay superuser'
		ELSE format('ALTER ROLE %I NOSUPERUSER; -- after granting what it needs', a.usename) END AS remedy
FROM pg_stat_activity AS a JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' AND r.rolsuper
	AND a.application_name !~* '^(psql|pgadmin|dbeaver|pg_|vacuumdb|reindexdb|clusterdb|barman|pgbackrest|patroni|repmgr)'
	AND a.pid <> pg_backend_pid()
GROUP BY a.usename, a.usesysid
ORDER BY count(*) DESC, object
