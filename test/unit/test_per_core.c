/*
 * test_per_core.c - tests of numbers that may be meant for each processor.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/words_laws.h"
#include "policy/per_core.h"
#include "seeded.h"

/* What nothing may be parsed to. */
#define UNTOUCHED	(-77777)

typedef struct ParseRow
{
	const char *text;
	int			expected;		/* UNTOUCHED: refused */
} ParseRow;

static const ParseRow parse_rows[] = {
	/* Numbers. */
	{"0", 0},
	{"1", 1},
	{"16", 16},
	{"007", 7},
	{"262143", 262143},
	{"000000000000262143", 262143},
	{"262144", UNTOUCHED},
	{"2147483648", UNTOUCHED},
	{"4294967297", UNTOUCHED},
	{"99999999999999999999999999999999999999", UNTOUCHED},

	/* For each processor. */
	{"1x", -1},
	{"4x", -4},
	{"4X", -4},
	{"04x", -4},
	{"1000x", -1000},
	{"1001x", UNTOUCHED},
	{"262143x", UNTOUCHED},
	{"262144x", UNTOUCHED},
	{"0x", UNTOUCHED},
	{"00x", UNTOUCHED},

	/* Blanks. */
	{" 16", 16},
	{"16 ", 16},
	{" \t 16\t ", 16},
	{"4 x", -4},
	{" \t4\t x ", -4},
	{"1 6", UNTOUCHED},
	{"4 4x", UNTOUCHED},
	{"4\nx", UNTOUCHED},
	{"\n4", UNTOUCHED},
	{"4\n", UNTOUCHED},
	{"4\v", UNTOUCHED},

	/* Anything else. */
	{"", UNTOUCHED},
	{" ", UNTOUCHED},
	{"x", UNTOUCHED},
	{" x", UNTOUCHED},
	{"x4", UNTOUCHED},
	{"4xx", UNTOUCHED},
	{"4x x", UNTOUCHED},
	{"4x4", UNTOUCHED},
	{"4x 4", UNTOUCHED},
	{"4*", UNTOUCHED},
	{"-4", UNTOUCHED},
	{"-4x", UNTOUCHED},
	{"+4", UNTOUCHED},
	{"- 4", UNTOUCHED},
	{"4.0", UNTOUCHED},
	{"4.5x", UNTOUCHED},
	{".5x", UNTOUCHED},
	{"4e1", UNTOUCHED},
	{"0x10", UNTOUCHED},
	{"four", UNTOUCHED},
	{"16,", UNTOUCHED},
	{"16;4", UNTOUCHED},
	{"4\xc3\x97", UNTOUCHED},
	{"\xff", UNTOUCHED},
};

/* From a copy that ends where the text ends. */
static bool
parse(const char *text, int *value)
{
	size_t		size = strlen(text) + 1;
	char	   *copy = malloc(size);
	bool		good;

	assert_non_null(copy);
	memcpy(copy, text, size);
	good = adm_per_core_parse(copy, value);
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
		int			value = UNTOUCHED;
		bool		good = parse(row->text, &value);

		assert_row_int(row->text, value, row->expected);
		assert_row_int(row->text, good, row->expected != UNTOUCHED);
	}
}

/* Every value within the bounds, as it is written. */
static void
all_values(void **state)
{
	char		text[16];

	(void) state;
	for (int expected = -ADM_PER_CORE_MOST_FACTOR; expected <= ADM_PER_CORE_MOST; expected++)
	{
		int			value = UNTOUCHED;

		snprintf(text, sizeof(text), "%d%s", abs(expected), expected < 0 ? "x" : "");
		assert_row(text, adm_per_core_parse(text, &value));
		assert_row_int(text, value, expected);
	}
}

/* Whatever is accepted is within the bounds. */
static void
random_texts(void **state)
{
	static const char letters[] = "0123456789 \txX-.";
	Seeded		random = {901};
	int			good = 0;

	(void) state;
	for (int i = 0; i < 200000; i++)
	{
		char		text[9];
		size_t		length = seeded_below(&random, sizeof(text));
		int			value;

		for (size_t at = 0; at < length; at++)
			text[at] = letters[seeded_below(&random, strlen(letters))];
		text[length] = '\0';
		good += law_per_core(text, &value);
	}
	assert_in_range(good, 1000, 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(all_values),
		cmocka_unit_test(random_texts),
	};

	return cmocka_run_group_tests_name("per_core", tests, NULL, NULL);
}
