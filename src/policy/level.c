/*
 * level.c - pressure in three words.
 *
 * The thresholds are from bench/README.md: throughput is at its best at a demand
 * of 1 and falls off slowly beyond, while the time that work takes grows with the
 * demand all along.  So 1.5 is where more work at once brings nothing but
 * latency, and at 6 everything takes six times as long as it needs to.
 */
#include "level.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEVER			INFINITY

typedef struct Threshold
{
	const char *figure;
	size_t		offset;			/* of the double in AdmPressure */
	double		high;
	double		critical;
	double		leaves_under;	/* this share of the threshold that was met */
} Threshold;

static const Threshold thresholds[] = {
	{"cpu_demand", offsetof(AdmPressure, cpu_demand), 1.5, 6, 0.8},
	{"run_queue_wait", offsetof(AdmPressure, run_queue_wait), 0.6, 0.9, 0.8},
	{"throttled", offsetof(AdmPressure, throttled), 0.25, NEVER, 0.8},
	{"memory_full", offsetof(AdmPressure, memory_full), 0.1, 0.4, 0.8},
	{"memory_used", offsetof(AdmPressure, memory_used), 0.92, 0.97, 0.97}
};

#define FIGURES		((int) (sizeof(thresholds) / sizeof(thresholds[0])))

static const char *const level_names[] = {"comfortable", "high", "critical"};

void
adm_level_init(AdmLevelState *s)
{
	memset(s, 0, sizeof(*s));
}

/*
 * How long processes wait is no sign where hardly any run: a share of next to
 * nothing.  Not a number is over no threshold.
 */
static double
figure_value(const AdmPressure *p, const Threshold *t)
{
	bool		few_run = !(p->runnable_backends * 2 >= p->cores);

	if (t->offset == offsetof(AdmPressure, run_queue_wait) && few_run)
		return NAN;
	return *(const double *) ((const char *) p + t->offset);
}

/* The level that a figure enters, or at which it stays. */
typedef enum Side
{
	ENTERS,
	STAYS
} Side;

static AdmLevel
level_over(double value, const Threshold *t, Side side)
{
	double		factor = side == ENTERS ? 1 : t->leaves_under;

	if (value >= t->critical * factor)
		return ADM_LEVEL_CRITICAL;
	if (value >= t->high * factor)
		return ADM_LEVEL_HIGH;
	return ADM_LEVEL_COMFORTABLE;
}

/* The worst of all figures. */
static AdmLevel
worst_level(const AdmPressure *p, Side side)
{
	AdmLevel	worst = ADM_LEVEL_COMFORTABLE;

	for (int i = 0; i < FIGURES; i++)
	{
		AdmLevel	level = level_over(figure_value(p, &thresholds[i]), &thresholds[i], side);

		if (level > worst)
			worst = level;
	}
	return worst;
}

/*
 * Of the figures that are worst, the one that is furthest over its threshold
 * for high.
 */
static void
note_cause(AdmLevelState *s, const AdmPressure *p)
{
	AdmLevel	worst = worst_level(p, ENTERS);
	double		most = 0;

	s->cause[0] = '\0';
	for (int i = 0; i < FIGURES; i++)
	{
		double		value = figure_value(p, &thresholds[i]);

		if (level_over(value, &thresholds[i], ENTERS) < worst || !(value / thresholds[i].high > most))
			continue;
		most = value / thresholds[i].high;
		snprintf(s->cause, sizeof(s->cause), "%s", thresholds[i].figure);
		s->cause_value = value;
	}
}

/* While the level is high and stays so: figures between two levels do no harm. */
static bool
does_harm(AdmLevelState *s, AdmLevel stays, AdmLineSigns signs, int64_t elapsed_ms)
{
	bool		high = s->level >= ADM_LEVEL_HIGH && stays >= ADM_LEVEL_HIGH;
	bool		harmful = high && signs.line_stands && signs.clients_leave;

	s->harm_ms = harmful ? s->harm_ms + elapsed_ms : 0;
	return s->harm_ms >= ADM_LEVEL_HARM_AFTER_MS;
}

static bool
rise(AdmLevelState *s, AdmLevel entered, int64_t elapsed_ms)
{
	AdmLevel	before = s->level;

	for (int level = ADM_LEVEL_HIGH; level <= ADM_LEVEL_CRITICAL; level++)
	{
		s->over_ms[level] = (int) entered >= level ? s->over_ms[level] + elapsed_ms : 0;
		if (s->over_ms[level] >= ADM_LEVEL_RISES_AFTER_MS && (int) s->level < level)
			s->level = (AdmLevel) level;
	}
	return s->level != before;
}

static bool
fall(AdmLevelState *s, AdmLevel stays, int64_t elapsed_ms)
{
	s->under_ms = stays < s->level ? s->under_ms + elapsed_ms : 0;
	if (s->under_ms < ADM_LEVEL_FALLS_AFTER_MS)
		return false;
	s->level = (AdmLevel) (s->level - 1);
	s->under_ms = 0;
	return true;
}

bool
adm_level_step(AdmLevelState *s, const AdmPressure *p, AdmLineSigns signs,
			   int64_t elapsed_ms)
{
	AdmLevel	entered;
	AdmLevel	stays;

	if (elapsed_ms <= 0)
		return false;
	note_cause(s, p);
	entered = s->figures = worst_level(p, ENTERS);
	stays = worst_level(p, STAYS);
	if (does_harm(s, stays, signs, elapsed_ms))
		entered = stays = ADM_LEVEL_CRITICAL;
	if (rise(s, entered, elapsed_ms))
	{
		s->under_ms = 0;
		return true;
	}
	return fall(s, stays, elapsed_ms);
}

const char *
adm_level_name(AdmLevel level)
{
	return level_names[level];
}

bool
adm_level_by_name(const char *name, AdmLevel *level)
{
	for (int i = 0; i < ADM_LEVEL_COUNT; i++)
	{
		if (strcmp(level_names[i], name) != 0)
			continue;
		*level = (AdmLevel) i;
		return true;
	}
	return false;
}
