/*
 * permits_line.c - the lines of the gates: who stands in them, whose turn it is,
 * and how permits come to those who wait.
 *
 * permits_slots.h says what must be kept.  Here that means: who joins is
 * counted by a change of the very word that keeps it out; the words count a
 * permit before the waiter's slot says GRANTED; and after every change of a
 * line, and before permits are given, recount() has the gate's word count the
 * eligible, those for whom their own service has room.
 *
 * The lists go through the slots' owners.  They, and what the words count as
 * waiting, are changed under the gate's lock, held exclusively; latches are set
 * once it is released.
 */
#include "postgres.h"

#include "counters.h"
#include "os/clock.h"
#include "permits_delay.h"
#include "permits_line.h"
#include "policy/delay.h"
#include "policy/service_turn.h"
#include "state.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* How many latches one hold of the lock may collect. */
#define WAKE_BATCH			64

/*
 * Who is eligible.
 */

/*
 * Has the gate's word count those who wait for it, and not those who wait for
 * room in their own service.  To be called after every change of a line.
 */
static void
recount(AdmGate gate, int service)
{
	AdmPart    *part = adm_part_of(gate, service);
	uint32		eligible = adm_permits_service_has_room(gate, service) ? adm_part_waiting(part) : 0;

	if (eligible == part->eligible)
		return;
	pg_atomic_fetch_add_u64(&adm_gate_of(gate)->word.value,
							((uint64) eligible - part->eligible) * ADM_ONE_WAITING);
	part->eligible = eligible;
}

/* Somebody's service may have got room, or lost it, since its last recount. */
static void
recount_all(AdmGate gate)
{
	for (int i = 0; i < adm_services_end(); i++)
	{
		if (adm_part_waiting(adm_part_of(gate, i)) > 0)
			recount(gate, i);
	}
}

/*
 * The lists.
 */

static AdmPart *
part_at(AdmGate gate, int index)
{
	return adm_part_of(gate, adm_slot_service(adm_slot_at(gate, index)));
}

static AdmLine *
line_of(AdmGate gate, int index)
{
	return &part_at(gate, index)->lines[adm_owner_of(index)->rank];
}

static bool
is_of_ordinary(const AdmLine *line, const AdmPart *part)
{
	return line == &part->lines[ADM_RANK_ORDINARY];
}

static void
append_to_line(AdmGate gate, int index)
{
	AdmPart    *part = part_at(gate, index);
	AdmLine    *line = line_of(gate, index);
	AdmOwner   *owner = adm_owner_of(index);

	if (is_of_ordinary(line, part))
	{
		if (line->oldest == ADM_NOBODY)
			adm_permits_note_first(part, adm_slot_at(gate, index)->since_ms);
		part->ordinary++;
	}
	owner->older = line->newest;
	owner->newer = ADM_NOBODY;
	if (line->newest == ADM_NOBODY)
		line->oldest = index;
	else
		adm_owner_of(line->newest)->newer = index;
	line->newest = index;
}

static void
unlink_from_line(AdmGate gate, int index)
{
	AdmLine    *line = line_of(gate, index);
	AdmOwner   *owner = adm_owner_of(index);

	if (owner->older != ADM_NOBODY)
		adm_owner_of(owner->older)->newer = owner->newer;
	else
		line->oldest = owner->newer;
	if (owner->newer != ADM_NOBODY)
		adm_owner_of(owner->newer)->older = owner->older;
	else
		line->newest = owner->older;
}

/*
 * The end of a wait, by a permit or without.  A line does not stand when its
 * last one is served; whether it does when somebody leaves early, nobody knows.
 */
