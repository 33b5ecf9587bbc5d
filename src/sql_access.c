/*
 * sql_access.c - what every function callable from SQL checks first.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "sql_access.h"
#include "state.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

void
adm_sql_require_preloaded(void)
{
	if (adm_state_attached())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pg_admission must be loaded via shared_preload_libraries"),
			 errhint("Add pg_admission to shared_preload_libraries and restart the server.")));
}

void
adm_sql_require_reader(const char *function_name)
{
	adm_sql_require_preloaded();
	if (has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for function admission.%s", function_name),
			 errdetail("Only roles with privileges of the role \"pg_read_all_stats\" may see it."),
			 errhint("GRANT pg_monitor to the role.")));
}

double
adm_sql_interval_ms(const Interval *interval)
{
	return ((double) interval->month * DAYS_PER_MONTH + interval->day) *
		SECS_PER_DAY * 1000.0 + (double) interval->time / 1000.0;
}
