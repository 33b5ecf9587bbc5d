-- The life of a warm-up by hand: what the functions answer and refuse.
SELECT admission.reset_counters();
SELECT phase, phase_reason, progress, connection_cap, start_cap FROM admission.status;

-- nothing to act on
SELECT admission.stop_warmup();
SELECT admission.hold_warmup();
SELECT admission.continue_warmup();

-- wrong arguments
SELECT admission.start_warmup('0');
SELECT admission.start_warmup('-1 min');
SELECT admission.start_warmup('3 months');
SELECT admission.start_warmup('99 ms');
SELECT admission.start_warmup('1 min', 0);
SELECT admission.start_warmup('1 min', -2);
SELECT admission.start_warmup('1 min', 1, 41);
SELECT admission.start_warmup('1 min', 10, 5);
SELECT admission.start_warmup('1 min', initial_transactions => 0);
SELECT admission.start_warmup('1 min', target_transactions => -4);
SELECT admission.start_warmup('1 min', target_transactions => 262144);
SELECT admission.start_warmup('1 min', initial_transactions => 9, target_transactions => 8);
SELECT phase FROM admission.status;

-- a life
SELECT admission.start_warmup('1 hour', 5, 15);
SELECT phase, warmup_trigger, progress BETWEEN 0 AND 0.1 AS begins, connection_cap,
       warmup_started_at <= now() + '1 s' AS started FROM admission.status;
SELECT admission.hold_warmup();
SELECT admission.hold_warmup();
SELECT phase, phase_reason ~ '^manual: started by .*; held by hold_warmup\(\), with (60 min 0|59 min \d+) s of the clock left$' AS reason,
	pressure_level <> 'comfortable' OR advice = 'to let the caps rise again: SELECT admission.continue_warmup();' AS advice FROM admission.status;
SELECT admission.continue_warmup();
SELECT admission.continue_warmup();
SELECT phase, phase_reason ~ '^manual: started by .*; the caps rise with the clock for another (60 min 0|59 min \d+) s$' AS reason,
	pressure_level <> 'comfortable' OR advice = 'nothing to do; to keep the caps where they are: SELECT admission.hold_warmup();' AS advice FROM admission.status;

-- another one replaces it; arguments left out come from the settings
SELECT admission.start_warmup(target_connections => 30);
SELECT connection_cap, phase_reason ~ 'for another (5 min 0|4 min \d+) s$' AS five_minutes FROM admission.status;
SELECT admission.start_warmup(initial_connections => 30);
SELECT connection_cap FROM admission.status;
SELECT admission.start_warmup(duration => '10 min');
SELECT admission.start_warmup('1 hour', initial_transactions => 5, target_transactions => 500);
SELECT transaction_cap FROM admission.status;
SELECT admission.start_warmup('1 hour', target_transactions => 3);
SELECT transaction_cap FROM admission.status;
SELECT connection_cap, start_cap >= 4 AS starts_capped FROM admission.status;
SELECT admission.start_warmup(duration => '2 days');

SELECT admission.stop_warmup();
SELECT phase, phase_reason,
	pressure_level <> 'comfortable' OR advice = 'nothing to do; to cap new connections and transactions now: SELECT admission.start_warmup();' AS advice, progress, connection_cap, start_cap FROM admission.status;

-- null arguments are arguments left out, and do not make the answer null
SELECT admission.start_warmup(NULL, NULL, NULL);
SELECT admission.stop_warmup();

-- what nobody did is counted as nothing
SELECT held, refused, refused_timeout, refused_slots, abandoned, ended, handed_on,
       would_hold_start_cap, would_hold_connection_cap, longest_wait_ms,
       counters_reset_at <= now() AS reset FROM admission.status;
SELECT * FROM admission.waiting;
