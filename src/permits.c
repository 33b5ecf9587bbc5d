/*
 * permits.c - the words: how a slot enters, is moved from state to state, and
 * leaves.
 *
 * permits_slots.h says what must be kept: the words are raised before a slot
 * says so, and lowered after it has stopped saying so; and whoever lowers one
 * while somebody waits then serves the line.
 *
 * Where nobody waits and there is room, a transaction passes and ends without a
 * lock and without a call to another of these files.
 */
#include "postgres.h"

#include "counters.h"
#include "os/clock.h"
#include "permits_delay.h"
#include "permits_line.h"
#include "permits_slots.h"
#include "state.h"

/*
 * The words, and moving.
 */

/* Returns whether somebody waits who was counted in it. */
static bool
lower_word(AdmWord *word, uint64 units)
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
	bool		waits = lower_word(&adm_gate_of(gate)->word, units);

	waits |= lower_word(&adm_part_of(gate, adm_value_service(tag))->word,
						adm_units_for_service(units, tag));
	if (waits)
		adm_permits_serve_line(gate);
}

static void
raise_words(AdmGate gate, uint64 units, uint32 tag)
{
	pg_atomic_fetch_add_u64(&adm_gate_of(gate)->word.value, units);
	if (tag & ADM_COUNTED_BY_SERVICE)
		pg_atomic_fetch_add_u64(&adm_part_of(gate, adm_value_service(tag))->word.value,
								adm_units_for_service(units, tag));
}

bool
adm_permits_move(AdmGate gate, int index, AdmSlotState from, AdmSlotState to)
{
	AdmSlot    *slot = adm_slot_at(gate, index);
	uint32		tag = adm_value_tag(adm_slot_value(slot));
	uint64		before = adm_units_of(from);
	uint64		after = adm_units_of(to);

	if (after > before)
	{
		raise_words(gate, after - before, tag);
		if (adm_slot_change(slot, from, to, tag))
			return true;
		lower_words(gate, after - before, tag);
		return false;
	}
	if (!adm_slot_change(slot, from, to, tag))
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
	adm_slot_at(ADM_GATE_TRANSACTION, index)->since_ms = adm_clock_ms();
	(void) adm_permits_move(ADM_GATE_TRANSACTION, index, from, ADM_SLOT_ACTIVE);
}

/*
 * Entering where there is room, or into the line.
 */

void
adm_permits_enter_exempt(int service)
{
	pg_atomic_fetch_add_u32(&adm_permits_shared->exempt, 1);
	adm_slot_set(adm_slot_mine(ADM_GATE_CONNECTION), ADM_SLOT_EXEMPT, adm_tag_for(service, false));
}

/* Somebody who waits leaves the line for it; a permit given meanwhile goes back. */
bool
adm_permits_enter_lane(int service)
{
	uint32		taken = pg_atomic_read_u32(&adm_permits_shared->lane);

	do
	{
		if (taken >= (uint32) adm_state_exempt_connections())
			return false;
	} while (!pg_atomic_compare_exchange_u32(&adm_permits_shared->lane, &taken, taken + 1));
	adm_permits_leave(ADM_GATE_CONNECTION);
	pg_atomic_fetch_add_u32(&adm_permits_shared->exempt, 1);
	adm_slot_set(adm_slot_mine(ADM_GATE_CONNECTION), ADM_SLOT_LANE, adm_tag_for(service, false));
	return true;
}

/* The slot is ours, and the words count it. */
static void
take_slot(AdmSlot *slot, uint32 tag)
{
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	adm_slot_set(slot, ADM_SLOT_ACTIVE, tag);
}

/*
 * Has both words count one more that is active, if both fulfil the condition.
 * The service's first: that is taken back if the gate's does not.
 */
static inline bool
raise_words_if(bool (*condition) (uint64_t word, uint64_t caps), AdmGate gate,
			   uint64 caps, uint64 own_caps, uint32 tag)
{
	AdmWord    *own = &adm_part_of(gate, adm_value_service(tag))->word;
	uint64		units = adm_units_of(ADM_SLOT_ACTIVE);
	uint64		own_units = adm_units_for_service(units, tag);

	if (own_units > 0 && !adm_word_change_if(own, condition, own_caps, own_units))
		return false;
	if (adm_word_change_if(&adm_gate_of(gate)->word, condition, caps, units))
		return true;
	if (lower_word(own, own_units))
		adm_permits_serve_line(gate);
	return false;
}

static bool
try_enter(AdmGate gate, int service, uint64 caps)
{
	uint32		tag = adm_tag_now(gate, service);

	if (!raise_words_if(adm_word_admits, gate, caps, adm_services_caps(gate, service), tag))
		return false;
	take_slot(adm_slot_mine(gate), tag);
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
	pg_atomic_write_u32(&adm_slot_mine(ADM_GATE_TRANSACTION)->value,
						adm_tag_for(service, false) | ADM_SLOT_OPEN);
	return true;
}

