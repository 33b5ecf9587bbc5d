/*
 * sql_status.c - the functions behind the views status and waiting.
 *
 * They take their reports and lines from below and only make rows of them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "report.h"
#include "sql_access.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_status);
PG_FUNCTION_INFO_V1(adm_waiting);

#define MOST_COLUMNS		32

/* A row as it is filled, column by column. */
typedef struct Row
{
	Datum		values[MOST_COLUMNS];
	bool		nulls[MOST_COLUMNS];
	int			count;
} Row;

/* The extension's script and the library may be of different versions. */
static void
require_columns(int count, TupleDesc tupdesc)
{
	if (count == tupdesc->natts)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the extension pg_admission is not of the version of its library"),
			 errhint("Run ALTER EXTENSION pg_admission UPDATE, or restart the server with the library that belongs to it.")));
}

static void
put(Row *row, Datum value)
{
	row->nulls[row->count] = false;
	row->values[row->count++] = value;
}

static void
put_null(Row *row)
{
	row->nulls[row->count] = true;
	row->values[row->count++] = (Datum) 0;
}

static void
put_cap(Row *row, uint32 cap)
{
	if (cap == ADM_NO_CAP)
		put_null(row);
	else
		put(row, Int32GetDatum((int32) cap));
}

static void
put_total(Row *row, const AdmTotals *totals, AdmTotal total)
{
	put(row, Int64GetDatum((int64) totals->count[total]));
}

static void
put_warmup(Row *row, const AdmWarmup *w)
{
	if (w->trigger == ADM_TRIGGER_NONE)
	{
		put_null(row);
		put_null(row);
	}
	else
	{
		int64		epoch_us = ((int64) POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
		SECS_PER_DAY * USECS_PER_SEC;

		put(row, CStringGetTextDatum(adm_trigger_name(w->trigger)));
		put(row, TimestampTzGetDatum(w->started_at_us - epoch_us));
	}
	put(row, Float8GetDatum(adm_warmup_progress(w)));
}

static void
put_connections(Row *row, const AdmReport *r)
{
	put_cap(row, r->cap.present);
	put_cap(row, r->cap.active);
	put(row, Int32GetDatum((int32) r->gate.counts.present));
	put(row, Int32GetDatum((int32) r->gate.counts.active));
	put(row, Int32GetDatum((int32) r->gate.counts.waiting));
	put(row, Int32GetDatum(r->gate.exempt));
	put(row, Int32GetDatum(r->gate.lane));
}

static void
put_totals(Row *row, const AdmTotals *t)
{
	put_total(row, t, ADM_TOTAL_ADMITTED);
	put_total(row, t, ADM_TOTAL_HELD);
	put_total(row, t, ADM_TOTAL_HANDED_ON);
	put(row, Int64GetDatum((int64) (t->count[ADM_TOTAL_REFUSED_TIMEOUT] +
									t->count[ADM_TOTAL_REFUSED_SLOTS])));
	put_total(row, t, ADM_TOTAL_REFUSED_TIMEOUT);
	put_total(row, t, ADM_TOTAL_REFUSED_SLOTS);
	put_total(row, t, ADM_TOTAL_ABANDONED);
	put_total(row, t, ADM_TOTAL_ENDED);
	put_total(row, t, ADM_TOTAL_WOULD_HOLD_STARTS);
	put_total(row, t, ADM_TOTAL_WOULD_HOLD_SESSIONS);
	put(row, Int64GetDatum((int64) t->longest_wait_ms));
	put(row, TimestampTzGetDatum(t->reset_at));
}

static void
put_controller(Row *row, const AdmControllerState *c)
{
	if (c->pid == 0)
		put_null(row);
	else
		put(row, Int32GetDatum(c->pid));
	if (!c->started)
		put_null(row);
	else
		put(row, Int64GetDatum(c->heartbeat_age_ms));
}

Datum
adm_status(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	AdmReport	report;
	Row			row = {.count = 0};

	adm_sql_require_reader("status");
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	adm_report_read(&report);
	put(&row, CStringGetTextDatum(adm_mode_name(report.mode)));
	put(&row, CStringGetTextDatum(adm_report_phase(&report)));
	put(&row, CStringGetTextDatum(adm_report_phase_reason(&report)));
	put(&row, CStringGetTextDatum(adm_report_advice(&report)));
	put_warmup(&row, &report.state.warmup);
	put_connections(&row, &report);
	put_totals(&row, &report.totals);
	put_controller(&row, &report.controller);
	require_columns(row.count, tupdesc);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, row.values, row.nulls)));
}

/*
 * What a client sent as a name may be of any encoding, or of none: it must not
 * keep others from reading the view.
 */
static void
put_name(Row *row, const char *name)
{
	char	   *clean = pstrdup(name);

	if (!pg_verifymbstr(name, strlen(name), true))
	{
		for (char *c = clean; *c; c++)
		{
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
		}
	}
	put(row, CStringGetTextDatum(clean));
}

static void
put_text_or_null(Row *row, const char *text)
{
	if (text[0] == '\0')
		put_null(row);
	else
		put(row, CStringGetTextDatum(text));
}

/* The zone of a link-local address is no part of type inet. */
static void
put_address(Row *row, char *address)
{
	char	   *zone = strchr(address, '%');

	if (zone)
		*zone = '\0';
	if (address[0] == '\0')
		put_null(row);
	else
		put(row, DirectFunctionCall1(inet_in, CStringGetDatum(address)));
}

Datum
adm_waiting(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	AdmWaiter  *waiters;
	int			count;

	adm_sql_require_reader("waiting");
	InitMaterializedSRF(fcinfo, 0);
	waiters = adm_permits_waiters(&count);
	for (int i = 0; i < count; i++)
	{
		Row			row = {.count = 0};

		put(&row, CStringGetTextDatum("connection"));
		put(&row, Int32GetDatum(waiters[i].pid));
		put_name(&row, waiters[i].login.role);
		put_name(&row, waiters[i].login.database);
		put_text_or_null(&row, waiters[i].login.application_name);
		put_address(&row, waiters[i].login.client_address);
		put(&row, TimestampTzGetDatum(waiters[i].since));
		put(&row, Int32GetDatum(i + 1));
		require_columns(row.count, rsinfo->setDesc);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row.values, row.nulls);
	}
	return (Datum) 0;
}