static void
end_wait(AdmGate gate, int index, bool granted, int64 now_ms)
{
	AdmSlot    *slot = adm_slot_at(gate, index);
	AdmPart    *part = part_at(gate, index);
	AdmLine    *line = line_of(gate, index);
	bool		was_head = line->oldest == index;
	int64		wait_ms = Max(now_ms - slot->since_ms, 0);

	unlink_from_line(gate, index);
	if (is_of_ordinary(line, part))
	{
		part->ordinary--;
		if (granted)
			adm_permits_note_served(part, now_ms);
		if (was_head && (granted || wait_ms > ADM_DELAY_TARGET_MS))
			adm_permits_note_delay(part, granted && line->oldest == ADM_NOBODY ? 0 : wait_ms, now_ms);
	}
	pg_atomic_fetch_sub_u64(&part->word.value, ADM_ONE_WAITING);
	pg_atomic_fetch_sub_u32(&adm_gate_lines(gate)->in_line, 1);
	adm_counters_note_wait(gate, adm_slot_service(slot), (uint64) wait_ms);
}

/*
 * Whose turn it is.
 */

static void
describe_contender(AdmGate gate, int service, AdmContender *c)
{
	AdmPart    *part = adm_part_of(gate, service);

	c->priority = adm_services_priority(service);
	c->has_holder = part->lines[ADM_RANK_HOLDER].oldest != ADM_NOBODY;
	c->served_at = part->served_at;
	c->holder_served_at = part->holder_served_at;
}

/* The service of which somebody is next; ADM_NO_SERVICE: nobody is eligible. */
static int
next_service(AdmGate gate)
{
	uint64		grants = adm_gate_lines(gate)->grants;
	int			next = ADM_NO_SERVICE;
	AdmContender best = {0};

	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmContender c;

		if (adm_part_of(gate, i)->eligible == 0)
			continue;
		describe_contender(gate, i, &c);
		if (next != ADM_NO_SERVICE && !adm_turn_goes_before(&c, &best, grants))
			continue;
		next = i;
		best = c;
	}
	return next;
}

/* The line of the service, of which somebody waits, that is next. */
static AdmLine *
next_line(AdmGate gate, AdmPart *part)
{
	bool		of_holders = adm_turn_is_of_holders(adm_gate_lines(gate)->grants);
	bool		waits[ADM_RANK_COUNT];

	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		waits[rank] = part->lines[rank].oldest != ADM_NOBODY;
	return &part->lines[adm_line_next_rank(waits, of_holders, part->choices)];
}

/*
 * At the connection gate a line that stands is mostly made of clients that are
 * about to give up, unless it waits for sessions to end; at the other they are
 * refused before it comes to that.
 */
static bool
serves_newest(AdmGate gate, int service, const AdmLine *line, int64 now_ms)
{
	return gate == ADM_GATE_CONNECTION &&
		adm_word_counts(adm_services_caps(gate, service)).present == ADM_NO_CAP &&
		adm_line_serves_newest(now_ms - adm_slot_at(gate, line->oldest)->since_ms, line->grants);
}

/* The waiter who is next; ADM_NOBODY: nobody is eligible. */
static int
next_in_turn(AdmGate gate, int64 now_ms)
{
	int			service = next_service(gate);
	AdmLine    *line;

	if (service == ADM_NO_SERVICE)
		return ADM_NOBODY;
	line = next_line(gate, adm_part_of(gate, service));
	return serves_newest(gate, service, line, now_ms) ? line->newest : line->oldest;
}

/* Who has waited longest, of all that are eligible; or ADM_NOBODY. */
static int
longest_waiting(AdmGate gate)
{
	int			longest = ADM_NOBODY;

	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmPart    *part = adm_part_of(gate, i);

		for (int rank = 0; rank < ADM_RANK_COUNT && part->eligible > 0; rank++)
		{
			int			oldest = part->lines[rank].oldest;

			if (oldest != ADM_NOBODY &&
				(longest == ADM_NOBODY ||
				 adm_slot_at(gate, oldest)->since_ms < adm_slot_at(gate, longest)->since_ms))
				longest = oldest;
		}
	}
	return longest;
}

