/*
 * sql_runaways.c - the function behind the view runaways.
 */
#include "postgres.h"

#include "runaways.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_runaways);

Datum
adm_runaways(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmRunaway *found;
	int			count;

	adm_sql_require_reader("runaways");
	rsinfo = adm_rows_begin(fcinfo);
	found = adm_runaways_find(true, &count);
	for (int i = 0; i < count; i++)
	{
		AdmRow		row = {.count = 0};

		adm_row_put(&row, Int32GetDatum(found[i].target.pid));
		adm_row_put(&row, TimestampTzGetDatum(found[i].target.start));
		adm_row_put_text(&row, adm_runaway_kind_name(found[i].kind));
		adm_row_put_real(&row, found[i].value);
		adm_row_put_real(&row, found[i].limit);
		adm_row_put(&row, BoolGetDatum(adm_runaways_is_protected(&found[i])));
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}
