/*
 * test_text.c - tests of finding numbers in the kernel's text files.
 *
 * Texts are copies that end where the text ends, so that reading one byte too
 * far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/text.h"
#include "seeded.h"

/* What stands in *at where a table says that nothing is found. */
#define NOWHERE		(-1)

static char *
exact_copy(const char *text)
{
	char	   *copy = malloc(strlen(text) + 1);

	assert_non_null(copy);
	return strcpy(copy, text);
}

/*
 * Lines by their beginning.
 */

typedef struct AfterRow
{
	const char *label;
	const char *text;
	const char *key;
	int			expected;		/* where it goes on, or NOWHERE */
} AfterRow;

static const AfterRow after_rows[] = {
	{"first line", "some 1\nfull 2\n", "some ", 5},
	{"other line", "some 1\nfull 2\n", "full ", 12},
	{"first of several", "cpu 1\ncpu0 2\ncpu1 3\n", "cpu", 3},
	{"not inside a line", "cancelled_write_bytes: 1\nwrite_bytes: 2\n",
	"write_bytes:", 37},
	{"behind a blank", " some 1\n", "some ", NOWHERE},
	{"whole text", "some", "some", 4},
	{"no end of line", "a\nsome", "some", 6},
	{"cut off", "a\nsom", "some", NOWHERE},
	{"line break in the way", "so\nme", "some", NOWHERE},
	{"empty lines in front", "\n\n\nsome", "some", 7},
	{"other case", "Some 1\n", "some ", NOWHERE},
	{"only an end of line", "\n", "some", NOWHERE},
	{"empty text", "", "some", NOWHERE},
	{"Windows", "a\r\nsome", "some", 7},
};

static void
lines_are_found_by_their_beginning(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(after_rows); i++)
	{
		const AfterRow *row = &after_rows[i];
		char	   *text = exact_copy(row->text);
		const char *found = adm_text_after(text, row->key);

		assert_row_int(row->label, found ? found - text : NOWHERE, row->expected);
		free(text);
	}
	assert_null(adm_text_after(NULL, "some"));
}

/*
 * Numbers.
 */

#define LARGEST		"9223372036854775807"

typedef struct NumberRow
{
	const char *label;
	const char *text;
	int64_t		expected;
	int			end;			/* where it ends, or NOWHERE */
} NumberRow;

static const NumberRow number_rows[] = {
	{"one digit", "7", 7, 1},
	{"zero", "0", 0, 1},
	{"zeros in front", "0007", 7, 4},
	{"more behind", "12 34", 12, 2},
	{"end of line behind", "12\n34", 12, 2},
	{"letters behind", "12kB", 12, 2},
	{"point behind", "1.5", 1, 1},
	{"dash behind", "0-3", 0, 1},
	{"blanks in front", "   12", 12, 5},
	{"tabs in front", "\t \t12", 12, 5},
	{"end of line in front", "\n12", 0, NOWHERE},
	{"only blanks", "   ", 0, NOWHERE},
	{"empty", "", 0, NOWHERE},
	{"letters", "max", 0, NOWHERE},
	{"minus", "-1", 0, NOWHERE},
	{"plus", "+1", 0, NOWHERE},
	{"hexadecimal", "0x10", 0, 1},
	{"point in front", ".5", 0, NOWHERE},
	{"all bits", "\xff" "1", 0, NOWHERE},
	{"other digits", "\xd9\xa1", 0, NOWHERE},
	{"32 bits", "4294967296", INT64_C(4294967296), 10},
	{"largest", LARGEST, INT64_MAX, 19},
	{"largest, zeros in front", "000" LARGEST, INT64_MAX, 22},
	{"largest and 1", "9223372036854775808", 0, NOWHERE},
	{"63 bits and a digit", LARGEST "0", 0, NOWHERE},
	{"64 bits", "18446744073709551615", 0, NOWHERE},
	{"64 bits and 1", "18446744073709551616", 0, NOWHERE},
	{"64 bits and 2", "18446744073709551617", 0, NOWHERE},
	{"very long", LARGEST LARGEST LARGEST LARGEST, 0, NOWHERE},
};

/* What is no number must leave both alone. */
static void
check_number(const NumberRow *row)
{
	char	   *text = exact_copy(row->text);
	const char *at = text;
	int64_t		number = -77;
	bool		found = adm_text_number(&at, &number);

	assert_row_int(row->label, found, row->end != NOWHERE);
	assert_row_int(row->label, number, found ? row->expected : -77);
	assert_row_int(row->label, at - text, found ? row->end : 0);
	free(text);
}

static void
numbers_of_all_kinds(void **state)
{
	const char *nothing = NULL;
	int64_t		number = -77;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(number_rows); i++)
		check_number(&number_rows[i]);
	assert_false(adm_text_number(&nothing, &number));
	assert_null(nothing);
	assert_int_equal(number, -77);
}

