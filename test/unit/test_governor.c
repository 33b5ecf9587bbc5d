/*
 * test_governor.c - tests of what moves the caps, with simulated machines.
 *
 * A machine has cores, work that comes to a gate and work that does not; the
 * gate lets in what the caps allow, and pressure, use and lines follow from
 * that, sample by sample.
 */
#include "rows.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "policy/governor.h"
#include "policy/ramp.h"
#include "policy/warmup.h"
#include "seeded.h"

#define FAST_MS		200
#define SLOW_MS		1000
#define SECOND_MS	INT64_C(1000)
#define MINUTE_MS	(60 * SECOND_MS)
#define HOUR_MS		(60 * MINUTE_MS)
#define DAY_MS		(24 * HOUR_MS)

/* Short words for the tables. */
#define COMFORTABLE	ADM_LEVEL_COMFORTABLE
#define HIGH		ADM_LEVEL_HIGH
#define CRITICAL	ADM_LEVEL_CRITICAL

static AdmGovernor
fresh(void)
{
	AdmGovernor g;

	memset(&g, 0x7f, sizeof(g));
	adm_governor_init(&g);
	return g;
}

static AdmGovernorOrder
step(AdmGovernor *g, AdmLevel level, bool line_stands, int64_t elapsed_ms)
{
	const AdmGovernorInput in = {elapsed_ms, level, level, NAN, line_stands, false};

	return adm_governor_step(g, &in);
}

static void
starts_without_lift(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	assert_true(g.lift == 1);
	assert_false(adm_governor_signs(&g).clients_leave);
	assert_false(adm_governor_signs(&g).line_stands);
	assert_false(adm_governor_is_pressed(&g));
	for (int cap = -1; cap < 1000; cap++)
		assert_int_equal(adm_governor_lifted(&g, cap), cap);
	assert_int_equal(adm_governor_lifted(&g, INT_MAX), INT_MAX);
}

/*
 * Lifted caps.
 */

typedef struct LiftedRow
{
	const char *label;
	double		lift;
	int			cap;
	int			expected;
} LiftedRow;

static const LiftedRow lifted_rows[] = {
	{"one more at least", 1.25, 1, 2},
	{"exactly a quarter", 1.25, 4, 5},
	{"rounded up", 1.25, 5, 7},
	{"rounded up by a hair", 1.5625, 16, 25},
	{"most of one", ADM_LIFT_MOST, 1, 1000},
	{"no cap", ADM_LIFT_MOST, -1, -1},
	{"no cap, without lift", 1, -1, -1},
	{"as far down as there is", ADM_LIFT_MOST, INT_MIN, INT_MIN},
	{"too large", ADM_LIFT_MOST, INT_MAX, INT_MAX},
	{"just too large", ADM_LIFT_MOST, INT_MAX / 1000 + 1, INT_MAX},
	{"just small enough", ADM_LIFT_MOST, INT_MAX / 1000, INT_MAX / 1000 * 1000},
};

static void
lifted_caps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(lifted_rows); i++)
	{
		const LiftedRow *row = &lifted_rows[i];
		AdmGovernor g = fresh();

		g.lift = row->lift;
		assert_row_int(row->label, adm_governor_lifted(&g, row->cap), row->expected);
	}
}

/*
 * Lifts.
 */

typedef struct LiftRow
{
	const char *label;
	AdmLevel	level;
	bool		line_stands;
	int64_t		sample_ms;
	int			samples;
	double		expected;
} LiftRow;

static const LiftRow lift_rows[] = {
	{"a fifth of a second", COMFORTABLE, true, 200, 1, 1.25},
	{"not quite", COMFORTABLE, true, 199, 1, 1},
	{"and the rest", COMFORTABLE, true, 100, 2, 1.25},
	{"what is too much counts on", COMFORTABLE, true, 150, 4, 1.25 * 1.25 * 1.25},
	{"two of them", COMFORTABLE, true, 200, 2, 1.25 * 1.25},
	{"two at once", COMFORTABLE, true, 400, 1, 1.25 * 1.25},
	{"a millisecond each", COMFORTABLE, true, 1, 400, 1.25 * 1.25},
	{"almost the most", COMFORTABLE, true, 200, 30, 807.79356694631609},
	{"the most", COMFORTABLE, true, 200, 31, ADM_LIFT_MOST},
	{"no more", COMFORTABLE, true, 200, 100000, ADM_LIFT_MOST},
	{"for ever", COMFORTABLE, true, INT64_MAX, 3, ADM_LIFT_MOST},
	{"high holds", HIGH, true, 200, 100000, 1},
	{"critical, too", CRITICAL, true, 200, 100000, 1},
	{"no line", COMFORTABLE, false, 200, 100000, 1},
	{"no time", COMFORTABLE, true, 0, 100, 1},
	{"clock stepped back", COMFORTABLE, true, INT64_MIN, 100, 1},
};

static void
lifts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(lift_rows); i++)
	{
		const LiftRow *row = &lift_rows[i];
		AdmGovernor g = fresh();

		for (int n = 0; n < row->samples; n++)
			step(&g, row->level, row->line_stands, row->sample_ms);
		assert_row(row->label, fabs(g.lift - row->expected) < 1e-9);
	}
}

/* A line that does not stand for long enough at a time never lifts. */
static void
short_lines_do_not_lift(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	for (int n = 0; n < 10000; n++)
	{
		step(&g, COMFORTABLE, true, ADM_LIFT_EVERY_MS - 1);
		step(&g, n % 2 ? COMFORTABLE : HIGH, n % 2 == 0, 1);
	}
	assert_true(g.lift == 1);
}

/* The level is half a second behind the figures: those that rise raise nothing. */
static void
rising_figures_do_not_lift(void **state)
{
	const AdmGovernorInput good = {ADM_LIFT_EVERY_MS - 1, COMFORTABLE, COMFORTABLE, 1, true, false};

	(void) state;
	for (int figures = HIGH; figures <= CRITICAL; figures++)
	{
		const AdmGovernorInput rising = {1, COMFORTABLE, (AdmLevel) figures, 1, true, false};
		AdmGovernor g = fresh();

		for (int n = 0; n < 1000; n++)
		{
			adm_governor_step(&g, &rising);
			adm_governor_step(&g, &good);
		}
		assert_true(g.lift == 1);
	}
}

/*
 * Lifts that sink.
 */

static bool
is_lifted_by(const AdmGovernor *g, int factors)
{
	return fabs(g->lift - pow(ADM_LIFT_FACTOR, factors)) < 1e-9;
}

/* Lifted by as many factors. */
static AdmGovernor
lifted_by(int factors)
{
	AdmGovernor g = fresh();

	for (int n = 0; n < factors; n++)
		step(&g, COMFORTABLE, true, ADM_LIFT_EVERY_MS);
	assert_true(is_lifted_by(&g, factors));
	return g;
}

static void
high_pressure_keeps_the_lift(void **state)
{
	AdmGovernor g = lifted_by(5);

	(void) state;
	for (int n = 0; n < 100000; n++)
		step(&g, HIGH, n % 1000 < 500, FAST_MS);
	assert_true(is_lifted_by(&g, 5));
}

