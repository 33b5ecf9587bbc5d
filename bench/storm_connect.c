/*
 * storm_connect.c - the mode in which each request has its own connection:
 * log in, ask, and close, perhaps after some idle time.
 */
#include "storm_connect.h"

#include <stdlib.h>

#include "storm_dialogue.h"
#include "storm_memory.h"
#include "storm_session.h"

/* An attempt with its connection. */
typedef struct Visit
{
	Stage	   *stage;
	Attempt    *attempt;
	Session    *session;
	Dialogue	dialogue;
	bool		answered;
} Visit;

/* Ends the session, with or without saying goodbye. */
static void
end_visit(Visit *visit, void (*drop) (Session *session))
{
	dialogue_stop(&visit->dialogue);
	drop(visit->session);
	tally_open_connections(visit->stage->tally, -1);
	visit->attempt->carrier = NULL;
	free(visit);
}

static void
tell(Attempt *attempt, AttemptEvent event, const Failure *failure)
{
	attempt->handler(attempt->owner, event, failure);
}

/* After the answer: time is up, or the server has ended the session. */
static void
leave(Visit *visit)
{
	Attempt    *attempt = visit->attempt;

	end_visit(visit, session_close);
	tell(attempt, ATTEMPT_LEFT, NULL);
}

static void
stay_or_leave(Visit *visit)
{
	int64_t		persist_ms = visit->stage->options->persist_ms;

	if (persist_ms > 0)
		session_set_deadline(visit->session, loop_now_us() + persist_ms * 1000);
	else
		leave(visit);
}

static void
handle_answer(Visit *visit)
{
	if (dialogue_go_on(&visit->dialogue))
		return;
	visit->answered = true;
	tell(visit->attempt, ATTEMPT_ANSWERED, NULL);
	stay_or_leave(visit);
}

static void
handle_failure(Visit *visit)
{
	Attempt    *attempt = visit->attempt;
	Failure		failure = *session_failure(visit->session);

	end_visit(visit, session_close);
	tell(attempt, ATTEMPT_FAILED, &failure);
}

static void
handle_timeout(Visit *visit)
{
	Attempt    *attempt = visit->attempt;

	tally_count(visit->stage->tally, COUNT_DROPPED);
	end_visit(visit, session_abandon);
	tell(attempt, ATTEMPT_TIMED_OUT, NULL);
}

static void
handle_session(Session *session, SessionEvent event, void *owner)
{
	Visit	   *visit = owner;

	switch (event)
	{
		case SESSION_READY:
			dialogue_use(&visit->dialogue, session);
			dialogue_begin(&visit->dialogue, visit->attempt->values);
			break;
		case SESSION_ANSWERED:
			handle_answer(visit);
			break;
		case SESSION_ERROR:
		case SESSION_FAILED:
			visit->answered ? leave(visit) : handle_failure(visit);
			break;
		case SESSION_TIMED_OUT:
			visit->answered ? leave(visit) : handle_timeout(visit);
			break;
	}
}

/*
 * The mode.
 */

static void *
create(Stage *stage)
{
	return stage;
}

static bool
open_nothing(void *state)
{
	(void) state;
	return true;
}

static void
place(void *state, Attempt *attempt, double point)
{
	Stage	   *stage = state;

	attempt->app = options_app_at(stage->options, point);
}

static bool
attempt_by_visit(void *state, Attempt *attempt)
{
	Stage	   *stage = state;
	Visit	   *visit;

	if (stage->tally->open_connections >= stage->options->max_open)
		return false;
	visit = memory_allocate(sizeof(Visit));
	visit->stage = stage;
	visit->attempt = attempt;
	attempt->carrier = visit;
	dialogue_init(&visit->dialogue, stage->loop, stage->options);
	tally_open_connections(stage->tally, 1);
	visit->session = session_open(stage->loop, &stage->targets[attempt->app],
								  attempt->deadline_us, handle_session, visit);
	return true;
}

static void
abandon(void *state, Attempt *attempt)
{
	(void) state;
	if (attempt->carrier)
		end_visit(attempt->carrier, session_abandon);
}

static void
destroy(void *state)
{
	(void) state;
}

const Mode	storm_connect_mode = {
	.name = "connect",
	.create = create,
	.open = open_nothing,
	.place = place,
	.attempt = attempt_by_visit,
	.abandon = abandon,
	.destroy = destroy
};
