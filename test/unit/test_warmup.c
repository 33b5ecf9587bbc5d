/*
 * test_warmup.c - tests of the life of a warm-up, with simulated hours.
 */
#include "rows.h"

#include <float.h>
#include <math.h>

#include "policy/warmup.h"
#include "same.h"
#include "seeded.h"

#define SECOND_MS	INT64_C(1000)
#define HOUR_S		3600
#define DAY_S		(24 * HOUR_S)
#define NEVER		(-1)

/* Short words for the tables. */
#define OPEN		ADM_PHASE_OPEN
#define WARMING		ADM_PHASE_WARMING
#define HOLDING		ADM_PHASE_HOLDING
#define RUNS_ON		ADM_ENDING_NONE
#define COMPLETED	ADM_ENDING_COMPLETED
#define EXPIRED		ADM_ENDING_EXPIRED
#define STOPPED		ADM_ENDING_STOPPED

static const AdmWindow five_minutes = {300 * SECOND_MS, 10, 100, 0, -4};

static AdmWarmup
begun(const AdmWindow *window)
{
	AdmWarmup	w;

	memset(&w, 0, sizeof(w));
	adm_warmup_begin(&w, ADM_TRIGGER_MANUAL, window, 1000000);
	return w;
}

/*
 * Begin.
 */

static void
begin_starts_at_nothing(void **state)
{
	AdmWindow	window = {7000, -1, 42, 0, -4};
	AdmWarmup	w = {0};

	(void) state;
	adm_warmup_begin(&w, ADM_TRIGGER_CRASH, &window, 1234567);
	window.duration_ms = 1;
	assert_int_equal(w.phase, ADM_PHASE_WARMING);
	assert_int_equal(w.trigger, ADM_TRIGGER_CRASH);
	assert_int_equal(w.ending, ADM_ENDING_NONE);
	assert_int_equal(w.window.duration_ms, 7000);
	assert_int_equal(w.window.initial_connections, -1);
	assert_int_equal(w.window.target_connections, 42);
	assert_int_equal(w.window.initial_transactions, 0);
	assert_int_equal(w.window.target_transactions, -4);
	assert_int_equal(w.spent_ms, 0);
	assert_int_equal(w.age_ms, 0);
	assert_int_equal(w.started_at_us, 1234567);
	assert_true(adm_warmup_progress(&w) == 0);
}

/* A warm-up that runs, or is held, is replaced; how the last ended is kept. */
static void
begin_anew_replaces_one_that_runs(void **state)
{
	const AdmWindow window = {9000, 3, 4, 5, 6};
	const AdmWarmup expected = {
		ADM_PHASE_WARMING, ADM_TRIGGER_NEW_HOST, ADM_ENDING_STOPPED,
		{9000, 3, 4, 5, 6}, 0, 0, 3
	};

	(void) state;
	for (int hold = 0; hold <= 1; hold++)
	{
		AdmWarmup	w = begun(&five_minutes);

		assert_true(adm_warmup_stop(&w));
		adm_warmup_begin(&w, ADM_TRIGGER_CRASH, &five_minutes, 2);
		assert_false(adm_warmup_elapse(&w, 1000, true, DAY_S * SECOND_MS));
		if (hold)
			assert_true(adm_warmup_hold(&w));
		adm_warmup_begin(&w, ADM_TRIGGER_NEW_HOST, &window, 3);
		assert_true(same_warmup(&w, &expected));
	}
}

/*
 * Simulated days, in ticks of a second.
 */

typedef struct DayRow
{
	const char *label;
	int			duration_s;
	int			max_age_s;
	int			hold_s;			/* when it is held, continued and stopped */
	int			continue_s;
	int			stop_s;
	int			end_s;
	AdmEnding	ending;
} DayRow;

