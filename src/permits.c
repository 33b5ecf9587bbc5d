/*
 * permits.c - slots, permits and the lines of the gates.
 *
 * Two things must be kept when this is changed.  A slot never claims what the
 * words do not count: the words are raised before the slot says so, and lowered
 * after the slot has stopped saying so, whoever does it; otherwise a permit
 * taken back by somebody else could lower a word below zero.  And whoever
 * lowers a word while somebody waits must then serve the line: the waiter was
 * counted in the same word, so one of the two always sees the other.
 *
 * Each service has a word of its own at each gate, and lines of its own.  Its
 * word counts all of it who wait; the gate's counts those alone for whom their
 * service has room, so that nobody is kept from passing by those who wait for
 * their own service.  Under the lock, recount() puts the gate's right.
 */
#include "postgres.h"

#include "compat.h"
#include "counters.h"
#include "os/clock.h"
#include "permits.h"
#include "policy/delay.h"
#include "policy/service_turn.h"
#include "services.h"
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

/*
 * A slot's state, with the service of whoever is in it and whether that
 * service's word counts it: what is compared and swapped as one.
 */
#define STATE_BITS			8
#define STATE_MASK			((1u << STATE_BITS) - 1)
#define COUNTED_BY_SERVICE	(1u << STATE_BITS)
#define SERVICE_SHIFT		(STATE_BITS + 1)

/* At one gate. */
typedef struct Slot
{
	pg_atomic_uint32 state;		/* AdmSlotState, and the above */
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
	AdmRank		rank;			/* this and the next before it waits */
	TimestampTz waiting_since;
	int			older;			/* neighbours in its line: that gate's lock */
	int			newer;
} Owner;

/* All who wait at a gate with one rank, in the order of arrival. */
typedef struct Line
{
	int			oldest;
	int			newest;
	uint64		grants;			/* to those in it, ever */
} Line;

/* A word, which all write, has a cache line without what all read. */
typedef union Word
{
	pg_atomic_uint64 value;		/* policy/permit_word.h */
	char		line[PG_CACHE_LINE_SIZE];
} Word;

/* What a service has at a gate. */
typedef struct Part
{
	Word		word;			/* of its own, in which waiting are all */
	pg_atomic_uint64 above_since_ms;	/* policy/delay.h */
	pg_atomic_uint64 turned_away_ms;	/* the last one, because it stands */
	pg_atomic_uint64 leavers;	/* policy/delay.h */
	int64		noted_ms;		/* when that was judged last: lock */
	Line		lines[ADM_RANK_COUNT];	/* lock to change */
	uint32		eligible;		/* of those who wait, those that the gate's
								 * word counts: lock */
	uint64		served_at;		/* policy/service_turn.h: lock */
	uint64		holder_served_at;	/* likewise */
	uint64		choices;		/* policy/line_order.h: lock */
} Part;

/* So that each word has its cache line, where the whole begins at one. */
typedef union PaddedPart
{
	Part		part;
	char		lines[2 * PG_CACHE_LINE_SIZE];
} PaddedPart;

typedef struct GateLine
{
	LWLock	   *lock;			/* constant after start-up */
	uint64		grants;			/* to waiters, ever: lock */
	pg_atomic_uint32 in_line;	/* of all services, eligible or not */
	pg_atomic_uint64 admitted_before;	/* the counters were reset */
} GateLine;

typedef struct Gate
{
	Word		word;
	union
	{
		GateLine	of;
		char		line[PG_CACHE_LINE_SIZE];
	}			rest;
	PaddedPart	parts[ADM_SERVICE_ENTRIES];
} Gate;

StaticAssertDecl(sizeof(PaddedPart) == 2 * PG_CACHE_LINE_SIZE, "a part must fit in its cache lines");

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
init_part(Part *part)
{
	pg_atomic_init_u64(&part->word.value, 0);
	pg_atomic_init_u64(&part->above_since_ms, 0);
	pg_atomic_init_u64(&part->turned_away_ms, 0);
	pg_atomic_init_u64(&part->leavers, 0);
	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		part->lines[rank].oldest = part->lines[rank].newest = NOBODY;
}

