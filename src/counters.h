/*
 * counters.h - totals since the counters were last reset.
 *
 * Lock-free: each total is one atomic in shared memory.  A set of totals read
 * while work goes on may be off by the work in flight.
 */
#ifndef ADM_COUNTERS_H
#define ADM_COUNTERS_H

#include "datatype/timestamp.h"
#include "policy/gate.h"
#include "services.h"

/* Of each gate, and of each service at it. */
typedef enum AdmTotal
{
	ADM_TOTAL_HELD,				/* had to wait in line */
	ADM_TOTAL_HANDED_ON,		/* permits given to a waiter, one wake-up each */
	ADM_TOTAL_PASSED,			/* let in beyond the caps: the machine was
								 * comfortable, or it would have done harm not
								 * to */
	ADM_TOTAL_REFUSED_TIMEOUT,	/* no permit came in time */
	ADM_TOTAL_REFUSED_SLOTS,	/* waiting would have taken the
								 * administrator's slot */
	ADM_TOTAL_REFUSED_SERVICE,	/* its service was paused or at its limit */
	ADM_TOTAL_ABANDONED,		/* the client had left before it was admitted */
	ADM_TOTAL_ABANDONED_SERVICE,	/* likewise, while its service had no room */
	ADM_TOTAL_ENDED,			/* terminated, cancelled or shut down while
								 * held */
	ADM_TOTAL_WOULD_HOLD_ACTIVE,	/* observe: would have met the cap on what
									 * starts or runs */
	ADM_TOTAL_WOULD_HOLD_PRESENT,	/* observe: would have met the cap on
									 * sessions */
	ADM_TOTAL_COUNT
} AdmTotal;

/* PostgreSQL's own refusals. */
typedef enum AdmServerTotal
{
	ADM_SERVER_NO_SLOT,			/* "sorry, too many clients already" */
	ADM_SERVER_RESERVED,		/* only reserved slots are left */
	ADM_SERVER_LIMIT,			/* CONNECTION LIMIT of a role or database */
	ADM_SERVER_COUNT
} AdmServerTotal;

/* Upper bounds of the histogram of waits; the last bucket has none. */
#define ADM_WAIT_BUCKETS	10

typedef struct AdmGateTotals
{
	uint64		count[ADM_TOTAL_COUNT];
	uint64		waits[ADM_WAIT_BUCKETS];	/* by length, not cumulative */
	uint64		waited_ms;		/* all waits together */
	uint64		longest_wait_ms;
	int64		last_refusal_age_ms;	/* -1: none since the reset; of a gate:
										 * but for a service's sake */
} AdmGateTotals;

typedef struct AdmTotals
{
	AdmGateTotals gate[ADM_GATE_COUNT];
	uint64		server[ADM_SERVER_COUNT];
	uint64		held_comfortable_ms;	/* time in which anybody was held too
										 * long on a comfortable machine */
	TimestampTz reset_at;
} AdmTotals;

extern void adm_counters_shmem_request(void);
extern void adm_counters_shmem_startup(void);

extern void adm_counters_add(AdmGate gate, int service, AdmTotal total);

extern void adm_counters_add_server(AdmServerTotal total);
extern void adm_counters_add_held_comfortable(uint64 ms);

/* Counts a refusal of one kind, and notes the time. */
extern void adm_counters_add_refusal(AdmGate gate, int service, AdmTotal total);

/* A wait in line has ended, one way or another. */
extern void adm_counters_note_wait(AdmGate gate, int service, uint64 wait_ms);

/* The upper bound of a bucket in milliseconds; 0 for the last. */
extern uint64 adm_counters_bucket_ms(int bucket);

/* From one reading to the next; after a reset all there is is new. */
extern uint64 adm_counters_growth(uint64 before, uint64 now);

/* Of one gate, whatever the reason; and whose clients had left. */
extern uint64 adm_counters_refused(const AdmGateTotals *totals);
extern uint64 adm_counters_abandoned(const AdmGateTotals *totals);

/*
 * The length of wait that this share (0..1) of waits did not exceed, rounded up
 * to the bounds of the histogram, the longest one at most; -1: nobody waited.
 */
extern int64 adm_counters_wait_quantile_ms(const AdmGateTotals *totals, double share);

/* PostgreSQL's refusals for want of a slot. */
extern uint64 adm_counters_server_refused(const AdmTotals *totals);

extern void adm_counters_read(AdmTotals *totals);
extern void adm_counters_read_service(AdmGate gate, int service, AdmGateTotals *totals);

/* A service begins in an entry that was another's. */
extern void adm_counters_reset_service(int service);
extern void adm_counters_reset(void);

#endif							/* ADM_COUNTERS_H */
