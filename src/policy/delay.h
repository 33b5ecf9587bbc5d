/*
 * delay.h - whether a line stands, from the waits of those at its head.
 *
 * A line is there to take up a burst, and a burst is over soon.  A line whose
 * shortest wait has stayed above ADM_DELAY_TARGET_MS for a whole
 * ADM_DELAY_INTERVAL_MS takes up nothing any more: it only makes everybody
 * later by its length.  While it stands, nobody may wait for longer than
 * ADM_DELAY_STANDING_MS.  (The rule is CoDel's, K. Nichols and V. Jacobson 2012,
 * with the interval as long as the patience of a client.)
 *
 * Once clients are turned away because of that, waits are short, and it is the
 * refusals that make them so: the line stands until nobody has been turned away
 * for an interval.  Otherwise it would fill and be emptied by turns.
 *
 * Clients that hang up in line, several a second, say that it is longer than
 * their patience, whatever its length: those behind them have no more left, and
 * work for them would be thrown away.  Then nobody waits at all.  A refusal at
 * once is the only answer that reaches them while they are still there; it keeps
 * their connection, and ends the queue that stands in the clients' own pools.
 *
 * Whoever joins a standing line behind more than are served in the time it may
 * wait would only be refused later.  It is told at once: that spares the server
 * two changes of process and the client the wait.  Of those who did not have to
 * wait nothing is counted as served, so a line that moves looks slow; hence that
 * is not said of a line whose first has not waited for ADM_DELAY_TARGET_MS, and
 * never of an empty one.  But a client that tries again without a pause is slowed
 * down by nothing else than its wait, so no more are told at once than
 * ADM_DELAY_AT_ONCE for each core and interval, a few parts in a hundred of what
 * it does in that time, at 0.15 ms each.  (Those who may not wait at all are not
 * slowed down in any case.)  Whoever is told at once wants a permit as those in
 * line do: what is done for a line is done for it, too.
 *
 * The memory is some numbers, each in an atomic: the time since when waits have
 * been above the target, or 0; and how many have hung up, have been served, and
 * were refused at once, in this interval and in the one before.
 */
#ifndef ADM_DELAY_H
#define ADM_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#ifndef ADM_DELAY_TARGET_MS
#define ADM_DELAY_TARGET_MS		50
#endif
#define ADM_DELAY_INTERVAL_MS	1000
#define ADM_DELAY_STANDING_MS	(2 * ADM_DELAY_TARGET_MS)

/* So many in an interval are no accident. */
#define ADM_DELAY_LEAVERS		10

#define ADM_DELAY_AT_ONCE		250

/*
 * The memory after a wait, at the head of the line or just ended there, when
 * somebody was last turned away at that time (0: never).
 */
static inline int64_t
adm_delay_note(int64_t above_since_ms, int64_t wait_ms, int64_t turned_away_ms, int64_t now_ms)
{
	bool		is_short = wait_ms <= ADM_DELAY_TARGET_MS;

	if (above_since_ms == 0)
		return is_short ? 0 : now_ms;
	if (!is_short ||
		(turned_away_ms != 0 && now_ms - turned_away_ms < ADM_DELAY_INTERVAL_MS))
		return above_since_ms;
	return 0;
}

static inline bool
adm_delay_stands(int64_t above_since_ms, int64_t now_ms)
{
	return above_since_ms != 0 && now_ms - above_since_ms >= ADM_DELAY_INTERVAL_MS;
}

/*
 * Whether a memory that nothing has been added to since then says nothing any
 * more: a line that only refusals have emptied may be back in a moment.
 */
static inline bool
adm_delay_is_outdated(int64_t noted_ms, int64_t now_ms)
{
	return now_ms - noted_ms > ADM_DELAY_INTERVAL_MS;
}

/* Of a memory of events: the interval, how many in it, and in the one before. */
#define ADM_DELAY_EVENT_BITS	16
#define ADM_DELAY_EVENT_MASK	((UINT64_C(1) << ADM_DELAY_EVENT_BITS) - 1)

static inline uint64_t
adm_delay_interval_of(int64_t now_ms)
{
	return (uint64_t) now_ms / ADM_DELAY_INTERVAL_MS;
}

