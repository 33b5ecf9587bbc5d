/*
 * storm_tally.h - what happened, in numbers.
 *
 * arrivals = answered + late + given_up + unfinished + not_sent; the counts
 * that follow are of attempts, of which a request may have several, and of
 * the connections under them.
 */
#ifndef STORM_TALLY_H
#define STORM_TALLY_H

#include "storm_failure.h"
#include "storm_histogram.h"
#include "storm_options.h"
#include "storm_profile.h"

#define TALLY_MAX_SQLSTATES 24

/* Of a second's arrivals, answered in time: what passes for recovered. */
#define RECOVERED_PCT		95

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
	COUNT_TIMED_OUT_WAITING,	/* of these, without a connection */
	COUNT_REFUSED,
	COUNT_FAILED,				/* neither timed out nor refused */
	COUNT_DROPPED,				/* connections that a client hung up on */
	COUNT_LOST,					/* of a pool, by nobody's wish there */
	COUNT_REOPENED,				/* of a pool, after either */
	COUNT_LOGINS_TIMED_OUT,		/* while a pool reopened its connections */
	COUNT_LOGINS_REFUSED,
	COUNT_LOGINS_FAILED
} Count;

#define COUNT_KINDS			(COUNT_LOGINS_FAILED + 1)

typedef struct SqlstateCount
{
	char		sqlstate[SQLSTATE_SIZE];
	int64_t		count;
} SqlstateCount;

/* Why attempts, or logins, came to nothing. */
typedef struct FailureTally
{
	int64_t		refusals[REFUSAL_KINDS];
	SqlstateCount sqlstates[TALLY_MAX_SQLSTATES];	/* of refused and failed */
	Failure		first_failure;	/* that was no refusal */
} FailureTally;

/* The requests that arrive in one second of a step, or of one class in it. */
typedef struct SecondTally
{
	int64_t		arrivals;
	int64_t		answered;		/* in time, whenever */
} SecondTally;

typedef struct StepTally
{
	int64_t		arrivals;
	int64_t		answered;		/* in time, during the step */
	int64_t		arrivals_answered;	/* in time, arrived during the step */
	Histogram	latency;		/* of all answered that arrived during it */
	SecondTally apps[OPTIONS_MAX_APPS];
	SecondTally *seconds;		/* from the step's start, the last one maybe
								 * shorter */
	int			second_count;
} StepTally;

typedef struct AppTally
{
	int64_t		arrivals;
	int64_t		answered;		/* in time */
	int64_t		late;
} AppTally;

typedef struct Tally
{
	const Profile *profile;
	int64_t		started_us;
	int64_t		counts[COUNT_KINDS];
	int64_t		counts_before[COUNT_KINDS]; /* at the last second's end */
	FailureTally attempts;
	FailureTally logins;		/* of pools */
	StepTally	steps[PROFILE_MAX_STEPS];
	AppTally	apps[OPTIONS_MAX_APPS];
	int			open_connections;
	int			most_open_connections;
	int			waiting;		/* attempts without a connection */
	Histogram	latency;		/* of all that were answered */
	Histogram	second_latency; /* the same, since the last second's end */
	Histogram	lag;			/* how late requests were started */
} Tally;

/* Into a tally of zero bytes. */
extern void tally_init(Tally *tally, const Profile *profile);

/* Also of a tally of zero bytes. */
extern void tally_free(Tally *tally);

/* The profile starts; nothing but connections is counted before. */
extern void tally_start(Tally *tally, int64_t started_us);

extern void tally_count(Tally *tally, Count count);

/* A request arrives; it is started lag_us later. */
extern void tally_arrival(Tally *tally, int64_t arrived_us, int app, int64_t lag_us);

/* A request's answer comes. */
extern void tally_answer(Tally *tally, int64_t arrived_us, int64_t answered_us,
						 int app, bool in_time);

/* An attempt, or a login of a pool, was refused or failed. */
extern void tally_failure(Tally *tally, const Failure *failure);
extern void tally_login_failure(Tally *tally, const Failure *failure);

/* Connections were opened (1) or closed (-1). */
extern void tally_open_connections(Tally *tally, int change);

/* Attempts wait for a connection (1), or no longer (-1). */
extern void tally_waiting(Tally *tally, int change);

/* Something was counted since the last second's end. */
extern bool tally_has_news(const Tally *tally);

/* A second is over. */
extern void tally_end_second(Tally *tally);

/*
 * Seconds from the step's start until each further second of it saw
 * RECOVERED_PCT of its arrivals answered in time; -1 if the last one did not.
 * Seconds at its end in which nothing arrived do not count.
 */
extern int	tally_recovered_after_s(const StepTally *step);

/* For output: the names of the counts and of the kinds of refusal. */
extern const char *tally_count_name(Count count);
extern const char *tally_refusal_name(Refusal refusal);

#endif							/* STORM_TALLY_H */
