/*
 * controller.c - the background worker: moves the warm-up, serves the line,
 * publishes settings and caps, keeps the state file.
 *
 * Nothing that a login needs may come to depend on it: see "fail static" in
 * docs/internals.md.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "arming.h"
#include "compat.h"
#include "controller.h"
#include "counters.h"
#include "events.h"
#include "health_worker.h"
#include "history.h"
#include "holding.h"
#include "lending.h"
#include "metrics.h"
#include "os/clock.h"
#include "permits.h"
#include "persist.h"
#include "policy/brake.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "refusal_log.h"
#include "report.h"
#include "runaways.h"
#include "sampling.h"
#include "services.h"
#include "settings.h"
#include "starts.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#define RESTART_AFTER_S				1

/* Between two rounds, by what there is to do. */
#define ROUND_WHEN_OPEN_MS			1000
#define ROUND_WHEN_WARMING_MS		200
#define ROUND_WHEN_SOMEBODY_WAITS_MS	20

/* How much progress a crash may forget, and how soon a failed save is tried again. */
#define SAVE_PROGRESS_EVERY_MS		(10 * 1000)

#define REPORT_REFUSALS_EVERY_MS	(10 * 1000)

/*
 * On a comfortable machine nobody waits for longer than 0.2 s: who has waited
 * nearly that long is let in.  What is called comfortable may have ceased to be
 * half a second ago: if a look of just now says so, no more are let in in a tick
 * than the machine can start in it, at 12 ms of processor time each.
 */
#define PASS_AFTER_MS				150
#define PASS_TICK_MS				200
#define PASSED_PER_TICK_AND_CORE	16
#define HELD_TOO_LONG_MS			200

static int64 last_save_ms = 0;

/* New rules of services wait for room. */
static bool services_wait = false;

static void
detach_at_exit(int code, Datum arg)
{
	adm_state_detach_controller();
}

static void
record_mode(AdmMode before)
{
	adm_events_note(ADM_EVENT_MODE,
					psprintf("pg_admission.mode is now \"%s\"", adm_mode_name(adm_mode)),
					psprintf("It was \"%s\"; waiting at that moment: %u logins, %u transactions.",
							 adm_mode_name(before),
							 adm_permits_counts(ADM_GATE_CONNECTION).waiting,
							 adm_permits_counts(ADM_GATE_TRANSACTION).waiting));
}

static void
record_brake(int before)
{
	char		is[ADM_BRAKE_TEXT_SIZE];
	char		was[ADM_BRAKE_TEXT_SIZE];

	adm_events_note(ADM_EVENT_BRAKE,
					psprintf("pg_admission.brake is now \"%s\"", adm_brake_print(adm_brake_setting, is)),
					psprintf("It was \"%s\".", adm_brake_print(before, was)));
}

/* Who belonged to it belongs to others now, which need not be paused. */
static void
record_paused_without_rule(void)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;

		if (adm_services_view(i, &view) && view.place < 0 && adm_services_view_is_paused(&view))
			adm_events_note(ADM_EVENT_SERVICE,
							psprintf("pg_admission: service \"%s\" is paused, but has left pg_admission.services", view.name),
							"Whoever belonged to it belongs to other services now, and is not kept out by this pause.");
	}
}

static void
record_rules(void)
{
	adm_events_note(ADM_EVENT_SERVICE,
					psprintf("pg_admission.services has changed: %d services besides \"default\"",
							 adm_service_rules->service_count - 1),
					NULL);
}

/* Of the services that the setting pauses, but the rules do not name. */
static void
tell_unknown_paused(void)
{
	const char *rest = adm_paused_services;
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];

	while (adm_service_names_next(&rest, name, error) == ADM_NAMES_NAME)
	{
		if (adm_services_find(name) == ADM_NO_SERVICE)
			ereport(LOG,
					(errmsg("pg_admission.paused_services names \"%s\", which is no service",
							name),
					 errdetail("It pauses nobody by that name until pg_admission.services has it.")));
	}
}

/*
 * The rules are taken over as soon as there is room for them: sessions that have
 * not begun a transaction since the last change belong to old ones.
 */
