-- Subscriptions of this database: tables not copied yet, one that stands still,
-- one left over by a migration.
WITH errors AS (
	-- 19 has another name for one of them.
	SELECT t.subid, (SELECT sum(c.value::bigint) FROM jsonb_each_text(to_jsonb(t)) AS c WHERE c.key LIKE '%error_count') AS errors
	FROM pg_stat_subscription_stats AS t
)
SELECT 'blocking' AS severity, format('%I', s.subname) AS object,
	format('%s of %s tables are not copied yet, among them %s; %s errors so far', count(*) FILTER (WHERE r.srsubstate NOT IN ('r', 's')), count(*),
		min(r.srrelid::regclass::text) FILTER (WHERE r.srsubstate NOT IN ('r', 's')), coalesce(min(t.errors), 0)) AS evidence,
	'minutes' AS cost,
	'SELECT srrelid::regclass, srsubstate FROM pg_subscription_rel WHERE srsubstate <> ''r''; -- until that is empty; the server log says why a copy fails' AS remedy
FROM pg_subscription AS s JOIN pg_subscription_rel AS r ON r.srsubid = s.oid
	LEFT JOIN errors AS t ON t.subid = s.oid
WHERE NOT pg_is_in_recovery() AND s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
GROUP BY s.subname
HAVING count(*) FILTER (WHERE r.srsubstate NOT IN ('r', 's')) > 0
UNION ALL
SELECT CASE WHEN s.subenabled AND w.subid IS NOT NULL THEN 'notice' ELSE 'warning' END, format('%I', s.subname),
	CASE WHEN NOT s.subenabled THEN 'is disabled'
		WHEN w.subid IS NULL THEN format('is enabled, and no worker runs for it; %s errors so far', coalesce(e.errors, 0))
		ELSE format('still takes changes from elsewhere; last word from there %s ago',
			coalesce(date_trunc('second', now() - w.last_msg_receipt_time)::text, 'an unknown time')) END,
	CASE WHEN s.subenabled AND w.subid IS NULL THEN 'minutes' ELSE 'instant' END,
	CASE WHEN s.subenabled AND w.subid IS NULL THEN '-- the server log says why its worker ends'
		ELSE format('%3$sALTER SUBSCRIPTION %1$I DISABLE; ALTER SUBSCRIPTION %1$I SET (slot_name = NONE); DROP SUBSCRIPTION %1$I; -- then drop slot %2$I at the other end%4$s',
			s.subname, coalesce(s.subslotname::text, '(none)'),
			CASE WHEN s.subenabled THEN '-- when nothing is to come any more: ' ELSE '-- if it is left over: ' END,
			CASE WHEN NOT s.subenabled THEN '; to go on with it instead, as after pg_upgrade: ENABLE, then REFRESH PUBLICATION WITH (copy_data = false)' END) END
FROM pg_subscription AS s
	LEFT JOIN (SELECT p.subid, max(p.last_msg_receipt_time) AS last_msg_receipt_time
		FROM pg_stat_subscription AS p WHERE p.pid IS NOT NULL AND p.relid IS NULL GROUP BY p.subid) AS w ON w.subid = s.oid
	LEFT JOIN errors AS e ON e.subid = s.oid
WHERE NOT pg_is_in_recovery() AND s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY severity, object
