/*
 * test_event_entry.c - tests of an event's line in the events file.
 *
 * Lines are parsed from copies that end where the line ends, so that reading
 * one byte too far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/entry_laws.h"
#include "policy/event_entry.h"
#include "seeded.h"

/*
 * What the file looks like.  Files with such lines are out there: columns may
 * be added in a later format but must not change.
 */
static const char header[] =
"time_utc\tat\tkind\tmessage\tdetail\toutcome\t"
"actor_role\tactor_pid\tactor_application\tactor_address\t"
"pid\tbackend_start\trole\tdatabase\tapplication_name\tquery_start\n";

static const char ordinary_line[] =
"2025-11-23T22:30:45Z\t1763937045123456\tstop\t"
"terminated\\x09PID 4711\tC:\\x5ctemp\\x0anext ~ \"line\"\tgone, \\xc3\\xbcber 5 s\t"
"J\\xc3\\xbcrgen\t815\tpsql\tlocal\t"
"4711\t1763936000000001\tapp\\x7f\torders\tworker\\xff\t1763937000000002\n";

/*
 * In the struct's order and without names, so that one field more is an error
 * that the compiler sees.
 */
static const AdmEventEntry ordinary = {
	INT64_C(1763937045123456), ADM_EVENT_STOP,
	"terminated\tPID 4711", "C:\\temp\nnext ~ \"line\"", "gone, \xc3\xbc" "ber 5 s",
	815, "J\xc3\xbcrgen", "psql", "local",
	4711, INT64_C(1763936000000001), "app\x7f", "orders", "worker\xff",
	INT64_C(1763937000000002)
};

static const char empty_line[] =
"1970-01-01T00:00:00Z\t0\twarmup\t\t\t\t\t0\t\t\t0\t0\t\t\t\t0\n";

/* Of the event kinds, as they stand in the file. */
static const char *const kind_names[] = {
	"warmup", "cut", "hold", "brake", "service", "mode", "stop", "runaway"
};

static bool
is_good(const char *line)
{
	AdmEventEntry e;

	return law_event_parse(line, strlen(line), &e);
}

/*
 * Fields.
 */

static char *
text_of(AdmEventEntry *e, const AdmEventColumn *column)
{
	return (char *) e + column->offset;
}

static int64_t *
whole_of(AdmEventEntry *e, const AdmEventColumn *column)
{
	return (int64_t *) ((char *) e + column->offset);
}

static void
assert_same(const AdmEventEntry *expected, const AdmEventEntry *actual)
{
	AdmEventEntry a = *expected;
	AdmEventEntry b = *actual;

	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];

		switch (column->kind)
		{
			case ADM_EVENT_COLUMN_TEXT:
				assert_row_string(column->name, text_of(&b, column), text_of(&a, column));
				break;
			case ADM_EVENT_COLUMN_KIND:
				assert_row_int(column->name, b.kind, a.kind);
				break;
			default:
				assert_row_int(column->name, *whole_of(&b, column), *whole_of(&a, column));
		}
	}
}

static size_t
alignment_of(const AdmEventColumn *column)
{
	switch (column->kind)
	{
		case ADM_EVENT_COLUMN_TEXT:
			return 1;
		case ADM_EVENT_COLUMN_KIND:
			return __alignof__(AdmEventKind);
		default:
			return __alignof__(int64_t);
	}
}

static size_t
aligned(size_t offset, size_t alignment)
{
	return (offset + alignment - 1) / alignment * alignment;
}

/* The column that comes next in the struct, from this place on. */
static const AdmEventColumn *
column_behind(size_t offset)
{
	const AdmEventColumn *next = NULL;

	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];

		if (column->offset >= offset && (next == NULL || column->offset < next->offset))
			next = column;
	}
	return next;
}

/* Every field of the struct has its column, in no place twice. */
static void
columns_cover_the_entry(void **state)
{
	size_t		end = 0;

	(void) state;
	assert_int_equal(adm_event_column_count, 15);
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = column_behind(end);

		/* One that overlaps another is not found behind it. */
		assert_non_null(column);
		assert_row_int(column->name, column->offset, aligned(end, alignment_of(column)));
		if (column->kind == ADM_EVENT_COLUMN_KIND)
			assert_row_int(column->name, column->size, sizeof(AdmEventKind));
		else if (column->kind != ADM_EVENT_COLUMN_TEXT)
			assert_row_int(column->name, column->size, sizeof(int64_t));
		end = column->offset + column->size;
	}
	assert_int_equal(aligned(end, __alignof__(AdmEventEntry)), sizeof(AdmEventEntry));
}

