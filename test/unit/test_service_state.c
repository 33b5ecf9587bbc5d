/*
 * test_service_state.c - tests of the states of a service.
 */
#include "rows.h"

#include <limits.h>

#include "policy/ramp.h"
#include "policy/service_state.h"
#include "seeded.h"

/* Short words for the tables. */
#define OPEN		ADM_SERVICE_OPEN
#define PAUSED		ADM_SERVICE_PAUSED
#define WAITS		ADM_SERVICE_WAITS_ITS_TURN
#define RESUMING	ADM_SERVICE_RESUMING

#define LONGEST		ADM_RESUME_LONGEST_MS

/* Wherever a service may be when something is done with it. */
typedef struct StateRow
{
	const char *label;
	AdmServiceState state;
	bool		shut;
	double		progress;
} StateRow;

static const StateRow state_rows[] = {
	{"open", {OPEN, 0, 0, 0}, false, 1},
	{"paused", {PAUSED, 0, 0, 0}, true, 0},
	{"waits its turn", {WAITS, 3, 8000, 0}, true, 0},
	{"waits its turn to come back at once", {WAITS, 1, 0, 0}, true, 0},
	{"waits its turn, largest numbers", {WAITS, INT_MAX, LONGEST, 0}, true, 0},
	{"just comes back", {RESUMING, 0, 8000, 0}, false, 0},
	{"comes back, a quarter", {RESUMING, 0, 8000, 2000}, false, 0.25},
	{"comes back, half", {RESUMING, 0, 8000, 4000}, false, 0.5},
	{"comes back, seven eighths", {RESUMING, 0, 8000, 7000}, false, 0.875},
	{"comes back in the shortest time", {RESUMING, 0, 1, 0}, false, 0},
	{"comes back in the longest time", {RESUMING, 0, LONGEST, 0}, false, 0},
	{"almost back", {RESUMING, 0, LONGEST, LONGEST - 1}, false, (LONGEST - 1.0) / LONGEST},
};

static void
assert_state(const char *label, const AdmServiceState *s, AdmServiceState expected)
{
	assert_row_int(label, s->phase, expected.phase);
	assert_row_int(label, s->turn, expected.turn);
	assert_row_int(label, s->over_ms, expected.over_ms);
	assert_row_int(label, s->spent_ms, expected.spent_ms);
}

static AdmServiceState
resuming(int64_t over_ms, int64_t spent_ms)
{
	AdmServiceState s = {RESUMING, 0, over_ms, spent_ms};

	return s;
}

/*
 * What is done with a service.
 */

static void
all_zero_is_open(void **state)
{
	AdmServiceState s;

	(void) state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(s.phase, OPEN);
	assert_false(adm_service_is_shut(&s));
}

static void
pause_shuts_whatever_it_was(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
	{
		AdmServiceState s = state_rows[i].state;

		adm_service_pause(&s);
		assert_state(state_rows[i].label, &s, (AdmServiceState) {PAUSED, 0, 0, 0});
	}
}

/* From the beginning, also where it was on its way already. */
static void
resume_brings_back_whatever_it_was(void **state)
{
	static const int64_t times_ms[] = {1, 2, 8000, LONGEST};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
		for (size_t t = 0; t < COUNT_OF(times_ms); t++)
		{
			AdmServiceState s = state_rows[i].state;

			adm_service_resume(&s, times_ms[t]);
			assert_state(state_rows[i].label, &s, resuming(times_ms[t], 0));
		}
}

static void
resume_in_no_time_opens(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
	{
		AdmServiceState s = state_rows[i].state;

		adm_service_resume(&s, 0);
		assert_state(state_rows[i].label, &s, (AdmServiceState) {OPEN, 0, 0, 0});
	}
}