static const DayRow day_rows[] = {
	{"undisturbed", 300, DAY_S, NEVER, NEVER, NEVER, 300, COMPLETED},
	{"one second", 1, DAY_S, NEVER, NEVER, NEVER, 1, COMPLETED},
	{"a day, both ends at once",
	DAY_S, DAY_S, NEVER, NEVER, NEVER, DAY_S, COMPLETED},
	{"a second too long",
	DAY_S + 1, DAY_S, NEVER, NEVER, NEVER, DAY_S, EXPIRED},
	{"held for 19 hours",
	2 * HOUR_S, DAY_S, HOUR_S, 20 * HOUR_S, NEVER, 21 * HOUR_S, COMPLETED},
	{"held at once", 300, DAY_S, 0, HOUR_S, NEVER, HOUR_S + 300, COMPLETED},
	{"held in the last second",
	300, DAY_S, 299, HOUR_S, NEVER, HOUR_S + 1, COMPLETED},
	{"expires while held",
	2 * HOUR_S, DAY_S, HOUR_S, NEVER, NEVER, DAY_S, EXPIRED},
	{"held at once for good", 300, DAY_S, 0, NEVER, NEVER, DAY_S, EXPIRED},
	{"continued too late",
	3 * HOUR_S, DAY_S, HOUR_S, 23 * HOUR_S, NEVER, DAY_S, EXPIRED},
	{"continued just in time",
	2 * HOUR_S, DAY_S, HOUR_S, 23 * HOUR_S, NEVER, DAY_S, COMPLETED},
	{"stopped", HOUR_S, DAY_S, NEVER, NEVER, 100, 100, STOPPED},
	{"stopped at once", HOUR_S, DAY_S, NEVER, NEVER, 0, 0, STOPPED},
	{"stopped while held",
	HOUR_S, DAY_S, 50, NEVER, 20 * HOUR_S, 20 * HOUR_S, STOPPED},
	{"short age", HOUR_S, 60, NEVER, NEVER, NEVER, 60, EXPIRED},
};

/* What the operator does at this second; whether it ended the warm-up. */
static bool
operate(const DayRow *row, AdmWarmup *w, int now_s)
{
	if (now_s == row->hold_s)
		assert_row(row->label, adm_warmup_hold(w));
	if (now_s == row->continue_s)
		assert_row(row->label, adm_warmup_continue(w));
	return now_s == row->stop_s && adm_warmup_stop(w);
}

/* The second at which the warm-up ended. */
static int
live(const DayRow *row, AdmWarmup *w)
{
	for (int now_s = 0; now_s <= DAY_S; now_s++)
	{
		AdmWarmup	before;
		double		progress = adm_warmup_progress(w);

		assert_row(row->label, progress >= 0 && progress < 1);
		if (operate(row, w, now_s))
			return now_s;
		before = *w;
		if (adm_warmup_elapse(w, SECOND_MS, true, row->max_age_s * SECOND_MS))
			return now_s + 1;
		if (w->phase == ADM_PHASE_WARMING)
			before.spent_ms += SECOND_MS;
		assert_row_int(row->label, w->spent_ms, before.spent_ms);
		assert_row_int(row->label, w->age_ms, (now_s + 1) * SECOND_MS);
	}
	return NEVER;
}

static void
whole_days(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(day_rows); i++)
	{
		const DayRow *row = &day_rows[i];
		AdmWindow	window = {row->duration_s * SECOND_MS, -1, -1, 0, 0};
		AdmWarmup	w = begun(&window);
		AdmWarmup	ended;

		assert_row_int(row->label, live(row, &w), row->end_s);
		assert_row_int(row->label, w.phase, ADM_PHASE_OPEN);
		assert_row_int(row->label, w.ending, row->ending);
		assert_row(row->label, adm_warmup_progress(&w) == 1);

		ended = w;
		assert_row(row->label, !adm_warmup_elapse(&w, SECOND_MS, true, 0));
		assert_row(row->label, same_warmup(&w, &ended));
	}
}

static int64_t
random_tick(Seeded *random)
{
	return (int64_t) seeded_below(random, 5000) - 2000;
}

/*
 * Ticks of any length, many of them negative, add up to the same; those that
 * prove nothing add to the age alone.
 */
