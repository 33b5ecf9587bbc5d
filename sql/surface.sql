-- What the extension installs, and that every part of it is described.
CREATE EXTENSION pg_admission;

-- where it lives, and that it cannot be moved
SELECT extversion, nspname, extrelocatable
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE extname = 'pg_admission';
ALTER EXTENSION pg_admission SET SCHEMA public;

-- the views, column by column
\pset format unaligned
SELECT c.relname AS view, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       col_description(c.oid, a.attnum) AS comment
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'admission'::regnamespace
ORDER BY c.relname, a.attnum;

-- functions: what they take, return and promise
SELECT proname, pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS result, provolatile AS v, proisstrict AS strict,
       proparallel AS parallel
FROM pg_proc p WHERE pronamespace = 'admission'::regnamespace
  AND pg_get_function_result(p.oid) !~ 'record'
ORDER BY 1;
\pset format aligned

-- nothing without a comment
SELECT c.relname, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'admission'::regnamespace
  AND col_description(c.oid, a.attnum) IS NULL;
SELECT proname FROM pg_proc p
WHERE pronamespace = 'admission'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT relname FROM pg_class c
WHERE relnamespace = 'admission'::regnamespace AND obj_description(c.oid, 'pg_class') IS NULL;

-- the state is of the server: another database shows the same
SELECT admission.start_warmup('1 hour', 7, 9);
CREATE DATABASE another;
\c another
CREATE EXTENSION pg_admission;
SELECT phase, warmup_trigger, connection_cap FROM admission.status;
\c contrib_regression
DROP DATABASE another;

-- dropping and creating it changes nothing of what the server does
DROP EXTENSION pg_admission;
CREATE EXTENSION pg_admission;
SELECT phase, connection_cap FROM admission.status;
SELECT admission.stop_warmup();
