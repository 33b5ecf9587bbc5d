/*
 * test_level.c - tests of pressure in three words, with simulated hours.
 */
#include "rows.h"

#include <math.h>

#include "policy/level.h"
#include "seeded.h"

#define FAST_MS		200
#define SLOW_MS		1000
#define HOUR_MS		INT64_C(3600000)

/* Short words for the tables. */
#define COMFORTABLE	ADM_LEVEL_COMFORTABLE
#define HIGH		ADM_LEVEL_HIGH
#define CRITICAL	ADM_LEVEL_CRITICAL

static const AdmLineSigns no_signs = {false, false};
static const AdmLineSigns harmful = {true, true};

/*
 * A figure, where its levels begin, and under which share of that they end;
 * processes run on all four cores.
 */
typedef struct FigureRow
{
	const char *name;
	size_t		offset;
	double		high;
	double		critical;
	double		leaves_under;
} FigureRow;

#define FIGURE(name)	#name, offsetof(AdmPressure, name)

static const FigureRow figure_rows[] = {
	{FIGURE(cpu_demand), 1.5, 6, 0.8},
	{FIGURE(run_queue_wait), 0.6, 0.9, 0.8},
	{FIGURE(throttled), 0.25, INFINITY, 0.8},
	{FIGURE(memory_full), 0.1, 0.4, 0.8},
	{FIGURE(memory_used), 0.92, 0.97, 0.97},
};

static AdmPressure
nothing_known(void)
{
	AdmPressure p;

	adm_pressure_clear(&p);
	p.cores = 4;
	p.runnable_backends = 4;
	return p;
}

static AdmPressure
only(const FigureRow *figure, double value)
{
	AdmPressure p = nothing_known();

	*(double *) ((char *) &p + figure->offset) = value;
	return p;
}

static AdmPressure
demand(double value)
{
	return only(&figure_rows[0], value);
}

static bool
step(AdmLevelState *s, AdmPressure p, int64_t elapsed_ms)
{
	return adm_level_step(s, &p, no_signs, elapsed_ms);
}

/* At this level, which it was brought to by demand. */
static AdmLevelState
at_level(AdmLevel level)
{
	const double demands[] = {0, 2, 7};
	AdmLevelState s;

	adm_level_init(&s);
	step(&s, demand(demands[level]), SLOW_MS);
	assert_int_equal(s.level, level);
	return s;
}

static void
starts_comfortable(void **state)
{
	AdmLevelState s;

	(void) state;
	memset(&s, 0x7f, sizeof(s));
	adm_level_init(&s);
	assert_int_equal(s.level, COMFORTABLE);
	assert_string_equal(s.cause, "");
	assert_false(step(&s, nothing_known(), SLOW_MS));
	assert_int_equal(s.level, COMFORTABLE);
}

/*
 * Thresholds.
 */

/* The level after an hour of this value. */
static AdmLevel
level_of(const FigureRow *figure, double value)
{
	AdmLevelState s;

	adm_level_init(&s);
	for (int64_t at_ms = 0; at_ms < HOUR_MS; at_ms += SLOW_MS)
		step(&s, only(figure, value), SLOW_MS);
	return s.level;
}

static void
thresholds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(figure_rows); i++)
	{
		const FigureRow *f = &figure_rows[i];

		assert_row_int(f->name, level_of(f, NAN), COMFORTABLE);
		assert_row_int(f->name, level_of(f, 0), COMFORTABLE);
		assert_row_int(f->name, level_of(f, f->high * 0.999), COMFORTABLE);
		assert_row_int(f->name, level_of(f, f->high), HIGH);
		if (isinf(f->critical))
		{
			assert_row_int(f->name, level_of(f, 1), HIGH);
			continue;
		}
		assert_row_int(f->name, level_of(f, f->critical * 0.999), HIGH);
		assert_row_int(f->name, level_of(f, f->critical), CRITICAL);
		assert_row_int(f->name, level_of(f, f->critical * 1e6), CRITICAL);
	}
}

