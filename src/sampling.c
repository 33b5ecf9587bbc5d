/*
 * sampling.c - the controller's eyes.
 *
 * A look is short and serves the governor; while somebody waits there are several
 * a second, and while caps stand at least one.  A sample goes to the views and the
 * history, and is about the whole time since the one before.
 */
#include "postgres.h"

#include "arming.h"
#include "counters.h"
#include "events.h"
#include "history.h"
#include "os/clock.h"
#include "os/sampler.h"
#include "permits.h"
#include "processes.h"
#include "samples.h"
#include "sampling.h"
#include "settings.h"
#include "state.h"
#include "utils/timestamp.h"

#define LOOKS_IN_A_SAMPLE	5

/* Shorter looks say little: the kernel's clock ticks in 1 to 10 ms. */
#define SHORTEST_LOOK_MS	100

/* While somebody waits, whatever the interval of samples. */
#define LONGEST_LOOK_MS		200

/* Well within the time for which comfort is believed (state.c). */
#define LONGEST_LOOK_UNDER_CAPS_MS	1000

/* A little is better than nothing for whoever has waited too long already. */
#define LOOK_AT_ONCE_MS		50

#define LOG_LEVEL_EVERY_MS	10000

/* Figures that have been low for so long are no accident. */
#define CALM_AFTER_MS		1000

/* A line whose first has waited so long stands. */
#define LINE_STANDS_MS		100

/* What the governor compares from look to look. */
typedef struct Look
{
	AdmReading	reading;
	AdmServerTime time;
	uint64		left[ADM_GATE_COUNT];	/* clients hung up in line, or refused for
										 * want of permits */
} Look;

static AdmSampler sampler;
static Look last_look;
static Look last_sample;
static Look last_recorded;		/* in the history */
static AdmLevelState level;

/* Says once of each source that it cannot be used. */
static void
tell_missing(uint32 misses)
{
	static uint32 told = 0;

	for (uint32 miss = 1; miss != 0 && miss <= misses; miss <<= 1)
	{
		if ((misses & miss) == 0 || (told & miss) != 0)
			continue;
		told |= miss;
		ereport(LOG,
				(errmsg("pg_admission cannot read \"%s%s\": what comes from it is shown as null",
						adm_system_root, adm_sampler_source(miss)),
				 errdetail("It is missing, not readable or not as expected; pressure is judged by what else there is.")));
	}
}

/* For a sample all processes are looked at. */
static void
take_look(bool for_sample, Look *look)
{
	uint32		misses;
	AdmTotals	totals;

	misses = adm_sampler_read(&sampler, adm_cores, &look->reading);
	if (adm_processes_look(for_sample, &look->time))
	{
		look->reading.server_run_ns = look->time.run_ns;
		look->reading.server_wait_ns = look->time.wait_ns;
	}
	else
		misses |= ADM_MISSES_PROCESSES;
	tell_missing(misses);

	adm_counters_read(&totals);
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		look->left[gate] = totals.gate[gate].count[ADM_TOTAL_ABANDONED] +
			totals.gate[gate].count[ADM_TOTAL_REFUSED_TIMEOUT];
}

/* The folder may have been changed by a reload. */
static void
follow_root(void)
{
	static char *root = NULL;

	if (root && strcmp(root, adm_system_root) == 0)
		return;
	if (root)
		free(root);
	root = strdup(adm_system_root);
	adm_sampler_init(&sampler, root ? root : "");
	take_look(true, &last_look);
	last_sample = last_recorded = last_look;
}

void
adm_sampling_start(void)
{
	AdmMachineSample before;

	adm_samples_machine(&before);
	level = before.level;
	follow_root();
}

/*
 * How much gated work uses, whichever is more: its processor time, of the
 * cores; or the sessions that run or want to, of connection_cap.
 */
static double
gated_use(const Look *before, const Look *now)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_CONNECTION));
	double		window_ns = (now->reading.at_us - before->reading.at_us) * 1e3;
	double		run = (now->time.gated_run_ns - before->time.gated_run_ns) / window_ns;
	double		wait = (now->time.gated_wait_ns - before->time.gated_wait_ns) / window_ns;
	double		of_cores = run / now->reading.cores;

	if (cap.present == ADM_NO_CAP)
		return of_cores;
	return Max(of_cores, (run + wait) / cap.present);
}

/* The figure that is over most, in words. */
static char *
cause_words(void)
{
	if (level.cause[0] == '\0')
		return pstrdup("No figure is over its threshold any more.");
	return psprintf("%s is %.2f.", level.cause, level.cause_value);
}

/*
 * Only of critical pressure and its end, and not of every turn it takes: what is
 * not told now is told when it is time, if it still is so.
 */
static void
tell_level(void)
{
	static AdmLevel told = ADM_LEVEL_COMFORTABLE;
	static int64 told_ms = 0;
	bool		critical = level.level == ADM_LEVEL_CRITICAL || told == ADM_LEVEL_CRITICAL;

	if (level.level == told)
		return;
	if (critical && told_ms > 0 && adm_clock_ms() - told_ms < LOG_LEVEL_EVERY_MS)
		return;
	if (critical)
	{
		told_ms = adm_clock_ms();
		ereport(LOG,
				(errmsg("pg_admission: pressure is %s", adm_level_name(level.level)),
				 errdetail("It was %s. %s", adm_level_name(told), cause_words())));
	}
	told = level.level;
}