/* Somebody of this rank is served: the next turn may be somebody else's. */
static void
note_turn(AdmGate gate, AdmPart *part, AdmRank rank)
{
	AdmGateLines *lines = adm_gate_lines(gate);
	bool		of_holders = adm_turn_is_of_holders(lines->grants);

	lines->grants++;
	if (rank == ADM_RANK_HOLDER && of_holders)
		part->holder_served_at = lines->grants;
	else
	{
		part->served_at = lines->grants;
		part->choices++;
	}
}

/*
 * Serving.
 */

/* The change of the gate's word that makes a wait a permit. */
#define WAIT_TO_PERMIT		(adm_units_of(ADM_SLOT_GRANTED) - adm_units_of(ADM_SLOT_WAITING))

/*
 * Gives the waiter, who is eligible, a permit that the gate's word counts
 * already in place of its wait.  Its latch is to be set once the lock is
 * released.
 */
static void
grant(AdmGate gate, int index, int64 now_ms)
{
	AdmSlot    *slot = adm_slot_at(gate, index);
	AdmPart    *part = part_at(gate, index);
	int			service = adm_slot_service(slot);
	uint32		tag = adm_tag_now(gate, service);

	adm_counters_add(gate, service, ADM_TOTAL_HANDED_ON);
	note_turn(gate, part, adm_owner_of(index)->rank);
	line_of(gate, index)->grants++;
	pg_atomic_fetch_add_u64(&part->word.value,
							adm_units_for_service(adm_units_of(ADM_SLOT_GRANTED), tag));
	end_wait(gate, index, true, now_ms);
	part->eligible--;
	slot->since_ms = now_ms;
	adm_slot_set(slot, ADM_SLOT_GRANTED, tag);
	/* Not the slot's service: from here on its owner may have gone to another. */
	recount(gate, service);
}

/*
 * Gives permits to as many waiters as there is room for, up to WAKE_BATCH, and
 * notes whom to wake once the lock is released.
 */
static int
grant_batch(AdmGate gate, int *wake_list)
{
	uint64		caps = adm_state_binding_caps_unless_silent(gate);
	int64		now_ms = adm_clock_ms();
	int			granted = 0;

	recount_all(gate);
	while (granted < WAKE_BATCH)
	{
		int			index = next_in_turn(gate, now_ms);

		if (index == ADM_NOBODY ||
			!adm_word_change_if(&adm_gate_of(gate)->word, adm_word_has_room, caps, WAIT_TO_PERMIT))
			break;
		grant(gate, index, now_ms);
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
			int			index = *(volatile int *) &adm_part_of(gate, i)->lines[rank].oldest;

			if (index != ADM_NOBODY)
				return index;
		}
	}
	return ADM_NOBODY;
}

/*
 * Whoever has become the first in line looks after it from now on, but finds
 * out only when it wakes; while the controller does the work it need not know.
 */
static void
wake_caretaker(AdmGate gate)
{
	int			first = caretaker(gate);

	if (first != ADM_NOBODY && adm_state_controller().late)
		wake(first);
}

