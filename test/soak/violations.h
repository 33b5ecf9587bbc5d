/*
 * violations.h - what was found to be wrong, a line each: kind, time, evidence,
 * with tabs between.  run adds to the same file, and sums it up.
 */
#ifndef SOAK_VIOLATIONS_H
#define SOAK_VIOLATIONS_H

#include "os/clock.h"

/* The wall clock, which run's own lines have, in milliseconds. */
static inline int64_t
clock_wall_ms(void)
{
	return adm_clock_wall_us() / 1000;
}

/* Opens the file; ends the program when it cannot. */
extern void violations_open(const char *path);

extern void violation(const char *kind, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* How many there have been. */
extern int	violations_count(void);

#endif							/* SOAK_VIOLATIONS_H */
