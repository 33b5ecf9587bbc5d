/*
 * test_wall_clock.c - tests of durations by a clock that is set.
 */
#include "rows.h"

#include "policy/wall_clock.h"

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
steps(void **state)
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

/* What was noted between two steps is taken for older than both: never for longer. */
static void
two_steps(void **state)
{
	AdmWallClock clock = {0};

	(void) state;
	adm_wall_clock_look(&clock, INT64_C(1000000000), INT64_C(100000000));
	adm_wall_clock_look(&clock, INT64_C(4610000000), INT64_C(110000000));
	adm_wall_clock_look(&clock, INT64_C(4622000000), INT64_C(120000000));
	assert_row_int("before both", (int64_t) adm_wall_clock_seconds_since(&clock, INT64_C(990000000), INT64_C(4632000000)), 40);
	assert_row_int("behind both", (int64_t) adm_wall_clock_seconds_since(&clock, INT64_C(4622000000), INT64_C(4632000000)), 10);
	assert_true(adm_wall_clock_seconds_since(&clock, INT64_C(4615000000), INT64_C(4632000000)) <= 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(two_steps)
	};

	return cmocka_run_group_tests_name("wall_clock", tests, NULL, NULL);
}
