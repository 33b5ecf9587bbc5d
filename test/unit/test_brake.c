/*
 * test_brake.c - tests of the brake's word and its cap.
 *
 * Words are parsed from copies that end where the text ends, and printed to
 * buffers of just the size that is promised.
 */
#include "rows.h"

#include <limits.h>
#include <stdlib.h>

#include "../fuzz/words_laws.h"
#include "policy/brake.h"
#include "seeded.h"

/* Short words for the tables. */
#define OFF		ADM_BRAKE_OFF
#define ON		ADM_BRAKE_ON

/* What nothing may be parsed to. */
#define UNTOUCHED	(-77777)

#define BLANKS10	"          "
#define BLANKS40	BLANKS10 BLANKS10 BLANKS10 BLANKS10

typedef struct ParseRow
{
	const char *text;
	int			expected;		/* UNTOUCHED: refused */
} ParseRow;

static const ParseRow parse_rows[] = {
	/* Words. */
	{"off", OFF},
	{"on", ON},
	{"OFF", OFF},
	{"ON", ON},
	{"Off", OFF},
	{"oFf", OFF},
	{"oN", ON},
	{"of", UNTOUCHED},
	{"o", UNTOUCHED},
	{"offf", UNTOUCHED},
	{"onn", UNTOUCHED},
	{"onoff", UNTOUCHED},
	{"off,", UNTOUCHED},
	{"on;", UNTOUCHED},
	{"'on'", UNTOUCHED},
	{"yes", UNTOUCHED},
	{"no", UNTOUCHED},
	{"true", UNTOUCHED},
	{"false", UNTOUCHED},

	/* Numbers. */
	{"1", 1},
	{"2", 2},
	{"48", 48},
	{"007", 7},
	{"000000007", 7},
	{"262142", 262142},
	{"262143", 262143},
	{"000262143", 262143},
	{"262144", UNTOUCHED},
	{"999999", UNTOUCHED},
	{"999999999", UNTOUCHED},
	{"0", UNTOUCHED},
	{"000000000", UNTOUCHED},
	{"2147483647", UNTOUCHED},
	{"2147483648", UNTOUCHED},
	{"4294967295", UNTOUCHED},
	{"4294967296", UNTOUCHED},
	{"4294967297", UNTOUCHED},
	{"18446744073709551617", UNTOUCHED},
	{"99999999999999999999999999999999999999", UNTOUCHED},

	/* No numbers, or none of ours. */
	{"-1", UNTOUCHED},
	{"-0", UNTOUCHED},
	{"-48", UNTOUCHED},
	{"-262143", UNTOUCHED},
	{"-2147483648", UNTOUCHED},
	{"-4294967295", UNTOUCHED},
	{"+1", UNTOUCHED},
	{"- 1", UNTOUCHED},
	{"-", UNTOUCHED},
	{"1-", UNTOUCHED},
	{"4x", UNTOUCHED},
	{"x4", UNTOUCHED},
	{"4.0", UNTOUCHED},
	{"4,", UNTOUCHED},
	{"4e1", UNTOUCHED},
	{"0x10", UNTOUCHED},
	{"4off", UNTOUCHED},
	{"on4", UNTOUCHED},
	{"four", UNTOUCHED},
	{"50%", UNTOUCHED},

	/* Blanks. */
	{" on", ON},
	{"on ", ON},
	{"\ton\t", ON},
	{" \t off\t ", OFF},
	{" 48", 48},
	{"48 ", 48},
	{" \t 48\t ", 48},
	{BLANKS40 "on" BLANKS40, ON},
	{BLANKS40 "262143" BLANKS40, 262143},
	{BLANKS40 "262144" BLANKS40, UNTOUCHED},
	{"o n", UNTOUCHED},
	{"of f", UNTOUCHED},
	{"4 8", UNTOUCHED},
	{"on on", UNTOUCHED},
	{"on off", UNTOUCHED},
	{"off 4", UNTOUCHED},
	{"4" BLANKS40 "x", UNTOUCHED},
	{"on" BLANKS40 "\n", UNTOUCHED},
	{"on\n", UNTOUCHED},
	{"\non", UNTOUCHED},
	{"48\n", UNTOUCHED},
	{"48\r", UNTOUCHED},
	{"48\v", UNTOUCHED},
	{"\f48", UNTOUCHED},
	{"on\xc2\xa0", UNTOUCHED},

	/* Nothing, and too much. */
	{"", UNTOUCHED},
	{" ", UNTOUCHED},
	{"\t", UNTOUCHED},
	{"\n", UNTOUCHED},
	{BLANKS40, UNTOUCHED},
	{"ooooooooooo", UNTOUCHED},
	{"oooooooooooo", UNTOUCHED},
	{"ooooooooooooo", UNTOUCHED},
	{"offoffoffoffoffoffoffoffoffoffoffoffoff", UNTOUCHED},
	{"\xff", UNTOUCHED},
	{"\xc3\xb6n", UNTOUCHED},
};

/* From a copy that ends where the text ends. */
static bool
parse(const char *text, int *brake)
{
	size_t		size = strlen(text) + 1;
	char	   *copy = malloc(size);
	bool		good;

	assert_non_null(copy);
	memcpy(copy, text, size);
	good = adm_brake_parse(copy, brake);
	free(copy);
	return good;
}

static void
texts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(parse_rows); i++)
	{
		const ParseRow *row = &parse_rows[i];
		int			brake = UNTOUCHED;
		bool		good = parse(row->text, &brake);

		assert_row_int(row->text, brake, row->expected);
		assert_row_int(row->text, good, row->expected != UNTOUCHED);
	}
}

/*
 * Printing.
 */

typedef struct PrintRow
{
	int			brake;
	const char *expected;
} PrintRow;