/* In whatever samples: one factor each time, and no more when none is left. */
static void
lift_sinks_by_one_factor_at_a_time(void **state)
{
	const int64_t samples_ms[] = {1, FAST_MS, SLOW_MS, ADM_LIFT_SINKS_AFTER_MS};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(samples_ms); i++)
	{
		AdmGovernor g = lifted_by(20);

		for (int factors = 20; factors >= -3; factors--)
			for (int64_t at_ms = 0; at_ms < ADM_LIFT_SINKS_AFTER_MS; at_ms += samples_ms[i])
			{
				assert_true(is_lifted_by(&g, factors > 0 ? factors : 0));
				step(&g, COMFORTABLE, false, samples_ms[i]);
			}
		assert_true(g.lift == 1);
	}
}

/* The controller may have stood still: it cannot know what there was. */
static void
long_samples_sink_once(void **state)
{
	AdmGovernor g = lifted_by(5);

	(void) state;
	step(&g, COMFORTABLE, false, HOUR_MS);
	assert_true(is_lifted_by(&g, 4));
	step(&g, COMFORTABLE, false, INT64_MAX);
	assert_true(is_lifted_by(&g, 3));
	step(&g, COMFORTABLE, false, 0);
	assert_true(is_lifted_by(&g, 3));
}

/* The greatest lift is on no step of the way up. */
static void
greatest_lift_sinks_to_none(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	step(&g, COMFORTABLE, true, HOUR_MS);
	assert_true(g.lift == ADM_LIFT_MOST);
	step(&g, COMFORTABLE, false, ADM_LIFT_SINKS_AFTER_MS);
	assert_true(fabs(g.lift - ADM_LIFT_MOST / ADM_LIFT_FACTOR) < 1e-9);
	for (int n = 0; n < 30; n++)
		step(&g, COMFORTABLE, false, ADM_LIFT_SINKS_AFTER_MS);
	assert_true(g.lift == 1);
}

/* A line or pressure, however short, and the time begins anew. */
static void
lines_and_pressure_delay_sinking(void **state)
{
	const struct
	{
		AdmLevel	level;
		bool		line_stands;
	}			delays[] = {{COMFORTABLE, true}, {HIGH, false}, {HIGH, true}};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(delays); i++)
	{
		AdmGovernor g = lifted_by(5);

		for (int n = 0; n < 1000; n++)
		{
			step(&g, COMFORTABLE, false, ADM_LIFT_SINKS_AFTER_MS - 1);
			step(&g, delays[i].level, delays[i].line_stands, 1);
		}
		assert_true(is_lifted_by(&g, 5));
		step(&g, COMFORTABLE, false, ADM_LIFT_SINKS_AFTER_MS);
		assert_true(is_lifted_by(&g, 4));
	}
}

/*
 * Memory of pressure.
 */

/* In comfort without a line, until it is forgotten; -1: not in an hour. */
static int64_t
pressed_for_ms(AdmGovernor *g, int64_t sample_ms)
{
	for (int64_t at_ms = 0; at_ms < HOUR_MS; at_ms += sample_ms)
	{
		if (!adm_governor_is_pressed(g))
			return at_ms;
		step(g, COMFORTABLE, false, sample_ms);
	}
	return -1;
}

static void
pressure_is_remembered(void **state)
{
	const int64_t samples_ms[] = {1, FAST_MS, SLOW_MS, ADM_PRESSED_LASTS_MS};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(samples_ms); i++)
		for (int level = HIGH; level <= CRITICAL; level++)
		{
			AdmGovernor g = fresh();

			step(&g, (AdmLevel) level, false, 1);
			assert_true(adm_governor_is_pressed(&g));
			assert_int_equal(pressed_for_ms(&g, samples_ms[i]), ADM_PRESSED_LASTS_MS);
			assert_int_equal(pressed_for_ms(&g, samples_ms[i]), 0);
		}
}

static void
lines_alone_are_no_pressure(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	for (int n = 0; n < 100000; n++)
	{
		step(&g, COMFORTABLE, n % 3 != 0, FAST_MS);
		assert_false(adm_governor_is_pressed(&g));
	}
	step(&g, HIGH, true, 0);
	assert_false(adm_governor_is_pressed(&g));
}

/* A line or pressure, however short, and it is remembered as long again. */
static void
lines_and_pressure_keep_the_memory(void **state)
{
	(void) state;
	for (int line = 0; line <= 1; line++)
	{
		AdmGovernor g = fresh();

		step(&g, CRITICAL, false, FAST_MS);
		for (int n = 0; n < 1000; n++)
		{
			step(&g, COMFORTABLE, false, ADM_PRESSED_LASTS_MS - 1);
			assert_true(adm_governor_is_pressed(&g));
			step(&g, line ? COMFORTABLE : HIGH, line, 1);
		}
		assert_int_equal(pressed_for_ms(&g, FAST_MS), ADM_PRESSED_LASTS_MS);
	}
}

/*
 * Progress.
 */

typedef struct AdvanceRow
{
	const char *label;
	AdmLevel	level;
	double		use;
	bool		expected;
} AdvanceRow;

static const AdvanceRow advance_rows[] = {
	{"used by half", COMFORTABLE, 0.5, true},
	{"wholly", COMFORTABLE, 1, true},
	{"more than wholly", COMFORTABLE, 7, true},
	{"by almost half", COMFORTABLE, 0.4999, false},
	{"not at all", COMFORTABLE, 0, false},
	{"unknown", COMFORTABLE, NAN, false},
	{"high", HIGH, 1, false},
	{"critical", CRITICAL, 1, false},
};

/* From the time on that proves it, with a line or without. */
static void
advances(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(advance_rows); i++)
	{
		const AdvanceRow *row = &advance_rows[i];

		for (int line = 0; line <= 1; line++)
		{
			AdmGovernor g = fresh();
			AdmGovernorInput in = {FAST_MS, row->level, row->level, row->use, line, false};

			for (int64_t at_ms = FAST_MS; at_ms <= MINUTE_MS; at_ms += FAST_MS)
				assert_row_int(row->label, adm_governor_step(&g, &in).advance,
							   row->expected && at_ms >= ADM_PROOF_AFTER_MS);
			in.elapsed_ms = 0;
			assert_row(row->label, !adm_governor_step(&g, &in).advance);
		}
	}
}

/* All but a moment of the time, and then a moment of what proves nothing. */
static void
interrupted_proof_starts_again(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(advance_rows); i++)
	{
		const AdvanceRow *row = &advance_rows[i];
		const AdmGovernorInput good = {ADM_PROOF_AFTER_MS - 1, COMFORTABLE, COMFORTABLE, 1, false, false};
		const AdmGovernorInput moment = {1, row->level, row->level, row->use, false, false};
		AdmGovernor g = fresh();

		for (int n = 0; n < 1000; n++)
		{
			assert_row_int(row->label, adm_governor_step(&g, &good).advance,
						   row->expected && n > 0);
			assert_row_int(row->label, adm_governor_step(&g, &moment).advance,
						   row->expected);
		}
	}
}

/*
 * Cuts.
 */

/* How many cuts come in so many milliseconds of critical pressure. */
static int
cuts_in(AdmGovernor *g, int64_t time_ms, int64_t sample_ms)
{
	int			cuts = 0;

	for (int64_t at_ms = 0; at_ms < time_ms; at_ms += sample_ms)
		cuts += step(g, CRITICAL, false, sample_ms).cut;
	return cuts;
}

static void
cuts_come_once_in_their_time(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	assert_int_equal(cuts_in(&g, FAST_MS, FAST_MS), 1);
	assert_int_equal(cuts_in(&g, ADM_CUT_COOL_DOWN_MS - FAST_MS, FAST_MS), 0);
	assert_int_equal(cuts_in(&g, FAST_MS, FAST_MS), 1);
	assert_int_equal(cuts_in(&g, HOUR_MS, FAST_MS), 360);
	assert_int_equal(cuts_in(&g, HOUR_MS, SLOW_MS), 360);

	/* Longer samples than that cut once each. */
	assert_int_equal(cuts_in(&g, HOUR_MS, MINUTE_MS), 60);
}

