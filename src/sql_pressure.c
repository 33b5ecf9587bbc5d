/*
 * sql_pressure.c - pressure, pressure_history, sample_now.
 */
#include "postgres.h"

#include <math.h>

#include "epoch.h"
#include "history.h"
#include "os/clock.h"
#include "samples.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_pressure);
PG_FUNCTION_INFO_V1(adm_pressure_history);
PG_FUNCTION_INFO_V1(adm_sample_now);

/* How long a caller waits for the controller. */
#define SAMPLE_TIMEOUT_MS	5000

static void
put_cpu(AdmRow *row, const AdmPressure *p)
{
	adm_row_put_real(row, p->cpu_demand);
	adm_row_put_real(row, p->cpu_used);
	adm_row_put_real(row, p->run_queue_wait);
	adm_row_put_real(row, p->runnable_backends);
	adm_row_put_real(row, p->cores);
	adm_row_put_real(row, p->throttled);
	adm_row_put_real(row, p->steal);
	adm_row_put_real(row, p->load1);
	adm_row_put_real(row, p->load5);
	adm_row_put_real(row, p->load15);
}

static void
put_stalls(AdmRow *row, const AdmPressure *p)
{
	adm_row_put_real(row, p->cpu_some);
	adm_row_put_real(row, p->memory_some);
	adm_row_put_real(row, p->memory_full);
	adm_row_put_real(row, p->io_some);
	adm_row_put_real(row, p->io_full);
}

static void
put_memory(AdmRow *row, const AdmPressure *p)
{
	adm_row_put_bytes(row, p->memory_available);
	adm_row_put_bytes(row, p->memory_limit);
	adm_row_put_real(row, p->memory_used);
}

Datum
adm_pressure(PG_FUNCTION_ARGS)
{
	AdmMachineSample sample;
	AdmRow		row = {.count = 0};
	char		sources[ADM_SOURCES_SIZE];

	adm_sql_require_reader("pressure");
	adm_samples_machine(&sample);
	adm_row_put_text(&row, adm_level_name(sample.level.level));
	if (sample.level.level == ADM_LEVEL_COMFORTABLE)
		adm_row_put_null(&row);
	else
		adm_row_put_text(&row, sample.level.cause);
	put_cpu(&row, &sample.pressure);
	put_stalls(&row, &sample.pressure);
	put_memory(&row, &sample.pressure);
	adm_pressure_sources(&sample.pressure, sources, sizeof(sources));
	adm_row_put_text(&row, sources);
	adm_row_put_real(&row, sample.pressure.window_s);
	if (sample.number == 0)
	{
		adm_row_put_null(&row);
		adm_row_put_null(&row);
	}
	else
	{
		adm_row_put(&row, TimestampTzGetDatum(sample.taken_at));
		adm_row_put_real(&row, (adm_clock_ms() - sample.taken_ms) / 1000.0);
	}
	PG_RETURN_DATUM(adm_row_datum(&row, fcinfo));
}

/* A column of the history, by its kind. */
static void
put_history(AdmRow *row, const AdmHistoryEntry *entry, const AdmHistoryColumn *column)
{
	const char *place = (const char *) entry + column->offset;
	int64		whole;

	switch (column->kind)
	{
		case ADM_COLUMN_REAL:
			adm_row_put_real(row, *(const double *) place);
			return;
		case ADM_COLUMN_LEVEL:
			adm_row_put_text(row, adm_level_name(entry->level));
			return;
		case ADM_COLUMN_TIME:
			adm_row_put(row, TimestampTzGetDatum(*(const int64 *) place - ADM_EPOCH_US));
			return;
		case ADM_COLUMN_COUNT:
		case ADM_COLUMN_CAP:
			break;
	}
	whole = *(const int64 *) place;
	if (whole < 0)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int64GetDatum(whole));
}

Datum
adm_pressure_history(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmHistoryEntry *entries;
	int			count;

	adm_sql_require_reader("pressure_history");
	rsinfo = adm_rows_begin(fcinfo);
	entries = adm_history_read(&count);
	for (int i = 0; i < count; i++)
	{
		AdmRow		row = {.count = 0};

		for (int column = 0; column < adm_history_column_count; column++)
			put_history(&row, &entries[i], &adm_history_columns[column]);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}

Datum
adm_sample_now(PG_FUNCTION_ARGS)
{
	AdmMachineSample sample;

	adm_sql_require_reader("sample_now");
	if (!adm_samples_wait_fresh(SAMPLE_TIMEOUT_MS))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no fresh sample came within %d s", SAMPLE_TIMEOUT_MS / 1000),
				 errhint("The controller does not run or is stuck: see the column advice of admission.status.")));
	adm_samples_machine(&sample);
	PG_RETURN_TIMESTAMPTZ(sample.taken_at);
}
