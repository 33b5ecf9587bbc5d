-- What the profile of the old instance has and this one lacks, or has otherwise.
WITH given AS (
	SELECT :'profile'::jsonb AS profile
), settings AS (
	SELECT o.key AS name, o.value AS was, CASE WHEN s.unit = '8kB' AND s.reset_val !~ '^-' THEN (s.reset_val::numeric * 8) || 'kB' ELSE s.reset_val || coalesce(s.unit, '') END AS is_now, s.context, s.source, s.pending_restart,
		o.key IN ('shared_buffers', 'work_mem', 'maintenance_work_mem', 'effective_cache_size', 'max_connections',
			'random_page_cost', 'default_statistics_target', 'jit', 'max_wal_size', 'shared_preload_libraries',
			'default_transaction_isolation', 'TimeZone', 'DateStyle', 'search_path') AS matters,
		-- What is loaded here stays; with an empty list set, no server starts.
		o.key LIKE '%_preload_libraries' AS adds
	FROM given AS g CROSS JOIN jsonb_each_text(g.profile -> 'settings') AS o
		LEFT JOIN pg_settings AS s ON s.name = o.key
), carried AS (
	SELECT (g.profile #>> '{load,connections}')::int AS connections, (g.profile #>> '{settings,max_connections}')::int AS allowed,
		current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS room
	FROM given AS g
)
SELECT 'warning' AS severity, 'max_connections' AS object,
	format('the old instance carried %s connections, this one has room for %s', c.connections, c.room) AS evidence,
	'restart' AS cost,
	format('ALTER SYSTEM SET max_connections = %s; -- then restart',
		greatest(c.connections + current_setting('superuser_reserved_connections')::int + 10, c.allowed)) AS remedy
FROM carried AS c
WHERE c.connections > c.room
UNION ALL
SELECT CASE WHEN s.matters THEN 'warning' ELSE 'notice' END, s.name,
	format('was %s, is %s', s.was, coalesce(s.is_now, 'not known to this version or its libraries'))
		|| CASE WHEN s.pending_restart THEN '; a change waits for a restart' ELSE '' END,
	CASE WHEN s.context = 'postmaster' THEN 'restart' ELSE 'instant' END,
	CASE WHEN s.is_now IS NULL THEN '-- see the release notes, or load the library that it belongs to'
		ELSE format('ALTER SYSTEM SET %I = %s; %s', s.name,
			CASE WHEN s.name IN ('search_path', 'DateStyle', 'shared_preload_libraries', 'session_preload_libraries', 'local_preload_libraries')
				THEN coalesce((
					SELECT string_agg(quote_literal(l.item), ', ' ORDER BY l.place)
					FROM (SELECT btrim(i.item, ' "') AS item, min(i.place) AS place
						FROM unnest(string_to_array(CASE WHEN s.adds THEN s.is_now || ',' || s.was ELSE s.was END, ',')) WITH ORDINALITY AS i (item, place)
						GROUP BY 1) AS l
					WHERE l.item <> '' OR NOT s.adds), '''''')
				ELSE quote_literal(s.was) END,
			CASE WHEN s.context = 'postmaster' THEN '-- then restart' ELSE 'SELECT pg_reload_conf();' END) END
FROM settings AS s
-- Lists may be spaced and quoted in other ways.
WHERE translate(s.was, ' "', '') IS DISTINCT FROM translate(s.is_now, ' "', '')
	AND (NOT s.adds OR s.is_now IS NULL OR EXISTS (
		SELECT FROM unnest(string_to_array(translate(s.was, ' "', ''), ',')) AS w (item)
		WHERE w.item <> '' AND w.item <> ALL (string_to_array(translate(s.is_now, ' "', ''), ','))))
	AND coalesce(s.source, '') NOT IN ('client', 'database', 'user', 'database user')
	-- Set by this session; below it may be the database's.
	AND NOT (coalesce(s.source, '') = 'session' AND EXISTS (
		SELECT FROM pg_db_role_setting AS o JOIN pg_database AS d ON d.oid = o.setdatabase CROSS JOIN LATERAL unnest(o.setconfig) AS c (item)
		WHERE d.datname = current_database() AND split_part(c.item, '=', 1) = s.name))
UNION ALL
SELECT 'warning', e.key, format('version %s was created, here it is not', e.value), 'instant', format('CREATE EXTENSION %I;', e.key)
FROM given AS g CROSS JOIN jsonb_each_text(g.profile -> 'extensions') AS e
WHERE g.profile ->> 'database' = current_database()
	AND NOT EXISTS (SELECT FROM pg_extension AS x WHERE x.extname = e.key)
UNION ALL
SELECT 'warning', coalesce(nullif(concat_ws(' ', 'role ' || quote_ident(r.value ->> 'role'),
		'database ' || quote_ident(r.value ->> 'database')), ''), 'all roles'),
	format('had the setting %s = %s', r.value ->> 'name', r.value ->> 'value'), 'instant',
	format('ALTER %s SET %I = %s;',
		CASE WHEN r.value ->> 'role' IS NULL AND r.value ->> 'database' IS NULL THEN 'ROLE ALL'
			WHEN r.value ->> 'role' IS NULL THEN format('DATABASE %I', r.value ->> 'database')
			WHEN r.value ->> 'database' IS NULL THEN format('ROLE %I', r.value ->> 'role')
			ELSE format('ROLE %I IN DATABASE %I', r.value ->> 'role', r.value ->> 'database') END,
		r.value ->> 'name',
		CASE WHEN r.value ->> 'name' IN ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
			THEN (SELECT string_agg(quote_literal(btrim(i.item, ' "')), ', ' ORDER BY i.place)
				FROM unnest(string_to_array(r.value ->> 'value', ',')) WITH ORDINALITY AS i (item, place))
			ELSE quote_literal(r.value ->> 'value') END)
FROM given AS g CROSS JOIN jsonb_array_elements(g.profile -> 'role_settings') AS r
WHERE NOT EXISTS (
	SELECT FROM pg_db_role_setting AS x
		LEFT JOIN pg_roles AS o ON o.oid = x.setrole
		LEFT JOIN pg_database AS d ON d.oid = x.setdatabase
	WHERE o.rolname::text IS NOT DISTINCT FROM (r.value ->> 'role')
		AND d.datname::text IS NOT DISTINCT FROM (r.value ->> 'database')
		AND (r.value ->> 'name') || '=' || (r.value ->> 'value') = ANY (x.setconfig))
	-- A role that is missing is a finding of its own.
	AND (r.value ->> 'role' IS NULL OR EXISTS (SELECT FROM pg_roles AS o WHERE o.rolname = r.value ->> 'role'))
UNION ALL
SELECT 'warning', format('role %I', r.name), 'could log in, and does not exist here', 'instant',
	'-- in a shell: pg_dumpall --roles-only on the old instance, into psql here'
FROM given AS g CROSS JOIN jsonb_array_elements_text(g.profile -> 'roles') AS r (name)
WHERE NOT EXISTS (SELECT FROM pg_roles AS o WHERE o.rolname = r.name)
UNION ALL
SELECT 'warning', l.key, format('was %s, is %s', l.value, n.value), 'restart',
	CASE WHEN l.key = 'data_checksums' THEN '-- in a shell, with the server stopped: pg_checksums --enable --progress --pgdata=DIRECTORY'
		ELSE '-- make the database again, with CREATE DATABASE ... TEMPLATE template0, or the cluster with initdb' END
FROM given AS g CROSS JOIN jsonb_each_text(g.profile -> 'locale') AS l
	JOIN jsonb_each_text((
		SELECT jsonb_build_object('encoding', pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype,
			'data_checksums', current_setting('data_checksums'))
		FROM pg_database AS d WHERE d.datname = current_database())) AS n ON n.key = l.key
WHERE g.profile ->> 'database' = current_database() AND l.value <> n.value
	AND NOT (l.key = 'data_checksums' AND n.value = 'on')
ORDER BY severity DESC, object
