/*
 * storm_session.c - one connection to the server, driven by events.
 *
 * The owner's handler may close the session, so nothing here may touch the
 * session after calling it.
 */
#include "storm_session.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "storm_memory.h"

typedef enum Phase
{
	PHASE_LOGIN,
	PHASE_IDLE,
	PHASE_QUERY,
	PHASE_FAILING,				/* the handler is to be told */
	PHASE_OVER					/* the handler has been told */
} Phase;

struct Session
{
	Loop	   *loop;
	PGconn	   *conn;
	Phase		phase;
	Watch		socket;
	Timer		deadline;
	SessionHandler handler;
	void	   *owner;
	Failure		failure;
	bool		query_failed;	/* the answer so far holds an error */
	bool		query_fatal;	/* which ends the session */
};

static void
tell_owner(Session *session, SessionEvent event)
{
	session->handler(session, event, session->owner);
}

static void
end_with(Session *session, SessionEvent event)
{
	session->phase = PHASE_OVER;
	loop_unwatch(session->loop, &session->socket);
	loop_clear_timer(session->loop, &session->deadline);
	tell_owner(session, event);
}

/* The handler is told at once, but by the loop: the owner is calling us. */
static void
fail_soon(Session *session)
{
	failure_set_from_message(&session->failure, PQerrorMessage(session->conn));
	session->phase = PHASE_FAILING;
	loop_unwatch(session->loop, &session->socket);
	loop_set_timer(session->loop, &session->deadline, loop_now_us());
}

/* libpq may change its socket from one call to the next. */
static void
watch_socket(Session *session, uint32_t events)
{
	loop_watch(session->loop, &session->socket, PQsocket(session->conn), events);
}

/*
 * Logging in.
 */

static void
go_on_with_login(Session *session)
{
	switch (PQconnectPoll(session->conn))
	{
		case PGRES_POLLING_READING:
			watch_socket(session, EPOLLIN);
			return;
		case PGRES_POLLING_WRITING:
			watch_socket(session, EPOLLOUT);
			return;
		case PGRES_POLLING_OK:
			session->phase = PHASE_IDLE;
			watch_socket(session, EPOLLIN);
			(void) PQsetnonblocking(session->conn, 1);
			tell_owner(session, SESSION_READY);
			return;
		default:
			failure_set_from_message(&session->failure, PQerrorMessage(session->conn));
			end_with(session, SESSION_FAILED);
			return;
	}
}

/*
 * Queries.
 */

/* From the server, from libpq, or a result that no request should have. */
static void
set_failure_from_result(Failure *failure, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorMessage(result);

	if (sqlstate != NULL)
		failure_set(failure, sqlstate, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	else if (*message != '\0')
		failure_set(failure, NULL, message);
	else
		failure_set(failure, NULL, PQresStatus(PQresultStatus(result)));
}

/* A pooler says FATAL without the field that no language changes. */
static bool
is_fatal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL)
		severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
	return severity != NULL && strcmp(severity, "FATAL") == 0;
}

static void
note_result(Session *session, const PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_TUPLES_OK:
		case PGRES_COMMAND_OK:
		case PGRES_EMPTY_QUERY:
			return;
		default:
			break;
	}
	if (session->query_failed)
		return;
	session->query_failed = true;
	session->query_fatal = is_fatal(result);
	set_failure_from_result(&session->failure, result);
}

/* COPY would return its result again and again: it ends the answer. */
static bool
is_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
		status == PGRES_COPY_BOTH;
}

/*
 * Takes the results that have come; true when that was the last.  Of a lost
 * connection libpq has one to tell us why, and does not wait for more.
 */
static bool
take_results(Session *session, bool lost)
{
	while (lost || !PQisBusy(session->conn))
	{
		PGresult   *result = PQgetResult(session->conn);
		bool		last = result == NULL || is_copy(result);

		if (result != NULL)
			note_result(session, result);
		PQclear(result);
		if (last)
			return true;
	}
	return false;
}

/* After an error: the server is ready for another query. */
static bool
is_usable(const Session *session)
{
	return !session->query_fatal && PQstatus(session->conn) == CONNECTION_OK &&
		PQtransactionStatus(session->conn) != PQTRANS_ACTIVE;
}

