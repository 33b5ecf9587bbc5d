-- What a cut-over, a restore or a load switches on and leaves behind: no work
-- can be done, or nothing checks it.
WITH set_for AS (
	SELECT d.datname, r.rolname, split_part(c.item, '=', 1) AS name, lower(substr(c.item, strpos(c.item, '=') + 1)) AS value,
		format('ALTER %s RESET %I;', CASE WHEN s.setrole = 0 THEN format('DATABASE %I', d.datname)
			WHEN s.setdatabase = 0 THEN format('ROLE %I', r.rolname)
			ELSE format('ROLE %I IN DATABASE %I', r.rolname, d.datname) END, split_part(c.item, '=', 1)) AS reset
	FROM pg_db_role_setting AS s
		LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
		LEFT JOIN pg_roles AS r ON r.oid = s.setrole
		CROSS JOIN LATERAL unnest(s.setconfig) AS c (item)
	WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND (s.setrole = 0 OR r.rolname IS NOT NULL)
		AND NOT (s.setrole = 0 AND s.setdatabase = 0)
)
SELECT 'blocking' AS severity, s.name AS object, format('%s is on for everybody: nothing can be written', s.name) AS evidence, 'instant' AS cost,
	format('ALTER SYSTEM SET %I = off; SELECT pg_reload_conf();', s.name) AS remedy
FROM pg_settings AS s
WHERE s.name = 'default_transaction_read_only' AND s.reset_val = 'on' AND s.source IN ('configuration file', 'command line') AND NOT pg_is_in_recovery()
UNION ALL
SELECT CASE WHEN s.rolname IS NULL THEN 'blocking' ELSE 'warning' END,
	concat_ws(' ', 'role ' || quote_ident(s.rolname), 'database ' || quote_ident(s.datname)),
	format('%s is %s: %s', s.name, s.value, CASE WHEN s.name = 'session_replication_role' THEN 'triggers and foreign keys do nothing' ELSE 'nothing can be written' END),
	'instant', s.reset
FROM set_for AS s
WHERE (s.name = 'default_transaction_read_only' AND s.value IN ('on', 'true', 'yes', '1'))
	OR (s.name = 'session_replication_role' AND s.value = 'replica')
UNION ALL
SELECT 'blocking', s.name, format('no standby of %s is connected: every commit waits for one', s.setting), 'instant',
	'SELECT application_name, state, sync_state FROM pg_stat_replication; -- if none is to come: ALTER SYSTEM SET synchronous_standby_names = ''''; SELECT pg_reload_conf();'
FROM pg_settings AS s
WHERE s.name = 'synchronous_standby_names' AND s.setting <> '' AND NOT pg_is_in_recovery()
	AND (SELECT c.reset_val FROM pg_settings AS c WHERE c.name = 'synchronous_commit') NOT IN ('off', 'local')
	AND NOT EXISTS (SELECT FROM pg_stat_replication AS r WHERE r.sync_state IN ('sync', 'quorum'))
UNION ALL
SELECT 'warning', format('%I.%I', n.nspname, c.relname), 'a materialized view that was never filled: reading it fails', 'minutes',
	format('REFRESH MATERIALIZED VIEW %I.%I;', n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND NOT c.relispopulated
UNION ALL
SELECT 'warning', format('role %I', r.rolname), format('its password was valid until %s', r.rolvaliduntil), 'instant',
	format('SELECT * FROM pg_roles WHERE rolname = %1$L; -- if it is to log in: ALTER ROLE %1$I VALID UNTIL ''infinity'';', r.rolname)
FROM pg_roles AS r
WHERE r.rolcanlogin AND r.rolvaliduntil < now()
UNION ALL
SELECT 'warning', format('database %I', d.datname), format('takes no more than %s connections', d.datconnlimit), 'instant',
	format('ALTER DATABASE %I CONNECTION LIMIT -1;', d.datname)
FROM pg_database AS d
WHERE d.datname = current_database() AND d.datconnlimit BETWEEN 0 AND 9
ORDER BY severity, object
