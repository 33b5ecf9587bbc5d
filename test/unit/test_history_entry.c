/*
 * test_history_entry.c - tests of a sample's line in the history file.
 *
 * Lines are parsed from copies that end where the line ends, so that reading
 * one byte too far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/entry_laws.h"
#include "policy/history_entry.h"
#include "seeded.h"

/*
 * What the file looks like.  Files with such lines are out there: columns may
 * be added in a later format but must not change.
 */
static const char header[] =
"time_utc,at_us,window_s,cpu_demand,cpu_used,run_queue_wait,"
"runnable_backends,cpu_some,memory_full,io_some,load1,throttled,steal,"
"memory_available,level,progress,start_cap,connection_cap,starting,present,"
"waiting,exempt,admitted,held,refused,abandoned,server_refused,"
"transaction_cap,running,lent,transactions_waiting,transactions_refused,"
"transactions_abandoned\n";

static const char ordinary_line[] =
"2025-11-23T22:30:45Z,1763937045123456,1.00025,1.75,0.875,0.333333,"
"3.5,0.5,0.01,0.02,12.5,0.125,0.0625,"
"8.58993e+09,high,0.4,16,-1,7,120,"
"3,5,40,12,2,1,26,"
"64,61,9,17,21,4\n";

static const AdmHistoryEntry ordinary = {
	.at_us = INT64_C(1763937045123456), .window_s = 1.00025,
	.cpu_demand = 1.75, .cpu_used = 0.875, .run_queue_wait = 1.0 / 3,
	.runnable_backends = 3.5, .cpu_some = 0.5, .memory_full = 0.01,
	.io_some = 0.02, .load1 = 12.5, .throttled = 0.125, .steal = 0.0625,
	.memory_available = 8589934592, .level = ADM_LEVEL_HIGH, .progress = 0.4,
	.start_cap = 16, .connection_cap = -1, .starting = 7, .present = 120,
	.waiting = 3, .exempt = 5, .admitted = 40, .held = 12, .refused = 2,
	.abandoned = 1, .server_refused = 26, .transaction_cap = 64,
	.running = 61, .lent = 9, .transactions_waiting = 17,
	.transactions_refused = 21, .transactions_abandoned = 4
};

static const char unknown_line[] =
"1970-01-01T00:00:00Z,0,,,,,,,,,,,,,comfortable,,-1,-1,0,0,0,0,0,0,0,0,0,-1,0,0,0,0,0\n";

static AdmHistoryEntry
unknown(void)
{
	AdmHistoryEntry e;

	memset(&e, 0, sizeof(e));
	e.window_s = e.cpu_demand = e.cpu_used = e.run_queue_wait = NAN;
	e.runnable_backends = e.cpu_some = e.memory_full = e.io_some = NAN;
	e.load1 = e.throttled = e.steal = e.memory_available = e.progress = NAN;
	e.start_cap = e.connection_cap = e.transaction_cap = -1;
	return e;
}

/* Bytes after the length are not there. */
static bool
parse(const char *line, size_t length, AdmHistoryEntry *entry)
{
	char	   *copy = malloc(length + 1);
	bool		good;

	assert_non_null(copy);
	memcpy(copy, line, length);
	copy[length] = '\0';
	good = adm_history_parse(copy, entry);
	free(copy);
	return good;
}

/*
 * Fields.
 */

static double
real_of(const AdmHistoryEntry *e, const AdmHistoryColumn *column)
{
	return *(const double *) ((const char *) e + column->offset);
}

static int64_t
whole_of(const AdmHistoryEntry *e, const AdmHistoryColumn *column)
{
	return *(const int64_t *) ((const char *) e + column->offset);
}

/* To the six digits that are printed. */
static bool
same_real(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return fabs(a - b) <= 5.1e-6 * fabs(a) + DBL_MIN;
}

static void
assert_same(const AdmHistoryEntry *a, const AdmHistoryEntry *b)
{
	for (int i = 0; i < adm_history_column_count; i++)
	{
		const AdmHistoryColumn *column = &adm_history_columns[i];

		switch (column->kind)
		{
			case ADM_COLUMN_REAL:
				assert_row(column->name,
						   same_real(real_of(a, column), real_of(b, column)));
				break;
			case ADM_COLUMN_LEVEL:
				assert_row_int(column->name, b->level, a->level);
				break;
			default:
				assert_row_int(column->name, whole_of(b, column), whole_of(a, column));
		}
	}
}

/* Every field of the struct has its column, in no place twice. */
static void
columns_cover_the_entry(void **state)
{
	size_t		end = 0;

	(void) state;
	assert_int_equal(adm_history_column_count, 32);
	for (int i = 0; i < adm_history_column_count; i++)
	{
		assert_int_equal(adm_history_columns[i].offset, end);
		end += 8;
	}
	assert_int_equal(end, sizeof(AdmHistoryEntry));
}