/* That of transactions is kept short once it stands: then its memory says so. */
static bool
line_stands(AdmGate gate)
{
	return adm_permits_longest_wait_ms(gate) >= LINE_STANDS_MS ||
		(gate == ADM_GATE_TRANSACTION && adm_permits_any_line_stands(gate));
}

/* What is the same for all gates, but for the level, which comes of it. */
static void
look_at_gate(AdmGate gate, const Look *before, const Look *now, AdmGovernorInput *in)
{
	in->elapsed_ms = (now->reading.at_us - before->reading.at_us) / 1000;
	in->line_stands = line_stands(gate);
	in->clients_left = now->left[gate] > before->left[gate];
	in->use = gated_use(before, now);
}

/* Those of now at any gate, and those that are remembered. */
static AdmLineSigns
line_signs(const AdmGovernorInput in[ADM_GATE_COUNT])
{
	AdmLineSigns signs = adm_state_signs();

	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		signs.line_stands |= in[gate].line_stands;
		signs.clients_leave |= in[gate].clients_left;
	}
	return signs;
}

static void
govern(const Look *before, const Look *now)
{
	AdmGovernorInput in[ADM_GATE_COUNT];
	AdmGovernorOrder order;
	AdmPressure pressure;

	adm_pressure_between(&before->reading, &now->reading, &pressure);
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		look_at_gate((AdmGate) gate, before, now, &in[gate]);
	(void) adm_level_step(&level, &pressure, line_signs(in), in[0].elapsed_ms);
	tell_level();
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		in[gate].level = level.level;
		in[gate].figures = level.figures;
	}

	order = adm_state_govern(in, &pressure);
	if (order.cut)
		adm_events_note(ADM_EVENT_CUT, "pg_admission cuts the caps: pressure is critical", cause_words());
	if (order.relapse)
		adm_arming_on_relapse();
	adm_permits_serve_lines();
}

static void
make_sample(const Look *before, const Look *now, AdmMachineSample *sample)
{
	adm_pressure_between(&before->reading, &now->reading, &sample->pressure);
	sample->level = level;
	sample->taken_at = GetCurrentTimestamp();
	sample->taken_ms = now->reading.at_us / 1000;
}

static void
publish_sample(const Look *before, const Look *now)
{
	AdmMachineSample sample;

	make_sample(before, now, &sample);
	adm_samples_publish(&sample, adm_processes_figures());
}

/* Samples that somebody asked for in between do not make the history shorter. */
static void
record_sample(const Look *before, const Look *now)
{
	AdmMachineSample sample;

	make_sample(before, now, &sample);
	adm_history_add(&sample);
}

/* How long ago it was. */
static int64
age_ms(const Look *look)
{
	return (adm_clock_us() - look->reading.at_us) / 1000;
}

static bool
caps_stand(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		if (adm_word_bounds(adm_state_shown_caps((AdmGate) gate)))
			return true;
	}
	return false;
}

/* While caps stand it must be known at any time whether the machine is comfortable. */
static int64
look_interval_ms(void)
{
	if (!adm_permits_any_are_wanted())
		return caps_stand() ? Min(adm_sample_interval_ms, LONGEST_LOOK_UNDER_CAPS_MS) : adm_sample_interval_ms;
	return Max(Min(adm_sample_interval_ms / LOOKS_IN_A_SAMPLE, LONGEST_LOOK_MS), SHORTEST_LOOK_MS);
}

static bool
sample_is_due(void)
{
	return age_ms(&last_sample) >= adm_sample_interval_ms ||
		(adm_samples_wanted() && age_ms(&last_sample) >= SHORTEST_LOOK_MS);
}

static void
look_and_govern(bool for_sample)
{
	Look		now;

	take_look(for_sample, &now);
	govern(&last_look, &now);
	last_look = now;
}

void
adm_sampling_round(void)
{
	bool		sample = sample_is_due();

	follow_root();
	if (!sample && age_ms(&last_look) < look_interval_ms())
		return;
	look_and_govern(sample);
	if (!sample)
		return;
	publish_sample(&last_sample, &last_look);
	last_sample = last_look;
	if (age_ms(&last_recorded) < adm_sample_interval_ms)
		return;
	record_sample(&last_recorded, &last_look);
	last_recorded = last_look;
}

long
adm_sampling_due_in_ms(void)
{
	int64		look_ms = look_interval_ms() - age_ms(&last_look);
	int64		sample_ms = (adm_samples_wanted() ? SHORTEST_LOOK_MS : adm_sample_interval_ms) -
		age_ms(&last_sample);

	return (long) Max(Min(look_ms, sample_ms), 1);
}

bool
adm_sampling_is_comfortable(void)
{
	return level.level == ADM_LEVEL_COMFORTABLE && level.over_ms[ADM_LEVEL_HIGH] == 0;
}

bool
adm_sampling_has_calmed(void)
{
	return level.figures == ADM_LEVEL_COMFORTABLE &&
		(level.level == ADM_LEVEL_COMFORTABLE || level.under_ms >= CALM_AFTER_MS);
}

bool
adm_sampling_finds_comfort(void)
{
	if (!adm_sampling_is_comfortable() || age_ms(&last_look) < LOOK_AT_ONCE_MS)
		return false;
	look_and_govern(false);
	return adm_sampling_is_comfortable();
}
