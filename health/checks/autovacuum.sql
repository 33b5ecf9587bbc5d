-- Autovacuum switched off, blind, or with more to do than it can.
SELECT 'warning' AS severity, s.name AS object, format('%s is off', s.name) AS evidence, 'instant' AS cost,
	format('ALTER SYSTEM SET %I = on; SELECT pg_reload_conf();', s.name) AS remedy
FROM pg_settings AS s
WHERE s.name IN ('autovacuum', 'track_counts') AND s.reset_val = 'off'
UNION ALL
SELECT 'warning', format('%I.%I', n.nspname, c.relname),
	format('autovacuum is disabled for it; %s dead rows, %s changed since it was analyzed', s.n_dead_tup, s.n_mod_since_analyze),
	'instant', format('ALTER TABLE %I.%I RESET (autovacuum_enabled);', n.nspname, c.relname)
FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN pg_stat_all_tables AS s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'm') AND EXISTS (
	SELECT FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'autovacuum_enabled' AND NOT o.option_value::boolean)
UNION ALL
SELECT 'warning', 'autovacuum_max_workers',
	format('all %s workers are busy, and %s more tables are due', w.busy, d.due), 'instant',
	'ALTER SYSTEM SET autovacuum_vacuum_cost_limit = 2000; SELECT pg_reload_conf(); -- ten times the default'
FROM (SELECT count(*) AS busy FROM pg_stat_activity WHERE backend_type = 'autovacuum worker') AS w,
	(SELECT count(*) AS due FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
	WHERE s.n_dead_tup > current_setting('autovacuum_vacuum_threshold')::float8
			+ current_setting('autovacuum_vacuum_scale_factor')::float8 * greatest(c.reltuples, 0)
		OR s.n_mod_since_analyze > current_setting('autovacuum_analyze_threshold')::float8
			+ current_setting('autovacuum_analyze_scale_factor')::float8 * greatest(c.reltuples, 0)) AS d
WHERE w.busy >= current_setting('autovacuum_max_workers')::int AND d.due > 2 * w.busy
ORDER BY object
