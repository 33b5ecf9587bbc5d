/*
 * per_core.h - a number that may be meant for each processor: "16", "4x".
 */
#ifndef ADM_PER_CORE_H
#define ADM_PER_CORE_H

#include <stdbool.h>

#define ADM_PER_CORE_MOST			262143	/* as MAX_BACKENDS */
#define ADM_PER_CORE_MOST_FACTOR	1000

/*
 * "16" gives 16, "4x" gives -4, "0" gives 0, which is for the caller to fill
 * in.  Blanks around it and between number and "x" are allowed.  False, and
 * *value as it was, for anything else or too large.
 */
extern bool adm_per_core_parse(const char *text, int *value);

#endif							/* ADM_PER_CORE_H */