static void
turn_keeps_what_it_waits_for(void **state)
{
	static const int turns[] = {1, 2, INT_MAX};
	static const int64_t times_ms[] = {0, 1, 8000, LONGEST};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
		for (size_t turn = 0; turn < COUNT_OF(turns); turn++)
			for (size_t t = 0; t < COUNT_OF(times_ms); t++)
			{
				AdmServiceState s = state_rows[i].state;

				adm_service_wait_turn(&s, turns[turn], times_ms[t]);
				assert_state(state_rows[i].label, &s,
							 (AdmServiceState) {WAITS, turns[turn], times_ms[t], 0});
			}
}

/* As services.c does it when the turn has come. */
static void
turn_ends_in_the_time_it_was_given(void **state)
{
	AdmServiceState s = {PAUSED, 0, 0, 0};

	(void) state;
	adm_service_wait_turn(&s, 7, 8000);
	adm_service_resume(&s, s.over_ms);
	assert_state("came back", &s, resuming(8000, 0));
}

static void
shut_and_progress(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
	{
		const StateRow *row = &state_rows[i];

		assert_row_int(row->label, adm_service_is_shut(&row->state), row->shut);
		assert_row(row->label, adm_service_progress(&row->state) == row->progress);
	}
}

/*
 * Time.
 */

typedef struct ElapseRow
{
	const char *label;
	int64_t		over_ms;
	int64_t		spent_ms;
	int64_t		elapsed_ms;
	bool		arrives;
	int64_t		expected_ms;	/* spent, unless it arrives */
} ElapseRow;

static const ElapseRow elapse_rows[] = {
	{"no time", 8000, 0, 0, false, 0},
	{"first step", 8000, 0, 500, false, 500},
	{"another step", 8000, 500, 500, false, 1000},
	{"almost", 8000, 7000, 999, false, 7999},
	{"no time before the end", 8000, 7999, 0, false, 7999},
	{"exactly to the end", 8000, 7000, 1000, true, 0},
	{"over the end", 8000, 7000, 1001, true, 0},
	{"far over the end", 8000, 0, INT64_MAX - 8000, true, 0},
	{"all at once", 8000, 0, 8000, true, 0},
	{"all but one", 8000, 0, 7999, false, 7999},
	{"shortest, no time", 1, 0, 0, false, 0},
	{"shortest", 1, 0, 1, true, 0},
	{"longest, almost", LONGEST, LONGEST - 2, 1, false, LONGEST - 1},
	{"longest", LONGEST, LONGEST - 1, 1, true, 0},
	{"longest, over the end", LONGEST, LONGEST - 1, 2000, true, 0},
};

static void
elapses(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(elapse_rows); i++)
	{
		const ElapseRow *row = &elapse_rows[i];
		AdmServiceState s = resuming(row->over_ms, row->spent_ms);

		assert_row_int(row->label, adm_service_elapse(&s, row->elapsed_ms), row->arrives);
		if (row->arrives)
			assert_state(row->label, &s, (AdmServiceState) {OPEN, 0, 0, 0});
		else
			assert_state(row->label, &s, resuming(row->over_ms, row->expected_ms));
	}
}

static void
nothing_elapses_for_others(void **state)
{
	static const int64_t steps_ms[] = {0, 1, 8000, INT64_MAX};

	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
		for (size_t t = 0; t < COUNT_OF(steps_ms); t++)
		{
			AdmServiceState s = state_rows[i].state;

			if (s.phase == RESUMING)
				continue;
			assert_false(adm_service_elapse(&s, steps_ms[t]));
			assert_state(state_rows[i].label, &s, state_rows[i].state);
		}
}

/* It arrives once, when the steps add up, and progress only rises until then. */
static void
steps_add_up(void **state)
{
	Seeded		random = {401};

	(void) state;
	for (int i = 0; i < 5000; i++)
	{
		int64_t		over_ms = 1 + (int64_t) seeded_below(&random, 60000);
		int64_t		sum_ms = 0;
		double		last = 0;
		AdmServiceState s;

		adm_service_resume(&s, over_ms);
		while (sum_ms < over_ms)
		{
			int64_t		step_ms = (int64_t) seeded_below(&random, 2001);

			sum_ms += step_ms;
			assert_int_equal(adm_service_elapse(&s, step_ms), sum_ms >= over_ms);
			assert_true(adm_service_progress(&s) >= last);
			last = adm_service_progress(&s);
			assert_int_equal(last == 1, sum_ms >= over_ms);
		}
		assert_false(adm_service_elapse(&s, over_ms));
		assert_int_equal(s.phase, OPEN);
	}
}

