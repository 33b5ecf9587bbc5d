/*
 * storm_output.c - what a storm prints: a line each second, a summary.
 *
 * A number that does not exist is empty in the CSV and null in the JSON.
 */
#include "storm_output.h"

#include <inttypes.h>
#include <sys/resource.h>

/*
 * CSV.
 */

static const Count csv_counts[] = {
	COUNT_ARRIVALS, COUNT_ANSWERED, COUNT_LATE, COUNT_TIMED_OUT,
	COUNT_REFUSED, COUNT_FAILED, COUNT_RETRIES
};

/* Behind the columns that are no counts: readers go by their places. */
static const Count csv_connection_counts[] = {
	COUNT_TIMED_OUT_WAITING, COUNT_DROPPED, COUNT_LOST, COUNT_REOPENED,
	COUNT_LOGINS_TIMED_OUT, COUNT_LOGINS_REFUSED, COUNT_LOGINS_FAILED
};

#define LENGTH(array)	((int) (sizeof(array) / sizeof((array)[0])))

static void
csv_count_names(FILE *file, const Count *counts, int n)
{
	for (int i = 0; i < n; i++)
		fprintf(file, ",%s", tally_count_name(counts[i]));
}

static void
csv_counts_of_second(FILE *file, const Tally *tally, const Count *counts, int n)
{
	for (int i = 0; i < n; i++)
		fprintf(file, ",%lld",
				(long long) (tally->counts[counts[i]] - tally->counts_before[counts[i]]));
}

void
output_csv_header(FILE *file)
{
	fprintf(file, "second");
	csv_count_names(file, csv_counts, LENGTH(csv_counts));
	fprintf(file, ",open_connections,p50_ms,p99_ms,probe_ms,waiting");
	csv_count_names(file, csv_connection_counts, LENGTH(csv_connection_counts));
	fprintf(file, "\n");
}

static void
csv_duration(FILE *file, double duration_ms)
{
	if (duration_ms < 0)
		fprintf(file, ",");
	else
		fprintf(file, ",%.1f", duration_ms);
}

void
output_csv_line(FILE *file, int64_t second, const Tally *tally, const Prober *prober)
{
	fprintf(file, "%lld", (long long) second);
	csv_counts_of_second(file, tally, csv_counts, LENGTH(csv_counts));
	fprintf(file, ",%d", tally->open_connections);
	csv_duration(file, histogram_percentile_ms(&tally->second_latency, 50));
	csv_duration(file, histogram_percentile_ms(&tally->second_latency, 99));
	csv_duration(file, histogram_max_ms(&prober->second_times));
	fprintf(file, ",%d", tally->waiting);
	csv_counts_of_second(file, tally, csv_connection_counts, LENGTH(csv_connection_counts));
	fprintf(file, "\n");
}

/*
 * JSON: members, each preceded by what separates it from the one before.
 */

static void
json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

static void
json_duration(FILE *file, const char *separator, const char *name, double duration_ms)
{
	fprintf(file, "%s\"%s\": ", separator, name);
	if (duration_ms < 0)
		fprintf(file, "null");
	else
		fprintf(file, "%.2f", duration_ms);
}

static void
json_integer(FILE *file, const char *separator, const char *name, int64_t value)
{
	fprintf(file, "%s\"%s\": %lld", separator, name, (long long) value);
}

/* A number that exists if there is something to divide by. */
static void
json_ratio(FILE *file, const char *separator, const char *name, double part, double whole)
{
	fprintf(file, "%s\"%s\": ", separator, name);
	if (whole > 0)
		fprintf(file, "%.3f", part / whole);
	else
		fprintf(file, "null");
}

static void
json_times(FILE *file, const char *separator, const char *name, const Histogram *times)
{
	fprintf(file, "%s\"%s\": {", separator, name);
	json_duration(file, "", "p50", histogram_percentile_ms(times, 50));
	json_duration(file, ", ", "p95", histogram_percentile_ms(times, 95));
	json_duration(file, ", ", "p99", histogram_percentile_ms(times, 99));
	json_duration(file, ", ", "max", histogram_max_ms(times));
	fprintf(file, "}");
}