static const PrintRow print_rows[] = {
	{OFF, "off"},
	{ON, "on"},
	{1, "1"},
	{48, "48"},
	{ADM_BRAKE_MOST, "262143"},

	/* No brakes, and still no reason to write too far. */
	{-2, "-2"},
	{INT_MAX, "2147483647"},
	{INT_MIN, "-2147483648"},
};

static void
prints(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(print_rows); i++)
	{
		const PrintRow *row = &print_rows[i];
		char	   *buffer = malloc(ADM_BRAKE_TEXT_SIZE);

		assert_non_null(buffer);
		assert_row_string(row->expected, adm_brake_print(row->brake, buffer), row->expected);
		free(buffer);
	}
}

static void
assert_makes_the_round_trip(const char *label, int brake)
{
	char		buffer[ADM_BRAKE_TEXT_SIZE];
	int			again = UNTOUCHED;

	assert_row(label, parse(adm_brake_print(brake, buffer), &again));
	assert_row_int(label, again, brake);
}

/* Every brake there is, and none besides. */
static void
all_brakes(void **state)
{
	char		buffer[ADM_BRAKE_TEXT_SIZE];
	int			brake = UNTOUCHED;

	(void) state;
	assert_makes_the_round_trip("off", ADM_BRAKE_OFF);
	assert_makes_the_round_trip("on", ADM_BRAKE_ON);
	for (int most = 1; most <= ADM_BRAKE_MOST; most++)
		assert_makes_the_round_trip(adm_brake_print(most, buffer), most);
	assert_false(parse(adm_brake_print(ADM_BRAKE_MOST + 1, buffer), &brake));
	assert_false(parse(adm_brake_print(ADM_BRAKE_ON - 1, buffer), &brake));
	assert_int_equal(brake, UNTOUCHED);
}

/* Whatever is accepted is a brake. */
static void
random_texts(void **state)
{
	static const char letters[] = "oOfFoOfFffnN012346789 \t\n-x";
	Seeded		random = {1001};
	int			off = 0;
	int			on = 0;
	int			numbers = 0;

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		char		text[2 * ADM_BRAKE_TEXT_SIZE];
		size_t		length = seeded_below(&random, sizeof(text)) >> seeded_below(&random, 4);
		int			brake;

		for (size_t at = 0; at < length; at++)
			text[at] = letters[seeded_below(&random, strlen(letters))];
		text[length] = '\0';
		if (!law_brake(text, &brake))
			continue;
		off += brake == ADM_BRAKE_OFF;
		on += brake == ADM_BRAKE_ON;
		numbers += brake > 0;
	}
	assert_in_range(off, 30, 100000);
	assert_in_range(on, 300, 100000);
	assert_in_range(numbers, 3000, 100000);
}

/*
 * Caps.
 */

typedef struct CapRow
{
	const char *label;
	int			brake;
	int			initial;
	int			cap;
	int			expected;
} CapRow;

static const CapRow cap_rows[] = {
	{"off", OFF, 4, 64, 64},
	{"off, at the beginning", OFF, 4, 4, 4},
	{"off, below the beginning", OFF, 16, 3, 3},
	{"off, nothing passes", OFF, 4, 0, 0},
	{"off, all pass", OFF, 4, INT_MAX, INT_MAX},

	{"on", ON, 4, 64, 4},
	{"on, at the beginning", ON, 4, 4, 4},
	{"on, one more", ON, 4, 5, 4},
	{"on, one fewer", ON, 4, 3, 3},
	{"on, below the beginning", ON, 16, 3, 3},
	{"on, nothing passes", ON, 4, 0, 0},
	{"on, all pass", ON, 4, INT_MAX, 4},
	{"on, all pass at the beginning", ON, INT_MAX, INT_MAX, INT_MAX},

	{"number", 10, 4, 64, 10},
	{"number below the beginning", 2, 4, 64, 2},
	{"number at the beginning", 4, 4, 64, 4},
	{"number above the cap", 100, 4, 64, 64},
	{"number at the cap", 64, 4, 64, 64},
	{"number one below the cap", 63, 4, 64, 63},
	{"number one above the cap", 65, 4, 64, 64},
	{"number, beginning above the cap", 10, 100, 64, 10},
	{"number, nothing passes", 10, 4, 0, 0},
	{"number, all pass", 10, 4, INT_MAX, 10},
	{"one", 1, 4, 64, 1},
	{"most", ADM_BRAKE_MOST, 4, 64, 64},
	{"most, all pass", ADM_BRAKE_MOST, 4, INT_MAX, ADM_BRAKE_MOST},
};

static void
caps(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cap_rows); i++)
	{
		const CapRow *row = &cap_rows[i];

		assert_row_int(row->label, adm_brake_cap(row->brake, row->initial, row->cap),
					   row->expected);
	}
}

/* One of two brakes after the other: the tighter one binds, in any order. */
static void
two_brakes(void **state)
{
	Seeded		random = {1002};

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		int			one = (int) seeded_below(&random, 12) - 1;
		int			other = (int) seeded_below(&random, 12) - 1;
		int			initial = (int) seeded_below(&random, 12);
		int			cap = (int) seeded_below(&random, 12);
		int			by_one = adm_brake_cap(one, initial, cap);
		int			by_other = adm_brake_cap(other, initial, cap);
		int			by_both = adm_brake_cap(other, initial, by_one);

		assert_int_equal(by_both, by_one < by_other ? by_one : by_other);
		assert_int_equal(by_both, adm_brake_cap(one, initial, by_other));
		assert_int_equal(by_both, adm_brake_cap(one, initial, by_both));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(prints),
		cmocka_unit_test(all_brakes),
		cmocka_unit_test(random_texts),
		cmocka_unit_test(caps),
		cmocka_unit_test(two_brakes),
	};

	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