/* A random value from least on, below most. */
static double
between(Seeded *random, double least, double most)
{
	return least + (most - least) * ((double) seeded_below(random, 1000000) / 1e6);
}

/*
 * Whatever comes between these two values in an hour changes nothing: in each
 * minute any of them, only the least, only the most, and the two in turn.
 */
static void
check_stays(const FigureRow *figure, AdmLevel level, double least, double most)
{
	Seeded		random = {501};
	AdmLevelState s = at_level(level);

	for (int64_t at_ms = 0; at_ms < HOUR_MS; at_ms += FAST_MS)
	{
		const double values[] = {
			between(&random, least, most), least, most,
			at_ms / FAST_MS % 2 ? least : most
		};
		double		value = values[at_ms / 15000 % 4];

		assert_row(figure->name, !step(&s, only(figure, value), FAST_MS));
		assert_row_int(figure->name, s.level, level);
	}
}

static void
between_leaving_and_entering_nothing_changes(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(figure_rows); i++)
	{
		const FigureRow *f = &figure_rows[i];
		double		top = isinf(f->critical) ? 1 : f->critical;

		check_stays(f, COMFORTABLE, 0, f->high * 0.9999);
		check_stays(f, HIGH, f->high * f->leaves_under * 1.0001, top * 0.9999);
		if (!isinf(f->critical))
			check_stays(f, CRITICAL, f->critical * f->leaves_under * 1.0001,
						f->critical * 10);
	}
}

/* Just under its share every level is left, one by one. */
static void
under_their_share_levels_are_left(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(figure_rows); i++)
	{
		const FigureRow *f = &figure_rows[i];
		double		just_under = f->leaves_under * 0.9999;
		AdmLevelState s = at_level(HIGH);

		for (int n = 0; n < 15; n++)
			step(&s, only(f, f->high * just_under), FAST_MS);
		assert_row_int(f->name, s.level, COMFORTABLE);
		if (isinf(f->critical))
			continue;
		s = at_level(CRITICAL);
		for (int n = 0; n < 15; n++)
			step(&s, only(f, f->critical * just_under), FAST_MS);
		assert_row_int(f->name, s.level, HIGH);
	}
}

/* Most of the memory is in use on many servers that lack nothing. */
static void
memory_has_its_own_share(void **state)
{
	const FigureRow *memory = &figure_rows[COUNT_OF(figure_rows) - 1];
	AdmLevelState s;

	(void) state;
	adm_level_init(&s);
	assert_true(step(&s, only(memory, 0.98), SLOW_MS));
	assert_int_equal(s.level, CRITICAL);
	assert_true(step(&s, only(memory, 0.94), ADM_LEVEL_FALLS_AFTER_MS));
	assert_int_equal(s.level, HIGH);
	assert_false(step(&s, only(memory, 0.90), ADM_LEVEL_FALLS_AFTER_MS));
	assert_true(step(&s, only(memory, 0.89), ADM_LEVEL_FALLS_AFTER_MS));
	assert_int_equal(s.level, COMFORTABLE);
}

/*
 * Times.
 */

typedef struct TimeRow
{
	const char *label;
	int64_t		sample_ms;
	int			rises_after;	/* samples */
	int			falls_after;
} TimeRow;

static const TimeRow time_rows[] = {
	{"fast", FAST_MS, 3, 15},
	{"slow", SLOW_MS, 1, 3},
	{"as long as a rise takes", ADM_LEVEL_RISES_AFTER_MS, 1, 6},
	{"a little shorter", ADM_LEVEL_RISES_AFTER_MS - 1, 2, 7},
	{"a millisecond", 1, 500, 3000},
	{"as long as a fall takes", ADM_LEVEL_FALLS_AFTER_MS, 1, 1},
	{"a minute", 60000, 1, 1},
};