static void
only_critical_pressure_cuts(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	for (int n = 0; n < 100000; n++)
	{
		assert_false(step(&g, COMFORTABLE, n % 3 == 0, FAST_MS).cut);
		assert_false(step(&g, HIGH, n % 5 == 0, FAST_MS).cut);
	}
	g = fresh();
	assert_false(step(&g, CRITICAL, true, 0).cut);
	assert_true(step(&g, CRITICAL, true, 1).cut);
}

/* The time after a cut goes on while pressure is lower. */
static void
cooling_down_goes_on_in_comfort(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	assert_true(step(&g, CRITICAL, false, FAST_MS).cut);
	assert_false(step(&g, COMFORTABLE, false, ADM_CUT_COOL_DOWN_MS - FAST_MS).cut);
	assert_true(step(&g, CRITICAL, false, FAST_MS).cut);
}

typedef struct CutRow
{
	const char *label;
	AdmLevel	level;
	AdmLevel	figures;
	int			lifts;
	double		keeps;			/* of the lift; 0: nothing but 1 */
	bool		order;			/* off the ramp's cap */
} CutRow;

static const CutRow cut_rows[] = {
	{"figures take all", CRITICAL, CRITICAL, 20, 0, false},
	{"however little", CRITICAL, CRITICAL, 1, 0, false},
	{"harm takes a fifth", CRITICAL, HIGH, 20, 0.8, false},
	{"and where figures are just falling", CRITICAL, COMFORTABLE, 20, 0.8, false},
	{"a fifth is what a raise was", CRITICAL, HIGH, 1, 0.8, false},
	{"no lift, figures", CRITICAL, CRITICAL, 0, 1, true},
	{"no lift, harm", CRITICAL, HIGH, 0, 1, true},
	{"no lift, figures just falling", CRITICAL, COMFORTABLE, 0, 1, true},
	{"figures, but not for long enough", HIGH, CRITICAL, 20, 1, false},
	{"not even high for long enough", COMFORTABLE, CRITICAL, 20, 1, false},
	{"high", HIGH, HIGH, 20, 1, false},
};

/* With a line or without, whoever leaves. */
static void
cuts_of_the_lift(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cut_rows); i++)
		for (int signs = 0; signs < 4; signs++)
		{
			const CutRow *row = &cut_rows[i];
			const AdmGovernorInput in = {1, row->level, row->figures, 1, signs & 1, signs & 2};
			AdmGovernor g = lifted_by(row->lifts);
			double		expected = fmax(g.lift * row->keeps, 1);

			assert_row_int(row->label, adm_governor_step(&g, &in).cut, row->order);
			assert_row(row->label, fabs(g.lift - expected) < 1e-9);
		}
}

/* A fifth each time, then all that is left, and then the ramp's turn. */
static void
harm_cuts_as_gently_as_lines_lift(void **state)
{
	const AdmGovernorInput in = {FAST_MS, CRITICAL, HIGH, 1, true, true};
	AdmGovernor g = lifted_by(20);

	(void) state;
	for (int factors = 19; factors >= 0; factors--)
		for (int64_t at_ms = 0; at_ms < ADM_CUT_COOL_DOWN_MS; at_ms += FAST_MS)
		{
			assert_false(adm_governor_step(&g, &in).cut);
			assert_true(is_lifted_by(&g, factors));
		}
	g.lift = 1.1;
	assert_false(adm_governor_step(&g, &in).cut);
	assert_true(g.lift == 1);
	for (int64_t at_ms = FAST_MS; at_ms < ADM_CUT_COOL_DOWN_MS; at_ms += FAST_MS)
		assert_false(adm_governor_step(&g, &in).cut);
	assert_true(adm_governor_step(&g, &in).cut);
	assert_true(g.lift == 1);
}

/* Critical by harm at first, and then by figures: the rest goes at the next cut. */
static void
figures_take_what_harm_has_left(void **state)
{
	const AdmGovernorInput harm = {ADM_CUT_COOL_DOWN_MS, CRITICAL, HIGH, 1, true, true};
	const AdmGovernorInput soon = {ADM_CUT_COOL_DOWN_MS - 1, CRITICAL, CRITICAL, 1, true, true};
	AdmGovernor g = lifted_by(20);

	(void) state;
	adm_governor_step(&g, &harm);
	assert_true(is_lifted_by(&g, 19));
	assert_false(adm_governor_step(&g, &soon).cut);
	assert_true(is_lifted_by(&g, 19));
	assert_false(step(&g, CRITICAL, true, 1).cut);
	assert_true(g.lift == 1);
}

static void
first_cut_takes_the_lift(void **state)
{
	AdmGovernor g = fresh();

	(void) state;
	step(&g, COMFORTABLE, true, 1000);
	assert_true(g.lift > 3);
	assert_false(step(&g, CRITICAL, true, FAST_MS).cut);
	assert_true(g.lift == 1);
	assert_int_equal(cuts_in(&g, ADM_CUT_COOL_DOWN_MS - FAST_MS, FAST_MS), 0);
	assert_true(step(&g, CRITICAL, true, FAST_MS).cut);
}

/*
 * Relapse.
 */

typedef struct RelapseRow
{
	const char *label;
	AdmLevel	level;
	bool		line_stands;
	int			leaves_every_ms;	/* 0: nobody leaves */
	int64_t		expected_ms;	/* the first order; -1: none in an hour */
} RelapseRow;

#define HALF_MINUTE_MS	(30 * SECOND_MS)

static const RelapseRow relapse_rows[] = {
	{"all three", CRITICAL, true, FAST_MS, HALF_MINUTE_MS},
	{"somebody leaves now and then", CRITICAL, true, 5000, HALF_MINUTE_MS},
	{"hardly anybody leaves", CRITICAL, true, 5200, -1},
	{"nobody leaves", CRITICAL, true, 0, -1},
	{"no line", CRITICAL, false, FAST_MS, -1},
	{"only critical", CRITICAL, false, 0, -1},
	{"high", HIGH, true, FAST_MS, -1},
	{"comfortable", COMFORTABLE, true, FAST_MS, -1},
};

static int64_t
relapses_after(AdmGovernor *g, const RelapseRow *row, int64_t time_ms)
{
	for (int64_t at_ms = 0; at_ms < time_ms; at_ms += FAST_MS)
	{
		AdmGovernorInput in = {FAST_MS, row->level, row->level, 1, row->line_stands, false};

		in.clients_left = row->leaves_every_ms > 0 && at_ms % row->leaves_every_ms == 0;
		if (adm_governor_step(g, &in).relapse)
			return at_ms + FAST_MS;
	}
	return -1;
}

/* And again after the same time, if the signs are still there. */
static void
relapse_needs_all_its_signs(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(relapse_rows); i++)
	{
		const RelapseRow *row = &relapse_rows[i];
		AdmGovernor g = fresh();

		for (int again = 0; again < 3; again++)
			assert_row_int(row->label, relapses_after(&g, row, HOUR_MS),
						   row->expected_ms);
	}
}

/*
 * All but a moment of half a minute, then one sign is missing for as long as it
 * takes to forget it, for hours.
 */