void
adm_permits_serve_line(AdmGate gate)
{
	LWLock	   *lock = adm_gate_lines(gate)->lock;
	int			wake_list[WAKE_BATCH];
	bool		served = false;
	int			count;

	do
	{
		LWLockAcquire(lock, LW_EXCLUSIVE);
		count = grant_batch(gate, wake_list);
		LWLockRelease(lock);
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
adm_permits_pass(AdmGate gate, int most, int64 waited_ms)
{
	LWLock	   *lock = adm_gate_lines(gate)->lock;
	int			wake_list[WAKE_BATCH];
	int			passed = 0;
	int64		now_ms = adm_clock_ms();

	if (adm_permits_longest_wait_ms(gate) < waited_ms)
		return 0;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	recount_all(gate);
	while (passed < Min(most, WAKE_BATCH))
	{
		int			index = longest_waiting(gate);

		if (index == ADM_NOBODY || now_ms - adm_slot_at(gate, index)->since_ms < waited_ms)
			break;
		pg_atomic_fetch_add_u64(&adm_gate_of(gate)->word.value, WAIT_TO_PERMIT);
		adm_counters_add(gate, adm_slot_service(adm_slot_at(gate, index)), ADM_TOTAL_PASSED);
		grant(gate, index, now_ms);
		wake_list[passed++] = index;
	}
	LWLockRelease(lock);
	wake_all(wake_list, passed);
	return passed;
}

/*
 * For who waits.
 */

static bool
admits_not(uint64_t word, uint64_t caps)
{
	return !adm_word_admits(word, caps);
}

/*
 * Counts one more who waits, unless there is room after all: in its service's
 * word and, as long as the service has room, in the gate's.  What is judged and
 * what is changed is one word, so whoever makes room in it later sees the waiter.
 */
static bool
count_waiter(AdmGate gate, int service)
{
	AdmPart    *part = adm_part_of(gate, service);

	if (adm_is_counted_by_service(gate, service) &&
		adm_word_change_if(&part->word, admits_not, adm_services_caps(gate, service),
						   ADM_ONE_WAITING))
		return true;
	if (!adm_word_change_if(&adm_gate_of(gate)->word, admits_not,
							adm_state_binding_caps_unless_silent(gate), ADM_ONE_WAITING))
		return false;
	pg_atomic_fetch_add_u64(&part->word.value, ADM_ONE_WAITING);
	part->eligible++;
	return true;
}

/* What the line shows of us: ours alone to write, so the lock need not be held. */
static void
prepare_to_wait(AdmGate gate, const AdmWish *wish)
{
	AdmOwner   *owner = adm_owner_of(adm_compat_my_slot());

	owner->rank = wish->rank;
	owner->waiting_since = GetCurrentTimestamp();
	strlcpy(owner->session.login.application_name, wish->application_name, NAMEDATALEN);
	adm_slot_mine(gate)->since_ms = adm_clock_ms();
}

/*
 * The caps are read under the lock: whoever raises them serves the line
 * afterwards, and either that finds us in it or we find the new caps.
 */
bool
adm_permits_join_line(AdmGate gate, const AdmWish *wish)
{
	AdmGateLines *lines = adm_gate_lines(gate);
	bool		joined;
	bool		alone = false;

	prepare_to_wait(gate, wish);
	LWLockAcquire(lines->lock, LW_EXCLUSIVE);
	joined = count_waiter(gate, wish->service);
	if (joined)
	{
		adm_slot_set(adm_slot_mine(gate), ADM_SLOT_WAITING, adm_tag_for(wish->service, false));
		append_to_line(gate, adm_compat_my_slot());
		recount(gate, wish->service);
		alone = pg_atomic_fetch_add_u32(&lines->in_line, 1) == 0;
	}
	LWLockRelease(lines->lock);

	if (joined)
		adm_counters_add(gate, wish->service, ADM_TOTAL_HELD);
	if (alone)
		adm_state_wake_controller();
	return joined;
}

bool
adm_permits_first_in_line(AdmGate gate)
{
	return caretaker(gate) == adm_compat_my_slot();
}

bool
adm_permits_leave_line(AdmGate gate)
{
	LWLock	   *lock = adm_gate_lines(gate)->lock;
	AdmSlot    *slot = adm_slot_mine(gate);
	bool		left = false;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	if (adm_slot_state(slot) == ADM_SLOT_WAITING)
	{
		int			service = adm_slot_service(slot);

		end_wait(gate, adm_compat_my_slot(), false, adm_clock_ms());
		adm_slot_set(slot, ADM_SLOT_FREE, 0);
		recount(gate, service);
		left = true;
	}
	LWLockRelease(lock);
	wake_caretaker(gate);
	return left;
}
