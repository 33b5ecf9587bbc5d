-- health_check.sql - may this instance be opened to traffic now?
--
-- For psql, where the library cannot be loaded; what admission.health_check()
-- finds is the same.  Made of health/ by "make scripts": change those.
--
--	psql -X -d DATABASE -f health_check.sql
--
-- once for each database, with the rights of pg_monitor at least; what tables
-- have in statistics is seen by a superuser or with pg_read_all_data.  It only
-- reads, works on a standby, and gives up a check after 5 s or where it would
-- wait for a lock.  Options:
--
--	-v cores=8 -v memory_bytes=34359738368	what the machine has
--	-v profile="$(cat old.json)"			what health_profile.sql printed elsewhere
\set QUIET on
\set ON_ERROR_STOP off
\if :{?cores} \else
\set cores NULL
\endif
\if :{?memory_bytes} \else
\set memory_bytes NULL
\endif
\if :{?profile} \else
\set profile null
\endif
SET statement_timeout = '5s';
SET lock_timeout = '100ms';
SET enable_nestloop = off;	-- new instances know nothing of their catalogs
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET search_path = pg_catalog, pg_temp;
\set findings '[]'

-- leftovers
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- What a cut-over, a restore or a load switches on and leaves behind: no work
-- can be done, or nothing checks it.
WITH set_for AS (
	SELECT d.datname, r.rolname, split_part(c.item, '=', 1) AS name, lower(substr(c.item, strpos(c.item, '=') + 1)) AS value,
		format('ALTER %s RESET %I;', CASE WHEN s.setrole = 0 THEN format('DATABASE %I', d.datname)
			WHEN s.setdatabase = 0 THEN format('ROLE %I', r.rolname)
			ELSE format('ROLE %I IN DATABASE %I', r.rolname, d.datname) END, split_part(c.item, '=', 1)) AS reset
	FROM pg_db_role_setting AS s
		LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
		LEFT JOIN pg_roles AS r ON r.oid = s.setrole
		CROSS JOIN LATERAL unnest(s.setconfig) AS c (item)
	WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND (s.setrole = 0 OR r.rolname IS NOT NULL)
		AND NOT (s.setrole = 0 AND s.setdatabase = 0)
)
SELECT 'blocking' AS severity, s.name AS object, format('%s is on for everybody: nothing can be written', s.name) AS evidence, 'instant' AS cost,
	format('ALTER SYSTEM SET %I = off; SELECT pg_reload_conf();', s.name) AS remedy
FROM pg_settings AS s
WHERE s.name = 'default_transaction_read_only' AND s.reset_val = 'on' AND s.source IN ('configuration file', 'command line') AND NOT pg_is_in_recovery()
UNION ALL
SELECT CASE WHEN s.rolname IS NULL THEN 'blocking' ELSE 'warning' END,
	concat_ws(' ', 'role ' || quote_ident(s.rolname), 'database ' || quote_ident(s.datname)),
	format('%s is %s: %s', s.name, s.value, CASE WHEN s.name = 'session_replication_role' THEN 'triggers and foreign keys do nothing' ELSE 'nothing can be written' END),
	'instant', s.reset
FROM set_for AS s
WHERE (s.name = 'default_transaction_read_only' AND s.value IN ('on', 'true', 'yes', '1'))
	OR (s.name = 'session_replication_role' AND s.value = 'replica')
