/*
 * test_line_order.c - tests of whose turn it is at a gate.
 */
#include "rows.h"

#include "policy/line_order.h"
#include "policy/service_turn.h"

/*
 * Ranks.
 */

/* The grants of a gate that has one service, and its choices (line_order.h). */
typedef struct Turns
{
	uint64_t	grants;
	uint64_t	choices;
} Turns;

static AdmRank
serve(Turns *t, const bool waits[ADM_RANK_COUNT])
{
	bool		of_holders = adm_turn_is_of_holders(t->grants++);
	AdmRank		rank = adm_line_next_rank(waits, of_holders, t->choices);

	assert_true(waits[rank]);
	if (rank != ADM_RANK_HOLDER || !of_holders)
		t->choices++;
	return rank;
}

/*
 * Of four grants, how many go to each rank of those that wait; from whatever
 * counts on, also where they wrap.
 */
static void
assert_shares(bool holder, bool ordinary, bool patient, int to_holder, int to_ordinary, int to_patient)
{
	const bool	waits[ADM_RANK_COUNT] = {
		[ADM_RANK_HOLDER] = holder, [ADM_RANK_ORDINARY] = ordinary, [ADM_RANK_PATIENT] = patient
	};

	for (uint64_t first = UINT64_MAX - 51; first != 48; first += 4)
	{
		Turns		t = {first, first};
		int			grants[ADM_RANK_COUNT] = {0};

		for (int i = 0; i < 4; i++)
			grants[serve(&t, waits)]++;
		assert_int_equal(grants[ADM_RANK_HOLDER], to_holder);
		assert_int_equal(grants[ADM_RANK_ORDINARY], to_ordinary);
		assert_int_equal(grants[ADM_RANK_PATIENT], to_patient);
	}
}

/*
 * A service that gets permits only now and then, whatever the rhythm, starves no
 * rank of its own.
 */
static void
no_rhythm_starves_a_rank(void **state)
{
	static const bool all[ADM_RANK_COUNT] = {true, true, true};
	static const bool no_holder[ADM_RANK_COUNT] = {
		[ADM_RANK_ORDINARY] = true, [ADM_RANK_PATIENT] = true
	};

	(void) state;
	for (int every = 1; every <= 40; every++)
	{
		for (int from = 0; from < every; from++)
		{
			int			grants[2][ADM_RANK_COUNT] = {{0}};
			Turns		t[2] = {{0}};

			for (int i = from; i < 40 * every; i += every)
			{
				t[0].grants = t[1].grants = (uint64_t) i;
				grants[0][serve(&t[0], all)]++;
				grants[1][serve(&t[1], no_holder)]++;
			}
			if (every % 4 != 0 || from % 4 >= 2)
				assert_true(grants[0][ADM_RANK_ORDINARY] > 0 && grants[0][ADM_RANK_PATIENT] > 0);
			assert_int_equal(grants[1][ADM_RANK_ORDINARY], 30);
			assert_int_equal(grants[1][ADM_RANK_PATIENT], 10);
		}
	}
}

static void
each_rank_has_its_share(void **state)
{
	(void) state;
	assert_shares(true, true, true, 2, 1, 1);
	assert_shares(true, true, false, 2, 2, 0);
	assert_shares(true, false, true, 2, 0, 2);
	assert_shares(false, true, true, 0, 3, 1);
	assert_shares(true, false, false, 4, 0, 0);
	assert_shares(false, true, false, 0, 4, 0);
	assert_shares(false, false, true, 0, 0, 4);
}

/* The shortest wait at which a line stands. */
#define STANDING_MS	(ADM_LINE_STANDS_MS + 1)

typedef struct TurnRow
{
	const char *label;
	int64_t		oldest_wait_ms;
	uint64_t	grants;
	bool		newest;
} TurnRow;

static const TurnRow turn_rows[] = {
	{"just arrived", 0, 1, false},
	{"almost stands", 499, 1, false},
	{"not yet longer than the limit", 500, 1, false},
	{"stands", 501, 1, true},
	{"stands, first grant ever", 501, 0, false},
	{"stands, last before the turn", 501, 7, true},
	{"stands, the oldest's turn", 501, 8, false},
	{"stands, after the turn", 501, 9, true},
	{"stands, a later turn", 501, 800, false},
	{"short line, the oldest's turn", 500, 8, false},
	{"clock stepped back", -1, 1, false},
	{"earliest time", INT64_MIN, 1, false},
	{"longest wait", INT64_MAX, 1, true},
	{"longest wait, the oldest's turn", INT64_MAX, 8, false},
	{"last count before it wraps", 501, UINT64_MAX, true},
	{"last turn before it wraps", 501, UINT64_MAX - 7, false},
};

