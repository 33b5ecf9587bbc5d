/*
 * storm_random.h - seeded streams of random numbers.
 *
 * Each use has a stream of its own, so that the arrivals of a seed are the
 * same whatever the server does.
 */
#ifndef STORM_RANDOM_H
#define STORM_RANDOM_H

#include <stdint.h>

typedef struct Random
{
	uint64_t	state;
} Random;

/* Starts the given stream of a seed. */
extern void random_init(Random *random, uint64_t seed, uint64_t stream);

/* Uniform, above 0 and up to 1. */
extern double random_uniform(Random *random);

/* Exponentially distributed with mean 1. */
extern double random_exponential(Random *random);

/* An integer from low to high, both included. */
extern int64_t random_integer(Random *random, int64_t low, int64_t high);

#endif							/* STORM_RANDOM_H */
