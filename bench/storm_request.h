/*
 * storm_request.h - requests, from their arrival through all their attempts.
 *
 * Knows when to try again and what counts as in time; how an attempt is made
 * is the mode's business, once the client's own gate has let it through.
 */
#ifndef STORM_REQUEST_H
#define STORM_REQUEST_H

#include "storm_gate.h"
#include "storm_mode.h"
#include "storm_random.h"

typedef struct Request Request;

typedef enum RequestEvent
{
	REQUEST_SETTLED,			/* answered, or nobody waits any more */
	REQUEST_ENDED				/* after that: it is gone, with its connection */
} RequestEvent;

typedef void (*RequestHandler) (void *owner, RequestEvent event);

/* All requests of a storm. */
typedef struct Requests
{
	Stage	   *stage;
	const Mode *mode;
	void	   *mode_state;
	Gate		gate;
	RequestHandler handler;
	void	   *owner;
	Random		places;
	Random		values;
	int64_t		unsettled;
	Request    *first;			/* of all that live */
} Requests;

/* Starts a request that arrived at arrived_us, maybe a moment ago. */
extern void request_start(Requests *requests, int64_t arrived_us);

/* The storm is over: lets go of all requests. */
extern void request_abandon_all(Requests *requests);

#endif							/* STORM_REQUEST_H */
