/*
 * sql_health.c - health_check and health_profile.
 *
 * It works without preloading, too: then it says that the library is not loaded.
 * It runs with its owner's rights, so that statistics are seen; what it tells is
 * names and numbers, and whom it tells is a matter of GRANT.
 */
#include "postgres.h"

#include "deep_check.h"
#include "executor/spi.h"
#include "health.h"
#include "health_checks.h"
#include "sql_access.h"
#include "sql_row.h"
#include "state.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(adm_health_check);
PG_FUNCTION_INFO_V1(adm_health_profile);

#define DOCS		"health.md#"
#define PROFILE_KEY	"role_settings"

static void
put_text_or_null(AdmRow *row, const char *text)
{
	if (text)
		adm_row_put_text(row, text);
	else
		adm_row_put_null(row);
}

static void
put_finding(ReturnSetInfo *rsinfo, const AdmFinding *f)
{
	AdmRow		row = {.count = 0};

	adm_row_put_text(&row, adm_severity_name(f->severity));
	adm_row_put_text(&row, f->check);
	put_text_or_null(&row, f->object);
	put_text_or_null(&row, f->evidence);
	put_text_or_null(&row, f->cost);
	put_text_or_null(&row, f->remedy);
	adm_row_put_text(&row, psprintf(DOCS "%s", f->check));
	adm_rows_add(rsinfo, &row);
}

static bool
is_profile(Jsonb *profile)
{
	JsonbValue	key = {.type = jbvString, .val.string = {strlen(PROFILE_KEY), PROFILE_KEY}};

	return JB_ROOT_IS_OBJECT(profile) &&
		findJsonbValueFromContainer(&profile->root, JB_FOBJECT, &key) != NULL;
}

static char *
profile_argument(FunctionCallInfo fcinfo)
{
	Jsonb	   *profile;

	if (PG_ARGISNULL(1))
		return NULL;
	profile = PG_GETARG_JSONB_P(1);
	if (!is_profile(profile))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not the profile of an instance"),
				 errhint("Take what admission.health_profile() or scripts/health_profile.sql printed on the old instance.")));
	return JsonbToCString(NULL, &profile->root, VARSIZE(profile));
}

static void
start_deep_check(void)
{
	adm_sql_require_preloaded();
	switch (adm_deep_check_start())
	{
		case ADM_DEEP_RUNS_ELSEWHERE:
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("a deep check runs in another database"),
					 errhint("Ask again when it has ended; see pg_stat_activity.")));
			break;
		case ADM_DEEP_NO_WORKER:
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("the deep check could not be started: no worker slot is free"),
					 errhint("See max_worker_processes.")));
			break;
		case ADM_DEEP_STARTED:
		case ADM_DEEP_RUNS:
		case ADM_DEEP_IS_FRESH:
			break;
	}
}

Datum
adm_health_check(PG_FUNCTION_ARGS)
{
	bool		deep = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	char	   *profile = profile_argument(fcinfo);
	ReturnSetInfo *rsinfo = adm_rows_begin(fcinfo);
	AdmFindings all;

	if (deep)
		start_deep_check();
	all = adm_health_run(false, profile);
	if (adm_state_attached())
		adm_deep_check_add_progress(&all);
	adm_findings_sort(&all);
	for (int i = 0; i < all.count; i++)
		put_finding(rsinfo, &all.findings[i]);
	return (Datum) 0;
}

Datum
adm_health_profile(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		profile;
	bool		is_null;
	int			result;

	SPI_connect();
	result = SPI_execute(adm_health_profile_query, true, 0);
	if (result != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	profile = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	MemoryContextSwitchTo(context);
	profile = PointerGetDatum(PG_DETOAST_DATUM_COPY(profile));
	SPI_finish();
	PG_RETURN_DATUM(profile);
}