static void
turns(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(turn_rows); i++)
	{
		const TurnRow *row = &turn_rows[i];
		bool		newest = adm_line_serves_newest(row->oldest_wait_ms,
													row->grants);

		assert_row_int(row->label, newest, row->newest);
	}
}

/* Any eight grants in a row hold one for the oldest, also where they wrap. */
static void
one_turn_in_any_eight(void **state)
{
	(void) state;
	for (uint64_t first = UINT64_MAX - 100; first != 100; first++)
	{
		int			oldest = 0;

		for (uint64_t i = 0; i < ADM_LINE_OLDEST_EVERY; i++)
			oldest += !adm_line_serves_newest(STANDING_MS, first + i);
		assert_int_equal(oldest, 1);
	}
}

/*
 * A simulated line.
 */

#define LINE_SIZE	20000

/* Waiters in the order of arrival; each entry is when it came. */
typedef struct Line
{
	int64_t		arrived_ms[LINE_SIZE];
	int			length;
	uint64_t	grants;
} Line;

static void
join(Line *line, int64_t now_ms)
{
	assert_true(line->length < LINE_SIZE);
	line->arrived_ms[line->length++] = now_ms;
}

/* Serves one as the gate does; returns whether it was the oldest. */
static bool
grant(Line *line, int64_t now_ms)
{
	bool		newest = adm_line_serves_newest(now_ms - line->arrived_ms[0],
												line->grants++);

	line->length--;
	if (!newest)
		memmove(line->arrived_ms, line->arrived_ms + 1,
				(size_t) line->length * sizeof(line->arrived_ms[0]));
	return !newest;
}

/*
 * Three arrive for each two that are served, so the line stands for ever.  The
 * first grants find it young and go to the oldest.
 */
static void
standing_line_gives_every_eighth_to_the_oldest(void **state)
{
	static Line line;
	int			to_oldest = 0;

	(void) state;
	for (int64_t now_ms = 0; now_ms < 60000; now_ms += 30)
	{
		for (int i = 0; i < 3; i++)
			join(&line, now_ms + 10 * i);
		for (int i = 0; i < 2; i++)
		{
			int64_t		wait_ms = now_ms + 29 - line.arrived_ms[0];
			bool		stood = wait_ms >= STANDING_MS;
			bool		turn = line.grants % ADM_LINE_OLDEST_EVERY == 0;
			bool		oldest = grant(&line, now_ms + 29);

			assert_int_equal(oldest, !stood || turn);
			to_oldest += stood && oldest;
		}
	}
	/* Of 4000 grants, less those before it stood. */
	assert_in_range(to_oldest, 450, 500);
}

/* Those who came before it stood get out while newcomers keep coming. */
static void
standing_line_starves_nobody(void **state)
{
	static Line line;
	int			grants = 0;

	(void) state;
	for (int i = 0; i < 100; i++)
		join(&line, i);
	for (int64_t now_ms = 1000; line.arrived_ms[0] < 100; now_ms += 10)
	{
		join(&line, now_ms);
		(void) grant(&line, now_ms);
		grants++;
	}
	assert_in_range(grants, 7 * 100, 8 * 100);
}

/* Five come and five are served: the order of arrival, whatever the count. */
static void
line_that_empties_is_served_in_order(void **state)
{
	static Line line;

	(void) state;
	for (int64_t now_ms = 0; now_ms < 60000; now_ms += 100)
	{
		for (int i = 0; i < 5; i++)
			join(&line, now_ms + i);
		while (line.length > 0)
			assert_true(grant(&line, now_ms + 99));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rank_has_its_share),
		cmocka_unit_test(no_rhythm_starves_a_rank),
		cmocka_unit_test(turns),
		cmocka_unit_test(one_turn_in_any_eight),
		cmocka_unit_test(standing_line_gives_every_eighth_to_the_oldest),
		cmocka_unit_test(standing_line_starves_nobody),
		cmocka_unit_test(line_that_empties_is_served_in_order),
	};

	return cmocka_run_group_tests_name("line_order", tests, NULL, NULL);
}
