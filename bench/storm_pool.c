/*
 * storm_pool.c - the mode in which requests come through app servers, each of
 * which has a pool of persistent connections.
 *
 * An attempt has a ticket: it stands in its pool's line, or holds one of the
 * pool's connections.  A connection that its client hangs up on, or that
 * breaks, is opened again at once, and after a failed login again and again,
 * whether or not anybody waits for it.
 *
 * What an attempt's handler does may start another attempt, so it is told
 * last, when connection and line are in order again.
 */
#include "storm_pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "storm_backoff.h"
#include "storm_dialogue.h"
#include "storm_memory.h"
#include "storm_session.h"

/* Before the storm the server shall not be hurt. */
#define LOGINS_AT_ONCE		4

#define LONGEST_REOPEN_MS	5000

typedef struct Pools Pools;
typedef struct Pool Pool;
typedef struct Connection Connection;

/* What an attempt has while it is under way. */
typedef struct Ticket Ticket;

struct Ticket
{
	Attempt    *attempt;
	Pool	   *pool;
	Connection *connection;		/* NULL: stands in line */
	Timer		patience;		/* in line */
	Ticket	   *next;
	Ticket	   *previous;
};

typedef enum ConnectionState
{
	CONNECTION_CLOSED,			/* to be opened in a while */
	CONNECTION_LOGIN,
	CONNECTION_FREE,
	CONNECTION_BUSY,			/* a ticket has it */
	CONNECTION_ROLLBACK			/* the ticket is gone, its transaction not */
} ConnectionState;

struct Connection
{
	Pool	   *pool;
	ConnectionState state;
	Session    *session;		/* NULL when closed */
	Dialogue	dialogue;
	Ticket	   *ticket;			/* while busy */
	int			failed_logins;	/* in a row */
	Timer		reopen;
	Connection *next_free;
};

/* An app server. */
struct Pool
{
	Pools	   *pools;
	int			app;			/* the class */
	Connection *connections;
	Connection *free;			/* the one used last comes first */
	Ticket	   *first;			/* of the line */
	Ticket	   *last;
};

struct Pools
{
	Stage	   *stage;
	Pool	   *pools;
	int64_t		opening;		/* logins begun before the storm */
	int64_t		opened;			/* of these, that succeeded */
	bool		in_storm;
	Timer		open_timeout;
};

static void handle_session(Session *session, SessionEvent event, void *owner);

static Stage *
stage_of(const Connection *connection)
{
	return connection->pool->pools->stage;
}

/*
 * The line.
 */

static void
leave_line(Ticket *ticket)
{
	Pool	   *pool = ticket->pool;

	if (ticket->next)
		ticket->next->previous = ticket->previous;
	else
		pool->last = ticket->previous;
	if (ticket->previous)
		ticket->previous->next = ticket->next;
	else
		pool->first = ticket->next;
	loop_clear_timer(pool->pools->stage->loop, &ticket->patience);
	tally_waiting(pool->pools->stage->tally, -1);
}

/* The attempt is over: it may be told, and gone, after this. */
static Attempt *
free_ticket(Ticket *ticket)
{
	Attempt    *attempt = ticket->attempt;

	attempt->carrier = NULL;
	free(ticket);
	return attempt;
}

static void
tell(Attempt *attempt, AttemptEvent event, const Failure *failure)
{
	attempt->handler(attempt->owner, event, failure);
}

static void
handle_patience(void *arg)
{
	Ticket	   *ticket = arg;

	tally_count(ticket->pool->pools->stage->tally, COUNT_TIMED_OUT_WAITING);
	leave_line(ticket);
	tell(free_ticket(ticket), ATTEMPT_TIMED_OUT, NULL);
}

static void
stand_in_line(Ticket *ticket)
{
	Pool	   *pool = ticket->pool;
	Stage	   *stage = pool->pools->stage;

	ticket->previous = pool->last;
	if (pool->last)
		pool->last->next = ticket;
	else
		pool->first = ticket;
	pool->last = ticket;
	loop_init_timer(&ticket->patience, handle_patience, ticket);
	loop_set_timer(stage->loop, &ticket->patience, ticket->attempt->deadline_us);
	tally_waiting(stage->tally, 1);
}