/*
 * What it may have.
 */

typedef struct ShareRow
{
	const char *label;
	int64_t		over_ms;
	int64_t		spent_ms;
	int			all;
	int			expected;
} ShareRow;

static const ShareRow share_rows[] = {
	{"one at first", 8000, 0, 16, 1},
	{"one for long", 15000, 999, 16, 1},
	{"two", 15000, 1000, 16, 2},
	{"half", 8000, 4000, 16, 8},
	{"half of an odd number", 8000, 4000, 17, 9},
	{"one is missing", 8000, 7999, 16, 15},
	{"one of one", 8000, 0, 1, 1},
	{"still one of one", 8000, 7999, 1, 1},
	{"one of two", 8000, 0, 2, 1},
	{"still one of two", 8000, 7999, 2, 1},
	{"half of many", 8000, 4000, 262143, 131072},
	{"most, at first", LONGEST, 0, INT_MAX, 1},
	{"most, one is missing", LONGEST, LONGEST - 1, INT_MAX, INT_MAX - 1},
};

static void
shares(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(share_rows); i++)
	{
		const ShareRow *row = &share_rows[i];
		AdmServiceState s = resuming(row->over_ms, row->spent_ms);

		assert_row_int(row->label, adm_service_share(&s, row->all), row->expected);
	}
}

/* There is always at least one transaction, or nobody could arrive. */
static const int alls[] = {1, 2, 3, 16, 1000, 262143, INT_MAX};

static void
share_of_the_shut_is_nothing_and_of_the_open_all(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
	{
		const StateRow *row = &state_rows[i];

		if (row->state.phase == RESUMING)
			continue;
		assert_row_int(row->label, adm_service_share(&row->state, 0), 0);
		for (size_t a = 0; a < COUNT_OF(alls); a++)
			assert_row_int(row->label, adm_service_share(&row->state, alls[a]),
						   row->shut ? 0 : alls[a]);
	}
}

static void
share_rises_to_all_only_at_the_end(void **state)
{
	const int64_t over_ms = 5003;

	(void) state;
	for (size_t a = 0; a < COUNT_OF(alls); a++)
	{
		AdmServiceState s;
		int			last = 1;

		adm_service_resume(&s, over_ms);
		assert_int_equal(adm_service_share(&s, alls[a]), 1);
		for (int64_t ms = 1; ms <= over_ms; ms++)
		{
			int			share;

			assert_int_equal(adm_service_elapse(&s, 1), ms == over_ms);
			share = adm_service_share(&s, alls[a]);
			assert_in_range(share, last, alls[a]);
			if (alls[a] > 1)
				assert_int_equal(share == alls[a], ms == over_ms);
			last = share;
		}
		assert_int_equal(last, alls[a]);
	}
}

/*
 * Cuts.
 */

typedef struct CutRow
{
	const char *label;
	int64_t		over_ms;
	int64_t		spent_ms;
	int			all;
	int64_t		expected_ms;	/* rounded down, or one less */
} CutRow;

static const CutRow cut_rows[] = {
	{"51 of 101 to 40.8", 1000, 500, 101, 398},
	{"41 of 101 to 32.8", 1000, 400, 101, 318},
	{"almost all of 16 to 12.8", 30000, 29999, 16, 23599},
	{"5 of 5 to 4", 4000000, 3999999, 5, 2999999},
	{"1.25 of 5 to 1", 16000, 1000, 5, 0},
	{"1.2 of 5 not below 1", 20000, 1000, 5, 0},
	{"at the beginning", 8000, 0, 16, 0},
	{"at the beginning, of two", 8000, 0, 2, 0},
	{"just begun", 8000, 1, 16, 0},
	{"1.5 of 2 to 1.2", 8000, 4000, 2, 1600},
	{"most, a fifth of the time", 1000000, 500000, INT_MAX, 400000},
	{"longest", LONGEST, LONGEST - 1, INT_MAX, 1717986917},
};