/* How many samples of this demand it takes until the level changes. */
static int
samples_until_change(AdmLevelState *s, double value, int64_t sample_ms)
{
	for (int n = 1; n <= 10000; n++)
	{
		AdmLevel	before = s->level;
		bool		changed = step(s, demand(value), sample_ms);

		assert_int_equal(changed, s->level != before);
		if (changed)
			return n;
	}
	return -1;
}

static void
times_to_rise_and_fall(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(time_rows); i++)
	{
		const TimeRow *row = &time_rows[i];
		AdmLevelState s;

		adm_level_init(&s);
		assert_row_int(row->label, samples_until_change(&s, 2, row->sample_ms),
					   row->rises_after);
		assert_row_int(row->label, s.level, HIGH);
		assert_row_int(row->label, samples_until_change(&s, 7, row->sample_ms),
					   row->rises_after);
		assert_row_int(row->label, s.level, CRITICAL);
		assert_row_int(row->label, samples_until_change(&s, 0, row->sample_ms),
					   row->falls_after);
		assert_row_int(row->label, s.level, HIGH);
		assert_row_int(row->label, samples_until_change(&s, 0, row->sample_ms),
					   row->falls_after);
		assert_row_int(row->label, s.level, COMFORTABLE);
		assert_row_int(row->label, samples_until_change(&s, 7, row->sample_ms),
					   row->rises_after);
		assert_row_int(row->label, s.level, CRITICAL);
		assert_row_int(row->label, samples_until_change(&s, 7, row->sample_ms), -1);
	}
}

/* What is over critical is over high too: the time for both runs together. */
static void
time_over_high_is_no_time_over_critical(void **state)
{
	AdmLevelState s;

	(void) state;
	adm_level_init(&s);
	assert_false(step(&s, demand(7), FAST_MS));
	assert_false(step(&s, demand(2), FAST_MS));
	assert_true(step(&s, demand(7), FAST_MS));
	assert_int_equal(s.level, HIGH);
	assert_false(step(&s, demand(7), FAST_MS));
	assert_true(step(&s, demand(7), FAST_MS));
	assert_int_equal(s.level, CRITICAL);
}

/* A sample in between, however short, and the time begins anew. */
static void
interruptions_start_the_time_again(void **state)
{
	AdmLevelState s;

	(void) state;
	adm_level_init(&s);
	for (int n = 0; n < 1000; n++)
	{
		assert_false(step(&s, demand(7), ADM_LEVEL_RISES_AFTER_MS - 1));
		assert_false(step(&s, demand(1), 1));
	}
	s = at_level(HIGH);
	for (int n = 0; n < 1000; n++)
	{
		assert_false(step(&s, demand(0), ADM_LEVEL_FALLS_AFTER_MS - 1));
		assert_false(step(&s, demand(1.3), 1));
	}
}

static void
no_time_no_change(void **state)
{
	const int64_t none[] = {0, -1, INT64_MIN};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(none); i++)
	{
		AdmLevelState s = at_level(HIGH);
		AdmLevelState before = s;

		assert_false(step(&s, demand(100), none[i]));
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

/* An hour in which one or two fast samples of each second are far over. */
static void
spikes_do_not_raise_it(void **state)
{
	(void) state;
	for (int spikes = 1; spikes <= 3; spikes++)
	{
		AdmLevelState s;
		int			changes = 0;

		adm_level_init(&s);
		for (int n = 0; n < HOUR_MS / FAST_MS; n++)
			changes += step(&s, demand(n % 5 < spikes ? 1000 : 0.5), FAST_MS);
		assert_int_equal(s.level, spikes < 3 ? COMFORTABLE : CRITICAL);
		assert_int_equal(changes, spikes < 3 ? 0 : 1);
	}
}

/*
 * What is unknown.
 */

static void
the_unknown_raises_nothing_and_holds_nothing(void **state)
{
	AdmLevelState s;
	AdmPressure unknown;

	(void) state;
	adm_pressure_clear(&unknown);
	adm_level_init(&s);
	for (int n = 0; n < 1000; n++)
		assert_false(step(&s, unknown, SLOW_MS));
	assert_string_equal(s.cause, "");
	s = at_level(CRITICAL);
	for (int n = 0; n < 30; n++)
		step(&s, unknown, FAST_MS);
	assert_int_equal(s.level, COMFORTABLE);
}

/* One known figure is enough, whichever it is. */
static void
the_unknown_hides_nothing(void **state)
{
	AdmPressure p;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(figure_rows); i++)
	{
		const FigureRow *f = &figure_rows[i];
		AdmLevelState s;

		adm_level_init(&s);
		p = only(f, f->high);
		assert_row(f->name, step(&s, p, SLOW_MS));
		assert_row_int(f->name, s.level, HIGH);
	}
}

