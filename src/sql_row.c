/*
 * sql_row.c - rows for SQL, filled column by column.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "mb/pg_wchar.h"
#include "sql_row.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

void
adm_row_put(AdmRow *row, Datum value)
{
	Assert(row->count < ADM_MOST_COLUMNS);
	row->nulls[row->count] = false;
	row->values[row->count++] = value;
}

void
adm_row_put_null(AdmRow *row)
{
	Assert(row->count < ADM_MOST_COLUMNS);
	row->nulls[row->count] = true;
	row->values[row->count++] = (Datum) 0;
}

void
adm_row_put_text(AdmRow *row, const char *text)
{
	adm_row_put(row, CStringGetTextDatum(text));
}

/* From a SQL_ASCII database text goes to the client as it is, if that may be. */
static bool
is_readable(const char *text)
{
	int			encoding = GetDatabaseEncoding();
	int			length = (int) strlen(text);

	if (encoding != PG_SQL_ASCII)
		return pg_verify_mbstr(encoding, text, length, true);
	return pg_verify_mbstr(PG_UTF8, text, length, true) &&
		pg_verify_mbstr(pg_get_client_encoding(), text, length, true);
}

char *
adm_row_readable(const char *text)
{
	char	   *clean = pstrdup(text);

	if (!is_readable(text))
	{
		for (char *c = clean; *c; c++)
		{
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
		}
	}
	return clean;
}

void
adm_row_put_client_text(AdmRow *row, const char *text)
{
	if (text[0] == '\0')
		adm_row_put_null(row);
	else
		adm_row_put_text(row, adm_row_readable(text));
}

void
adm_row_put_real(AdmRow *row, double value)
{
	if (isnan(value))
		adm_row_put_null(row);
	else
		adm_row_put(row, Float8GetDatum(value));
}

void
adm_row_put_bytes(AdmRow *row, double value)
{
	if (isnan(value))
		adm_row_put_null(row);
	else
		adm_row_put(row, Int64GetDatum((int64) value));
}

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

Datum
adm_row_datum(AdmRow *row, FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	require_columns(row->count, tupdesc);
	tupdesc = BlessTupleDesc(tupdesc);
	return HeapTupleGetDatum(heap_form_tuple(tupdesc, row->values, row->nulls));
}

ReturnSetInfo *
adm_rows_begin(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	return (ReturnSetInfo *) fcinfo->resultinfo;
}

void
adm_rows_add(ReturnSetInfo *rsinfo, AdmRow *row)
{
	require_columns(row->count, rsinfo->setDesc);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row->values, row->nulls);
}
