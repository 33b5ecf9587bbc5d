/*
 * storm_profile.c - how many requests are to arrive, and when.
 */
#include "storm_profile.h"

#include <math.h>
#include <stdlib.h>

#define MAX_RATE_PER_S	1e6
#define MAX_STEP_S		1e6

/* Reads a number that the given character, or the end, must follow. */
static bool
parse_number(const char **text, const char *followers, double *number)
{
	char	   *end;

	*number = strtod(*text, &end);
	if (end == *text || !isfinite(*number))
		return false;
	for (; *followers; followers++)
		if (*end == *followers)
		{
			*text = end + 1;
			return true;
		}
	*text = end;
	return *end == '\0';
}

static bool
parse_step(const char **text, ProfileStep *step, double start_s)
{
	double		seconds;

	if (!parse_number(text, ":", &step->rate_per_s) || (*text)[-1] != ':')
		return false;
	if (!parse_number(text, ",", &seconds))
		return false;
	step->start_s = start_s;
	step->end_s = start_s + seconds;
	return step->rate_per_s >= 0 && step->rate_per_s <= MAX_RATE_PER_S &&
		seconds > 0 && seconds <= MAX_STEP_S;
}

bool
profile_parse(Profile *profile, const char *text)
{
	profile->step_count = 0;
	do
	{
		double		start_s = profile_seconds(profile);

		if (profile->step_count == PROFILE_MAX_STEPS)
			return false;
		if (!parse_step(&text, &profile->steps[profile->step_count], start_s))
			return false;
		profile->step_count++;
	} while (*text || text[-1] == ',');
	return true;
}

double
profile_seconds(const Profile *profile)
{
	if (profile->step_count == 0)
		return 0;
	return profile->steps[profile->step_count - 1].end_s;
}

int
profile_step_at(const Profile *profile, double at_s)
{
	for (int i = 0; i < profile->step_count; i++)
		if (at_s < profile->steps[i].end_s)
			return i;
	return -1;
}

/*
 * The process has no memory, so what is left of an exponential gap at the end
 * of a step is used up at the next step's rate.
 */
double
profile_next_arrival(const Profile *profile, double after_s, Random *random)
{
	double		gap = random_exponential(random);
	int			i = profile_step_at(profile, after_s);

	for (; i >= 0 && i < profile->step_count; i++)
	{
		const ProfileStep *step = &profile->steps[i];
		double		left = (step->end_s - after_s) * step->rate_per_s;

		if (gap < left)
			return after_s + gap / step->rate_per_s;
		gap -= left;
		after_s = step->end_s;
	}
	return -1;
}
