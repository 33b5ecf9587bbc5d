/*
 * permits_slots.h - what the permits keep in shared memory: the words, the
 * slots, who owns them, and the lines.  For permits*.c alone.
 *
 * Two things must be kept when any of these files is changed.
 *
 * A slot never claims what the words do not count: the words are raised before
 * the slot says so, and lowered after the slot has stopped saying so, whoever
 * does it; otherwise a permit taken back by somebody else could lower a word
 * below zero.
 *
 * And whoever lowers a word while somebody waits must then serve the line: the
 * waiter was counted in the same word, so one of the two always sees the other.
 *
 * Each service has a word of its own at each gate, and lines of its own.  Its
 * word counts all of it who wait; the gate's counts those alone for whom their
 * service has room, so that nobody is kept from passing by those who wait for
 * their own service.  Under the gate's lock, recount() in permits_line.c puts
 * the gate's right.
 *
 * Functions are inline here because each transaction that passes goes through
 * them.
 */
#ifndef ADM_PERMITS_SLOTS_H
#define ADM_PERMITS_SLOTS_H

#include "compat.h"
#include "permits.h"
#include "port/atomics.h"
#include "services.h"
#include "storage/lwlock.h"

/* No index of a slot: the end of a line. */
#define ADM_NOBODY			(-1)

/*
 * The words.
 */

/* A word, which all write, has a cache line without what all read. */
typedef union AdmWord
{
	pg_atomic_uint64 value;		/* policy/permit_word.h */
	char		line[PG_CACHE_LINE_SIZE];
} AdmWord;

/* All who wait for a service at a gate with one rank, in the order of arrival. */
typedef struct AdmLine
{
	int			oldest;
	int			newest;
	uint64		grants;			/* to those in it, ever */
} AdmLine;

/* What a service has at a gate. */
typedef struct AdmPart
{
	AdmWord		word;			/* of its own, in which waiting are all */
	pg_atomic_uint64 above_since_ms;	/* policy/delay.h */
	pg_atomic_uint64 turned_away_ms;	/* the last one, because it stands */
	pg_atomic_uint64 leavers;	/* policy/delay.h */
	pg_atomic_uint64 served;	/* of the ordinary; likewise */
	int64		noted_ms;		/* when that was judged last: lock */
	AdmLine		lines[ADM_RANK_COUNT];	/* lock to change */
	uint32		ordinary;		/* how many stand in their line: likewise */
	uint32		eligible;		/* of those who wait, those that the gate's
								 * word counts: lock */
	uint64		served_at;		/* policy/service_turn.h: lock */
	uint64		holder_served_at;	/* likewise */
	uint64		choices;		/* policy/line_order.h: lock */
} AdmPart;

/* So that each word has its cache line, where the whole begins at one. */
typedef union AdmPaddedPart
{
	AdmPart		part;
	char		lines[TYPEALIGN(PG_CACHE_LINE_SIZE, sizeof(AdmPart))];
} AdmPaddedPart;

/* What a gate has beside the words: for all its lines, and for its counters. */
typedef struct AdmGateLines
{
	LWLock	   *lock;			/* constant after start-up */
	uint64		grants;			/* to waiters, ever: lock */
	pg_atomic_uint32 in_line;	/* of all services, eligible or not */
	pg_atomic_uint64 refused_at_once;	/* policy/delay.h */
	pg_atomic_uint64 admitted_before;	/* when the counters were reset */
} AdmGateLines;

typedef struct AdmGatePermits
{
	AdmWord		word;
	union
	{
		AdmGateLines of;
		char		line[PG_CACHE_LINE_SIZE];
	}			lines;
	AdmPaddedPart parts[ADM_SERVICE_ENTRIES];
} AdmGatePermits;

/*
 * The slots.
 */

/*
 * A slot's value is its state and a tag: the service of whoever is in it, and
 * whether that service's word counts it.  They are compared and swapped as one.
 */
#define ADM_STATE_BITS			8
#define ADM_STATE_MASK			((1u << ADM_STATE_BITS) - 1)
#define ADM_COUNTED_BY_SERVICE	(1u << ADM_STATE_BITS)
#define ADM_SERVICE_SHIFT		(ADM_STATE_BITS + 1)

/* At one gate. */
typedef struct AdmSlot
{
	pg_atomic_uint32 value;		/* AdmSlotState, and the above */
	uint32		statements;		/* begun, ever, whoever had the slot: owner */
	int64		since_ms;		/* monotonic, of the state: owner, or lock */
	uint64		admitted;		/* ever, whoever had the slot: owner */
} AdmSlot;

/*
 * A backend's: in one cache line, so that a transaction that passes writes to
 * this line and the word, and reads one more.
 */
typedef union AdmBackendSlots
{
	AdmSlot		at[ADM_GATE_COUNT];
	char		line[PG_CACHE_LINE_SIZE];
} AdmBackendSlots;

/* Who owns the slots of this index; the owner writes it. */
typedef struct AdmOwner
{
	AdmSession	session;		/* pid last; 0: nobody, or it is being written */
	AdmRank		rank;			/* this and the next before it waits */
	TimestampTz waiting_since;
	int			older;			/* neighbours in its line: that gate's lock */
	int			newer;
} AdmOwner;