/*
 * Exact text.
 */

static void
header_exactly(void **state)
{
	char		line[ADM_HISTORY_LINE_SIZE];
	AdmHistoryEntry e;

	(void) state;
	assert_int_equal(adm_history_print_header(line, sizeof(line)), strlen(header));
	assert_string_equal(line, header);

	/* A header is no entry. */
	assert_false(parse(header, strlen(header), &e));
}

static void
lines_exactly(void **state)
{
	const AdmHistoryEntry nothing = unknown();
	char		line[ADM_HISTORY_LINE_SIZE];
	AdmHistoryEntry e;

	(void) state;
	assert_int_equal(adm_history_print(&ordinary, line, sizeof(line)),
					 strlen(ordinary_line));
	assert_string_equal(line, ordinary_line);
	memset(&e, 0x7f, sizeof(e));
	assert_true(parse(line, strlen(line), &e));
	assert_same(&ordinary, &e);

	assert_int_equal(adm_history_print(&nothing, line, sizeof(line)),
					 strlen(unknown_line));
	assert_string_equal(line, unknown_line);
	assert_true(parse(line, strlen(line), &e));
	assert_same(&nothing, &e);
}

typedef struct TimeRow
{
	int64_t		at_us;
	const char *expected;
} TimeRow;

static const TimeRow time_rows[] = {
	{0, "1970-01-01T00:00:00Z,0,"},
	{999999, "1970-01-01T00:00:00Z,999999,"},
	{INT64_C(951782400000000), "2000-02-29T00:00:00Z,951782400000000,"},
	{INT64_C(4102444799999999), "2099-12-31T23:59:59Z,4102444799999999,"},
	{INT64_MAX, "294247-01-10T04:00:54Z,9223372036854775807,"},
};

static void
times(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(time_rows); i++)
	{
		const TimeRow *row = &time_rows[i];
		AdmHistoryEntry e = ordinary;
		char		line[ADM_HISTORY_LINE_SIZE];

		e.at_us = row->at_us;
		assert_true(adm_history_print(&e, line, sizeof(line)) > 0);
		assert_row(row->expected, strncmp(line, row->expected, strlen(row->expected)) == 0);
	}
}

/* 0 where it does not fit, with its end; never a byte too far. */
static void
check_sizes(const char *expected, bool is_header)
{
	size_t		whole = strlen(expected);

	for (size_t size = 0; size <= whole + 3; size++)
	{
		char	   *line = malloc(size > 0 ? size : 1);
		size_t		length;

		assert_non_null(line);
		length = is_header ? adm_history_print_header(line, size) :
			adm_history_print(&ordinary, line, size);
		assert_int_equal(length, size > whole ? whole : 0);
		if (length > 0)
			assert_string_equal(line, expected);
		free(line);
	}
}

static void
sizes(void **state)
{
	(void) state;
	check_sizes(header, true);
	check_sizes(ordinary_line, false);
}

/* The line that is longest fits. */
static void
longest_line_fits(void **state)
{
	AdmHistoryEntry e;
	AdmHistoryEntry back;
	char		line[ADM_HISTORY_LINE_SIZE];

	(void) state;
	for (int i = 0; i < adm_history_column_count; i++)
	{
		char	   *place = (char *) &e + adm_history_columns[i].offset;

		if (adm_history_columns[i].kind == ADM_COLUMN_REAL)
			*(double *) place = DBL_MAX * 0.99;
		else
			*(int64_t *) place = INT64_MAX;
	}
	e.level = ADM_LEVEL_COMFORTABLE;
	assert_true(adm_history_print(&e, line, sizeof(line)) > 0);
	e.progress = 1;
	assert_true(adm_history_print(&e, line, sizeof(line)) > 0);
	assert_true(parse(line, strlen(line), &back));
	assert_same(&e, &back);
}

/*
 * Round trips.
 */

static double
random_real(Seeded *random)
{
	switch (seeded_below(random, 6))
	{
		case 0:
			return NAN;
		case 1:
			return 0;
		case 2:
			return (double) seeded_next(random);
		case 3:
			return (double) seeded_next(random) * 1e280;
		case 4:
			return (double) seeded_next(random) * 1e-300;
		default:
			return (double) seeded_below(random, 1000001) / 1e6;
	}
}

static int64_t
random_whole(Seeded *random, int64_t least)
{
	if (seeded_once_in(random, 5))
		return seeded_once_in(random, 2) ? least : INT64_MAX;
	return (int64_t) (seeded_next(random) >> (1 + seeded_below(random, 63)));
}