static void
publish_services(void)
{
	uint32		before = adm_services_generation();
	bool		waited = services_wait;
	bool		in_use[ADM_SERVICE_ENTRIES];

	adm_permits_services_in_use(in_use);
	services_wait = !adm_services_publish(in_use);
	if (services_wait && !waited)
		ereport(LOG,
				(errmsg("pg_admission keeps its old services until there is room for the new ones"),
				 errdetail("There is room for %d services, those included that have left the rules and still have sessions, or are paused.",
						   ADM_SERVICE_ENTRIES)));
	if (adm_services_generation() != before)
	{
		record_rules();
		record_paused_without_rule();
	}
}

static void
read_settings_again(void)
{
	AdmMode		mode_before;
	int			brake_before;

	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	mode_before = adm_state_mode();
	brake_before = adm_state_warmup().set_brake;
	adm_state_publish_settings();
	publish_services();
	tell_unknown_paused();
	if (adm_mode != (int) mode_before)
		record_mode(mode_before);
	if (adm_brake_setting != brake_before)
		record_brake(brake_before);
}

static void
warn_of_exempt_sessions(void)
{
	static bool warned = false;
	int			exempt = adm_permits_exempt();
	int			gated = (int) adm_permits_counts(ADM_GATE_CONNECTION).present;

	if (warned || !adm_report_mostly_exempt(exempt, gated))
		return;
	warned = true;
	ereport(LOG,
			(errmsg("pg_admission does not protect this server from most of its sessions: %d of %d are exempt",
					exempt, exempt + gated),
			 errhint("An application that logs in as a superuser is never held.")));
}

/* A long recovery must not use up the warm-up that is to follow it. */
static bool
lets_sessions_in(void)
{
	return !RecoveryInProgress() || HotStandbyActive();
}

static void
advance_warmup(void)
{
	if (!adm_state_advance(lets_sessions_in()))
		return;
	adm_events_note(ADM_EVENT_WARMUP,
					psprintf("pg_admission ends the warm-up: %s",
							 adm_ending_name(adm_state_warmup().warmup.ending)),
					NULL);
}

static void
note_service(int service, const char *what)
{
	AdmServiceView view;

	if (adm_services_view(service, &view))
		adm_events_note(ADM_EVENT_SERVICE,
						psprintf("pg_admission: service \"%s\" %s", view.name, what), NULL);
}

/*
 * Without a pressure to go by, only time counts.  Who is kept out waits for the
 * machine to be well again, not for the level to fall step by step.
 */
static AdmLevel
level_for_services(void)
{
	AdmWarmupState w = adm_state_warmup();
	bool		governed = w.advance == ADM_ADVANCE_LOAD && w.governed;

	return !governed || adm_sampling_has_calmed() ? ADM_LEVEL_COMFORTABLE : w.level;
}

static void
bring_services_back(void)
{
	AdmServiceSteps steps;

	if (services_wait || adm_services_any_left_the_rules())
		publish_services();
	adm_services_step(level_for_services(), &steps);
	for (int i = 0; i < steps.arrived_count; i++)
		note_service(steps.arrived[i], "has come back");
	if (steps.begun != ADM_NO_SERVICE)
		note_service(steps.begun, "comes back: it is its turn");
}

/* Saves what changed at once, and progress now and then. */
static void
save_state(bool at_exit)
{
	static uint64 failed_generation = 0;	/* is not tried again at once */
	AdmRecord	record;
	uint64		generation;
	bool		changed = adm_state_unsaved(&record, &generation);
	bool		due = adm_clock_ms() - last_save_ms >= SAVE_PROGRESS_EVERY_MS;

	if (!at_exit && !due && (!changed || generation == failed_generation))
		return;
	if (!changed && record.warmup.phase == ADM_PHASE_OPEN && !adm_services_any_resumes() && !at_exit)
		return;
	adm_services_record(&record);
	last_save_ms = adm_clock_ms();
	if (adm_persist_save(&record))
	{
		failed_generation = 0;
		adm_state_note_saved(generation);
	}
	else
		failed_generation = generation;
}

static void
report_refusals(void)
{
	static int64 last_ms = 0;
	int64		now_ms = adm_clock_ms();
	uint32		hidden;

	if (now_ms - last_ms < REPORT_REFUSALS_EVERY_MS)
		return;
	last_ms = now_ms;
	hidden = adm_refusal_log_take_hidden();
	if (hidden > 0)
		ereport(LOG,
				(errmsg("pg_admission ended or refused %u more connections and transactions, not logged one by one",
						hidden)));
}

