-- Of a standby: replay that stands still, or is late.
SELECT CASE WHEN pg_is_wal_replay_paused() THEN 'warning' ELSE 'notice' END AS severity, 'replay' AS object,
	concat_ws('; ', CASE WHEN pg_is_wal_replay_paused() THEN 'paused' END,
		'the last transaction replayed is ' || date_trunc('second', now() - pg_last_xact_replay_timestamp()) || ' old') AS evidence,
	'instant' AS cost,
	CASE WHEN pg_is_wal_replay_paused() THEN 'SELECT pg_wal_replay_resume();' ELSE 'SELECT * FROM pg_stat_wal_receiver;' END AS remedy
WHERE CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused()
	OR (now() - pg_last_xact_replay_timestamp() > '1 minute' AND pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()) END
