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
	int64_t		elapsed_ms;		/* of it */
	uint32_t	ahead;
	int64_t		expected_ms;
} ExpectedRow;

static const ExpectedRow expected_rows[] = {
	{"nobody ahead", 100, 100, 999, 0, 0},
	{"nobody ahead, nobody served", 0, 0, 999, 0, 0},
	{"nobody served", 0, 0, 999, 1, INT64_MAX},
	{"as fast as before", 50, 0, 999, 5, 100},
	{"as fast as before, though fewer yet", 50, 49, 999, 5, 100},
	{"faster already", 50, 100, 999, 5, 50},
	{"faster, by a part of it", 5, 25, 500, 5, 100},
	{"the first after a stall", 0, 5, 100, 5, 100},
	{"a short part says little", 0, 1, 0, 5, 500},
	{"rounded down", 3, 0, 0, 1, 333},
	{"slow", 1, 0, 999, 60, 60000},
	{"all that a server may have", 1, 0, 999, 262143, INT64_C(262143000)},
	{"more than are counted", 70000, 0, 999, 65535, 1000},
};

static void
a_line_takes_as_long_as_it_did(void **state)
{
	int64_t		long_ms = ADM_DELAY_TARGET_MS + 1;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(expected_rows); i++)
	{
		const ExpectedRow *row = &expected_rows[i];
		uint64_t	served = note(note(0, row->served_before, 5999), row->served, 6000);
		int64_t		now_ms = 6000 + row->elapsed_ms;

		assert_row_int(row->label, adm_delay_expected_ms(served, row->ahead, long_ms, now_ms), row->expected_ms);
		assert_row_int(row->label, adm_delay_expected_ms(served, row->ahead, long_ms, 8000),
					   row->ahead == 0 ? 0 : INT64_MAX);
		assert_row_int(row->label, adm_delay_expected_ms(served, row->ahead, long_ms - 1, now_ms), 0);
	}
}

