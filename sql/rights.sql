-- Nothing is for PUBLIC; pg_monitor reads; who may act is a matter of GRANT.
CREATE ROLE adm_nobody;
CREATE ROLE adm_reader IN ROLE pg_monitor;
CREATE ROLE adm_operator;

SELECT relname, relacl IS NOT NULL AND array_to_string(relacl, ',') !~ '(^|,)=' AS closed
FROM pg_class WHERE relnamespace = 'admission'::regnamespace ORDER BY 1;
SELECT proname FROM pg_proc
WHERE pronamespace = 'admission'::regnamespace
  AND (proacl IS NULL OR array_to_string(proacl, ',') ~ '(^|,)=');

SET ROLE adm_nobody;
SELECT phase FROM admission.status;
SELECT admission.start_warmup();
RESET ROLE;

SET ROLE adm_reader;
SELECT phase FROM admission.status;
SELECT count(*) FROM admission.waiting;
SELECT count(*) FROM admission.pressure;
SELECT count(*) >= 0 FROM admission.pressure_history;
SELECT count(*) > 0 FROM admission.backends;
SELECT count(*) > 0 FROM admission.connections;
SELECT count(*) > 0 FROM admission.metrics;
SELECT count(*) >= 0 FROM admission.events;
SELECT count(*) FROM admission.runaways;
SELECT count(*) FROM admission.blocking_tree;
SELECT count(*) FROM admission.find_backends(role_name => 'adm_nobody');
SELECT length(admission.openmetrics()) > 0;
SELECT admission.sample_now() IS NOT NULL;
SELECT admission.start_warmup();
SELECT admission.stop_warmup();
SELECT admission.hold_warmup();
SELECT admission.continue_warmup();
SELECT admission.reset_counters();
SELECT admission.brake();
\set SHOW_CONTEXT never
SELECT * FROM admission.terminate_backends(role_name => 'adm_nobody', include_protected => true);
\set SHOW_CONTEXT errors
RESET ROLE;

-- who may stop sessions need not be a reader
CREATE ROLE adm_stopper IN ROLE pg_signal_backend;
SET ROLE adm_stopper;
SELECT count(*) FROM admission.find_backends(role_name => 'adm_nobody');
SELECT count(*) FROM admission.blocking_tree;
SELECT phase FROM admission.status;
RESET ROLE;

-- a GRANT that went too far shows nobody who logs in
GRANT USAGE ON SCHEMA admission TO adm_nobody;
GRANT SELECT ON ALL TABLES IN SCHEMA admission TO adm_nobody;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA admission TO adm_nobody;
SET ROLE adm_nobody;
SELECT phase FROM admission.status;
SELECT * FROM admission.waiting;
SELECT * FROM admission.pressure;
SELECT * FROM admission.pressure_history;
SELECT count(*) > 0 AS processes, count(cpu_percent) + count(memory_bytes) + count(transaction_age) AS figures
FROM admission.backends WHERE pid <> pg_backend_pid();
SELECT count(state) FROM admission.connections;
SELECT * FROM admission.metrics;
SELECT admission.openmetrics();
SELECT admission.sample_now();
SELECT * FROM admission.blocking();
SELECT * FROM admission.events;
SELECT * FROM admission.runaways;
RESET ROLE;

-- an operator who was granted the actions
GRANT USAGE ON SCHEMA admission TO adm_operator;
GRANT EXECUTE ON FUNCTION admission.start_warmup(interval, int, int, int, int), admission.stop_warmup() TO adm_operator;
SET ROLE adm_operator;
SELECT admission.start_warmup('1 hour');
SELECT admission.stop_warmup();
SELECT admission.hold_warmup();
RESET ROLE;

DROP ROLE adm_stopper;
DROP OWNED BY adm_nobody, adm_operator;
DROP ROLE adm_nobody, adm_reader, adm_operator;
