/*
 * own_locks.c - the heavyweight locks of this backend.
 *
 * Locks taken by the fast path are not in the table, but whoever must wait for
 * one of them puts it there first.  LockHasWaiters() would do for neither: it
 * takes the lock to be in the table.
 */
#include "postgres.h"

#include "compat.h"
#include "own_locks.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"

static bool
blocks_others(const PROCLOCK *held)
{
	const LOCK *lock = held->tag.myLock;
	LockMethod	method = GetLocksMethodTable(lock);

	for (LOCKMODE mode = 1; mode <= method->numLockModes; mode++)
	{
		if ((held->holdMask & LOCKBIT_ON(mode)) && (method->conflictTab[mode] & lock->waitMask))
			return true;
	}
	return false;
}

static bool
is_advisory(const PROCLOCK *held)
{
	return held->tag.myLock->tag.locktag_type == LOCKTAG_ADVISORY && held->holdMask != 0;
}

/*
 * Of partitions in which there is nothing the lock is not taken.  Somebody else
 * may put a lock of ours there at this moment, which the next look finds.
 */
static bool
any_lock(bool (*condition) (const PROCLOCK *held))
{
	bool		found = false;

	for (int i = 0; i < NUM_LOCK_PARTITIONS && !found; i++)
	{
		if (!adm_compat_have_locks(i))
			continue;
		LWLockAcquire(LockHashPartitionLockByIndex(i), LW_SHARED);
		for (PROCLOCK *held = adm_compat_my_lock(i, NULL); held && !found;
			 held = adm_compat_my_lock(i, held))
			found = condition(held);
		LWLockRelease(LockHashPartitionLockByIndex(i));
	}
	return found;
}

bool
adm_own_locks_block_others(void)
{
	return any_lock(blocks_others);
}

bool
adm_own_locks_include_advisory(void)
{
	return any_lock(is_advisory);
}