static void
cuts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cut_rows); i++)
	{
		const CutRow *row = &cut_rows[i];
		AdmServiceState s = resuming(row->over_ms, row->spent_ms);

		adm_service_cut(&s, row->all);
		if (s.spent_ms > 0 && s.spent_ms == row->expected_ms - 1)
			s.spent_ms++;
		assert_state(row->label, &s, resuming(row->over_ms, row->expected_ms));
	}
}

/* It has one whatever is cut; but for rounding, the time stays as it is. */
static void
one_of_one_cannot_be_cut(void **state)
{
	(void) state;
	for (int64_t spent_ms = 0; spent_ms < 8000; spent_ms++)
	{
		AdmServiceState s = resuming(8000, spent_ms);

		adm_service_cut(&s, 1);
		assert_int_equal(s.phase, RESUMING);
		assert_int_equal(s.over_ms, 8000);
		assert_in_range(s.spent_ms, spent_ms > 0 ? spent_ms - 1 : 0, spent_ms);
		assert_int_equal(adm_service_share(&s, 1), 1);
	}
}

static void
others_are_not_cut(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(state_rows); i++)
		for (size_t a = 0; a < COUNT_OF(alls); a++)
		{
			AdmServiceState s = state_rows[i].state;

			if (s.phase == RESUMING)
				continue;
			adm_service_cut(&s, alls[a]);
			assert_state(state_rows[i].label, &s, state_rows[i].state);
		}
}

/* What it may have, before it is rounded. */
static double
exact_share(const AdmServiceState *s, int all)
{
	return 1 + (all - 1.0) * adm_service_progress(s);
}

/*
 * Four fifths are left, or one; a millisecond's worth less where the time had
 * to be rounded.
 */
static void
cut_takes_a_fifth(void **state)
{
	Seeded		random = {402};

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		int			all = 2 + (int) seeded_below(&random, 1 + (1 << seeded_below(&random, 18)));
		int64_t		over_ms = 1 + (int64_t) seeded_below(&random, LONGEST >> seeded_below(&random, 30));
		int64_t		spent_ms = (int64_t) seeded_below(&random, (uint64_t) over_ms);
		AdmServiceState s = resuming(over_ms, spent_ms);
		double		wanted = exact_share(&s, all) * 0.8;
		double		left;

		if (wanted < 1)
			wanted = 1;
		adm_service_cut(&s, all);
		left = exact_share(&s, all);
		assert_int_equal(s.phase, RESUMING);
		assert_int_equal(s.turn, 0);
		assert_int_equal(s.over_ms, over_ms);
		assert_in_range(s.spent_ms, 0, spent_ms);
		assert_true(left <= wanted * (1 + 1e-12));
		assert_true(left > wanted * (1 - 1e-12) - (all - 1.0) / (double) over_ms);
		assert_in_range(adm_service_share(&s, all), 1, all - 1);
	}
}

/* Cut again and again it is back at the beginning, and comes back from there. */
static void
cuts_end_at_the_beginning(void **state)
{
	AdmServiceState s = resuming(60000, 59999);

	(void) state;
	/* 0.8 to the 31st is the first power below a thousandth. */
	for (int times = 0; times < 31; times++)
	{
		assert_true(s.spent_ms > 0);
		adm_service_cut(&s, 1000);
	}
	assert_state("at the beginning", &s, resuming(60000, 0));
	adm_service_cut(&s, 1000);
	assert_state("no further", &s, resuming(60000, 0));
	assert_int_equal(adm_service_share(&s, 1000), 1);
	assert_true(adm_service_elapse(&s, 60000));
}