static void
column_names_differ(void **state)
{
	(void) state;
	for (int i = 0; i < adm_event_column_count; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(adm_event_columns[i].name, adm_event_columns[j].name);
}

/*
 * Exact text.
 */

static void
header_exactly(void **state)
{
	char		line[ADM_EVENT_LINE_SIZE];

	(void) state;
	assert_int_equal(adm_event_print_header(line, sizeof(line)), strlen(header));
	assert_string_equal(line, header);

	/* A header is no entry. */
	assert_false(is_good(header));
}

static void
check_line(const AdmEventEntry *entry, const char *expected)
{
	char		line[ADM_EVENT_LINE_SIZE];
	AdmEventEntry e;

	assert_int_equal(adm_event_print(entry, line, sizeof(line)), strlen(expected));
	assert_string_equal(line, expected);
	assert_true(law_event_parse(line, strlen(line), &e));
	assert_same(entry, &e);

	/* Without its end. */
	assert_true(law_event_parse(line, strlen(line) - 1, &e));
	assert_same(entry, &e);
}

static void
lines_exactly(void **state)
{
	AdmEventEntry empty;

	(void) state;
	check_line(&ordinary, ordinary_line);
	memset(&empty, 0, sizeof(empty));
	check_line(&empty, empty_line);
}

typedef struct TimeRow
{
	int64_t		at_us;
	const char *expected;
} TimeRow;

static const TimeRow time_rows[] = {
	{0, "1970-01-01T00:00:00Z\t0\t"},
	{999999, "1970-01-01T00:00:00Z\t999999\t"},
	{1000000, "1970-01-01T00:00:01Z\t1000000\t"},
	{INT64_C(951782400000000), "2000-02-29T00:00:00Z\t951782400000000\t"},
	{INT64_C(4102444799999999), "2099-12-31T23:59:59Z\t4102444799999999\t"},
	{INT64_MAX, "294247-01-10T04:00:54Z\t9223372036854775807\t"},
};

static void
times(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(time_rows); i++)
	{
		const TimeRow *row = &time_rows[i];
		AdmEventEntry e = ordinary;
		AdmEventEntry back;
		char		line[ADM_EVENT_LINE_SIZE];

		e.at_us = row->at_us;
		assert_true(adm_event_print(&e, line, sizeof(line)) > 0);
		assert_row(row->expected, strncmp(line, row->expected, strlen(row->expected)) == 0);
		assert_row(row->expected, law_event_parse(line, strlen(line), &back));
		assert_same(&e, &back);
	}
}

static void
kinds(void **state)
{
	(void) state;
	assert_int_equal(COUNT_OF(kind_names), ADM_EVENT_KIND_COUNT);
	for (int kind = 0; kind < ADM_EVENT_KIND_COUNT; kind++)
	{
		AdmEventEntry e = ordinary;
		AdmEventEntry back;
		char		line[ADM_EVENT_LINE_SIZE];
		char		field[32];

		e.kind = (AdmEventKind) kind;
		assert_string_equal(adm_event_kind_name(e.kind), kind_names[kind]);
		assert_true(adm_event_print(&e, line, sizeof(line)) > 0);
		snprintf(field, sizeof(field), "\t%s\t", kind_names[kind]);
		assert_row(field, strstr(line, field) != NULL);
		assert_row(field, law_event_parse(line, strlen(line), &back));
		assert_same(&e, &back);
	}
}

/* Every byte a text may have, in every column of texts. */
static void
bytes(void **state)
{
	(void) state;
	for (int byte = 1; byte <= 255; byte++)
	{
		bool		plain = byte >= ' ' && byte <= '~' && byte != '\\';
		AdmEventEntry e = ordinary;
		AdmEventEntry back;
		char		line[ADM_EVENT_LINE_SIZE];
		char		label[32];
		char		field[16];

		snprintf(label, sizeof(label), "byte %d", byte);
		for (int i = 0; i < adm_event_column_count; i++)
			if (adm_event_columns[i].kind == ADM_EVENT_COLUMN_TEXT)
				sprintf(text_of(&e, &adm_event_columns[i]), "%c", byte);
		assert_true(adm_event_print(&e, line, sizeof(line)) > 0);
		if (plain)
			snprintf(field, sizeof(field), "\tstop\t%c\t", byte);
		else
			snprintf(field, sizeof(field), "\tstop\t\\x%02x\t", byte);
		assert_row(label, strstr(line, field) != NULL);
		assert_row(label, law_event_parse(line, strlen(line), &back));
		assert_same(&e, &back);
	}
}