static void
summarise_settings(FILE *file, const Options *options)
{
	fprintf(file, "\"mode\": \"%s\",\n", options->mode);
	json_integer(file, "  ", "seed", options->seed);
	json_integer(file, ",\n  ", "timeout_ms", options->timeout_ms);
	json_integer(file, ",\n  ", "retries", options->retries);
	json_integer(file, ",\n  ", "backoff_ms", options->backoff_ms);
	json_integer(file, ",\n  ", "persist_ms", options->persist_ms);
	json_integer(file, ",\n  ", "closed_clients", options->closed_clients);
	json_integer(file, ",\n  ", "gate", options->gate);
	json_integer(file, ",\n  ", "gate_wait_ms", options->gate_wait_ms);
	json_integer(file, ",\n  ", "max_open", options->max_open);
	json_integer(file, ",\n  ", "pools", options->pools);
	json_integer(file, ",\n  ", "pool_size", options->pool_size);
	json_integer(file, ",\n  ", "statements", options->script.statement_count);
	json_duration(file, ",\n  ", "think_ms", options->think_us / 1000.0);
	fprintf(file, ",\n  \"protocol\": \"%s\"", options_protocol_name(options->protocol));
	if (options->capacity_per_s > 0)
		fprintf(file, ",\n  \"capacity_per_s\": %.2f", options->capacity_per_s);
	else
		fprintf(file, ",\n  \"capacity_per_s\": null");
}

static void
summarise_totals(FILE *file, const Tally *tally)
{
	fprintf(file, ",\n  \"totals\": {");
	for (int i = 0; i < COUNT_KINDS; i++)
		json_integer(file, i ? ", " : "", tally_count_name(i), tally->counts[i]);
	json_integer(file, ", ", "most_open_connections", tally->most_open_connections);
	fprintf(file, "}");
}

/* Over the profile's time: what comes after it belongs to no second of it. */
static void
summarise_goodput(FILE *file, const Report *report)
{
	const Profile *profile = &report->options->profile;
	double		seconds = profile_seconds(profile);
	int64_t		answered = 0;

	for (int i = 0; i < profile->step_count; i++)
		answered += report->tally->steps[i].answered;
	fprintf(file, ",\n  \"profile_seconds\": %.3f,\n  \"goodput_per_s\": %.2f",
			seconds, answered / seconds);
	json_ratio(file, ",\n  ", "goodput_share", answered / seconds,
			   report->options->capacity_per_s);
}

static void
summarise_seconds(FILE *file, const StepTally *tally)
{
	fprintf(file, ",\n     \"arrivals_by_second\": [");
	for (int i = 0; i < tally->second_count; i++)
		fprintf(file, i ? ", %lld" : "%lld", (long long) tally->seconds[i].arrivals);
	fprintf(file, "],\n     \"arrivals_answered_by_second\": [");
	for (int i = 0; i < tally->second_count; i++)
		fprintf(file, i ? ", %lld" : "%lld", (long long) tally->seconds[i].answered);
	fprintf(file, "]");
}

static void
summarise_recovery(FILE *file, const StepTally *tally)
{
	int			recovered_s = tally_recovered_after_s(tally);

	if (recovered_s >= 0)
		json_integer(file, ", ", "recovered_after_s", recovered_s);
	else
		fprintf(file, ", \"recovered_after_s\": null");
}

static void
summarise_step(FILE *file, const ProfileStep *step, const StepTally *tally,
			   double capacity_per_s)
{
	double		seconds = step->end_s - step->start_s;

	fprintf(file, "{\"rate_per_s\": %.2f, \"seconds\": %.3f", step->rate_per_s, seconds);
	json_integer(file, ", ", "arrivals", tally->arrivals);
	json_integer(file, ", ", "answered", tally->answered);
	fprintf(file, ", \"goodput_per_s\": %.2f", tally->answered / seconds);
	json_ratio(file, ", ", "goodput_share", tally->answered / seconds, capacity_per_s);
	json_integer(file, ", ", "arrivals_answered", tally->arrivals_answered);
	if (tally->arrivals > 0)
		fprintf(file, ", \"arrivals_answered_pct\": %.1f",
				100.0 * tally->arrivals_answered / tally->arrivals);
	else
		fprintf(file, ", \"arrivals_answered_pct\": null");
	summarise_recovery(file, tally);
	json_times(file, ",\n     ", "latency_ms", &tally->latency);
	summarise_seconds(file, tally);
	fprintf(file, "}");
}

