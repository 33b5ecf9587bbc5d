/*
 * waits.c - what another backend waits for.
 */
#include "postgres.h"

#include "compat.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/wait_event.h"
#include "waits.h"

#define CLASS_OF(event)		((event) & 0xFF000000U)

uint32
adm_wait_event(int index)
{
	return *(volatile uint32 *) &ProcGlobal->allProcs[index].wait_event_info;
}

bool
adm_wait_is_for_lock(uint32 event)
{
	return CLASS_OF(event) == PG_WAIT_LOCK;
}

int
adm_wait_lock_waiters(void)
{
	int			waiters = 0;

	for (int i = 0; i < MaxBackends; i++)
		waiters += adm_compat_pid(&ProcGlobal->allProcs[i]) != 0 && adm_wait_is_for_lock(adm_wait_event(i));
	return waiters;
}

bool
adm_wait_is_for_others(uint32 event)
{
	switch (CLASS_OF(event))
	{
		case PG_WAIT_CLIENT:
		case PG_WAIT_LOCK:
		case PG_WAIT_EXTENSION:
			return true;
		case PG_WAIT_TIMEOUT:
			return !adm_compat_is_spin_delay(event);
		case PG_WAIT_IPC:
			return event == WAIT_EVENT_SYNC_REP || event == WAIT_EVENT_SAFE_SNAPSHOT;
		default:
			return false;
	}
}