/* 0 where it does not fit, with its end; never a byte too far. */
static void
check_sizes(const AdmEventEntry *entry, const char *expected)
{
	size_t		whole = strlen(expected);

	for (size_t size = 0; size <= whole + 3; size++)
	{
		char	   *line = malloc(size > 0 ? size : 1);
		size_t		length;

		assert_non_null(line);
		length = entry ? adm_event_print(entry, line, size) :
			adm_event_print_header(line, size);
		assert_int_equal(length, size > whole ? whole : 0);
		if (length > 0)
			assert_string_equal(line, expected);
		free(line);
	}
}

static AdmEventEntry
longest_entry(int byte)
{
	AdmEventEntry e;

	memset(&e, 0, sizeof(e));
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];

		if (column->kind == ADM_EVENT_COLUMN_TEXT)
			memset(text_of(&e, column), byte, column->size - 1);
		else if (column->kind != ADM_EVENT_COLUMN_KIND)
			*whole_of(&e, column) = INT64_MAX;
	}
	e.kind = ADM_EVENT_RUNAWAY;
	return e;
}

static void
sizes(void **state)
{
	const AdmEventEntry longest = longest_entry('\\');
	char		line[ADM_EVENT_LINE_SIZE];

	(void) state;
	check_sizes(NULL, header);
	check_sizes(&ordinary, ordinary_line);
	assert_true(adm_event_print(&longest, line, sizeof(line)) > 0);
	check_sizes(&longest, line);
}

/* The line that is longest fits, and so does one of a nonsense of numbers. */
static void
longest_line_fits(void **state)
{
	AdmEventEntry nonsense = longest_entry('\xff');
	AdmEventEntry back;
	char		line[ADM_EVENT_LINE_SIZE];
	size_t		longest = 0;

	(void) state;
	for (int kind = 0; kind < ADM_EVENT_KIND_COUNT; kind++)
		for (int byte = 1; byte <= 255; byte++)
		{
			AdmEventEntry e = longest_entry(byte);
			size_t		length;

			e.kind = (AdmEventKind) kind;
			length = adm_event_print(&e, line, sizeof(line));
			assert_true(length > 0 && length == strlen(line));
			assert_true(law_event_parse(line, length, &back));
			assert_same(&e, &back);
			longest = length > longest ? length : longest;
		}
	assert_in_range(longest, ADM_EVENT_LINE_SIZE / 2, ADM_EVENT_LINE_SIZE - 1);

	for (int i = 0; i < adm_event_column_count; i++)
		if (adm_event_columns[i].kind == ADM_EVENT_COLUMN_TIME ||
			adm_event_columns[i].kind == ADM_EVENT_COLUMN_PID)
			*whole_of(&nonsense, &adm_event_columns[i]) = INT64_MIN;
	assert_true(adm_event_print(&nonsense, line, sizeof(line)) > longest);
	assert_false(is_good(line));
}

/*
 * Round trips.
 */

static int64_t
random_whole(Seeded *random)
{
	if (seeded_once_in(random, 5))
		return seeded_once_in(random, 2) ? 0 : INT64_MAX;
	return (int64_t) (seeded_next(random) >> (1 + seeded_below(random, 63)));
}

/* Of any length, mostly short; every fourth byte is any. */
static void
random_text(Seeded *random, char *text, size_t size)
{
	static const char letters[] = "abcxyzXYZ0123456789 .,;:'\"\\";
	size_t		length = seeded_below(random, size) >> seeded_below(random, 10);

	if (seeded_once_in(random, 50))
		length = size - 1;
	for (size_t i = 0; i < length; i++)
		text[i] = seeded_once_in(random, 4) ? (char) (1 + seeded_below(random, 255)) :
			letters[seeded_below(random, strlen(letters))];
	text[length] = '\0';
}

