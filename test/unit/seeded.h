/*
 * seeded.h - random numbers that are the same in every run.
 *
 * splitmix64.  Each test starts from a constant of its own, so that a failure
 * comes again and no test depends on which ran before it.
 */
#ifndef ADM_TEST_SEEDED_H
#define ADM_TEST_SEEDED_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Seeded
{
	uint64_t	state;
} Seeded;

static inline uint64_t
seeded_next(Seeded *random)
{
	uint64_t	z = (random->state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0 to limit - 1; limit must not be 0. */
static inline uint64_t
seeded_below(Seeded *random, uint64_t limit)
{
	return seeded_next(random) % limit;
}

/* True once in so many. */
static inline bool
seeded_once_in(Seeded *random, uint64_t times)
{
	return seeded_below(random, times) == 0;
}

#endif							/* ADM_TEST_SEEDED_H */
