/*
 * sql_services.c - the view services, and pausing services and bringing them
 * back.
 *
 * Who may call them is a matter of GRANT, as for the warm-up.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "counters.h"
#include "events.h"
#include "executor/spi.h"
#include "permits.h"
#include "postmaster/interrupt.h"
#include "service_use.h"
#include "services.h"
#include "settings.h"
#include "sql_access.h"
#include "sql_change.h"
#include "sql_row.h"
#include "state.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_services);
PG_FUNCTION_INFO_V1(adm_check_service);
PG_FUNCTION_INFO_V1(adm_pause_service);
PG_FUNCTION_INFO_V1(adm_pause_services);
PG_FUNCTION_INFO_V1(adm_resume_service);
PG_FUNCTION_INFO_V1(adm_resume_services);

#define PERCENT				100.0
/* A share of less than that, in cores, says nothing. */
#define LEAST_USE			0.01

#define LONGEST_GRACE_MS	(60 * 60 * 1000.0)

/*
 * The view.
 */

/* NULL: it is not paused. */
static const char *
paused_by(const AdmServiceView *view)
{
	bool		by_function = adm_service_is_shut(&view->state);

	if (!adm_services_view_is_paused(view))
		return NULL;
	if (view->paused_by_setting)
		return by_function ? "setting and function" : "setting";
	return "function";
}

static void
put_state(AdmRow *row, const AdmServiceView *view)
{
	AdmServicePhase phase = adm_services_view_phase(view);
	const char *by = paused_by(view);

	adm_row_put_text(row, adm_service_phase_name(phase));
	if (by)
		adm_row_put_text(row, by);
	else
		adm_row_put_null(row);
	if (phase == ADM_SERVICE_WAITS_ITS_TURN)
		adm_row_put(row, Int32GetDatum(view->state.turn));
	else
		adm_row_put_null(row);
	adm_row_put(row, Float8GetDatum(adm_services_view_progress(view)));
	if (phase == ADM_SERVICE_WAITS_ITS_TURN || phase == ADM_SERVICE_RESUMING)
		adm_row_put_real(row, (view->state.over_ms - view->state.spent_ms) / 1000.0);
	else
		adm_row_put_null(row);
}

static void
put_number(AdmRow *row, int number)
{
	if (number == ADM_UNLIMITED)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum(number));
}

/* The cap of this moment, which a pause or coming back makes lower. */
static void
put_cap(AdmRow *row, AdmGate gate, int service)
{
	AdmCounts	cap = adm_word_counts(adm_services_caps(gate, service));

	put_number(row, cap.present == ADM_NO_CAP ? ADM_UNLIMITED : (int) cap.present);
}

static void
put_rule(AdmRow *row, int service, const AdmServiceView *view)
{
	char	   *text = adm_services_rule_text(service);

	if (text)
		adm_row_put_client_text(row, text);
	else
		adm_row_put_null(row);
	adm_row_put_text(row, adm_priority_name(view->rule.priority));
	adm_row_put(row, BoolGetDatum(view->rule.exempt));
	put_number(row, view->rule.limit);
	put_cap(row, ADM_GATE_CONNECTION, service);
	put_number(row, adm_service_running(view->rule.running, adm_state_cores()));
	put_cap(row, ADM_GATE_TRANSACTION, service);
	put_number(row, view->rule.patience_ms);
}

static void
put_counts(AdmRow *row, const AdmServiceCounts *counts)
{
	adm_row_put(row, Int32GetDatum(counts->sessions));
	adm_row_put(row, Int32GetDatum(counts->logins_waiting));
	adm_row_put(row, Int32GetDatum(counts->running));
	adm_row_put(row, Int32GetDatum(counts->waiting));
}

static void
put_quantile(AdmRow *row, const AdmGateTotals *t, double share)
{
	int64		ms = adm_counters_wait_quantile_ms(t, share);

	if (ms < 0)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int64GetDatum(ms));
}

static void
put_totals(AdmRow *row, AdmGate gate, int service)
{
	AdmGateTotals t;

	adm_counters_read_service(gate, service, &t);
	adm_row_put(row, Int64GetDatum((int64) t.count[ADM_TOTAL_HELD]));
	adm_row_put(row, Int64GetDatum((int64) adm_counters_refused(&t)));
	adm_row_put(row, Int64GetDatum((int64) adm_counters_abandoned(&t)));
	put_quantile(row, &t, 0.5);
	put_quantile(row, &t, 0.95);
	put_quantile(row, &t, 0.99);
}

static void
put_use(AdmRow *row, const AdmServiceUse *use, int service)
{
	adm_row_put_real(row, use->known ? use->of_service[service] * PERCENT : NAN);
	adm_row_put_real(row, use->of_all >= LEAST_USE ? use->of_service[service] / use->of_all : NAN);
}

