/*
 * storm_gate.c - a gate in the client.
 */
#include "storm_gate.h"

#include <stdbool.h>
#include <string.h>

void
gate_init(Gate *gate, Loop *loop, int64_t places, int64_t wait_us)
{
	memset(gate, 0, sizeof(*gate));
	gate->loop = loop;
	gate->places = places;
	gate->wait_us = wait_us;
}

/*
 * The line.
 */

static void
stand_in_line(Pass *pass)
{
	Gate	   *gate = pass->gate;

	pass->state = PASS_WAITING;
	pass->next = NULL;
	pass->previous = gate->last;
	if (gate->last)
		gate->last->next = pass;
	else
		gate->first = pass;
	gate->last = pass;
	loop_set_timer(gate->loop, &pass->patience, loop_now_us() + gate->wait_us);
}

static void
leave_line(Pass *pass)
{
	Gate	   *gate = pass->gate;

	pass->state = PASS_OUTSIDE;
	if (pass->next)
		pass->next->previous = pass->previous;
	else
		gate->last = pass->previous;
	if (pass->previous)
		pass->previous->next = pass->next;
	else
		gate->first = pass->next;
	loop_clear_timer(gate->loop, &pass->patience);
}

static void
handle_patience(void *arg)
{
	Pass	   *pass = arg;

	leave_line(pass);
	pass->handler(pass->owner, PASS_REFUSED);
}

/*
 * Places.
 */

static bool
has_room(const Gate *gate)
{
	return gate->places == 0 || gate->inside < gate->places;
}

static void
grant(Pass *pass)
{
	pass->state = PASS_INSIDE;
	pass->gate->inside++;
	pass->handler(pass->owner, PASS_GRANTED);
}

static void
grant_next(Gate *gate)
{
	Pass	   *pass = gate->first;

	if (pass == NULL || !has_room(gate))
		return;
	leave_line(pass);
	grant(pass);
}

void
gate_close(Gate *gate)
{
	while (gate->first)
		leave_line(gate->first);
}

/*
 * Passes.
 */

void
pass_init(Pass *pass, Gate *gate, PassHandler handler, void *owner)
{
	memset(pass, 0, sizeof(*pass));
	pass->gate = gate;
	pass->handler = handler;
	pass->owner = owner;
	loop_init_timer(&pass->patience, handle_patience, pass);
}

void
pass_ask(Pass *pass)
{
	if (has_room(pass->gate))
		grant(pass);
	else
		stand_in_line(pass);
}

void
pass_leave(Pass *pass)
{
	if (pass->state == PASS_WAITING)
		leave_line(pass);
	if (pass->state != PASS_INSIDE)
		return;
	pass->state = PASS_OUTSIDE;
	pass->gate->inside--;
	grant_next(pass->gate);
}
