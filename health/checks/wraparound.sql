-- Of the server.
-- Databases near the end of their transaction or multixact ids.  Beyond
-- *_failsafe_age VACUUM drops everything else, and 3 million before 2^31 the
-- server takes no more writes.
WITH ages AS (
	SELECT d.datname, i.kind, i.age, current_setting(i.freeze_name)::float8 AS freeze_age,
		current_setting(i.failsafe_name)::float8 AS failsafe_age
	FROM pg_database AS d, LATERAL (VALUES
		('transaction', age(d.datfrozenxid), 'autovacuum_freeze_max_age', 'vacuum_failsafe_age'),
		('multixact', mxid_age(d.datminmxid), 'autovacuum_multixact_freeze_max_age', 'vacuum_multixact_failsafe_age')
	) AS i (kind, age, freeze_name, failsafe_name)
	WHERE d.datallowconn
)
SELECT CASE WHEN a.age >= a.failsafe_age THEN 'blocking' ELSE 'warning' END AS severity,
	format('%I', a.datname) AS object,
	format('oldest %s id is %s old, %s %% of the way to the end; autovacuum forces its way from %s on', a.kind, a.age,
		round(100.0 * a.age / 2147483648), a.freeze_age) AS evidence,
	'minutes' AS cost,
	format('-- in a shell: vacuumdb --freeze --dbname=%s', CASE WHEN a.datname ~ '^[[:alnum:]_-]+$' THEN a.datname ELSE 'DATABASE' END) AS remedy
FROM ages AS a
WHERE a.age > 1.2 * a.freeze_age
ORDER BY a.age DESC