Datum
adm_services(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmServiceUse use;
	AdmServiceCounts counts[ADM_SERVICE_ENTRIES];

	adm_sql_require_reader("services");
	rsinfo = adm_rows_begin(fcinfo);
	adm_service_use_read(&use);
	adm_permits_count_services(counts);
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;
		AdmRow		row = {.count = 0};

		if (!adm_services_view(i, &view))
			continue;
		put_number(&row, view.place >= 0 ? view.place : ADM_UNLIMITED);
		adm_row_put_client_text(&row, view.name);
		put_rule(&row, i, &view);
		put_state(&row, &view);
		put_counts(&row, &counts[i]);
		put_totals(&row, ADM_GATE_TRANSACTION, i);
		put_totals(&row, ADM_GATE_CONNECTION, i);
		put_use(&row, &use, i);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}

/*
 * Which services.
 */

/* The more important first, then as in the rules. */
static int
compare_importance(const void *a, const void *b)
{
	AdmServiceView of_a;
	AdmServiceView of_b;

	(void) adm_services_view(*(const int *) a, &of_a);
	(void) adm_services_view(*(const int *) b, &of_b);
	if (of_a.rule.priority != of_b.rule.priority)
		return (int) of_b.rule.priority - (int) of_a.rule.priority;
	return of_a.place - of_b.place;
}

static int
all_services(int services[ADM_SERVICE_ENTRIES], bool (*condition) (const AdmServiceView *view))
{
	int			count = 0;

	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;

		if (adm_services_view(i, &view) && condition(&view))
			services[count++] = i;
	}
	qsort(services, count, sizeof(int), compare_importance);
	return count;
}

static bool
any_service(const AdmServiceView *view)
{
	return true;
}

/* In their order. */
static char *
list_names(const int *services, int count)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < count; i++)
	{
		AdmServiceView view;

		if (adm_services_view(services[i], &view))
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", view.name);
	}
	return names.data;
}

/* For the hint of an error. */
static char *
all_names(void)
{
	int			services[ADM_SERVICE_ENTRIES];

	return list_names(services, all_services(services, any_service));
}

static bool
rules_are_published(const char *unused)
{
	return !ConfigReloadPending && adm_services_are_published();
}

/* All functions begin so: what a reload has just changed is to count. */
static void
begin_change(void)
{
	adm_sql_require_preloaded();
	(void) adm_sql_published_soon(rules_are_published, NULL);
}

static bool
exists(const char *name)
{
	return adm_services_find(name) != ADM_NO_SERVICE;
}

static int
find_service(const char *name)
{
	int			service = adm_sql_published_soon(exists, name) ? adm_services_find(name) : ADM_NO_SERVICE;

	if (service == ADM_NO_SERVICE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("service \"%s\" does not exist", name),
				 errhint("The services of pg_admission.services are: %s.", all_names())));
	return service;
}

Datum
adm_check_service(PG_FUNCTION_ARGS)
{
	AdmServiceView view;

	adm_sql_require_preloaded();
	(void) adm_services_view(find_service(text_to_cstring(PG_GETARG_TEXT_PP(0))), &view);
	if (PG_GETARG_BOOL(1) && !adm_services_view_is_paused(&view))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("service \"%s\" is not paused", view.name),
				 errhint("To pause it and close its sessions: admission.pause_service(..., disconnect => true).")));
	PG_RETURN_VOID();
}

/* The services of an argument, an array of names without nulls. */
static int
named_services(ArrayType *names, int services[ADM_SERVICE_ENTRIES])
{
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	if (count > ADM_SERVICE_ENTRIES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many services: %d", count)));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of a service must not be null")));
		services[i] = find_service(TextDatumGetCString(values[i]));
	}
	return count;
}

/*
 * Pausing.
 */

static bool
can_be_paused(const AdmServiceView *view)
{
	return !view->rule.exempt && view->place >= 0;
}

static void
refuse_to_pause_exempt(int service)
{
	AdmServiceView view;

	if (adm_services_view(service, &view) && view.rule.exempt)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("service \"%s\" cannot be paused: it is exempt", view.name),
				 errhint("Take exempt=on out of its rule in pg_admission.services.")));
}

static void
note_change(const AdmServiceView *view, const char *what, const char *detail)
{
	adm_events_note(ADM_EVENT_SERVICE,
					psprintf("pg_admission: service \"%s\" %s by %s",
							 view->name, what, adm_sql_session_user()),
					detail);
}

static bool
waits_its_turn(const AdmServiceView *view)
{
	return view->state.phase == ADM_SERVICE_WAITS_ITS_TURN;
}

