/*
 * test_delay.c - tests of whether a line stands.
 */
#include "rows.h"

#include "policy/delay.h"
#include "seeded.h"

typedef struct NoteRow
{
	const char *label;
	int64_t		above_since_ms;
	int64_t		wait_ms;
	int64_t		turned_away_ms;
	int64_t		now_ms;
	int64_t		expected;
} NoteRow;

static const NoteRow note_rows[] = {
	{"no wait", 0, 0, 0, 1000, 0},
	{"at the target", 0, 50, 0, 1000, 0},
	{"just above", 0, 51, 0, 1000, 1000},
	{"far above", 0, INT64_MAX, 0, 1000, 1000},
	{"still above", 400, 51, 0, 1000, 400},
	{"above for long", 1, 51, 0, INT64_MAX, 1},
	{"at the target again", 400, 50, 0, 1000, 0},
	{"no wait again", 400, 0, 0, 1000, 0},
	{"clock stepped back", 400, -5, 0, 1000, 0},
	{"short, one turned away just now", 400, 10, 4000, 4000, 400},
	{"short, almost an interval after the last", 400, 10, 4000, 4999, 400},
	{"short, nobody turned away for an interval", 400, 10, 4000, 5000, 0},
	{"short, and it was not above", 0, 10, 4000, 4000, 0},
	{"long, one turned away", 400, 60, 4000, 4000, 400},
};

static void
notes(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(note_rows); i++)
	{
		const NoteRow *row = &note_rows[i];

		assert_row_int(row->label,
					   adm_delay_note(row->above_since_ms, row->wait_ms, row->turned_away_ms, row->now_ms),
					   row->expected);
	}
}

typedef struct StandsRow
{
	const char *label;
	int64_t		above_since_ms;
	int64_t		now_ms;
	bool		expected;
} StandsRow;

static const StandsRow stands_rows[] = {
	{"not above", 0, 0, false},
	{"not above, later", 0, INT64_MAX, false},
	{"just now", 5000, 5000, false},
	{"almost an interval", 5000, 5999, false},
	{"an interval", 5000, 6000, true},
	{"for long", 5000, INT64_MAX, true},
	{"since the first moment", 1, 1001, true},
	{"clock stepped back", 5000, 10, false},
};

static void
stands(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(stands_rows); i++)
	{
		const StandsRow *row = &stands_rows[i];

		assert_row_int(row->label, adm_delay_stands(row->above_since_ms, row->now_ms),
					   row->expected);
	}
}

static void
is_outdated_after_an_interval(void **state)
{
	(void) state;
	assert_false(adm_delay_is_outdated(5000, 5000));
	assert_false(adm_delay_is_outdated(5000, 6000));
	assert_true(adm_delay_is_outdated(5000, 6001));
	assert_true(adm_delay_is_outdated(0, 6000));
	assert_false(adm_delay_is_outdated(5000, 10));
}

typedef struct AllowedRow
{
	const char *label;
	int64_t		patience_ms;
	int64_t		moving_ms;		/* expected */
	int64_t		standing_ms;
} AllowedRow;

static const AllowedRow allowed_rows[] = {
	{"much patience", 30000, 30000, 100},
	{"endless", INT64_MAX, INT64_MAX, 100},
	{"just more", 101, 101, 100},
	{"as long as a line that stands allows", 100, 100, 100},
	{"less", 99, 99, 99},
	{"hardly any", 1, 1, 1},
	{"none", 0, 0, 0},
};

static void
nobody_waits_for_long_while_it_stands(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(allowed_rows); i++)
	{
		const AllowedRow *row = &allowed_rows[i];

		assert_row_int(row->label, adm_delay_allowed_ms(row->patience_ms, false, false), row->moving_ms);
		assert_row_int(row->label, adm_delay_allowed_ms(row->patience_ms, true, false), row->standing_ms);
		assert_row_int(row->label, adm_delay_allowed_ms(row->patience_ms, false, true), 0);
		assert_row_int(row->label, adm_delay_allowed_ms(row->patience_ms, true, true), 0);
	}
}