static void
uneven_ticks_add_up(void **state)
{
	Seeded		random = {201};

	(void) state;
	for (int life = 0; life < 200; life++)
	{
		AdmWarmup	w = begun(&five_minutes);
		int64_t		spent_ms = 0;
		int64_t		age_ms = 0;
		bool		ended = false;

		while (!ended)
		{
			int64_t		elapsed_ms = random_tick(&random);
			bool		proves = !seeded_once_in(&random, 3);

			if (seeded_once_in(&random, 20))
				(void) (adm_warmup_hold(&w) || adm_warmup_continue(&w));
			if (elapsed_ms > 0)
				age_ms += elapsed_ms;
			if (elapsed_ms > 0 && proves && w.phase == ADM_PHASE_WARMING)
				spent_ms += elapsed_ms;
			ended = adm_warmup_elapse(&w, elapsed_ms, proves,
									  DAY_S * SECOND_MS);
			assert_int_equal(w.spent_ms, spent_ms);
			assert_int_equal(w.age_ms, age_ms);
			assert_int_equal(ended, spent_ms >= five_minutes.duration_ms);
		}
		assert_int_equal(w.ending, COMPLETED);
	}
}

/*
 * Single steps.
 */

typedef struct StepRow
{
	const char *label;
	AdmPhase	phase;
	int64_t		duration_ms;
	int64_t		spent_ms;
	int64_t		age_ms;
	int64_t		elapsed_ms;
	int64_t		max_age_ms;
	int64_t		expected_spent_ms;
	int64_t		expected_age_ms;
	AdmEnding	expected_ending;
} StepRow;

/* A record's parser lets no larger spent_ms or age_ms in. */
#define LONG	(INT64_MAX / 2)

static const StepRow step_rows[] = {
	{"a tick", WARMING, 100, 10, 20, 5, 1000, 15, 25, RUNS_ON},
	{"no time", WARMING, 100, 10, 20, 0, 1000, 10, 20, RUNS_ON},
	{"clock stepped back", WARMING, 100, 10, 20, -5, 1000, 10, 20, RUNS_ON},
	{"clock stepped far back",
	WARMING, 100, 10, 20, INT64_MIN, 1000, 10, 20, RUNS_ON},
	{"one short", WARMING, 100, 10, 20, 89, 1000, 99, 109, RUNS_ON},
	{"just complete", WARMING, 100, 10, 20, 90, 1000, 100, 110, COMPLETED},
	{"more than complete",
	WARMING, 100, 10, 20, 500, 1000, 510, 520, COMPLETED},
	{"one short of its age",
	WARMING, 5000, 10, 20, 979, 1000, 989, 999, RUNS_ON},
	{"just too old", WARMING, 5000, 10, 20, 980, 1000, 990, 1000, EXPIRED},
	{"complete and too old",
	WARMING, 100, 10, 20, 2000, 1000, 2010, 2020, COMPLETED},
	{"held", HOLDING, 100, 10, 20, 5, 1000, 10, 25, RUNS_ON},
	{"held for longer than the window",
	HOLDING, 100, 10, 20, 500, 1000, 10, 520, RUNS_ON},
	{"held until too old", HOLDING, 100, 10, 20, 980, 1000, 10, 1000, EXPIRED},
	{"held, clock stepped back",
	HOLDING, 100, 10, 20, -5, 1000, 10, 20, RUNS_ON},
	{"open", OPEN, 100, 10, 20, 5000, 1000, 10, 20, RUNS_ON},
	{"open, huge", OPEN, 100, 10, 20, INT64_MAX, 1000, 10, 20, RUNS_ON},
	{"age lowered below what has passed",
	WARMING, 100, 10, 20, 0, 15, 10, 20, EXPIRED},
	{"no age allowed", WARMING, 100, 0, 0, 0, 0, 0, 0, EXPIRED},
	{"huge",
	WARMING, 100, 0, 0, INT64_MAX, 1000, INT64_MAX, INT64_MAX, COMPLETED},
	{"huge, huge window", WARMING, INT64_MAX, 0, 0, INT64_MAX - 1, INT64_MAX,
	INT64_MAX - 1, INT64_MAX - 1, RUNS_ON},
	{"huge, held", HOLDING, 100, 0, 0, INT64_MAX, 1000, 0, INT64_MAX, EXPIRED},
	{"longest record and as long again",
		WARMING, INT64_MAX, LONG, LONG, LONG, INT64_MAX,
	INT64_MAX - 1, INT64_MAX - 1, RUNS_ON},
	{"sum too large, warming",
		WARMING, INT64_MAX, 1, 1, INT64_MAX, INT64_MAX,
	INT64_MAX, INT64_MAX, COMPLETED},
	{"sum too large, held", HOLDING, INT64_MAX, 1, 1, INT64_MAX, INT64_MAX,
	1, INT64_MAX, EXPIRED},
	{"longest record, held", HOLDING, INT64_MAX, LONG, LONG, LONG, 1000,
	LONG, INT64_MAX - 1, EXPIRED},
};

