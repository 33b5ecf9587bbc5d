/*
 * sql_events.c - the function behind the view events.
 */
#include "postgres.h"

#include "epoch.h"
#include "events.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_events);

static void
put_field(AdmRow *row, const AdmEventEntry *entry, const AdmEventColumn *column)
{
	const char *place = (const char *) entry + column->offset;

	switch (column->kind)
	{
		case ADM_EVENT_COLUMN_TEXT:
			adm_row_put_client_text(row, place);
			return;
		case ADM_EVENT_COLUMN_KIND:
			adm_row_put_text(row, adm_event_kind_name(entry->kind));
			return;
		case ADM_EVENT_COLUMN_TIME:
		case ADM_EVENT_COLUMN_PID:
			break;
	}
	if (*(const int64 *) place == 0)
		adm_row_put_null(row);
	else if (column->kind == ADM_EVENT_COLUMN_PID)
		adm_row_put(row, Int32GetDatum((int32) *(const int64 *) place));
	else
		adm_row_put(row, TimestampTzGetDatum(*(const int64 *) place - ADM_EPOCH_US));
}

Datum
adm_events(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmEventEntry *entries;
	int			count;

	adm_sql_require_reader("events");
	rsinfo = adm_rows_begin(fcinfo);
	entries = adm_events_read(&count);
	for (int i = 0; i < count; i++)
	{
		AdmRow		row = {.count = 0};

		for (int c = 0; c < adm_event_column_count; c++)
			put_field(&row, &entries[i], &adm_event_columns[c]);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}
