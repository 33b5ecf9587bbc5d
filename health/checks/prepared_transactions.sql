-- Of the server.
-- Transactions prepared and forgotten: they keep their locks, and VACUUM from
-- its work, through every restart.
SELECT CASE WHEN now() - p.prepared > '1 hour' THEN 'blocking' ELSE 'warning' END AS severity,
	p.gid AS object,
	format('prepared %s ago by %s in database %s', date_trunc('second', now() - p.prepared), p.owner, p.database) AS evidence,
	'instant' AS cost,
	format('SELECT * FROM pg_prepared_xacts WHERE gid = %1$L; -- if whoever prepared it has given it up: ROLLBACK PREPARED %1$L; -- or COMMIT PREPARED; in database %2$I', p.gid, p.database) AS remedy
FROM pg_prepared_xacts AS p
WHERE now() - p.prepared > '1 minute'
ORDER BY p.prepared