/*
 * Words.
 */

/* They are in the state file: they must not change. */
static const char *const words[ADM_SERVICE_PHASE_COUNT] = {
	[OPEN] = "open",
	[PAUSED] = "paused",
	[WAITS] = "waiting its turn",
	[RESUMING] = "resuming"
};

static void
phases_have_words(void **state)
{
	(void) state;
	assert_int_equal(ADM_SERVICE_PHASE_COUNT, 4);
	for (int i = 0; i < ADM_SERVICE_PHASE_COUNT; i++)
	{
		AdmServicePhase phase = (AdmServicePhase) ((i + 1) % ADM_SERVICE_PHASE_COUNT);

		assert_string_equal(adm_service_phase_name((AdmServicePhase) i), words[i]);
		assert_true(adm_service_phase_by_name(words[i], &phase));
		assert_int_equal(phase, i);
	}
}

static const char *const no_words[] = {
	"", " ", "Open", "OPEN", "open ", " open", "ope", "opened", "pause", "paused,resuming",
	"waiting", "waiting its", "waiting its turn ", "waiting  its turn", "waiting_its_turn",
	"resume", "resuming\n", "0", "1", "3", "none", "warming"
};

static void
other_words_are_no_phases(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(no_words); i++)
	{
		for (int before = 0; before < ADM_SERVICE_PHASE_COUNT; before++)
		{
			AdmServicePhase phase = (AdmServicePhase) before;

			assert_row(no_words[i], !adm_service_phase_by_name(no_words[i], &phase));
			assert_row_int(no_words[i], phase, before);
		}
	}
}

/* A turn is kept on the way back, and is over with it. */
static void
turn_is_kept_until_arrival(void **state)
{
	AdmServiceState s = {ADM_SERVICE_OPEN, 0, 0, 0};

	(void) state;
	adm_service_wait_turn(&s, 7, 1000);
	adm_service_begin_turn(&s);
	assert_int_equal(s.phase, ADM_SERVICE_RESUMING);
	assert_int_equal(s.turn, 7);
	assert_int_equal(s.over_ms, 1000);
	assert_int_equal(s.spent_ms, 0);
	assert_true(adm_service_elapse(&s, 1000));
	assert_int_equal(s.phase, ADM_SERVICE_OPEN);
	assert_int_equal(s.turn, 0);

	adm_service_wait_turn(&s, 8, 0);
	adm_service_begin_turn(&s);
	assert_int_equal(s.phase, ADM_SERVICE_OPEN);
	assert_int_equal(s.turn, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turn_is_kept_until_arrival),
		cmocka_unit_test(all_zero_is_open),
		cmocka_unit_test(pause_shuts_whatever_it_was),
		cmocka_unit_test(resume_brings_back_whatever_it_was),
		cmocka_unit_test(resume_in_no_time_opens),
		cmocka_unit_test(turn_keeps_what_it_waits_for),
		cmocka_unit_test(turn_ends_in_the_time_it_was_given),
		cmocka_unit_test(shut_and_progress),
		cmocka_unit_test(elapses),
		cmocka_unit_test(nothing_elapses_for_others),
		cmocka_unit_test(steps_add_up),
		cmocka_unit_test(shares),
		cmocka_unit_test(share_of_the_shut_is_nothing_and_of_the_open_all),
		cmocka_unit_test(share_rises_to_all_only_at_the_end),
		cmocka_unit_test(cuts),
		cmocka_unit_test(one_of_one_cannot_be_cut),
		cmocka_unit_test(others_are_not_cut),
		cmocka_unit_test(cut_takes_a_fifth),
		cmocka_unit_test(cuts_end_at_the_beginning),
		cmocka_unit_test(phases_have_words),
		cmocka_unit_test(other_words_are_no_phases),
	};

	return cmocka_run_group_tests_name("service_state", tests, NULL, NULL);
}