static AdmEventEntry
random_entry(Seeded *random)
{
	AdmEventEntry e;

	memset(&e, 0, sizeof(e));
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];

		if (column->kind == ADM_EVENT_COLUMN_TEXT)
			random_text(random, text_of(&e, column), column->size);
		else if (column->kind != ADM_EVENT_COLUMN_KIND)
			*whole_of(&e, column) = random_whole(random);
	}
	e.kind = (AdmEventKind) seeded_below(random, ADM_EVENT_KIND_COUNT);
	return e;
}

/* And what was read is printed as it stood there. */
static void
entries_make_the_round_trip(void **state)
{
	Seeded		random = {1101};

	(void) state;
	for (int i = 0; i < 50000; i++)
	{
		AdmEventEntry e = random_entry(&random);
		AdmEventEntry back;
		char		line[ADM_EVENT_LINE_SIZE];
		char		again[ADM_EVENT_LINE_SIZE];
		size_t		length = adm_event_print(&e, line, sizeof(line));

		assert_true(length > 0 && length == strlen(line));
		assert_true(law_event_parse(line, length - seeded_below(&random, 2), &back));
		assert_same(&e, &back);
		assert_int_equal(adm_event_print(&back, again, sizeof(again)), length);
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
	{"at", "0", true},
	{"at", "9223372036854775807", true},
	{"at", "9223372036854775808", false},
	{"at", "-1", false},
	{"at", "-0", false},
	{"at", "-9223372036854775808", false},
	{"at", "", false},
	{"at", "12a", false},
	{"at", "a12", false},
	{"at", " 12", false},
	{"at", "12 ", false},
	{"at", "+12", false},
	{"at", "0x12", false},
	{"at", "1.5", false},
	{"at", "1e3", false},
	{"at", "12\r", false},
	{"at", "12\\x09", false},
	{"at", "\\x0912", false},
	{"at", "\\x2d1", false},
	{"at", "12\\", false},
	{"at", "12\\x3", false},
	{"at", "2025-11-23T22:30:45Z", false},
	{"at", "18446744073709551617", false},
	{"at", "99999999999999999999999", false},
	{"at", "99999999999999999999999999999999999999", false},
	{"at", "00000000000000000000000000000000000001", false},

	{"kind", "warmup", true},
	{"kind", "runaway", true},
	{"kind", "", false},
	{"kind", "Stop", false},
	{"kind", "STOP", false},
	{"kind", "sto", false},
	{"kind", "stops", false},
	{"kind", "stop ", false},
	{"kind", " stop", false},
	{"kind", "stop\r", false},
	{"kind", "stopstop", false},
	{"kind", "5", false},
	{"kind", "restart", false},
	{"kind", "\\x73top", false},

	{"message", "", true},
	{"message", " ", true},
	{"message", "plain ~ text", true},
	{"message", "\\x09", true},
	{"message", "\\x0a", true},
	{"message", "\\x5c", true},
	{"message", "\\x5c\\x5c", true},
	{"message", "\\x5cx41", true},
	{"message", "\\x01", true},
	{"message", "\\xff", true},
	{"message", "\\x00", false},
	{"message", "before\\x00behind", false},
	{"message", "\\", false},
	{"message", "\\x", false},
	{"message", "\\x4", false},
	{"message", "text\\", false},
	{"message", "text\\x", false},
	{"message", "text\\x4", false},
	{"message", "\\x4g", false},
	{"message", "\\xg4", false},
	{"message", "\\x 4", false},
	{"message", "\\x4 ", false},
	{"message", "\\x-1", false},
	{"message", "\\x\\x41", false},
	{"message", "\\x5C", false},
	{"message", "\\X5c", false},
	{"message", "\\xFF", false},
	{"message", "\\n", false},
	{"message", "\\t", false},
	{"message", "\\\\", false},
	{"message", "\\011", false},
	{"message", "\x01", false},
	{"message", "\x1f", false},
	{"message", "\x7f", false},
	{"message", "\x80", false},
	{"message", "\xff", false},
	{"message", "J\xc3\xbcrgen", false},
	{"message", "text\r", false},
	{"message", "text\v", false},
	{"message", "text\x1b[1m", false},
	{"message", "one\ttwo", false},
	{"message", "one\ntwo", false},
	{"application_name", "\\x4", false},
	{"application_name", "\x01", false},
	{"application_name", "one\ttwo", false},
	{"application_name", "one\ntwo", false},

	{"actor_pid", "0", true},
	{"actor_pid", "-1", false},
	{"actor_pid", "", false},
	{"actor_pid", "local", false},
	{"pid", "0", true},
	{"pid", "9223372036854775807", true},
	{"pid", "9223372036854775808", false},
	{"pid", "-1", false},
	{"pid", "", false},
	{"backend_start", "0", true},
	{"backend_start", "-1", false},
	{"backend_start", "", false},

	{"query_start", "0", true},
	{"query_start", "-1", false},
	{"query_start", "", false},
	{"query_start", "5\r", false},
	{"query_start", "5\t", false},
	{"query_start", "5\t6", false},
	{"query_start", "\n5", false},
	{"query_start", "5\n6", true},	/* what follows the line */
};

/* The ordinary line with this in the column's place. */
static void
print_with_field(const char *column, const char *field, char *line, size_t size)
{
	char		copy[ADM_EVENT_LINE_SIZE];
	char	   *at = copy;
	size_t		length;

	memcpy(copy, ordinary_line, sizeof(ordinary_line));
	copy[strlen(copy) - 1] = '\0';
	length = (size_t) snprintf(line, size, "%s", strsep(&at, "\t"));
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const char *own = strsep(&at, "\t");
		bool		is_it = strcmp(adm_event_columns[i].name, column) == 0;

		length += (size_t) snprintf(line + length, size - length, "\t%s", is_it ? field : own);
	}
}

