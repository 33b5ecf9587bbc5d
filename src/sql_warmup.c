/*
 * sql_warmup.c - start_warmup, stop_warmup, hold_warmup, continue_warmup, brake,
 * reset_counters.
 *
 * Who may call them is a matter of GRANT: they change what the server admits,
 * and tell nothing about anybody.
 */
#include "postgres.h"

#include "counters.h"
#include "events.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "permits.h"
#include "policy/brake.h"
#include "policy/per_core.h"
#include "policy/ramp.h"
#include "settings.h"
#include "sql_access.h"
#include "sql_change.h"
#include "state.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_start_warmup);
PG_FUNCTION_INFO_V1(adm_stop_warmup);
PG_FUNCTION_INFO_V1(adm_hold_warmup);
PG_FUNCTION_INFO_V1(adm_continue_warmup);
PG_FUNCTION_INFO_V1(adm_brake);
PG_FUNCTION_INFO_V1(adm_reset_counters);

static void
log_change(const char *what)
{
	adm_events_note(ADM_EVENT_WARMUP,
					psprintf("pg_admission: the warm-up was %s by %s",
							 what, adm_sql_session_user()),
					NULL);
}

/* Returns the phase, which is what the functions answer. */
static Datum
finish_warmup_change(void)
{
	adm_sql_finish_change("the warm-up");
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

static int64
duration_ms(const Interval *interval)
{
	double		ms = adm_sql_interval_ms(interval);

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

Datum
adm_start_warmup(PG_FUNCTION_ARGS)
{
	AdmWindow	window;

	adm_sql_require_preloaded();
	window = adm_settings_window();
	if (!PG_ARGISNULL(0))
		window.duration_ms = duration_ms(PG_GETARG_INTERVAL_P(0));
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
	adm_sql_tell_if_not_binding("the warm-up");

	adm_state_begin_warmup(ADM_TRIGGER_MANUAL, &window,
						   psprintf("started by %s", adm_sql_session_user()));
	log_change("started");
	PG_RETURN_DATUM(finish_warmup_change());
}

Datum
adm_stop_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_stop_warmup())
		log_change("stopped");
	else
		ereport(NOTICE, (errmsg("no warm-up runs")));
	PG_RETURN_DATUM(finish_warmup_change());
}

Datum
adm_hold_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_hold_warmup())
		log_change("held");
	else if (adm_state_warmup().warmup.phase == ADM_PHASE_OPEN)
		no_warmup_runs("hold");
	PG_RETURN_DATUM(finish_warmup_change());
}

Datum
adm_continue_warmup(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	if (adm_state_continue_warmup())
		log_change("continued");
	else if (adm_state_warmup().warmup.phase == ADM_PHASE_OPEN)
		no_warmup_runs("continue");
	PG_RETURN_DATUM(finish_warmup_change());
}

/*
 * The brake.
 */

static int
brake_argument(FunctionCallInfo fcinfo)
{
	char	   *word;
	int			brake;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the brake must be off, on, or a number")));
	word = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!adm_brake_parse(word, &brake))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for the brake: \"%s\"", word),
				 errdetail("It must be off, on, or how many transactions may run, from 1 to %d.",
						   ADM_BRAKE_MOST)));
	return brake;
}

/* What the caller may not expect. */
static void
tell_about_brake(int brake)
{
	if (brake == ADM_BRAKE_OFF && adm_state_warmup().set_brake != ADM_BRAKE_OFF)
		ereport(WARNING,
				(errmsg("the brake is still on: the setting pg_admission.brake says so"),
				 errhint("ALTER SYSTEM RESET pg_admission.brake; SELECT pg_reload_conf();")));
	if (brake == ADM_BRAKE_OFF)
		return;
	adm_sql_tell_if_not_binding("the brake");
	if (!adm_transaction_gate)
		ereport(WARNING,
				(errmsg("the brake holds only logins: pg_admission.transaction_gate is off")));
}

Datum
adm_brake(PG_FUNCTION_ARGS)
{
	char		buffer[ADM_BRAKE_TEXT_SIZE];
	const char *word;
	int			brake;

	adm_sql_require_preloaded();
	brake = brake_argument(fcinfo);
	word = adm_brake_print(brake, buffer);
	tell_about_brake(brake);
	adm_state_pull_brake(brake);
	adm_events_note(ADM_EVENT_BRAKE,
					psprintf("pg_admission: the brake was set to %s by %s", word, adm_sql_session_user()),
					NULL);
	adm_sql_finish_change("the brake");
	PG_RETURN_DATUM(CStringGetTextDatum(word));
}

Datum
adm_reset_counters(PG_FUNCTION_ARGS)
{
	adm_sql_require_preloaded();
	adm_counters_reset();
	adm_permits_reset_admitted();
	PG_RETURN_VOID();
}
