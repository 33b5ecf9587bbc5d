/*
 * epoch.h - between the times of the wall clock, which count from 1970, and
 * those of PostgreSQL.
 */
#ifndef ADM_EPOCH_H
#define ADM_EPOCH_H

#include "datatype/timestamp.h"

/* Midnight of 2000-01-01, from where PostgreSQL counts, in microseconds since 1970. */
#define ADM_EPOCH_US \
	(((int64) POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * USECS_PER_SEC)

#endif							/* ADM_EPOCH_H */
