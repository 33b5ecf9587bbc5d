/*
 * test_ramp.c - tests of the way from a warm-up's progress to caps.
 */
#include "rows.h"

#include <float.h>
#include <limits.h>
#include <math.h>

#include "policy/ramp.h"
#include "seeded.h"

/* The last progress before 1. */
#define ALMOST	(1 - DBL_EPSILON / 2)

#define HALF_INT	(INT_MAX / 2)

typedef struct ValueRow
{
	const char *label;
	int			initial;
	int			target;
	double		progress;
	int			expected;
} ValueRow;

static const ValueRow value_rows[] = {
	{"beginning", 8, 16, 0, 8},
	{"end", 8, 16, 1, 16},
	{"half", 8, 16, 0.5, 12},
	{"rounded down", 8, 16, 0.49, 11},
	{"just below the next", 0, 10, 0.0999, 0},
	{"the next", 0, 10, 0.1, 1},
	{"almost at the end", 8, 16, ALMOST, 15},
	{"smallest progress", 8, 16, DBL_MIN, 8},
	{"nothing to rise", 5, 5, 0.5, 5},
	{"nothing to rise at the end", 5, 5, 1, 5},
	{"falling, half", 10, 4, 0.5, 7},
	{"falling, end", 10, 4, 1, 4},
	{"falling, almost at the end", 10, 4, ALMOST, 5},
	{"from nothing", 0, 1, ALMOST, 0},
	{"not a number", 8, 16, NAN, 8},
	{"negative progress", 8, 16, -0.5, 8},
	{"negative zero", 8, 16, -0.0, 8},
	{"negative infinity", 8, 16, -INFINITY, 8},
	{"too much progress", 8, 16, 1.5, 16},
	{"infinity", 8, 16, INFINITY, 16},
	{"largest target, half", 0, INT_MAX, 0.5, HALF_INT},
	{"largest target, almost", 0, INT_MAX, ALMOST, INT_MAX - 1},
	{"largest target, end", 0, INT_MAX, 1, INT_MAX},
	{"whole range, half", INT_MIN, INT_MAX, 0.5, -1},
	{"whole range, almost", INT_MIN, INT_MAX, ALMOST, INT_MAX - 1},
	{"whole range falling, almost", INT_MAX, INT_MIN, ALMOST, INT_MIN + 1},
	{"whole range falling, end", INT_MAX, INT_MIN, 1, INT_MIN},
};

static void
values(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(value_rows); i++)
	{
		const ValueRow *row = &value_rows[i];
		int			value = adm_ramp_value(row->initial, row->target,
										   row->progress);

		assert_row_int(row->label, value, row->expected);
	}
}

typedef struct ConnectionRow
{
	const char *label;
	int			initial;
	int			target;
	int			room;
	double		progress;
	int			expected;
} ConnectionRow;

static const ConnectionRow connection_rows[] = {
	{"neither", -1, -1, 97, 0.5, ADM_UNCAPPED},
	{"neither, end", -1, -1, 97, 1, ADM_UNCAPPED},
	{"neither, not a number", -1, -1, 97, NAN, ADM_UNCAPPED},
	{"only target", -1, 50, 97, 0, 50},
	{"only target, half", -1, 50, 97, 0.5, 50},
	{"only target, end", -1, 50, 97, 1, 50},
	{"only target, none", -1, 0, 97, 0.5, 0},
	{"only target, above room", -1, 500, 97, 0, 500},
	{"only initial", 10, -1, 110, 0, 10},
	{"only initial, half", 10, -1, 110, 0.5, 60},
	{"only initial, end", 10, -1, 110, 1, 110},
	{"only initial, none", 0, -1, 100, 0.5, 50},
	{"only initial, above room", 200, -1, 97, 0, 200},
	{"only initial, above room, end", 200, -1, 97, 1, 200},
	{"only initial, no room", 10, -1, 0, 1, 10},
	{"only initial, negative room", 10, -1, -5, 0.5, 10},
	{"only initial, most room", 0, -1, INT_MAX, 1, INT_MAX},
	{"both", 10, 50, 97, 0, 10},
	{"both, half", 10, 50, 97, 0.5, 30},
	{"both, rounded down", 10, 50, 97, 0.33, 23},
	{"both, almost", 10, 50, 97, ALMOST, 49},
	{"both, end", 10, 50, 97, 1, 50},
	{"both, not a number", 10, 50, 97, NAN, 10},
	{"both, negative progress", 10, 50, 97, -1, 10},
	{"both, too much progress", 10, 50, 97, 2, 50},
	{"both, target above room", 10, 500, 97, 1, 500},
	{"both alike", 50, 50, 97, 0.5, 50},
	{"both none", 0, 0, 97, 0.5, 0},
	{"initial above target", 80, 50, 97, 0, 50},
	{"initial above target, half", 80, 50, 97, 0.5, 50},
	{"initial above target, end", 80, 50, 97, 1, 50},
	{"initial above no target", 80, 0, 97, 0, 0},
	{"largest", INT_MAX, INT_MAX, 97, 0.5, INT_MAX},
};

