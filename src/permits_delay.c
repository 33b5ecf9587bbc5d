/*
 * permits_delay.c - how long the lines make people wait, and the memory of it,
 * which says whether a line stands and whether clients hang up in it
 * (policy/delay.h).
 *
 * It is a memory of each service's line of the ordinary, for it is judged and
 * shortened by itself.  Nothing here changes a slot or a line, and no word, so of
 * what permits_slots.h says must be kept nothing can be broken here.  All but
 * what the line notes is read and written without the lock, from a look that is
 * a little old: heads may have left meanwhile.
 */
#include "postgres.h"

#include "os/clock.h"
#include "permits_delay.h"
#include "policy/delay.h"
#include "state.h"

/*
 * The waits at the heads.
 */

/* 0: nobody waits there, or it has just left the line. */
static int64
head_wait_ms(AdmGate gate, int service, AdmRank rank)
{
	int			oldest = *(volatile int *) &adm_part_of(gate, service)->lines[rank].oldest;
	int64		since_ms;

	if (oldest == ADM_NOBODY)
		return 0;
	since_ms = *(volatile int64 *) &adm_slot_at(gate, oldest)->since_ms;
	if (adm_slot_state(adm_slot_at(gate, oldest)) != ADM_SLOT_WAITING)
		return 0;
	return Max(adm_clock_ms() - since_ms, 0);
}

static uint32
ordinary_waiting(const AdmPart *part)
{
	return *(const volatile uint32 *) &part->ordinary;
}

int64
adm_permits_longest_wait_ms(AdmGate gate)
{
	int64		longest_ms = 0;

	for (int i = 0; i < adm_services_end(); i++)
	{
		if (adm_part_waiting(adm_part_of(gate, i)) == 0 || !adm_permits_service_has_room(gate, i))
			continue;
		for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
			longest_ms = Max(longest_ms, head_wait_ms(gate, i, (AdmRank) rank));
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

/*
 * The memory.
 */

void
adm_permits_note_first(AdmPart *part, int64 now_ms)
{
	if (adm_delay_is_outdated(part->noted_ms, now_ms))
		pg_atomic_write_u64(&part->above_since_ms, 0);
}

void
adm_permits_note_delay(AdmPart *part, int64 wait_ms, int64 now_ms)
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
	pg_atomic_write_u64(&adm_part_of(gate, service)->turned_away_ms, (uint64) adm_clock_ms());
}

/* Where nobody is served, only the head's own look tells that it stands. */
bool
adm_permits_line_stands(AdmGate gate, int service)
{
	AdmPart    *part = adm_part_of(gate, service);
	int64		now_ms = adm_clock_ms();
	int64		wait_ms = head_wait_ms(gate, service, ADM_RANK_ORDINARY);
	uint64		since_ms = pg_atomic_read_u64(&part->above_since_ms);

	if (since_ms == 0 && wait_ms > ADM_DELAY_TARGET_MS)
		(void) pg_atomic_compare_exchange_u64(&part->above_since_ms, &since_ms, (uint64) now_ms);
	return adm_delay_stands((int64) since_ms, now_ms);
}

/* Where clients leave nobody is let into the line, which would stand at once. */
static bool
would_stand(AdmGate gate, int service)
{
	return adm_permits_clients_leave(gate, service) ||
		(ordinary_waiting(adm_part_of(gate, service)) > 0 && adm_permits_line_stands(gate, service));
}

bool
adm_permits_any_line_stands(AdmGate gate)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (adm_permits_service_has_room(gate, i) && would_stand(gate, i))
			return true;
	}
	return false;
}

static void
note_event(pg_atomic_uint64 *events, int64 now_ms)
{
	uint64		before = pg_atomic_read_u64(events);

	while (!pg_atomic_compare_exchange_u64(events, &before, adm_delay_note_event(before, now_ms)))
		 /* somebody else has noted one at the same time */ ;
}

void
adm_permits_note_leaver(AdmGate gate, int service)
{
	note_event(&adm_part_of(gate, service)->leavers, adm_clock_ms());
}

bool
adm_permits_clients_leave(AdmGate gate, int service)
{
	return adm_delay_clients_leave(pg_atomic_read_u64(&adm_part_of(gate, service)->leavers),
								   adm_clock_ms());
}

void
adm_permits_note_served(AdmPart *part, int64 now_ms)
{
	note_event(&part->served, now_ms);
}

int64
adm_permits_expected_wait_ms(AdmGate gate, int service)
{
	AdmPart    *part = adm_part_of(gate, service);

	return adm_delay_expected_ms(pg_atomic_read_u64(&part->served), ordinary_waiting(part),
								 head_wait_ms(gate, service, ADM_RANK_ORDINARY), adm_clock_ms());
}

bool
adm_permits_may_refuse_at_once(AdmGate gate)
{
	return adm_delay_may_refuse_at_once(pg_atomic_read_u64(&adm_gate_lines(gate)->refused_at_once),
										adm_state_cores(), adm_clock_ms());
}

bool
adm_permits_refuses_at_once_lately(AdmGate gate)
{
	uint64		refused = pg_atomic_read_u64(&adm_gate_lines(gate)->refused_at_once);

	return refused != 0 && adm_delay_any_lately(refused, adm_clock_ms());
}

/* As of the first in line: the controller is to see who holds the permits. */
void
adm_permits_note_refused_at_once(AdmGate gate)
{
	bool		first = !adm_permits_refuses_at_once_lately(gate);

	note_event(&adm_gate_lines(gate)->refused_at_once, adm_clock_ms());
	if (first)
		adm_state_wake_controller();
}
