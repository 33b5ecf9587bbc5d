-- Of the server.
-- Settings that let work and connections stay whose client has gone.
SELECT 'notice' AS severity, t.name AS object, format('%s is %s: %s', t.name, current_setting(t.name), t.harm) AS evidence, 'instant' AS cost,
	format('ALTER SYSTEM SET %I = %L; SELECT pg_reload_conf();', t.name, t.better) AS remedy
FROM (VALUES
	('client_connection_check_interval', 'queries go on after their client has gone', '1s', 0::bigint, 0::bigint),
	('idle_in_transaction_session_timeout', 'a forgotten transaction keeps its locks, and VACUUM from its work', '5min', 0, 0),
	('authentication_timeout', 'connections that say nothing keep their slots so long', '15s', 60, 600)
) AS t (name, harm, better, low, high) JOIN pg_settings AS s ON s.name = t.name
WHERE s.reset_val::bigint BETWEEN t.low AND t.high
ORDER BY object
