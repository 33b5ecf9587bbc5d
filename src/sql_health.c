/*
 * sql_health.c - health_check.
 *
 * It works without preloading, too: then it says that the library is not loaded.
 * It runs with its owner's rights, so that statistics are seen; what it tells is
 * names and numbers, and whom it tells is a matter of GRANT.
 */
#include "postgres.h"

#include "health.h"
#include "sql_row.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(adm_health_check);

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

	if (PG_ARGISNULL(0))
		return NULL;
	profile = PG_GETARG_JSONB_P(0);
	if (!is_profile(profile))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not the profile of an instance"),
				 errhint("Take what admission.health_profile() or scripts/health_profile.sql printed on the old instance.")));
	return JsonbToCString(NULL, &profile->root, VARSIZE(profile));
}

Datum
adm_health_check(PG_FUNCTION_ARGS)
{
	char	   *profile = profile_argument(fcinfo);
	ReturnSetInfo *rsinfo = adm_rows_begin(fcinfo);
	AdmFindings all = adm_health_run(false, profile);

	for (int i = 0; i < all.count; i++)
		put_finding(rsinfo, &all.findings[i]);
	return (Datum) 0;
}
