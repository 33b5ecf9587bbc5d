/*
 * probe.h - whether the permits fit to the last one, which only a server shows
 * that nobody uses: all counts come to zero, and then each service and the
 * transaction gate let in as many as their caps say, and not one more.
 */
#ifndef SOAK_PROBE_H
#define SOAK_PROBE_H

/*
 * Changes settings by ALTER SYSTEM, and resets all that are set so.  The
 * connection strings are a superuser's and those of an ordinary role.
 */
extern void probe_run(const char *superuser, const char *ordinary);

#endif							/* SOAK_PROBE_H */