typedef struct WaitRow
{
	const char *label;
	double		runnable_backends;
	double		cores;
	bool		counts;
} WaitRow;

static const WaitRow wait_rows[] = {
	{"nobody runs", 0, 4, false},
	{"hardly anybody", 0.1, 4, false},
	{"almost half the cores", 1.999, 4, false},
	{"half the cores", 2, 4, true},
	{"all cores", 4, 4, true},
	{"many more", 400, 4, true},
	{"a single core's half", 0.5, 1, true},
	{"unknown how many", NAN, 4, false},
	{"cores unknown", 4, NAN, false},
};

static void
waiting_counts_where_processes_run(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(wait_rows); i++)
	{
		const WaitRow *row = &wait_rows[i];
		AdmLevelState s;
		AdmPressure p = nothing_known();

		p.run_queue_wait = 0.95;
		p.runnable_backends = row->runnable_backends;
		p.cores = row->cores;
		adm_level_init(&s);
		assert_row_int(row->label, step(&s, p, SLOW_MS), row->counts);
		assert_row_int(row->label, s.level, row->counts ? CRITICAL : COMFORTABLE);
		assert_row_string(row->label, s.cause, row->counts ? "run_queue_wait" : "");
	}
}

/*
 * Harm.
 */

typedef struct HarmRow
{
	const char *label;
	AdmLineSigns signs;
	double		demand;
	int			critical_after; /* fast samples from the first on; -1: never */
} HarmRow;

/*
 * Three until it is high, 25 until it has been so for long enough, and two more
 * until critical has been reached for long enough, the 25th counted.
 */
#define HARM_SAMPLES	(3 + 25 + 2)

static const HarmRow harm_rows[] = {
	{"high, with a line that clients leave", {true, true}, 2, HARM_SAMPLES},
	{"high, they leave without a line", {false, true}, 2, -1},
	{"high, they stand and stay", {true, false}, 2, -1},
	{"high, neither", {false, false}, 2, -1},
	{"just high", {true, true}, 1.5, HARM_SAMPLES},
	{"not quite high", {true, true}, 1.49, -1},
	{"comfortable", {true, true}, 0.5, -1},
	{"unknown", {true, true}, NAN, -1},
	{"critical by itself", {true, true}, 6, 3},
};

static int
samples_until_critical(AdmLevelState *s, double value, AdmLineSigns signs)
{
	for (int n = 1; n <= 10000; n++)
	{
		AdmPressure p = demand(value);

		adm_level_step(s, &p, signs, FAST_MS);
		if (s->level == CRITICAL)
			return n;
	}
	return -1;
}

static void
harm_makes_high_critical(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(harm_rows); i++)
	{
		const HarmRow *row = &harm_rows[i];
		AdmLevelState s;

		adm_level_init(&s);
		assert_row_int(row->label,
					   samples_until_critical(&s, row->demand, row->signs),
					   row->critical_after);
	}
}

