-- Of the server.
-- Replication slots that nobody uses, or that lag: they keep WAL until the disk
-- is full, and dead rows from VACUUM.
WITH slots AS (
	SELECT s.slot_name, s.slot_type, s.database, s.active, s.wal_status, coalesce(age(s.xmin), age(s.catalog_xmin)) AS xmin_age,
		pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn) AS bytes
	FROM pg_replication_slots AS s
	WHERE NOT s.temporary AND coalesce(to_jsonb(s) ->> 'synced', 'false') = 'false'
)
SELECT CASE WHEN s.active THEN 'notice' ELSE 'warning' END AS severity, s.slot_name::text AS object,
	format('%s slot%s is %s; keeps %s of WAL%s', s.slot_type, ' of database ' || quote_ident(s.database),
		CASE WHEN s.wal_status = 'lost' THEN 'lost' WHEN s.active THEN 'behind' ELSE 'not in use' END,
		pg_size_pretty(coalesce(greatest(s.bytes, 0), 0)), ' and rows of ' || s.xmin_age || ' transactions') AS evidence,
	CASE WHEN s.active THEN 'minutes' ELSE 'instant' END AS cost,
	CASE WHEN s.active THEN 'SELECT application_name, client_addr, state, sent_lsn, replay_lsn FROM pg_stat_replication; -- whom it waits for'
		ELSE format('SELECT * FROM pg_replication_slots WHERE slot_name = %1$L; -- if nobody comes back for it: SELECT pg_drop_replication_slot(%1$L);', s.slot_name) END AS remedy
FROM slots AS s
WHERE NOT s.active OR s.wal_status IN ('unreserved', 'lost') OR s.bytes > 1024.0 * 1024 * 1024
ORDER BY severity DESC, s.bytes DESC NULLS LAST
