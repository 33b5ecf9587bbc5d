/*
 * storm_backoff.c - how long to wait before trying again.
 */
#include "storm_backoff.h"

#include <math.h>

int64_t
backoff_us(int64_t first_ms, int failures, int64_t longest_ms, Random *random)
{
	double		base_ms = ldexp(first_ms, failures - 1);
	double		jitter = 0.5 + random_uniform(random);

	return (int64_t) (fmin(base_ms, longest_ms) * jitter * 1000);
}
