/*
 * test_runaway.c - tests of the limits for runaways, and of how many may be
 * stopped.
 */
#include "rows.h"

#include <math.h>

#include "policy/runaway.h"
#include "seeded.h"

#define NONE	(-1)

typedef struct JudgeRow
{
	const char *label;
	AdmRunawayFigures limits;
	AdmRunawayFigures figures;
	int			expected;		/* AdmRunawayKind, or NONE */
} JudgeRow;

static const JudgeRow judge_rows[] = {
	{"no limits", {{-1, -1, -1, -1}}, {{1e9, 1e9, 1e9, 1e9}}, NONE},
	{"nothing known", {{0, 0, 0, 0}}, {{NAN, NAN, NAN, NAN}}, NONE},
	{"under all", {{10, 10, 10, 10}}, {{9.9, 9.9, 9.9, 9}}, NONE},
	{"processor time, exactly", {{10, -1, -1, -1}}, {{10, 0, 0, 0}}, ADM_RUNAWAY_CPU_TIME},
	{"running time", {{-1, 10, -1, -1}}, {{99, 10.1, 99, 99}}, ADM_RUNAWAY_RUNTIME},
	{"idle", {{-1, -1, 10, -1}}, {{99, 99, 11, 99}}, ADM_RUNAWAY_IDLE_IN_TRANSACTION},
	{"blocking", {{-1, -1, -1, 2}}, {{99, 99, 99, 2}}, ADM_RUNAWAY_BLOCKING},
	{"blocking nobody", {{-1, -1, -1, 2}}, {{NAN, NAN, NAN, 0}}, NONE},
	{"a limit of nothing", {{0, -1, -1, -1}}, {{0, NAN, NAN, 0}}, ADM_RUNAWAY_CPU_TIME},
	{"the first of several", {{100, 10, 10, 10}}, {{99, 10, 11, 99}}, ADM_RUNAWAY_RUNTIME},
	{"one unknown, another past", {{10, 10, -1, -1}}, {{NAN, 10, NAN, 0}}, ADM_RUNAWAY_RUNTIME}
};

static void
judges(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(judge_rows); i++)
	{
		const JudgeRow *row = &judge_rows[i];
		AdmRunawayKind kind = ADM_RUNAWAY_BLOCKING;
		bool		past = adm_runaway_judge(&row->limits, &row->figures, &kind);

		assert_row(row->label, past == (row->expected != NONE));
		if (past)
			assert_row_int(row->label, kind, row->expected);
	}
}

static void
names(void **state)
{
	(void) state;
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_CPU_TIME), "cpu_time");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_RUNTIME), "runtime");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_IDLE_IN_TRANSACTION), "idle_in_transaction");
	assert_string_equal(adm_runaway_kind_name(ADM_RUNAWAY_BLOCKING), "blocking");
}

static void
spends_what_it_has(void **state)
{
	AdmRunawayBudget budget = {{0}};

	(void) state;
	for (int i = 0; i < ADM_RUNAWAYS_PER_MINUTE; i++)
	{
		assert_true(adm_runaway_may_spend(&budget, 1000 + i));
		assert_true(adm_runaway_spend(&budget, 1000 + i));
	}
	assert_false(adm_runaway_may_spend(&budget, 1000 + ADM_RUNAWAYS_PER_MINUTE));
	assert_false(adm_runaway_spend(&budget, 1000 + ADM_RUNAWAYS_PER_MINUTE));
	assert_false(adm_runaway_spend(&budget, 60999));
	assert_true(adm_runaway_spend(&budget, 61000));
	assert_false(adm_runaway_spend(&budget, 61000));
}

/* Whenever it is asked, no minute has more. */
static void
no_minute_has_more(void **state)
{
	enum
	{
		SPENT = 2000
	};
	static int64_t spent[SPENT];
	Seeded		random = {0x52554E};
	AdmRunawayBudget budget = {{0}};
	int64_t		now_ms = 1;
	int			count = 0;

	(void) state;
	while (count < SPENT)
	{
		now_ms += (int64_t) seeded_below(&random, seeded_once_in(&random, 50) ? 100000 : 3000);
		if (adm_runaway_spend(&budget, now_ms))
			spent[count++] = now_ms;
	}
	for (int i = ADM_RUNAWAYS_PER_MINUTE; i < SPENT; i++)
		assert_true(spent[i] - spent[i - ADM_RUNAWAYS_PER_MINUTE] >= 60000);
}

typedef struct StepRow
{
	const char *label;
	int64_t		step_s;			/* at 1000 s of both clocks, looked at before and after */
	int64_t		since_s;		/* by the wall clock as it was then */
	int64_t		expected_s;		/* at 1100 s of the monotonic clock */
} StepRow;

static const StepRow step_rows[] = {
	{"no step, long before", 0, 100, 1000},
	{"no step, just now", 0, 1100, 0},
	{"an hour forward, noted before", 3600, 100, 1000},
	{"an hour forward, between the last look and it", 3600, 1000, 100},
	{"an hour forward, noted behind it", 3600, 4600, 100},
	{"an hour forward, just now", 3600, 4700, 0},
	{"a second is none", 1, 100, 1001},
	{"two are one", 2, 100, 1000},
	{"an hour back, noted before", -3600, 5000, -7500},
	{"an hour back, noted behind it", -3600, -2600, 100},
};

/* The epoch is far from 0, as that of TimestampTz is. */
static void
wall_clock_steps(void **state)
{
	const int64_t at_us = INT64_C(800000000000000);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(step_rows); i++)
	{
		const StepRow *row = &step_rows[i];
		AdmWallClock clock = {0};
		int64_t		step_us = row->step_s * 1000000;

		adm_wall_clock_look(&clock, at_us + INT64_C(990000000), INT64_C(990000000));
		adm_wall_clock_look(&clock, at_us + INT64_C(999000000), INT64_C(999000000));
		adm_wall_clock_look(&clock, at_us + step_us + INT64_C(1001000000), INT64_C(1001000000));
		adm_wall_clock_look(&clock, at_us + step_us + INT64_C(1090000000), INT64_C(1090000000));
		assert_row_int(row->label,
					   (int64_t) adm_wall_clock_seconds_since(&clock, at_us + row->since_s * 1000000,
															  at_us + step_us + INT64_C(1100000000)),
					   row->expected_s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(names),
		cmocka_unit_test(spends_what_it_has),
		cmocka_unit_test(no_minute_has_more),
		cmocka_unit_test(wall_clock_steps)
	};

	return cmocka_run_group_tests_name("runaway", tests, NULL, NULL);
}