static void
interrupted_relapse_starts_again(void **state)
{
	const AdmGovernorInput missing[] = {
		{1, HIGH, CRITICAL, 1, true, true},
		{ADM_STANDING_LASTS_MS, CRITICAL, CRITICAL, 1, false, true},
		{ADM_LEAVING_LASTS_MS, CRITICAL, CRITICAL, 1, true, false},
	};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(missing); i++)
	{
		AdmGovernor g = fresh();

		for (int n = 0; n < 1000; n++)
		{
			assert_int_equal(relapses_after(&g, &relapse_rows[0], HALF_MINUTE_MS - FAST_MS), -1);
			assert_false(adm_governor_step(&g, &missing[i]).relapse);
		}
	}
}

/* A line that is empty for a moment, or a moment in which nobody leaves, is none. */
static void
moments_do_not_interrupt_a_relapse(void **state)
{
	const AdmGovernorInput both = {FAST_MS, CRITICAL, CRITICAL, 1, true, true};
	const AdmGovernorInput none = {ADM_STANDING_LASTS_MS - 1, CRITICAL, CRITICAL, 1, false, false};
	AdmGovernor g = fresh();

	(void) state;
	for (int64_t at_ms = both.elapsed_ms + none.elapsed_ms; at_ms < HALF_MINUTE_MS;
		 at_ms += both.elapsed_ms + none.elapsed_ms)
	{
		assert_false(adm_governor_step(&g, &both).relapse);
		assert_false(adm_governor_step(&g, &none).relapse);
	}
	assert_true(adm_governor_step(&g, &both).relapse);
}

static AdmLineSigns
signs_after(AdmGovernor *g, int64_t elapsed_ms)
{
	step(g, COMFORTABLE, false, elapsed_ms);
	return adm_governor_signs(g);
}

static void
signs_are_remembered(void **state)
{
	const AdmGovernorInput left = {FAST_MS, COMFORTABLE, COMFORTABLE, 1, false, true};
	const AdmGovernorInput stood = {FAST_MS, COMFORTABLE, COMFORTABLE, 1, true, false};
	AdmGovernor g = fresh();

	(void) state;
	adm_governor_step(&g, &left);
	assert_true(adm_governor_signs(&g).clients_leave);
	assert_false(adm_governor_signs(&g).line_stands);
	assert_true(signs_after(&g, ADM_LEAVING_LASTS_MS - 1).clients_leave);
	assert_false(signs_after(&g, 1).clients_leave);

	adm_governor_step(&g, &stood);
	assert_true(adm_governor_signs(&g).line_stands);
	assert_false(adm_governor_signs(&g).clients_leave);
	assert_true(signs_after(&g, ADM_STANDING_LASTS_MS - 1).line_stands);
	assert_false(signs_after(&g, 1).line_stands);

	step(&g, COMFORTABLE, false, INT64_MAX);
	assert_false(signs_after(&g, INT64_MAX).clients_leave);
	assert_false(signs_after(&g, 1).line_stands);
}

/*
 * Random input.
 */

static AdmGovernorInput
random_input(Seeded *random)
{
	const int64_t times[] = {INT64_MIN, -1, 0, 1, 200, 200, 200, 1000, 60000, INT64_MAX};
	const double uses[] = {NAN, 0, 0.3, 0.5, 1, INFINITY};
	AdmGovernorInput in;

	in.elapsed_ms = times[seeded_below(random, COUNT_OF(times) - !seeded_once_in(random, 50))];
	in.level = (AdmLevel) seeded_below(random, ADM_LEVEL_COUNT);
	in.figures = (AdmLevel) seeded_below(random, ADM_LEVEL_COUNT);
	in.use = uses[seeded_below(random, COUNT_OF(uses))];
	in.line_stands = seeded_once_in(random, 2);
	in.clients_left = seeded_once_in(random, 3);
	return in;
}

/* What the governor should remember, in times that do not overflow. */
typedef struct Memory
{
	double		since_cut_ms;
	double		proving_ms;
	double		relaxed_ms;
	double		unseen_line_ms;
	double		unseen_leaving_ms;
	bool		pressed;
} Memory;

static void
remember(Memory *m, const AdmGovernorInput *in)
{
	bool		comfort = in->level == COMFORTABLE;

	if (in->elapsed_ms <= 0)
		return;
	m->since_cut_ms += (double) in->elapsed_ms;
	m->proving_ms += (double) in->elapsed_ms;
	m->relaxed_ms += (double) in->elapsed_ms;
	m->unseen_line_ms = in->line_stands ? 0 : m->unseen_line_ms + (double) in->elapsed_ms;
	m->unseen_leaving_ms = in->clients_left ? 0 : m->unseen_leaving_ms + (double) in->elapsed_ms;
	if (!comfort || !(in->use >= ADM_PROOF_USE))
		m->proving_ms = 0;
	if (!comfort || in->line_stands)
		m->relaxed_ms = 0;
	m->pressed = !comfort || (m->pressed && m->relaxed_ms < ADM_PRESSED_LASTS_MS);
}

static void
check_order(const AdmGovernorInput *in, AdmGovernorOrder order, const Memory *m)
{
	bool		passes = in->elapsed_ms > 0;

	assert_true(!order.cut || (passes && in->level == CRITICAL));
	assert_true(!order.cut || m->since_cut_ms >= ADM_CUT_COOL_DOWN_MS);
	assert_true(!order.relapse || (passes && in->level == CRITICAL));
	assert_true(!order.relapse || m->unseen_line_ms < ADM_STANDING_LASTS_MS);
	assert_true(!order.relapse || m->unseen_leaving_ms < ADM_LEAVING_LASTS_MS);
	assert_int_equal(order.advance, passes && m->proving_ms >= ADM_PROOF_AFTER_MS);
}

/* It only rises for lines in comfort, and only sinks, or is taken, without. */
static void
check_lift(const AdmGovernorInput *in, double before, double now)
{
	assert_true(now >= 1 && now <= ADM_LIFT_MOST);
	assert_true(now <= before || (in->level == COMFORTABLE && in->line_stands &&
								  in->figures == COMFORTABLE));
	if (now >= before)
		return;
	if (in->level == CRITICAL && in->figures == CRITICAL)
		assert_true(now == 1);
	else if (in->level == CRITICAL)
		assert_true(now == fmax(before * ADM_CUT_KEEPS, 1));
	else
	{
		assert_true(in->level == COMFORTABLE && !in->line_stands);
		assert_true(now == fmax(before / ADM_LIFT_FACTOR, 1));
	}
}

static void
rules_hold_whatever_happens(void **state)
{
	Seeded		random = {601};
	AdmGovernor g = fresh();
	Memory		memory = {ADM_CUT_COOL_DOWN_MS, 0, 0, INFINITY, INFINITY, false};

	(void) state;
	for (int n = 0; n < 500000; n++)
	{
		AdmGovernorInput in = random_input(&random);
		double		lift = g.lift;
		AdmGovernorOrder order = adm_governor_step(&g, &in);

		remember(&memory, &in);
		check_order(&in, order, &memory);
		check_lift(&in, lift, g.lift);
		assert_int_equal(adm_governor_is_pressed(&g), memory.pressed);
		if (order.cut)
			memory.since_cut_ms = 0;
	}
}

/*
 * Machines.
 */

#define NO_CAP		INT_MAX

