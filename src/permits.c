/*
 * permits.c - slots, permits and the line of the connection gate.
 *
 * Two things must be kept when this is changed.  A slot never claims what the
 * word does not count: the word is raised before the slot says so, and lowered
 * after the slot has stopped saying so, whoever does it; otherwise a permit
 * taken back by somebody else could lower the word below zero.  And whoever
 * lowers the word while somebody waits must then serve the line: the waiter was
 * counted in the same word, so one of the two always sees the other.
 */
#include "postgres.h"

#include "compat.h"
#include "counters.h"
#include "os/clock.h"
#include "permits.h"
#include "policy/line_order.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

/* Younger starts are left alone: they may be between two messages. */
#define START_SETTLES_MS	20

/*
 * A start takes 12 ms of CPU.  What runs for this long is no longer starting,
 * but a first transaction with work of its own.
 */
#define START_LONGEST_MS	1000

/* A look at all slots, at most this often. */
#define RECLAIM_EVERY_MS	10

/* How many latches one hold of the lock may collect. */
#define WAKE_BATCH			64

#define LOCK_NAME			"pg_admission_line"
#define NOBODY				(-1)

typedef struct Slot
{
	pg_atomic_uint32 state;		/* AdmSlotState */
	int64		since_ms;		/* monotonic, of the state: owner, or lock */
	int			older;			/* neighbours in line: lock */
	int			newer;
	int			pid;			/* these three: owner, before it waits */
	TimestampTz waiting_since;
	AdmLogin	login;
} Slot;

typedef struct SharedPermits
{
	LWLock	   *lock;			/* constant after start-up */
	pg_atomic_uint64 word;		/* policy/permit_word.h */
	pg_atomic_uint32 exempt;	/* sessions, the lane's included */
	pg_atomic_uint32 lane;
	pg_atomic_uint64 reclaimed_ms;	/* when slots were last looked at */
	int			oldest;			/* the line's ends: lock to change */
	int			newest;
	uint64		grants;			/* to waiters, ever: lock */
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];	/* MaxBackends */
} SharedPermits;

static SharedPermits *shared = NULL;

static Size
shared_size(void)
{
	return MAXALIGN(add_size(offsetof(SharedPermits, slots),
							 mul_size(MaxBackends, sizeof(Slot))));
}

void
adm_permits_shmem_request(void)
{
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_permits_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission permits", shared_size(), &found);
	if (found)
		return;
	memset(shared, 0, shared_size());
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
	pg_atomic_init_u64(&shared->word, 0);
	pg_atomic_init_u32(&shared->exempt, 0);
	pg_atomic_init_u32(&shared->lane, 0);
	pg_atomic_init_u64(&shared->reclaimed_ms, 0);
	shared->oldest = NOBODY;
	shared->newest = NOBODY;
	for (int i = 0; i < MaxBackends; i++)
		pg_atomic_init_u32(&shared->slots[i].state, ADM_SLOT_FREE);
}

static Slot *
my_slot(void)
{
	return &shared->slots[adm_compat_my_slot()];
}

static AdmSlotState
slot_state(Slot *slot)
{
	return (AdmSlotState) pg_atomic_read_u32(&slot->state);
}

/* The barrier publishes what was written to the slot before. */
static void
set_slot_state(Slot *slot, AdmSlotState state)
{
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, state);
}

static bool
change_slot_state(Slot *slot, AdmSlotState from, AdmSlotState to)
{
	uint32		expected = from;

	return pg_atomic_compare_exchange_u32(&slot->state, &expected, to);
}

/*
 * The word.
 */

/* Adds delta if the condition holds; *seen is the word that was judged. */
static bool
change_word_if(bool (*condition) (uint64_t word, uint64_t caps),
			   uint64 caps, uint64 delta, uint64 *seen)
{
	*seen = pg_atomic_read_u64(&shared->word);
	while (condition(*seen, caps))
	{
		if (pg_atomic_compare_exchange_u64(&shared->word, seen, *seen + delta))
			return true;
	}
	return false;
}