/* One that comes back, or waits to, is paused again.  Returns whether it was not. */
static bool
pause_one(int service)
{
	int			others[ADM_SERVICE_ENTRIES];
	int			waiting;
	AdmServiceView view;

	if (!adm_services_view(service, &view))
		return false;
	if (view.state.phase == ADM_SERVICE_PAUSED)
	{
		ereport(NOTICE, (errmsg("service \"%s\" is paused already", view.name)));
		return false;
	}
	waiting = all_services(others, waits_its_turn);
	if (view.state.phase != ADM_SERVICE_RESUMING || view.state.turn == 0)
		waiting = 0;
	(void) adm_services_pause(view.name);
	note_change(&view, "was paused",
				waiting > 0 ? psprintf("So are those that waited behind it: %s.", list_names(others, waiting)) : NULL);
	if (waiting > 0)
		ereport(NOTICE,
				(errmsg("services that waited to come back after \"%s\" stay paused: %d", view.name, waiting),
				 errhint("To bring them back: admission.resume_services().")));
	return true;
}

static void
tell_about_pauses(void)
{
	adm_sql_tell_if_not_binding("the pause");
	if (!adm_transaction_gate)
		ereport(WARNING,
				(errmsg("the pause holds only logins: pg_admission.transaction_gate is off")));
	ereport(NOTICE,
			(errmsg("the pause holds on this server, through restart and crash, but does not follow a failover"),
			 errhint("What must be paused on other servers, too, belongs in pg_admission.paused_services.")));
}

static void
put_service(ReturnSetInfo *rsinfo, int service)
{
	AdmServiceView view;
	AdmRow		row = {.count = 0};

	if (!adm_services_view(service, &view))
		return;
	adm_row_put_client_text(&row, view.name);
	put_state(&row, &view);
	adm_rows_add(rsinfo, &row);
}

/* Answers with the services and how they are now. */
static void
put_services(ReturnSetInfo *rsinfo, const int *services, int count)
{
	for (int i = 0; i < count; i++)
		put_service(rsinfo, services[i]);
}

/* Whom to close, and how often to look, is SQL. */
static void
disconnect(FunctionCallInfo fcinfo)
{
	Oid			types[] = {TEXTOID, INTERVALOID};
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(2)};

	SPI_connect();
	if (SPI_execute_with_args("SELECT admission.disconnect_service($1, $2)", 2, types, values,
							  NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "disconnect_service() failed");
	SPI_finish();
}

static void
check_grace(FunctionCallInfo fcinfo)
{
	double		ms = PG_ARGISNULL(2) ? NAN : adm_sql_interval_ms(PG_GETARG_INTERVAL_P(2));

	if (!(ms >= 0 && ms <= LONGEST_GRACE_MS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("grace is out of range"),
				 errdetail("It must be between 0 and 1 hour.")));
}

static char *
name_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the name of a service must not be null")));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

/* How it is now, which is what the functions answer. */
static Datum
state_datum(int service)
{
	AdmServiceView view;

	(void) adm_services_view(service, &view);
	return CStringGetTextDatum(adm_service_phase_name(adm_services_view_phase(&view)));
}

Datum
adm_pause_service(PG_FUNCTION_ARGS)
{
	int			service;

	begin_change();
	check_grace(fcinfo);
	service = find_service(name_argument(fcinfo));
	refuse_to_pause_exempt(service);
	if (pause_one(service))
		tell_about_pauses();
	adm_sql_finish_change("the pause");
	if (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1))
		disconnect(fcinfo);
	PG_RETURN_DATUM(state_datum(service));
}

Datum
adm_pause_services(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	int			services[ADM_SERVICE_ENTRIES];
	bool		changed = false;
	int			count;

	begin_change();
	rsinfo = adm_rows_begin(fcinfo);
	count = PG_ARGISNULL(0) ? all_services(services, can_be_paused) :
		named_services(PG_GETARG_ARRAYTYPE_P(0), services);
	for (int i = 0; i < count; i++)
		refuse_to_pause_exempt(services[i]);
	for (int i = 0; i < count; i++)
		changed |= pause_one(services[i]);
	adm_sql_finish_change("the pause");
	if (changed)
		tell_about_pauses();
	put_services(rsinfo, services, count);
	return (Datum) 0;
}

/*
 * Coming back.
 */

static int64
over_argument_ms(FunctionCallInfo fcinfo, int n)
{
	double		ms;

	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("over must not be null"),
				 errhint("With an interval of 0 a service is open at once.")));
	ms = adm_sql_interval_ms(PG_GETARG_INTERVAL_P(n));
	if (!(ms >= 0 && ms <= ADM_RESUME_LONGEST_MS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("over is out of range"),
				 errdetail("It must be between 0 and 24 days.")));
	return (int64) ms;
}

