-- Our own set-up, where the extension is created: not loaded, off, or with most
-- sessions or names that do not exist exempt; and names that do not exist in the
-- rules of services, but for those in double quotes.
SELECT 'warning' AS severity, 'shared_preload_libraries' AS object, 'pg_admission is created, and not loaded: nobody is held' AS evidence,
	'restart' AS cost,
	format('ALTER SYSTEM SET shared_preload_libraries = %s; -- then restart',
		(SELECT string_agg(quote_literal(btrim(l.name)), ', ')
			FROM unnest(string_to_array(nullif(current_setting('shared_preload_libraries'), ''), ',') || 'pg_admission'::text) AS l (name))) AS remedy
WHERE current_setting('shared_preload_libraries') !~ '(^|[,/ "])pg_admission($|[, "])'
	AND EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_admission')
UNION ALL
SELECT 'warning', 'pg_admission.mode', format('pg_admission.mode is %s: nobody is held', current_setting('pg_admission.mode', true)),
	'instant', 'ALTER SYSTEM SET pg_admission.mode = ''enforce''; SELECT pg_reload_conf();'
WHERE current_setting('pg_admission.mode', true) <> 'enforce'
UNION ALL
SELECT 'warning', 'pg_admission.exempt_roles', format('no role is named %s, so nobody is exempt by it', btrim(btrim(e.item), '+"')),
	'instant', format('ALTER SYSTEM SET pg_admission.exempt_roles = %s; SELECT pg_reload_conf();', coalesce((
		SELECT string_agg(quote_literal(btrim(o.item)), ', ')
		FROM unnest(string_to_array(current_setting('pg_admission.exempt_roles', true), ',')) AS o (item)
		WHERE o.item <> e.item), ''''''))
FROM unnest(string_to_array(nullif(current_setting('pg_admission.exempt_roles', true), ''), ',')) AS e (item)
WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = btrim(btrim(e.item), '+"'))
UNION ALL
SELECT 'warning', 'pg_admission.services', format('no %s is named %s: in the rules it fits nobody', w.key, w.name),
	'instant', 'SELECT service, rule FROM admission.services; -- ALTER SYSTEM SET pg_admission.services = ...; SELECT pg_reload_conf();'
FROM (SELECT m.word[2] AS key, ltrim(v.item, '+') AS name
		FROM regexp_matches(
			regexp_replace(regexp_replace(regexp_replace(coalesce(current_setting('pg_admission.services', true), ''),
				'"[^"]*"', '"', 'g'), '[[:space:]]*,[[:space:]]*', ',', 'g'), '[[:space:]]*=[[:space:]]*', '=', 'g'),
			'(^|[:[:space:]])(role|database)=([^[:space:];]+)', 'g') AS m (word), unnest(string_to_array(m.word[3], ',')) AS v (item)
		WHERE v.item !~ '"') AS w
WHERE CASE w.key
	WHEN 'role' THEN NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = w.name)
	ELSE NOT EXISTS (SELECT FROM pg_database AS d WHERE d.datname = w.name)
END
UNION ALL
SELECT 'warning', 'superusers', format('%s of %s sessions are superusers'', which no gate holds', count(*) FILTER (WHERE r.rolsuper), count(*)),
	'instant', 'SELECT usename, application_name, count(*) FROM pg_stat_activity WHERE backend_type = ''client backend'' GROUP BY 1, 2 ORDER BY 3 DESC;'
FROM pg_stat_activity AS a JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' AND current_setting('pg_admission.mode', true) IS NOT NULL
HAVING count(*) >= 10 AND 2 * count(*) FILTER (WHERE r.rolsuper) > count(*)
ORDER BY object