static void
connection_caps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(connection_rows); i++)
	{
		const ConnectionRow *row = &connection_rows[i];
		int			cap = adm_ramp_connection_cap(row->initial, row->target,
												  row->room, row->progress);

		assert_row_int(row->label, cap, row->expected);
	}
}

typedef struct StartRow
{
	const char *label;
	int			cores;
	double		progress;
	int			expected;
} StartRow;

static const StartRow start_rows[] = {
	{"one core", 1, 0, 4},
	{"one core, half", 1, 0.5, 6},
	{"one core, end", 1, 1, 8},
	{"last on the floor", 2, 0, 4},
	{"last on the floor, end", 2, 1, 8},
	{"first above the floor", 3, 0, 6},
	{"first above the floor, half", 3, 0.5, 9},
	{"first above the floor, end", 3, 1, 12},
	{"64 cores", 64, 0, 128},
	{"64 cores, almost", 64, ALMOST, 255},
	{"64 cores, end", 64, 1, 256},
	{"64 cores, not a number", 64, NAN, 128},
	{"64 cores, negative progress", 64, -1, 128},
	{"64 cores, too much progress", 64, 2, 256},
	{"no cores", 0, 0, 4},
	{"negative cores", -3, 1, 8},
	{"fewest cores", INT_MIN, 1, 8},
	{"largest count taken as it is", 65536, 1, 262144},
	{"one above that", 65537, 1, 262144},
	{"most cores", INT_MAX, 0, 131072},
	{"most cores, end", INT_MAX, 1, 262144},
};

static void
start_caps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(start_rows); i++)
	{
		const StartRow *row = &start_rows[i];
		int			cap = adm_ramp_start_cap(row->cores, row->progress);

		assert_row_int(row->label, cap, row->expected);
	}
}

typedef struct TransactionRow
{
	const char *label;
	int			initial;
	int			target;
	int			cores;
	double		progress;
	int			expected;
} TransactionRow;

static const TransactionRow transaction_rows[] = {
	/* By the cores, where nothing is set. */
	{"one core", 0, 0, 1, 0, 4},
	{"one core, half", 0, 0, 1, 0.5, 10},
	{"one core, end", 0, 0, 1, 1, 16},
	{"last on the floor", 0, 0, 2, 0, 4},
	{"last on the floor, end", 0, 0, 4, 1, 16},
	{"first above the floor", 0, 0, 3, 0, 6},
	{"first above the floor, end", 0, 0, 5, 1, 20},
	{"64 cores", 0, 0, 64, 0, 128},
	{"64 cores, almost", 0, 0, 64, ALMOST, 255},
	{"64 cores, end", 0, 0, 64, 1, 256},
	{"64 cores, not a number", 0, 0, 64, NAN, 128},
	{"64 cores, negative progress", 0, 0, 64, -1, 128},
	{"64 cores, too much progress", 0, 0, 64, 2, 256},
	{"no cores", 0, 0, 0, 0, 4},
	{"fewest cores", 0, 0, INT_MIN, 1, 16},
	{"most cores", 0, 0, INT_MAX, 1, 262144},

	/* Numbers, whatever the cores. */
	{"numbers", 10, 50, 64, 0, 10},
	{"numbers, half", 10, 50, 64, 0.5, 30},
	{"numbers, end", 10, 50, 64, 1, 50},
	{"one at least", 1, 1, 64, 0.5, 1},
	{"below the floor", 2, 4, 1, 0.5, 3},
	{"largest", INT_MAX, INT_MAX, 64, 0.5, INT_MAX},

	/* For each core, without a floor. */
	{"for each core", -1, -3, 16, 0, 16},
	{"for each core, half", -1, -3, 16, 0.5, 32},
	{"for each core, end", -1, -3, 16, 1, 48},
	{"for each of one core", -1, -3, 1, 0, 1},
	{"for each of no cores", -2, -3, 0, 0, 2},
	{"for each of negative cores", -2, -3, -7, 1, 3},
	{"most for each of most cores", -1000, -1000, INT_MAX, 1, 65536000},

	/* One of each. */
	{"number and by the cores", 3, 0, 8, 0, 3},
	{"number and by the cores, end", 3, 0, 8, 1, 32},
	{"by the cores and number", 0, 100, 8, 0, 16},
	{"by the cores and number, end", 0, 100, 8, 1, 100},
	{"number and for each core", 3, -2, 8, 0, 3},
	{"number and for each core, end", 3, -2, 8, 1, 16},

	/* The initial value is no more than the target. */
	{"initial above target", 80, 50, 8, 0, 50},
	{"initial above target, half", 80, 50, 8, 0.5, 50},
	{"initial above target, end", 80, 50, 8, 1, 50},
	{"by the cores above target", 0, 5, 64, 0, 5},
	{"for each core above target", -100, 0, 64, 0.5, 256},
};

