/*
 * storm_run.h - one storm from its first arrival to its end.
 */
#ifndef STORM_RUN_H
#define STORM_RUN_H

#include "storm_loop.h"
#include "storm_mode.h"
#include "storm_options.h"
#include "storm_output.h"
#include "storm_probe.h"
#include "storm_random.h"
#include "storm_request.h"
#include "storm_tally.h"
#include "storm_target.h"

typedef struct Run
{
	const Options *options;
	Loop		loop;
	Target		targets[OPTIONS_MAX_APPS];	/* one for each class */
	Prober		prober;			/* of zero bytes without --probe */
	Tally		tally;
	Stage		stage;
	const Mode *mode;
	void	   *mode_state;
	Requests	requests;
	Random		arrivals;
	FILE	   *csv;			/* NULL: none */
	int64_t		started_us;
	int64_t		ended_us;
	double		arrival_s;		/* the next, since the start */
	int64_t		seconds;		/* that are over */
	bool		profile_over;
	bool		interrupted;	/* by a signal, before the end */
	Watch		signals;
	Timer		arrival;
	Timer		second;
	Timer		profile_end;
	Timer		end;
} Run;

/* False, and why on stderr, if the options cannot be put to work. */
extern bool run_init(Run *run, const Options *options);

/*
 * Storms until the profile is over and nothing more can be answered.  False,
 * and why on stderr, if the storm could not begin.
 */
extern bool run_storm(Run *run);

/* What there is to say of the storm. */
extern Report run_report(const Run *run);

/* Also after a failed run_init(). */
extern void run_free(Run *run);

#endif							/* STORM_RUN_H */