typedef struct Machine
{
	int			cores;
	double		offered;		/* sessions that want to be in at once */
	double		core_share;		/* of a core, that one of them keeps busy */
	double		ungated;		/* cores' worth of work that passes no gate */
	bool		impatient;		/* who waits, leaves */
	int64_t		sample_ms;		/* when nobody waits */

	AdmWarmup	warmup;
	AdmGovernor governor;
	AdmLevelState level;

	/* Of the last sample. */
	int64_t		elapsed_ms;
	int			cap;			/* that it had */
	double		demand;

	/* Since watch(). */
	int64_t		line_ms;		/* of the present line in comfort */
	int64_t		longest_line_ms;
	int64_t		lines_ms;		/* of all of them */
	int64_t		advanced_ms;
	int			cuts;
	int			relapses;
	int			level_changes;
	int			least_cap;
	int			most_cap;
} Machine;

static void
watch(Machine *m)
{
	m->line_ms = m->longest_line_ms = m->lines_ms = m->advanced_ms = 0;
	m->cuts = m->relapses = m->level_changes = 0;
	m->least_cap = INT_MAX;
	m->most_cap = 0;
}

static Machine
machine(int cores, int64_t sample_ms, int64_t duration_ms)
{
	const AdmWindow window = {duration_ms, -1, -1, 0, 0};
	Machine		m;

	memset(&m, 0, sizeof(m));
	m.cores = cores;
	m.core_share = 1;
	m.sample_ms = sample_ms;
	adm_warmup_begin(&m.warmup, ADM_TRIGGER_MANUAL, &window, 0);
	adm_governor_init(&m.governor);
	adm_level_init(&m.level);
	watch(&m);
	return m;
}

/* No warm-up runs: the caps of its end, and only under pressure. */
static Machine
open_machine(int cores, int64_t sample_ms)
{
	Machine		m = machine(cores, sample_ms, HOUR_MS);

	adm_warmup_stop(&m.warmup);
	return m;
}

static int
cap_of(const Machine *m)
{
	if (m->warmup.phase == ADM_PHASE_OPEN && !adm_governor_is_pressed(&m->governor))
		return NO_CAP;
	return adm_governor_lifted(&m->governor,
							   adm_ramp_start_cap(m->cores, adm_warmup_progress(&m->warmup)));
}

/* What gated sessions use of the cores, by what they get. */
static double
use_of(const Machine *m, double in)
{
	double		wanted = in * m->core_share + m->ungated;
	double		got = wanted > m->cores ? m->cores / wanted : 1;

	return in * m->core_share * got / m->cores;
}

static void
note_sample(Machine *m, bool line, AdmGovernorOrder order)
{
	bool		bad_line = line && m->level.level == COMFORTABLE;

	m->line_ms = bad_line ? m->line_ms + m->elapsed_ms : 0;
	m->lines_ms += bad_line ? m->elapsed_ms : 0;
	if (m->line_ms > m->longest_line_ms)
		m->longest_line_ms = m->line_ms;
	m->advanced_ms += order.advance ? m->elapsed_ms : 0;
	m->cuts += order.cut;
	m->relapses += order.relapse;
	if (m->cap < m->least_cap)
		m->least_cap = m->cap;
	if (m->cap > m->most_cap)
		m->most_cap = m->cap;
}

/* Those of now, and those that are remembered. */
static AdmLineSigns
signs_of(const Machine *m, const AdmGovernorInput *in)
{
	AdmLineSigns signs = adm_governor_signs(&m->governor);

	signs.line_stands |= in->line_stands;
	signs.clients_leave |= in->clients_left;
	return signs;
}

/* Returns whether the warm-up ended. */
static bool
live_sample(Machine *m)
{
	double		in = fmin(m->offered, (m->cap = cap_of(m)));
	bool		line = m->offered > m->cap;
	AdmGovernorInput input = {FAST_MS, COMFORTABLE, COMFORTABLE, use_of(m, in), line,
	line && m->impatient};
	AdmGovernorOrder order;
	AdmPressure p;

	if (!line)
		input.elapsed_ms = m->sample_ms;
	m->elapsed_ms = input.elapsed_ms;
	adm_pressure_clear(&p);
	p.cores = m->cores;
	p.cpu_demand = m->demand = (in * m->core_share + m->ungated) / m->cores;
	m->level_changes += adm_level_step(&m->level, &p, signs_of(m, &input), m->elapsed_ms);
	input.level = m->level.level;
	input.figures = m->level.figures;
	order = adm_governor_step(&m->governor, &input);
	if (order.cut)
		adm_warmup_set_back(&m->warmup,
							adm_ramp_start_cut(m->cores, adm_warmup_progress(&m->warmup),
											   ADM_CUT_KEEPS));
	note_sample(m, line, order);
	return adm_warmup_elapse(&m->warmup, m->elapsed_ms, order.advance, DAY_MS);
}

/* Until the warm-up has ended, or so long. */
static bool
live(Machine *m, int64_t time_ms)
{
	for (int64_t at_ms = 0; at_ms < time_ms; at_ms += m->elapsed_ms)
	{
		if (live_sample(m))
			return true;
	}
	return false;
}

static const int64_t sample_times_ms[] = {FAST_MS, SLOW_MS};
static const int core_counts[] = {1, 2, 4, 16, 64};

/* How long it takes until a cap is as high as needed, a quarter at a time. */
static int64_t
lift_time_ms(double needed, int cap)
{
	int			lifts = 0;

	for (double lifted = cap; ceil(lifted) < needed; lifted *= ADM_LIFT_FACTOR)
		lifts++;
	return lifts * ADM_LIFT_EVERY_MS;
}

/*
 * As many sessions as a comfortable machine can bear, most of them waiting for
 * something else than a processor.  Lines come and go, none stands longer than
 * lifting the cap from the ramp's takes.
 */
static void
comfortable_machine_keeps_no_line(void **state)
{
	const double core_shares[] = {1, 0.5, 0.1, 0.01};
	const double loads[] = {0.1, 0.5, 1, 1.2, 1.45};

	(void) state;
	for (size_t c = 0; c < COUNT_OF(core_counts); c++)
		for (size_t s = 0; s < COUNT_OF(core_shares); s++)
			for (size_t l = 0; l < COUNT_OF(loads); l++)
			{
				Machine		m = machine(core_counts[c], FAST_MS, 5 * MINUTE_MS);
				int			initial = cap_of(&m);

				m.core_share = core_shares[s];
				m.offered = floor(loads[l] * m.cores / m.core_share);
				live(&m, HOUR_MS);
				assert_int_equal(m.level_changes, 0);
				assert_true(m.longest_line_ms <= lift_time_ms(m.offered, initial));
				assert_int_equal(m.cuts, 0);
			}
}

/* The line of a burst in an idle hour is gone as soon. */
static void
burst_on_an_idle_machine(void **state)
{
	Machine		m = machine(4, FAST_MS, 5 * MINUTE_MS);

	(void) state;
	live(&m, HOUR_MS);
	assert_int_equal(m.cap, 8);
	watch(&m);
	m.core_share = 0.01;
	m.offered = 300;
	live(&m, MINUTE_MS);
	assert_int_equal(m.longest_line_ms, lift_time_ms(300, 8));
	assert_true(m.longest_line_ms < 4000);
	assert_int_equal(m.level.level, COMFORTABLE);
}

