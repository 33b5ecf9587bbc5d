/*
 * storm_gate.h - a gate in the client: so many attempts, of all app servers
 * together, are under way at once; the others wait in line for a while and are
 * then refused, of which the server knows nothing.
 *
 * It shows what a gate could reach that cost the server nothing.
 */
#ifndef STORM_GATE_H
#define STORM_GATE_H

#include "storm_loop.h"

typedef struct Gate Gate;
typedef struct Pass Pass;

typedef enum PassEvent
{
	PASS_GRANTED,				/* at once, or by the loop */
	PASS_REFUSED				/* by the loop */
} PassEvent;

typedef void (*PassHandler) (void *owner, PassEvent event);

typedef enum PassState
{
	PASS_OUTSIDE,
	PASS_WAITING,
	PASS_INSIDE
} PassState;

/* What an attempt has at the gate. */
struct Pass
{
	Gate	   *gate;
	PassHandler handler;
	void	   *owner;
	PassState	state;
	Timer		patience;		/* in line */
	Pass	   *next;
	Pass	   *previous;
};

struct Gate
{
	Loop	   *loop;
	int64_t		places;			/* 0: the gate is open */
	int64_t		wait_us;		/* in line at most */
	int64_t		inside;
	Pass	   *first;			/* of the line */
	Pass	   *last;
};

extern void gate_init(Gate *gate, Loop *loop, int64_t places, int64_t wait_us);

/* Outside the gate. */
extern void pass_init(Pass *pass, Gate *gate, PassHandler handler, void *owner);

/* Comes from outside, to be granted or refused. */
extern void pass_ask(Pass *pass);

/* Goes, from wherever it is; a place that gets free is granted to the next. */
extern void pass_leave(Pass *pass);

/* Nothing is granted any more. */
extern void gate_close(Gate *gate);

#endif							/* STORM_GATE_H */