static void
single_steps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(step_rows); i++)
	{
		const StepRow *row = &step_rows[i];
		bool		ends = row->expected_ending != RUNS_ON;
		AdmWarmup	w = {
			row->phase, ADM_TRIGGER_CRASH, RUNS_ON,
			{row->duration_ms, 1, 2, 3, 4}, row->spent_ms, row->age_ms, 77
		};
		AdmWarmup	expected = w;
		bool		ended;

		expected.phase = ends ? OPEN : row->phase;
		expected.ending = row->expected_ending;
		expected.spent_ms = row->expected_spent_ms;
		expected.age_ms = row->expected_age_ms;

		ended = adm_warmup_elapse(&w, row->elapsed_ms, true, row->max_age_ms);
		assert_row_int(row->label, ended, ends);
		assert_row_int(row->label, w.spent_ms, row->expected_spent_ms);
		assert_row_int(row->label, w.age_ms, row->expected_age_ms);
		assert_row(row->label, same_warmup(&w, &expected));
	}
}

/* Time that is no progress leaves all but the age as it was, and may expire. */
static void
steps_without_progress(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(step_rows); i++)
	{
		const StepRow *row = &step_rows[i];
		bool		too_old = row->phase != OPEN &&
			row->expected_age_ms >= row->max_age_ms;
		AdmWarmup	w = {
			row->phase, ADM_TRIGGER_CRASH, RUNS_ON,
			{row->duration_ms, 1, 2, 3, 4}, row->spent_ms, row->age_ms, 77
		};
		AdmWarmup	expected = w;

		expected.age_ms = row->expected_age_ms;
		if (too_old)
		{
			expected.phase = OPEN;
			expected.ending = EXPIRED;
		}
		assert_row_int(row->label, adm_warmup_elapse(&w, row->elapsed_ms, false,
													 row->max_age_ms), too_old);
		assert_row(row->label, same_warmup(&w, &expected));
	}
}

/* A day without load: the caps are where they were, until it expires. */
static void
an_idle_day_proves_nothing(void **state)
{
	AdmWarmup	w = begun(&five_minutes);

	(void) state;
	assert_false(adm_warmup_elapse(&w, 150 * SECOND_MS, true, DAY_S * SECOND_MS));
	for (int now_s = 150; now_s < DAY_S - 1; now_s++)
	{
		assert_false(adm_warmup_elapse(&w, SECOND_MS, false, DAY_S * SECOND_MS));
		assert_true(adm_warmup_progress(&w) == 0.5);
	}
	assert_true(adm_warmup_elapse(&w, SECOND_MS, false, DAY_S * SECOND_MS));
	assert_int_equal(w.ending, EXPIRED);
}

/*
 * Set back.
 */

typedef struct SetBackRow
{
	const char *label;
	AdmPhase	phase;
	int64_t		duration_ms;
	int64_t		spent_ms;
	double		progress;
	int64_t		expected_spent_ms;
} SetBackRow;

