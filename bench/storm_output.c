/*
 * storm_output.c - what a storm prints: a line each second, a summary.
 *
 * A number that does not exist is empty in the CSV and null in the JSON.
 */
#include "storm_output.h"

/*
 * CSV.
 */

static const Count csv_counts[] = {
	COUNT_ARRIVALS, COUNT_ANSWERED, COUNT_LATE, COUNT_TIMED_OUT,
	COUNT_REFUSED, COUNT_FAILED, COUNT_RETRIES
};

#define CSV_COUNTS		(sizeof(csv_counts) / sizeof(csv_counts[0]))

void
output_csv_header(FILE *file)
{
	fprintf(file, "second");
	for (size_t i = 0; i < CSV_COUNTS; i++)
		fprintf(file, ",%s", tally_count_name(csv_counts[i]));
	fprintf(file, ",open_connections,p50_ms,p99_ms,probe_ms\n");
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
output_csv_line(Run *run)
{
	const Tally *tally = &run->tally;
	FILE	   *file = run->csv;

	fprintf(file, "%lld", (long long) run->lines);
	for (size_t i = 0; i < CSV_COUNTS; i++)
	{
		Count		count = csv_counts[i];

		fprintf(file, ",%lld",
				(long long) (tally->counts[count] - run->counts_before[count]));
	}
	fprintf(file, ",%d", tally->open_connections);
	csv_duration(file, histogram_percentile_ms(&tally->second_latency, 50));
	csv_duration(file, histogram_percentile_ms(&tally->second_latency, 99));
	csv_duration(file, histogram_max_ms(&run->prober.second_times));
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
	json_integer(file, ",\n  ", "max_open", options->max_open);
}

static void
summarise_totals(FILE *file, const Run *run)
{
	const Tally *tally = &run->tally;

	fprintf(file, ",\n  \"totals\": {");
	for (int i = 0; i < COUNT_KINDS; i++)
		json_integer(file, i ? ", " : "", tally_count_name(i), tally->counts[i]);
	json_integer(file, ", ", "most_open_connections", tally->most_open_connections);
	fprintf(file, "}");
}

/* Over the profile's time: what comes after it belongs to no second of it. */
static void
summarise_goodput(FILE *file, const Run *run)
{
	const Profile *profile = &run->options->profile;
	int64_t		answered = 0;

	for (int i = 0; i < profile->step_count; i++)
		answered += run->tally.steps[i].answered;
	fprintf(file, ",\n  \"profile_seconds\": %.3f,\n  \"goodput_per_s\": %.2f",
			profile_seconds(profile), answered / profile_seconds(profile));
}

static void
summarise_step(FILE *file, const ProfileStep *step, const StepTally *tally)
{
	double		seconds = step->end_s - step->start_s;

	fprintf(file, "{\"rate_per_s\": %.2f, \"seconds\": %.3f", step->rate_per_s, seconds);
	json_integer(file, ", ", "arrivals", tally->arrivals);
	json_integer(file, ", ", "answered", tally->answered);
	fprintf(file, ", \"goodput_per_s\": %.2f", tally->answered / seconds);
	json_integer(file, ", ", "arrivals_answered", tally->arrivals_answered);
	if (tally->arrivals > 0)
		fprintf(file, ", \"arrivals_answered_pct\": %.1f}",
				100.0 * tally->arrivals_answered / tally->arrivals);
	else
		fprintf(file, ", \"arrivals_answered_pct\": null}");
}

static void
summarise_steps(FILE *file, const Run *run)
{
	const Profile *profile = &run->options->profile;

	fprintf(file, ",\n  \"steps\": [");
	for (int i = 0; i < profile->step_count; i++)
	{
		fprintf(file, i ? ",\n    " : "\n    ");
		summarise_step(file, &profile->steps[i], &run->tally.steps[i]);
	}
	fprintf(file, "\n  ]");
}

static void
summarise_apps(FILE *file, const Run *run)
{
	const Options *options = run->options;

	fprintf(file, ",\n  \"apps\": [");
	for (int i = 0; i < options->app_count; i++)
	{
		const AppTally *tally = &run->tally.apps[i];

		fprintf(file, i ? ",\n    {\"name\": " : "\n    {\"name\": ");
		json_string(file, options->apps[i].name);
		json_integer(file, ", ", "arrivals", tally->arrivals);
		json_integer(file, ", ", "answered", tally->answered);
		json_integer(file, ", ", "late", tally->late);
		fprintf(file, "}");
	}
	fprintf(file, "\n  ]");
}

static void
summarise_times(FILE *file, const char *name, const Histogram *times)
{
	fprintf(file, ",\n  \"%s\": {", name);
	json_duration(file, "", "p50", histogram_percentile_ms(times, 50));
	json_duration(file, ", ", "p95", histogram_percentile_ms(times, 95));
	json_duration(file, ", ", "p99", histogram_percentile_ms(times, 99));
	json_duration(file, ", ", "max", histogram_max_ms(times));
	fprintf(file, "}");
}

static void
summarise_refusals(FILE *file, const Tally *tally)
{
	fprintf(file, ",\n  \"refusals\": {");
	for (int i = REFUSAL_NONE + 1; i < REFUSAL_KINDS; i++)
		json_integer(file, i > REFUSAL_NONE + 1 ? ", " : "",
					 tally_refusal_name(i), tally->refusals[i]);
	fprintf(file, "},\n  \"sqlstates\": {");
	for (int i = 0; i < TALLY_MAX_SQLSTATES && tally->sqlstates[i].count > 0; i++)
		json_integer(file, i ? ", " : "",
					 tally->sqlstates[i].sqlstate, tally->sqlstates[i].count);
	fprintf(file, "}");
}

static void
summarise_first_failure(FILE *file, const char *text)
{
	fprintf(file, ",\n  \"first_failure\": ");
	if (*text)
		json_string(file, text);
	else
		fprintf(file, "null");
}

static void
summarise_probe(FILE *file, const Run *run)
{
	const Prober *prober = &run->prober;

	fprintf(file, ",\n  \"probe\": ");
	if (run->options->probe == NULL)
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

void
output_summary(FILE *file, const Run *run)
{
	fprintf(file, "{\n  ");
	summarise_settings(file, run->options);
	fprintf(file, ",\n  \"interrupted\": %s", run->interrupted ? "true" : "false");
	summarise_totals(file, run);
	summarise_goodput(file, run);
	summarise_steps(file, run);
	summarise_apps(file, run);
	summarise_times(file, "latency_ms", &run->tally.latency);
	summarise_times(file, "start_lag_ms", &run->tally.lag);
	summarise_refusals(file, &run->tally);
	summarise_first_failure(file, run->tally.first_failure.text);
	summarise_probe(file, run);
	fprintf(file, "\n}\n");
}
