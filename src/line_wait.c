/*
 * line_wait.c - waiting in a gate's line.
 *
 * On the wait set of the client's connection: a client that hangs up wakes the
 * waiter at once, one that sends more does not.
 */
#include "postgres.h"

#include "libpq/libpq.h"
#include "line_wait.h"
#include "miscadmin.h"
#include "storage/latch.h"

bool
adm_line_client_hung_up(void)
{
	return WaitEventSetCanReportClosed() && !pq_check_connection();
}

static void
end_without_postmaster(void)
{
	ereport(FATAL,
			(errcode(ERRCODE_ADMIN_SHUTDOWN),
			 errmsg("pg_admission ended this connection: the server has lost its postmaster")));
}

/* Where the system cannot tell of a hang-up, it goes unnoticed. */
bool
adm_line_sleep(long timeout_ms, uint32 wait_event)
{
	WaitEvent	events[FeBeWaitSetNEvents];
	int			n;

	if (!WaitEventSetCanReportClosed())
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 timeout_ms, wait_event);
		return true;
	}
	ModifyWaitEvent(FeBeWaitSet, FeBeWaitSetSocketPos, WL_SOCKET_CLOSED, NULL);
	n = WaitEventSetWait(FeBeWaitSet, timeout_ms, events, lengthof(events), wait_event);
	for (int i = 0; i < n; i++)
	{
		if (events[i].events & WL_POSTMASTER_DEATH)
			end_without_postmaster();
		if (events[i].events & WL_SOCKET_CLOSED)
			return false;
	}
	return true;
}
