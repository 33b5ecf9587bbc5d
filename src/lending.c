/*
 * lending.c - whose transaction permit is in use.
 *
 * A permit is for a processor.  Who waits for the client, a lock, a standby or
 * the like lends it to those in line and takes it back without waiting; then
 * more may run than the cap says, and nobody enters until that has drained.
 * Every change is a compare-and-swap on the slot, so that the owner's own end
 * wins over whatever is decided here from a look that is always a little old.
 */
#include "postgres.h"

#include "compat.h"
#include "lending.h"
#include "os/clock.h"
#include "os/process.h"
#include "permits.h"
#include "settings.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "waits.h"

#define BALANCE_EVERY_MS	20

/*
 * A wait that PostgreSQL knows nothing of, in a library for a network, say: who
 * has run for so long is looked at from outside.
 */
#define UNNAMED_WAIT_AFTER_MS	100

/* Who was granted a permit and has not woken up by then may be stopped. */
#define NOT_AWAKE_AFTER_MS		1000

/* Long transactions have this part of the cap: one in so many. */
#define LONG_SHARE			2

#define LOCK_NAME			"pg_admission_lending"

/* What the last look saw. */
typedef struct Seen
{
	uint32		event;
	uint32		statements;
	int			idle_looks;		/* one after the other, at the same wait */
} Seen;

typedef struct SharedLending
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	int64		balanced_ms;
	Seen		seen[FLEXIBLE_ARRAY_MEMBER];	/* MaxBackends */
} SharedLending;

static SharedLending *shared = NULL;

static Size
shared_size(void)
{
	return add_size(offsetof(SharedLending, seen), mul_size(MaxBackends, sizeof(Seen)));
}

void
adm_lending_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(shared_size()));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_lending_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission lending", shared_size(), &found);
	if (found)
		return;
	memset(shared, 0, shared_size());
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
}

static bool
move(int index, AdmSlotState from, AdmSlotState to)
{
	return adm_permits_move(ADM_GATE_TRANSACTION, index, from, to);
}

/* In mode "observe" nobody waits, but it is to count as if. */
static bool
lending_is_due(void)
{
	return adm_permits_are_wanted(ADM_GATE_TRANSACTION) ||
		adm_state_mode() == ADM_MODE_OBSERVE;
}

/*
 * For the owner.
 */

void
adm_lending_lend_mine(void)
{
	AdmSlotState state = adm_permits_my_state(ADM_GATE_TRANSACTION);

	if ((state == ADM_SLOT_ACTIVE || state == ADM_SLOT_PRESENT) && lending_is_due())
		(void) move(adm_compat_my_slot(), state, ADM_SLOT_LENT);
}

/* Somebody else may do so at the same time: it is counted once. */
void
adm_lending_take_back_mine(void)
{
	if (adm_permits_my_state(ADM_GATE_TRANSACTION) == ADM_SLOT_LENT)
		adm_permits_take_up(adm_compat_my_slot(), ADM_SLOT_LENT);
}

/*
 * For all.
 */

/* One look alone takes the moment between two rows of a COPY for idleness. */
#define IDLE_LOOKS			2

/*
 * For how many looks the backend has used neither processor nor disk, in one
 * statement and one wait.
 */
static int
idle_looks(int index, int64 age_ms)
{
	Seen	   *seen = &shared->seen[index];
	uint32		event = adm_wait_event(index);
	uint32		statements = adm_permits_slot_statements(index);
	bool		same = seen->event == event && seen->statements == statements;
	bool		idle = adm_wait_is_for_others(event);

	if (event == 0 && age_ms >= UNNAMED_WAIT_AFTER_MS)
		idle = adm_process_sleeps(adm_system_root,
								  adm_compat_pid(&ProcGlobal->allProcs[index]));
	seen->event = event;
	seen->statements = statements;
	seen->idle_looks = idle ? (same ? seen->idle_looks : 0) + 1 : 0;
	return seen->idle_looks;
}

static bool
is_long(int64 age_ms)
{
	return adm_long_transaction_after_ms >= 0 && age_ms >= adm_long_transaction_after_ms;
}

/*
 * Runs: lends its permit, or is long.  Long ones are counted against the cap up
 * to their share, in the order of the slots; *counted is how many have been.
 */
static void
balance_running(int index, AdmSlotState state, int64 age_ms, bool lend, int share, int *counted)
{
	bool		is_counted = !is_long(age_ms) || ++*counted <= share;

	if (idle_looks(index, age_ms) >= IDLE_LOOKS && lend)
		(void) move(index, state, ADM_SLOT_LENT);
	else if (!is_counted)
		(void) move(index, ADM_SLOT_ACTIVE, ADM_SLOT_PRESENT);
	else if (state == ADM_SLOT_PRESENT)
		(void) move(index, ADM_SLOT_PRESENT, ADM_SLOT_ACTIVE);
}

static void
balance_one(int index, int64 now_ms, bool lend, int share, int *counted)
{
	AdmSlotState state = adm_permits_slot_state(ADM_GATE_TRANSACTION, index);
	int64		age_ms = adm_permits_slot_age_ms(ADM_GATE_TRANSACTION, index, now_ms);

	switch (state)
	{
		case ADM_SLOT_OPEN:
			adm_permits_take_up(index, ADM_SLOT_OPEN);
			break;
		case ADM_SLOT_GRANTED:
			if (age_ms >= NOT_AWAKE_AFTER_MS && lend)
				(void) move(index, ADM_SLOT_GRANTED, ADM_SLOT_LENT);
			break;
		case ADM_SLOT_LENT:
			if (idle_looks(index, UNNAMED_WAIT_AFTER_MS) == 0)
				adm_permits_take_up(index, ADM_SLOT_LENT);
			break;
		case ADM_SLOT_ACTIVE:
		case ADM_SLOT_PRESENT:
			balance_running(index, state, age_ms, lend, share, counted);
			break;
		default:
			shared->seen[index].idle_looks = 0;
			break;
	}
}

static void
balance_all(int64 now_ms)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_TRANSACTION));
	bool		lend = lending_is_due();
	int			counted = 0;

	for (int i = 0; i < MaxBackends; i++)
		balance_one(i, now_ms, lend, (int) (cap.active / LONG_SHARE), &counted);
}

/* Where somebody else looks at this moment there is no need to. */
void
adm_lending_balance(void)
{
	int64		now_ms;

	if (!adm_word_bounds(adm_state_shown_caps(ADM_GATE_TRANSACTION)) &&
		!adm_permits_are_wanted(ADM_GATE_TRANSACTION))
		return;
	if (!LWLockConditionalAcquire(shared->lock, LW_EXCLUSIVE))
		return;
	now_ms = adm_clock_ms();
	if (now_ms - shared->balanced_ms >= BALANCE_EVERY_MS)
	{
		shared->balanced_ms = now_ms;
		balance_all(now_ms);
	}
	LWLockRelease(shared->lock);
}
