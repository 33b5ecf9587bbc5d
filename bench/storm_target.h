/*
 * storm_target.h - where to connect, and as what application.
 *
 * A target is checked once, so that no attempt ever waits for a name server:
 * the host is a socket directory or an IP address.
 */
#ifndef STORM_TARGET_H
#define STORM_TARGET_H

#include <libpq-fe.h>
#include <stdbool.h>

#define TARGET_MAX_KEYWORDS 64

typedef struct Target
{
	PQconninfoOption *settings; /* owns the values */
	const char *keywords[TARGET_MAX_KEYWORDS];	/* NULL after the last */
	const char *values[TARGET_MAX_KEYWORDS];
} Target;

/*
 * Reads a connection string; application, which the target does not copy,
 * overrides the string's.  False, and why on stderr, if it cannot be used.
 */
extern bool target_init(Target *target, const char *conninfo, const char *application);

/* Also after a failed target_init(), and for a target of zero bytes. */
extern void target_free(Target *target);

#endif							/* STORM_TARGET_H */
