/*
 * storm_request.h - a request, from its arrival through all its attempts.
 *
 * Knows when to try again and what counts as in time; how an attempt is made
 * is the mode's business.
 */
#ifndef STORM_REQUEST_H
#define STORM_REQUEST_H

#include "storm_run.h"

struct Request
{
	Run		   *run;
	int64_t		arrived_us;
	int			app;			/* its class */
	int			attempts;		/* made so far */
	bool		settled;		/* answered, or nobody waits any more */
	Timer		backoff;
	void	   *carrier;		/* the mode's: what carries this attempt */
	Request    *next;
	Request    *previous;
};

/* A request arrives; arrived_us may be a moment ago. */
extern void request_start(Run *run, int64_t arrived_us);

/* For the modes: how the attempt ended. */
extern void request_attempt_answered(Request *request);
extern void request_attempt_failed(Request *request, const Failure *failure);
extern void request_attempt_timed_out(Request *request);

/* For the modes: frees a request that was answered. */
extern void request_end(Request *request);

/* The storm is over: lets go of all requests. */
extern void request_abandon_all(Run *run);

#endif							/* STORM_REQUEST_H */