static void
idle_night_proves_nothing(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(sample_times_ms); i++)
	{
		Machine		m = machine(4, sample_times_ms[i], 5 * MINUTE_MS);

		m.offered = 1.9;
		assert_false(live(&m, 12 * HOUR_MS));
		assert_int_equal(m.advanced_ms, 0);
		assert_true(adm_warmup_progress(&m.warmup) == 0);
		assert_int_equal(m.least_cap, 8);
		assert_int_equal(m.most_cap, 8);

		/* The morning's load does. */
		m.offered = 4;
		assert_false(live(&m, ADM_PROOF_AFTER_MS - sample_times_ms[i]));
		assert_int_equal(m.advanced_ms, 0);
		assert_false(live(&m, 5 * MINUTE_MS - SLOW_MS));
		assert_true(adm_warmup_progress(&m.warmup) > 0.99);
		assert_true(live(&m, SLOW_MS));
		assert_int_equal(m.warmup.ending, ADM_ENDING_COMPLETED);
	}
}

static void
ungated_load_proves_nothing(void **state)
{
	const double ungated[] = {0.5, 2, 5.9, 8, 20, 400};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(ungated); i++)
	{
		Machine		m = machine(4, FAST_MS, 5 * MINUTE_MS);

		m.ungated = ungated[i];
		m.offered = 0.5;
		assert_false(live(&m, 12 * HOUR_MS));
		assert_int_equal(m.advanced_ms, 0);
		assert_int_equal(m.least_cap, 8);
		assert_int_equal(m.most_cap, 8);
	}
}

static void
high_pressure_holds(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(sample_times_ms); i++)
	{
		Machine		m = machine(4, sample_times_ms[i], 5 * MINUTE_MS);

		m.offered = 4;
		live(&m, ADM_PROOF_AFTER_MS - m.sample_ms + 2 * MINUTE_MS);
		assert_true(adm_warmup_progress(&m.warmup) == 0.4);
		m.ungated = 4;
		live(&m, SECOND_MS);
		assert_int_equal(m.level.level, HIGH);
		watch(&m);
		live(&m, HOUR_MS);
		assert_int_equal(m.advanced_ms, 0);
		assert_int_equal(m.cuts, 0);
		assert_int_equal(m.least_cap, m.most_cap);
		m.ungated = 0;
		live(&m, 4 * SECOND_MS);
		assert_int_equal(m.level.level, COMFORTABLE);
		assert_true(live(&m, ADM_PROOF_AFTER_MS + 3 * MINUTE_MS + SECOND_MS));
	}
}

/* On four cores from 16, almost: 12.8, 10.2, 8.2, and 8 is the least. */
static void
critical_pressure_cuts_down_to_initial(void **state)
{
	const int	expected[] = {12, 10, 8, 8, 8};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(sample_times_ms); i++)
	{
		Machine		m = machine(4, sample_times_ms[i], 5 * MINUTE_MS);

		m.offered = 4;
		live(&m, 5 * MINUTE_MS - SLOW_MS);
		assert_int_equal(cap_of(&m), 15);
		m.ungated = 30;
		while (m.level.level != CRITICAL)
			live_sample(&m);
		for (size_t n = 0; n < COUNT_OF(expected); n++)
		{
			assert_int_equal(cap_of(&m), expected[n]);
			live(&m, ADM_CUT_COOL_DOWN_MS - m.sample_ms);
			assert_int_equal(cap_of(&m), expected[n]);
			live_sample(&m);
		}
		assert_true(adm_warmup_progress(&m.warmup) == 0);
		assert_int_equal(m.warmup.phase, ADM_PHASE_WARMING);

		/* Better times: seconds to be comfortable, and all progress anew. */
		m.ungated = 0;
		live(&m, 7 * SECOND_MS);
		assert_int_equal(m.level.level, COMFORTABLE);
		live(&m, ADM_PROOF_AFTER_MS - 2 * SECOND_MS);
		assert_false(live(&m, 5 * MINUTE_MS - 4 * SECOND_MS));
		assert_true(live(&m, 5 * SECOND_MS));
		assert_int_equal(m.warmup.ending, ADM_ENDING_COMPLETED);
	}
}

/* In a storm at the gate that the machine can hardly bear, whose clients leave. */
static void
storm_is_a_relapse(void **state)
{
	for (int impatient = 0; impatient <= 1; impatient++)
	{
		Machine		m = machine(4, FAST_MS, 5 * MINUTE_MS);

		(void) state;
		m.offered = 1000;
		m.impatient = impatient;
		live(&m, 35 * SECOND_MS);
		assert_int_equal(m.relapses, 0);
		live(&m, 5 * SECOND_MS);
		assert_int_equal(m.relapses, impatient);
		watch(&m);
		live(&m, HOUR_MS);
		assert_int_equal(m.relapses, impatient ? 120 : 0);
	}
}

/* A batch of superusers in an idle hour, or with patient clients, is none. */
static void
processors_alone_are_no_relapse(void **state)
{
	Machine		m = machine(4, FAST_MS, 5 * MINUTE_MS);

	(void) state;
	m.ungated = 1000;
	m.offered = 2;
	m.impatient = true;
	live(&m, 12 * HOUR_MS);
	assert_int_equal(m.level.level, CRITICAL);
	assert_int_equal(m.relapses, 0);
}

/* Logins of a large pool keep it busy for seconds, again and again. */
static void
short_bursts_prove_nothing(void **state)
{
	Machine		m = machine(4, FAST_MS, 5 * MINUTE_MS);

	(void) state;
	for (int n = 0; n < 1000; n++)
	{
		m.offered = 4;
		live(&m, ADM_PROOF_AFTER_MS - FAST_MS);
		m.offered = 1;
		live(&m, SECOND_MS);
	}
	assert_int_equal(m.advanced_ms, 0);
}

/*
 * Steady load: once settled, the level stays, and the cap is near what is
 * needed.  In comfort it sinks by a factor each time, and where that makes a
 * line it is back at once; under pressure it does not move.
 */

#define SETTLES_MS		(15 * SECOND_MS)

/* Where the cap of a warm-up's ramp is higher than needed, it is that. */
static void
check_cap_is_as_needed(const Machine *m)
{
	int			floor_cap = m->warmup.phase == ADM_PHASE_OPEN ? NO_CAP :
		adm_ramp_start_cap(m->cores, adm_warmup_progress(&m->warmup));

	assert_true(m->most_cap <= ceil(m->least_cap * ADM_LIFT_FACTOR) + 1);
	if (m->level.level != COMFORTABLE)
	{
		assert_int_equal(m->least_cap, m->most_cap);
		return;
	}
	assert_true(m->least_cap >= floor(m->offered / ADM_LIFT_FACTOR));
	assert_true(m->most_cap <= floor_cap || m->most_cap <= m->offered * ADM_LIFT_FACTOR + 1);
}

/* A line of 0.2 s in 10 s, at most. */
static void
check_lines_are_short(const Machine *m, int64_t time_ms)
{
	assert_true(m->longest_line_ms <= ADM_LIFT_EVERY_MS);
	assert_true(m->lines_ms <= (time_ms / ADM_LIFT_SINKS_AFTER_MS + 1) * ADM_LIFT_EVERY_MS);
}

static void
check_settled(Machine *m, int64_t time_ms)
{
	watch(m);
	live(m, time_ms);
	assert_int_equal(m->level_changes, 0);
	check_cap_is_as_needed(m);
	check_lines_are_short(m, time_ms);
}

static const double steady_shares[] = {1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02};

static const double steady_loads[] = {
	0.1, 0.2, 0.5, 0.8, 1, 1.1, 1.2, 1.3, 1.4, 1.45, 1.5, 1.6, 2, 3, 4, 5, 5.9, 6, 7, 10, 20, 50
};