/*
 * Connections that are free.
 */

static void
take_free(Connection *connection)
{
	Connection **link = &connection->pool->free;

	while (*link != connection)
		link = &(*link)->next_free;
	*link = connection->next_free;
}

static void
use_connection(Connection *connection, Ticket *ticket)
{
	connection->state = CONNECTION_BUSY;
	connection->ticket = ticket;
	ticket->connection = connection;
	session_set_deadline(connection->session, ticket->attempt->deadline_us);
	dialogue_begin(&connection->dialogue, ticket->attempt->values);
}

static void
serve_line(Pool *pool)
{
	while (pool->free && pool->first)
	{
		Connection *connection = pool->free;
		Ticket	   *ticket = pool->first;

		take_free(connection);
		leave_line(ticket);
		use_connection(connection, ticket);
	}
}

static void
make_free(Connection *connection)
{
	Pool	   *pool = connection->pool;

	session_clear_deadline(connection->session);
	connection->state = CONNECTION_FREE;
	connection->next_free = pool->free;
	pool->free = connection;
	serve_line(pool);
}

/*
 * Opening and closing.
 */

static void
open_connection(Connection *connection, int64_t deadline_us)
{
	Stage	   *stage = stage_of(connection);

	connection->state = CONNECTION_LOGIN;
	tally_open_connections(stage->tally, 1);
	connection->session = session_open(stage->loop, &stage->targets[connection->pool->app],
									   deadline_us, handle_session, connection);
	dialogue_use(&connection->dialogue, connection->session);
}

static void
handle_reopen(void *arg)
{
	Connection *connection = arg;

	open_connection(connection, loop_now_us() +
					stage_of(connection)->options->timeout_ms * 1000);
}

/* With or without saying goodbye. */
static void
close_connection(Connection *connection, void (*drop) (Session *session))
{
	drop(connection->session);
	connection->session = NULL;
	connection->state = CONNECTION_CLOSED;
	tally_open_connections(stage_of(connection)->tally, -1);
}

/* The background of an app server; the loop does it, in a moment. */
static void
reopen_soon(Connection *connection)
{
	Stage	   *stage = stage_of(connection);
	int64_t		wait_us = 0;

	if (connection->failed_logins > 0)
		wait_us = backoff_us(stage->options->backoff_ms, connection->failed_logins,
							 LONGEST_REOPEN_MS, &stage->jitter);
	loop_set_timer(stage->loop, &connection->reopen, loop_now_us() + wait_us);
}

/* A client hung up. */
static void
drop_connection(Connection *connection)
{
	tally_count(stage_of(connection)->tally, COUNT_DROPPED);
	close_connection(connection, session_abandon);
	reopen_soon(connection);
}

/* The server hung up, or something between. */
static void
lose_connection(Connection *connection)
{
	tally_count(stage_of(connection)->tally, COUNT_LOST);
	close_connection(connection, session_close);
	reopen_soon(connection);
}

/*
 * Before the storm.
 */

static int64_t
connections_wanted(const Pools *pools)
{
	return pools->stage->options->pools * pools->stage->options->pool_size;
}

/* One of each app server, then the next of each. */
static void
open_next(Pools *pools)
{
	int64_t		pool = pools->opening % pools->stage->options->pools;
	int64_t		place = pools->opening / pools->stage->options->pools;

	if (pools->opening == connections_wanted(pools))
		return;
	pools->opening++;
	open_connection(&pools->pools[pool].connections[place], pools->open_timeout.due_us);
}

static void
handle_first_login(Connection *connection)
{
	Pools	   *pools = connection->pool->pools;

	make_free(connection);
	if (++pools->opened == connections_wanted(pools))
		loop_stop(pools->stage->loop);
	else
		open_next(pools);
}

static void
stop_opening(Pools *pools, const char *reason)
{
	fprintf(stderr, "storm: could not open the pools: %s after %lld of %lld connections\n",
			reason, (long long) pools->opened, (long long) connections_wanted(pools));
	loop_stop(pools->stage->loop);
}

static void
handle_open_timeout(void *arg)
{
	stop_opening(arg, "--open-timeout has passed");
}