static bool
admits_not(uint64_t word, uint64_t caps)
{
	return !adm_word_admits(word, caps);
}

/* Gives units of the word back, and on to those who wait. */
static void
lower_word(uint64 units)
{
	uint64		before = pg_atomic_fetch_sub_u64(&shared->word, units);

	if (adm_word_counts(before).waiting > 0)
		adm_permits_serve_line();
}

/*
 * Entering.
 */

void
adm_permits_enter_exempt(void)
{
	Slot	   *slot = my_slot();

	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot_state(slot, ADM_SLOT_EXEMPT);
}

bool
adm_permits_enter_lane(void)
{
	Slot	   *slot = my_slot();
	uint32		taken = pg_atomic_read_u32(&shared->lane);

	do
	{
		if (taken >= (uint32) adm_state_exempt_connections())
			return false;
	} while (!pg_atomic_compare_exchange_u32(&shared->lane, &taken, taken + 1));
	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot_state(slot, ADM_SLOT_LANE);
	return true;
}

/*
 * In mode "observe": counts whom the caps would have held, and why.  As where
 * they bind, permits that are no longer used are taken back first.
 */
static void
observe_entry(uint64 word)
{
	uint64		caps = adm_state_shown_caps();

	if (adm_state_mode() != ADM_MODE_OBSERVE || adm_word_has_room(word, caps))
		return;
	adm_permits_reclaim();
	word = pg_atomic_read_u64(&shared->word) - ADM_ONE_ACTIVE - ADM_ONE_PRESENT;
	if (adm_word_has_room(word, caps))
		return;
	if (adm_word_counts(word).present >= adm_word_counts(caps).present)
		adm_counters_add(ADM_TOTAL_WOULD_HOLD_SESSIONS);
	else
		adm_counters_add(ADM_TOTAL_WOULD_HOLD_STARTS);
}

static bool
try_enter(uint64 caps)
{
	Slot	   *slot = my_slot();
	uint64		word;

	if (!change_word_if(adm_word_admits, caps, ADM_ONE_ACTIVE + ADM_ONE_PRESENT, &word))
		return false;
	slot->since_ms = adm_clock_ms();
	set_slot_state(slot, ADM_SLOT_STARTING);
	observe_entry(word);
	return true;
}

bool
adm_permits_try_enter(void)
{
	return try_enter(adm_state_binding_caps());
}

/*
 * The line.  All of it needs the lock, held exclusively.
 */

static void
append_to_line(int index)
{
	Slot	   *slot = &shared->slots[index];

	slot->older = shared->newest;
	slot->newer = NOBODY;
	if (shared->newest != NOBODY)
		shared->slots[shared->newest].newer = index;
	else
		shared->oldest = index;
	shared->newest = index;
}

static void
unlink_from_line(int index)
{
	Slot	   *slot = &shared->slots[index];

	if (slot->older != NOBODY)
		shared->slots[slot->older].newer = slot->newer;
	else
		shared->oldest = slot->newer;
	if (slot->newer != NOBODY)
		shared->slots[slot->newer].older = slot->older;
	else
		shared->newest = slot->older;
}

/*
 * Gives the waiter a permit that the word already counts.  Its latch is to be
 * set once the lock is released.
 */
static void
grant(int index, int64 now_ms)
{
	Slot	   *slot = &shared->slots[index];

	unlink_from_line(index);
	shared->grants++;
	adm_counters_note_wait((uint64) Max(now_ms - slot->since_ms, 0));
	slot->since_ms = now_ms;
	set_slot_state(slot, ADM_SLOT_GRANTED);
}

static int
next_in_turn(int64 now_ms)
{
	int64		oldest_wait_ms = now_ms - shared->slots[shared->oldest].since_ms;

	return adm_line_serves_newest(oldest_wait_ms, shared->grants) ?
		shared->newest : shared->oldest;
}