static AdmHistoryEntry
random_entry(Seeded *random)
{
	AdmHistoryEntry e;

	memset(&e, 0, sizeof(e));
	for (int i = 0; i < adm_history_column_count; i++)
	{
		const AdmHistoryColumn *column = &adm_history_columns[i];
		char	   *place = (char *) &e + column->offset;

		if (column->kind == ADM_COLUMN_REAL)
			*(double *) place = random_real(random);
		else if (column->kind != ADM_COLUMN_LEVEL)
			*(int64_t *) place = random_whole(random, column->kind == ADM_COLUMN_CAP ? -1 : 0);
	}
	e.level = (AdmLevel) seeded_below(random, ADM_LEVEL_COUNT);
	if (e.progress > 1)
		e.progress = 1;
	return e;
}

/* And what was read is printed as it stood there. */
static void
entries_make_the_round_trip(void **state)
{
	Seeded		random = {801};

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		AdmHistoryEntry e = random_entry(&random);
		AdmHistoryEntry back;
		char		line[ADM_HISTORY_LINE_SIZE];
		char		again[ADM_HISTORY_LINE_SIZE];
		size_t		length = adm_history_print(&e, line, sizeof(line));

		assert_true(length > 0 && length == strlen(line));
		assert_true(parse(line, length - seeded_below(&random, 2), &back));
		assert_same(&e, &back);
		assert_int_equal(adm_history_print(&back, again, sizeof(again)), length);
		assert_string_equal(line, again);
	}
}

/*
 * Single fields.
 */

typedef struct FieldRow
{
	const char *column;
	const char *field;
	bool		good;
} FieldRow;

static const FieldRow field_rows[] = {
	{"at_us", "0", true},
	{"at_us", "9223372036854775807", true},
	{"at_us", "9223372036854775808", false},
	{"at_us", "-1", false},
	{"at_us", "", false},
	{"at_us", "12a", false},
	{"at_us", " 12", false},
	{"at_us", "12 ", false},
	{"at_us", "+12", false},
	{"at_us", "0x12", false},
	{"at_us", "1.5", false},
	{"at_us", "1e3", false},
	{"cpu_demand", "", true},
	{"cpu_demand", "0", true},
	{"cpu_demand", "12.75", true},
	{"cpu_demand", "1e+20", true},
	{"cpu_demand", "1e-20", true},
	{"cpu_demand", "-1", false},
	{"cpu_demand", "-1e-300", false},
	{"cpu_demand", "1e999", false},
	{"cpu_demand", "inf", false},
	{"cpu_demand", "nan", false},
	{"cpu_demand", "0x10", false},
	{"cpu_demand", " 1", false},
	{"cpu_demand", "1 ", false},
	{"cpu_demand", "1.2.3", false},
	{"cpu_demand", "-", false},
	{"cpu_demand", "+", false},
	{"cpu_demand", "e", false},
	{"cpu_demand", "1e", false},
	{"cpu_demand", ".", false},
	{"progress", "", true},
	{"progress", "0", true},
	{"progress", "1", true},
	{"progress", "1.00001", false},
	{"progress", "40", false},
	{"level", "comfortable", true},
	{"level", "critical", true},
	{"level", "", false},
	{"level", "High", false},
	{"level", "1", false},
	{"start_cap", "-1", true},
	{"start_cap", "0", true},
	{"start_cap", "9223372036854775807", true},
	{"start_cap", "-2", false},
	{"start_cap", "--1", false},
	{"start_cap", "-", false},
	{"start_cap", "", false},
	{"waiting", "0", true},
	{"waiting", "-1", false},
	{"waiting", "", false},
	{"waiting", "99999999999999999999999999", false},
	{"server_refused", "", false},
	{"server_refused", "5,6", false},
	{"transaction_cap", "-1", true},
	{"transaction_cap", "-2", false},
	{"lent", "0", true},
	{"lent", "-1", false},
	{"transactions_abandoned", "5", true},
	{"transactions_abandoned", "", false},
	{"transactions_abandoned", "-1", false},
	{"transactions_abandoned", "5,", false},
	{"transactions_abandoned", "5,6", false},
	{"transactions_abandoned", "5\r", false},
};

/* The ordinary line with this in the column's place. */
static void
print_with_field(const char *column, const char *field, char *line, size_t size)
{
	char		copy[ADM_HISTORY_LINE_SIZE];
	char	   *at = copy;
	size_t		length;

	memcpy(copy, ordinary_line, sizeof(ordinary_line));
	copy[strlen(copy) - 1] = '\0';
	length = (size_t) snprintf(line, size, "%s", strsep(&at, ","));
	for (int i = 0; i < adm_history_column_count; i++)
	{
		const char *own = strsep(&at, ",");
		bool		is_it = strcmp(adm_history_columns[i].name, column) == 0;

		length += (size_t) snprintf(line + length, size - length, ",%s", is_it ? field : own);
	}
}