/* So many events at that time. */
static uint64_t
note(uint64_t events, int count, int64_t now_ms)
{
	for (int i = 0; i < count; i++)
		events = adm_delay_note_event(events, now_ms);
	return events;
}

/*
 * Clients that hang up.
 */

static void
some_leavers_are_no_sign(void **state)
{
	uint64_t	leavers = 0;

	(void) state;
	assert_false(adm_delay_clients_leave(0, 0));
	assert_false(adm_delay_clients_leave(0, INT64_MAX));
	for (int64_t now_ms = 0; now_ms < 100 * ADM_DELAY_INTERVAL_MS; now_ms += ADM_DELAY_INTERVAL_MS)
	{
		leavers = note(leavers, ADM_DELAY_LEAVERS - 1, now_ms);
		assert_false(adm_delay_clients_leave(leavers, now_ms));
	}
}

static void
many_are_one_until_the_next_interval_is_over(void **state)
{
	uint64_t	leavers = note(0, ADM_DELAY_LEAVERS, 5999);

	(void) state;
	assert_true(adm_delay_clients_leave(leavers, 5999));
	assert_true(adm_delay_clients_leave(leavers, 6000));
	assert_true(adm_delay_clients_leave(leavers, 6999));
	assert_false(adm_delay_clients_leave(leavers, 7000));
	assert_false(adm_delay_clients_leave(leavers, INT64_MAX));

	/* Nor does one who is late. */
	assert_int_equal(adm_delay_events_now(leavers, 4999), leavers);
	assert_true(adm_delay_clients_leave(note(leavers, 1, 4999), 6999));

	/* One more in the next interval changes nothing. */
	leavers = note(leavers, 1, 6500);
	assert_true(adm_delay_clients_leave(leavers, 6999));
	assert_false(adm_delay_clients_leave(leavers, 7000));
}

static void
leavers_do_not_overflow(void **state)
{
	uint64_t	leavers = note(0, 100000, INT64_C(1) << 40);

	(void) state;
	assert_true(adm_delay_clients_leave(leavers, INT64_C(1) << 40));
	assert_int_equal(adm_delay_events_now(leavers, INT64_C(1) << 40), leavers);
	assert_false(adm_delay_clients_leave(leavers, (INT64_C(1) << 40) + 2 * ADM_DELAY_INTERVAL_MS));
}

/*
 * How long a line will take.
 */

typedef struct ExpectedRow
{
	const char *label;
	int			served_before;	/* in the interval before */
	int			served;			/* in this one */
	uint32_t	ahead;
	int64_t		expected_ms;
} ExpectedRow;

static const ExpectedRow expected_rows[] = {
	{"nobody ahead", 100, 100, 0, 0},
	{"nobody ahead, nobody served", 0, 0, 0, 0},
	{"nobody served", 0, 0, 1, INT64_MAX},
	{"as fast as before", 50, 0, 5, 100},
	{"as fast as before, though fewer yet", 50, 49, 5, 100},
	{"faster already", 50, 100, 5, 50},
	{"rounded down", 3, 0, 1, 333},
	{"slow", 1, 0, 60, 60000},
	{"all that a server may have", 1, 0, 262143, INT64_C(262143000)},
	{"more than are counted", 70000, 0, 65535, 1000},
};

static void
a_line_takes_as_long_as_it_did(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(expected_rows); i++)
	{
		const ExpectedRow *row = &expected_rows[i];
		uint64_t	served = note(note(0, row->served_before, 5999), row->served, 6000);

		assert_row_int(row->label, adm_delay_expected_ms(served, row->ahead, 6999), row->expected_ms);
		assert_row_int(row->label, adm_delay_expected_ms(served, row->ahead, 8000),
					   row->ahead == 0 ? 0 : INT64_MAX);
	}
}