static bool
is_not_set(const char *name)
{
	AdmServiceView view;
	int			service = adm_services_find(name);

	return service == ADM_NO_SERVICE || !adm_services_view(service, &view) ||
		view.rule.exempt || !view.paused_by_setting;
}

/* The same of all that are paused by a function. */
static bool
none_is_set(const char *unused)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;

		if (adm_services_view(i, &view) && view.paused_by_setting && adm_service_is_shut(&view.state))
			return false;
	}
	return true;
}

static void
refuse_if_set(const AdmServiceView *view)
{
	if (!adm_sql_published_soon(is_not_set, view->name))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("service \"%s\" is paused by the setting pg_admission.paused_services", view->name),
				 errhint("For it to come back step by step: pause it with admission.pause_service(), too; take it out of the setting and reload; then resume it.")));
}

Datum
adm_resume_service(PG_FUNCTION_ARGS)
{
	AdmServiceView view;
	int64		over_ms;
	int			service;

	begin_change();
	over_ms = over_argument_ms(fcinfo, 1);
	service = find_service(name_argument(fcinfo));
	if (!adm_services_view(service, &view))
		elog(ERROR, "service %d has gone", service);
	refuse_if_set(&view);
	if (view.state.phase == ADM_SERVICE_OPEN)
		ereport(NOTICE, (errmsg("service \"%s\" is not paused", view.name)));
	else if (view.state.phase == ADM_SERVICE_RESUMING && over_ms > 0)
		ereport(NOTICE,
				(errmsg("service \"%s\" comes back already", view.name),
				 errhint("To open it at once: over => '0'.")));
	else
	{
		(void) adm_services_resume(view.name, over_ms);
		note_change(&view, "was resumed", NULL);
	}
	adm_sql_finish_change("the service");
	PG_RETURN_DATUM(state_datum(service));
}

static bool
is_shut(const AdmServiceView *view)
{
	return adm_services_view_is_paused(view);
}

static bool
is_not_open(const AdmServiceView *view)
{
	return is_shut(view) || view->state.phase != ADM_SERVICE_OPEN;
}

/* Whom the setting pauses stays so, and is told of where it was not named. */
static int
leave_out_set(int *services, int count, bool named)
{
	int			left = 0;

	for (int i = 0; i < count; i++)
	{
		AdmServiceView view;

		if (!adm_services_view(services[i], &view))
			continue;
		if (named)
			refuse_if_set(&view);
		if (view.paused_by_setting)
			ereport(NOTICE,
					(errmsg("service \"%s\" stays paused, by the setting pg_admission.paused_services", view.name)));
		else
			services[left++] = services[i];
	}
	return left;
}

static int
resume_in_turn(const int *services, int count, int64 over_ms)
{
	AdmServiceView views[ADM_SERVICE_ENTRIES];
	const char *names[ADM_SERVICE_ENTRIES];

	for (int i = 0; i < count; i++)
	{
		(void) adm_services_view(services[i], &views[i]);
		names[i] = views[i].name;
	}
	return adm_services_resume_in_turn(names, count, over_ms);
}

static int
resume_at_once(const int *services, int count)
{
	int			resumed = 0;

	for (int i = 0; i < count; i++)
	{
		AdmServiceView view;

		if (adm_services_view(services[i], &view) && view.state.phase != ADM_SERVICE_OPEN)
			resumed += adm_services_resume(view.name, 0);
	}
	return resumed;
}

Datum
adm_resume_services(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	int			services[ADM_SERVICE_ENTRIES];
	bool		named = !PG_ARGISNULL(1);
	int64		over_ms;
	int			count;
	int			resumed;

	begin_change();
	(void) adm_sql_published_soon(none_is_set, NULL);
	rsinfo = adm_rows_begin(fcinfo);
	over_ms = over_argument_ms(fcinfo, 0);
	count = named ? named_services(PG_GETARG_ARRAYTYPE_P(1), services) :
		all_services(services, over_ms > 0 ? is_shut : is_not_open);
	count = leave_out_set(services, count, named);
	resumed = over_ms > 0 ? resume_in_turn(services, count, over_ms) : resume_at_once(services, count);
	if (resumed == 0)
		ereport(NOTICE, (errmsg("there is no service to bring back")));
	else
		adm_events_note(ADM_EVENT_SERVICE,
						psprintf("pg_admission: %d service%s resumed%s by %s",
								 resumed, resumed == 1 ? " was" : "s were",
								 over_ms > 0 && resumed > 1 ? ", one after another," : "",
								 adm_sql_session_user()),
						psprintf("In this order: %s; each in %.1f s.", list_names(services, count), over_ms / 1000.0));
	adm_sql_finish_change("the services");
	put_services(rsinfo, services, count);
	return (Datum) 0;
}