static void
transaction_caps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(transaction_rows); i++)
	{
		const TransactionRow *row = &transaction_rows[i];
		int			cap = adm_ramp_transaction_cap(row->initial, row->target,
												   row->cores, row->progress);

		assert_row_int(row->label, cap, row->expected);
	}
}

/* Whatever is set there is room for one, and no progress lowers the cap. */
static void
transaction_caps_never_fall(void **state)
{
	(void) state;
	for (int initial = -5; initial <= 30; initial++)
		for (int target = -5; target <= 30; target++)
			for (int cores = 0; cores <= 9; cores += 3)
			{
				int			last = 1;

				for (int i = 0; i <= 20; i++)
				{
					int			cap = adm_ramp_transaction_cap(initial, target,
															   cores, i / 20.0);

					assert_true(cap >= last);
					last = cap;
				}
			}
}

typedef struct PairRow
{
	const char *label;
	int			initial;
	int			target;
} PairRow;

static const PairRow pair_rows[] = {
	{"smallest rise", 0, 1},
	{"starts on a small machine", 4, 8},
	{"odd", 7, 1009},
	{"largest", 0, INT_MAX},
	{"whole range", INT_MIN, INT_MAX},
	{"smallest fall", 1, 0},
	{"fall", 1009, 7},
	{"whole range falling", INT_MAX, INT_MIN},
};

/* In thousandths, and the last step just before 1. */
static void
check_way(const PairRow *row)
{
	bool		rises = row->initial < row->target;
	int			last = row->initial;

	for (int i = 0; i <= 1000; i++)
	{
		double		progress = i < 1000 ? i / 1000.0 : ALMOST;
		int			value = adm_ramp_value(row->initial, row->target,
										   progress);

		assert_row(row->label, rises ? value >= last : value <= last);
		assert_row(row->label, value != row->target);
		last = value;
	}
	assert_row_int(row->label, adm_ramp_value(row->initial, row->target, 1),
				   row->target);
}

static void
never_turns_back_and_arrives_only_at_the_end(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(pair_rows); i++)
		check_way(&pair_rows[i]);
}

/* With at least one of the two set. */
static void
check_no_fall(int initial, int target)
{
	const int	room = 20;
	int			most = target >= 0 ? target : initial > room ? initial : room;
	int			last = 0;

	for (int i = 0; i <= 100; i++)
	{
		int			cap = adm_ramp_connection_cap(initial, target, room,
												  i / 100.0);

		assert_in_range(cap, last, most);
		last = cap;
	}
}

/* Every combination of the two settings, below, at and above room. */
static void
connection_caps_never_fall(void **state)
{
	(void) state;
	for (int initial = -1; initial <= 30; initial++)
		for (int target = initial < 0 ? 0 : -1; target <= 30; target++)
			check_no_fall(initial, target);
}

/*
 * Cuts.
 */