/* It stays critical as long as the harm lasts, and falls like any other. */
static void
harm_lasts_as_long_as_its_signs(void **state)
{
	AdmLevelState s;
	AdmPressure p = demand(2);

	(void) state;
	adm_level_init(&s);
	assert_int_equal(samples_until_critical(&s, 2, harmful), HARM_SAMPLES);
	for (int n = 0; n < 10000; n++)
		assert_false(adm_level_step(&s, &p, harmful, FAST_MS));
	assert_string_equal(s.cause, "cpu_demand");
	for (int n = 0; n < 14; n++)
		assert_false(adm_level_step(&s, &p, no_signs, FAST_MS));
	assert_true(adm_level_step(&s, &p, no_signs, FAST_MS));
	assert_int_equal(s.level, HIGH);
	for (int n = 0; n < 10000; n++)
		assert_false(adm_level_step(&s, &p, no_signs, FAST_MS));
}

/* Four seconds of harm again and again, a moment without it in between. */
static void
interrupted_harm_starts_again(void **state)
{
	AdmLevelState s = at_level(HIGH);
	AdmPressure p = demand(2);

	(void) state;
	for (int n = 0; n < 10000; n++)
	{
		AdmLineSigns signs = n % 21 == 20 ? no_signs : harmful;

		assert_false(adm_level_step(&s, &p, signs, FAST_MS));
	}
}

/*
 * Causes.
 */

typedef struct CauseRow
{
	const char *label;
	double		cpu_demand;
	double		run_queue_wait;
	double		throttled;
	double		memory_full;
	double		memory_used;
	const char *expected;
	double		value;
} CauseRow;

static const CauseRow cause_rows[] = {
	{"nothing known", NAN, NAN, NAN, NAN, NAN, "", 0},
	{"nothing wanted", 0, 0, 0, 0, 0, "", 0},
	{"demand", 2, 0.5, 0.1, 0, 0.5, "cpu_demand", 2},
	{"waiting", 1.4, 0.7, 0.1, 0, 0.5, "run_queue_wait", 0.7},
	{"quota", 1.4, 0.5, 0.3, 0, 0.5, "throttled", 0.3},
	{"stalls", 1.4, 0.5, 0.1, 0.2, 0.5, "memory_full", 0.2},
	{"memory", 1.4, 0.5, 0.1, 0, 0.95, "memory_used", 0.95},
	{"the one that is furthest over", 2, 0.7, 0.3, 0.19, 0.95, "memory_full", 0.19},
	{"and none other is known", NAN, NAN, NAN, 0.19, NAN, "memory_full", 0.19},
	{"the one that is critical, though another is further over high",
	5, 0.7, 0.9, 0.3, 0.97, "memory_used", 0.97},
	{"of two that are critical", 12, 0.95, 0.9, 0.3, 0.97, "cpu_demand", 12},
	{"the nearest where none is over", 0.75, 0.1, 0.1, 0.01, 0.69, "memory_used", 0.69},
};

static void
causes(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cause_rows); i++)
	{
		const CauseRow *row = &cause_rows[i];
		AdmLevelState s;
		AdmPressure p = nothing_known();

		p.cpu_demand = row->cpu_demand;
		p.run_queue_wait = row->run_queue_wait;
		p.throttled = row->throttled;
		p.memory_full = row->memory_full;
		p.memory_used = row->memory_used;
		adm_level_init(&s);
		step(&s, p, SLOW_MS);
		assert_row_string(row->label, s.cause, row->expected);
		if (s.cause[0] != '\0')
			assert_row(row->label, s.cause_value == row->value);
	}
}

/*
 * Random walks.
 */

/* Each sample near the one before, and once in a while far from it. */
static double
walk(Seeded *random, double value)
{
	if (seeded_once_in(random, 50))
		return between(random, 0, 12);
	if (seeded_once_in(random, 100))
		return NAN;
	if (isnan(value))
		return 1;
	return fabs(value + between(random, -0.5, 0.5));
}

static void
check_change(AdmLevel before, AdmLevel now, int64_t since_change_ms, bool fell_last)
{
	if (now < before)
	{
		assert_int_equal(now, before - 1);
		assert_true(since_change_ms >= ADM_LEVEL_FALLS_AFTER_MS);
	}
	else if (fell_last)
		assert_true(since_change_ms >= ADM_LEVEL_RISES_AFTER_MS);
}

