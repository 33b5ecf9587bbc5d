/*
 * test_role_list.c - tests of reading the list of exempt roles.
 *
 * Lists are read from copies that end where the list ends, so that reading one
 * byte too far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/words_laws.h"
#include "policy/role_list.h"
#include "seeded.h"

#define BLANKS	" \t\r\n"

#define N60		"abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijklmnopqrstuvw"
#define N62		N60 "xy"
#define N63		N60 "xyz"
#define N64		N60 "xyz!"

static const char *const result_names[] = {
	"item", "end", "empty name", "name too long", "unfinished quote",
	"missing comma"
};

#define END			ADM_ROLE_END
#define EMPTY		ADM_ROLE_EMPTY_NAME
#define TOO_LONG	ADM_ROLE_NAME_TOO_LONG
#define UNFINISHED	ADM_ROLE_UNFINISHED_QUOTE
#define NO_COMMA	ADM_ROLE_MISSING_COMMA

#define RESULTS		(ADM_ROLE_MISSING_COMMA + 1)

#define MOST_ITEMS	4

typedef struct Row
{
	const char *label;
	const char *list;
	AdmRoleItem items[MOST_ITEMS];	/* before the result; "" ends them */
	AdmRoleListResult result;
	int			at;				/* where the wrong item begins, or ANYWHERE */
} Row;

/* At the end there is no wrong item. */
#define ANYWHERE	(-1)

#define ROLE(name)		{false, name}
#define MEMBERS(name)	{true, name}
#define NONE			{{false, ""}}