typedef struct CutRow
{
	const char *label;
	int			initial;
	int			target;
	double		progress;
	double		keeps;
	double		expected;
} CutRow;

static const CutRow cut_rows[] = {
	{"a fifth off the target", 100, 200, 1, 0.8, 0.6},
	{"a fifth off the middle", 100, 200, 0.5, 0.8, 0.2},
	{"just to initial", 80, 180, 0.2, 0.8, 0},
	{"no further than initial", 100, 200, 0.2, 0.8, 0},
	{"at the beginning", 100, 200, 0, 0.8, 0},
	{"before the beginning", 100, 200, -1, 0.8, 0},
	{"not a number", 100, 200, NAN, 0.8, 0},
	{"beyond the end", 100, 200, 7, 0.8, 0.6},
	{"infinity", 100, 200, INFINITY, 0.8, 0.6},
	{"all is kept", 100, 200, 0.7, 1, 0.7},
	{"nothing is kept", 100, 200, 0.7, 0, 0},
	{"keeps not a number", 100, 200, 0.7, NAN, 0},
	{"from nothing", 0, 10, 0.5, 0.8, 0.4},
	{"nothing to rise", 50, 50, 0.5, 0.8, 0.5},
	{"falling", 200, 100, 0.5, 0.8, 0.5},
	{"nothing to rise, not a number", 50, 50, NAN, 0.8, 0},
	{"largest", 0, INT_MAX, 1, 0.8, 0.8},
	{"whole range", INT_MIN, INT_MAX, 1, 0, 0.5},
};

static void
cuts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cut_rows); i++)
	{
		const CutRow *row = &cut_rows[i];
		double		progress = adm_ramp_cut(row->initial, row->target,
											row->progress, row->keeps);

		assert_row(row->label, fabs(progress - row->expected) < 1e-9);
	}
}

typedef struct StartCutRow
{
	const char *label;
	int			cores;
	double		progress;
	double		expected;
} StartCutRow;

static const StartCutRow start_cut_rows[] = {
	{"one core, 8 to 6.4", 1, 1, 0.6},
	{"one core, 6.4 to 5.12", 1, 0.6, 0.28},
	{"one core, 5.12 to 4.096", 1, 0.28, 0.024},
	{"one core, no further", 1, 0.024, 0},
	{"64 cores, 256 to 204.8", 64, 1, 0.6},
	{"no cores", 0, 1, 0.6},
	{"most cores", INT_MAX, 1, 0.6},
	{"beginning", 64, 0, 0},
	{"not a number", 64, NAN, 0},
};

static void
start_cuts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(start_cut_rows); i++)
	{
		const StartCutRow *row = &start_cut_rows[i];
		double		progress = adm_ramp_start_cut(row->cores, row->progress, 0.8);

		assert_row(row->label, fabs(progress - row->expected) < 1e-9);
	}
}

/*
 * Whatever the ramp, a cut's cap is what the share leaves of the cap before
 * it, but never below initial; and it never rises.
 */
static void
cuts_take_their_share(void **state)
{
	Seeded		random = {301};

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		int			initial = (int) seeded_below(&random, 5000);
		int			target = initial + 1 + (int) seeded_below(&random, 50000);
		double		progress = (double) seeded_below(&random, 1000001) / 1e6;
		double		keeps = (double) seeded_below(&random, 101) / 100;
		double		cut = adm_ramp_cut(initial, target, progress, keeps);
		double		value = initial + (double) (target - initial) * progress;
		double		wanted = fmax(keeps * value, initial);
		int			cap = adm_ramp_value(initial, target, cut);

		assert_true(cut >= 0 && cut <= progress + 1e-9);
		assert_true(cap >= initial && cap <= wanted + 1e-6);
		assert_true(cap > wanted - 1 - 1e-6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(connection_caps),
		cmocka_unit_test(start_caps),
		cmocka_unit_test(transaction_caps),
		cmocka_unit_test(transaction_caps_never_fall),
		cmocka_unit_test(never_turns_back_and_arrives_only_at_the_end),
		cmocka_unit_test(connection_caps_never_fall),
		cmocka_unit_test(cuts),
		cmocka_unit_test(start_cuts),
		cmocka_unit_test(cuts_take_their_share),
	};

	return cmocka_run_group_tests_name("ramp", tests, NULL, NULL);
}
