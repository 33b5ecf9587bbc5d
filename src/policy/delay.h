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
 * The memory is one number, the time since when waits have been above the
 * target, or 0, so that it can be kept in an atomic.
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

/* How long somebody with this much patience may wait now. */
static inline int64_t
adm_delay_allowed_ms(int64_t patience_ms, bool stands)
{
	if (stands && patience_ms > ADM_DELAY_STANDING_MS)
		return ADM_DELAY_STANDING_MS;
	return patience_ms;
}

#endif							/* ADM_DELAY_H */