/*
 * Gives permits to as many waiters as there is room for, up to WAKE_BATCH, and
 * notes whom to wake once the lock is released.
 */
static int
grant_batch(int *wake_list)
{
	uint64		caps = adm_state_binding_caps_unless_silent();
	int64		now_ms = adm_clock_ms();
	int			granted = 0;

	while (shared->oldest != NOBODY && granted < WAKE_BATCH)
	{
		int			index;
		uint64		word;

		if (!change_word_if(adm_word_has_room, caps,
							ADM_ONE_ACTIVE + ADM_ONE_PRESENT - ADM_ONE_WAITING, &word))
			break;
		index = next_in_turn(now_ms);
		grant(index, now_ms);
		wake_list[granted++] = index;
	}
	return granted;
}

static void
wake(int index)
{
	SetLatch(&ProcGlobal->allProcs[index].procLatch);
}

static void
wake_granted(const int *granted, int count)
{
	for (int i = 0; i < count; i++)
	{
		adm_counters_add(ADM_TOTAL_HANDED_ON);
		wake(granted[i]);
	}
}

/*
 * Whoever has become the first in line looks after it from now on, but finds
 * out only when it wakes; while the controller does the work it need not know.
 * Read without the lock: a wake-up too many does no harm.
 */
static void
wake_caretaker(void)
{
	int			first = *(volatile int *) &shared->oldest;

	if (first != NOBODY && adm_state_controller().late)
		wake(first);
}

void
adm_permits_serve_line(void)
{
	int			wake_list[WAKE_BATCH];
	bool		served = false;
	int			count;

	do
	{
		LWLockAcquire(shared->lock, LW_EXCLUSIVE);
		count = grant_batch(wake_list);
		LWLockRelease(shared->lock);
		wake_granted(wake_list, count);
		served |= count > 0;
	} while (count == WAKE_BATCH);
	if (served)
		wake_caretaker();
}

int
adm_permits_pass(int most, int64 waited_ms)
{
	int			wake_list[WAKE_BATCH];
	int			passed = 0;
	int64		now_ms = adm_clock_ms();

	if (adm_permits_longest_wait_ms() < waited_ms)
		return 0;
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	while (shared->oldest != NOBODY && passed < Min(most, WAKE_BATCH) &&
		   now_ms - shared->slots[shared->oldest].since_ms >= waited_ms)
	{
		int			index = shared->oldest;

		pg_atomic_fetch_add_u64(&shared->word,
								ADM_ONE_ACTIVE + ADM_ONE_PRESENT - ADM_ONE_WAITING);
		grant(index, now_ms);
		adm_counters_add(ADM_TOTAL_PASSED);
		wake_list[passed++] = index;
	}
	LWLockRelease(shared->lock);
	wake_granted(wake_list, passed);
	return passed;
}

/*
 * Into the line, unless there is room after all.  The caps are read under the
 * lock: whoever raises them serves the line afterwards, and either that finds
 * us in it or we find the new caps.
 */
static bool
join_line(const AdmLogin *login)
{
	Slot	   *slot = my_slot();
	uint64		word;
	bool		joined;

	slot->pid = MyProcPid;
	slot->since_ms = adm_clock_ms();
	slot->waiting_since = GetCurrentTimestamp();
	slot->login = *login;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	joined = change_word_if(admits_not, adm_state_binding_caps_unless_silent(),
							ADM_ONE_WAITING, &word);
	if (joined)
	{
		append_to_line(adm_compat_my_slot());
		set_slot_state(slot, ADM_SLOT_WAITING);
	}
	LWLockRelease(shared->lock);

	if (joined)
		adm_counters_add(ADM_TOTAL_HELD);
	if (joined && adm_word_counts(word).waiting == 0)
		adm_state_wake_controller();
	return joined;
}