/* So long a warm-up that the ramp itself does not move. */
static void
steady_load_does_not_swing(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(sample_times_ms); i++)
		for (size_t c = 0; c < COUNT_OF(core_counts); c++)
			for (size_t s = 0; s < COUNT_OF(steady_shares); s++)
				for (size_t l = 0; l < COUNT_OF(steady_loads); l++)
				{
					Machine		m = machine(core_counts[c], sample_times_ms[i],
											100000 * HOUR_MS);

					m.core_share = steady_shares[s];
					m.offered = steady_loads[l] * m.cores / m.core_share;
					live(&m, SETTLES_MS);
					assert_int_equal(m.cuts, 0);
					check_settled(&m, 10 * MINUTE_MS);
					assert_true(m.demand < 6);
				}
}

/* Uncapped work comes first: critical, high, comfortable, and lifted to high. */
#define MOST_CHANGES	4

/*
 * Where no warm-up runs, caps that came and went with the level would drive it
 * to and fro.
 */
static void
open_gate_does_not_swing(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(sample_times_ms); i++)
		for (size_t c = 0; c < COUNT_OF(core_counts); c++)
			for (size_t s = 0; s < COUNT_OF(steady_shares); s++)
				for (size_t l = 0; l < COUNT_OF(steady_loads); l++)
				{
					Machine		m = open_machine(core_counts[c], sample_times_ms[i]);

					m.core_share = steady_shares[s];
					m.offered = steady_loads[l] * m.cores / m.core_share;
					live(&m, SETTLES_MS);
					assert_true(m.level_changes <= MOST_CHANGES);
					check_settled(&m, 10 * MINUTE_MS);
				}
}

/* A load that jumps by a fifth all the time: not even a change in a minute. */
static void
open_gate_does_not_chatter(void **state)
{
	Seeded		random = {602};

	(void) state;
	for (size_t c = 0; c < COUNT_OF(core_counts) - 1; c++)
		for (size_t s = 0; s < COUNT_OF(steady_shares); s++)
			for (size_t l = 0; l < COUNT_OF(steady_loads); l++)
			{
				Machine		m = open_machine(core_counts[c], FAST_MS);
				double		offered = steady_loads[l] * m.cores / steady_shares[s];

				m.core_share = steady_shares[s];
				for (int n = 0; n < 20 * MINUTE_MS / FAST_MS; n++)
				{
					m.offered = offered * (0.8 + (double) seeded_below(&random, 400) / 1000);
					live_sample(&m);
				}
				assert_true(m.level_changes < 20);
			}
}

/* The pressure of a batch is forgotten a minute after it, and the caps with it. */
static void
caps_outlast_pressure(void **state)
{
	Machine		m = open_machine(4, FAST_MS);

	(void) state;
	m.offered = 2;
	live(&m, MINUTE_MS);
	assert_int_equal(m.cap, NO_CAP);
	m.ungated = 30;
	live(&m, MINUTE_MS);
	assert_int_equal(m.level.level, CRITICAL);
	assert_int_equal(m.cap, 16);
	m.ungated = 0;
	live(&m, 2 * ADM_LEVEL_FALLS_AFTER_MS);
	assert_int_equal(m.level.level, COMFORTABLE);
	live(&m, ADM_PRESSED_LASTS_MS - 2 * FAST_MS);
	assert_int_equal(cap_of(&m), 16);
	live(&m, FAST_MS);
	assert_int_equal(cap_of(&m), NO_CAP);
}

/* After a rush the cap comes down to what is needed, and no line stands long. */
static void
cap_follows_a_smaller_load(void **state)
{
	const double loads[] = {250, 100, 40, 12};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(loads); i++)
	{
		Machine		m = machine(4, SLOW_MS, 100000 * HOUR_MS);

		m.core_share = 0.01;
		m.offered = 300;
		live(&m, MINUTE_MS);
		m.offered = loads[i];
		watch(&m);
		live(&m, 10 * MINUTE_MS);
		check_lines_are_short(&m, 10 * MINUTE_MS);
		check_settled(&m, HOUR_MS);
		assert_true(m.cap <= loads[i] * ADM_LIFT_FACTOR + 1);
	}
}

/*
 * With work for processors alone the cap does not move at all.  Not so on a
 * single core, which the initial cap already brings to high pressure.
 */
static void
steady_processor_load_stays_settled(void **state)
{
	const double loads[] = {0.1, 0.5, 1, 1.4, 1.6, 2, 5, 10, 50};

	(void) state;
	for (size_t c = 1; c < COUNT_OF(core_counts); c++)
		for (size_t l = 0; l < COUNT_OF(loads); l++)
		{
			Machine		m = machine(core_counts[c], FAST_MS, 100000 * HOUR_MS);

			m.offered = loads[l] * m.cores;
			live(&m, SETTLES_MS);
			watch(&m);
			live(&m, 2 * HOUR_MS);
			assert_int_equal(m.level_changes, 0);
			assert_int_equal(m.least_cap, m.most_cap);
		}
}

/*
 * Impatient clients: they come at a rate, whoever waits, and leave the line
 * after two seconds in it.
 */

#define PATIENCE_MS		2000
#define STANDS_MS		100
#define TICK_MS			20
#define LINE_ROOM		65536

typedef struct Shop
{
	Machine		m;
	double		arrivals;		/* clients per second */
	double		session_s;		/* of each, where no work waits */
	double		coming;			/* parts of a client */
	double		going;
	int			in;
	int			present;		/* sum over the ticks of a sample */
	int64_t		now_ms;
	int64_t		came_ms[LINE_ROOM]; /* of who waits, first in line first */
	unsigned	first;
	unsigned	behind_last;
	int64_t		left;
} Shop;

static int64_t
first_waits_ms(const Shop *s)
{
	return s->first == s->behind_last ? -1 : s->now_ms - s->came_ms[s->first % LINE_ROOM];
}

static void
tick(Shop *s)
{
	double		demand = (s->in * s->m.core_share + s->m.ungated) / s->m.cores;
	double		stretch = 1 + s->m.core_share * (fmax(demand, 1) - 1);

	s->now_ms += TICK_MS;
	s->going += s->in / (s->session_s * stretch) * TICK_MS / 1000;
	for (; s->going >= 1 && s->in > 0; s->going--)
		s->in--;
	for (s->coming += s->arrivals * TICK_MS / 1000; s->coming >= 1; s->coming--)
	{
		assert_true(s->behind_last - s->first < LINE_ROOM);
		s->came_ms[s->behind_last++ % LINE_ROOM] = s->now_ms;
	}
	for (; first_waits_ms(s) >= PATIENCE_MS; s->first++)
		s->left++;
	for (; s->in < s->m.cap && first_waits_ms(s) >= 0; s->first++)
		s->in++;
	s->present += s->in;
}

/* A look, at once when a line begins after a while, as the controller does. */
static void
shop_sample(Shop *s)
{
	Machine    *m = &s->m;
	int64_t		left = s->left;
	AdmGovernorInput input;
	AdmGovernorOrder order;
	AdmPressure p;
	double		present;
	int			ticks = 0;

	m->cap = cap_of(m);
	s->present = 0;
	do
	{
		tick(s);
		ticks++;
	} while (ticks * TICK_MS < (first_waits_ms(s) >= 0 ? FAST_MS : m->sample_ms));
	m->elapsed_ms = ticks * TICK_MS;
	present = (double) s->present / ticks;
	adm_pressure_clear(&p);
	p.cores = m->cores;
	p.cpu_demand = m->demand = (present * m->core_share + m->ungated) / m->cores;
	input = (AdmGovernorInput) {m->elapsed_ms, COMFORTABLE, COMFORTABLE,
		use_of(m, present), first_waits_ms(s) >= STANDS_MS, s->left > left
	};
	m->level_changes += adm_level_step(&m->level, &p, signs_of(m, &input), m->elapsed_ms);
	input.level = m->level.level;
	input.figures = m->level.figures;
	order = adm_governor_step(&m->governor, &input);
	if (order.cut)
		adm_warmup_set_back(&m->warmup,
							adm_ramp_start_cut(m->cores, adm_warmup_progress(&m->warmup),
											   ADM_CUT_KEEPS));
	note_sample(m, input.line_stands, order);
	adm_warmup_elapse(&m->warmup, m->elapsed_ms, order.advance, DAY_MS);
}