static void
init_gate(AdmGate id)
{
	Gate	   *gate = &shared->gates[id];

	gate->rest.of.lock = &GetNamedLWLockTranche(LOCK_NAME)[id].lock;
	pg_atomic_init_u64(&gate->word.value, 0);
	pg_atomic_init_u32(&gate->rest.of.in_line, 0);
	pg_atomic_init_u64(&gate->rest.of.admitted_before, 0);
	for (int i = 0; i < ADM_SERVICE_ENTRIES; i++)
		init_part(&gate->parts[i].part);
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

static Part *
part_of(AdmGate gate, int service)
{
	return &gate_of(gate)->parts[service].part;
}

static uint32
tag_for(int service, bool counted)
{
	return ((uint32) service << SERVICE_SHIFT) | (counted ? COUNTED_BY_SERVICE : 0);
}

/* All but the state itself. */
static uint32
tag_of(uint32 value)
{
	return value & ~STATE_MASK;
}

static AdmSlotState
state_of(uint32 value)
{
	return (AdmSlotState) (value & STATE_MASK);
}

static int
service_of(uint32 value)
{
	return (int) (value >> SERVICE_SHIFT);
}

static AdmSlotState
slot_state(Slot *slot)
{
	return state_of(pg_atomic_read_u32(&slot->state));
}

/* The barrier publishes what was written to the slot before. */
static void
set_slot(Slot *slot, AdmSlotState state, uint32 tag)
{
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, tag | state);
}

/* False: it is in another state, or somebody else's, by now. */
static bool
change_slot(Slot *slot, AdmSlotState from, AdmSlotState to, uint32 tag)
{
	uint32		expected = tag | from;

	return pg_atomic_compare_exchange_u32(&slot->state, &expected, tag | to);
}

/*
 * The words.
 */

/* Adds delta if the condition holds; *seen is the word that was judged. */
static bool
change_word_if(Word *word, bool (*condition) (uint64_t word, uint64_t caps),
			   uint64 caps, uint64 delta, uint64 *seen)
{
	*seen = pg_atomic_read_u64(&word->value);
	while (condition(*seen, caps))
	{
		if (pg_atomic_compare_exchange_u64(&word->value, seen, *seen + delta))
			return true;
	}
	return false;
}

static bool
admits_not(uint64_t word, uint64_t caps)
{
	return !adm_word_admits(word, caps);
}

/* What a service's word counts of what the gate's counts: not who waits. */
static uint64
service_units(uint64 units, uint32 tag)
{
	return tag & COUNTED_BY_SERVICE ? units & (ADM_ONE_WAITING - 1) : 0;
}

/* Subtracts; returns whether somebody waits who was counted in it. */
static bool
lower(Word *word, uint64 units)
{
	uint64		before;

	if (units == 0)
		return false;
	before = pg_atomic_fetch_sub_u64(&word->value, units);
	return adm_word_counts(before).waiting > 0;
}

/* Gives units back, and on to those who wait. */
static void
lower_words(AdmGate gate, uint64 units, uint32 tag)
{
	bool		waits = lower(&gate_of(gate)->word, units);

	waits |= lower(&part_of(gate, service_of(tag))->word, service_units(units, tag));
	if (waits)
		adm_permits_serve_line(gate);
}

static void
raise_words(AdmGate gate, uint64 units, uint32 tag)
{
	pg_atomic_fetch_add_u64(&gate_of(gate)->word.value, units);
	if (tag & COUNTED_BY_SERVICE)
		pg_atomic_fetch_add_u64(&part_of(gate, service_of(tag))->word.value,
								service_units(units, tag));
}

