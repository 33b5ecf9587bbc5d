/*
 * storm_request.c - a request, from its arrival through all its attempts.
 */
#include "storm_request.h"

#include <math.h>
#include <stdlib.h>

#include "storm_memory.h"

#define LONGEST_BACKOFF_MS	3600000.0

/*
 * The list of all requests.
 */

static void
link_request(Request *request)
{
	Run		   *run = request->run;

	request->next = run->requests;
	if (run->requests)
		run->requests->previous = request;
	run->requests = request;
}

static void
unlink_request(Request *request)
{
	if (request->next)
		request->next->previous = request->previous;
	if (request->previous)
		request->previous->next = request->next;
	else
		request->run->requests = request->next;
}

/*
 * Attempts.
 */

static void
settle(Request *request)
{
	request->settled = true;
	run_request_settled(request->run);
}

/* The request is over, without an answer. */
static void
end_in_vain(Request *request, Count count)
{
	tally_count(&request->run->tally, count);
	settle(request);
	request_end(request);
}

static void
make_attempt(Request *request)
{
	Tally	   *tally = &request->run->tally;

	if (!request->run->mode->attempt(request))
	{
		end_in_vain(request, COUNT_NOT_SENT);
		return;
	}
	tally_count(tally, COUNT_ATTEMPTS);
	if (request->attempts++ > 0)
		tally_count(tally, COUNT_RETRIES);
}

static void
handle_backoff(void *arg)
{
	make_attempt(arg);
}

static double
backoff_ms(Request *request)
{
	double		base_ms = ldexp(request->run->options->backoff_ms, request->attempts - 1);
	double		jitter = 0.5 + random_uniform(&request->run->jitter);

	return fmin(base_ms, LONGEST_BACKOFF_MS) * jitter;
}

static void
retry_or_give_up(Request *request)
{
	Run		   *run = request->run;

	if (request->attempts > run->options->retries)
	{
		end_in_vain(request, COUNT_GIVEN_UP);
		return;
	}
	loop_set_timer(&run->loop, &request->backoff,
				   loop_now_us() + (int64_t) (backoff_ms(request) * 1000));
}

/*
 * How an attempt ended.
 */

void
request_attempt_answered(Request *request)
{
	Run		   *run = request->run;
	int64_t		now_us = loop_now_us();
	int64_t		latency_us = now_us - request->arrived_us;

	tally_answer(&run->tally, run_step_at(run, request->arrived_us),
				 run_step_at(run, now_us), request->app, latency_us,
				 latency_us <= run->options->timeout_ms * 1000);
	settle(request);
}

void
request_attempt_failed(Request *request, const Failure *failure)
{
	tally_failure(&request->run->tally, failure);
	retry_or_give_up(request);
}

void
request_attempt_timed_out(Request *request)
{
	tally_count(&request->run->tally, COUNT_TIMED_OUT);
	retry_or_give_up(request);
}

/*
 * Beginning and end.
 */

static int
pick_app(Run *run)
{
	double		left = random_uniform(&run->classes);
	int			app = 0;

	while (app < run->options->app_count - 1 && left > run->options->apps[app].share)
		left -= run->options->apps[app++].share;
	return app;
}

void
request_start(Run *run, int64_t arrived_us)
{
	Request    *request = memory_allocate(sizeof(Request));

	request->run = run;
	request->arrived_us = arrived_us;
	request->app = pick_app(run);
	loop_init_timer(&request->backoff, handle_backoff, request);
	link_request(request);
	run->unanswered++;
	tally_arrival(&run->tally, run_step_at(run, arrived_us), request->app,
				  loop_now_us() - arrived_us);
	make_attempt(request);
}

void
request_end(Request *request)
{
	Run		   *run = request->run;

	unlink_request(request);
	loop_clear_timer(&run->loop, &request->backoff);
	free(request);
	run_request_ended(run);
}

void
request_abandon_all(Run *run)
{
	while (run->requests)
	{
		Request    *request = run->requests;

		if (!request->settled)
			tally_count(&run->tally, COUNT_UNFINISHED);
		run->mode->abandon(request);
		unlink_request(request);
		loop_clear_timer(&run->loop, &request->backoff);
		free(request);
	}
}
