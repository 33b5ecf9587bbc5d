/*
 * clock.h - the machine's clocks, the same for all its processes.
 *
 * Every duration the gates and the warm-up measure is taken from the monotonic
 * one, so that steps of the wall clock move nothing; the wall clock is for
 * display and for comparing with the time of initdb.
 */
#ifndef ADM_CLOCK_H
#define ADM_CLOCK_H

#include <stdint.h>

/* Milliseconds since some fixed point, usually the boot; never negative. */
extern int64_t adm_clock_ms(void);

/* The same in microseconds. */
extern int64_t adm_clock_us(void);

/* Microseconds since 1970, by the wall clock. */
extern int64_t adm_clock_wall_us(void);

#endif							/* ADM_CLOCK_H */
