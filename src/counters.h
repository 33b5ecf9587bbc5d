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
	ADM_TOTAL_PASSED,			/* let in beyond the caps: the machine was
								 * comfortable */
	ADM_TOTAL_REFUSED_TIMEOUT,	/* no permit came in time */
	ADM_TOTAL_REFUSED_SLOTS,	/* waiting would have taken the
								 * administrator's slot */
	ADM_TOTAL_ABANDONED,		/* the client had left before it was admitted */
	ADM_TOTAL_ENDED,			/* terminated, cancelled or shut down while
								 * held */
	ADM_TOTAL_WOULD_HOLD_STARTS,	/* observe: would have met start_cap */
	ADM_TOTAL_WOULD_HOLD_SESSIONS,	/* observe: would have met connection_cap */
	ADM_TOTAL_SERVER_NO_SLOT,	/* PostgreSQL: "sorry, too many clients already" */
	ADM_TOTAL_SERVER_RESERVED,	/* PostgreSQL: only reserved slots are left */
	ADM_TOTAL_SERVER_LIMIT,		/* PostgreSQL: CONNECTION LIMIT of a role or
								 * database */
	ADM_TOTAL_HELD_COMFORTABLE_MS,	/* time in which anybody was held too long
									 * on a comfortable machine */
	ADM_TOTAL_COUNT
} AdmTotal;

/* Upper bounds of the histogram of waits; the last bucket has none. */
#define ADM_WAIT_BUCKETS	10

typedef struct AdmTotals
{
	uint64		count[ADM_TOTAL_COUNT];
	uint64		waits[ADM_WAIT_BUCKETS];	/* by length, not cumulative */
	uint64		waited_ms;		/* all waits together */
	uint64		longest_wait_ms;
	int64		last_refusal_age_ms;	/* -1: none since the reset */
	TimestampTz reset_at;
} AdmTotals;

extern void adm_counters_shmem_request(void);
extern void adm_counters_shmem_startup(void);

extern void adm_counters_add(AdmTotal total);
extern void adm_counters_add_many(AdmTotal total, uint64 number);

/* Counts one of the two kinds of refusal, and notes the time. */
extern void adm_counters_add_refusal(AdmTotal total);

/* A wait in line has ended, one way or another. */
extern void adm_counters_note_wait(uint64 wait_ms);

/* The upper bound of a bucket in milliseconds; 0 for the last. */
extern uint64 adm_counters_bucket_ms(int bucket);

extern void adm_counters_read(AdmTotals *totals);
extern void adm_counters_reset(void);

#endif							/* ADM_COUNTERS_H */
