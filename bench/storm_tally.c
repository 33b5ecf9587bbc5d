/*
 * storm_tally.c - what happened, in numbers.
 */
#include "storm_tally.h"

#include <string.h>

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
	[COUNT_REFUSED] = "refused",
	[COUNT_FAILED] = "failed"
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
tally_count(Tally *tally, Count count)
{
	tally->counts[count]++;
}

void
tally_arrival(Tally *tally, int step, int app, int64_t lag_us)
{
	tally_count(tally, COUNT_ARRIVALS);
	histogram_add(&tally->lag, lag_us);
	tally->apps[app].arrivals++;
	if (step >= 0)
		tally->steps[step].arrivals++;
}

void
tally_answer(Tally *tally, int arrival_step, int answer_step, int app,
			 int64_t latency_us, bool in_time)
{
	histogram_add(&tally->latency, latency_us);
	histogram_add(&tally->second_latency, latency_us);
	if (!in_time)
	{
		tally_count(tally, COUNT_LATE);
		tally->apps[app].late++;
		return;
	}
	tally_count(tally, COUNT_ANSWERED);
	tally->apps[app].answered++;
	if (answer_step >= 0)
		tally->steps[answer_step].answered++;
	if (arrival_step >= 0)
		tally->steps[arrival_step].arrivals_answered++;
}

/* States beyond the table's size are left out; there are never that many. */
static void
count_sqlstate(Tally *tally, const char *sqlstate)
{
	for (int i = 0; i < TALLY_MAX_SQLSTATES; i++)
	{
		SqlstateCount *entry = &tally->sqlstates[i];

		if (entry->count == 0)
			memcpy(entry->sqlstate, sqlstate, SQLSTATE_SIZE);
		if (strcmp(entry->sqlstate, sqlstate) == 0)
		{
			entry->count++;
			return;
		}
	}
}

void
tally_failure(Tally *tally, const Failure *failure)
{
	Refusal		refusal = failure_refusal(failure);

	if (failure->sqlstate[0] != '\0')
		count_sqlstate(tally, failure->sqlstate);
	if (refusal != REFUSAL_NONE)
	{
		tally->refusals[refusal]++;
		tally_count(tally, COUNT_REFUSED);
		return;
	}
	if (tally->counts[COUNT_FAILED] == 0)
		tally->first_failure = *failure;
	tally_count(tally, COUNT_FAILED);
}

void
tally_open_connections(Tally *tally, int change)
{
	tally->open_connections += change;
	if (tally->open_connections > tally->most_open_connections)
		tally->most_open_connections = tally->open_connections;
}
