/*
 * sql_access.h - what every function callable from SQL checks first.
 */
#ifndef ADM_SQL_ACCESS_H
#define ADM_SQL_ACCESS_H

#include "datatype/timestamp.h"

/* Raises an error unless the library was preloaded. */
extern void adm_sql_require_preloaded(void);

/*
 * Raises an error unless, besides, the current user may read statistics of
 * all sessions: a GRANT to the wrong role must not show who logs in.
 */
extern void adm_sql_require_reader(const char *function_name);

/*
 * An interval in milliseconds; a month counts as 30 days, as in arithmetic with
 * intervals.
 */
extern double adm_sql_interval_ms(const Interval *interval);

#endif							/* ADM_SQL_ACCESS_H */
