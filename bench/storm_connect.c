/*
 * storm_connect.c - the mode in which each request has its own connection:
 * log in, ask, and close, perhaps after some idle time.
 */
#include "storm_connect.h"

#include "storm_request.h"
#include "storm_session.h"

/* Ends the attempt's session, with or without saying goodbye. */
static void
drop_session(Request *request, void (*drop) (Session *session))
{
	drop(request->carrier);
	request->carrier = NULL;
	tally_open_connections(&request->run->tally, -1);
}

static void
stay_or_leave(Request *request)
{
	int64_t		persist_ms = request->run->options->persist_ms;

	if (persist_ms > 0)
	{
		session_set_deadline(request->carrier, loop_now_us() + persist_ms * 1000);
		return;
	}
	drop_session(request, session_close);
	request_end(request);
}

static void
handle_failure(Request *request)
{
	Failure		failure = *session_failure(request->carrier);

	drop_session(request, session_close);
	request_attempt_failed(request, &failure);
}

static void
handle_timeout(Request *request)
{
	drop_session(request, session_abandon);
	request_attempt_timed_out(request);
}

/* Idle after its answer: time is up, or the server has ended it. */
static void
leave(Request *request)
{
	drop_session(request, session_close);
	request_end(request);
}

static void
handle_session(Session *session, SessionEvent event, void *owner)
{
	Request    *request = owner;

	switch (event)
	{
		case SESSION_READY:
			session_query(session, request->run->options->query);
			break;
		case SESSION_ANSWERED:
			request_attempt_answered(request);
			stay_or_leave(request);
			break;
		case SESSION_FAILED:
			request->settled ? leave(request) : handle_failure(request);
			break;
		case SESSION_TIMED_OUT:
			request->settled ? leave(request) : handle_timeout(request);
			break;
	}
}

static bool
attempt(Request *request)
{
	Run		   *run = request->run;

	if (run->tally.open_connections >= run->options->max_open)
		return false;
	tally_open_connections(&run->tally, 1);
	request->carrier = session_open(&run->loop, &run->targets[request->app],
									loop_now_us() + run->options->timeout_ms * 1000,
									handle_session, request);
	return true;
}

static void
abandon(Request *request)
{
	if (request->carrier)
		drop_session(request, session_abandon);
}

const Mode	storm_connect_mode = {
	.name = "connect",
	.attempt = attempt,
	.abandon = abandon
};