static void
shop_lives(Shop *s, int64_t time_ms)
{
	for (int64_t end_ms = s->now_ms + time_ms; s->now_ms < end_ms;)
		shop_sample(s);
}

typedef struct ShopRow
{
	bool		open;			/* no warm-up runs */
	int			cores;
	double		core_share;
	double		load;			/* cores' worth, per core */
	double		session_s;
} ShopRow;

static void
open_shop(Shop *s, const ShopRow *row)
{
	memset(s, 0, sizeof(*s));
	s->m = row->open ? open_machine(row->cores, SLOW_MS) :
		machine(row->cores, SLOW_MS, 100000 * HOUR_MS);
	s->m.core_share = row->core_share;
	s->session_s = row->session_s;
	s->arrivals = row->load * row->cores / row->core_share / row->session_s;
}

/*
 * The cap of a settled gate moves by so many raises: a cut and a raise, each a
 * quarter or a fifth, rounded to whole sessions.
 */
#define SWINGS_BY		2

/* No longer does a line stand in comfort: two raises, and until the level rises. */
#define LINE_LASTS_MS	(2 * ADM_LIFT_EVERY_MS + ADM_LEVEL_RISES_AFTER_MS)

#define CHANGES_A_MINUTE	12
#define WATCHED_MINUTES	5

/* What a machine bears in comfort makes nobody leave and no level change. */
static void
check_shop(const Shop *s, const ShopRow *row)
{
	const Machine *m = &s->m;
	double		swing = pow(ADM_LIFT_FACTOR, SWINGS_BY);
	bool		comfort = row->load < 1;

	assert_true(m->most_cap <= ceil(m->least_cap * (comfort ? ADM_LIFT_FACTOR : swing)) + 1);
	assert_true(m->level_changes <= (comfort ? 0 : CHANGES_A_MINUTE * WATCHED_MINUTES));
	assert_true(m->longest_line_ms <= (comfort ? ADM_LIFT_EVERY_MS : LINE_LASTS_MS));
	assert_true(!comfort || s->left == 0);
}

typedef struct Worst
{
	double		swing;
	int			changes;
	int			leaving;		/* shops that clients left */
	int64_t		changes_there;
} Worst;

static void
visit(const ShopRow *row, Worst *worst)
{
	static Shop s;

	open_shop(&s, row);
	shop_lives(&s, 2 * MINUTE_MS);
	watch(&s.m);
	s.left = 0;
	shop_lives(&s, WATCHED_MINUTES * MINUTE_MS);
	check_shop(&s, row);
	worst->swing = fmax(worst->swing, (double) s.m.most_cap / s.m.least_cap);
	worst->changes = fmax(worst->changes, s.m.level_changes);
	if (s.left == 0)
		return;
	worst->leaving++;
	worst->changes_there += s.m.level_changes;
}

static const double shop_shares[] = {1, 0.5, 0.2, 0.05};
static const double shop_loads[] = {0.9, 2, 3, 10};
static const double shop_sessions_s[] = {0.1, 1, 10};

static void
impatient_clients_swing_the_cap_a_little(void **state)
{
	Worst		worst = {1, 0, 0, 0};

	(void) state;
	for (size_t c = 0; c < COUNT_OF(core_counts) - 1; c++)
		for (size_t h = 0; h < COUNT_OF(shop_shares); h++)
			for (size_t l = 0; l < COUNT_OF(shop_loads); l++)
				for (size_t t = 0; t < COUNT_OF(shop_sessions_s); t++)
					for (int open = 0; open <= 1; open++)
						visit(&(ShopRow) {open, core_counts[c], shop_shares[h],
										  shop_loads[l], shop_sessions_s[t]}, &worst);
	assert_true(worst.leaving > 100);
	print_message("impatient clients: caps swing by up to %.2f, the level changes "
				  "up to %.1f times a minute, %.1f in the mean of %d\n",
				  worst.swing, (double) worst.changes / WATCHED_MINUTES,
				  (double) worst.changes_there / worst.leaving / WATCHED_MINUTES,
				  worst.leaving);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_without_lift),
		cmocka_unit_test(lifted_caps),
		cmocka_unit_test(lifts),
		cmocka_unit_test(short_lines_do_not_lift),
		cmocka_unit_test(rising_figures_do_not_lift),
		cmocka_unit_test(high_pressure_keeps_the_lift),
		cmocka_unit_test(lift_sinks_by_one_factor_at_a_time),
		cmocka_unit_test(long_samples_sink_once),
		cmocka_unit_test(greatest_lift_sinks_to_none),
		cmocka_unit_test(lines_and_pressure_delay_sinking),
		cmocka_unit_test(pressure_is_remembered),
		cmocka_unit_test(lines_alone_are_no_pressure),
		cmocka_unit_test(lines_and_pressure_keep_the_memory),
		cmocka_unit_test(advances),
		cmocka_unit_test(interrupted_proof_starts_again),
		cmocka_unit_test(cuts_come_once_in_their_time),
		cmocka_unit_test(only_critical_pressure_cuts),
		cmocka_unit_test(cooling_down_goes_on_in_comfort),
		cmocka_unit_test(cuts_of_the_lift),
		cmocka_unit_test(harm_cuts_as_gently_as_lines_lift),
		cmocka_unit_test(figures_take_what_harm_has_left),
		cmocka_unit_test(first_cut_takes_the_lift),
		cmocka_unit_test(relapse_needs_all_its_signs),
		cmocka_unit_test(interrupted_relapse_starts_again),
		cmocka_unit_test(moments_do_not_interrupt_a_relapse),
		cmocka_unit_test(signs_are_remembered),
		cmocka_unit_test(rules_hold_whatever_happens),
		cmocka_unit_test(comfortable_machine_keeps_no_line),
		cmocka_unit_test(burst_on_an_idle_machine),
		cmocka_unit_test(idle_night_proves_nothing),
		cmocka_unit_test(ungated_load_proves_nothing),
		cmocka_unit_test(high_pressure_holds),
		cmocka_unit_test(critical_pressure_cuts_down_to_initial),
		cmocka_unit_test(storm_is_a_relapse),
		cmocka_unit_test(processors_alone_are_no_relapse),
		cmocka_unit_test(short_bursts_prove_nothing),
		cmocka_unit_test(steady_load_does_not_swing),
		cmocka_unit_test(open_gate_does_not_swing),
		cmocka_unit_test(open_gate_does_not_chatter),
		cmocka_unit_test(caps_outlast_pressure),
		cmocka_unit_test(cap_follows_a_smaller_load),
		cmocka_unit_test(steady_processor_load_stays_settled),
		cmocka_unit_test(impatient_clients_swing_the_cap_a_little),
	};

	return cmocka_run_group_tests_name("governor", tests, NULL, NULL);
}