static void
refusals_at_once_are_bounded(void **state)
{
	(void) state;
	for (int cores = 1; cores < 1000; cores *= 3)
	{
		int			most = cores * 250 < 65535 ? cores * 250 : 65535;

		assert_true(adm_delay_may_refuse_at_once(0, cores, 5000));
		assert_true(adm_delay_may_refuse_at_once(note(0, most - 1, 5000), cores, 5999));
		assert_false(adm_delay_may_refuse_at_once(note(0, most, 5000), cores, 5999));
		assert_true(adm_delay_may_refuse_at_once(note(0, most, 5000), cores, 6000));
	}
}

/*
 * A line, one wait noted every 10 ms; the first time at which it stands, or -1.
 */
static int64_t
stands_first(const int64_t *waits_ms, int count)
{
	int64_t		above_since_ms = 0;
	int64_t		now_ms = 7;

	for (int i = 0; i < count; i++, now_ms += 10)
	{
		above_since_ms = adm_delay_note(above_since_ms, waits_ms[i], 0, now_ms);
		if (adm_delay_stands(above_since_ms, now_ms))
			return now_ms;
	}
	return -1;
}

#define NOTES	500

/* One that waits briefly is enough to show that the line moves. */
static void
a_burst_does_not_stand(void **state)
{
	int64_t		waits_ms[NOTES];

	(void) state;
	for (int i = 0; i < NOTES; i++)
		waits_ms[i] = 5000;
	assert_int_equal(stands_first(waits_ms, NOTES), 1007);
	for (int i = 0; i < NOTES; i += 100)
		waits_ms[i] = ADM_DELAY_TARGET_MS;
	assert_int_equal(stands_first(waits_ms, NOTES), -1);
	waits_ms[200] = ADM_DELAY_TARGET_MS + 1;
	assert_int_equal(stands_first(waits_ms, NOTES), 7 + 101 * 10 + 1000);
}

/* As long as an interval without a short wait, as found by looking back. */
static void
stands_after_an_interval_without_a_short_wait(void **state)
{
	Seeded		random = {902};

	(void) state;
	for (int round = 0; round < 200; round++)
	{
		int64_t		above_since_ms = 0;
		int64_t		now_ms = 1 + (int64_t) seeded_below(&random, 100000);
		int64_t		first_long_ms = -1;
		uint64_t	short_one_in = 1 + seeded_below(&random, 100);

		for (int i = 0; i < 500; i++)
		{
			bool		is_short = seeded_once_in(&random, short_one_in);
			int64_t		wait_ms = is_short ? (int64_t) seeded_below(&random, 51) :
				51 + (int64_t) seeded_below(&random, 10000);

			if (is_short)
				first_long_ms = -1;
			else if (first_long_ms < 0)
				first_long_ms = now_ms;
			above_since_ms = adm_delay_note(above_since_ms, wait_ms, 0, now_ms);
			assert_int_equal(adm_delay_stands(above_since_ms, now_ms),
							 first_long_ms >= 0 && now_ms - first_long_ms >= 1000);
			now_ms += (int64_t) seeded_below(&random, 40);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes),
		cmocka_unit_test(stands),
		cmocka_unit_test(is_outdated_after_an_interval),
		cmocka_unit_test(nobody_waits_for_long_while_it_stands),
		cmocka_unit_test(some_leavers_are_no_sign),
		cmocka_unit_test(many_are_one_until_the_next_interval_is_over),
		cmocka_unit_test(leavers_do_not_overflow),
		cmocka_unit_test(a_line_takes_as_long_as_it_did),
		cmocka_unit_test(refusals_at_once_are_bounded),
		cmocka_unit_test(a_burst_does_not_stand),
		cmocka_unit_test(stands_after_an_interval_without_a_short_wait),
	};

	return cmocka_run_group_tests_name("delay", tests, NULL, NULL);
}
