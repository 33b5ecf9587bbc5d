/*
 * storm_dialogue.h - asks the statements of a script through a session, with
 * time to think in between.
 *
 * The session's owner hears the session's events and passes each answer on.
 */
#ifndef STORM_DIALOGUE_H
#define STORM_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "storm_loop.h"
#include "storm_options.h"
#include "storm_session.h"

typedef struct Dialogue
{
	Loop	   *loop;
	const Options *options;
	Session    *session;
	const int64_t *values;		/* of the script, for this request */
	int			statement;		/* being asked, or thought about */
	bool		preparing;
	uint64_t	prepared;		/* a bit for each statement */
	Timer		think;
} Dialogue;

/* Before anything else. */
extern void dialogue_init(Dialogue *dialogue, Loop *loop, const Options *options);

/* From here on through this session, in which nothing is prepared. */
extern void dialogue_use(Dialogue *dialogue, Session *session);

/* Asks the first statement; the values must stay until the last answer. */
extern void dialogue_begin(Dialogue *dialogue, const int64_t *values);

/* The session has answered: true if there is more to ask. */
extern bool dialogue_go_on(Dialogue *dialogue);

/* Asks no more; also when nothing was asked. */
extern void dialogue_stop(Dialogue *dialogue);

#endif							/* STORM_DIALOGUE_H */