/* The last double below 1, of the longest window. */
#define LONGEST_BELOW_ONE	(INT64_MAX - 1023)

static const SetBackRow set_back_rows[] = {
	{"half way back", WARMING, 1000, 600, 0.3, 300},
	{"to the beginning", WARMING, 1000, 600, 0, 0},
	{"rounded down", WARMING, 1000, 600, 0.3339, 333},
	{"to where it is", WARMING, 1000, 600, 0.6, 600},
	{"never forward", WARMING, 1000, 600, 0.7, 600},
	{"never to the end", WARMING, 1000, 600, 1, 600},
	{"beyond the end", WARMING, 1000, 600, INFINITY, 600},
	{"before the beginning", WARMING, 1000, 600, -0.5, 0},
	{"far before the beginning", WARMING, 1000, 600, -INFINITY, 0},
	{"not a number", WARMING, 1000, 600, NAN, 600},
	{"at the beginning", WARMING, 1000, 0, -1, 0},
	{"held", HOLDING, 1000, 600, 0.3, 600},
	{"none runs", OPEN, 1000, 600, 0.3, 600},
	{"longest window", WARMING, INT64_MAX, INT64_MAX, 1 - DBL_EPSILON / 2,
	LONGEST_BELOW_ONE},
	{"longest window, half", WARMING, INT64_MAX, INT64_MAX - 1, 0.5,
	INT64_MAX / 2 + 1},
	{"no window", WARMING, 0, 0, 0.5, 0},
};

static void
set_back(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(set_back_rows); i++)
	{
		const SetBackRow *row = &set_back_rows[i];
		AdmWarmup	w = {
			row->phase, ADM_TRIGGER_CRASH, EXPIRED,
			{row->duration_ms, 1, 2, 3, 4}, row->spent_ms, 700, 77
		};
		AdmWarmup	expected = w;

		expected.spent_ms = row->expected_spent_ms;
		adm_warmup_set_back(&w, row->progress);
		assert_row_int(row->label, w.spent_ms, row->expected_spent_ms);
		assert_row(row->label, same_warmup(&w, &expected));
	}
}

/* What was lost is made again in the same time, and the age goes on. */
static void
set_back_and_on_again(void **state)
{
	AdmWarmup	w = begun(&five_minutes);

	(void) state;
	assert_false(adm_warmup_elapse(&w, 200 * SECOND_MS, true, DAY_S * SECOND_MS));
	adm_warmup_set_back(&w, 0.5);
	assert_int_equal(w.spent_ms, 150 * SECOND_MS);
	assert_int_equal(w.age_ms, 200 * SECOND_MS);
	assert_false(adm_warmup_elapse(&w, 150 * SECOND_MS - 1, true,
								   DAY_S * SECOND_MS));
	assert_true(adm_warmup_elapse(&w, 1, true, DAY_S * SECOND_MS));
	assert_int_equal(w.ending, COMPLETED);
	assert_int_equal(w.age_ms, 350 * SECOND_MS);
}

/*
 * What operators do.
 */

typedef struct ActRow
{
	const char *label;
	bool		(*act) (AdmWarmup *w);
	AdmPhase	phase;
	bool		expected;
	AdmPhase	expected_phase;
	AdmEnding	expected_ending;
} ActRow;

static const ActRow act_rows[] = {
	{"hold, warming", adm_warmup_hold, WARMING, true, HOLDING, EXPIRED},
	{"hold, holding", adm_warmup_hold, HOLDING, false, HOLDING, EXPIRED},
	{"hold, open", adm_warmup_hold, OPEN, false, OPEN, EXPIRED},
	{"continue, warming",
	adm_warmup_continue, WARMING, false, WARMING, EXPIRED},
	{"continue, holding",
	adm_warmup_continue, HOLDING, true, WARMING, EXPIRED},
	{"continue, open", adm_warmup_continue, OPEN, false, OPEN, EXPIRED},
	{"stop, warming", adm_warmup_stop, WARMING, true, OPEN, STOPPED},
	{"stop, holding", adm_warmup_stop, HOLDING, true, OPEN, STOPPED},
	{"stop, open", adm_warmup_stop, OPEN, false, OPEN, EXPIRED},
};

