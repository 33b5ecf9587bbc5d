/*
 * storm_failure.h - why an attempt failed, in the server's or libpq's words.
 */
#ifndef STORM_FAILURE_H
#define STORM_FAILURE_H

#define SQLSTATE_SIZE		6
#define FAILURE_TEXT_SIZE	200

typedef struct Failure
{
	char		sqlstate[SQLSTATE_SIZE];	/* empty: not the server's words */
	char		text[FAILURE_TEXT_SIZE];	/* one line, maybe cut off */
} Failure;

/* Who turned an attempt away: the server did, while being able to answer. */
typedef enum Refusal
{
	REFUSAL_NONE,				/* it failed */
	REFUSAL_PG_ADMISSION,
	REFUSAL_TOO_MANY_CLIENTS,
	REFUSAL_RESERVED_SLOTS,
	REFUSAL_OTHER				/* class 53, or 57P03 */
} Refusal;

#define REFUSAL_KINDS		(REFUSAL_OTHER + 1)

/* A failure as the server's error says; sqlstate may be NULL. */
extern void failure_set(Failure *failure, const char *sqlstate, const char *text);

/*
 * A failure as libpq's message of the connection says.  libpq keeps no fields
 * of an error at login: the SQLSTATE is found if the connection has
 * PQERRORS_VERBOSE.
 */
extern void failure_set_from_message(Failure *failure, const char *message);

/* Recognises the server's English words; other languages' by SQLSTATE only. */
extern Refusal failure_refusal(const Failure *failure);

#endif							/* STORM_FAILURE_H */