UNION ALL
SELECT 'blocking', s.name, format('no standby of %s is connected: every commit waits for one', s.setting), 'instant',
	'SELECT application_name, state, sync_state FROM pg_stat_replication; -- if none is to come: ALTER SYSTEM SET synchronous_standby_names = ''''; SELECT pg_reload_conf();'
FROM pg_settings AS s
WHERE s.name = 'synchronous_standby_names' AND s.setting <> '' AND NOT pg_is_in_recovery()
	AND (SELECT c.reset_val FROM pg_settings AS c WHERE c.name = 'synchronous_commit') NOT IN ('off', 'local')
	AND NOT EXISTS (SELECT FROM pg_stat_replication AS r WHERE r.sync_state IN ('sync', 'quorum'))
UNION ALL
SELECT 'warning', format('%I.%I', n.nspname, c.relname), 'a materialized view that was never filled: reading it fails', 'minutes',
	format('REFRESH MATERIALIZED VIEW %I.%I;', n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND NOT c.relispopulated
UNION ALL
SELECT 'warning', format('role %I', r.rolname), format('its password was valid until %s', r.rolvaliduntil), 'instant',
	format('SELECT * FROM pg_roles WHERE rolname = %1$L; -- if it is to log in: ALTER ROLE %1$I VALID UNTIL ''infinity'';', r.rolname)
FROM pg_roles AS r
WHERE r.rolcanlogin AND r.rolvaliduntil < now()
UNION ALL
SELECT 'warning', format('database %I', d.datname), format('takes no more than %s connections', d.datconnlimit), 'instant',
	format('ALTER DATABASE %I CONNECTION LIMIT -1;', d.datname)
FROM pg_database AS d
WHERE d.datname = current_database() AND d.datconnlimit BETWEEN 0 AND 9
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'leftovers', 'found', :'found'::jsonb) AS findings
\gset

-- durability
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Of the server.
-- What a restore switches off to be fast, and is forgotten: a crash would lose
-- or damage data.
SELECT CASE WHEN s.name = 'synchronous_commit' THEN 'notice' ELSE 'blocking' END AS severity,
	s.name AS object,
	format('%s is %s', s.name, s.setting) AS evidence,
	'instant' AS cost,
	format('ALTER SYSTEM SET %I = on; SELECT pg_reload_conf();%s', s.name,
		CASE WHEN s.name = 'fsync' THEN ' CHECKPOINT; -- then sync on the host: what was written before is not on its disks yet' END) AS remedy
FROM pg_settings AS s
WHERE s.name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND s.reset_val = 'off'
UNION ALL
SELECT 'warning', 'archive_command',
	format('%s failures, the last at %s; the last success at %s', a.failed_count,
		to_char(a.last_failed_time, 'YYYY-MM-DD HH24:MI:SS'),
		coalesce(to_char(a.last_archived_time, 'YYYY-MM-DD HH24:MI:SS'), 'no time')),
	'minutes', '-- the server log says what archive_command prints'
FROM pg_stat_archiver AS a
WHERE a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'durability', 'found', :'found'::jsonb) AS findings
\gset

-- checksums
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Of the server.
-- Pages that failed their checksum; no checksums.
SELECT 'blocking' AS severity,
	coalesce(d.datname::text, 'shared relations') AS object,
	format('%s pages failed their checksum, the last at %s', d.checksum_failures,
		to_char(d.checksum_last_failure, 'YYYY-MM-DD HH24:MI:SS')) AS evidence,
	'minutes' AS cost,
	format('-- in a shell: pg_amcheck --heapallindexed --database=%s, then restore what it names; SELECT pg_stat_reset() in that database forgets the failures',
		CASE WHEN d.datname ~ '^[[:alnum:]_-]+$' THEN d.datname ELSE 'DATABASE' END) AS remedy
FROM pg_stat_database AS d
WHERE d.checksum_failures > 0
UNION ALL
SELECT 'notice', 'data_checksums', 'data_checksums is off: damage by a disk goes unnoticed',
	'restart', '-- in a shell, with the server stopped: pg_checksums --enable --progress --pgdata=DIRECTORY'
WHERE current_setting('data_checksums') = 'off'
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'checksums', 'found', :'found'::jsonb) AS findings
\gset

-- extensions
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Extensions whose files are not there: every call fails.  And those that the
-- files are newer than, as after pg_upgrade.
SELECT 'blocking' AS severity, e.extname::text AS object,
	format('version %s is created, and this server has no such extension', e.extversion) AS evidence,
	'minutes' AS cost,
	format('-- install the package of %s for PostgreSQL %s', e.extname, current_setting('server_version_num')::int / 10000) AS remedy
FROM pg_extension AS e
WHERE NOT EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = e.extname)
UNION ALL
SELECT 'warning', e.extname,
	format('version %s is created, version %s is there', e.extversion, a.default_version),
	'instant', format('ALTER EXTENSION %I UPDATE;', e.extname)
FROM pg_extension AS e JOIN pg_available_extensions AS a ON a.name = e.extname
WHERE a.default_version <> e.extversion
	AND EXISTS (
		SELECT FROM pg_extension_update_paths(e.extname) AS p
		WHERE p.source = e.extversion AND p.target = a.default_version AND p.path IS NOT NULL)
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'extensions', 'found', :'found'::jsonb) AS findings
\gset

-- statistics
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Tables whose columns have no statistics, as all have after pg_upgrade before
-- 18 and after a restore: their plans are guesses.  Where statistics cannot be
-- read, tables that were neither analyzed nor vacuumed.  Small tables may never
-- have been due.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE NOT s.inherited
), locked AS MATERIALIZED (
	SELECT l.relation FROM pg_locks AS l
	-- Waiting for it is enough: who comes later waits behind that.
	WHERE l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
		AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
), unknown AS MATERIALIZED (
	SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.reltuples, c.relpages,
		EXISTS (SELECT FROM locked AS l WHERE l.relation = c.oid) AS is_locked
	FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
	WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
		AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		AND k.tablename IS NULL
		AND (c.reltuples < 0 OR (has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)))
), sized AS MATERIALIZED (
	SELECT u.oid, u.name, u.reltuples, u.relpages, pg_relation_size(u.oid) AS bytes FROM unknown AS u WHERE NOT u.is_locked
), here AS MATERIALIZED (
	SELECT pg_database_size(current_database()) AS bytes
), ranked AS (
	SELECT s.name, s.bytes, s.bytes >= 1024 * 1024 AS large,
		-- All large ones together: a staging table is no reason to wait.
		CASE WHEN sum(s.bytes) FILTER (WHERE s.bytes >= 1024 * 1024) OVER () >= 0.01 * h.bytes
			THEN 'blocking' ELSE 'warning' END AS severity,
		row_number() OVER (ORDER BY s.bytes DESC, s.name) AS place
	FROM sized AS s CROSS JOIN here AS h
	-- What was found empty and has not grown since has nothing to know.
	WHERE s.bytes > CASE WHEN s.reltuples = 0 THEN 8192::bigint * s.relpages ELSE 0 END
		-- Nor has one that is to have none, by SET STATISTICS 0 of all columns.
		AND (s.bytes < 1024 * 1024 OR EXISTS (
			SELECT FROM pg_attribute AS a
			WHERE a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(a.attstattarget, -1) <> 0))
)
SELECT r.severity, r.name AS object,
	format('no statistics; %s', pg_size_pretty(r.bytes)) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %s;', r.name) AS remedy
FROM ranked AS r
WHERE r.large AND r.place <= 10
UNION ALL
SELECT CASE WHEN bool_or(r.large) THEN min(r.severity) ELSE 'notice' END,
	format('%s%s tables', count(*), CASE WHEN bool_or(r.place > 10 AND r.large) THEN ' more' ELSE ' small' END),
	format('no statistics; %s together, the largest %s', pg_size_pretty(sum(r.bytes)), max(r.name) FILTER (WHERE r.place = least_place)),
	'minutes', 'ANALYZE;'
FROM (SELECT r.*, min(r.place) OVER () AS least_place FROM ranked AS r WHERE NOT r.large OR r.place > 10) AS r
HAVING count(*) > 0
UNION ALL
SELECT 'unknown', format('%s tables', count(*)), 'not looked at: locked by others; among them ' || min(u.name), 'instant', '-- check again later'
FROM unknown AS u
WHERE u.is_locked
HAVING count(*) > 0
UNION ALL
SELECT 'unknown', format('%s tables', count(*)), format('their statistics are not for role %I to see; among them %s', current_user, min(c.oid::regclass::text)),
	'instant', '-- check again as a superuser or a member of pg_read_all_data'
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.reltuples > 0 AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
HAVING count(*) > 0
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'statistics', 'found', :'found'::jsonb) AS findings
\gset

-- collations
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Collations whose library has changed since their indexes were built, as on
-- another version of the operating system: such an index may miss rows and let
-- duplicates in.
WITH changed AS (
	SELECT 'pg_catalog."default"'::regcollation::oid AS oid, format('database %I', d.datname) AS name,
		d.datcollversion AS was, pg_database_collation_actual_version(d.oid) AS is_now,
		format('ALTER DATABASE %I REFRESH COLLATION VERSION;', d.datname) AS refresh
	FROM pg_database AS d
	WHERE d.datname = current_database()
	UNION ALL
	SELECT c.oid, format('collation %I.%I', n.nspname, c.collname), c.collversion, pg_collation_actual_version(c.oid),
		format('ALTER COLLATION %I.%I REFRESH VERSION;', n.nspname, c.collname)
	FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace
	WHERE c.collversion IS NOT NULL
), concerned AS (
	SELECT c.oid, format('%I.%I', n.nspname, x.relname) AS index_name, i.indisexclusion AS locks,
		row_number() OVER (PARTITION BY c.oid ORDER BY x.relpages DESC, n.nspname, x.relname) AS place
	FROM changed AS c
		JOIN pg_index AS i ON c.oid = ANY (i.indcollation)
		JOIN pg_class AS x ON x.oid = i.indexrelid AND x.relkind = 'i'
		JOIN pg_namespace AS n ON n.oid = x.relnamespace
	WHERE c.was <> c.is_now
), summed AS (
	SELECT o.oid, count(*) AS count,
		string_agg(o.index_name, ', ' ORDER BY o.place) FILTER (WHERE o.place <= 5) AS first_ones,
		-- That of an exclusion constraint cannot be rebuilt concurrently.
		string_agg(format('REINDEX INDEX %s;', o.index_name), ' ' ORDER BY o.place) FILTER (WHERE o.locks) AS reindex_locking,
		string_agg(format('REINDEX INDEX CONCURRENTLY %s;', o.index_name), ' ' ORDER BY o.place) FILTER (WHERE NOT o.locks) AS reindex
	FROM concerned AS o
	GROUP BY o.oid
)
SELECT CASE WHEN s.count > 0 THEN 'blocking' ELSE 'warning' END AS severity, c.name AS object,
	format('made with version %s, now %s; %s', c.was, c.is_now,
		CASE WHEN s.count > 5 THEN format('%s indexes, among them %s', s.count, s.first_ones)
			WHEN s.count > 0 THEN format('indexes: %s', s.first_ones)
			ELSE 'no indexes' END) AS evidence,
	CASE WHEN s.reindex_locking IS NOT NULL THEN 'lock' WHEN s.count > 0 THEN 'minutes' ELSE 'instant' END AS cost,
	concat_ws(' ', CASE WHEN s.count > 5 THEN format('REINDEX DATABASE CONCURRENTLY %I;', current_database()) ELSE s.reindex END,
		s.reindex_locking, c.refresh) AS remedy
FROM changed AS c LEFT JOIN summed AS s ON s.oid = c.oid
WHERE c.was <> c.is_now AND (s.count > 0 OR c.oid = 'pg_catalog."default"'::regcollation)
UNION ALL
SELECT 'notice', format('%s collations', count(*)), format('made with other versions; no index uses them; among them %s', min(c.name)), 'instant',
	format('SELECT format(''ALTER COLLATION %%s REFRESH VERSION;'', oid::regcollation) FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid) %sgexec', chr(92))
FROM changed AS c LEFT JOIN summed AS s ON s.oid = c.oid
WHERE c.was <> c.is_now AND s.oid IS NULL AND c.oid <> 'pg_catalog."default"'::regcollation
HAVING count(*) > 0
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'collations', 'found', :'found'::jsonb) AS findings
\gset

-- sequences
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Sequences behind the column they feed, as after a migration by logical
-- replication, which does not carry them: inserts fail with duplicate keys.
-- And sequences near their end, or their column's.  What is in the column is
-- taken from its statistics, so that no table is read.  Reading a sequence takes
-- ROW EXCLUSIVE on it until the transaction ends, so only those of the 1000
-- largest tables are.
WITH locked AS MATERIALIZED (
	SELECT l.relation FROM pg_locks AS l
	-- Waiting for it is enough: who comes later waits behind that.
	WHERE l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.database IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
), feeds AS (
	-- Owned by the column, serial or identity, or only in its default.
	SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
	FROM pg_depend AS d
	WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
		AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
	UNION
	SELECT d.refobjid, a.adrelid, a.adnum
	FROM pg_depend AS d JOIN pg_attrdef AS a ON a.oid = d.objid
	WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
), fed AS MATERIALIZED (
	SELECT f.sequence, f.relation, f.number, c.relispartition,
		has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') AS may_read,
		EXISTS (SELECT FROM locked AS l WHERE l.relation IN (f.sequence, f.relation)) AS is_locked
	FROM feeds AS f
		JOIN pg_sequence AS s ON s.seqrelid = f.sequence
		JOIN pg_class AS c ON c.oid = f.relation AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
	WHERE s.seqincrement > 0
), sized AS MATERIALIZED (
	-- A partitioned table is as large as its partitions, which the sequence feeds, too.
	SELECT f.*, pg_relation_size(f.relation) AS bytes FROM fed AS f WHERE f.may_read AND NOT f.is_locked
), placed AS MATERIALIZED (
	SELECT s.*, dense_rank() OVER (ORDER BY s.largest DESC, s.sequence) AS place
	FROM (SELECT z.*, max(z.bytes) OVER (PARTITION BY z.sequence) AS largest FROM sized AS z) AS s
), chosen AS MATERIALIZED (
	SELECT p.* FROM placed AS p WHERE p.place <= 1000
), columns AS MATERIALIZED (
	SELECT format('%I.%I', sn.nspname, sc.relname) AS name,
		coalesce(l.last, CASE WHEN r.word::numeric <> s.seqstart THEN r.word::numeric - 1 END) AS last,
		s.seqstart, s.seqmin, s.seqmax, s.seqcycle, s.seqtypid, f.bytes,
		c.relkind, c.reltuples, format('%I.%I', n.nspname, c.relname) AS table_name, a.attname, a.atttypid,
		n.nspname, c.relname,
		CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
			ELSE 9223372036854775807 END AS column_max, a.attinhcount = 0 AS is_own, f.relispartition
	FROM chosen AS f
		JOIN pg_sequence AS s ON s.seqrelid = f.sequence
		JOIN pg_class AS sc ON sc.oid = s.seqrelid
		JOIN pg_namespace AS sn ON sn.oid = sc.relnamespace
		JOIN pg_class AS c ON c.oid = f.relation
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = f.number
		CROSS JOIN LATERAL (SELECT pg_sequence_last_value(s.seqrelid) AS last) AS l
		-- Not used since RESTART WITH, of which only the sequence itself tells; this
		-- function runs a query that is made as text.
		LEFT JOIN LATERAL ts_stat(CASE WHEN l.last IS NULL AND has_sequence_privilege(s.seqrelid, 'SELECT')
				AND NOT (sc.relpersistence = 'u' AND pg_is_in_recovery())
			THEN format('SELECT last_value::text::tsvector FROM %I.%I', sn.nspname, sc.relname) END) AS r ON true
	WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
), known AS MATERIALIZED (
	-- From 19 on rows may be aggregated before they are joined, and values of other
	-- columns, too, so be looked at.
	SELECT s.schemaname, s.tablename, s.attname, max(CASE WHEN v.value ~ '^-?[0-9]+$' THEN v.value::numeric END) AS top
	FROM pg_stats AS s
		JOIN columns AS c ON c.nspname = s.schemaname AND c.relname = s.tablename AND c.attname = s.attname,
		LATERAL unnest(s.histogram_bounds::text::text[] || s.most_common_vals::text::text[]) AS v (value)
	GROUP BY s.schemaname, s.tablename, s.attname
), judged AS (
	SELECT c.*, k.top,
		coalesce(c.last, c.seqstart::numeric - 1) < k.top AS behind,
		k.top >= 0.99 * least(c.seqmax, c.column_max) AS odd,
		c.last IS NULL AND k.top IS NULL AND c.bytes > 0 AS unused,
		(c.last - c.seqmin) / nullif(least(c.seqmax, c.column_max)::numeric - c.seqmin, 0) AS used,
		(c.last - c.seqmin) / nullif(c.column_max::numeric - c.seqmin, 0) AS column_used
	FROM columns AS c
		LEFT JOIN known AS k ON k.schemaname = c.nspname AND k.tablename = c.relname AND k.attname = c.attname
)
SELECT CASE WHEN sum(j.reltuples) FILTER (WHERE j.behind) >= 1000 AND NOT bool_or(j.odd IS TRUE) THEN 'blocking' ELSE 'warning' END AS severity,
	j.name AS object,
	CASE WHEN bool_or(j.behind) THEN format('is at %s, and %s has values up to %s or more', coalesce(max(j.last)::text, 'its start'),
			(array_agg(format('%s.%I', j.table_name, j.attname) ORDER BY j.top DESC NULLS LAST, j.relispartition, j.table_name))[1], max(j.top))
		ELSE format('has never been used, and %s has rows', min(j.table_name) FILTER (WHERE j.unused)) END AS evidence,
	'instant' AS cost,
	CASE WHEN bool_or(j.odd IS TRUE) THEN string_agg(format('SELECT %1$I FROM %2$s ORDER BY 1 DESC LIMIT 10; -- does the last one stand for something else? After setval() to it the sequence has no more values',
			j.attname, j.table_name), ' ') FILTER (WHERE j.odd)
		ELSE format('SELECT setval(%L, greatest((SELECT last_value FROM %s), %s));', j.name, j.name,
			coalesce(string_agg(format('(SELECT max(%I) FROM %s)', j.attname, j.table_name), ', ' ORDER BY j.table_name) FILTER (WHERE NOT j.relispartition),
				string_agg(format('(SELECT max(%I) FROM %s)', j.attname, j.table_name), ', ' ORDER BY j.table_name))) END AS remedy
FROM judged AS j
GROUP BY j.name
HAVING bool_or(j.behind) OR bool_or(j.unused)
UNION ALL
SELECT CASE WHEN j.used >= 0.99 THEN 'blocking' ELSE 'warning' END, j.name,
	format('is at %s, %s %% of the way to the end of %s, %s', j.last, round(100 * j.used),
		CASE WHEN j.column_max < j.seqmax THEN format('%s.%I', j.table_name, j.attname) ELSE 'the sequence' END,
		least(j.seqmax, j.column_max)),
	CASE WHEN j.atttypid = 'int8'::regtype OR j.column_used < 0.8 THEN 'instant' ELSE 'lock' END,
	CASE WHEN j.atttypid = 'int8'::regtype OR j.column_used < 0.8
		THEN format('ALTER SEQUENCE %s AS %s NO MAXVALUE;', j.name, format_type(j.atttypid, NULL))
		ELSE format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint; ALTER SEQUENCE %s AS bigint NO MAXVALUE;',
			j.table_name, j.attname, j.name) END
FROM judged AS j
-- A partition's column goes with its parent's.
WHERE j.used >= 0.8 AND NOT j.seqcycle AND j.is_own
UNION ALL
SELECT 'unknown', format('%s sequences', count(DISTINCT f.sequence)),
	format('not looked at: %s locked by others, %s not readable by role %I', count(DISTINCT f.sequence) FILTER (WHERE f.is_locked),
		count(DISTINCT f.sequence) FILTER (WHERE NOT f.may_read), current_user),
	'instant', CASE WHEN bool_and(f.may_read) THEN '-- check again later' ELSE '-- check again as a superuser or a member of pg_read_all_data' END
FROM fed AS f
WHERE f.is_locked OR NOT f.may_read
HAVING count(*) > 0
UNION ALL
SELECT 'notice', format('%s sequences', max(p.place) - 1000), 'not looked at: their tables are smaller than those of a thousand others', NULL, NULL
FROM placed AS p
HAVING max(p.place) > 1000
ORDER BY severity, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'sequences', 'found', :'found'::jsonb) AS findings
\gset

-- subscriptions
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'subscriptions', 'found', :'found'::jsonb) AS findings
\gset

-- wraparound
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'wraparound', 'found', :'found'::jsonb) AS findings
\gset

-- prepared_transactions
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'prepared_transactions', 'found', :'found'::jsonb) AS findings
\gset

-- drift
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'drift', 'found', :'found'::jsonb) AS findings
\gset

-- indexes
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Indexes that CREATE or REINDEX INDEX CONCURRENTLY left behind half-built: they
-- are written to and not read.
SELECT 'warning' AS severity, format('%I.%I', n.nspname, x.relname) AS object,
	format('%s, %s', CASE WHEN x.relkind = 'I' THEN 'not attached on all partitions'
		WHEN NOT i.indisready THEN 'not ready' ELSE 'not valid' END,
		CASE WHEN i.indisunique THEN 'unique: duplicates may be there' ELSE 'not unique' END) AS evidence,
	'minutes' AS cost,
	CASE WHEN x.relkind = 'I' THEN format('ALTER INDEX %I.%I ATTACH PARTITION ...; -- an index of each partition that lacks it', n.nspname, x.relname)
		WHEN x.relname ~ '_cc(new|old)[0-9]*$' THEN format('DROP INDEX CONCURRENTLY %I.%I;', n.nspname, x.relname)
		ELSE format('%sREINDEX INDEX CONCURRENTLY %I.%I;', CASE WHEN i.indisunique THEN
			format('SELECT %1$s, count(*) FROM %2$s%3$s GROUP BY %1$s HAVING count(*) > 1; -- if there are none: ',
				(SELECT string_agg(pg_get_indexdef(i.indexrelid, k.number, true), ', ') FROM generate_series(1, i.indnkeyatts) AS k (number)),
				i.indrelid::regclass, ' WHERE ' || pg_get_expr(i.indpred, i.indrelid)) END, n.nspname, x.relname) END AS remedy
FROM pg_index AS i
	JOIN pg_class AS x ON x.oid = i.indexrelid
	JOIN pg_namespace AS n ON n.oid = x.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
	AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.relid = i.indrelid)
ORDER BY object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'indexes', 'found', :'found'::jsonb) AS findings
\gset

-- triggers
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Triggers and rules switched off, as an interrupted restore or a bulk load
-- leaves them.  Foreign keys are triggers, too: then nothing keeps them.
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	concat_ws(', ', 'foreign key not enforced: ' || string_agg(DISTINCT quote_ident(f.conname), ', '),
		'trigger disabled: ' || string_agg(quote_ident(t.tgname), ', ' ORDER BY t.tgname) FILTER (WHERE NOT t.tgisinternal)) AS evidence,
	'instant' AS cost,
	string_agg(format('ALTER TABLE %I.%I ENABLE TRIGGER %I;', n.nspname, c.relname, t.tgname), ' ' ORDER BY t.tgname)
		|| CASE WHEN bool_or(t.tgisinternal) THEN ' -- rows that are there are not checked by that' ELSE '' END AS remedy
FROM pg_trigger AS t
	JOIN pg_class AS c ON c.oid = t.tgrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN pg_constraint AS f ON f.oid = t.tgconstraint AND t.tgisinternal
WHERE t.tgenabled = 'D' AND coalesce(to_jsonb(f) ->> 'conenforced', 'true') = 'true'
GROUP BY n.nspname, c.relname
UNION ALL
SELECT 'warning', format('%I.%I', n.nspname, c.relname), format('rule disabled: %I', r.rulename), 'instant',
	format('ALTER TABLE %I.%I ENABLE RULE %I;', n.nspname, c.relname, r.rulename)
FROM pg_rewrite AS r
	JOIN pg_class AS c ON c.oid = r.ev_class
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.ev_enabled = 'D'
UNION ALL
SELECT 'notice', format('%I', e.evtname), 'event trigger disabled', 'instant', format('ALTER EVENT TRIGGER %I ENABLE;', e.evtname)
FROM pg_event_trigger AS e
WHERE e.evtenabled = 'D'
ORDER BY severity DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'triggers', 'found', :'found'::jsonb) AS findings
\gset

-- partition_statistics
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Partitioned tables without statistics over all partitions, which autovacuum
-- never makes: joins and groupings over them are guesses.
WITH RECURSIVE known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s WHERE s.inherited
), below AS (
	-- pg_partition_tree() would lock all of them.
	SELECT i.inhparent AS root, i.inhrelid AS relid
	FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhparent AND c.relkind = 'p'
	UNION ALL
	SELECT b.root, i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.relid
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	format('no statistics over its partitions, %s of which have about %s rows',
		count(*), to_char(sum(p.reltuples), 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	JOIN below AS b ON b.root = c.oid
	JOIN pg_class AS p ON p.oid = b.relid AND p.relkind <> 'p' AND p.reltuples > 0
	LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = c.relname
WHERE c.relkind = 'p' AND k.tablename IS NULL
	AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
GROUP BY n.nspname, c.relname
ORDER BY sum(p.reltuples) DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'partition_statistics', 'found', :'found'::jsonb) AS findings
\gset

-- expression_statistics
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Indexes over expressions that have no statistics, since the table has not been
-- analyzed since they were made: conditions on the expression are guesses.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, x.relname) AS object,
	format('no statistics on its expression; about %s rows', to_char(c.reltuples, 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_index AS i
	JOIN pg_class AS x ON x.oid = i.indexrelid AND x.relkind = 'i'
	JOIN pg_class AS c ON c.oid = i.indrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN known AS k ON k.schemaname = n.nspname AND k.tablename = x.relname
WHERE i.indexprs IS NOT NULL AND i.indisvalid AND c.reltuples > 0 AND k.tablename IS NULL
	-- A partial index without rows has nothing to know.
	AND x.reltuples <> 0
	AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
	-- What lacks all statistics is another finding.
	AND EXISTS (SELECT FROM known AS t WHERE t.schemaname = n.nspname AND t.tablename = c.relname)
ORDER BY c.reltuples DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'expression_statistics', 'found', :'found'::jsonb) AS findings
\gset

-- extended_statistics
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- CREATE STATISTICS without data: pg_upgrade does not carry it over, not even 18.
WITH known AS MATERIALIZED (
	SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s
), filled AS MATERIALIZED (
	SELECT DISTINCT e.statistics_schemaname, e.statistics_name FROM pg_stats_ext AS e
)
SELECT 'warning' AS severity, format('%I.%I', sn.nspname, e.stxname) AS object,
	format('has no data; about %s rows', to_char(c.reltuples, 'FM999999999999999')) AS evidence,
	'minutes' AS cost,
	format('ANALYZE %I.%I;', n.nspname, c.relname) AS remedy
FROM pg_statistic_ext AS e
	JOIN pg_namespace AS sn ON sn.oid = e.stxnamespace
	JOIN pg_class AS c ON c.oid = e.stxrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN filled AS f ON f.statistics_schemaname = sn.nspname AND f.statistics_name = e.stxname
WHERE f.statistics_name IS NULL AND coalesce((to_jsonb(e) ->> 'stxstattarget')::int, -1) <> 0
	AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
	AND EXISTS (SELECT FROM known AS t WHERE t.schemaname = n.nspname AND t.tablename = c.relname)
ORDER BY c.reltuples DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'extended_statistics', 'found', :'found'::jsonb) AS findings
\gset

-- counters
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'counters', 'found', :'found'::jsonb) AS findings
\gset

-- autovacuum
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'autovacuum', 'found', :'found'::jsonb) AS findings
\gset

-- admission
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'admission', 'found', :'found'::jsonb) AS findings
\gset

-- connections
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Of the server.
-- More connections than the machine can serve.  Given are its processors and
-- memory; where they are not known, nothing is said of them.
WITH given AS (
	SELECT :cores::float8 AS cores, :memory_bytes::float8 AS memory_bytes,
		current_setting('max_connections')::int AS max_connections,
		(SELECT s.setting::float8 * current_setting('block_size')::int FROM pg_settings AS s WHERE s.name = 'shared_buffers') AS shared_bytes,
		(SELECT s.setting::float8 * 1024 FROM pg_settings AS s WHERE s.name = 'work_mem') AS work_bytes
)
SELECT 'warning' AS severity, 'max_connections' AS object,
	format('max_connections is %s for %s processors: %s each', g.max_connections, g.cores, round(g.max_connections / g.cores)) AS evidence,
	'restart' AS cost,
	format('ALTER SYSTEM SET max_connections = %s; -- then restart, with a pooler in front', ceil(100 * g.cores)) AS remedy
FROM given AS g
WHERE g.max_connections > 100 * g.cores
UNION ALL
SELECT 'warning', 'work_mem',
	format('shared_buffers %s and max_connections, %s, times work_mem, %s, are more than the memory, %s',
		pg_size_pretty(g.shared_bytes::bigint), g.max_connections, pg_size_pretty(g.work_bytes::bigint), pg_size_pretty(g.memory_bytes::bigint)),
	'instant', format('ALTER SYSTEM SET work_mem = ''%skB''; SELECT pg_reload_conf();',
		greatest(floor((g.memory_bytes - g.shared_bytes) / 2 / g.max_connections / 1024), 64))
FROM given AS g
WHERE g.shared_bytes + g.max_connections * g.work_bytes > g.memory_bytes
UNION ALL
SELECT 'warning', 'max_connections',
	format('%s of %s connections are taken', count(*), current_setting('max_connections')),
	'instant', 'SELECT application_name, usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC;'
FROM pg_stat_activity AS a
WHERE a.backend_type = 'client backend'
HAVING count(*) > 0.9 * current_setting('max_connections')::int
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'connections', 'found', :'found'::jsonb) AS findings
\gset

-- slots
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'slots', 'found', :'found'::jsonb) AS findings
\gset

-- publications
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Published tables whose UPDATE and DELETE fail, since nothing identifies a row.
-- Publications that nobody reads.
WITH published AS (
	-- The view pg_publication_tables opens them, and waits where they are locked.
	SELECT DISTINCT c.oid
	FROM pg_publication AS p
		JOIN pg_class AS c ON c.relkind = 'r' AND c.relpersistence = 'p'
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE (p.pubupdate OR p.pubdelete) AND (
		(p.puballtables AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
		OR EXISTS (SELECT FROM pg_publication_namespace AS s WHERE s.pnpubid = p.oid AND s.pnnspid = c.relnamespace)
		OR EXISTS (SELECT FROM pg_publication_rel AS r WHERE r.prpubid = p.oid AND (r.prrelid = c.oid
				OR (c.relispartition AND r.prrelid IN (SELECT a.relid FROM pg_partition_ancestors(c.oid) AS a)))
			AND coalesce(to_jsonb(r) ->> 'prexcept', 'false') = 'false'))
)
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	'published without a replica identity: UPDATE and DELETE fail' AS evidence,
	'instant' AS cost,
	format('ALTER TABLE %I.%I REPLICA IDENTITY FULL; -- or give it a primary key', n.nspname, c.relname) AS remedy
FROM published AS p
	JOIN pg_class AS c ON c.oid = p.oid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relreplident IN ('d', 'i', 'n') AND NOT EXISTS (
	SELECT FROM pg_index AS i
	WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
UNION ALL
SELECT 'notice', format('%I', p.pubname), 'no logical slot of this database could read it', 'instant',
	format('SELECT * FROM pg_publication_tables WHERE pubname = %L; -- if it is left over: DROP PUBLICATION %I;', p.pubname, p.pubname)
FROM pg_publication AS p
WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_replication_slots AS s WHERE s.database = current_database())
ORDER BY severity DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'publications', 'found', :'found'::jsonb) AS findings
\gset

-- superusers
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Applications that log in as superuser: no gate holds them, no right stops them.
SELECT CASE WHEN count(*) >= 5 THEN 'warning' ELSE 'notice' END AS severity, format('%I', a.usename) AS object,
	format('superuser with %s sessions of %s', count(*),
		string_agg(DISTINCT coalesce(nullif(a.application_name, ''), 'no name'), ', ')) AS evidence,
	'instant' AS cost,
	CASE WHEN a.usesysid = 10 THEN '-- let the application log in as a role of its own: this one must stay superuser'
		ELSE format('ALTER ROLE %I NOSUPERUSER; -- after granting what it needs', a.usename) END AS remedy
FROM pg_stat_activity AS a JOIN pg_roles AS r ON r.oid = a.usesysid
WHERE a.backend_type = 'client backend' AND r.rolsuper
	AND a.application_name !~* '^(psql|pgadmin|dbeaver|pg_|vacuumdb|reindexdb|clusterdb|barman|pgbackrest|patroni|repmgr)'
	AND a.pid <> pg_backend_pid()
GROUP BY a.usename, a.usesysid
ORDER BY count(*) DESC, object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'superusers', 'found', :'found'::jsonb) AS findings
\gset

-- standby
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Of a standby: replay that stands still, or is late.
SELECT CASE WHEN pg_is_wal_replay_paused() THEN 'warning' ELSE 'notice' END AS severity, 'replay' AS object,
	concat_ws('; ', CASE WHEN pg_is_wal_replay_paused() THEN 'paused' END,
		'the last transaction replayed is ' || date_trunc('second', now() - pg_last_xact_replay_timestamp()) || ' old') AS evidence,
	'instant' AS cost,
	CASE WHEN pg_is_wal_replay_paused() THEN 'SELECT pg_wal_replay_resume();' ELSE 'SELECT * FROM pg_stat_wal_receiver;' END AS remedy
WHERE CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused()
	OR (now() - pg_last_xact_replay_timestamp() > '1 minute' AND pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()) END
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'standby', 'found', :'found'::jsonb) AS findings
\gset

-- constraints
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Constraints that hold for new rows only: NOT VALID, and never validated.
SELECT 'notice' AS severity, format('%I on %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text)) AS object,
	CASE c.contype WHEN 'f' THEN 'foreign key not validated' WHEN 'c' THEN 'check not validated' ELSE 'not validated' END AS evidence,
	'minutes' AS cost,
	CASE WHEN c.conrelid <> 0 THEN format('ALTER TABLE %s VALIDATE CONSTRAINT %I;', c.conrelid::regclass, c.conname)
		ELSE format('ALTER DOMAIN %s VALIDATE CONSTRAINT %I;', c.contypid::regtype, c.conname) END AS remedy
FROM pg_constraint AS c
WHERE NOT c.convalidated AND coalesce(to_jsonb(c) ->> 'conenforced', 'true') = 'true'
	-- A partition's follows its parent's.
	AND c.conparentid = 0
ORDER BY object
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'constraints', 'found', :'found'::jsonb) AS findings
\gset

-- cache
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
-- Cold buffers: the first transactions read from the disk.  How much has been
-- read is known where the counters began with the server.
WITH server AS (
	SELECT pg_postmaster_start_time() AS started_at,
		coalesce(current_setting('pg_prewarm.autoprewarm', true), 'not loaded') AS autoprewarm,
		least((SELECT s.setting::float8 * current_setting('block_size')::int FROM pg_settings AS s WHERE s.name = 'shared_buffers'),
			pg_database_size(current_database())) AS wanted_bytes,
		CASE WHEN (SELECT a.stats_reset FROM pg_stat_archiver AS a) > pg_postmaster_start_time() - interval '10 s'
			THEN (SELECT sum(d.blks_read) FROM pg_stat_database AS d)::float8 * current_setting('block_size')::int END AS read_bytes
)
SELECT 'notice' AS severity, 'shared_buffers' AS object,
	format('the server started %s ago%s; autoprewarm is %s', date_trunc('second', now() - s.started_at),
		', and has read ' || pg_size_pretty(s.read_bytes::bigint) || ' of ' || pg_size_pretty(s.wanted_bytes::bigint), s.autoprewarm) AS evidence,
	'minutes' AS cost,
	'CREATE EXTENSION IF NOT EXISTS pg_prewarm; SELECT pg_prewarm(c.oid) FROM (SELECT oid, relpages, sum(relpages) OVER (ORDER BY relpages, oid) AS pages FROM pg_class WHERE relkind IN (''r'', ''i'', ''m'') AND relpersistence = ''p'') AS c WHERE c.pages - c.relpages < (SELECT setting::bigint FROM pg_settings WHERE name = ''shared_buffers'');' AS remedy
FROM server AS s
WHERE now() - s.started_at < '1 hour' AND s.wanted_bytes >= 64 * 1024 * 1024
	AND CASE WHEN s.read_bytes IS NOT NULL THEN s.read_bytes < 0.5 * s.wanted_bytes ELSE s.autoprewarm <> 'on' END
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'cache', 'found', :'found'::jsonb) AS findings
\gset

-- timeouts
SELECT coalesce(jsonb_agg(f), '[]') AS found FROM (
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
) AS f
\gset
\if :ERROR
SELECT jsonb_build_array(jsonb_build_object('severity', 'unknown', 'evidence', 'could not be checked: ' || :'LAST_ERROR_MESSAGE')) AS found
\gset
\endif
SELECT :'findings'::jsonb || jsonb_build_object('check', 'timeouts', 'found', :'found'::jsonb) AS findings
\gset

WITH checks AS (
	SELECT c.value ->> 'check' AS name, c.value -> 'found' AS found, c.place
	FROM jsonb_array_elements(:'findings'::jsonb) WITH ORDINALITY AS c (value, place)
), findings AS (
	SELECT f.value ->> 'severity' AS severity, c.name, translate(f.value ->> 'object', E'\n\r', '  ') AS object,
		translate(f.value ->> 'evidence', E'\n\r', '  ') AS evidence,
		f.value ->> 'cost' AS cost, translate(f.value ->> 'remedy', E'\n\r', '  ') AS remedy, c.place, f.place AS place_within
	FROM checks AS c CROSS JOIN LATERAL jsonb_array_elements(c.found) WITH ORDINALITY AS f (value, place)
	UNION ALL
	SELECT 'ok', c.name, NULL, 'nothing found', NULL, NULL, c.place, 1
	FROM checks AS c
	WHERE c.found = '[]' AND (c.name <> 'drift' OR :'profile' <> 'null')
)
SELECT f.severity, f.name AS check_name, f.object, f.evidence, f.cost, f.remedy, 'health.md#' || f.name AS docs
FROM findings AS f
ORDER BY array_position(ARRAY['blocking', 'warning', 'unknown', 'notice', 'ok'], f.severity), f.place, f.place_within;
RESET statement_timeout;
RESET lock_timeout;
RESET enable_nestloop;
RESET max_parallel_workers_per_gather;
RESET jit;
RESET search_path;
