/*
 * stopping.c - signals to other sessions, and only to those that are meant.
 *
 * ProcArrayLock keeps a process in the array, and thus its process id from
 * being given to another.  Its session is told by the slot, which its owner
 * clears before it leaves the array.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "stopping.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"

/* Needs ProcArrayLock; NULL: it has gone. */
static PGPROC *
find_with_lock(AdmTarget target, AdmSession *session)
{
	PGPROC	   *proc = BackendPidGetProcWithLock(target.pid);

	if (proc == NULL ||
		!adm_permits_session((int) (proc - ProcGlobal->allProcs), session) ||
		session->pid != target.pid || session->start != target.start)
		return NULL;
	return proc;
}

bool
adm_stopping_find(AdmTarget target, AdmSession *session)
{
	bool		found;

	LWLockAcquire(ProcArrayLock, LW_SHARED);
	found = find_with_lock(target, session) != NULL;
	LWLockRelease(ProcArrayLock);
	return found;
}

Oid
adm_stopping_role(AdmTarget target)
{
	AdmSession	session;
	PGPROC	   *proc;
	Oid			role = InvalidOid;

	LWLockAcquire(ProcArrayLock, LW_SHARED);
	proc = find_with_lock(target, &session);
	if (proc)
		role = proc->roleId;
	LWLockRelease(ProcArrayLock);
	return role;
}

/* A backend leads a process group of its own, as pg_signal_backend() knows. */
bool
adm_stopping_signal(AdmTarget target, AdmSignal signal, int *error)
{
	int			number = signal == ADM_SIGNAL_CANCEL ? SIGINT : SIGTERM;
	AdmSession	session;
	bool		found;

	*error = 0;
	LWLockAcquire(ProcArrayLock, LW_SHARED);
	found = find_with_lock(target, &session) != NULL;
	if (found && kill(-target.pid, number) != 0)
		*error = errno;
	LWLockRelease(ProcArrayLock);
	return found;
}

bool
adm_stopping_doing(AdmTarget target, AdmDoing *doing)
{
	int			backends = pgstat_fetch_stat_numbackends();

	for (int n = 1; n <= backends; n++)
	{
		LocalPgBackendStatus *local = adm_compat_backend_status(n);
		const PgBackendStatus *status = local ? &local->backendStatus : NULL;

		if (status == NULL || status->st_procpid != target.pid ||
			status->st_proc_start_timestamp != target.start)
			continue;
		doing->state = status->st_state;
		doing->transaction_start = status->st_xact_start_timestamp;
		doing->query_start = status->st_activity_start_timestamp;
		doing->state_start = status->st_state_start_timestamp;
		return true;
	}
	return false;
}

/*
 * A process that leaves has no identity any more for its last moments, as one
 * has none that has just come: neither is taken for gone.
 */
bool
adm_stopping_has_left(AdmTarget target)
{
	AdmSession	session;
	PGPROC	   *proc;
	bool		left;

	LWLockAcquire(ProcArrayLock, LW_SHARED);
	proc = BackendPidGetProcWithLock(target.pid);
	left = proc == NULL ||
		(adm_permits_session((int) (proc - ProcGlobal->allProcs), &session) &&
		 session.start != target.start);
	LWLockRelease(ProcArrayLock);
	return left;
}

bool
adm_stopping_is_idle(const AdmDoing *doing)
{
	return doing->state == STATE_IDLE || doing->state == STATE_IDLEINTRANSACTION ||
		doing->state == STATE_IDLEINTRANSACTION_ABORTED;
}

/*
 * A procedure may end transactions and go on.  An aborted transaction holds
 * nothing any more: it only waits to be told.  Of who is in another state, as
 * where activity is not tracked, nobody knows.
 */
static bool
goes_on(const AdmDoing *then, const AdmDoing *now)
{
	if (then->state != STATE_RUNNING && then->state != STATE_FASTPATH && !adm_stopping_is_idle(then))
		return true;
	if (then->state == STATE_RUNNING && now->state == STATE_RUNNING &&
		now->query_start == then->query_start)
		return true;
	if (then->transaction_start != 0)
		return now->transaction_start == then->transaction_start &&
			now->state != STATE_IDLEINTRANSACTION_ABORTED;
	return false;
}

bool
adm_stopping_has_ended(AdmTarget target, const AdmDoing *then)
{
	AdmDoing	now;

	if (adm_stopping_has_left(target))
		return true;
	return adm_stopping_doing(target, &now) && !goes_on(then, &now);
}
