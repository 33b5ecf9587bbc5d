/*
 * permits.c - slots, permits and the lines of the gates.
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
#include "policy/delay.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

/* How many latches one hold of the lock may collect. */
#define WAKE_BATCH			64

#define LOCK_NAME			"pg_admission_line"
#define NOBODY				(-1)

/* What the word counts for a slot in each state. */
static const uint64 units_of[ADM_SLOT_STATE_COUNT] = {
	[ADM_SLOT_WAITING] = ADM_ONE_WAITING,
	[ADM_SLOT_GRANTED] = ADM_ONE_ACTIVE + ADM_ONE_PRESENT,
	[ADM_SLOT_ACTIVE] = ADM_ONE_ACTIVE + ADM_ONE_PRESENT,
	[ADM_SLOT_PRESENT] = ADM_ONE_PRESENT
};

/* At one gate. */
typedef struct Slot
{
	pg_atomic_uint32 state;		/* AdmSlotState */
	int			older;			/* neighbours in its line: lock */
	int			newer;
	uint32		statements;		/* begun under its permit: owner */
	int64		since_ms;		/* monotonic, of the state: owner, or lock */
	uint64		admitted;		/* ever, whoever had the slot: owner */
} Slot;

/*
 * A backend's: in one cache line, so that a transaction that passes writes to
 * this line and the word, and reads one more.
 */
typedef union Backend
{
	Slot		slots[ADM_GATE_COUNT];
	char		line[PG_CACHE_LINE_SIZE];
} Backend;

/* Who owns the slots of this index; the owner writes it. */
typedef struct Owner
{
	AdmSession	session;		/* pid last; 0: nobody, or it is being written */
	AdmRank		rank;			/* this and the rest before it waits */
	TimestampTz waiting_since;
} Owner;

/* All who wait at a gate with one rank, in the order of arrival. */
typedef struct Line
{
	int			oldest;
	int			newest;
} Line;

/* The word, which all write, has a cache line without what all read. */
typedef union Word
{
	pg_atomic_uint64 value;		/* policy/permit_word.h */
	char		line[PG_CACHE_LINE_SIZE];
} Word;

typedef struct Gate
{
	Word		word;
	LWLock	   *lock;			/* constant after start-up */
	pg_atomic_uint64 above_since_ms;	/* policy/delay.h */
	pg_atomic_uint64 turned_away_ms;	/* the last one, because it stands */
	pg_atomic_uint64 leavers;	/* policy/delay.h */
	int64		noted_ms;		/* when that was judged last: lock */
	Line		lines[ADM_RANK_COUNT];	/* lock to change */
	uint64		grants;			/* to waiters, ever: lock */
	pg_atomic_uint64 admitted_before;	/* the counters were reset */
} Gate;

typedef struct SharedPermits
{
	Gate		gates[ADM_GATE_COUNT];
	pg_atomic_uint32 exempt;	/* sessions, the lane's included */
	pg_atomic_uint32 lane;
	Owner		owners[FLEXIBLE_ARRAY_MEMBER];	/* MaxBackends */
} SharedPermits;

static SharedPermits *shared = NULL;

/* MaxBackends, in shared memory. */
static Backend *backends = NULL;

static Size
shared_size(void)
{
	return add_size(offsetof(SharedPermits, owners), mul_size(MaxBackends, sizeof(Owner)));
}

static Size
backends_size(void)
{
	return mul_size(MaxBackends, sizeof(Backend));
}

void
adm_permits_shmem_request(void)
{
	RequestAddinShmemSpace(CACHELINEALIGN(shared_size()));
	RequestAddinShmemSpace(CACHELINEALIGN(backends_size()));
	RequestNamedLWLockTranche(LOCK_NAME, ADM_GATE_COUNT);
}

