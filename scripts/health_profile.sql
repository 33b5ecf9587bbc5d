-- health_profile.sql - what to know of an instance before another takes its
-- place: settings that matter, extensions, and the load that it carries.
--
-- For psql, where the library cannot be loaded; admission.health_profile()
-- answers the same.  Made of health/ by "make scripts": change those.
--
--	psql -XAt -d DATABASE -f health_profile.sql >old.json
--
-- at a busy hour, with the rights of pg_monitor.  On the new instance
--
--	psql -X -d DATABASE -v profile="$(cat old.json)" -f health_check.sql
--
-- says what is not as it was.
\set QUIET on
SET search_path = pg_catalog, pg_temp;

-- What to know of an instance before another takes its place: settings that
-- matter, extensions, settings of roles and databases, and the load that it
-- carries now and has carried since its counters began.
SELECT jsonb_build_object(
	'format', 1,
	'taken_at', now(),
	'server_version_num', current_setting('server_version_num')::int,
	'database', current_database(),
	'locale', (
		SELECT jsonb_build_object('encoding', pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype,
			'data_checksums', current_setting('data_checksums'))
		FROM pg_database AS d WHERE d.datname = current_database()),
	'roles', (SELECT jsonb_agg(r.rolname ORDER BY r.rolname) FROM pg_roles AS r WHERE r.rolcanlogin),
	'settings', (
		SELECT jsonb_object_agg(s.name, CASE WHEN s.unit = '8kB' AND s.reset_val !~ '^-' THEN (s.reset_val::numeric * 8) || 'kB' ELSE s.reset_val || coalesce(s.unit, '') END)
		FROM pg_settings AS s
		WHERE s.source NOT IN ('client', 'override', 'database', 'user', 'database user')
			-- Set by this session; below it may be the database's.
			AND NOT (s.source = 'session' AND (s.reset_val = s.boot_val OR EXISTS (
				SELECT FROM pg_db_role_setting AS o JOIN pg_database AS d ON d.oid = o.setdatabase CROSS JOIN LATERAL unnest(o.setconfig) AS c (item)
				WHERE d.datname = current_database() AND split_part(c.item, '=', 1) = s.name)))
			AND s.name !~ '^(pg_admission[.]|ssl|recovery_|archive_|primary_|hot_standby|synchronous_standby_names)'
			AND s.name NOT IN ('listen_addresses', 'port', 'unix_socket_directories', 'cluster_name', 'temp_tablespaces',
				'external_pid_file', 'primary_conninfo', 'primary_slot_name', 'dynamic_library_path', 'stats_temp_directory',
				'recovery_target', 'restore_command', 'archive_command', 'archive_cleanup_command', 'application_name')
			AND (s.source <> 'default' OR s.name IN ('shared_buffers', 'work_mem', 'maintenance_work_mem', 'effective_cache_size',
				'max_connections', 'random_page_cost', 'default_statistics_target', 'jit', 'max_wal_size'))
			AND s.category !~ '^(File Locations|Preset Options|Reporting and Logging|Developer Options)'
			AND s.context <> 'internal'),
	'extensions', (SELECT jsonb_object_agg(e.extname, e.extversion) FROM pg_extension AS e),
	'role_settings', (
		SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.rolname, 'database', d.datname,
			'name', split_part(c.item, '=', 1), 'value', substr(c.item, strpos(c.item, '=') + 1))
			ORDER BY r.rolname, d.datname, c.item), '[]')
		FROM pg_db_role_setting AS s
			LEFT JOIN pg_roles AS r ON r.oid = s.setrole
			LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
			CROSS JOIN LATERAL unnest(s.setconfig) AS c (item)),
	'load', (
		SELECT jsonb_build_object(
			'connections', (SELECT count(*) FROM pg_stat_activity AS a WHERE a.backend_type = 'client backend'),
			'active', (SELECT count(*) FROM pg_stat_activity AS a WHERE a.backend_type = 'client backend' AND a.state = 'active'),
			'transactions', sum(d.xact_commit + d.xact_rollback),
			'counted_since', min(coalesce(d.stats_reset, r.stats_reset)),
			'transactions_per_s', round(sum((d.xact_commit + d.xact_rollback)
				/ nullif(extract(epoch FROM now() - coalesce(d.stats_reset, r.stats_reset)), 0)), 2),
			'database_bytes', sum(CASE WHEN d.datname = current_database() THEN pg_database_size(d.datid) END))
		FROM pg_stat_database AS d, pg_stat_archiver AS r),
	'applications', (
		SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]')
		FROM (SELECT a.application_name, a.usename AS role, a.datname AS database, count(*) AS connections,
				count(*) FILTER (WHERE a.state = 'active') AS active
			FROM pg_stat_activity AS a
			WHERE a.backend_type = 'client backend'
			GROUP BY a.application_name, a.usename, a.datname
			ORDER BY count(*) DESC, a.application_name, a.usename
			LIMIT 100) AS a)) AS profile
;

RESET search_path;
