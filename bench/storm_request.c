/*
 * storm_request.c - requests, from their arrival through all their attempts.
 */
#include "storm_request.h"

#include <stdlib.h>

#include "storm_backoff.h"
#include "storm_memory.h"

#define LONGEST_BACKOFF_MS	3600000

struct Request
{
	Requests   *requests;
	int64_t		arrived_us;
	int			attempts;		/* made so far */
	bool		settled;
	Attempt		attempt;
	Pass		pass;			/* of the client's own gate */
	Timer		backoff;
	Request    *next;
	Request    *previous;
	int64_t		values[];		/* of the script */
};

/*
 * The list of all requests.
 */

static void
link_request(Request *request)
{
	Requests   *requests = request->requests;

	request->next = requests->first;
	if (requests->first)
		requests->first->previous = request;
	requests->first = request;
}

static void
free_request(Request *request)
{
	Requests   *requests = request->requests;

	if (request->next)
		request->next->previous = request->previous;
	if (request->previous)
		request->previous->next = request->next;
	else
		requests->first = request->next;
	pass_leave(&request->pass);
	loop_clear_timer(requests->stage->loop, &request->backoff);
	free(request);
}

/*
 * The end of a request.
 */

static void
settle(Request *request)
{
	Requests   *requests = request->requests;

	request->settled = true;
	requests->unsettled--;
	requests->handler(requests->owner, REQUEST_SETTLED);
}

static void
end(Request *request)
{
	Requests   *requests = request->requests;

	free_request(request);
	requests->handler(requests->owner, REQUEST_ENDED);
}

static void
end_in_vain(Request *request, Count count)
{
	tally_count(request->requests->stage->tally, count);
	settle(request);
	end(request);
}

/*
 * Attempts.
 */

static void
make_attempt(Request *request)
{
	request->attempt.deadline_us = loop_now_us() +
		request->requests->stage->options->timeout_ms * 1000;
	pass_ask(&request->pass);
}

static void
count_attempt(Request *request)
{
	Tally	   *tally = request->requests->stage->tally;

	tally_count(tally, COUNT_ATTEMPTS);
	if (request->attempts++ > 0)
		tally_count(tally, COUNT_RETRIES);
}

static void
send_attempt(Request *request)
{
	Requests   *requests = request->requests;

	if (requests->mode->attempt(requests->mode_state, &request->attempt))
		count_attempt(request);
	else
		end_in_vain(request, COUNT_NOT_SENT);
}

static void
handle_backoff(void *arg)
{
	make_attempt(arg);
}

static void
retry_or_give_up(Request *request)
{
	Stage	   *stage = request->requests->stage;

	if (request->attempts > stage->options->retries)
	{
		end_in_vain(request, COUNT_GIVEN_UP);
		return;
	}
	loop_set_timer(stage->loop, &request->backoff,
				   loop_now_us() + backoff_us(stage->options->backoff_ms, request->attempts,
											  LONGEST_BACKOFF_MS, &stage->jitter));
}

static void
fail(Request *request, const Failure *failure)
{
	tally_failure(request->requests->stage->tally, failure);
	retry_or_give_up(request);
}

/* As a server would say it. */
static void
handle_pass(void *owner, PassEvent event)
{
	Request    *request = owner;
	Failure		failure;

	if (event == PASS_GRANTED)
	{
		send_attempt(request);
		return;
	}
	count_attempt(request);
	failure_set(&failure, "53400", "refused at the client's own gate");
	fail(request, &failure);
}

static void
note_answer(Request *request)
{
	Stage	   *stage = request->requests->stage;
	int64_t		now_us = loop_now_us();
	bool		in_time = now_us - request->arrived_us <= stage->options->timeout_ms * 1000;

	tally_answer(stage->tally, request->arrived_us, now_us, request->attempt.app, in_time);
	settle(request);
}

static void
handle_attempt(void *owner, AttemptEvent event, const Failure *failure)
{
	Request    *request = owner;

	pass_leave(&request->pass);
	switch (event)
	{
		case ATTEMPT_ANSWERED:
			note_answer(request);
			break;
		case ATTEMPT_LEFT:
			end(request);
			break;
		case ATTEMPT_FAILED:
			fail(request, failure);
			break;
		case ATTEMPT_TIMED_OUT:
			tally_count(request->requests->stage->tally, COUNT_TIMED_OUT);
			retry_or_give_up(request);
			break;
	}
}

/*
 * Beginning and end of a storm.
 */

static Request *
create_request(Requests *requests, int64_t arrived_us)
{
	const Script *script = &requests->stage->options->script;
	Request    *request = memory_allocate(sizeof(Request) +
										  script->value_count * sizeof(int64_t));

	request->requests = requests;
	request->arrived_us = arrived_us;
	request->attempt.handler = handle_attempt;
	request->attempt.owner = request;
	request->attempt.values = request->values;
	pass_init(&request->pass, &requests->gate, handle_pass, request);
	loop_init_timer(&request->backoff, handle_backoff, request);
	script_draw(script, &requests->values, request->values);
	requests->mode->place(requests->mode_state, &request->attempt,
						  random_uniform(&requests->places));
	link_request(request);
	return request;
}

void
request_start(Requests *requests, int64_t arrived_us)
{
	Request    *request = create_request(requests, arrived_us);

	requests->unsettled++;
	tally_arrival(requests->stage->tally, arrived_us, request->attempt.app,
				  loop_now_us() - arrived_us);
	make_attempt(request);
}

void
request_abandon_all(Requests *requests)
{
	gate_close(&requests->gate);
	while (requests->first)
	{
		Request    *request = requests->first;

		if (!request->settled)
			tally_count(requests->stage->tally, COUNT_UNFINISHED);
		requests->mode->abandon(requests->mode_state, &request->attempt);
		free_request(request);
	}
}