static void
init_gate(AdmGate id)
{
	Gate	   *gate = &shared->gates[id];

	gate->lock = &GetNamedLWLockTranche(LOCK_NAME)[id].lock;
	pg_atomic_init_u64(&gate->word.value, 0);
	pg_atomic_init_u64(&gate->above_since_ms, 0);
	pg_atomic_init_u64(&gate->turned_away_ms, 0);
	pg_atomic_init_u64(&gate->leavers, 0);
	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		gate->lines[rank].oldest = gate->lines[rank].newest = NOBODY;
	pg_atomic_init_u64(&gate->admitted_before, 0);
	for (int i = 0; i < MaxBackends; i++)
		pg_atomic_init_u32(&backends[i].slots[id].state, ADM_SLOT_FREE);
}

void
adm_permits_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission permits", shared_size(), &found);
	backends = ShmemInitStruct("pg_admission slots", backends_size(), &found);
	if (found)
		return;
	memset(shared, 0, shared_size());
	memset(backends, 0, backends_size());
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		init_gate((AdmGate) gate);
	pg_atomic_init_u32(&shared->exempt, 0);
	pg_atomic_init_u32(&shared->lane, 0);
}

static Gate *
gate_of(AdmGate gate)
{
	return &shared->gates[gate];
}

static Slot *
slot_at(AdmGate gate, int index)
{
	return &backends[index].slots[gate];
}