static void
events_are_remembered_for_an_interval(void **state)
{
	(void) state;
	assert_false(adm_delay_any_lately(0, 5000));
	assert_true(adm_delay_any_lately(note(0, 1, 5999), 5999));
	assert_true(adm_delay_any_lately(note(0, 1, 5000), 6999));
	assert_false(adm_delay_any_lately(note(0, 1, 5999), 7000));
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

/*
 * A gate that is simulated, in steps of a millisecond: eight may run, each for 40
 * ms on average, so 200 a second are done at most.
 */

#define SIM_CAP			8
#define SIM_SERVICE_MS	40
#define SIM_CAPACITY	(SIM_CAP * 1000 / SIM_SERVICE_MS)
#define SIM_PATIENCE_MS	1000
#define SIM_MOST		1000

typedef struct Simulation
{
	Seeded		random;
	int64_t		now_ms;
	int			running;
	int64_t		joined_ms[SIM_MOST];	/* the line, its first one first */
	int			waiting;

	/* As permits_delay.c keeps them. */
	int64_t		above_since_ms;
	int64_t		turned_away_ms;
	int64_t		noted_ms;
	uint64_t	served;

	/* Counted. */
	int64_t		busy_ms;		/* of all permits */
	int			refused;
	int			refused_at_once;
} Simulation;

static void
sim_note_delay(Simulation *s, int64_t wait_ms)
{
	s->noted_ms = s->now_ms;
	s->above_since_ms = adm_delay_note(s->above_since_ms, wait_ms, s->turned_away_ms, s->now_ms);
}

static int64_t
sim_allowed_ms(const Simulation *s)
{
	return adm_delay_allowed_ms(SIM_PATIENCE_MS, adm_delay_stands(s->above_since_ms, s->now_ms), false);
}

/* The first of the line; returns how long it has waited. */
static int64_t
sim_take_first(Simulation *s)
{
	int64_t		wait_ms = s->now_ms - s->joined_ms[0];

	s->waiting--;
	memmove(s->joined_ms, s->joined_ms + 1, (size_t) s->waiting * sizeof(s->joined_ms[0]));
	return wait_ms;
}

static void
sim_refuse(Simulation *s)
{
	s->refused++;
	if (adm_delay_stands(s->above_since_ms, s->now_ms))
		s->turned_away_ms = s->now_ms;
}

static void
sim_arrive(Simulation *s)
{
	int64_t		head_wait_ms = s->waiting > 0 ? s->now_ms - s->joined_ms[0] : 0;

	if (s->waiting == 0 && s->running < SIM_CAP)
	{
		s->running++;
		return;
	}
	if (adm_delay_stands(s->above_since_ms, s->now_ms) &&
		adm_delay_expected_ms(s->served, (uint32_t) s->waiting, head_wait_ms, s->now_ms) > sim_allowed_ms(s))
	{
		s->refused_at_once++;
		sim_refuse(s);
		return;
	}
	if (s->waiting == 0 && adm_delay_is_outdated(s->noted_ms, s->now_ms))
		s->above_since_ms = 0;
	assert_true(s->waiting < SIM_MOST);
	s->joined_ms[s->waiting++] = s->now_ms;
}

static void
sim_serve(Simulation *s)
{
	while (s->waiting > 0 && s->running < SIM_CAP)
	{
		int64_t		wait_ms = sim_take_first(s);

		s->running++;
		s->served = adm_delay_note_event(s->served, s->now_ms);
		sim_note_delay(s, s->waiting == 0 ? 0 : wait_ms);
	}
}

static void
sim_give_up(Simulation *s)
{
	while (s->waiting > 0 && s->now_ms - s->joined_ms[0] >= sim_allowed_ms(s))
	{
		int64_t		wait_ms = sim_take_first(s);

		sim_refuse(s);
		if (wait_ms > ADM_DELAY_TARGET_MS)
			sim_note_delay(s, wait_ms);
	}
}

/* With so many arrivals a second, on average, for so long. */
static void
sim_run(Simulation *s, int per_s, int64_t ms)
{
	s->busy_ms = s->refused = s->refused_at_once = 0;
	for (int64_t until_ms = s->now_ms + ms; s->now_ms < until_ms; s->now_ms++)
	{
		for (int i = s->running; i > 0; i--)
		{
			if (seeded_once_in(&s->random, SIM_SERVICE_MS))
				s->running--;
		}
		sim_serve(s);
		s->busy_ms += s->running;
		sim_give_up(s);
		if (seeded_below(&s->random, 1000) < (uint64_t) per_s)
			sim_arrive(s);
	}
}

static void
the_machine_stays_busy_and_a_storm_leaves_nothing_behind(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 50; seed++)
	{
		Simulation	s = {.random = {seed}, .now_ms = 5000};

		/* Three times what can be done: permits are in use, and most are told at once. */
		sim_run(&s, 3 * SIM_CAPACITY, 5000);
		sim_run(&s, 3 * SIM_CAPACITY, 20000);
		assert_true(s.busy_ms > 0.99 * 20000 * SIM_CAP);
		assert_true(s.refused > 1.8 * 20 * SIM_CAPACITY);
		assert_true(s.refused_at_once > 0.8 * s.refused);

		/* Half of what can be done: nobody is refused any more. */
		sim_run(&s, SIM_CAPACITY / 2, 3000);
		sim_run(&s, SIM_CAPACITY / 2, 30000);
		assert_int_equal(s.refused, 0);
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
		cmocka_unit_test(events_are_remembered_for_an_interval),
		cmocka_unit_test(refusals_at_once_are_bounded),
		cmocka_unit_test(a_burst_does_not_stand),
		cmocka_unit_test(stands_after_an_interval_without_a_short_wait),
		cmocka_unit_test(the_machine_stays_busy_and_a_storm_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("delay", tests, NULL, NULL);
}
