-- The settings: defaults, units, ranges, and the errors of wrong values.
SELECT name, setting, unit, context, vartype, min_val, max_val, enumvals
FROM pg_settings WHERE name LIKE 'pg\_admission.%' AND name <> 'pg_admission.warmup_on' ORDER BY name;
SELECT boot_val, context FROM pg_settings WHERE name = 'pg_admission.warmup_on';

-- every one has a description
SELECT name FROM pg_settings WHERE name LIKE 'pg\_admission.%' AND coalesce(short_desc, '') = '';

-- wrong values, one pointed error each
ALTER SYSTEM SET pg_admission.mode = 'on';
ALTER SYSTEM SET pg_admission.warmup_on = 'new_instance, relapsed';
ALTER SYSTEM SET pg_admission.warmup_on = 'manual';
ALTER SYSTEM SET pg_admission.warmup_initial_connections = 0;
ALTER SYSTEM SET pg_admission.warmup_target_connections = 0;
ALTER SYSTEM SET pg_admission.warmup_target_connections = -2;
ALTER SYSTEM SET pg_admission.warmup_duration = '5 apples';
ALTER SYSTEM SET pg_admission.warmup_advance = 'sundial';
ALTER SYSTEM SET pg_admission.connection_queue_timeout = 'soon';
ALTER SYSTEM SET pg_admission.refusal_sqlstate = '12345';
ALTER SYSTEM SET pg_admission.exempt_roles = '+a,,b';
ALTER SYSTEM SET pg_admission.exempt_roles = 'a b';
ALTER SYSTEM SET pg_admission.exempt_roles = '"a';
ALTER SYSTEM SET pg_admission.exempt_connections = -1;
ALTER SYSTEM SET pg_admission.cores = -1;

-- nobody changes them for a session
SET pg_admission.mode = off;
ALTER ROLE CURRENT_USER SET pg_admission.mode = off;

-- right values, with units and odd names
ALTER SYSTEM SET pg_admission.warmup_duration = '90 s';
ALTER SYSTEM SET pg_admission.max_running_transactions = ' 4 x ';
ALTER SYSTEM SET pg_admission.warmup_on = 'crash, Promotion';
ALTER SYSTEM SET pg_admission.exempt_roles = ' "a, ""b""" , +c ';
SELECT pg_reload_conf();
-- a new session has read the new values
\c
SELECT current_setting('pg_admission.warmup_duration') AS duration,
       current_setting('pg_admission.warmup_on') AS warmup_on,
       current_setting('pg_admission.exempt_roles') AS exempt_roles;
ALTER SYSTEM RESET ALL;
SELECT pg_reload_conf();
\c
SELECT current_setting('pg_admission.warmup_duration') AS duration;

-- pressure; from 18 on PostgreSQL's message has units
\set VERBOSITY sqlstate
ALTER SYSTEM SET pg_admission.sample_interval = '50ms';
ALTER SYSTEM SET pg_admission.sample_interval = '2min';
\set VERBOSITY default
-- only for tests: not among the settings that are shown
SELECT count(*) FROM pg_settings WHERE name = 'pg_admission.system_root';

-- transactions
ALTER SYSTEM SET pg_admission.max_running_transactions = '4 cores';
ALTER SYSTEM SET pg_admission.max_running_transactions = '0x';
ALTER SYSTEM SET pg_admission.max_running_transactions = '-1';
ALTER SYSTEM SET pg_admission.warmup_initial_transactions = '262144';
ALTER SYSTEM SET pg_admission.warmup_initial_transactions = '';
\set VERBOSITY sqlstate
ALTER SYSTEM SET pg_admission.transaction_queue_timeout = '-1';
ALTER SYSTEM SET pg_admission.long_transaction_after = '-2';
\set VERBOSITY default
ALTER SYSTEM SET pg_admission.client_check_interval = 'never';
-- patience belongs to the work, and is an administrator's to give
CREATE ROLE adm_reporting;
ALTER ROLE adm_reporting SET pg_admission.transaction_queue_timeout = '30 s';
SET pg_admission.transaction_queue_timeout = '2 s';
SET ROLE adm_reporting;
SET pg_admission.transaction_queue_timeout = '1 min';
RESET ROLE;
DROP ROLE adm_reporting;