static Slot *
my_slot(AdmGate gate)
{
	return slot_at(gate, adm_compat_my_slot());
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
change_word_if(Gate *gate, bool (*condition) (uint64_t word, uint64_t caps),
			   uint64 caps, uint64 delta, uint64 *seen)
{
	*seen = pg_atomic_read_u64(&gate->word.value);
	while (condition(*seen, caps))
	{
		if (pg_atomic_compare_exchange_u64(&gate->word.value, seen, *seen + delta))
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
lower_word(AdmGate gate, uint64 units)
{
	uint64		before = pg_atomic_fetch_sub_u64(&gate_of(gate)->word.value, units);

	if (adm_word_counts(before).waiting > 0)
		adm_permits_serve_line(gate);
}

bool
adm_permits_move(AdmGate gate, int index, AdmSlotState from, AdmSlotState to)
{
	Slot	   *slot = slot_at(gate, index);
	uint64		before = units_of[from];
	uint64		after = units_of[to];

	if (after > before)
	{
		pg_atomic_fetch_add_u64(&gate_of(gate)->word.value, after - before);
		if (change_slot_state(slot, from, to))
			return true;
		lower_word(gate, after - before);
		return false;
	}
	if (!change_slot_state(slot, from, to))
		return false;
	if (before > after)
		lower_word(gate, before - after);
	return true;
}

/*
 * What goes on after a wait is as young as its processor time.  Should the slot
 * have left its state meanwhile, its age is set to nearly what it is.
 */
void
adm_permits_take_up(int index, AdmSlotState from)
{
	slot_at(ADM_GATE_TRANSACTION, index)->since_ms = adm_clock_ms();
	(void) adm_permits_move(ADM_GATE_TRANSACTION, index, from, ADM_SLOT_ACTIVE);
}

/*
 * Who it is.
 */

static void
set_owner_pid(Owner *owner, int pid)
{
	pg_write_barrier();
	*(volatile int *) &owner->session.pid = pid;
	pg_write_barrier();
}

void
adm_permits_introduce(const AdmSession *session)
{
	Owner	   *owner = &shared->owners[adm_compat_my_slot()];
	AdmSession	unowned = *session;

	unowned.pid = 0;
	set_owner_pid(owner, 0);
	owner->session = unowned;
	set_owner_pid(owner, session->pid);
}

void
adm_permits_say_goodbye(void)
{
	set_owner_pid(&shared->owners[adm_compat_my_slot()], 0);
}

bool
adm_permits_session(int index, AdmSession *session)
{
	Owner	   *owner = &shared->owners[index];
	int			pid = *(volatile int *) &owner->session.pid;

	if (index >= MaxBackends || pid == 0)
		return false;
	pg_read_barrier();
	*session = owner->session;
	pg_read_barrier();
	return *(volatile int *) &owner->session.pid == pid;
}

/*
 * Entering.
 */

void
adm_permits_enter_exempt(void)
{
	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot_state(my_slot(ADM_GATE_CONNECTION), ADM_SLOT_EXEMPT);
}

bool
adm_permits_enter_lane(void)
{
	uint32		taken = pg_atomic_read_u32(&shared->lane);

	do
	{
		if (taken >= (uint32) adm_state_exempt_connections())
			return false;
	} while (!pg_atomic_compare_exchange_u32(&shared->lane, &taken, taken + 1));
	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot_state(my_slot(ADM_GATE_CONNECTION), ADM_SLOT_LANE);
	return true;
}

static bool
try_enter(AdmGate gate, uint64 caps)
{
	Slot	   *slot = my_slot(gate);
	uint64		word;

	if (!change_word_if(gate_of(gate), adm_word_admits, caps,
						units_of[ADM_SLOT_ACTIVE], &word))
		return false;
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	set_slot_state(slot, ADM_SLOT_ACTIVE);
	return true;
}

bool
adm_permits_try_enter(AdmGate gate)
{
	return try_enter(gate, adm_state_binding_caps(gate));
}

bool
adm_permits_try_enter_open(void)
{
	if (adm_word_bounds(adm_state_shown_caps(ADM_GATE_TRANSACTION)))
		return false;
	pg_atomic_write_u32(&my_slot(ADM_GATE_TRANSACTION)->state, ADM_SLOT_OPEN);
	return true;
}

/*
 * The line.  All of it needs the lock, held exclusively.
 */

static Line *
line_of(AdmGate id, int index)
{
	return &gate_of(id)->lines[shared->owners[index].rank];
}

static void
append_to_line(AdmGate id, int index)
{
	Gate	   *gate = gate_of(id);
	Line	   *line = line_of(id, index);
	Slot	   *slot = slot_at(id, index);

	if (line == &gate->lines[ADM_RANK_ORDINARY] && line->oldest == NOBODY &&
		adm_delay_is_outdated(gate->noted_ms, slot->since_ms))
		pg_atomic_write_u64(&gate->above_since_ms, 0);
	slot->older = line->newest;
	slot->newer = NOBODY;
	if (line->newest == NOBODY)
		line->oldest = index;
	else
		slot_at(id, line->newest)->newer = index;
	line->newest = index;
}

/* What a wait at its head says of the line of the ordinary. */
static void
note_delay(Gate *gate, int64 wait_ms, int64 now_ms)
{
	int64		since_ms = (int64) pg_atomic_read_u64(&gate->above_since_ms);
	int64		turned_away_ms = (int64) pg_atomic_read_u64(&gate->turned_away_ms);

	gate->noted_ms = now_ms;
	since_ms = adm_delay_note(since_ms, wait_ms, turned_away_ms, now_ms);
	pg_atomic_write_u64(&gate->above_since_ms, (uint64) since_ms);
}

void
adm_permits_note_turned_away(AdmGate gate)
{
	pg_atomic_write_u64(&gate_of(gate)->turned_away_ms, (uint64) adm_clock_ms());
}

void
adm_permits_note_leaver(AdmGate gate)
{
	pg_atomic_uint64 *leavers = &gate_of(gate)->leavers;
	uint64		before = pg_atomic_read_u64(leavers);
	int64		now_ms = adm_clock_ms();

	while (!pg_atomic_compare_exchange_u64(leavers, &before,
										   adm_delay_note_leaver(before, now_ms)))
		 /* somebody else has left at the same time */ ;
}

bool
adm_permits_clients_leave(AdmGate gate)
{
	return adm_delay_clients_leave(pg_atomic_read_u64(&gate_of(gate)->leavers), adm_clock_ms());
}

/*
 * The end of a wait, by a permit or without.  A line does not stand when its
 * last one is served; whether it does when somebody leaves early, nobody knows.
 */
static void
unlink_from_line(AdmGate id, int index, bool granted, int64 now_ms)
{
	Gate	   *gate = gate_of(id);
	Line	   *line = line_of(id, index);
	Slot	   *slot = slot_at(id, index);
	int64		wait_ms = Max(now_ms - slot->since_ms, 0);

	if (slot->older != NOBODY)
		slot_at(id, slot->older)->newer = slot->newer;
	else
		line->oldest = slot->newer;
	if (slot->newer != NOBODY)
		slot_at(id, slot->newer)->older = slot->older;
	else
		line->newest = slot->older;

	if (slot->older == NOBODY && line == &gate->lines[ADM_RANK_ORDINARY] &&
		(granted || wait_ms > ADM_DELAY_TARGET_MS))
		note_delay(gate, granted && line->oldest == NOBODY ? 0 : wait_ms, now_ms);
	adm_counters_note_wait(id, (uint64) wait_ms);
}

/*
 * Gives the waiter a permit that the word already counts.  Its latch is to be
 * set once the lock is released.
 */
static void
grant(AdmGate id, int index, int64 now_ms)
{
	Slot	   *slot = slot_at(id, index);

	unlink_from_line(id, index, true, now_ms);
	gate_of(id)->grants++;
	slot->since_ms = now_ms;
	set_slot_state(slot, ADM_SLOT_GRANTED);
}

/*
 * At the connection gate a line that stands is mostly made of clients that are
 * about to give up; at the other they are refused before it comes to that.
 * NOBODY where nobody waits.
 */
static int
next_in_turn(AdmGate id, int64 now_ms)
{
	Gate	   *gate = gate_of(id);
	bool		waits[ADM_RANK_COUNT];
	Line	   *line;

	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		waits[rank] = gate->lines[rank].oldest != NOBODY;
	line = &gate->lines[adm_line_next_rank(waits, gate->grants)];
	if (id == ADM_GATE_CONNECTION && line->oldest != NOBODY &&
		adm_line_serves_newest(now_ms - slot_at(id, line->oldest)->since_ms, gate->grants))
		return line->newest;
	return line->oldest;
}

/* Who has waited longest, of all ranks; NOBODY where nobody waits. */
static int
longest_waiting(AdmGate id)
{
	int			longest = NOBODY;

	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
	{
		int			oldest = gate_of(id)->lines[rank].oldest;

		if (oldest != NOBODY &&
			(longest == NOBODY || slot_at(id, oldest)->since_ms < slot_at(id, longest)->since_ms))
			longest = oldest;
	}
	return longest;
}

/*
 * Gives permits to as many waiters as there is room for, up to WAKE_BATCH, and
 * notes whom to wake once the lock is released.
 */
static int
grant_batch(AdmGate id, int *wake_list)
{
	Gate	   *gate = gate_of(id);
	uint64		caps = adm_state_binding_caps_unless_silent(id);
	int64		now_ms = adm_clock_ms();
	int			granted = 0;

	while (granted < WAKE_BATCH)
	{
		int			index = next_in_turn(id, now_ms);
		uint64		word;

		if (index == NOBODY ||
			!change_word_if(gate, adm_word_has_room, caps,
							units_of[ADM_SLOT_GRANTED] - units_of[ADM_SLOT_WAITING], &word))
			break;
		grant(id, index, now_ms);
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
wake_granted(AdmGate gate, const int *granted, int count)
{
	for (int i = 0; i < count; i++)
	{
		adm_counters_add(gate, ADM_TOTAL_HANDED_ON);
		wake(granted[i]);
	}
}

/* Read without the lock: it only decides how soon who looks again. */
static int
caretaker(AdmGate gate)
{
	int			index = NOBODY;

	for (int rank = 0; rank < ADM_RANK_COUNT && index == NOBODY; rank++)
		index = *(volatile int *) &gate_of(gate)->lines[rank].oldest;
	return index;
}

/*
 * Whoever has become the first in line looks after it from now on, but finds
 * out only when it wakes; while the controller does the work it need not know.
 */
static void
wake_caretaker(AdmGate gate)
{
	int			first = caretaker(gate);

	if (first != NOBODY && adm_state_controller().late)
		wake(first);
}

void
adm_permits_serve_line(AdmGate gate)
{
	int			wake_list[WAKE_BATCH];
	bool		served = false;
	int			count;

	do
	{
		LWLockAcquire(gate_of(gate)->lock, LW_EXCLUSIVE);
		count = grant_batch(gate, wake_list);
		LWLockRelease(gate_of(gate)->lock);
		wake_granted(gate, wake_list, count);
		served |= count > 0;
	} while (count == WAKE_BATCH);
	if (served)
		wake_caretaker(gate);
}

void
adm_permits_serve_lines(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		adm_permits_serve_line((AdmGate) gate);
}

int
adm_permits_pass(AdmGate id, int most, int64 waited_ms)
{
	Gate	   *gate = gate_of(id);
	int			wake_list[WAKE_BATCH];
	int			passed = 0;
	int64		now_ms = adm_clock_ms();

	if (adm_permits_longest_wait_ms(id) < waited_ms)
		return 0;
	LWLockAcquire(gate->lock, LW_EXCLUSIVE);
	while (passed < Min(most, WAKE_BATCH))
	{
		int			index = longest_waiting(id);

		if (index == NOBODY || now_ms - slot_at(id, index)->since_ms < waited_ms)
			break;
		pg_atomic_fetch_add_u64(&gate->word.value,
								units_of[ADM_SLOT_GRANTED] - units_of[ADM_SLOT_WAITING]);
		grant(id, index, now_ms);
		adm_counters_add(id, ADM_TOTAL_PASSED);
		wake_list[passed++] = index;
	}
	LWLockRelease(gate->lock);
	wake_granted(id, wake_list, passed);
	return passed;
}

/*
 * Into the line, unless there is room after all.  The caps are read under the
 * lock: whoever raises them serves the line afterwards, and either that finds
 * us in it or we find the new caps.
 */
static bool
join_line(AdmGate id, const AdmWish *wish)
{
	Gate	   *gate = gate_of(id);
	int			me = adm_compat_my_slot();
	Owner	   *owner = &shared->owners[me];
	uint64		word;
	bool		joined;

	owner->rank = wish->rank;
	owner->waiting_since = GetCurrentTimestamp();
	strlcpy(owner->session.login.application_name, wish->application_name, NAMEDATALEN);
	slot_at(id, me)->since_ms = adm_clock_ms();

	LWLockAcquire(gate->lock, LW_EXCLUSIVE);
	joined = change_word_if(gate, admits_not, adm_state_binding_caps_unless_silent(id),
							ADM_ONE_WAITING, &word);
	if (joined)
	{
		append_to_line(id, me);
		set_slot_state(slot_at(id, me), ADM_SLOT_WAITING);
	}
	LWLockRelease(gate->lock);

	if (joined)
		adm_counters_add(id, ADM_TOTAL_HELD);
	if (joined && adm_word_counts(word).waiting == 0)
		adm_state_wake_controller();
	return joined;
}

AdmEntry
adm_permits_enter_or_wait(AdmGate gate, const AdmWish *wish)
{
	adm_permits_serve_line(gate);
	for (;;)
	{
		if (try_enter(gate, adm_state_binding_caps_unless_silent(gate)))
			return ADM_ENTRY_ADMITTED;
		if (wish->spare_slots > 0 && !adm_compat_have_free_slots(wish->spare_slots))
			return ADM_ENTRY_NO_SLOTS;
		if (join_line(gate, wish))
			return ADM_ENTRY_WAITING;
	}
}

/*
 * Until the waiter runs, its process still shows that it waits, so the age of
 * its permit counts from here; who is granted and sleeps on is not active, and
 * its permit may have been lent meanwhile.
 */
bool
adm_permits_take_grant(AdmGate gate)
{
	Slot	   *slot = my_slot(gate);

	if (slot_state(slot) == ADM_SLOT_WAITING)
		return false;
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	pg_write_barrier();
	if (!change_slot_state(slot, ADM_SLOT_GRANTED, ADM_SLOT_ACTIVE) &&
		slot_state(slot) == ADM_SLOT_LENT)
		adm_permits_take_up(adm_compat_my_slot(), ADM_SLOT_LENT);
	return true;
}

bool
adm_permits_first_in_line(AdmGate gate)
{
	return caretaker(gate) == adm_compat_my_slot();
}

void
adm_permits_note_statement(void)
{
	my_slot(ADM_GATE_TRANSACTION)->statements++;
}

/*
 * Leaving.
 */

/* False when a permit was given to us before we had the lock. */
static bool
leave_line(AdmGate id)
{
	Gate	   *gate = gate_of(id);
	Slot	   *slot = my_slot(id);
	bool		left = false;

	LWLockAcquire(gate->lock, LW_EXCLUSIVE);
	if (slot_state(slot) == ADM_SLOT_WAITING)
	{
		unlink_from_line(id, adm_compat_my_slot(), false, adm_clock_ms());
		set_slot_state(slot, ADM_SLOT_FREE);
		pg_atomic_fetch_sub_u64(&gate->word.value, ADM_ONE_WAITING);
		left = true;
	}
	LWLockRelease(gate->lock);
	wake_caretaker(id);
	return left;
}

/* A permit may be given to a waiter at any moment: then that one will do. */
void
adm_permits_enter_beyond_caps(AdmGate gate)
{
	Slot	   *slot = my_slot(gate);

	if (slot_state(slot) != ADM_SLOT_FREE && !leave_line(gate))
	{
		(void) adm_permits_take_grant(gate);
		return;
	}
	Assert(slot_state(slot) == ADM_SLOT_FREE);
	pg_atomic_fetch_add_u64(&gate_of(gate)->word.value, units_of[ADM_SLOT_ACTIVE]);
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	set_slot_state(slot, ADM_SLOT_ACTIVE);
	adm_counters_add(gate, ADM_TOTAL_PASSED);
}

void
adm_permits_leave(AdmGate gate)
{
	Slot	   *slot = my_slot(gate);
	AdmSlotState state = slot_state(slot);

	if (state == ADM_SLOT_FREE)
		return;
	if (state == ADM_SLOT_WAITING && leave_line(gate))
		return;
	state = (AdmSlotState) pg_atomic_exchange_u32(&slot->state, ADM_SLOT_FREE);
	if (units_of[state] > 0)
		lower_word(gate, units_of[state]);
	if (state == ADM_SLOT_LANE)
		pg_atomic_fetch_sub_u32(&shared->lane, 1);
	if (state == ADM_SLOT_LANE || state == ADM_SLOT_EXEMPT)
		pg_atomic_fetch_sub_u32(&shared->exempt, 1);
}

/*
 * Looking.
 */

AdmCounts
adm_permits_counts(AdmGate gate)
{
	return adm_word_counts(pg_atomic_read_u64(&gate_of(gate)->word.value));
}

AdmRoom
adm_permits_room(AdmGate gate)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(gate));
	AdmCounts	now = adm_permits_counts(gate);

	if (now.present >= cap.present)
		return ADM_ROOM_NO_PRESENT;
	return now.active >= cap.active ? ADM_ROOM_NO_ACTIVE : ADM_ROOM;
}

static uint64
admitted_ever(AdmGate gate)
{
	uint64		admitted = 0;

	for (int i = 0; i < MaxBackends; i++)
		admitted += *(volatile uint64 *) &slot_at(gate, i)->admitted;
	return admitted;
}

uint64
adm_permits_admitted(AdmGate gate)
{
	return admitted_ever(gate) - pg_atomic_read_u64(&gate_of(gate)->admitted_before);
}

void
adm_permits_reset_admitted(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		pg_atomic_write_u64(&gate_of((AdmGate) gate)->admitted_before,
							admitted_ever((AdmGate) gate));
}

int
adm_permits_exempt(void)
{
	return (int) pg_atomic_read_u32(&shared->exempt);
}

int
adm_permits_lane(void)
{
	return (int) pg_atomic_read_u32(&shared->lane);
}

bool
adm_permits_somebody_waits(AdmGate gate)
{
	return adm_permits_counts(gate).waiting > 0;
}

bool
adm_permits_anybody_waits(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		if (adm_permits_somebody_waits((AdmGate) gate))
			return true;
	}
	return false;
}

/* Read without the lock: the slot may have left the line meanwhile. */
static int64
head_wait_ms(AdmGate id, AdmRank rank)
{
	int			oldest = *(volatile int *) &gate_of(id)->lines[rank].oldest;
	int64		since_ms;

	if (oldest == NOBODY)
		return 0;
	since_ms = *(volatile int64 *) &slot_at(id, oldest)->since_ms;
	if (slot_state(slot_at(id, oldest)) != ADM_SLOT_WAITING)
		return 0;
	return Max(adm_clock_ms() - since_ms, 0);
}

int64
adm_permits_longest_wait_ms(AdmGate id)
{
	int64		longest_ms = 0;

	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		longest_ms = Max(longest_ms, head_wait_ms(id, (AdmRank) rank));
	return longest_ms;
}

int64
adm_permits_longest_wait_of_all_ms(void)
{
	int64		longest_ms = 0;

	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		longest_ms = Max(longest_ms, adm_permits_longest_wait_ms((AdmGate) gate));
	return longest_ms;
}

/* Where nobody is served, only the head's own look tells that it stands. */
bool
adm_permits_line_stands(AdmGate id)
{
	Gate	   *gate = gate_of(id);
	int64		now_ms = adm_clock_ms();
	int64		wait_ms = head_wait_ms(id, ADM_RANK_ORDINARY);
	uint64		since_ms = pg_atomic_read_u64(&gate->above_since_ms);

	if (since_ms == 0 && wait_ms > ADM_DELAY_TARGET_MS)
		(void) pg_atomic_compare_exchange_u64(&gate->above_since_ms, &since_ms, (uint64) now_ms);
	return adm_delay_stands((int64) since_ms, now_ms);
}

AdmSlotState
adm_permits_my_state(AdmGate gate)
{
	return slot_state(my_slot(gate));
}

AdmSlotState
adm_permits_slot_state(AdmGate gate, int index)
{
	return index < MaxBackends ? slot_state(slot_at(gate, index)) : ADM_SLOT_FREE;
}

int64
adm_permits_slot_age_ms(AdmGate gate, int index, int64 now_ms)
{
	pg_read_barrier();
	return now_ms - *(volatile int64 *) &slot_at(gate, index)->since_ms;
}

uint32
adm_permits_slot_statements(int index)
{
	return *(volatile uint32 *) &slot_at(ADM_GATE_TRANSACTION, index)->statements;
}

void
adm_permits_count_states(AdmGate gate, int count[ADM_SLOT_STATE_COUNT])
{
	memset(count, 0, ADM_SLOT_STATE_COUNT * sizeof(int));
	for (int i = 0; i < MaxBackends; i++)
		count[adm_permits_slot_state(gate, i)]++;
}

bool
adm_permits_is_gated(AdmSlotState state)
{
	return state == ADM_SLOT_GRANTED || state == ADM_SLOT_ACTIVE ||
		state == ADM_SLOT_PRESENT;
}

const char *
adm_permits_state_name(AdmGate gate, AdmSlotState state)
{
	static const char *const names[ADM_GATE_COUNT][ADM_SLOT_STATE_COUNT] = {
		{"free", "waiting", "granted", "starting", "admitted", "lent", "open", "exempt", "lane"},
		{"free", "waiting", "granted", "running", "long", "lent", "open", "exempt", "lane"}
	};

	return names[gate][state];
}

static int
copy_line(AdmGate id, AdmWaiter *waiters)
{
	Gate	   *gate = gate_of(id);
	int			n = 0;

	LWLockAcquire(gate->lock, LW_SHARED);
	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
	{
		for (int i = gate->lines[rank].oldest; i != NOBODY; i = slot_at(id, i)->newer)
		{
			waiters[n].gate = id;
			waiters[n].session = shared->owners[i].session;
			waiters[n].since = shared->owners[i].waiting_since;
			n++;
		}
	}
	LWLockRelease(gate->lock);
	return n;
}

/* Nobody waits at two gates, but may have gone from one to the other. */
AdmWaiter *
adm_permits_waiters(int *count)
{
	AdmWaiter  *waiters = palloc(sizeof(AdmWaiter) * MaxBackends * ADM_GATE_COUNT);
	int			n = 0;

	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		n += copy_line((AdmGate) gate, waiters + n);
	*count = n;
	return waiters;
}