static const Row rows[] = {
	/* Nothing. */
	{"empty", "", NONE, END, ANYWHERE},
	{"blank", " ", NONE, END, ANYWHERE},
	{"all blanks", " \t\r\n ", NONE, END, ANYWHERE},

	/* Plain names. */
	{"one", "a", {ROLE("a")}, END, ANYWHERE},
	{"one between blanks", " \ta\r\n", {ROLE("a")}, END, ANYWHERE},
	{"two", "a,b", {ROLE("a"), ROLE("b")}, END, ANYWHERE},
	{"blanks around the comma",
	"a , b", {ROLE("a"), ROLE("b")}, END, ANYWHERE},
	{"over several lines", "a,\n\tb\n,c", {ROLE("a"), ROLE("b"), ROLE("c")},
	END, ANYWHERE},
	{"the same twice", "a,a", {ROLE("a"), ROLE("a")}, END, ANYWHERE},
	{"case is kept",
	"Admin,ADMIN", {ROLE("Admin"), ROLE("ADMIN")}, END, ANYWHERE},
	{"digits and signs",
		"1,a-b,x.y,$z", {ROLE("1"), ROLE("a-b"), ROLE("x.y"), ROLE("$z")},
	END, ANYWHERE},
	{"other letters", "\xc3\xbc" "ber,\xff",
	{ROLE("\xc3\xbc" "ber"), ROLE("\xff")}, END, ANYWHERE},
	{"other blanks belong to names",
	"a\vb\f", {ROLE("a\vb\f")}, END, ANYWHERE},
	{"quote inside", "a\"b", {ROLE("a\"b")}, END, ANYWHERE},

	/* Members. */
	{"members", "+a", {MEMBERS("a")}, END, ANYWHERE},
	{"members and role", "+a, b,+c", {MEMBERS("a"), ROLE("b"), MEMBERS("c")},
	END, ANYWHERE},
	{"blank before the plus", " +a", {MEMBERS("a")}, END, ANYWHERE},
	{"plus inside", "a+b", {ROLE("a+b")}, END, ANYWHERE},
	{"plus behind", "a+", {ROLE("a+")}, END, ANYWHERE},
	{"second plus is of the name", "++a", {MEMBERS("+a")}, END, ANYWHERE},
	{"members, quoted", "+\"a b\"", {MEMBERS("a b")}, END, ANYWHERE},
	{"quoted plus is of the name", "\"+a\"", {ROLE("+a")}, END, ANYWHERE},

	/* Quotes. */
	{"quoted", "\"a\"", {ROLE("a")}, END, ANYWHERE},
	{"quoted, blanks around",
	" \"a\" , \"b\" ", {ROLE("a"), ROLE("b")}, END, ANYWHERE},
	{"quoted comma", "\"a,b\",c", {ROLE("a,b"), ROLE("c")}, END, ANYWHERE},
	{"quoted blanks", "\" a\tb\n\"", {ROLE(" a\tb\n")}, END, ANYWHERE},
	{"quoted blank alone", "\" \"", {ROLE(" ")}, END, ANYWHERE},
	{"quoted comma alone", "\",\"", {ROLE(",")}, END, ANYWHERE},
	{"doubled quote alone", "\"\"\"\"", {ROLE("\"")}, END, ANYWHERE},
	{"doubled quote first", "\"\"\"a\"", {ROLE("\"a")}, END, ANYWHERE},
	{"doubled quote inside", "\"a\"\"b\"", {ROLE("a\"b")}, END, ANYWHERE},
	{"doubled quote last", "\"a\"\"\"", {ROLE("a\"")}, END, ANYWHERE},
	{"two doubled quotes", "\"\"\"\"\"\"", {ROLE("\"\"")}, END, ANYWHERE},
	{"backslash is nothing special", "\"a\\\"", {ROLE("a\\")}, END, ANYWHERE},

	/* Lengths. */
	{"63 bytes", N63, {ROLE(N63)}, END, ANYWHERE},
	{"63 bytes, members",
	"+" N63 ",a", {MEMBERS(N63), ROLE("a")}, END, ANYWHERE},
	{"63 bytes, quoted", "\"" N63 "\"", {ROLE(N63)}, END, ANYWHERE},
	{"63 bytes with a doubled quote",
	"\"" N62 "\"\"\"", {ROLE(N62 "\"")}, END, ANYWHERE},
	{"64 bytes", N64, NONE, TOO_LONG, 0},
	{"64 bytes, members", "a,+" N64, {ROLE("a")}, TOO_LONG, 2},
	{"64 bytes, quoted", "\"" N64 "\"", NONE, TOO_LONG, 0},
	{"64 bytes with a doubled quote", "\"" N63 "\"\"\"", NONE, TOO_LONG, 0},
	{"64 bytes, not closed", "\"" N64, NONE, TOO_LONG, 0},
	{"128 bytes", N64 N64, NONE, TOO_LONG, 0},

	/* Empty names. */
	{"comma", ",", NONE, EMPTY, 0},
	{"comma and blanks", " , ", NONE, EMPTY, 1},
	{"leading comma", ",a", NONE, EMPTY, 0},
	{"trailing comma", "a,", NONE, EMPTY, ANYWHERE},
	{"trailing comma and blanks", "a, \n", NONE, EMPTY, ANYWHERE},
	{"trailing comma, quoted", "\"a\",", NONE, EMPTY, ANYWHERE},
	{"trailing comma behind two", "a,b,", {ROLE("a")}, EMPTY, ANYWHERE},
	{"double comma", "a,,b", {ROLE("a")}, EMPTY, 2},
	{"double comma, blank between", "a, ,b", {ROLE("a")}, EMPTY, 3},
	{"quotes around nothing", "\"\"", NONE, EMPTY, 0},
	{"quotes around nothing, last", "a,\"\"", {ROLE("a")}, EMPTY, 2},
	{"plus alone", "+", NONE, EMPTY, 0},
	{"plus and blank", "+ a", NONE, EMPTY, 0},
	{"plus and comma", "+,a", NONE, EMPTY, 0},
	{"plus and quotes around nothing", "a,+\"\"", {ROLE("a")}, EMPTY, 2},

	/* Unfinished quotes. */
	{"quote alone", "\"", NONE, UNFINISHED, 0},
	{"quote and blank", "\" ", NONE, UNFINISHED, 0},
	{"not closed", "\"a", NONE, UNFINISHED, 0},
	{"not closed, last", "a, \"b,c", {ROLE("a")}, UNFINISHED, 3},
	{"closed by half of a doubled quote", "\"a\"\"", NONE, UNFINISHED, 0},
	{"three quotes", "\"\"\"", NONE, UNFINISHED, 0},
	{"63 bytes, not closed", "\"" N63, NONE, UNFINISHED, 0},
	{"members, not closed", "+\"a", NONE, UNFINISHED, 0},

	/* Missing commas. */
	{"two plain", "a b", NONE, NO_COMMA, 0},
	{"three plain", "a, b c", {ROLE("a")}, NO_COMMA, 3},
	{"on two lines", "a\nb", NONE, NO_COMMA, 0},
	{"two quoted", "\"a\" \"b\"", NONE, NO_COMMA, 0},
	{"plain and quoted", "a \"b\"", NONE, NO_COMMA, 0},
	{"plain behind quoted", "\"a\"b", NONE, NO_COMMA, 0},
	{"members behind quoted", "\"a\"+b", NONE, NO_COMMA, 0},
	{"semicolon behind quoted", "\"a\";b", NONE, NO_COMMA, 0},
	{"plus behind a blank", "a +b", NONE, NO_COMMA, 0},
};

static char *
copy_exactly(const char *list)
{
	char	   *copy = strdup(list);

	assert_non_null(copy);
	return copy;
}

/* Takes the expected items; leaves list where the result is due. */
static void
take_items(const Row *row, const char **list)
{
	for (int i = 0; i < MOST_ITEMS && row->items[i].name[0] != '\0'; i++)
	{
		AdmRoleItem item;
		AdmRoleListResult result = adm_role_list_next(list, &item);

		assert_row_string(row->label, result_names[result], "item");
		assert_row_string(row->label, item.name, row->items[i].name);
		assert_row_int(row->label, item.members, row->items[i].members);
	}
}