/* So many more may run before the ceiling, beyond which nothing is let through. */
static int
room_below_ceiling(AdmGate gate)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(gate));
	AdmCounts	now = adm_permits_counts(gate);

	return cap.present > now.present ? (int) (cap.present - now.present) : 0;
}

/*
 * How many may be passed now: any number by a look of its own, few by the level,
 * which does not know yet of those who came a moment ago.  A transaction may take
 * much longer than a start.
 */
static int
passes_left(AdmGate gate, bool finds_comfort, int passed_in_tick)
{
	int			left = PASSED_PER_TICK_AND_CORE * adm_state_cores() - passed_in_tick;

	if (finds_comfort)
		return INT_MAX;
	if (gate == ADM_GATE_TRANSACTION)
		left = Min(left, room_below_ceiling(gate));
	return Max(left, 0);
}

/* The master rule: a comfortable machine lets nobody wait for long. */
static void
pass_waiters(void)
{
	static int64 tick_ms = 0;
	static int	passed = 0;
	bool		finds_comfort;

	if (!adm_state_comfortable() || adm_permits_longest_wait_of_all_ms() < PASS_AFTER_MS)
		return;
	finds_comfort = adm_sampling_finds_comfort();
	if (adm_clock_ms() - tick_ms >= PASS_TICK_MS)
	{
		tick_ms = adm_clock_ms();
		passed = 0;
	}
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		passed += adm_permits_pass((AdmGate) gate,
								   passes_left((AdmGate) gate, finds_comfort, passed),
								   PASS_AFTER_MS);
}

/* Counts the time in which that did not work. */
static void
note_held_while_comfortable(void)
{
	static int64 before_ms = 0;
	int64		now_ms = adm_clock_ms();
	int64		elapsed_ms = before_ms > 0 ? now_ms - before_ms : 0;

	before_ms = now_ms;
	if (adm_state_mode() == ADM_MODE_ENFORCE && adm_sampling_is_comfortable() &&
		adm_permits_longest_wait_of_all_ms() > HELD_TOO_LONG_MS)
		adm_counters_add_held_comfortable((uint64) elapsed_ms);
}

static long
time_to_next_round_ms(void)
{
	long		round_ms = ROUND_WHEN_OPEN_MS;

	if (adm_permits_any_are_wanted())
		round_ms = ROUND_WHEN_SOMEBODY_WAITS_MS;
	else if (adm_state_warmup().warmup.phase == ADM_PHASE_WARMING || adm_services_any_resumes())
		round_ms = ROUND_WHEN_WARMING_MS;
	return Min(round_ms, adm_sampling_due_in_ms());
}

static void
one_round(void)
{
	read_settings_again();
	adm_sampling_round();
	advance_warmup();
	bring_services_back();
	adm_arming_on_promotion();
	adm_health_round();
	adm_starts_reclaim();
	adm_lending_balance();
	adm_permits_serve_lines();
	pass_waiters();
	note_held_while_comfortable();
	adm_holding_note();
	adm_runaways_round();
	save_state(false);
	adm_history_save(false);
	adm_events_save(false);
	adm_metrics_write_file();
	report_refusals();
	warn_of_exempt_sessions();
}

void
adm_controller_main(Datum arg)
{
	MemoryContext round_context;
	uint32		wait_event;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();

	adm_state_attach_controller();
	on_shmem_exit(detach_at_exit, (Datum) 0);
	adm_state_publish_settings();
	publish_services();
	adm_arming_log_start();
	adm_history_load();
	adm_sampling_start();
	wait_event = adm_compat_wait_event("AdmissionController");
	round_context = AllocSetContextCreate(TopMemoryContext, "pg_admission round",
										  ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(round_context);

	while (!ShutdownRequestPending)
	{
		one_round();
		MemoryContextReset(round_context);
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 time_to_next_round_ms(),
						 wait_event);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	save_state(true);
	adm_history_save(true);
	adm_events_save(true);

	/* Not 0: a controller that was terminated is wanted again. */
	proc_exit(1);
}

void
adm_controller_init(void)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_PostmasterStart;
	worker.bgw_restart_time = RESTART_AFTER_S;
	strlcpy(worker.bgw_library_name, "pg_admission", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "adm_controller_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "pg_admission controller", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "pg_admission controller", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}