/* Twice, since the second time there is nothing left to change. */
static void
operators_change_what_can_be_changed(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(act_rows); i++)
	{
		const ActRow *row = &act_rows[i];
		AdmWarmup	w = {
			row->phase, ADM_TRIGGER_CRASH, EXPIRED, {100, 1, 2, 3, 4}, 10, 20, 77
		};
		AdmWarmup	expected = {
			row->expected_phase, ADM_TRIGGER_CRASH, row->expected_ending,
			{100, 1, 2, 3, 4}, 10, 20, 77
		};

		assert_row_int(row->label, row->act(&w), row->expected);
		assert_row(row->label, same_warmup(&w, &expected));
		assert_row(row->label, !row->act(&w));
		assert_row(row->label, same_warmup(&w, &expected));
	}
}

/*
 * Progress.
 */

typedef struct ProgressRow
{
	const char *label;
	AdmPhase	phase;
	int64_t		duration_ms;
	int64_t		spent_ms;
	double		expected;
} ProgressRow;

static const ProgressRow progress_rows[] = {
	{"open", OPEN, 100, 25, 1},
	{"never begun", OPEN, 0, 0, 1},
	{"beginning", WARMING, 100, 0, 0},
	{"quarter", WARMING, 100, 25, 0.25},
	{"quarter, held", HOLDING, 100, 25, 0.25},
	{"complete", WARMING, 100, 100, 1},
	{"more than complete", WARMING, 100, 150, 1},
	{"more than complete, held", HOLDING, 100, 150, 1},
	{"no window", WARMING, 0, 0, 1},
	{"negative window", WARMING, -5, 0, 1},
	{"huge window", WARMING, INT64_MAX, INT64_MAX / 2, 0.5},
};

static void
progress(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(progress_rows); i++)
	{
		const ProgressRow *row = &progress_rows[i];
		AdmWarmup	w = {
			.phase = row->phase,
			.window = {row->duration_ms, -1, -1, 0, 0},
			.spent_ms = row->spent_ms
		};

		assert_row(row->label, adm_warmup_progress(&w) == row->expected);
	}
}

/*
 * Names: they stand in state files, so none may change.
 */

static const char *const phase_names[] = {"open", "warming", "holding"};
static const char *const trigger_names[] = {
	"none", "new_instance", "new_host", "promotion", "crash", "relapse", "manual"
};
static const char *const ending_names[] = {
	"none", "completed", "expired", "stopped"
};

static void
names_make_the_round_trip(void **state)
{
	(void) state;
	for (int i = 0; i <= ADM_PHASE_HOLDING; i++)
	{
		AdmPhase	phase = (AdmPhase) -1;

		assert_string_equal(adm_phase_name((AdmPhase) i), phase_names[i]);
		assert_true(adm_phase_by_name(phase_names[i], &phase));
		assert_int_equal(phase, i);
	}
	for (int i = 0; i < ADM_TRIGGER_COUNT; i++)
	{
		AdmTrigger	trigger = (AdmTrigger) -1;
		const char *name = adm_trigger_name((AdmTrigger) i);

		assert_string_equal(name, trigger_names[i]);
		assert_true(adm_trigger_by_name(trigger_names[i], &trigger));
		assert_int_equal(trigger, i);
	}
	for (int i = 0; i < ADM_ENDING_COUNT; i++)
	{
		AdmEnding	ending = (AdmEnding) -1;

		assert_string_equal(adm_ending_name((AdmEnding) i), ending_names[i]);
		assert_true(adm_ending_by_name(ending_names[i], &ending));
		assert_int_equal(ending, i);
	}
	assert_int_equal(COUNT_OF(phase_names), ADM_PHASE_HOLDING + 1);
	assert_int_equal(COUNT_OF(trigger_names), ADM_TRIGGER_COUNT);
	assert_int_equal(COUNT_OF(ending_names), ADM_ENDING_COUNT);
}

