/*
 * storm_histogram.h - durations in buckets whose width grows with them.
 *
 * Percentiles are right to 2 %, the maximum is exact; a histogram of all zero
 * bytes is empty.
 */
#ifndef STORM_HISTOGRAM_H
#define STORM_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS	1024

typedef struct Histogram
{
	int64_t		buckets[HISTOGRAM_BUCKETS];
	int64_t		count;
	int64_t		max_us;
} Histogram;

/* Counts a duration; one below zero counts as zero. */
extern void histogram_add(Histogram *histogram, int64_t duration_us);

/* The duration that pct per cent do not exceed; -1 if there is none. */
extern double histogram_percentile_ms(const Histogram *histogram, double pct);

/* The longest duration; -1 if there is none. */
extern double histogram_max_ms(const Histogram *histogram);

/* Forgets everything. */
extern void histogram_reset(Histogram *histogram);

#endif							/* STORM_HISTOGRAM_H */