static void
fields(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(field_rows); i++)
	{
		const FieldRow *row = &field_rows[i];
		char		line[2 * ADM_HISTORY_LINE_SIZE];
		char		label[128];
		AdmHistoryEntry e = ordinary;

		snprintf(label, sizeof(label), "%s \"%s\"", row->column, row->field);
		print_with_field(row->column, row->field, line, sizeof(line));
		assert_row_int(label, parse(line, strlen(line), &e), row->good);
		law_history_ranges(&e, line);
		if (!row->good)
			assert_same(&ordinary, &e);
	}
}

/* Too short by a field, too long by one, too long at all. */
static void
other_lines_are_no_entries(void **state)
{
	const char *const lines[] = {
		"", "\n", ",", "\n\n", "time_utc", "2025-11-23T22:30:45Z",
		",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
		",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n"
	};
	char		line[2 * ADM_HISTORY_LINE_SIZE];
	AdmHistoryEntry e;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_row(lines[i], !parse(lines[i], strlen(lines[i]), &e));
	snprintf(line, sizeof(line), ",%s", ordinary_line);
	assert_false(parse(line, strlen(line), &e));
	assert_false(parse(strchr(ordinary_line, ',') + 1,
					   strlen(strchr(ordinary_line, ',') + 1), &e));
	snprintf(line, sizeof(line), "%0*d%s", ADM_HISTORY_LINE_SIZE, 0, ordinary_line);
	assert_false(parse(line, strlen(line), &e));
}

/* Neither what follows the line nor what stands as the time for people. */
static void
what_does_not_matter(void **state)
{
	char		line[2 * ADM_HISTORY_LINE_SIZE];
	AdmHistoryEntry e;

	(void) state;
	snprintf(line, sizeof(line), "%s%s", ordinary_line, ordinary_line);
	assert_true(parse(line, strlen(line), &e));
	assert_same(&ordinary, &e);
	snprintf(line, sizeof(line), "-%s", strchr(ordinary_line, ','));
	assert_true(parse(line, strlen(line), &e));
	assert_same(&ordinary, &e);
}

/*
 * Damage.
 */

/*
 * A line that lost part of its last number, and its end, still reads as one;
 * less than that does not.
 */
static void
truncations(void **state)
{
	size_t		whole = strlen(ordinary_line);
	size_t		last = (size_t) (strrchr(ordinary_line, ',') - ordinary_line) + 1;

	(void) state;
	for (size_t length = 0; length <= whole; length++)
	{
		AdmHistoryEntry e = unknown();

		assert_int_equal(parse(ordinary_line, length, &e), length > last);
		law_history_ranges(&e, ordinary_line);
	}
}

static const char *const tokens[] = {
	",", ",,", "\n", "-", "-1", "0", ".", "e", "1e999", "nan", "inf", "high",
	"critical", "9223372036854775807", "9223372036854775808", "1e308", " ",
	"\r\n", "\xff", "-0", "\t", "99999999999999999999999999999999999999999"
};

#define MUTATIONS	200000

/* Puts a token, or a random byte, in the place of up to three bytes. */
static size_t
mutate(Seeded *random, char *line, size_t length)
{
	char		byte[2] = {(char) (1 + seeded_below(random, 255)), '\0'};
	const char *put = seeded_once_in(random, 2) ? byte :
		tokens[seeded_below(random, COUNT_OF(tokens))];
	size_t		at = seeded_below(random, length + 1);
	size_t		cut = seeded_below(random, 4);

	if (cut > length - at)
		cut = length - at;
	memmove(line + at + strlen(put), line + at + cut, length - at - cut);
	memcpy(line + at, put, strlen(put));
	return length - cut + strlen(put);
}

static void
mutations(void **state)
{
	Seeded		random = {802};
	int			good = 0;

	(void) state;
	for (int i = 0; i < MUTATIONS; i++)
	{
		char		line[2 * ADM_HISTORY_LINE_SIZE];
		AdmHistoryEntry e = random_entry(&random);
		size_t		length = adm_history_print(&e, line, sizeof(line));

		for (uint64_t n = 1 + seeded_below(&random, 3); n > 0; n--)
			length = mutate(&random, line, length);
		good += law_history_line(line, length, &e);
	}
	/* Not all damage shows, and most does. */
	assert_in_range(good, MUTATIONS / 50, MUTATIONS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_cover_the_entry),
		cmocka_unit_test(header_exactly),
		cmocka_unit_test(lines_exactly),
		cmocka_unit_test(times),
		cmocka_unit_test(sizes),
		cmocka_unit_test(longest_line_fits),
		cmocka_unit_test(entries_make_the_round_trip),
		cmocka_unit_test(fields),
		cmocka_unit_test(other_lines_are_no_entries),
		cmocka_unit_test(what_does_not_matter),
		cmocka_unit_test(truncations),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("history_entry", tests, NULL, NULL);
}
