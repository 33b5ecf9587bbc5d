/*
 * sql_change.c - what functions have in common that change what the server
 * admits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "permits.h"
#include "settings.h"
#include "sql_change.h"
#include "state.h"

/* How long a caller waits for the state file before it is warned. */
#define SAVE_TIMEOUT_MS		3000

const char *
adm_sql_session_user(void)
{
	return GetUserNameFromId(GetSessionUserId(), false);
}

void
adm_sql_finish_change(const char *what)
{
	adm_permits_serve_lines();
	if (!adm_state_wait_saved(SAVE_TIMEOUT_MS))
		ereport(WARNING,
				(errmsg("%s has changed, but could not be saved yet", what),
				 errdetail("A restart would forget the change."),
				 errhint("See the server log, and controller_heartbeat_age_ms in admission.status.")));
}

void
adm_sql_tell_if_not_binding(const char *what)
{
	if (adm_state_mode() != ADM_MODE_ENFORCE)
		ereport(WARNING,
				(errmsg("%s holds nobody: pg_admission.mode is \"%s\"",
						what, adm_mode_name(adm_state_mode()))));
}
