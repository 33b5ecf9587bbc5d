/*
 * counters.h - totals since the counters were last reset.
 *
 * Lock-free: each total is one atomic in shared memory.  A set of totals read
 * while work goes on may be off by the work in flight.
 */
#ifndef ADM_COUNTERS_H
#define ADM_COUNTERS_H

#include "datatype/timestamp.h"

typedef enum AdmTotal
{
	ADM_TOTAL_ADMITTED,			/* sessions let in by permit, at once or after
								 * a wait */
	ADM_TOTAL_HELD,				/* logins that had to wait in line */
	ADM_TOTAL_HANDED_ON,		/* permits given to a waiter, one wake-up each */
	ADM_TOTAL_REFUSED_TIMEOUT,	/* no permit came in time */
	ADM_TOTAL_REFUSED_SLOTS,	/* waiting would have taken the
								 * administrator's slot */
	ADM_TOTAL_ABANDONED,		/* the client had left before it was admitted */
	ADM_TOTAL_ENDED,			/* terminated, cancelled or shut down while
								 * held */
	ADM_TOTAL_WOULD_HOLD_STARTS,	/* observe: would have met start_cap */
	ADM_TOTAL_WOULD_HOLD_SESSIONS,	/* observe: would have met connection_cap */
	ADM_TOTAL_COUNT
} AdmTotal;

typedef struct AdmTotals
{
	uint64		count[ADM_TOTAL_COUNT];
	uint64		longest_wait_ms;
	int64		last_refusal_age_ms;	/* -1: none since the reset */
	TimestampTz reset_at;
} AdmTotals;

extern void adm_counters_shmem_request(void);
extern void adm_counters_shmem_startup(void);

extern void adm_counters_add(AdmTotal total);

/* Counts one of the two kinds of refusal, and notes the time. */
extern void adm_counters_add_refusal(AdmTotal total);

/* Keeps the longest of all waits reported. */
extern void adm_counters_note_wait(uint64 wait_ms);

extern void adm_counters_read(AdmTotals *totals);
extern void adm_counters_reset(void);

#endif							/* ADM_COUNTERS_H */
