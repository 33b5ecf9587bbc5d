/*
 * storm_tally.c - what happened, in numbers.
 */
#include "storm_tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "storm_memory.h"

#define SECOND_US			1000000.0

static const char *const count_names[COUNT_KINDS] = {
	[COUNT_ARRIVALS] = "arrivals",
	[COUNT_ANSWERED] = "answered",
	[COUNT_LATE] = "late",
	[COUNT_GIVEN_UP] = "given_up",
	[COUNT_UNFINISHED] = "unfinished",
	[COUNT_NOT_SENT] = "not_sent",
	[COUNT_ATTEMPTS] = "attempts",
	[COUNT_RETRIES] = "retries",
	[COUNT_TIMED_OUT] = "timed_out",
	[COUNT_TIMED_OUT_WAITING] = "timed_out_waiting",
	[COUNT_REFUSED] = "refused",
	[COUNT_FAILED] = "failed",
	[COUNT_DROPPED] = "connections_dropped",
	[COUNT_LOST] = "connections_lost",
	[COUNT_REOPENED] = "connections_reopened",
	[COUNT_LOGINS_TIMED_OUT] = "logins_timed_out",
	[COUNT_LOGINS_REFUSED] = "logins_refused",
	[COUNT_LOGINS_FAILED] = "logins_failed"
};

static const char *const refusal_names[REFUSAL_KINDS] = {
	[REFUSAL_NONE] = "none",
	[REFUSAL_PG_ADMISSION] = "pg_admission",
	[REFUSAL_TOO_MANY_CLIENTS] = "too_many_clients",
	[REFUSAL_RESERVED_SLOTS] = "reserved_slots",
	[REFUSAL_OTHER] = "other"
};

const char *
tally_count_name(Count count)
{
	return count_names[count];
}

const char *
tally_refusal_name(Refusal refusal)
{
	return refusal_names[refusal];
}

void
tally_init(Tally *tally, const Profile *profile)
{
	tally->profile = profile;
	for (int i = 0; i < profile->step_count; i++)
	{
		const ProfileStep *step = &profile->steps[i];
		StepTally  *entry = &tally->steps[i];

		entry->second_count = (int) ceil(step->end_s - step->start_s);
		entry->seconds = memory_allocate(entry->second_count * sizeof(SecondTally));
	}
}

void
tally_free(Tally *tally)
{
	for (int i = 0; i < PROFILE_MAX_STEPS; i++)
		free(tally->steps[i].seconds);
}

void
tally_start(Tally *tally, int64_t started_us)
{
	tally->started_us = started_us;
}

void
tally_count(Tally *tally, Count count)
{
	tally->counts[count]++;
}

/*
 * Requests.
 */

static double
second_of(const Tally *tally, int64_t at_us)
{
	return (at_us - tally->started_us) / SECOND_US;
}

/* NULL when the profile is over. */
static StepTally *
step_at(Tally *tally, int64_t at_us)
{
	int			step = profile_step_at(tally->profile, second_of(tally, at_us));

	return step < 0 ? NULL : &tally->steps[step];
}

static SecondTally *
second_at(Tally *tally, StepTally *step, int64_t at_us)
{
	double		start_s = tally->profile->steps[step - tally->steps].start_s;
	int			second = (int) (second_of(tally, at_us) - start_s);

	return &step->seconds[second < step->second_count ? second : step->second_count - 1];
}

void
tally_arrival(Tally *tally, int64_t arrived_us, int app, int64_t lag_us)
{
	StepTally  *step = step_at(tally, arrived_us);

	tally_count(tally, COUNT_ARRIVALS);
	histogram_add(&tally->lag, lag_us);
	tally->apps[app].arrivals++;
	if (step == NULL)
		return;
	step->arrivals++;
	step->apps[app].arrivals++;
	second_at(tally, step, arrived_us)->arrivals++;
}

static void
note_latency(Tally *tally, StepTally *step, int64_t latency_us)
{
	histogram_add(&tally->latency, latency_us);
	histogram_add(&tally->second_latency, latency_us);
	if (step)
		histogram_add(&step->latency, latency_us);
}

void
tally_answer(Tally *tally, int64_t arrived_us, int64_t answered_us, int app, bool in_time)
{
	StepTally  *arrival_step = step_at(tally, arrived_us);
	StepTally  *answer_step = step_at(tally, answered_us);

	note_latency(tally, arrival_step, answered_us - arrived_us);
	if (!in_time)
	{
		tally_count(tally, COUNT_LATE);
		tally->apps[app].late++;
		return;
	}
	tally_count(tally, COUNT_ANSWERED);
	tally->apps[app].answered++;
	if (answer_step)
		answer_step->answered++;
	if (arrival_step)
	{
		arrival_step->arrivals_answered++;
		arrival_step->apps[app].answered++;
		second_at(tally, arrival_step, arrived_us)->answered++;
	}
}

/*
 * Failures.
 */

/* States beyond the table's size are left out; there are never that many. */
static void
count_sqlstate(FailureTally *failures, const char *sqlstate)
{
	for (int i = 0; i < TALLY_MAX_SQLSTATES; i++)
	{
		SqlstateCount *entry = &failures->sqlstates[i];

		if (entry->count == 0)
			memcpy(entry->sqlstate, sqlstate, SQLSTATE_SIZE);
		if (strcmp(entry->sqlstate, sqlstate) == 0)
		{
			entry->count++;
			return;
		}
	}
}

/* True if it was a refusal. */
static bool
note_failure(FailureTally *failures, const Failure *failure)
{
	Refusal		refusal = failure_refusal(failure);

	if (failure->sqlstate[0] != '\0')
		count_sqlstate(failures, failure->sqlstate);
	if (refusal != REFUSAL_NONE)
		failures->refusals[refusal]++;
	else if (failures->first_failure.text[0] == '\0')
		failures->first_failure = *failure;
	return refusal != REFUSAL_NONE;
}

void
tally_failure(Tally *tally, const Failure *failure)
{
	bool		refused = note_failure(&tally->attempts, failure);

	tally_count(tally, refused ? COUNT_REFUSED : COUNT_FAILED);
}

void
tally_login_failure(Tally *tally, const Failure *failure)
{
	bool		refused = note_failure(&tally->logins, failure);

	tally_count(tally, refused ? COUNT_LOGINS_REFUSED : COUNT_LOGINS_FAILED);
}

/*
 * What goes up and down.
 */

void
tally_open_connections(Tally *tally, int change)
{
	tally->open_connections += change;
	if (tally->open_connections > tally->most_open_connections)
		tally->most_open_connections = tally->open_connections;
}

void
tally_waiting(Tally *tally, int change)
{
	tally->waiting += change;
}

/*
 * Seconds.
 */

bool
tally_has_news(const Tally *tally)
{
	return memcmp(tally->counts_before, tally->counts, sizeof(tally->counts)) != 0;
}

void
tally_end_second(Tally *tally)
{
	memcpy(tally->counts_before, tally->counts, sizeof(tally->counts));
	histogram_reset(&tally->second_latency);
}

int
tally_recovered_after_s(const StepTally *step)
{
	int			end = step->second_count;
	int			second;

	while (end > 0 && step->seconds[end - 1].arrivals == 0)
		end--;
	for (second = end; second > 0; second--)
	{
		const SecondTally *before = &step->seconds[second - 1];

		if (before->answered * 100 < before->arrivals * RECOVERED_PCT)
			break;
	}
	return second < end ? second : -1;
}