/* Also of a connection that was open and is lost before the storm. */
static void
handle_first_failure(Connection *connection, SessionEvent event)
{
	Pools	   *pools = connection->pool->pools;
	char		reason[FAILURE_TEXT_SIZE + 2];

	if (event == SESSION_TIMED_OUT)
		return;					/* the timer for all of them says it */
	snprintf(reason, sizeof(reason), "\"%s\"", session_failure(connection->session)->text);
	stop_opening(pools, reason);
}

/*
 * Logins of the background.
 */

static void
handle_reopened(Connection *connection)
{
	tally_count(stage_of(connection)->tally, COUNT_REOPENED);
	connection->failed_logins = 0;
	make_free(connection);
}

static void
handle_failed_login(Connection *connection)
{
	tally_login_failure(stage_of(connection)->tally, session_failure(connection->session));
	connection->failed_logins++;
	close_connection(connection, session_close);
	reopen_soon(connection);
}

static void
handle_slow_login(Connection *connection)
{
	tally_count(stage_of(connection)->tally, COUNT_LOGINS_TIMED_OUT);
	connection->failed_logins++;
	close_connection(connection, session_abandon);
	reopen_soon(connection);
}

static void
handle_login(Connection *connection, SessionEvent event)
{
	if (event == SESSION_READY)
		handle_reopened(connection);
	else if (event == SESSION_TIMED_OUT)
		handle_slow_login(connection);
	else
		handle_failed_login(connection);
}

/*
 * Attempts.
 */

static Attempt *
take_attempt(Connection *connection)
{
	Ticket	   *ticket = connection->ticket;

	dialogue_stop(&connection->dialogue);
	connection->ticket = NULL;
	return free_ticket(ticket);
}

/* As drivers do, whoever comes next gets no transaction of another's. */
static void
give_back(Connection *connection)
{
	Stage	   *stage = stage_of(connection);

	if (!session_in_transaction(connection->session))
	{
		make_free(connection);
		return;
	}
	connection->state = CONNECTION_ROLLBACK;
	session_set_deadline(connection->session,
						 loop_now_us() + stage->options->timeout_ms * 1000);
	session_query(connection->session, "ROLLBACK");
}

static void
handle_answer(Connection *connection)
{
	Attempt    *attempt;

	if (dialogue_go_on(&connection->dialogue))
		return;
	attempt = take_attempt(connection);
	give_back(connection);
	tell(attempt, ATTEMPT_ANSWERED, NULL);
	tell(attempt, ATTEMPT_LEFT, NULL);
}

static void
handle_failure(Connection *connection, void (*put_away) (Connection *connection))
{
	Attempt    *attempt = take_attempt(connection);
	Failure		failure = *session_failure(connection->session);

	put_away(connection);
	tell(attempt, ATTEMPT_FAILED, &failure);
}

static void
handle_timeout(Connection *connection)
{
	Attempt    *attempt = take_attempt(connection);

	drop_connection(connection);
	tell(attempt, ATTEMPT_TIMED_OUT, NULL);
}

static void
handle_busy(Connection *connection, SessionEvent event)
{
	switch (event)
	{
		case SESSION_READY:
			break;
		case SESSION_ANSWERED:
			handle_answer(connection);
			break;
		case SESSION_ERROR:
			handle_failure(connection, give_back);
			break;
		case SESSION_FAILED:
			handle_failure(connection, lose_connection);
			break;
		case SESSION_TIMED_OUT:
			handle_timeout(connection);
			break;
	}
}

static void
handle_rollback(Connection *connection, SessionEvent event)
{
	if (event == SESSION_ANSWERED)
		make_free(connection);
	else if (event == SESSION_TIMED_OUT)
		drop_connection(connection);
	else
		lose_connection(connection);
}

static void
handle_before_storm(Connection *connection, SessionEvent event)
{
	if (event == SESSION_READY)
		handle_first_login(connection);
	else
		handle_first_failure(connection, event);
}