static void
fields(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(field_rows); i++)
	{
		const FieldRow *row = &field_rows[i];
		char		line[2 * ADM_EVENT_LINE_SIZE];
		char		label[128];
		AdmEventEntry e;
		bool		good;

		snprintf(label, sizeof(label), "%s \"%s\"", row->column, row->field);
		print_with_field(row->column, row->field, line, sizeof(line));
		good = law_event_parse(line, strlen(line), &e);
		assert_row_int(label, good, row->good);
		if (good)
			law_event_ranges(&e, line);
	}
}

/* So many bytes of a text, each as it stands here. */
static void
repeat(const char *byte, size_t times, char *field)
{
	*field = '\0';
	while (times-- > 0)
		field = stpcpy(field, byte);
}

/* A text may be as long as its field, less its end, however it is written. */
static void
longest_texts(void **state)
{
	static const char *const written[] = {"x", "\\x5c", "\\xff"};

	(void) state;
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];

		if (column->kind != ADM_EVENT_COLUMN_TEXT)
			continue;
		for (size_t w = 0; w < COUNT_OF(written); w++)
		{
			char		field[2 * ADM_EVENT_LINE_SIZE];
			char		line[4 * ADM_EVENT_LINE_SIZE];
			AdmEventEntry e;

			repeat(written[w], column->size - 1, field);
			print_with_field(column->name, field, line, sizeof(line));
			assert_row(column->name, law_event_parse(line, strlen(line), &e));
			assert_row_int(column->name, strlen(text_of(&e, column)), column->size - 1);
			for (size_t times = column->size; times < column->size + 5; times++)
			{
				repeat(written[w], times, field);
				print_with_field(column->name, field, line, sizeof(line));
				assert_row(column->name, !is_good(line));
			}
			repeat(written[w], 4 * column->size, field);
			print_with_field(column->name, field, line, sizeof(line));
			assert_row(column->name, !is_good(line));
		}
	}
}

/*
 * Whole lines.
 */

/* Where the line's field i begins, the time for people being 0. */
static const char *
field_at(int i)
{
	const char *p = ordinary_line;

	while (i-- > 0)
		p = strchr(p, '\t') + 1;
	return p;
}

/* Each field gone, one more in front of each, and one more at the end. */
static void
every_field_once(void **state)
{
	static const char *const more[] = {"", "0", "x", "warmup"};
	char		line[2 * ADM_EVENT_LINE_SIZE];

	(void) state;
	for (int i = 0; i <= adm_event_column_count; i++)
	{
		const char *field = field_at(i);
		int			before = (int) (field - ordinary_line);
		char		label[32];

		snprintf(label, sizeof(label), "field %d", i);
		if (i < adm_event_column_count)
		{
			snprintf(line, sizeof(line), "%.*s%s", before, ordinary_line, field_at(i + 1));
			assert_row(label, !is_good(line));
		}
		for (size_t m = 0; m < COUNT_OF(more); m++)
		{
			snprintf(line, sizeof(line), "%.*s%s\t%s", before, ordinary_line, more[m], field);
			assert_row(label, !is_good(line));
		}
	}
	for (size_t m = 0; m < COUNT_OF(more); m++)
	{
		snprintf(line, sizeof(line), "%.*s\t%s\n", (int) strlen(ordinary_line) - 1,
				 ordinary_line, more[m]);
		assert_row(more[m], !is_good(line));
	}
}