/* Those who would wait in vain do wait where too many are told so. */
static bool
refuses_at_once(AdmGate gate, AdmOutlook outlook)
{
	return outlook == ADM_OUTLOOK_NO_TIME ||
		(outlook == ADM_OUTLOOK_IN_VAIN && adm_permits_may_refuse_at_once(gate));
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
		if (refuses_at_once(gate, wish->outlook))
		{
			adm_permits_note_refused_at_once(gate);
			return ADM_ENTRY_IN_VAIN;
		}
		if (adm_permits_join_line(gate, wish))
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
	AdmSlot    *slot = adm_slot_mine(gate);

	if (adm_slot_state(slot) == ADM_SLOT_WAITING)
		return false;
	slot->since_ms = adm_clock_ms();
	slot->admitted++;
	pg_write_barrier();
	if (!adm_slot_change(slot, ADM_SLOT_GRANTED, ADM_SLOT_ACTIVE,
						 adm_value_tag(adm_slot_value(slot))) &&
		adm_slot_state(slot) == ADM_SLOT_LENT)
		adm_permits_take_up(adm_compat_my_slot(), ADM_SLOT_LENT);
	return true;
}

/*
 * Entering beyond the caps.
 */

/* A permit may be given to a waiter at any moment: then that one will do. */
static bool
has_got_permit(AdmGate gate)
{
	if (adm_slot_state(adm_slot_mine(gate)) == ADM_SLOT_FREE || adm_permits_leave_line(gate))
		return false;
	return adm_permits_take_grant(gate);
}

void
adm_permits_enter_beyond_caps(AdmGate gate, int service)
{
	uint32		tag = adm_tag_now(gate, service);

	if (has_got_permit(gate))
		return;
	raise_words(gate, adm_units_of(ADM_SLOT_ACTIVE), tag);
	take_slot(adm_slot_mine(gate), tag);
	adm_counters_add(gate, service, ADM_TOTAL_PASSED);
}

/*
 * The words first, since many may find room at once: of transactions no more
 * than the ceiling, which is a cap on those present.
 */
static bool
enter_below_ceiling(AdmGate gate, int service, uint64 own_caps)
{
	uint32		tag = adm_tag_now(gate, service);
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(gate));
	uint64		ceiling = gate == ADM_GATE_TRANSACTION ?
		adm_word_caps(ADM_NO_CAP, cap.present) : ADM_WORD_NO_CAPS;

	if (!raise_words_if(adm_word_has_room, gate, ceiling, own_caps, tag))
		return false;
	if (has_got_permit(gate))
	{
		lower_words(gate, adm_units_of(ADM_SLOT_ACTIVE), tag);
		return true;
	}
	take_slot(adm_slot_mine(gate), tag);
	adm_counters_add(gate, service, ADM_TOTAL_PASSED);
	return true;
}

bool
adm_permits_enter_beyond_gate(AdmGate gate, int service)
{
	return enter_below_ceiling(gate, service, adm_services_caps(gate, service));
}

bool
adm_permits_enter_up_to_ceiling(AdmGate gate, int service)
{
	return enter_below_ceiling(gate, service, ADM_WORD_NO_CAPS);
}

/*
 * Once in.
 */

void
adm_permits_note_statement(void)
{
	adm_slot_mine(ADM_GATE_TRANSACTION)->statements++;
}

int
adm_permits_my_service(void)
{
	return adm_slot_service(adm_slot_mine(ADM_GATE_CONNECTION));
}

/* False: the state has changed meanwhile; nobody but the owner changes the tag. */
static bool
try_change_service(AdmSlot *slot, int service)
{
	uint32		before = adm_slot_value(slot);
	uint32		tag = adm_tag_for(service, (before & ADM_COUNTED_BY_SERVICE) != 0);
	uint64		units = adm_units_for_service(adm_units_of(adm_value_state(before)), tag);
	AdmWord    *from = &adm_part_of(ADM_GATE_CONNECTION, adm_value_service(before))->word;
	AdmWord    *to = &adm_part_of(ADM_GATE_CONNECTION, service)->word;
	bool		changed;

	if (units > 0)
		pg_atomic_fetch_add_u64(&to->value, units);
	changed = pg_atomic_compare_exchange_u32(&slot->value, &before, tag | adm_value_state(before));
	if (lower_word(changed ? from : to, units))
		adm_permits_serve_line(ADM_GATE_CONNECTION);
	return changed;
}

void
adm_permits_change_service(int service)
{
	while (!try_change_service(adm_slot_mine(ADM_GATE_CONNECTION), service))
		 /* it has started meanwhile */ ;
}

/*
 * Leaving.
 */

void
adm_permits_leave(AdmGate gate)
{
	AdmSlot    *slot = adm_slot_mine(gate);
	AdmSlotState state = adm_slot_state(slot);
	uint32		before;

	if (state == ADM_SLOT_FREE)
		return;
	if (state == ADM_SLOT_WAITING && adm_permits_leave_line(gate))
		return;
	before = pg_atomic_exchange_u32(&slot->value, ADM_SLOT_FREE);
	state = adm_value_state(before);
	if (adm_units_of(state) > 0)
		lower_words(gate, adm_units_of(state), adm_value_tag(before));
	if (state == ADM_SLOT_LANE)
		pg_atomic_fetch_sub_u32(&adm_permits_shared->lane, 1);
	if (state == ADM_SLOT_LANE || state == ADM_SLOT_EXEMPT)
		pg_atomic_fetch_sub_u32(&adm_permits_shared->exempt, 1);
}
