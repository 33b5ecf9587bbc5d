/*
 * storm_histogram.c - durations in buckets whose width grows with them.
 *
 * Durations below 64 us have a bucket each; above, every power of two has 32.
 */
#include "storm_histogram.h"

#include <math.h>
#include <string.h>

#define SUB_BITS	5
#define SUB_BUCKETS (1 << SUB_BITS)

static int
bucket_of(int64_t duration_us)
{
	int			shift = 0;
	int			bucket;

	while ((duration_us >> shift) >= 2 * SUB_BUCKETS)
		shift++;
	bucket = shift * SUB_BUCKETS + (int) (duration_us >> shift);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static double
middle_of_bucket_us(int bucket)
{
	int			shift = bucket / SUB_BUCKETS - 1;

	if (shift <= 0)
		return bucket;
	return ldexp(bucket % SUB_BUCKETS + SUB_BUCKETS + 0.5, shift);
}

void
histogram_add(Histogram *histogram, int64_t duration_us)
{
	if (duration_us < 0)
		duration_us = 0;
	histogram->buckets[bucket_of(duration_us)]++;
	histogram->count++;
	if (duration_us > histogram->max_us)
		histogram->max_us = duration_us;
}

double
histogram_percentile_ms(const Histogram *histogram, double pct)
{
	int64_t		rank = (int64_t) ceil(histogram->count * pct / 100);
	int64_t		seen = 0;

	if (histogram->count == 0)
		return -1;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		seen += histogram->buckets[i];
		if (seen > 0 && seen >= rank)
			return fmin(middle_of_bucket_us(i), histogram->max_us) / 1000;
	}
	return histogram_max_ms(histogram);
}

double
histogram_max_ms(const Histogram *histogram)
{
	return histogram->count == 0 ? -1 : histogram->max_us / 1000.0;
}

void
histogram_reset(Histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}
