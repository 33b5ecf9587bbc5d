/*
 * storm_mode.h - how attempts get to the server: what a request asks of a
 * mode, and what the mode tells it.
 *
 * A mode knows attempts and sessions; what an attempt means to its request,
 * and whether another one follows, is the request's business.
 */
#ifndef STORM_MODE_H
#define STORM_MODE_H

#include "storm_failure.h"
#include "storm_loop.h"
#include "storm_options.h"
#include "storm_random.h"
#include "storm_tally.h"
#include "storm_target.h"

typedef struct Attempt Attempt;

typedef enum AttemptEvent
{
	ATTEMPT_ANSWERED,			/* in full; its connection may be kept */
	ATTEMPT_LEFT,				/* after that: it has no connection any more */
	ATTEMPT_FAILED,				/* refused, broken, an error: see the failure */
	ATTEMPT_TIMED_OUT
} AttemptEvent;

/*
 * Told by the loop, never from within a call of the requester's.  The failure
 * is NULL but for ATTEMPT_FAILED.  After every event but ATTEMPT_ANSWERED the
 * mode has forgotten the attempt.
 */
typedef void (*AttemptHandler) (void *owner, AttemptEvent event, const Failure *failure);

struct Attempt
{
	AttemptHandler handler;
	void	   *owner;
	const int64_t *values;		/* of the script */
	int			app;			/* the class */
	int			server;			/* the app server, where a mode has them */
	int64_t		deadline_us;
	void	   *carrier;		/* the mode's, while the attempt is under way */
};

/* What all parts of a storm share. */
typedef struct Stage
{
	Loop	   *loop;
	const Options *options;
	const Target *targets;		/* one for each class */
	Tally	   *tally;
	Random		jitter;			/* of waits before trying again */
} Stage;

typedef struct Mode
{
	const char *name;

	/* Makes the mode's state, which the other functions get. */
	void	   *(*create) (Stage *stage);

	/*
	 * Opens what must be open before the storm, running the loop meanwhile.
	 * False if that did not come about: why is on stderr, unless somebody
	 * else stopped the loop.
	 */
	bool		(*open) (void *state);

	/* Says where a request belongs, from a random number up to 1. */
	void		(*place) (void *state, Attempt *attempt, double point);

	/* Starts an attempt; false if there is no connection left for it. */
	bool		(*attempt) (void *state, Attempt *attempt);

	/* Lets go of an attempt, if it is under way: the storm is over. */
	void		(*abandon) (void *state, Attempt *attempt);

	/* Closes and frees everything; no attempt is under way. */
	void		(*destroy) (void *state);
} Mode;

#endif							/* STORM_MODE_H */