static void
handle_in_storm(Connection *connection, SessionEvent event)
{
	switch (connection->state)
	{
		case CONNECTION_CLOSED:
			break;
		case CONNECTION_LOGIN:
			handle_login(connection, event);
			break;
		case CONNECTION_FREE:	/* it has nothing else to tell */
			take_free(connection);
			lose_connection(connection);
			break;
		case CONNECTION_BUSY:
			handle_busy(connection, event);
			break;
		case CONNECTION_ROLLBACK:
			handle_rollback(connection, event);
			break;
	}
}

static void
handle_session(Session *session, SessionEvent event, void *owner)
{
	Connection *connection = owner;

	(void) session;
	if (connection->pool->pools->in_storm)
		handle_in_storm(connection, event);
	else
		handle_before_storm(connection, event);
}

/*
 * The mode.
 */

static void
init_pool(Pools *pools, int server)
{
	const Options *options = pools->stage->options;
	Pool	   *pool = &pools->pools[server];

	pool->pools = pools;
	pool->app = options_app_at(options, (server + 0.5) / options->pools);
	pool->connections = memory_allocate(options->pool_size * sizeof(Connection));
	for (int64_t i = 0; i < options->pool_size; i++)
	{
		Connection *connection = &pool->connections[i];

		connection->pool = pool;
		dialogue_init(&connection->dialogue, pools->stage->loop, options);
		loop_init_timer(&connection->reopen, handle_reopen, connection);
	}
}

static void *
create(Stage *stage)
{
	Pools	   *pools = memory_allocate(sizeof(Pools));

	pools->stage = stage;
	pools->pools = memory_allocate(stage->options->pools * sizeof(Pool));
	loop_init_timer(&pools->open_timeout, handle_open_timeout, pools);
	for (int i = 0; i < stage->options->pools; i++)
		init_pool(pools, i);
	return pools;
}

static bool
open_pools(void *state)
{
	Pools	   *pools = state;
	Stage	   *stage = pools->stage;

	loop_set_timer(stage->loop, &pools->open_timeout,
				   loop_now_us() + stage->options->open_timeout_ms * 1000);
	for (int i = 0; i < LOGINS_AT_ONCE; i++)
		open_next(pools);
	loop_run(stage->loop);
	loop_clear_timer(stage->loop, &pools->open_timeout);
	pools->in_storm = true;
	return pools->opened == connections_wanted(pools);
}

static void
place(void *state, Attempt *attempt, double point)
{
	Pools	   *pools = state;
	int			server = (int) (point * pools->stage->options->pools);

	/* The point may be 1. */
	if (server == pools->stage->options->pools)
		server--;
	attempt->server = server;
	attempt->app = pools->pools[server].app;
}

static bool
attempt_by_ticket(void *state, Attempt *attempt)
{
	Pools	   *pools = state;
	Ticket	   *ticket = memory_allocate(sizeof(Ticket));

	ticket->attempt = attempt;
	ticket->pool = &pools->pools[attempt->server];
	attempt->carrier = ticket;
	stand_in_line(ticket);
	serve_line(ticket->pool);
	return true;
}

static void
abandon(void *state, Attempt *attempt)
{
	Ticket	   *ticket = attempt->carrier;
	Connection *connection = ticket ? ticket->connection : NULL;

	(void) state;
	if (connection)
	{
		(void) take_attempt(connection);
		close_connection(connection, session_abandon);
	}
	else if (ticket)
	{
		leave_line(ticket);
		(void) free_ticket(ticket);
	}
}

static void
free_pool(Pools *pools, Pool *pool)
{
	for (int64_t i = 0; i < pools->stage->options->pool_size; i++)
	{
		Connection *connection = &pool->connections[i];

		loop_clear_timer(pools->stage->loop, &connection->reopen);
		if (connection->session)
			close_connection(connection, session_close);
	}
	free(pool->connections);
}

static void
destroy(void *state)
{
	Pools	   *pools = state;

	for (int i = 0; i < pools->stage->options->pools; i++)
		free_pool(pools, &pools->pools[i]);
	free(pools->pools);
	free(pools);
}

const Mode	storm_pool_mode = {
	.name = "pool",
	.create = create,
	.open = open_pools,
	.place = place,
	.attempt = attempt_by_ticket,
	.abandon = abandon,
	.destroy = destroy
};