typedef struct AdmSharedPermits
{
	AdmGatePermits gates[ADM_GATE_COUNT];
	pg_atomic_uint32 exempt;	/* sessions, the lane's included */
	pg_atomic_uint32 lane;
	AdmOwner	owners[FLEXIBLE_ARRAY_MEMBER];	/* MaxBackends */
} AdmSharedPermits;

extern AdmSharedPermits *adm_permits_shared;
extern AdmBackendSlots *adm_permits_slots;	/* MaxBackends, shared too */

static inline AdmGatePermits *
adm_gate_of(AdmGate gate)
{
	return &adm_permits_shared->gates[gate];
}

static inline AdmGateLines *
adm_gate_lines(AdmGate gate)
{
	return &adm_gate_of(gate)->lines.of;
}

static inline AdmPart *
adm_part_of(AdmGate gate, int service)
{
	return &adm_gate_of(gate)->parts[service].part;
}

static inline AdmOwner *
adm_owner_of(int index)
{
	return &adm_permits_shared->owners[index];
}

static inline AdmSlot *
adm_slot_at(AdmGate gate, int index)
{
	return &adm_permits_slots[index].at[gate];
}

static inline AdmSlot *
adm_slot_mine(AdmGate gate)
{
	return adm_slot_at(gate, adm_compat_my_slot());
}

/*
 * A slot and its value.
 */

static inline uint32
adm_tag_for(int service, bool counted)
{
	return ((uint32) service << ADM_SERVICE_SHIFT) | (counted ? ADM_COUNTED_BY_SERVICE : 0);
}

static inline uint32
adm_value_tag(uint32 value)
{
	return value & ~ADM_STATE_MASK;
}

static inline AdmSlotState
adm_value_state(uint32 value)
{
	return (AdmSlotState) (value & ADM_STATE_MASK);
}

static inline int
adm_value_service(uint32 value)
{
	return (int) (value >> ADM_SERVICE_SHIFT);
}

static inline uint32
adm_slot_value(AdmSlot *slot)
{
	return pg_atomic_read_u32(&slot->value);
}

static inline AdmSlotState
adm_slot_state(AdmSlot *slot)
{
	return adm_value_state(adm_slot_value(slot));
}

static inline int
adm_slot_service(AdmSlot *slot)
{
	return adm_value_service(adm_slot_value(slot));
}

/* The barrier publishes what was written to the slot before. */
static inline void
adm_slot_set(AdmSlot *slot, AdmSlotState state, uint32 tag)
{
	pg_write_barrier();
	pg_atomic_write_u32(&slot->value, tag | state);
}

/* False: it is in another state, or somebody else's, by now. */
static inline bool
adm_slot_change(AdmSlot *slot, AdmSlotState from, AdmSlotState to, uint32 tag)
{
	uint32		expected = tag | from;

	return pg_atomic_compare_exchange_u32(&slot->value, &expected, tag | to);
}

/*
 * Counting in the words.
 */

/* What the gate's word counts for a slot in this state. */
static inline uint64
adm_units_of(AdmSlotState state)
{
	static const uint64 units[ADM_SLOT_STATE_COUNT] = {
		[ADM_SLOT_WAITING] = ADM_ONE_WAITING,
		[ADM_SLOT_GRANTED] = ADM_ONE_ACTIVE + ADM_ONE_PRESENT,
		[ADM_SLOT_ACTIVE] = ADM_ONE_ACTIVE + ADM_ONE_PRESENT,
		[ADM_SLOT_PRESENT] = ADM_ONE_PRESENT
	};

	return units[state];
}

/* What a service's word counts of what the gate's counts: not who waits. */
static inline uint64
adm_units_for_service(uint64 units, uint32 tag)
{
	return tag & ADM_COUNTED_BY_SERVICE ? units & (ADM_ONE_WAITING - 1) : 0;
}

/*
 * Whether the service's word counts one who enters now.  It counts all its
 * sessions, but of its transactions only those that began under a cap of its
 * own: without services nobody pays for them.
 */
static inline bool
adm_is_counted_by_service(AdmGate gate, int service)
{
	return gate == ADM_GATE_CONNECTION || adm_word_bounds(adm_services_caps(gate, service));
}

/* The tag of one who enters now. */
static inline uint32
adm_tag_now(AdmGate gate, int service)
{
	return adm_tag_for(service, adm_is_counted_by_service(gate, service));
}

/* Adds delta if the condition holds. */
static inline bool
adm_word_change_if(AdmWord *word, bool (*condition) (uint64_t word, uint64_t caps),
				   uint64 caps, uint64 delta)
{
	uint64		seen = pg_atomic_read_u64(&word->value);

	while (condition(seen, caps))
	{
		if (pg_atomic_compare_exchange_u64(&word->value, &seen, seen + delta))
			return true;
	}
	return false;
}

/* How many of the service wait at the gate, eligible or not. */
static inline uint32
adm_part_waiting(AdmPart *part)
{
	return adm_word_counts(pg_atomic_read_u64(&part->word.value)).waiting;
}

#endif							/* ADM_PERMITS_SLOTS_H */
