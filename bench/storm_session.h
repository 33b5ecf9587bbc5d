/*
 * storm_session.h - one connection to the server, driven by events.
 *
 * A session tells its owner what happened through one handler, never from
 * within a call of the owner's.  After SESSION_FAILED and SESSION_TIMED_OUT
 * nothing more comes; the owner closes the session, in the handler or later.
 */
#ifndef STORM_SESSION_H
#define STORM_SESSION_H

#include <stdbool.h>

#include "storm_failure.h"
#include "storm_loop.h"
#include "storm_target.h"

typedef struct Session Session;

typedef enum SessionEvent
{
	SESSION_READY,				/* logged in */
	SESSION_ANSWERED,			/* the query has its whole result */
	SESSION_ERROR,				/* the same, and it is an error: see the
								 * failure; the session can go on */
	SESSION_FAILED,				/* refused, broken, lost: see the failure */
	SESSION_TIMED_OUT			/* the deadline has passed */
} SessionEvent;

typedef void (*SessionHandler) (Session *session, SessionEvent event, void *owner);

/* Starts to log in.  The deadline also covers the queries that follow. */
extern Session *session_open(Loop *loop, const Target *target, int64_t deadline_us,
							 SessionHandler handler, void *owner);

/*
 * Each of these sends something that will be answered; the session must be
 * ready or have answered.  An extended query has no parameters.
 */
extern void session_query(Session *session, const char *query);
extern void session_query_extended(Session *session, const char *query);
extern void session_prepare(Session *session, const char *name, const char *query);
extern void session_execute(Session *session, const char *name, int value_count,
							const char *const *values);

/* A transaction is open or has failed; the session has answered. */
extern bool session_in_transaction(const Session *session);

/* Replaces the deadline, or takes it away. */
extern void session_set_deadline(Session *session, int64_t deadline_us);
extern void session_clear_deadline(Session *session);

/* Why SESSION_ERROR or SESSION_FAILED; valid until the session is closed. */
extern const Failure *session_failure(const Session *session);

/* Takes leave of the server and frees the session. */
extern void session_close(Session *session);

/*
 * Frees the session and closes its socket without a word, as a client does
 * whose patience is over: no cancel request, no Terminate message.
 */
extern void session_abandon(Session *session);

#endif							/* STORM_SESSION_H */
