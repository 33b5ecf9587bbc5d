/*
 * violations.h - what was found to be wrong, a line each: kind, time, evidence,
 * with tabs between.  run adds to the same file, and sums it up.
 */
#ifndef SOAK_VIOLATIONS_H
#define SOAK_VIOLATIONS_H

#include <stdint.h>

/* The wall clock, which run's own lines have, in milliseconds. */
extern int64_t clock_wall_ms(void);

/* Milliseconds that no change of the wall clock touches. */
extern int64_t clock_steady_ms(void);

/* Opens the file; ends the program when it cannot. */
extern void violations_open(const char *path);

extern void violation(const char *kind, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* How many there have been. */
extern int	violations_count(void);

#endif							/* SOAK_VIOLATIONS_H */
