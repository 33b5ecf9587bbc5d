/*
 * storm_tally.h - what happened, in numbers.
 *
 * arrivals = answered + late + given_up + unfinished + not_sent; the other
 * counts are of attempts, of which a request may have several.
 */
#ifndef STORM_TALLY_H
#define STORM_TALLY_H

#include "storm_failure.h"
#include "storm_histogram.h"
#include "storm_options.h"
#include "storm_profile.h"

#define TALLY_MAX_SQLSTATES 24

typedef enum Count
{
	COUNT_ARRIVALS,
	COUNT_ANSWERED,				/* in time */
	COUNT_LATE,					/* answered, but not in time */
	COUNT_GIVEN_UP,				/* the last retry was in vain */
	COUNT_UNFINISHED,			/* when the storm was over */
	COUNT_NOT_SENT,				/* dropped: no connection was left */
	COUNT_ATTEMPTS,
	COUNT_RETRIES,				/* attempts that were not a request's first */
	COUNT_TIMED_OUT,
	COUNT_REFUSED,
	COUNT_FAILED				/* neither timed out nor refused */
} Count;

#define COUNT_KINDS			(COUNT_FAILED + 1)

typedef struct SqlstateCount
{
	char		sqlstate[SQLSTATE_SIZE];
	int64_t		count;
} SqlstateCount;

typedef struct StepTally
{
	int64_t		arrivals;
	int64_t		answered;		/* in time, during the step */
	int64_t		arrivals_answered;	/* in time, arrived during the step */
} StepTally;

typedef struct AppTally
{
	int64_t		arrivals;
	int64_t		answered;		/* in time */
	int64_t		late;
} AppTally;

typedef struct Tally
{
	int64_t		counts[COUNT_KINDS];
	int64_t		refusals[REFUSAL_KINDS];
	SqlstateCount sqlstates[TALLY_MAX_SQLSTATES];	/* of refused and failed */
	StepTally	steps[PROFILE_MAX_STEPS];
	AppTally	apps[OPTIONS_MAX_APPS];
	int			open_connections;
	int			most_open_connections;
	Histogram	latency;		/* of all that were answered */
	Histogram	second_latency; /* the same, since the last CSV line */
	Histogram	lag;			/* how late requests were started */
	Failure		first_failure;
} Tally;

extern void tally_count(Tally *tally, Count count);

/* A request arrives, at that step of the profile. */
extern void tally_arrival(Tally *tally, int step, int app, int64_t lag_us);

/*
 * A request's answer came; both steps may be -1, when the profile is over.
 */
extern void tally_answer(Tally *tally, int arrival_step, int answer_step, int app,
						 int64_t latency_us, bool in_time);

/* An attempt was refused, or failed. */
extern void tally_failure(Tally *tally, const Failure *failure);

/* Connections were opened (1) or closed (-1). */
extern void tally_open_connections(Tally *tally, int change);

/* For output: the names of the counts and of the kinds of refusal. */
extern const char *tally_count_name(Count count);
extern const char *tally_refusal_name(Refusal refusal);

#endif							/* STORM_TALLY_H */