AdmEntry
adm_permits_enter_or_wait(const AdmLogin *login, int spare_slots)
{
	adm_permits_reclaim();
	adm_permits_serve_line();
	for (;;)
	{
		if (try_enter(adm_state_binding_caps_unless_silent()))
			return ADM_ENTRY_ADMITTED;
		if (!adm_compat_have_free_slots(spare_slots))
			return ADM_ENTRY_NO_SLOTS;
		if (join_line(login))
			return ADM_ENTRY_WAITING;
	}
}

/*
 * Until the waiter runs, its process still shows that it waits, so the age of
 * its start counts from here; who is granted and sleeps on is not starting.
 */
bool
adm_permits_take_grant(void)
{
	Slot	   *slot = my_slot();

	if (slot_state(slot) == ADM_SLOT_WAITING)
		return false;
	slot->since_ms = adm_clock_ms();
	pg_write_barrier();
	(void) change_slot_state(slot, ADM_SLOT_GRANTED, ADM_SLOT_STARTING);
	return true;
}

/* Read without the lock: it only decides how soon to look again. */
bool
adm_permits_first_in_line(void)
{
	return *(volatile int *) &shared->oldest == adm_compat_my_slot();
}

/*
 * Leaving.
 */

void
adm_permits_end_start(void)
{
	if (change_slot_state(my_slot(), ADM_SLOT_STARTING, ADM_SLOT_ADMITTED))
		lower_word(ADM_ONE_ACTIVE);
}

/* False when a permit was given to us before we had the lock. */
static bool
leave_line(void)
{
	Slot	   *slot = my_slot();
	bool		left = false;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (slot_state(slot) == ADM_SLOT_WAITING)
	{
		unlink_from_line(adm_compat_my_slot());
		set_slot_state(slot, ADM_SLOT_FREE);
		pg_atomic_fetch_sub_u64(&shared->word, ADM_ONE_WAITING);
		adm_counters_note_wait((uint64) Max(adm_clock_ms() - slot->since_ms, 0));
		left = true;
	}
	LWLockRelease(shared->lock);
	wake_caretaker();
	return left;
}

void
adm_permits_enter_beyond_caps(void)
{
	Slot	   *slot = my_slot();

	if (slot_state(slot) == ADM_SLOT_WAITING && !leave_line())
	{
		(void) adm_permits_take_grant();
		return;
	}
	pg_atomic_fetch_add_u64(&shared->word, ADM_ONE_ACTIVE + ADM_ONE_PRESENT);
	slot->since_ms = adm_clock_ms();
	set_slot_state(slot, ADM_SLOT_STARTING);
	adm_counters_add(ADM_TOTAL_PASSED);
}

void
adm_permits_leave(void)
{
	Slot	   *slot = my_slot();

	if (slot_state(slot) == ADM_SLOT_WAITING && leave_line())
		return;
	switch ((AdmSlotState) pg_atomic_exchange_u32(&slot->state, ADM_SLOT_FREE))
	{
		case ADM_SLOT_GRANTED:
		case ADM_SLOT_STARTING:
			lower_word(ADM_ONE_ACTIVE + ADM_ONE_PRESENT);
			break;
		case ADM_SLOT_ADMITTED:
			lower_word(ADM_ONE_PRESENT);
			break;
		case ADM_SLOT_LANE:
			pg_atomic_fetch_sub_u32(&shared->lane, 1);
			pg_atomic_fetch_sub_u32(&shared->exempt, 1);
			break;
		case ADM_SLOT_EXEMPT:
			pg_atomic_fetch_sub_u32(&shared->exempt, 1);
			break;
		case ADM_SLOT_FREE:
		case ADM_SLOT_WAITING:	/* left the line above */
			break;
	}
}

/*
 * Taking start permits back.
 */

/*
 * Whether the backend waits for something that neither a processor nor a disk
 * will bring.  Its wait event is one unlocked word, enough for a guess that may
 * be wrong: the permit taken back early is one start too many for a moment.
 */