static const char *const no_names[] = {
	"", " ", "Open", "OPEN", "open ", " open", "ope", "opened", "warming\n",
	"None", "non", "no", "new", "new-host", "new_instance,new_host", "crash\t",
	"relapsed", "0", "1", "-1"
};

/* And what was there stays. */
static void
other_words_are_no_names(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(no_names); i++)
	{
		AdmPhase	phase = ADM_PHASE_HOLDING;
		AdmTrigger	trigger = ADM_TRIGGER_CRASH;
		AdmEnding	ending = ADM_ENDING_EXPIRED;

		assert_row(no_names[i], !adm_phase_by_name(no_names[i], &phase));
		assert_row(no_names[i], !adm_trigger_by_name(no_names[i], &trigger));
		assert_row(no_names[i], !adm_ending_by_name(no_names[i], &ending));
		assert_row_int(no_names[i], phase, ADM_PHASE_HOLDING);
		assert_row_int(no_names[i], trigger, ADM_TRIGGER_CRASH);
		assert_row_int(no_names[i], ending, ADM_ENDING_EXPIRED);
	}
}

/*
 * Begun anew by an event.
 */

static const AdmWindow own_window = {1000, 3, 30, 5, -4};
static const AdmWindow other_window = {5000, -1, -1, 0, 0};

static void
event_starts_a_new_one_where_none_runs(void **state)
{
	AdmWarmup	w = begun(&own_window);

	(void) state;
	assert_true(adm_warmup_stop(&w));
	adm_warmup_begin_anew(&w, ADM_TRIGGER_CRASH, &other_window, 7);
	assert_int_equal(w.phase, ADM_PHASE_WARMING);
	assert_int_equal(w.trigger, ADM_TRIGGER_CRASH);
	assert_int_equal(w.window.duration_ms, 5000);
	assert_int_equal(w.window.initial_connections, -1);
	assert_int_equal(w.window.target_transactions, 0);
	assert_int_equal(w.started_at_us, 7);
}

static void
event_keeps_the_window_and_the_hold(void **state)
{
	(void) state;
	for (int held = 0; held <= 1; held++)
	{
		AdmWarmup	w = begun(&own_window);

		assert_false(adm_warmup_elapse(&w, 500, true, DAY_S * SECOND_MS));
		if (held)
			assert_true(adm_warmup_hold(&w));
		adm_warmup_begin_anew(&w, ADM_TRIGGER_PROMOTION, &other_window, 7);
		assert_int_equal(w.phase, held ? ADM_PHASE_HOLDING : ADM_PHASE_WARMING);
		assert_int_equal(w.trigger, ADM_TRIGGER_PROMOTION);
		assert_int_equal(w.window.duration_ms, 1000);
		assert_int_equal(w.window.initial_connections, 3);
		assert_int_equal(w.window.target_connections, 30);
		assert_int_equal(w.window.initial_transactions, 5);
		assert_int_equal(w.window.target_transactions, -4);
		assert_true(adm_warmup_progress(&w) == 0);
		assert_int_equal(w.age_ms, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_starts_at_nothing),
		cmocka_unit_test(begin_anew_replaces_one_that_runs),
		cmocka_unit_test(event_starts_a_new_one_where_none_runs),
		cmocka_unit_test(event_keeps_the_window_and_the_hold),
		cmocka_unit_test(whole_days),
		cmocka_unit_test(uneven_ticks_add_up),
		cmocka_unit_test(single_steps),
		cmocka_unit_test(steps_without_progress),
		cmocka_unit_test(an_idle_day_proves_nothing),
		cmocka_unit_test(set_back),
		cmocka_unit_test(set_back_and_on_again),
		cmocka_unit_test(operators_change_what_can_be_changed),
		cmocka_unit_test(progress),
		cmocka_unit_test(names_make_the_round_trip),
		cmocka_unit_test(other_words_are_no_names),
	};

	return cmocka_run_group_tests_name("warmup", tests, NULL, NULL);
}
