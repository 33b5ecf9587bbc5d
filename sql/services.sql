-- Services: what the settings and the functions answer and refuse.
ALTER SYSTEM SET pg_admission.services = 'a';
ALTER SYSTEM SET pg_admission.services = 'a: role=x';
ALTER SYSTEM SET pg_admission.services = 'a: role=x; a: role=y';
ALTER SYSTEM SET pg_admission.services = 'a: limit=3';
ALTER SYSTEM SET pg_admission.services = 'a: role=x limit=0';
ALTER SYSTEM SET pg_admission.services = 'a: role=x priority=urgent';
ALTER SYSTEM SET pg_admission.services = 'a: role=x patience=2h';
ALTER SYSTEM SET pg_admission.services = 'a: role=x exempt=on priority=high';
ALTER SYSTEM SET pg_admission.services = 'a: client_address=10.0.0.1/8';
ALTER SYSTEM SET pg_admission.services = 'a: role="x';
ALTER SYSTEM SET pg_admission.services = 'default: role=x';
ALTER SYSTEM SET pg_admission.paused_services = 'a,';
ALTER SYSTEM SET pg_admission.paused_services = '*, a';
ALTER SYSTEM SET pg_admission.services = 'chat: role=adm_chat limit=50 running=2x priority=low patience=500ms; "the agents": role=+adm_agents application_name=agent-* client_address=local,10.0.0.0/8 priority=high; probe: application_name=probe exempt=on';
SELECT pg_reload_conf();
-- the controller publishes it
DO $$
BEGIN
	FOR i IN 1..100 LOOP
		EXIT WHEN (SELECT count(*) FROM admission.services) = 4;
		PERFORM pg_sleep(0.05);
	END LOOP;
END
$$;
SELECT service, state, paused_by, turn, progress, priority, exempt, session_limit, session_cap,
	transaction_limit IS NOT NULL AS transaction_limit, patience_ms, rule
FROM admission.services;

-- nothing to act on
SELECT admission.resume_service('chat');
SELECT * FROM admission.resume_services();

-- wrong arguments
SELECT admission.pause_service('nobody');
SELECT admission.pause_service(NULL);
SELECT admission.pause_service('probe');
SELECT admission.pause_service('chat', true, '2 hours');
SELECT admission.resume_service('nobody');
SELECT admission.resume_service('chat', '-1 s');
SELECT admission.resume_service('chat', '25 days');
SELECT admission.resume_service('chat', NULL);
SELECT * FROM admission.pause_services('{chat, nobody}');
SELECT * FROM admission.pause_services('{chat, NULL}');
SELECT * FROM admission.resume_services('1 min', '{nobody}');
SELECT * FROM admission.find_backends(service => 'nobody');

-- paused, and back
SELECT admission.pause_service('chat');
SELECT admission.pause_service('chat');
SELECT service, state, paused_by, session_cap, transaction_cap FROM admission.services WHERE service = 'chat';
SELECT services_paused, advice FROM admission.status;
SELECT admission.resume_service('chat', '1 hour');
SELECT admission.resume_service('chat', '1 hour');
SELECT service, state, paused_by, session_cap, transaction_cap FROM admission.services WHERE service = 'chat';
SELECT admission.resume_service('chat', '0');
SELECT service, state FROM admission.pause_services();
SELECT service, state, turn FROM admission.resume_services('1 hour', '{chat, default}');
SELECT service, state, turn FROM admission.resume_services('1 hour');
SELECT admission.pause_service('chat');
SELECT admission.resume_service('the agents', '0');
SELECT service, state, turn FROM admission.services;
SELECT service, state, turn FROM admission.pause_services();
SELECT service, state FROM admission.resume_services('0');
ALTER SYSTEM RESET ALL;
SELECT pg_reload_conf();