static void
go_on_with_query(Session *session)
{
	bool		lost = PQconsumeInput(session->conn) == 0;
	int			unsent = PQflush(session->conn);

	if (!take_results(session, lost || unsent < 0))
	{
		watch_socket(session, unsent > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
		return;
	}
	if (session->query_failed && !is_usable(session))
	{
		end_with(session, SESSION_FAILED);
		return;
	}
	session->phase = PHASE_IDLE;
	tell_owner(session, session->query_failed ? SESSION_ERROR : SESSION_ANSWERED);
}

/* Nothing is due, but the server may end the session. */
static void
look_at_idle(Session *session)
{
	if (PQconsumeInput(session->conn))
		return;
	failure_set(&session->failure, NULL, PQerrorMessage(session->conn));
	end_with(session, SESSION_FAILED);
}

/*
 * Events.
 */

static void
handle_socket(void *arg)
{
	Session    *session = arg;

	switch (session->phase)
	{
		case PHASE_LOGIN:
			go_on_with_login(session);
			break;
		case PHASE_QUERY:
			go_on_with_query(session);
			break;
		case PHASE_IDLE:
			look_at_idle(session);
			break;
		case PHASE_FAILING:
		case PHASE_OVER:
			break;
	}
}

static void
handle_deadline(void *arg)
{
	Session    *session = arg;

	end_with(session, session->phase == PHASE_FAILING ?
			 SESSION_FAILED : SESSION_TIMED_OUT);
}

static void
ignore_notice(void *arg, const char *message)
{
	(void) arg;
	(void) message;
}

/*
 * What the owner calls.
 */

Session *
session_open(Loop *loop, const Target *target, int64_t deadline_us,
			 SessionHandler handler, void *owner)
{
	Session    *session = memory_allocate(sizeof(Session));

	session->loop = loop;
	session->handler = handler;
	session->owner = owner;
	loop_init_watch(&session->socket, handle_socket, session);
	loop_init_timer(&session->deadline, handle_deadline, session);
	session->conn = PQconnectStartParams(target->keywords, target->values, 0);

	/* Fails at once when, for one, a local server's backlog is full. */
	if (session->conn == NULL || PQstatus(session->conn) == CONNECTION_BAD)
	{
		fail_soon(session);
		return session;
	}
	PQsetErrorVerbosity(session->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
	loop_set_timer(loop, &session->deadline, deadline_us);
	watch_socket(session, EPOLLOUT);
	return session;
}

/* Something was put into libpq's buffer, or that failed. */
static void
begin_query(Session *session, int sent)
{
	if (!sent)
	{
		fail_soon(session);
		return;
	}
	session->phase = PHASE_QUERY;
	session->query_failed = false;
	watch_socket(session, PQflush(session->conn) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void
session_query(Session *session, const char *query)
{
	begin_query(session, PQsendQuery(session->conn, query));
}

void
session_query_extended(Session *session, const char *query)
{
	begin_query(session, PQsendQueryParams(session->conn, query, 0, NULL, NULL, NULL, NULL, 0));
}

void
session_prepare(Session *session, const char *name, const char *query)
{
	begin_query(session, PQsendPrepare(session->conn, name, query, 0, NULL));
}

void
session_execute(Session *session, const char *name, int value_count,
				const char *const *values)
{
	begin_query(session, PQsendQueryPrepared(session->conn, name, value_count, values,
											 NULL, NULL, 0));
}

bool
session_in_transaction(const Session *session)
{
	return PQtransactionStatus(session->conn) != PQTRANS_IDLE;
}

void
session_set_deadline(Session *session, int64_t deadline_us)
{
	if (session->phase != PHASE_FAILING && session->phase != PHASE_OVER)
		loop_set_timer(session->loop, &session->deadline, deadline_us);
}

void
session_clear_deadline(Session *session)
{
	if (session->phase != PHASE_FAILING)
		loop_clear_timer(session->loop, &session->deadline);
}

const Failure *
session_failure(const Session *session)
{
	return &session->failure;
}

void
session_close(Session *session)
{
	loop_unwatch(session->loop, &session->socket);
	loop_clear_timer(session->loop, &session->deadline);
	PQfinish(session->conn);
	free(session);
}

/* PQfinish() would say goodbye, but not into a socket that is shut. */
void
session_abandon(Session *session)
{
	int			fd = PQsocket(session->conn);

	if (fd >= 0)
		(void) shutdown(fd, SHUT_RDWR);
	session_close(session);
}
