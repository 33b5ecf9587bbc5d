/*
 * line_wait.c - waiting in a gate's line.
 *
 * On the wait set of the client's connection: a client that hangs up wakes the
 * waiter at once, one that sends more does not.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "common/ip.h"
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

void
adm_line_describe(const Port *port, const char *application_name, AdmLogin *login)
{
	memset(login, 0, sizeof(*login));
	strlcpy(login->role, port->user_name, NAMEDATALEN);
	if (port->database_name)
		strlcpy(login->database, port->database_name, NAMEDATALEN);
	if (application_name)
		strlcpy(login->application_name, application_name, NAMEDATALEN);
	if (port->raddr.addr.ss_family == AF_UNIX)
		return;
	if (pg_getnameinfo_all(&port->raddr.addr, port->raddr.salen,
						   login->client_address, sizeof(login->client_address),
						   NULL, 0, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		login->client_address[0] = '\0';
}
