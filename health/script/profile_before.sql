-- health_profile.sql - what to know of an instance before another takes its
-- place: settings that matter, extensions, and the load that it carries.
--
-- For psql, where the library cannot be loaded; admission.health_profile()
-- answers the same.  Made of health/ by "make scripts": change those.
--
--	psql -XAt -d DATABASE -f health_profile.sql >old.json
--
-- at a busy hour, with the rights of pg_monitor.  On the new instance
--
--	psql -X -d DATABASE -v profile="$(cat old.json)" -f health_check.sql
--
-- says what is not as it was.
\set QUIET on
SET search_path = pg_catalog, pg_temp;

