/*
 * storm_random.c - seeded streams of random numbers, by splitmix64.
 *
 * The C library's generators differ between libraries; a seed must not.
 */
#include "storm_random.h"

#include <math.h>

static uint64_t
next_bits(Random *random)
{
	uint64_t	bits;

	random->state += UINT64_C(0x9e3779b97f4a7c15);
	bits = random->state;
	bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
	return bits ^ (bits >> 31);
}

void
random_init(Random *random, uint64_t seed, uint64_t stream)
{
	random->state = seed;
	random->state = next_bits(random) ^ (stream * UINT64_C(0xd1342543de82ef95));
}

double
random_uniform(Random *random)
{
	return ((next_bits(random) >> 11) + 1) * (1.0 / 9007199254740992.0);
}

double
random_exponential(Random *random)
{
	return -log(random_uniform(random));
}

/* The remainder's bias is one part in 2^64 / span: nothing for a storm. */
int64_t
random_integer(Random *random, int64_t low, int64_t high)
{
	uint64_t	span = (uint64_t) high - (uint64_t) low + 1;
	uint64_t	bits = next_bits(random);

	return (int64_t) ((uint64_t) low + (span == 0 ? bits : bits % span));
}
