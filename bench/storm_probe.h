/*
 * storm_probe.h - an administrator who logs in once a second.
 *
 * A probe that takes long does not hold up the next one, so slow logins are
 * all seen.
 */
#ifndef STORM_PROBE_H
#define STORM_PROBE_H

#include "storm_failure.h"
#include "storm_histogram.h"
#include "storm_loop.h"
#include "storm_target.h"

typedef struct Probe Probe;

typedef struct Prober
{
	Loop	   *loop;
	Target		target;
	int64_t		timeout_ms;
	Timer		next;
	int64_t		next_us;
	int64_t		last_us;		/* none starts from here on */
	Probe	   *probes;			/* that are under way */
	int64_t		sent;
	int64_t		failures;		/* refused, failed, timed out */
	Histogram	times;			/* from connecting to the answer */
	Histogram	second_times;	/* the same, since the last CSV line */
	Failure		first_failure;
} Prober;

/* False, and why on stderr, if the connection string cannot be used. */
extern bool prober_init(Prober *prober, Loop *loop, const char *conninfo,
						int64_t timeout_ms);

/* Probes at first_us and every second from there, until last_us. */
extern void prober_start(Prober *prober, int64_t first_us, int64_t last_us);

/* Lets go of probes under way, which count as neither; also of a prober of zero bytes. */
extern void prober_free(Prober *prober);

#endif							/* STORM_PROBE_H */
