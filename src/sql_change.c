/*
 * sql_change.c - what functions have in common that change what the server
 * admits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "os/clock.h"
#include "permits.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "settings.h"
#include "sql_change.h"
#include "state.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/* How long a caller waits for the state file before it is warned. */
#define SAVE_TIMEOUT_MS		3000

/* How long the controller may take to publish what a reload has changed. */
#define PUBLISHED_WITHIN_MS	1000
#define SIGNALLED_WITHIN_MS	50
#define RELOAD_IS_NEWS_MS	3000
#define LOOK_EVERY_MS		10

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

bool
adm_sql_published_soon(bool (*condition) (const char *name), const char *name)
{
	int64		began_ms = adm_clock_ms();

	while (!condition(name))
	{
		bool		reloads = ConfigReloadPending ||
			!TimestampDifferenceExceeds(PgReloadTime, GetCurrentTimestamp(), RELOAD_IS_NEWS_MS);

		if (adm_clock_ms() - began_ms >= (reloads ? PUBLISHED_WITHIN_MS : SIGNALLED_WITHIN_MS))
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 LOOK_EVERY_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

static bool
enforces(const char *unused)
{
	return adm_state_mode() == ADM_MODE_ENFORCE;
}

void
adm_sql_tell_if_not_binding(const char *what)
{
	if (!adm_sql_published_soon(enforces, NULL))
		ereport(WARNING,
				(errmsg("%s holds nobody: pg_admission.mode is \"%s\"",
						what, adm_mode_name(adm_state_mode()))));
}
