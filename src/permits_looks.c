/*
 * permits_looks.c - what others ask of the permits: how many, in which state,
 * of which service, and who waits.
 *
 * Nothing here changes a word, a slot or a line, so of what permits_slots.h
 * says must be kept nothing can be broken.  But for the copy of those in line
 * nothing takes a lock: each number was true at some moment of the look, but two
 * need not fit together.
 */
#include "postgres.h"

#include "permits_delay.h"
#include "permits_slots.h"
#include "state.h"

/*
 * Of a gate.
 */

AdmCounts
adm_permits_counts(AdmGate gate)
{
	AdmCounts	counts = adm_word_counts(pg_atomic_read_u64(&adm_gate_of(gate)->word.value));

	counts.waiting = pg_atomic_read_u32(&adm_gate_lines(gate)->in_line);
	return counts;
}

int
adm_permits_waiting_for_service(AdmGate gate)
{
	AdmCounts	eligible = adm_word_counts(pg_atomic_read_u64(&adm_gate_of(gate)->word.value));

	return (int) (adm_permits_counts(gate).waiting - eligible.waiting);
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

bool
adm_permits_are_wanted(AdmGate gate)
{
	return pg_atomic_read_u32(&adm_gate_lines(gate)->in_line) > 0 ||
		adm_permits_refuses_at_once_lately(gate);
}

bool
adm_permits_any_are_wanted(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		if (adm_permits_are_wanted((AdmGate) gate))
			return true;
	}
	return false;
}

static uint64
admitted_ever(AdmGate gate)
{
	uint64		admitted = 0;

	for (int i = 0; i < MaxBackends; i++)
		admitted += *(volatile uint64 *) &adm_slot_at(gate, i)->admitted;
	return admitted;
}

uint64
adm_permits_admitted(AdmGate gate)
{
	uint64		before = pg_atomic_read_u64(&adm_gate_lines(gate)->admitted_before);
	uint64		ever = admitted_ever(gate);

	/* Somebody may set it to what has been admitted meanwhile. */
	return ever > before ? ever - before : 0;
}

void
adm_permits_reset_admitted(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		pg_atomic_write_u64(&adm_gate_lines((AdmGate) gate)->admitted_before,
							admitted_ever((AdmGate) gate));
}

int
adm_permits_exempt(void)
{
	return (int) pg_atomic_read_u32(&adm_permits_shared->exempt);
}

int
adm_permits_lane(void)
{
	return (int) pg_atomic_read_u32(&adm_permits_shared->lane);
}

void
adm_permits_count_states(AdmGate gate, int count[ADM_SLOT_STATE_COUNT])
{
	memset(count, 0, ADM_SLOT_STATE_COUNT * sizeof(int));
	for (int i = 0; i < MaxBackends; i++)
		count[adm_permits_slot_state(gate, i)]++;
}

/*
 * Of a service.
 */

AdmCounts
adm_permits_service_counts(AdmGate gate, int service)
{
	return adm_word_counts(pg_atomic_read_u64(&adm_part_of(gate, service)->word.value));
}

static void
count_session(AdmSlotState state, AdmServiceCounts *counts)
{
	if (state == ADM_SLOT_WAITING)
		counts->logins_waiting++;
	else if (state != ADM_SLOT_FREE)
		counts->sessions++;
}

static void
count_transaction(AdmSlotState state, AdmServiceCounts *counts)
{
	if (state == ADM_SLOT_WAITING)
		counts->waiting++;
	else if (adm_permits_is_running(state))
		counts->running++;
}

void
adm_permits_count_services(AdmServiceCounts counts[ADM_SERVICE_ENTRIES])
{
	memset(counts, 0, ADM_SERVICE_ENTRIES * sizeof(AdmServiceCounts));
	for (int i = 0; i < MaxBackends; i++)
	{
		uint32		session = adm_slot_value(adm_slot_at(ADM_GATE_CONNECTION, i));
		uint32		transaction = adm_slot_value(adm_slot_at(ADM_GATE_TRANSACTION, i));

		count_session(adm_value_state(session), &counts[adm_value_service(session)]);
		count_transaction(adm_value_state(transaction), &counts[adm_value_service(transaction)]);
	}
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

/*
 * Of a slot.
 */

AdmSlotState
adm_permits_my_state(AdmGate gate)
{
	return adm_slot_state(adm_slot_mine(gate));
}

AdmSlotState
adm_permits_slot_state(AdmGate gate, int index)
{
	return index < MaxBackends ? adm_slot_state(adm_slot_at(gate, index)) : ADM_SLOT_FREE;
}

int
adm_permits_slot_service(AdmGate gate, int index)
{
	return adm_slot_service(adm_slot_at(gate, index));
}

int64
adm_permits_slot_age_ms(AdmGate gate, int index, int64 now_ms)
{
	pg_read_barrier();
	return now_ms - *(volatile int64 *) &adm_slot_at(gate, index)->since_ms;
}

uint32
adm_permits_slot_statements(int index)
{
	return *(volatile uint32 *) &adm_slot_at(ADM_GATE_TRANSACTION, index)->statements;
}

/*
 * What a state means.
 */

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

bool
adm_permits_is_running(AdmSlotState state)
{
	return state == ADM_SLOT_GRANTED || state == ADM_SLOT_ACTIVE ||
		state == ADM_SLOT_PRESENT || state == ADM_SLOT_OPEN;
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

/*
 * Who waits.
 */

static int
copy_line(AdmGate gate, int service, const AdmLine *line, AdmWaiter *waiters)
{
	int			n = 0;

	for (int i = line->oldest; i != ADM_NOBODY; i = adm_owner_of(i)->newer)
	{
		waiters[n].gate = gate;
		waiters[n].service = service;
		waiters[n].session = adm_owner_of(i)->session;
		waiters[n].since = adm_owner_of(i)->waiting_since;
		n++;
	}
	return n;
}

static int
copy_lines(AdmGate gate, AdmWaiter *waiters)
{
	LWLock	   *lock = adm_gate_lines(gate)->lock;
	int			n = 0;

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < adm_services_end(); i++)
	{
		for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
			n += copy_line(gate, i, &adm_part_of(gate, i)->lines[rank], waiters + n);
	}
	LWLockRelease(lock);
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