/* The number of changes in an hour. */
static int
walk_an_hour(Seeded *random, int64_t sample_ms, bool uneven)
{
	AdmLevelState s;
	double		value = 1;
	int64_t		since_change_ms = 0;
	bool		fell_last = false;
	int			changes = 0;

	adm_level_init(&s);
	for (int64_t at_ms = 0; at_ms < HOUR_MS;)
	{
		int64_t		elapsed_ms = uneven ?
			1 + (int64_t) seeded_below(random, 2 * (uint64_t) sample_ms) : sample_ms;
		AdmLineSigns signs = {!seeded_once_in(random, 40), !seeded_once_in(random, 40)};
		AdmLevel	before = s.level;
		AdmPressure p;
		bool		changed;

		at_ms += elapsed_ms;
		since_change_ms += elapsed_ms;
		value = walk(random, value);
		p = demand(value);
		changed = adm_level_step(&s, &p, signs, elapsed_ms);
		assert_int_equal(changed, s.level != before);
		if (!changed)
			continue;
		check_change(before, s.level, since_change_ms, fell_last);
		fell_last = s.level < before;
		since_change_ms = 0;
		changes++;
	}
	return changes;
}

static void
never_changes_faster_than_it_may(void **state)
{
	Seeded		random = {502};
	int			changes = 0;

	(void) state;
	for (int hour = 0; hour < 40; hour++)
	{
		int			in_hour = walk_an_hour(&random, hour % 2 ? FAST_MS : SLOW_MS,
										   hour % 4 >= 2);

		/* Each fall takes its time, and there is a fall to all but two rises. */
		assert_true(in_hour <= 2 * (HOUR_MS / ADM_LEVEL_FALLS_AFTER_MS) + 2);
		changes += in_hour;
	}
	assert_true(changes > 1000);
}

/*
 * Names: they stand in history files and in metrics, so none may change.
 */

static void
names_make_the_round_trip(void **state)
{
	static const char *const names[] = {"comfortable", "high", "critical"};
	static const char *const no_names[] = {
		"", " ", "High", "hig", "highest", "high ", " high", "critical\n", "1", "none"
	};

	(void) state;
	assert_int_equal(COUNT_OF(names), ADM_LEVEL_COUNT);
	for (int i = 0; i < ADM_LEVEL_COUNT; i++)
	{
		AdmLevel	level = (AdmLevel) -1;

		assert_string_equal(adm_level_name((AdmLevel) i), names[i]);
		assert_true(adm_level_by_name(names[i], &level));
		assert_int_equal(level, i);
	}
	for (size_t i = 0; i < COUNT_OF(no_names); i++)
	{
		AdmLevel	level = HIGH;

		assert_row(no_names[i], !adm_level_by_name(no_names[i], &level));
		assert_row_int(no_names[i], level, HIGH);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_comfortable),
		cmocka_unit_test(thresholds),
		cmocka_unit_test(between_leaving_and_entering_nothing_changes),
		cmocka_unit_test(under_their_share_levels_are_left),
		cmocka_unit_test(memory_has_its_own_share),
		cmocka_unit_test(times_to_rise_and_fall),
		cmocka_unit_test(time_over_high_is_no_time_over_critical),
		cmocka_unit_test(interruptions_start_the_time_again),
		cmocka_unit_test(no_time_no_change),
		cmocka_unit_test(spikes_do_not_raise_it),
		cmocka_unit_test(the_unknown_raises_nothing_and_holds_nothing),
		cmocka_unit_test(the_unknown_hides_nothing),
		cmocka_unit_test(waiting_counts_where_processes_run),
		cmocka_unit_test(harm_makes_high_critical),
		cmocka_unit_test(harm_lasts_as_long_as_its_signs),
		cmocka_unit_test(interrupted_harm_starts_again),
		cmocka_unit_test(causes),
		cmocka_unit_test(never_changes_faster_than_it_may),
		cmocka_unit_test(names_make_the_round_trip),
	};

	return cmocka_run_group_tests_name("level", tests, NULL, NULL);
}