bool
adm_permits_move(AdmGate gate, int index, AdmSlotState from, AdmSlotState to)
{
	Slot	   *slot = slot_at(gate, index);
	uint32		tag = tag_of(pg_atomic_read_u32(&slot->state));
	uint64		before = units_of[from];
	uint64		after = units_of[to];

	if (after > before)
	{
		raise_words(gate, after - before, tag);
		if (change_slot(slot, from, to, tag))
			return true;
		lower_words(gate, after - before, tag);
		return false;
	}
	if (!change_slot(slot, from, to, tag))
		return false;
	if (before > after)
		lower_words(gate, before - after, tag);
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

/*
 * The service's word counts all its sessions, but of its transactions only those
 * that began under a cap of its own: without services nobody pays for them.
 */
static bool
is_counted(AdmGate gate, int service)
{
	return gate == ADM_GATE_CONNECTION || adm_word_bounds(adm_services_caps(gate, service));
}

void
adm_permits_enter_exempt(int service)
{
	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot(my_slot(ADM_GATE_CONNECTION), ADM_SLOT_EXEMPT, tag_for(service, false));
}

bool
adm_permits_enter_lane(int service)
{
	uint32		taken = pg_atomic_read_u32(&shared->lane);

	do
	{
		if (taken >= (uint32) adm_state_exempt_connections())
			return false;
	} while (!pg_atomic_compare_exchange_u32(&shared->lane, &taken, taken + 1));
	pg_atomic_fetch_add_u32(&shared->exempt, 1);
	set_slot(my_slot(ADM_GATE_CONNECTION), ADM_SLOT_LANE, tag_for(service, false));
	return true;
}

/* The slot is ours, and the words count it. */
static void
take_slot(Slot *slot, uint32 tag)
{
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	set_slot(slot, ADM_SLOT_ACTIVE, tag);
}

/* The service's permit first: it is given back if the gate has none. */
static bool
try_enter(AdmGate gate, int service, uint64 caps)
{
	Word	   *own = &part_of(gate, service)->word;
	uint32		tag = tag_for(service, is_counted(gate, service));
	uint64		own_units = service_units(units_of[ADM_SLOT_ACTIVE], tag);
	uint64		word;

	if (own_units > 0 &&
		!change_word_if(own, adm_word_admits, adm_services_caps(gate, service), own_units, &word))
		return false;
	if (!change_word_if(&gate_of(gate)->word, adm_word_admits, caps,
						units_of[ADM_SLOT_ACTIVE], &word))
	{
		if (lower(own, own_units))
			adm_permits_serve_line(gate);
		return false;
	}
	take_slot(my_slot(gate), tag);
	return true;
}

bool
adm_permits_try_enter(AdmGate gate, int service)
{
	return try_enter(gate, service, adm_state_binding_caps(gate));
}

bool
adm_permits_try_enter_open(int service)
{
	if (adm_word_bounds(adm_state_shown_caps(ADM_GATE_TRANSACTION)) ||
		adm_word_bounds(adm_services_caps(ADM_GATE_TRANSACTION, service)))
		return false;
	pg_atomic_write_u32(&my_slot(ADM_GATE_TRANSACTION)->state,
						tag_for(service, false) | ADM_SLOT_OPEN);
	return true;
}

int
adm_permits_my_service(void)
{
	return service_of(pg_atomic_read_u32(&my_slot(ADM_GATE_CONNECTION)->state));
}

/* False: the state has changed meanwhile; nobody but the owner changes the tag. */
static bool
try_change_service(Slot *slot, int service)
{
	uint32		before = pg_atomic_read_u32(&slot->state);
	uint32		tag = tag_for(service, (before & COUNTED_BY_SERVICE) != 0);
	uint64		units = service_units(units_of[state_of(before)], tag);
	Word	   *from = &part_of(ADM_GATE_CONNECTION, service_of(before))->word;
	Word	   *to = &part_of(ADM_GATE_CONNECTION, service)->word;
	bool		changed;

	if (units > 0)
		pg_atomic_fetch_add_u64(&to->value, units);
	changed = pg_atomic_compare_exchange_u32(&slot->state, &before, tag | state_of(before));
	if (lower(changed ? from : to, units))
		adm_permits_serve_line(ADM_GATE_CONNECTION);
	return changed;
}

void
adm_permits_change_service(int service)
{
	while (!try_change_service(my_slot(ADM_GATE_CONNECTION), service))
		 /* it has started meanwhile */ ;
}

/*
 * The line.  All of it needs the lock, held exclusively.
 */

static Part *
part_at(AdmGate id, int index)
{
	return part_of(id, service_of(pg_atomic_read_u32(&slot_at(id, index)->state)));
}

static Line *
line_of(AdmGate id, int index)
{
	return &part_at(id, index)->lines[shared->owners[index].rank];
}

static uint32
waiting_in(Part *part)
{
	return adm_word_counts(pg_atomic_read_u64(&part->word.value)).waiting;
}

bool
adm_permits_service_has_room(AdmGate id, int service)
{
	return adm_word_has_room(pg_atomic_read_u64(&part_of(id, service)->word.value),
							 adm_services_caps(id, service));
}

/*
 * Has the gate's word count those who wait for it, and not those who wait for
 * room in their own service.  To be called after every change of a line.
 */
static void
recount(AdmGate id, int service)
{
	Part	   *part = part_of(id, service);
	uint32		eligible = adm_permits_service_has_room(id, service) ? waiting_in(part) : 0;

	if (eligible == part->eligible)
		return;
	pg_atomic_fetch_add_u64(&gate_of(id)->word.value,
							((uint64) eligible - part->eligible) * ADM_ONE_WAITING);
	part->eligible = eligible;
}

static void
append_to_line(AdmGate id, int index)
{
	Part	   *part = part_at(id, index);
	Line	   *line = line_of(id, index);
	Owner	   *owner = &shared->owners[index];

	if (line == &part->lines[ADM_RANK_ORDINARY] && line->oldest == NOBODY &&
		adm_delay_is_outdated(part->noted_ms, slot_at(id, index)->since_ms))
		pg_atomic_write_u64(&part->above_since_ms, 0);
	owner->older = line->newest;
	owner->newer = NOBODY;
	if (line->newest == NOBODY)
		line->oldest = index;
	else
		shared->owners[line->newest].newer = index;
	line->newest = index;
}

/* What a wait at its head says of the service's line of the ordinary. */
static void
note_delay(Part *part, int64 wait_ms, int64 now_ms)
{
	int64		since_ms = (int64) pg_atomic_read_u64(&part->above_since_ms);
	int64		turned_away_ms = (int64) pg_atomic_read_u64(&part->turned_away_ms);

	part->noted_ms = now_ms;
	since_ms = adm_delay_note(since_ms, wait_ms, turned_away_ms, now_ms);
	pg_atomic_write_u64(&part->above_since_ms, (uint64) since_ms);
}

void
adm_permits_note_turned_away(AdmGate gate, int service)
{
	pg_atomic_write_u64(&part_of(gate, service)->turned_away_ms, (uint64) adm_clock_ms());
}

void
adm_permits_note_leaver(AdmGate gate, int service)
{
	pg_atomic_uint64 *leavers = &part_of(gate, service)->leavers;
	uint64		before = pg_atomic_read_u64(leavers);
	int64		now_ms = adm_clock_ms();

	while (!pg_atomic_compare_exchange_u64(leavers, &before,
										   adm_delay_note_leaver(before, now_ms)))
		 /* somebody else has left at the same time */ ;
}

bool
adm_permits_clients_leave(AdmGate gate, int service)
{
	return adm_delay_clients_leave(pg_atomic_read_u64(&part_of(gate, service)->leavers),
								   adm_clock_ms());
}

static void
unlink_from_line(AdmGate id, int index)
{
	Line	   *line = line_of(id, index);
	Owner	   *owner = &shared->owners[index];

	if (owner->older != NOBODY)
		shared->owners[owner->older].newer = owner->newer;
	else
		line->oldest = owner->newer;
	if (owner->newer != NOBODY)
		shared->owners[owner->newer].older = owner->older;
	else
		line->newest = owner->older;
}

/*
 * The end of a wait, by a permit or without.  A line does not stand when its
 * last one is served; whether it does when somebody leaves early, nobody knows.
 */
static void
end_wait(AdmGate id, int index, bool granted, int64 now_ms)
{
	Slot	   *slot = slot_at(id, index);
	Part	   *part = part_at(id, index);
	Line	   *line = line_of(id, index);
	bool		was_head = line->oldest == index;
	int64		wait_ms = Max(now_ms - slot->since_ms, 0);

	unlink_from_line(id, index);
	if (was_head && line == &part->lines[ADM_RANK_ORDINARY] &&
		(granted || wait_ms > ADM_DELAY_TARGET_MS))
		note_delay(part, granted && line->oldest == NOBODY ? 0 : wait_ms, now_ms);
	pg_atomic_fetch_sub_u64(&part->word.value, ADM_ONE_WAITING);
	pg_atomic_fetch_sub_u32(&gate_of(id)->rest.of.in_line, 1);
	adm_counters_note_wait(id, service_of(pg_atomic_read_u32(&slot->state)), (uint64) wait_ms);
}

static void
note_turn(Gate *gate, Part *part, AdmRank rank)
{
	bool		of_holders = adm_turn_is_of_holders(gate->rest.of.grants);

	gate->rest.of.grants++;
	if (rank == ADM_RANK_HOLDER && of_holders)
		part->holder_served_at = gate->rest.of.grants;
	else
	{
		part->served_at = gate->rest.of.grants;
		part->choices++;
	}
}

/*
 * Gives the waiter, who is eligible, a permit that the gate's word counts
 * already in place of its wait.  Its latch is to be set once the lock is
 * released.
 */
static void
grant(AdmGate id, int index, int64 now_ms)
{
	Gate	   *gate = gate_of(id);
	Slot	   *slot = slot_at(id, index);
	Part	   *part = part_at(id, index);
	int			service = service_of(pg_atomic_read_u32(&slot->state));
	uint32		tag = tag_for(service, is_counted(id, service));

	adm_counters_add(id, service, ADM_TOTAL_HANDED_ON);
	note_turn(gate, part, shared->owners[index].rank);
	line_of(id, index)->grants++;
	pg_atomic_fetch_add_u64(&part->word.value, service_units(units_of[ADM_SLOT_GRANTED], tag));
	end_wait(id, index, true, now_ms);
	part->eligible--;
	slot->since_ms = now_ms;
	set_slot(slot, ADM_SLOT_GRANTED, tag);
	recount(id, service);
}

static void
describe_contender(AdmGate id, int service, AdmContender *c)
{
	Part	   *part = part_of(id, service);

	c->priority = adm_services_priority(service);
	c->has_holder = part->lines[ADM_RANK_HOLDER].oldest != NOBODY;
	c->served_at = part->served_at;
	c->holder_served_at = part->holder_served_at;
}

/* The service of which somebody is next; ADM_NO_SERVICE: nobody is eligible. */
static int
next_service(AdmGate id)
{
	Gate	   *gate = gate_of(id);
	int			next = ADM_NO_SERVICE;
	AdmContender best = {0};

	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmContender c;

		if (gate->parts[i].part.eligible == 0)
			continue;
		describe_contender(id, i, &c);
		if (next != ADM_NO_SERVICE && !adm_turn_goes_before(&c, &best, gate->rest.of.grants))
			continue;
		next = i;
		best = c;
	}
	return next;
}