static void
summarise_steps(FILE *file, const Report *report)
{
	const Profile *profile = &report->options->profile;

	fprintf(file, ",\n  \"steps\": [");
	for (int i = 0; i < profile->step_count; i++)
	{
		fprintf(file, i ? ",\n    " : "\n    ");
		summarise_step(file, &profile->steps[i], &report->tally->steps[i],
					   report->options->capacity_per_s);
	}
	fprintf(file, "\n  ]");
}

/* Of each step, how many arrive and how many of those are answered in time. */
static void
summarise_app_steps(FILE *file, const Report *report, int app)
{
	fprintf(file, ", \"by_step\": [");
	for (int i = 0; i < report->options->profile.step_count; i++)
	{
		const SecondTally *tally = &report->tally->steps[i].apps[app];

		fprintf(file, "%s[%" PRId64 ", %" PRId64 "]", i ? ", " : "",
				tally->arrivals, tally->answered);
	}
	fprintf(file, "]");
}

static void
summarise_apps(FILE *file, const Report *report)
{
	const Options *options = report->options;

	fprintf(file, ",\n  \"apps\": [");
	for (int i = 0; i < options->app_count; i++)
	{
		const AppTally *tally = &report->tally->apps[i];

		fprintf(file, i ? ",\n    {\"name\": " : "\n    {\"name\": ");
		json_string(file, options->apps[i].name);
		json_integer(file, ", ", "arrivals", tally->arrivals);
		json_integer(file, ", ", "answered", tally->answered);
		json_integer(file, ", ", "late", tally->late);
		summarise_app_steps(file, report, i);
		fprintf(file, "}");
	}
	fprintf(file, "\n  ]");
}

static void
summarise_refusals(FILE *file, const char *prefix, const FailureTally *failures)
{
	fprintf(file, ",\n  \"%srefusals\": {", prefix);
	for (int i = REFUSAL_NONE + 1; i < REFUSAL_KINDS; i++)
		json_integer(file, i > REFUSAL_NONE + 1 ? ", " : "",
					 tally_refusal_name(i), failures->refusals[i]);
	fprintf(file, "},\n  \"%ssqlstates\": {", prefix);
	for (int i = 0; i < TALLY_MAX_SQLSTATES && failures->sqlstates[i].count > 0; i++)
		json_integer(file, i ? ", " : "",
					 failures->sqlstates[i].sqlstate, failures->sqlstates[i].count);
	fprintf(file, "},\n  \"%sfirst_failure\": ", prefix);
	if (failures->first_failure.text[0] != '\0')
		json_string(file, failures->first_failure.text);
	else
		fprintf(file, "null");
}

static void
summarise_probe(FILE *file, const Report *report)
{
	const Prober *prober = report->prober;

	fprintf(file, ",\n  \"probe\": ");
	if (report->options->probe == NULL)
	{
		fprintf(file, "null");
		return;
	}
	json_integer(file, "{", "sent", prober->sent);
	json_integer(file, ", ", "answered", prober->times.count);
	json_integer(file, ", ", "failures", prober->failures);
	json_integer(file, ", ", "unfinished",
				 prober->sent - prober->times.count - prober->failures);
	json_duration(file, ", ", "p50_ms", histogram_percentile_ms(&prober->times, 50));
	json_duration(file, ", ", "p99_ms", histogram_percentile_ms(&prober->times, 99));
	json_duration(file, ", ", "max_ms", histogram_max_ms(&prober->times));
	fprintf(file, "}");
}

static double
seconds_of(struct timeval time)
{
	return time.tv_sec + time.tv_usec / 1e6;
}

/* What the storm itself took of the machine that it may share. */
static void
summarise_own_use(FILE *file)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	fprintf(file, ",\n  \"storm_cpu_seconds\": %.3f",
			seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
}

void
output_summary(FILE *file, const Report *report)
{
	const Tally *tally = report->tally;

	fprintf(file, "{\n  ");
	summarise_settings(file, report->options);
	fprintf(file, ",\n  \"interrupted\": %s", report->interrupted ? "true" : "false");
	summarise_totals(file, tally);
	summarise_goodput(file, report);
	summarise_steps(file, report);
	summarise_apps(file, report);
	json_times(file, ",\n  ", "latency_ms", &tally->latency);
	json_times(file, ",\n  ", "start_lag_ms", &tally->lag);
	summarise_refusals(file, "", &tally->attempts);
	summarise_refusals(file, "login_", &tally->logins);
	summarise_probe(file, report);
	summarise_own_use(file);
	fprintf(file, "\n}\n");
}
