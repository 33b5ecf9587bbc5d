/*
 * storm_backoff.h - how long to wait before trying again.
 */
#ifndef STORM_BACKOFF_H
#define STORM_BACKOFF_H

#include <stdint.h>

#include "storm_random.h"

/*
 * The wait after so many failures in a row, at least one: first_ms, doubled
 * for each further one up to longest_ms, times a random 0.5 to 1.5.
 */
extern int64_t backoff_us(int64_t first_ms, int failures, int64_t longest_ms,
						  Random *random);

#endif							/* STORM_BACKOFF_H */