/*
 * At the connection gate a line that stands is mostly made of clients that are
 * about to give up, unless it waits for sessions to end; at the other they are
 * refused before it comes to that.
 * NOBODY where nobody is eligible.
 */
static int
next_in_turn(AdmGate id, int64 now_ms)
{
	int			service = next_service(id);
	bool		waits[ADM_RANK_COUNT];
	Part	   *part;
	Line	   *line;

	if (service == ADM_NO_SERVICE)
		return NOBODY;
	part = part_of(id, service);
	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		waits[rank] = part->lines[rank].oldest != NOBODY;
	line = &part->lines[adm_line_next_rank(waits, adm_turn_is_of_holders(gate_of(id)->rest.of.grants),
										   part->choices)];
	if (id == ADM_GATE_CONNECTION &&
		adm_word_counts(adm_services_caps(id, service)).present == ADM_NO_CAP &&
		adm_line_serves_newest(now_ms - slot_at(id, line->oldest)->since_ms, line->grants))
		return line->newest;
	return line->oldest;
}

/* Who has waited longest, of all that are eligible; or NOBODY. */
static int
longest_waiting(AdmGate id)
{
	int			longest = NOBODY;

	for (int i = 0; i < adm_services_end(); i++)
	{
		Part	   *part = part_of(id, i);

		for (int rank = 0; rank < ADM_RANK_COUNT && part->eligible > 0; rank++)
		{
			int			oldest = part->lines[rank].oldest;

			if (oldest != NOBODY &&
				(longest == NOBODY || slot_at(id, oldest)->since_ms < slot_at(id, longest)->since_ms))
				longest = oldest;
		}
	}
	return longest;
}

