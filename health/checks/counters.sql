-- The cumulative counters know nothing, as after pg_upgrade and after a crash:
-- autovacuum comes to no table until as many rows as usual have changed again.
WITH tables AS (
	SELECT count(*) AS count,
		count(*) FILTER (WHERE s.n_live_tup = 0 AND s.n_mod_since_analyze = 0
			AND coalesce(s.last_analyze, s.last_autoanalyze, s.last_vacuum, s.last_autovacuum) IS NULL) AS blind
	FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
	-- At least a megabyte, and with statistics, else another finding says more.
	WHERE c.relpages >= 128 AND c.reltuples > 0
)
SELECT 'warning' AS severity, 'pg_stat_user_tables' AS object,
	format('nothing is counted of %s of %s tables from 1 MB on, since %s', t.blind, t.count,
		coalesce(to_char(a.stats_reset, 'YYYY-MM-DD HH24:MI:SS'), 'an unknown time')) AS evidence,
	'minutes' AS cost,
	'ANALYZE;' AS remedy
FROM tables AS t, pg_stat_archiver AS a
WHERE t.blind > 0 AND 2 * t.blind >= t.count AND NOT pg_is_in_recovery()
