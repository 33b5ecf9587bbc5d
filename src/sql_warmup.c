/*
 * sql_warmup.c - start_warmup, stop_warmup, hold_warmup, continue_warmup,
 * reset_counters.
 *
 * Who may call them is a matter of GRANT: they change what the server admits,
 * and tell nothing about anybody.
 */
#include "postgres.h"

#include "counters.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "permits.h"
#include "policy/per_core.h"
#include "policy/ramp.h"
#include "settings.h"
#include "sql_access.h"
#include "state.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_start_warmup);
PG_FUNCTION_INFO_V1(adm_stop_warmup);
PG_FUNCTION_INFO_V1(adm_hold_warmup);
PG_FUNCTION_INFO_V1(adm_continue_warmup);
PG_FUNCTION_INFO_V1(adm_reset_counters);

/* How long a caller waits for the state file before it is warned. */
#define SAVE_TIMEOUT_MS		3000

/* Who is behind the call, whatever function it went through. */
static const char *
session_user_name(void)
{
	return GetUserNameFromId(GetSessionUserId(), false);
}

static void
log_change(const char *what)
{
	ereport(LOG,
			(errmsg("pg_admission: the warm-up was %s by %s",
					what, session_user_name()),
			 errhidestmt(true)));
}

/*
 * Lets in whom the new caps admit, and makes sure that a restart will remember
 * them.  Returns the phase, which is what the functions answer.
 */
static Datum
finish_change(void)
{
	adm_permits_serve_lines();
	if (!adm_state_wait_saved(SAVE_TIMEOUT_MS))
		ereport(WARNING,
				(errmsg("the warm-up has changed, but could not be saved yet"),
				 errdetail("A restart would forget the change."),
				 errhint("See the server log, and controller_heartbeat_age_ms in admission.status.")));
	return CStringGetTextDatum(adm_phase_name(adm_state_warmup().warmup.phase));
}

static void
no_warmup_runs(const char *attempt)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot %s a warm-up: none runs", attempt),
			 errhint("Start one with admission.start_warmup().")));
}

/* A month counts as 30 days, as in arithmetic with intervals. */
static int64
interval_ms(const Interval *interval)
{
	double		ms;

	ms = ((double) interval->month * DAYS_PER_MONTH + interval->day) *
		SECS_PER_DAY * 1000.0 + (double) interval->time / 1000.0;
	if (!(ms >= ADM_SHORTEST_WARMUP_MS && ms <= ADM_LONGEST_WARMUP_MS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("duration of a warm-up is out of range"),
				 errdetail("It must be between 100 milliseconds and 24 days.")));
	return (int64) ms;
}

static int
session_cap(const char *name, int cap)
{
	if ((cap < 1 && cap != ADM_UNCAPPED) || cap > MaxConnections)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range: %d", name, cap),
				 errdetail("It must be between 1 and max_connections, %d, or -1 for no cap.",
						   MaxConnections)));
	return cap;
}

static int
transaction_cap(const char *name, int cap)
{
	if (cap < 1 || cap > ADM_PER_CORE_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range: %d", name, cap),
				 errdetail("It must be between 1 and %d.", ADM_PER_CORE_MOST)));
	return cap;
}

/* Where both are arguments; a setting above an argument counts as that. */
static void
check_order(const char *of, int initial, int target)
{
	if (target != ADM_UNCAPPED && initial > target)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("initial_%s, %d, is greater than target_%s, %d",
						of, initial, of, target)));
}

static void
check_duration(const AdmWindow *window)
{
	if (window->duration_ms > adm_warmup_max_age_ms)
		ereport(WARNING,
				(errmsg("the warm-up will end before it is complete"),
				 errdetail("Its duration is longer than pg_admission.warmup_max_age.")));
}

static void
tell_if_not_binding(void)
{
	if (adm_state_mode() != ADM_MODE_ENFORCE)
		ereport(WARNING,
				(errmsg("the warm-up holds nobody: pg_admission.mode is \"%s\"",
						adm_mode_name(adm_state_mode()))));
}

Datum
adm_start_warmup(PG_FUNCTION_ARGS)
{
	AdmWindow	window;

	adm_sql_require_preloaded();
	window = adm_settings_window();
	if (!PG_ARGISNULL(0))
		window.duration_ms = interval_ms(PG_GETARG_INTERVAL_P(0));
	if (!PG_ARGISNULL(1))
		window.initial_connections = session_cap("initial_connections", PG_GETARG_INT32(1));
	if (!PG_ARGISNULL(2))
		window.target_connections = session_cap("target_connections", PG_GETARG_INT32(2));
	if (!PG_ARGISNULL(3))
		window.initial_transactions = transaction_cap("initial_transactions", PG_GETARG_INT32(3));
	if (!PG_ARGISNULL(4))
		window.target_transactions = transaction_cap("target_transactions", PG_GETARG_INT32(4));
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		check_order("connections", window.initial_connections, window.target_connections);
	if (!PG_ARGISNULL(3) && !PG_ARGISNULL(4))
		check_order("transactions", window.initial_transactions, window.target_transactions);
	check_duration(&window);
	tell_if_not_binding();

	adm_state_begin_warmup(ADM_TRIGGER_MANUAL, &window,
						   psprintf("started by %s", session_user_name()));
	log_change("started");
	PG_RETURN_DATUM(finish_change());
}

Datum
adm_stop_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_stop_warmup())
		log_change("stopped");
	else
		ereport(NOTICE, (errmsg("no warm-up runs")));
	PG_RETURN_DATUM(finish_change());
}

Datum
adm_hold_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_hold_warmup())
		log_change("held");
	else if (adm_state_warmup().warmup.phase == ADM_PHASE_OPEN)
		no_warmup_runs("hold");
	PG_RETURN_DATUM(finish_change());
}

Datum
adm_continue_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_continue_warmup())
		log_change("continued");
	else if (adm_state_warmup().warmup.phase == ADM_PHASE_OPEN)
		no_warmup_runs("continue");
	PG_RETURN_DATUM(finish_change());
}

Datum
adm_reset_counters(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	adm_counters_reset();
	adm_permits_reset_admitted();
	PG_RETURN_VOID();
}