static bool
waits_for_others(int index)
{
	uint32		event = *(volatile uint32 *) &ProcGlobal->allProcs[index].wait_event_info;

	switch (event & 0xFF000000U)
	{
		case PG_WAIT_CLIENT:
		case PG_WAIT_LOCK:
		case PG_WAIT_TIMEOUT:
		case PG_WAIT_EXTENSION:
			return true;
		case PG_WAIT_IPC:
			return event == WAIT_EVENT_SYNC_REP;
		default:
			return false;
	}
}

/* Whether a slot in this state, STARTING or GRANTED, has no more use for it. */
static bool
start_is_over(int index, AdmSlotState state, int64 now_ms)
{
	int64		age_ms = now_ms - shared->slots[index].since_ms;

	return age_ms >= START_LONGEST_MS ||
		(state == ADM_SLOT_STARTING && age_ms >= START_SETTLES_MS &&
		 waits_for_others(index));
}

static bool
reclaim_start(int index, int64 now_ms)
{
	Slot	   *slot = &shared->slots[index];
	AdmSlotState state = slot_state(slot);

	if (state != ADM_SLOT_STARTING && state != ADM_SLOT_GRANTED)
		return false;
	pg_read_barrier();
	return start_is_over(index, state, now_ms) &&
		change_slot_state(slot, state, ADM_SLOT_ADMITTED);
}

void
adm_permits_reclaim(void)
{
	int64		now_ms = adm_clock_ms();
	uint64		last_ms = pg_atomic_read_u64(&shared->reclaimed_ms);
	uint64		units = 0;

	if (now_ms - (int64) last_ms < RECLAIM_EVERY_MS ||
		!pg_atomic_compare_exchange_u64(&shared->reclaimed_ms, &last_ms, (uint64) now_ms))
		return;
	if (adm_word_counts(pg_atomic_read_u64(&shared->word)).active == 0)
		return;
	for (int i = 0; i < MaxBackends; i++)
	{
		if (reclaim_start(i, now_ms))
			units += ADM_ONE_ACTIVE;
	}
	if (units > 0)
		lower_word(units);
}

/*
 * Looking.
 */

AdmGateCounts
adm_permits_counts(void)
{
	AdmGateCounts gate;

	gate.counts = adm_word_counts(pg_atomic_read_u64(&shared->word));
	gate.exempt = (int) pg_atomic_read_u32(&shared->exempt);
	gate.lane = (int) pg_atomic_read_u32(&shared->lane);
	return gate;
}

/* Read without the lock: the slot may have left the line meanwhile. */
int64
adm_permits_longest_wait_ms(void)
{
	int			oldest = *(volatile int *) &shared->oldest;
	int64		since_ms;

	if (oldest == NOBODY)
		return 0;
	since_ms = *(volatile int64 *) &shared->slots[oldest].since_ms;
	if (slot_state(&shared->slots[oldest]) != ADM_SLOT_WAITING)
		return 0;
	return Max(adm_clock_ms() - since_ms, 0);
}

AdmSlotState
adm_permits_slot_state(int index)
{
	return index < MaxBackends ? slot_state(&shared->slots[index]) : ADM_SLOT_FREE;
}

bool
adm_permits_is_gated(AdmSlotState state)
{
	return state == ADM_SLOT_GRANTED || state == ADM_SLOT_STARTING ||
		state == ADM_SLOT_ADMITTED;
}

const char *
adm_permits_state_name(AdmSlotState state)
{
	static const char *const names[] = {
		"free", "waiting", "granted", "starting", "admitted", "exempt", "lane"
	};

	return names[state];
}

AdmWaiter *
adm_permits_waiters(int *count)
{
	AdmWaiter  *waiters = palloc(sizeof(AdmWaiter) * MaxBackends);
	int			n = 0;

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = shared->oldest; i != NOBODY; i = shared->slots[i].newer)
	{
		waiters[n].pid = shared->slots[i].pid;
		waiters[n].login = shared->slots[i].login;
		waiters[n].since = shared->slots[i].waiting_since;
		n++;
	}
	LWLockRelease(shared->lock);
	*count = n;
	return waiters;
}