/* Twice, since an error must come again until somebody acts on it. */
static void
take_result(const Row *row, const char **list)
{
	const char *before = *list;

	for (int i = 0; i < 2; i++)
	{
		AdmRoleItem item;
		AdmRoleListResult result = adm_role_list_next(list, &item);

		assert_row_string(row->label, result_names[result],
						  result_names[row->result]);
		if (row->result != END)
			assert_row(row->label, *list == before);
	}
}

static void
lists(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
	{
		const Row  *row = &rows[i];
		char	   *copy = copy_exactly(row->list);
		const char *list = copy;

		take_items(row, &list);
		take_result(row, &list);
		list += strspn(list, BLANKS);
		if (row->at != ANYWHERE)
			assert_row_int(row->label, list - copy, row->at);
		free(copy);
	}
}

static void
errors_and_only_errors_have_words(void **state)
{
	(void) state;
	for (int i = 0; i < RESULTS; i++)
	{
		const char *error = adm_role_list_error((AdmRoleListResult) i);

		assert_row_int(result_names[i], error == NULL,
					   i == ADM_ROLE_ITEM || i == ADM_ROLE_END);
		/* A detail is a sentence. */
		if (error != NULL)
			assert_row(result_names[i], error[strlen(error) - 1] == '.');
		for (int j = 0; error != NULL && j < i; j++)
		{
			const char *other = adm_role_list_error((AdmRoleListResult) j);

			assert_row(result_names[i],
					   other == NULL || strcmp(error, other) != 0);
		}
	}
}

/*
 * Random names, quoted, come back as they were.
 */

#define MOST_NAMES	8

static void
random_item(Seeded *random, AdmRoleItem *item)
{
	size_t		length = 1 + seeded_below(random, ADM_ROLE_NAME_SIZE - 1);

	item->members = seeded_once_in(random, 2);
	for (size_t i = 0; i < length; i++)
	{
		item->name[i] = (char) (1 + seeded_below(random, 255));
		if (seeded_once_in(random, 4))
			item->name[i] = "\", +"[seeded_below(random, 4)];
	}
	item->name[length] = '\0';
}

static char *
append_quoted(char *end, const AdmRoleItem *item)
{
	if (item->members)
		*end++ = '+';
	*end++ = '"';
	for (const char *p = item->name; *p != '\0'; p++)
	{
		if (*p == '"')
			*end++ = '"';
		*end++ = *p;
	}
	*end++ = '"';
	return end;
}

static void
check_quoted(Seeded *random)
{
	AdmRoleItem items[MOST_NAMES];
	char		text[MOST_NAMES * 2 * (ADM_ROLE_NAME_SIZE + 2)];
	char	   *end = text;
	const char *list = text;
	size_t		count = 1 + seeded_below(random, MOST_NAMES);
	AdmRoleItem item;

	for (size_t i = 0; i < count; i++)
	{
		random_item(random, &items[i]);
		if (i > 0)
			*end++ = ',';
		end = append_quoted(end, &items[i]);
	}
	*end = '\0';
	for (size_t i = 0; i < count; i++)
	{
		assert_int_equal(adm_role_list_next(&list, &item), ADM_ROLE_ITEM);
		assert_string_equal(item.name, items[i].name);
		assert_int_equal(item.members, items[i].members);
	}
	assert_int_equal(adm_role_list_next(&list, &item), ADM_ROLE_END);
}

static void
quoted_names_make_the_round_trip(void **state)
{
	Seeded		random = {401};

	(void) state;
	for (int i = 0; i < 20000; i++)
		check_quoted(&random);
}

/*
 * Random lists.
 */

#define FUZZED_LISTS	200000
#define FUZZED_SIZE		200

static void
random_list(Seeded *random, char *list)
{
	static const char alphabet[] = "ab,,,++\"\"\"\"\"\" \t\n\r\v\\\xff" N63;
	size_t		all = sizeof(alphabet) - 1;
	size_t		letters = seeded_once_in(random, 2) ? 20 : all;
	size_t		longest = seeded_once_in(random, 2) ? 12 : FUZZED_SIZE;
	size_t		length = seeded_below(random, longest);

	for (size_t i = 0; i < length; i++)
		list[i] = alphabet[seeded_below(random, letters)];
	list[length] = '\0';
}

static void
random_lists_do_no_harm(void **state)
{
	Seeded		random = {402};
	int			seen[RESULTS] = {0};

	(void) state;
	for (int i = 0; i < FUZZED_LISTS; i++)
	{
		char		list[FUZZED_SIZE + 1];

		random_list(&random, list);
		seen[law_role_list(list)]++;
	}
	/* A list comes to an end or to an error, not to an item. */
	for (int i = END; i < RESULTS; i++)
		assert_row(result_names[i], seen[i] > FUZZED_LISTS / 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(errors_and_only_errors_have_words),
		cmocka_unit_test(quoted_names_make_the_round_trip),
		cmocka_unit_test(random_lists_do_no_harm),
	};

	return cmocka_run_group_tests_name("role_list", tests, NULL, NULL);
}
