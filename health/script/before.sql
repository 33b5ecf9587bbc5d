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
