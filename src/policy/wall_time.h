/*
 * wall_time.h - a time of the wall clock as the files show it to people.
 */
#ifndef ADM_WALL_TIME_H
#define ADM_WALL_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define ADM_WALL_TIME_HEADER	"time_utc"
#define ADM_WALL_TIME_SIZE		32

/* In UTC, from microseconds since 1970; "-" where that is no time. */
static inline void
adm_wall_time_print(int64_t at_us, char *text, size_t size)
{
	time_t		seconds = (time_t) (at_us / INT64_C(1000000));
	struct tm  *utc = gmtime(&seconds);

	if (utc == NULL || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", utc) == 0)
		snprintf(text, size, "-");
}

#endif							/* ADM_WALL_TIME_H */
