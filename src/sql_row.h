/*
 * sql_row.h - rows for SQL, filled column by column.
 */
#ifndef ADM_SQL_ROW_H
#define ADM_SQL_ROW_H

#include "fmgr.h"
#include "funcapi.h"

#define ADM_MOST_COLUMNS	64

typedef struct AdmRow
{
	Datum		values[ADM_MOST_COLUMNS];
	bool		nulls[ADM_MOST_COLUMNS];
	int			count;
} AdmRow;

extern void adm_row_put(AdmRow *row, Datum value);
extern void adm_row_put_null(AdmRow *row);
extern void adm_row_put_text(AdmRow *row, const char *text);

/*
 * What a client sent may be of any encoding, or of none: it must not keep others
 * from reading a view.  Palloc'd, with question marks where it cannot be read.  In
 * a SQL_ASCII database, where nobody knows, UTF-8 can by clients who understand it.
 */
extern char *adm_row_readable(const char *text);

/* The same as a column; empty is null. */
extern void adm_row_put_client_text(AdmRow *row, const char *text);

/* NaN is null. */
extern void adm_row_put_real(AdmRow *row, double value);

/* A number of bytes; NaN is null. */
extern void adm_row_put_bytes(AdmRow *row, double value);

/* The datum of a row that a function returns alone. */
extern Datum adm_row_datum(AdmRow *row, FunctionCallInfo fcinfo);

/* Prepares a function that returns a set, and adds a row to it. */
extern ReturnSetInfo *adm_rows_begin(FunctionCallInfo fcinfo);
extern void adm_rows_add(ReturnSetInfo *rsinfo, AdmRow *row);

#endif							/* ADM_SQL_ROW_H */
