/*
 * sql_status.c - the functions behind the views status and waiting.
 *
 * They take their reports and lines from below and only make rows of them.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "epoch.h"
#include "miscadmin.h"
#include "policy/brake.h"
#include "report.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_status);
PG_FUNCTION_INFO_V1(adm_waiting);

static void
put_cap(AdmRow *row, uint32 cap)
{
	if (cap == ADM_NO_CAP)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum((int32) cap));
}

static void
put_total(AdmRow *row, const AdmGateTotals *totals, AdmTotal total)
{
	adm_row_put(row, Int64GetDatum((int64) totals->count[total]));
}

static void
put_warmup(AdmRow *row, const AdmWarmup *w)
{
	if (w->trigger == ADM_TRIGGER_NONE)
	{
		adm_row_put_null(row);
		adm_row_put_null(row);
	}
	else
	{
		adm_row_put(row, CStringGetTextDatum(adm_trigger_name(w->trigger)));
		adm_row_put(row, TimestampTzGetDatum(w->started_at_us - ADM_EPOCH_US));
	}
	adm_row_put(row, Float8GetDatum(adm_warmup_progress(w)));
}

/* The one that was pulled comes first: it was somebody's last word. */
static void
put_brake(AdmRow *row, const AdmWarmupState *s)
{
	char		buffer[ADM_BRAKE_TEXT_SIZE];

	adm_row_put_text(row, adm_brake_print(s->pulled_brake != ADM_BRAKE_OFF ?
										  s->pulled_brake : s->set_brake, buffer));
}

static void
put_health(AdmRow *row, const AdmFitness *f)
{
	if (f->checked_at == 0)
	{
		adm_row_put_null(row);
		adm_row_put_null(row);
		return;
	}
	adm_row_put(row, Int32GetDatum(f->blocking));
	adm_row_put(row, TimestampTzGetDatum(f->checked_at));
}

static void
put_paused(AdmRow *row, const AdmReport *r)
{
	adm_row_put(row, Int32GetDatum(r->services.shut));
}

static void
put_connections(AdmRow *row, const AdmReport *r)
{
	AdmCounts	cap = r->cap[ADM_GATE_CONNECTION];
	AdmCounts	now = r->counts[ADM_GATE_CONNECTION];

	put_cap(row, cap.present);
	put_cap(row, cap.active);
	adm_row_put(row, Int32GetDatum((int32) now.present));
	adm_row_put(row, Int32GetDatum((int32) now.active));
	adm_row_put(row, Int32GetDatum((int32) now.waiting));
	adm_row_put(row, Int32GetDatum(r->exempt));
	adm_row_put(row, Int32GetDatum(r->lane));
}

static void
put_transactions(AdmRow *row, const AdmReport *r)
{
	put_cap(row, r->cap[ADM_GATE_TRANSACTION].active);
	adm_row_put(row, Int32GetDatum(adm_report_running(r)));
	adm_row_put(row, Int32GetDatum(r->transactions[ADM_SLOT_WAITING]));
	adm_row_put(row, Int32GetDatum(r->transactions[ADM_SLOT_LENT]));
	adm_row_put(row, Int32GetDatum(r->transactions[ADM_SLOT_PRESENT]));
}

static void
put_connection_totals(AdmRow *row, const AdmTotals *totals)
{
	const AdmGateTotals *t = &totals->gate[ADM_GATE_CONNECTION];

	adm_row_put(row, Int64GetDatum((int64) adm_permits_admitted(ADM_GATE_CONNECTION)));
	put_total(row, t, ADM_TOTAL_HELD);
	put_total(row, t, ADM_TOTAL_HANDED_ON);
	put_total(row, t, ADM_TOTAL_PASSED);
	adm_row_put(row, Int64GetDatum((int64) adm_counters_refused(t)));
	put_total(row, t, ADM_TOTAL_REFUSED_TIMEOUT);
	put_total(row, t, ADM_TOTAL_REFUSED_SLOTS);
	put_total(row, t, ADM_TOTAL_REFUSED_SERVICE);
	adm_row_put(row, Int64GetDatum((int64) adm_counters_abandoned(t)));
	put_total(row, t, ADM_TOTAL_ENDED);
	put_total(row, t, ADM_TOTAL_WOULD_HOLD_ACTIVE);
	put_total(row, t, ADM_TOTAL_WOULD_HOLD_PRESENT);
	adm_row_put(row, Int64GetDatum((int64) adm_counters_server_refused(totals)));
	adm_row_put(row, Int64GetDatum((int64) t->longest_wait_ms));
}