/* The memory, as it is now that time has passed. */
static inline uint64_t
adm_delay_events_now(uint64_t events, int64_t now_ms)
{
	uint64_t	interval = adm_delay_interval_of(now_ms);
	uint64_t	noted = events >> (2 * ADM_DELAY_EVENT_BITS);
	uint64_t	before = 0;

	/* Somebody's clock may be read before, and used after another's. */
	if (interval <= noted)
		return events;
	if (interval == noted + 1)
		before = events & ADM_DELAY_EVENT_MASK;
	return (interval << (2 * ADM_DELAY_EVENT_BITS)) | (before << ADM_DELAY_EVENT_BITS);
}

/* The same after one more. */
static inline uint64_t
adm_delay_note_event(uint64_t events, int64_t now_ms)
{
	uint64_t	now = adm_delay_events_now(events, now_ms);
	bool		full = (now & ADM_DELAY_EVENT_MASK) == ADM_DELAY_EVENT_MASK;

	return full ? now : now + 1;
}

static inline uint64_t
adm_delay_events_in_this(uint64_t events, int64_t now_ms)
{
	return adm_delay_events_now(events, now_ms) & ADM_DELAY_EVENT_MASK;
}

static inline uint64_t
adm_delay_events_before(uint64_t events, int64_t now_ms)
{
	return (adm_delay_events_now(events, now_ms) >> ADM_DELAY_EVENT_BITS) & ADM_DELAY_EVENT_MASK;
}

static inline bool
adm_delay_any_lately(uint64_t events, int64_t now_ms)
{
	return adm_delay_events_in_this(events, now_ms) > 0 ||
		adm_delay_events_before(events, now_ms) > 0;
}

/* Whether the line is longer than the clients' patience. */
static inline bool
adm_delay_clients_leave(uint64_t leavers, int64_t now_ms)
{
	return adm_delay_events_in_this(leavers, now_ms) >= ADM_DELAY_LEAVERS ||
		adm_delay_events_before(leavers, now_ms) >= ADM_DELAY_LEAVERS;
}

/* So many in an interval as in the one before, or as in this one if that is more. */
static inline uint64_t
adm_delay_rate(uint64_t events, int64_t now_ms)
{
	uint64_t	before = adm_delay_events_before(events, now_ms);
	uint64_t	elapsed_ms = (uint64_t) now_ms % ADM_DELAY_INTERVAL_MS;
	uint64_t	now;

	if (elapsed_ms < ADM_DELAY_STANDING_MS)
		elapsed_ms = ADM_DELAY_STANDING_MS;
	now = adm_delay_events_in_this(events, now_ms) * ADM_DELAY_INTERVAL_MS / elapsed_ms;
	return now > before ? now : before;
}

/* How long it takes to serve those ahead, as fast as others were served. */
static inline int64_t
adm_delay_expected_ms(uint64_t served, uint32_t ahead, int64_t head_wait_ms, int64_t now_ms)
{
	uint64_t	rate = adm_delay_rate(served, now_ms);

	if (ahead == 0 || head_wait_ms <= ADM_DELAY_TARGET_MS)
		return 0;
	if (rate == 0)
		return INT64_MAX;
	return (int64_t) (ahead * (uint64_t) ADM_DELAY_INTERVAL_MS / rate);
}

/* Whether one more may be refused at once. */
static inline bool
adm_delay_may_refuse_at_once(uint64_t refused_at_once, int cores, int64_t now_ms)
{
	uint64_t	most = (uint64_t) cores * ADM_DELAY_AT_ONCE;

	return adm_delay_events_in_this(refused_at_once, now_ms) <
		(most < ADM_DELAY_EVENT_MASK ? most : ADM_DELAY_EVENT_MASK);
}

/* How long somebody with this much patience may wait now. */
static inline int64_t
adm_delay_allowed_ms(int64_t patience_ms, bool stands, bool clients_leave)
{
	if (clients_leave)
		return 0;
	if (stands && patience_ms > ADM_DELAY_STANDING_MS)
		return ADM_DELAY_STANDING_MS;
	return patience_ms;
}

#endif							/* ADM_DELAY_H */
