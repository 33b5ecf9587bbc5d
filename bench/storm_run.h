/*
 * storm_run.h - one storm from its first arrival to its end.
 */
#ifndef STORM_RUN_H
#define STORM_RUN_H

#include "storm_loop.h"
#include "storm_options.h"
#include "storm_probe.h"
#include "storm_random.h"
#include "storm_tally.h"
#include "storm_target.h"

typedef struct Run Run;
typedef struct Request Request;

/*
 * How a request gets to the server.  attempt() starts an attempt, which ends
 * in one call of the request_attempt_*() functions, or returns false if there
 * is no connection left for it.  abandon() lets go of an attempt, if there is
 * one, when the storm is over.
 */
typedef struct Mode
{
	const char *name;
	bool		(*attempt) (Request *request);
	void		(*abandon) (Request *request);
} Mode;

struct Run
{
	const Options *options;
	const Mode *mode;
	Loop		loop;
	Target		targets[OPTIONS_MAX_APPS];	/* one for each class */
	Prober		prober;			/* of zero bytes without --probe */
	Tally		tally;
	Random		arrivals;
	Random		classes;
	Random		jitter;
	FILE	   *csv;			/* NULL: none */
	int64_t		started_us;
	int64_t		ended_us;
	double		arrival_s;		/* the next, since the start */
	int64_t		lines;			/* seconds that the CSV has */
	int64_t		counts_before[COUNT_KINDS]; /* at the last line */
	bool		profile_over;
	bool		interrupted;	/* by a signal, before the end */
	int64_t		unanswered;		/* requests that are still wanted */
	Request    *requests;		/* all that live */
	Watch		signals;
	Timer		arrival;
	Timer		second;
	Timer		profile_end;
	Timer		end;
};

/* False, and why on stderr, if the options cannot be put to work. */
extern bool run_init(Run *run, const Options *options);

/* Storms until the profile is over and nothing more can be answered. */
extern void run_storm(Run *run);

/* Also after a failed run_init(). */
extern void run_free(Run *run);

/* For the requests. */

/* The profile's step at that time; -1 after its end. */
extern int	run_step_at(const Run *run, int64_t at_us);

/* A request is answered, or nobody waits for it any more. */
extern void run_request_settled(Run *run);

/* A request is gone, with its connection. */
extern void run_request_ended(Run *run);

#endif							/* STORM_RUN_H */