static void
put_transaction_totals(AdmRow *row, const AdmTotals *totals)
{
	const AdmGateTotals *t = &totals->gate[ADM_GATE_TRANSACTION];

	adm_row_put(row, Int64GetDatum((int64) adm_permits_admitted(ADM_GATE_TRANSACTION)));
	put_total(row, t, ADM_TOTAL_HELD);
	adm_row_put(row, Int64GetDatum((int64) adm_counters_refused(t)));
	put_total(row, t, ADM_TOTAL_REFUSED_SERVICE);
	adm_row_put(row, Int64GetDatum((int64) adm_counters_abandoned(t)));
	put_total(row, t, ADM_TOTAL_ENDED);
	put_total(row, t, ADM_TOTAL_PASSED);
	put_total(row, t, ADM_TOTAL_WOULD_HOLD_ACTIVE);
	adm_row_put(row, Int64GetDatum((int64) t->longest_wait_ms));
}

static void
put_controller(AdmRow *row, const AdmControllerState *c)
{
	if (c->pid == 0)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum(c->pid));
	if (!c->started)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int64GetDatum(c->heartbeat_age_ms));
}

Datum
adm_status(PG_FUNCTION_ARGS)
{
	AdmReport	report;
	AdmRow		row = {.count = 0};

	adm_sql_require_reader("status");
	adm_report_read(&report);
	adm_row_put_text(&row, adm_mode_name(report.mode));
	adm_row_put_text(&row, adm_report_phase(&report));
	adm_row_put_client_text(&row, adm_report_phase_reason(&report));
	adm_row_put_client_text(&row, adm_report_advice(&report));
	adm_row_put_text(&row, adm_level_name(report.state.level));
	put_warmup(&row, &report.state.warmup);
	put_brake(&row, &report.state);
	put_health(&row, &report.fitness);
	put_paused(&row, &report);
	put_connections(&row, &report);
	put_connection_totals(&row, &report.totals);
	put_transactions(&row, &report);
	put_transaction_totals(&row, &report.totals);
	adm_row_put(&row, Int64GetDatum((int64) report.totals.held_comfortable_ms));
	adm_row_put(&row, TimestampTzGetDatum(report.totals.reset_at));
	put_controller(&row, &report.controller);
	PG_RETURN_DATUM(adm_row_datum(&row, fcinfo));
}

/* The zone of a link-local address is no part of type inet. */
static void
put_address(AdmRow *row, char *address)
{
	char	   *zone = strchr(address, '%');

	if (zone)
		*zone = '\0';
	if (address[0] == '\0')
		adm_row_put_null(row);
	else
		adm_row_put(row, DirectFunctionCall1(inet_in, CStringGetDatum(address)));
}

static void
put_service(AdmRow *row, int service)
{
	AdmServiceView view;

	if (adm_services_view(service, &view))
		adm_row_put_client_text(row, view.name);
	else
		adm_row_put_null(row);
}

/* Who waits is for those who may read everybody's statistics. */
static void
put_login(AdmRow *row, AdmLogin *login, int service, bool may_read)
{
	if (!may_read)
	{
		for (int i = 0; i < 5; i++)
			adm_row_put_null(row);
		return;
	}
	adm_row_put_client_text(row, login->role);
	adm_row_put_client_text(row, login->database);
	adm_row_put_client_text(row, login->application_name);
	put_address(row, login->client_address);
	put_service(row, service);
}

Datum
adm_waiting(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	bool		may_read;
	AdmWaiter  *waiters;
	int			count;
	int			place = 0;

	adm_sql_require_preloaded();
	may_read = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	rsinfo = adm_rows_begin(fcinfo);
	waiters = adm_permits_waiters(&count);
	for (int i = 0; i < count; i++)
	{
		AdmWaiter  *waiter = &waiters[i];
		AdmRow		row = {.count = 0};

		adm_row_put_text(&row, waiter->gate == ADM_GATE_CONNECTION ? "connection" : "transaction");
		adm_row_put(&row, Int32GetDatum(waiter->session.pid));
		put_login(&row, &waiter->session.login, waiter->service, may_read);
		adm_row_put(&row, TimestampTzGetDatum(waiter->since));
		place = i > 0 && waiter->gate == waiters[i - 1].gate &&
			waiter->service == waiters[i - 1].service ? place + 1 : 1;
		adm_row_put(&row, Int32GetDatum(place));
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}