static void
other_lines_are_no_entries(void **state)
{
	const char *const lines[] = {
		"", "\n", "\t", "\n\n", "time_utc", "2025-11-23T22:30:45Z",
		"2025-11-23T22:30:45Z\t1763937045123456\tstop",
		"\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t",
		"\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n",
		"\t0\twarmup\t\t\t\t\t0\t\t\t0\t0\t\t\t\t",
		"\t0\twarmup\t\t\t\t\t0\t\t\t0\t0\t\t\t\t\n",
		"pg_admission_events 1\n", "\xff\xff\xff\xff", "\\", "\\x"
	};
	char		line[2 * ADM_EVENT_LINE_SIZE];

	(void) state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		assert_row(lines[i], !is_good(lines[i]));
	snprintf(line, sizeof(line), "\n%s", ordinary_line);
	assert_false(is_good(line));
	snprintf(line, sizeof(line), "\t%s", ordinary_line);
	assert_false(is_good(line));
}

/* Neither what follows the line nor what stands as the time for people. */
static void
what_does_not_matter(void **state)
{
	char		line[2 * ADM_EVENT_LINE_SIZE];
	AdmEventEntry e;

	(void) state;
	snprintf(line, sizeof(line), "%s%s", ordinary_line, ordinary_line);
	assert_true(law_event_parse(line, strlen(line), &e));
	assert_same(&ordinary, &e);
	snprintf(line, sizeof(line), "%s\\\xff\n\n", ordinary_line);
	assert_true(law_event_parse(line, strlen(line), &e));
	assert_same(&ordinary, &e);
	snprintf(line, sizeof(line), "-%s", strchr(ordinary_line, '\t'));
	assert_true(law_event_parse(line, strlen(line), &e));
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
	size_t		last = (size_t) (strrchr(ordinary_line, '\t') - ordinary_line) + 1;

	(void) state;
	for (size_t length = 0; length <= whole; length++)
	{
		AdmEventEntry e;

		assert_int_equal(law_event_parse(ordinary_line, length, &e), length > last);
	}
}

static const char *const tokens[] = {
	"\t", "\t\t", "\n", "\r\n", "-", "-1", "0", "\\", "\\x", "\\x4", "\\x00",
	"\\x09", "\\x5c", "\\xff", "\\xFF", "stop", "warmup", "runaway", " ", "\xff",
	"9223372036854775807", "9223372036854775808", "\x01", "\x7f",
	"99999999999999999999999999999999999999999",
	"0123456789012345678901234567890123456789012345678901234567890123456789"
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

/* Whatever is accepted prints as something that is read as the same. */
static void
mutations(void **state)
{
	Seeded		random = {1102};
	int			good = 0;

	(void) state;
	for (int i = 0; i < MUTATIONS; i++)
	{
		char		line[2 * ADM_EVENT_LINE_SIZE];
		AdmEventEntry e = random_entry(&random);
		size_t		length = adm_event_print(&e, line, sizeof(line));

		for (uint64_t n = 1 + seeded_below(&random, 3); n > 0; n--)
			length = mutate(&random, line, length);
		good += law_event_line(line, length, &e);
	}
	/* Not all damage shows, and most does. */
	assert_in_range(good, MUTATIONS / 50, MUTATIONS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_cover_the_entry),
		cmocka_unit_test(column_names_differ),
		cmocka_unit_test(header_exactly),
		cmocka_unit_test(lines_exactly),
		cmocka_unit_test(times),
		cmocka_unit_test(kinds),
		cmocka_unit_test(bytes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(longest_line_fits),
		cmocka_unit_test(entries_make_the_round_trip),
		cmocka_unit_test(fields),
		cmocka_unit_test(longest_texts),
		cmocka_unit_test(every_field_once),
		cmocka_unit_test(other_lines_are_no_entries),
		cmocka_unit_test(what_does_not_matter),
		cmocka_unit_test(truncations),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests_name("event_entry", tests, NULL, NULL);
}