/* Somebody's service may have got room, or lost it, since its last recount. */
static void
recount_all(AdmGate id)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (waiting_in(part_of(id, i)) > 0)
			recount(id, i);
	}
}

/*
 * Gives permits to as many waiters as there is room for, up to WAKE_BATCH, and
 * notes whom to wake once the lock is released.
 */
static int
grant_batch(AdmGate id, int *wake_list)
{
	uint64		caps = adm_state_binding_caps_unless_silent(id);
	int64		now_ms = adm_clock_ms();
	int			granted = 0;

	recount_all(id);
	while (granted < WAKE_BATCH)
	{
		int			index = next_in_turn(id, now_ms);
		uint64		word;

		if (index == NOBODY ||
			!change_word_if(&gate_of(id)->word, adm_word_has_room, caps,
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
wake_all(const int *granted, int count)
{
	for (int i = 0; i < count; i++)
		wake(granted[i]);
}

/*
 * The head of any line will do.  Read without the lock: it only decides how soon
 * who looks again.
 */
static int
caretaker(AdmGate gate)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		{
			int			index = *(volatile int *) &part_of(gate, i)->lines[rank].oldest;

			if (index != NOBODY)
				return index;
		}
	}
	return NOBODY;
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
		LWLockAcquire(gate_of(gate)->rest.of.lock, LW_EXCLUSIVE);
		count = grant_batch(gate, wake_list);
		LWLockRelease(gate_of(gate)->rest.of.lock);
		wake_all(wake_list, count);
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
	LWLockAcquire(gate->rest.of.lock, LW_EXCLUSIVE);
	recount_all(id);
	while (passed < Min(most, WAKE_BATCH))
	{
		int			index = longest_waiting(id);

		if (index == NOBODY || now_ms - slot_at(id, index)->since_ms < waited_ms)
			break;
		pg_atomic_fetch_add_u64(&gate->word.value,
								units_of[ADM_SLOT_GRANTED] - units_of[ADM_SLOT_WAITING]);
		adm_counters_add(id, adm_permits_slot_service(id, index), ADM_TOTAL_PASSED);
		grant(id, index, now_ms);
		wake_list[passed++] = index;
	}
	LWLockRelease(gate->rest.of.lock);
	wake_all(wake_list, passed);
	return passed;
}

/*
 * Counts one more who waits, unless there is room after all: in its service's
 * word and, as long as the service has room, in the gate's.  What is judged and
 * what is changed is one word, so whoever makes room in it later sees the waiter.
 */
static bool
count_waiter(AdmGate id, int service)
{
	Part	   *part = part_of(id, service);
	uint64		word;

	if (is_counted(id, service) &&
		change_word_if(&part->word, admits_not, adm_services_caps(id, service),
					   ADM_ONE_WAITING, &word))
		return true;
	if (!change_word_if(&gate_of(id)->word, admits_not, adm_state_binding_caps_unless_silent(id),
						ADM_ONE_WAITING, &word))
		return false;
	pg_atomic_fetch_add_u64(&part->word.value, ADM_ONE_WAITING);
	part->eligible++;
	return true;
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
	bool		joined;
	bool		alone = false;

	owner->rank = wish->rank;
	owner->waiting_since = GetCurrentTimestamp();
	strlcpy(owner->session.login.application_name, wish->application_name, NAMEDATALEN);
	slot_at(id, me)->since_ms = adm_clock_ms();

	LWLockAcquire(gate->rest.of.lock, LW_EXCLUSIVE);
	joined = count_waiter(id, wish->service);
	if (joined)
	{
		set_slot(slot_at(id, me), ADM_SLOT_WAITING, tag_for(wish->service, false));
		append_to_line(id, me);
		recount(id, wish->service);
		alone = pg_atomic_fetch_add_u32(&gate->rest.of.in_line, 1) == 0;
	}
	LWLockRelease(gate->rest.of.lock);

	if (joined)
		adm_counters_add(id, wish->service, ADM_TOTAL_HELD);
	if (alone)
		adm_state_wake_controller();
	return joined;
}

AdmEntry
adm_permits_enter_or_wait(AdmGate gate, const AdmWish *wish)
{
	adm_permits_serve_line(gate);
	for (;;)
	{
		if (try_enter(gate, wish->service, adm_state_binding_caps_unless_silent(gate)))
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
	if (!change_slot(slot, ADM_SLOT_GRANTED, ADM_SLOT_ACTIVE,
					 tag_of(pg_atomic_read_u32(&slot->state))) &&
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

	LWLockAcquire(gate->rest.of.lock, LW_EXCLUSIVE);
	if (slot_state(slot) == ADM_SLOT_WAITING)
	{
		int			service = service_of(pg_atomic_read_u32(&slot->state));

		end_wait(id, adm_compat_my_slot(), false, adm_clock_ms());
		set_slot(slot, ADM_SLOT_FREE, 0);
		recount(id, service);
		left = true;
	}
	LWLockRelease(gate->rest.of.lock);
	wake_caretaker(id);
	return left;
}

/* A permit may be given to a waiter at any moment: then that one will do. */
static bool
has_got_permit(AdmGate gate)
{
	if (slot_state(my_slot(gate)) == ADM_SLOT_FREE || leave_line(gate))
		return false;
	return adm_permits_take_grant(gate);
}

void
adm_permits_enter_beyond_caps(AdmGate gate, int service)
{
	uint32		tag = tag_for(service, is_counted(gate, service));

	if (has_got_permit(gate))
		return;
	raise_words(gate, units_of[ADM_SLOT_ACTIVE], tag);
	take_slot(my_slot(gate), tag);
	adm_counters_add(gate, service, ADM_TOTAL_PASSED);
}

bool
adm_permits_enter_beyond_gate(AdmGate gate, int service)
{
	uint32		tag = tag_for(service, is_counted(gate, service));
	uint64		own_units = service_units(units_of[ADM_SLOT_ACTIVE], tag);
	uint64		word;

	if (has_got_permit(gate))
		return true;
	if (own_units > 0 &&
		!change_word_if(&part_of(gate, service)->word, adm_word_has_room,
						adm_services_caps(gate, service), own_units, &word))
		return false;
	pg_atomic_fetch_add_u64(&gate_of(gate)->word.value, units_of[ADM_SLOT_ACTIVE]);
	take_slot(my_slot(gate), tag);
	adm_counters_add(gate, service, ADM_TOTAL_PASSED);
	return true;
}

void
adm_permits_leave(AdmGate gate)
{
	Slot	   *slot = my_slot(gate);
	AdmSlotState state = slot_state(slot);
	uint32		before;

	if (state == ADM_SLOT_FREE)
		return;
	if (state == ADM_SLOT_WAITING && leave_line(gate))
		return;
	before = pg_atomic_exchange_u32(&slot->state, ADM_SLOT_FREE);
	state = state_of(before);
	if (units_of[state] > 0)
		lower_words(gate, units_of[state], tag_of(before));
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
	AdmCounts	counts = adm_word_counts(pg_atomic_read_u64(&gate_of(gate)->word.value));

	counts.waiting = pg_atomic_read_u32(&gate_of(gate)->rest.of.in_line);
	return counts;
}

AdmCounts
adm_permits_service_counts(AdmGate gate, int service)
{
	return adm_word_counts(pg_atomic_read_u64(&part_of(gate, service)->word.value));
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
	return admitted_ever(gate) - pg_atomic_read_u64(&gate_of(gate)->rest.of.admitted_before);
}

void
adm_permits_reset_admitted(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		pg_atomic_write_u64(&gate_of((AdmGate) gate)->rest.of.admitted_before,
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

int
adm_permits_waiting_for_service(AdmGate gate)
{
	AdmCounts	eligible = adm_word_counts(pg_atomic_read_u64(&gate_of(gate)->word.value));

	return (int) (adm_permits_counts(gate).waiting - eligible.waiting);
}

bool
adm_permits_somebody_waits(AdmGate gate)
{
	return pg_atomic_read_u32(&gate_of(gate)->rest.of.in_line) > 0;
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
head_wait_ms(AdmGate id, int service, AdmRank rank)
{
	int			oldest = *(volatile int *) &part_of(id, service)->lines[rank].oldest;
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

	for (int i = 0; i < adm_services_end(); i++)
	{
		if (waiting_in(part_of(id, i)) == 0 || !adm_permits_service_has_room(id, i))
			continue;
		for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
			longest_ms = Max(longest_ms, head_wait_ms(id, i, (AdmRank) rank));
	}
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
adm_permits_line_stands(AdmGate id, int service)
{
	Part	   *part = part_of(id, service);
	int64		now_ms = adm_clock_ms();
	int64		wait_ms = head_wait_ms(id, service, ADM_RANK_ORDINARY);
	uint64		since_ms = pg_atomic_read_u64(&part->above_since_ms);

	if (since_ms == 0 && wait_ms > ADM_DELAY_TARGET_MS)
		(void) pg_atomic_compare_exchange_u64(&part->above_since_ms, &since_ms, (uint64) now_ms);
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

int
adm_permits_slot_service(AdmGate gate, int index)
{
	return service_of(pg_atomic_read_u32(&slot_at(gate, index)->state));
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

/* A session is in one service; what it holds at the other gate is of the same. */
void
adm_permits_services_in_use(bool in_use[ADM_SERVICE_ENTRIES])
{
	memset(in_use, 0, ADM_SERVICE_ENTRIES * sizeof(bool));
	for (int i = 0; i < MaxBackends; i++)
	{
		if (adm_permits_slot_state(ADM_GATE_CONNECTION, i) != ADM_SLOT_FREE)
			in_use[adm_permits_slot_service(ADM_GATE_CONNECTION, i)] = true;
	}
}

/* Past the transaction gate, and not lent. */
static bool
runs(AdmSlotState state)
{
	return state == ADM_SLOT_GRANTED || state == ADM_SLOT_ACTIVE ||
		state == ADM_SLOT_PRESENT || state == ADM_SLOT_OPEN;
}

AdmServiceCounts
adm_permits_count_service(int service)
{
	AdmServiceCounts counts = {0};

	for (int i = 0; i < MaxBackends; i++)
	{
		uint32		session = pg_atomic_read_u32(&slot_at(ADM_GATE_CONNECTION, i)->state);
		uint32		transaction = pg_atomic_read_u32(&slot_at(ADM_GATE_TRANSACTION, i)->state);

		if (service_of(session) == service)
		{
			counts.logins_waiting += state_of(session) == ADM_SLOT_WAITING;
			counts.sessions += state_of(session) != ADM_SLOT_FREE && state_of(session) != ADM_SLOT_WAITING;
		}
		if (service_of(transaction) == service)
		{
			counts.waiting += state_of(transaction) == ADM_SLOT_WAITING;
			counts.running += runs(state_of(transaction));
		}
	}
	return counts;
}

bool
adm_permits_is_gated(AdmSlotState state)
{
	return state == ADM_SLOT_GRANTED || state == ADM_SLOT_ACTIVE ||
		state == ADM_SLOT_PRESENT;
}

bool
adm_permits_is_exempt(AdmSlotState state)
{
	return state == ADM_SLOT_EXEMPT || state == ADM_SLOT_LANE;
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
copy_line(AdmGate id, int service, const Line *line, AdmWaiter *waiters)
{
	int			n = 0;

	for (int i = line->oldest; i != NOBODY; i = shared->owners[i].newer)
	{
		waiters[n].gate = id;
		waiters[n].service = service;
		waiters[n].session = shared->owners[i].session;
		waiters[n].since = shared->owners[i].waiting_since;
		n++;
	}
	return n;
}

static int
copy_lines(AdmGate id, AdmWaiter *waiters)
{
	Gate	   *gate = gate_of(id);
	int			n = 0;

	LWLockAcquire(gate->rest.of.lock, LW_SHARED);
	for (int i = 0; i < adm_services_end(); i++)
	{
		for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
			n += copy_line(id, i, &gate->parts[i].part.lines[rank], waiters + n);
	}
	LWLockRelease(gate->rest.of.lock);
	return n;
}

/* Nobody waits at two gates, but may have gone from one to the other. */
AdmWaiter *
adm_permits_waiters(int *count)
{
	AdmWaiter  *waiters = palloc(sizeof(AdmWaiter) * MaxBackends * ADM_GATE_COUNT);
	int			n = 0;

	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		n += copy_lines((AdmGate) gate, waiters + n);
	*count = n;
	return waiters;
}
