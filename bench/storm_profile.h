/*
 * storm_profile.h - how many requests are to arrive, and when.
 *
 * A profile is a sequence of steps, each a rate held for some time.  Arrivals
 * are a Poisson process: independent of each other and of the answers.
 */
#ifndef STORM_PROFILE_H
#define STORM_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "storm_random.h"

#define PROFILE_MAX_STEPS	64

typedef struct ProfileStep
{
	double		rate_per_s;
	double		start_s;		/* since the start of the profile */
	double		end_s;
} ProfileStep;

typedef struct Profile
{
	ProfileStep steps[PROFILE_MAX_STEPS];
	int			step_count;
} Profile;

/* Reads "RATE:SECONDS,..."; false if it is not such a text. */
extern bool profile_parse(Profile *profile, const char *text);

/* How long the whole profile takes. */
extern double profile_seconds(const Profile *profile);

/* The step at that time since the start; -1 when the profile is over. */
extern int	profile_step_at(const Profile *profile, double at_s);

/*
 * When the first arrival after after_s comes, both since the start; -1 if the
 * profile is over before.
 */
extern double profile_next_arrival(const Profile *profile, double after_s,
								   Random *random);

#endif							/* STORM_PROFILE_H */