/* Of all lengths: printed with up to 20 digits, read as far as 63 bits go. */
static void
numbers_make_the_round_trip(void **state)
{
	Seeded		random = {401};

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		uint64_t	value = seeded_next(&random) >> seeded_below(&random, 64);
		char		text[32];
		char	   *copy;
		const char *at;
		int64_t		number = -77;

		snprintf(text, sizeof(text), "%" PRIu64, value);
		at = copy = exact_copy(text);
		assert_row_int(text, adm_text_number(&at, &number), value <= INT64_MAX);
		if (value <= INT64_MAX)
			assert_row_int(text, number, value);
		free(copy);
	}
}

typedef struct KeyRow
{
	const char *label;
	const char *text;
	int64_t		expected;		/* behind "key:" */
} KeyRow;

static const KeyRow key_rows[] = {
	{"at once", "key:5\n", 5},
	{"behind blanks", "a: 1\nkey:      5 kB\n", 5},
	{"zero", "key: 0\n", 0},
	{"largest", "key: " LARGEST "\n", INT64_MAX},
	{"too large", "key: 9223372036854775808\n", -1},
	{"negative", "key: -5\n", -1},
	{"nothing", "key:\n", -1},
	{"on the next line", "key:\n5\n", -1},
	{"cut off behind the key", "key:", -1},
	{"cut off in the key", "ke", -1},
	{"letters", "key: five\n", -1},
	{"missing", "other: 5\n", -1},
	{"empty", "", -1},
	{"the first counts", "key: 1\nkey: 2\n", 1},
};

static void
numbers_by_their_key(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(key_rows); i++)
	{
		char	   *text = exact_copy(key_rows[i].text);

		assert_row_int(key_rows[i].label, adm_text_number_after(text, "key:"),
					   key_rows[i].expected);
		free(text);
	}
	assert_int_equal(adm_text_number_after(NULL, "key:"), -1);
}

/*
 * Words.
 */

typedef struct SkipRow
{
	const char *label;
	const char *text;
	int			count;
	int			expected;		/* where it goes on, or NOWHERE */
} SkipRow;

static const SkipRow skip_rows[] = {
	{"none", "a b c", 0, 0},
	{"one", "a b c", 1, 1},
	{"all", "a b c", 3, 5},
	{"too many", "a b c", 4, NOWHERE},
	{"long words", "alpha beta gamma", 2, 10},
	{"many blanks", "  a \t b", 2, 7},
	{"blanks at the end", "a  ", 2, NOWHERE},
	{"line ends", "a b\nc d", 3, NOWHERE},
	{"up to the line's end", "a b\nc d", 2, 3},
	{"empty line", "\na", 1, NOWHERE},
	{"empty", "", 1, NOWHERE},
	{"empty, none", "", 0, 0},
};

static void
words_are_skipped_within_the_line(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(skip_rows); i++)
	{
		const SkipRow *row = &skip_rows[i];
		char	   *text = exact_copy(row->text);
		const char *at = text;
		bool		skipped = adm_text_skip_words(&at, row->count);

		assert_row_int(row->label, skipped, row->expected != NOWHERE);
		assert_row_int(row->label, at - text, skipped ? row->expected : 0);
		free(text);
	}
}

/* Bytes as they come, the ones that mean something more often. */
static char *
random_text(Seeded *random)
{
	static const char letters[] = "0123456789 \t\n\nkey:-";
	size_t		length = seeded_below(random, 60);
	char	   *text = malloc(length + 1);

	assert_non_null(text);
	for (size_t i = 0; i < length; i++)
	{
		text[i] = letters[seeded_below(random, sizeof(letters) - 1)];
		if (seeded_once_in(random, 20))
			text[i] = (char) seeded_next(random);
	}
	text[length] = '\0';
	return text;
}

/* Only that nothing is read behind the end and that numbers have no sign. */
static void
random_texts_do_no_harm(void **state)
{
	Seeded		random = {402};
	int			found = 0;

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		char	   *text = random_text(&random);
		const char *at = text;
		int64_t		number = 0;

		assert_true(adm_text_number_after(text, "ke") >= -1);
		if (adm_text_skip_words(&at, (int) seeded_below(&random, 4)))
			found += adm_text_number(&at, &number);
		assert_true(number >= 0);
		assert_true(at >= text && at <= text + strlen(text));
		free(text);
	}
	assert_true(found > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_found_by_their_beginning),
		cmocka_unit_test(numbers_of_all_kinds),
		cmocka_unit_test(numbers_make_the_round_trip),
		cmocka_unit_test(numbers_by_their_key),
		cmocka_unit_test(words_are_skipped_within_the_line),
		cmocka_unit_test(random_texts_do_no_harm),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
