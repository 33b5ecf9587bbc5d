/*
 * wall_clock.h - durations since a time that somebody has noted by the wall clock.
 *
 * When that is set forward, or the machine has stood still, nobody has run for so
 * much longer.  Smaller steps than a second are taken for the steering of a clock;
 * those back only make durations shorter, and so does what was noted between two
 * forward.
 */
#ifndef ADM_WALL_CLOCK_H
#define ADM_WALL_CLOCK_H

#include <stdint.h>

#define ADM_WALL_CLOCK_SECOND_US	INT64_C(1000000)

/* All zero to begin with. */
typedef struct AdmWallClock
{
	int64_t		ahead_us;		/* of the monotonic clock; 0: never looked at */
	int64_t		step_us;		/* all steps forward */
	int64_t		stepped_us;		/* what was noted up to then was noted before the last */
} AdmWallClock;

/*
 * Notes a step since the last look.  By the clock as it was before the step it is
 * no later than stepped_us.
 */
static inline void
adm_wall_clock_look(AdmWallClock *clock, int64_t wall_us, int64_t monotonic_us)
{
	int64_t		ahead_us = wall_us - monotonic_us;
	int64_t		step_us = clock->ahead_us == 0 ? 0 : ahead_us - clock->ahead_us;

	if (step_us > ADM_WALL_CLOCK_SECOND_US)
	{
		clock->step_us += step_us;
		clock->stepped_us = wall_us - step_us;
	}
	clock->ahead_us = ahead_us;
}

static inline double
adm_wall_clock_seconds_since(const AdmWallClock *clock, int64_t since_us, int64_t now_us)
{
	int64_t		elapsed_us = now_us - since_us;

	if (since_us <= clock->stepped_us)
		elapsed_us -= clock->step_us;
	return (double) elapsed_us / ADM_WALL_CLOCK_SECOND_US;
}

#endif							/* ADM_WALL_CLOCK_H */
