/*
 * test_record.c - tests of the state file's text.
 *
 * Texts are parsed from copies that end where the text ends, so that reading
 * one byte too far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/brake.h"
#include "policy/per_core.h"
#include "policy/record.h"
#include "same.h"
#include "seeded.h"

#define MACHINE_ID	"0123456789abcdef0123456789abcdef"
#define BOOT_ID		"01234567-89ab-4cde-8f01-23456789abcd"

/* Short words for the tables. */
#define GOOD	ADM_RECORD_GOOD
#define DAMAGED	ADM_RECORD_DAMAGED
#define NEWER	ADM_RECORD_NEWER

/* What both formats have in common. */
#define COMMON_LINES \
	"system_identifier 7301942123456789012\n" \
	"major_version 17\n" \
	"machine_id " MACHINE_ID "\n" \
	"boot_id " BOOT_ID "\n" \
	"control_device 2049\n" \
	"control_inode 131\n" \
	"in_recovery 0\n" \
	"phase holding\n" \
	"trigger new_host\n" \
	"ending expired\n" \
	"duration_ms 300000\n" \
	"initial_connections 10\n" \
	"target_connections -1\n" \
	"initial_transactions 0\n" \
	"target_transactions -4\n" \
	"spent_ms 1234\n" \
	"age_ms 56789\n" \
	"started_at_us 1700000000123456\n"

/*
 * What the formats look like.  Files with these texts are out there: there may
 * be a successor but they must not change.  Format 1 is not written any more.
 */
static const char format_1_text[] =
"pg_admission_state 1\n"
COMMON_LINES;

static const char format_2_text[] =
"pg_admission_state 2\n"
COMMON_LINES
"brake 48\n";

static const AdmRecord format_2_record = {
	{7301942123456789012u, 17, MACHINE_ID, BOOT_ID, 2049, 131},
	false,
	{
		ADM_PHASE_HOLDING, ADM_TRIGGER_NEW_HOST, ADM_ENDING_EXPIRED,
		{300000, 10, -1, 0, -4}, 1234, 56789, 1700000000123456
	},
	48
};

/* Names of the results, as tables show them. */
static const char *const result_names[] = {"good", "damaged", "newer"};

/*
 * Parses a copy of exactly this length and its zero byte.  Whatever is not
 * good must leave the record alone.
 */
static AdmRecordResult
parse_exactly(const char *text, size_t length, AdmRecord *record)
{
	char	   *copy = malloc(length + 1);
	AdmRecord	untouched;
	AdmRecordResult result;

	assert_non_null(copy);
	memcpy(copy, text, length);
	copy[length] = '\0';
	memset(record, 0x5A, sizeof(*record));
	memset(&untouched, 0x5A, sizeof(untouched));
	result = adm_record_parse(copy, record);
	free(copy);
	if (result != ADM_RECORD_GOOD)
		assert_memory_equal(record, &untouched, sizeof(untouched));
	return result;
}

static void
assert_result(const char *label, const char *text, size_t length,
			  AdmRecordResult expected)
{
	AdmRecord	record;
	AdmRecordResult result = parse_exactly(text, length, &record);

	if (result != expected)
		fail_msg("%s: %s, expected %s; of\n%s", label, result_names[result],
				 result_names[expected], text);
}

/* Whatever was accepted must print as something that is accepted again. */
static void
assert_prints_again(const AdmRecord *record)
{
	char		text[ADM_RECORD_MAX_SIZE];
	AdmRecord	again;
	size_t		length = adm_record_print(record, text, sizeof(text));

	assert_true(length > 0);
	assert_int_equal(length, strlen(text));
	assert_int_equal(parse_exactly(text, length, &again), ADM_RECORD_GOOD);
	assert_true(same_record(record, &again));
}

/*
 * Print and parse.
 */

static void
format_2_stays_as_it_is(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	size_t		length = strlen(format_2_text);
	AdmRecord	record;

	(void) state;
	assert_int_equal(adm_record_print(&format_2_record, text, sizeof(text)),
					 length);
	assert_string_equal(text, format_2_text);
	assert_int_equal(parse_exactly(format_2_text, length, &record),
					 ADM_RECORD_GOOD);
	assert_true(same_record(&record, &format_2_record));
}

/* It had no brake. */
static void
format_1_is_still_read(void **state)
{
	AdmRecord	expected = format_2_record;
	AdmRecord	record;

	(void) state;
	expected.brake = ADM_BRAKE_OFF;
	assert_int_equal(parse_exactly(format_1_text, strlen(format_1_text), &record),
					 ADM_RECORD_GOOD);
	assert_true(same_record(&record, &expected));
}

/* Of hexadecimal digits and, never alone, dashes; often unknown. */
static void
random_id(Seeded *random, char *id)
{
	size_t		length = seeded_below(random, ADM_HOST_ID_SIZE);

	if (seeded_once_in(random, 4))
		length = 0;
	for (size_t i = 0; i < length; i++)
		id[i] = "0123456789abcdef-"[seeded_below(random, i == 0 ? 16 : 17)];
	id[length] = '\0';
}

/* Of any size, the limits often among them. */
static int64_t
random_number(Seeded *random, int64_t min, int64_t max)
{
	uint64_t	span = (uint64_t) max - (uint64_t) min;

	if (seeded_once_in(random, 8))
		return min;
	if (seeded_once_in(random, 8))
		return max;
	span >>= seeded_below(random, 64);
	if (span == UINT64_MAX)
		return (int64_t) seeded_next(random);
	return (int64_t) ((uint64_t) min + seeded_below(random, span + 1));
}

static uint64_t
random_word(Seeded *random)
{
	return seeded_next(random) >> seeded_below(random, 64);
}

static void
random_warmup(Seeded *random, AdmWarmup *w)
{
	int			least;

	w->phase = (AdmPhase) seeded_below(random, ADM_PHASE_HOLDING + 1);
	/* One that runs has a trigger and a duration. */
	least = w->phase == ADM_PHASE_OPEN ? 0 : 1;
	w->trigger = (AdmTrigger) random_number(random, least,
											ADM_TRIGGER_COUNT - 1);
	w->ending = (AdmEnding) random_number(random, 0, ADM_ENDING_COUNT - 1);
	w->window.duration_ms = random_number(random, least, INT64_MAX);
	w->window.initial_connections = (int) random_number(random, -1, INT_MAX);
	w->window.target_connections = (int) random_number(random, -1, INT_MAX);
	w->window.initial_transactions = (int) random_number(random, -ADM_PER_CORE_MOST_FACTOR,
														 ADM_PER_CORE_MOST);
	w->window.target_transactions = (int) random_number(random, -ADM_PER_CORE_MOST_FACTOR,
														ADM_PER_CORE_MOST);
	w->spent_ms = random_number(random, 0, INT64_MAX);
	w->age_ms = random_number(random, 0, INT64_MAX);
	w->started_at_us = random_number(random, INT64_MIN, INT64_MAX);
}

static AdmRecord
random_record(Seeded *random)
{
	AdmRecord	r;

	memset(&r, 0, sizeof(r));
	r.identity.system_identifier = random_word(random);
	r.identity.major_version = (int) random_number(random, 1, INT_MAX);
	random_id(random, r.identity.machine_id);
	random_id(random, r.identity.boot_id);
	r.identity.control_device = random_word(random);
	r.identity.control_inode = random_word(random);
	r.in_recovery = seeded_once_in(random, 2);
	random_warmup(random, &r.warmup);
	r.brake = (int) random_number(random, ADM_BRAKE_ON, ADM_BRAKE_MOST);
	return r;
}

static void
random_records_make_the_round_trip(void **state)
{
	Seeded		random = {301};

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		AdmRecord	record = random_record(&random);

		assert_prints_again(&record);
	}
}

/* Makes a text of format 1 of one of format 2; returns its length. */
static size_t
make_format_1(char *text)
{
	char	   *end = strstr(text, "\nbrake ") + 1;

	text[strlen("pg_admission_state ")] = '1';
	*end = '\0';
	return (size_t) (end - text);
}

static void
random_records_are_read_in_format_1(void **state)
{
	Seeded		random = {303};

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		AdmRecord	record = random_record(&random);
		AdmRecord	read;
		char		text[ADM_RECORD_MAX_SIZE];

		assert_true(adm_record_print(&record, text, sizeof(text)) > 0);
		assert_int_equal(parse_exactly(text, make_format_1(text), &read),
						 ADM_RECORD_GOOD);
		record.brake = ADM_BRAKE_OFF;
		assert_true(same_record(&record, &read));
	}
}

/* Every size up to the text's and its end, in buffers of just that size. */
static void
print_needs_room_for_the_end(void **state)
{
	size_t		length = strlen(format_2_text);

	(void) state;
	assert_int_equal(adm_record_print(&format_2_record, NULL, 0), 0);
	for (size_t size = 1; size <= length + 2; size++)
	{
		char	   *buffer = malloc(size);

		assert_non_null(buffer);
		assert_int_equal(adm_record_print(&format_2_record, buffer, size),
						 size > length ? length : 0);
		free(buffer);
	}
}

static AdmRecord
longest_record(void)
{
	AdmRecord	r;

	memset(&r, 0, sizeof(r));
	r.identity.system_identifier = UINT64_MAX;
	r.identity.major_version = INT_MAX;
	memset(r.identity.machine_id, 'f', ADM_HOST_ID_SIZE - 1);
	memset(r.identity.boot_id, 'f', ADM_HOST_ID_SIZE - 1);
	r.identity.control_device = UINT64_MAX;
	r.identity.control_inode = UINT64_MAX;
	r.in_recovery = true;
	r.warmup.phase = ADM_PHASE_HOLDING;
	r.warmup.trigger = ADM_TRIGGER_NEW_INSTANCE;
	r.warmup.ending = ADM_ENDING_COMPLETED;
	r.warmup.window.duration_ms = INT64_MAX;
	r.warmup.window.initial_connections = INT_MAX;
	r.warmup.window.target_connections = INT_MAX;
	r.warmup.window.initial_transactions = ADM_PER_CORE_MOST;
	r.warmup.window.target_transactions = ADM_PER_CORE_MOST;
	r.warmup.spent_ms = INT64_MAX;
	r.warmup.age_ms = INT64_MAX;
	r.warmup.started_at_us = INT64_MIN;
	r.brake = ADM_BRAKE_MOST;
	return r;
}

static void
longest_record_fits(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	AdmRecord	record = longest_record();
	size_t		longest;
	size_t		length;

	(void) state;
	assert_prints_again(&record);
	longest = adm_record_print(&record, text, sizeof(text));
	for (int phase = 0; phase <= ADM_PHASE_HOLDING; phase++)
		for (int trigger = 0; trigger < ADM_TRIGGER_COUNT; trigger++)
			for (int ending = 0; ending < ADM_ENDING_COUNT; ending++)
			{
				record.warmup.phase = (AdmPhase) phase;
				record.warmup.trigger = (AdmTrigger) trigger;
				record.warmup.ending = (AdmEnding) ending;
				length = adm_record_print(&record, text, sizeof(text));
				assert_in_range(length, 1, longest);
			}
}

/* Longer than any that is valid, and still no reason to write nothing. */
static void
record_of_nonsense_fits(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	AdmRecord	record = longest_record();

	(void) state;
	record.identity.major_version = INT_MIN;
	record.warmup.window.duration_ms = INT64_MIN;
	record.warmup.window.initial_connections = INT_MIN;
	record.warmup.window.target_connections = INT_MIN;
	record.warmup.window.initial_transactions = INT_MIN;
	record.warmup.window.target_transactions = INT_MIN;
	record.warmup.spent_ms = INT64_MIN;
	record.warmup.age_ms = INT64_MIN;
	record.brake = INT_MIN;
	assert_true(adm_record_print(&record, text, sizeof(text)) > 0);
	assert_result("nonsense", text, strlen(text), ADM_RECORD_DAMAGED);
}

static void
every_truncation_is_damaged(void **state)
{
	char		longest[ADM_RECORD_MAX_SIZE];
	AdmRecord	record = longest_record();
	size_t		length = adm_record_print(&record, longest, sizeof(longest));

	(void) state;
	for (size_t i = 0; i < strlen(format_1_text); i++)
		assert_result("truncated", format_1_text, i, ADM_RECORD_DAMAGED);
	for (size_t i = 0; i < strlen(format_2_text); i++)
		assert_result("truncated", format_2_text, i, ADM_RECORD_DAMAGED);
	for (size_t i = 0; i < length; i++)
		assert_result("truncated", longest, i, ADM_RECORD_DAMAGED);
}

/*
 * Lines removed, doubled, swapped and added.
 */

#define LINES	20

/* Where line i of the text begins; LINES for its end. */
static const char *
line_at(int i)
{
	const char *p = format_2_text;

	while (i-- > 0)
		p = strchr(p, '\n') + 1;
	return p;
}

/* Puts together the lines with these numbers, which end with -1. */
static size_t
gather(const int *numbers, char *text)
{
	char	   *end = text;

	for (; *numbers >= 0; numbers++)
	{
		const char *line = line_at(*numbers);
		size_t		length = (size_t) (line_at(*numbers + 1) - line);

		memcpy(end, line, length);
		end += length;
	}
	*end = '\0';
	return (size_t) (end - text);
}

static void
assert_gathered(const char *label, const int *numbers,
				AdmRecordResult expected)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];
	size_t		length = gather(numbers, text);

	assert_result(label, text, length, expected);
}

/* The numbers of all lines, in order, with one left out and one put in. */
static void
number_lines(int *numbers, int left_out, int put_in, int put_at)
{
	for (int i = 0; i <= LINES; i++)
	{
		if (i == put_at)
			*numbers++ = put_in;
		if (i < LINES && i != left_out)
			*numbers++ = i;
	}
	*numbers = -1;
}

static void
every_line_must_be_there(void **state)
{
	int			numbers[LINES + 2];

	(void) state;
	number_lines(numbers, -1, -1, -1);
	assert_gathered("all lines", numbers, ADM_RECORD_GOOD);
	for (int i = 0; i < LINES; i++)
	{
		number_lines(numbers, i, -1, -1);
		assert_gathered("line removed", numbers, ADM_RECORD_DAMAGED);
	}
}

/* Each line once more, at each place. */
static void
no_line_may_be_there_twice(void **state)
{
	int			numbers[LINES + 2];

	(void) state;
	for (int line = 0; line < LINES; line++)
		for (int at = 0; at <= LINES; at++)
		{
			number_lines(numbers, -1, line, at);
			assert_gathered("line doubled", numbers, ADM_RECORD_DAMAGED);
		}
}

static void
no_lines_may_be_swapped(void **state)
{
	int			numbers[LINES + 2];

	(void) state;
	for (int i = 0; i < LINES; i++)
		for (int j = i + 1; j < LINES; j++)
		{
			number_lines(numbers, -1, -1, -1);
			numbers[i] = j;
			numbers[j] = i;
			assert_gathered("lines swapped", numbers, ADM_RECORD_DAMAGED);
		}
}

static const char *const strangers[] = {
	"\n", " ", " \n", "\t", "\r", "#\n", "# edited\n", "unknown 1\n", "0", "x",
	"\x01", "\xff", "crc32c 00000000\n"
};

/* Something strange in front of, between, and behind the lines. */
static void
no_line_may_be_added(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];

	(void) state;
	for (size_t s = 0; s < COUNT_OF(strangers); s++)
		for (int at = 0; at <= LINES; at++)
		{
			int			before = (int) (line_at(at) - format_2_text);
			int			length;

			length = snprintf(text, sizeof(text), "%.*s%s%s", before,
							  format_2_text, strangers[s], line_at(at));
			assert_result("stranger", text, (size_t) length, DAMAGED);
		}
}

/* The brake's line belongs to format 2 and to no other. */
static void
formats_are_not_mixed(void **state)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];

	(void) state;
	sprintf(text, "%sbrake off\n", format_1_text);
	assert_result("format 1 with a brake", text, strlen(text), DAMAGED);
	sprintf(text, "%sbrake\n", format_1_text);
	assert_result("format 1 with a name", text, strlen(text), DAMAGED);
	sprintf(text, "pg_admission_state 2\n%s", strchr(format_1_text, '\n') + 1);
	assert_result("format 2 without a brake", text, strlen(text), DAMAGED);
	sprintf(text, "pg_admission_state 3\n%s", strchr(format_2_text, '\n') + 1);
	assert_result("format 3", text, strlen(text), NEWER);
}

/*
 * Values.
 */

typedef struct ValueRow
{
	const char *name;
	const char *value;
	AdmRecordResult expected;
} ValueRow;

#define X10		"xxxxxxxxxx"
#define X39		X10 X10 X10 "xxxxxxxxx"

static const ValueRow value_rows[] = {
	{"pg_admission_state", "0", DAMAGED},
	{"pg_admission_state", "-1", DAMAGED},
	{"pg_admission_state", "1", DAMAGED},
	{"pg_admission_state", "3", NEWER},
	{"pg_admission_state", "10", NEWER},
	{"pg_admission_state", "2147483647", NEWER},
	{"pg_admission_state", "2147483648", DAMAGED},
	{"pg_admission_state", "4294967298", DAMAGED},
	{"pg_admission_state", "9223372036854775807", DAMAGED},
	{"pg_admission_state", "18446744073709551618", DAMAGED},
	{"pg_admission_state", "99999999999999999999999999999999999999", DAMAGED},
	{"pg_admission_state", "-2147483648", DAMAGED},
	{"pg_admission_state", "-9223372036854775809", DAMAGED},
	{"pg_admission_state", "2.0", DAMAGED},
	{"pg_admission_state", "3.0", DAMAGED},
	{"pg_admission_state", "3 ", DAMAGED},
	{"pg_admission_state", " 3", DAMAGED},
	{"pg_admission_state", "+3", DAMAGED},
	{"pg_admission_state", "0x3", DAMAGED},
	{"pg_admission_state", "2\r", DAMAGED},
	{"pg_admission_state", "-", DAMAGED},
	{"pg_admission_state", "two", DAMAGED},
	{"pg_admission_state", "", DAMAGED},

	{"system_identifier", "0", GOOD},
	{"system_identifier", "18446744073709551615", GOOD},
	{"system_identifier", "18446744073709551616", DAMAGED},
	{"system_identifier", "-1", DAMAGED},
	{"system_identifier", "+1", DAMAGED},
	{"system_identifier", " 1", DAMAGED},
	{"system_identifier", "1 ", DAMAGED},
	{"system_identifier", "1e3", DAMAGED},
	{"system_identifier", "0x10", DAMAGED},
	{"system_identifier", "12a", DAMAGED},
	{"system_identifier", "1\r", DAMAGED},
	{"system_identifier", "nan", DAMAGED},
	{"system_identifier", "-", DAMAGED},
	{"system_identifier", "", DAMAGED},
	{"system_identifier", "99999999999999999999999999999999", DAMAGED},

	{"major_version", "1", GOOD},
	{"major_version", "2147483647", GOOD},
	{"major_version", "0", DAMAGED},
	{"major_version", "-17", DAMAGED},
	{"major_version", "2147483648", DAMAGED},
	{"major_version", "4294967313", DAMAGED},
	{"major_version", "17.2", DAMAGED},
	{"major_version", "17devel", DAMAGED},
	{"major_version", "", DAMAGED},

	{"machine_id", "-", GOOD},
	{"machine_id", "x", GOOD},
	{"machine_id", X39, GOOD},
	{"machine_id", X39 "x", DAMAGED},
	{"machine_id", X39 X39 X39 X39, DAMAGED},
	{"machine_id", "", DAMAGED},
	{"boot_id", "-", GOOD},
	{"boot_id", X39, GOOD},
	{"boot_id", X39 "x", DAMAGED},
	{"boot_id", "", DAMAGED},

	{"control_device", "0", GOOD},
	{"control_device", "18446744073709551615", GOOD},
	{"control_device", "18446744073709551616", DAMAGED},
	{"control_device", "-1", DAMAGED},
	{"control_device", "8:1", DAMAGED},
	{"control_inode", "0", GOOD},
	{"control_inode", "18446744073709551615", GOOD},
	{"control_inode", "18446744073709551616", DAMAGED},
	{"control_inode", "-1", DAMAGED},

	{"in_recovery", "1", GOOD},
	{"in_recovery", "2", DAMAGED},
	{"in_recovery", "-1", DAMAGED},
	{"in_recovery", "true", DAMAGED},
	{"in_recovery", "4294967296", DAMAGED},
	{"in_recovery", "", DAMAGED},

	{"phase", "open", GOOD},
	{"phase", "warming", GOOD},
	{"phase", "Holding", DAMAGED},
	{"phase", "hold", DAMAGED},
	{"phase", "holding ", DAMAGED},
	{"phase", "2", DAMAGED},
	{"phase", "none", DAMAGED},
	{"phase", "", DAMAGED},
	{"phase", X39, DAMAGED},

	{"trigger", "new_instance", GOOD},
	{"trigger", "promotion", GOOD},
	{"trigger", "crash", GOOD},
	{"trigger", "relapse", GOOD},
	{"trigger", "manual", GOOD},
	{"trigger", "none", DAMAGED},
	{"trigger", "new host", DAMAGED},
	{"trigger", "1", DAMAGED},
	{"trigger", "", DAMAGED},
	{"ending", "none", GOOD},
	{"ending", "completed", GOOD},
	{"ending", "stopped", GOOD},
	{"ending", "complete", DAMAGED},
	{"ending", "", DAMAGED},

	{"duration_ms", "1", GOOD},
	{"duration_ms", "9223372036854775807", GOOD},
	{"duration_ms", "0", DAMAGED},
	{"duration_ms", "-1", DAMAGED},
	{"duration_ms", "9223372036854775808", DAMAGED},
	{"duration_ms", "18446744073709551617", DAMAGED},
	{"duration_ms", "5min", DAMAGED},
	{"duration_ms", "", DAMAGED},

	{"initial_connections", "-1", GOOD},
	{"initial_connections", "0", GOOD},
	{"initial_connections", "2147483647", GOOD},
	{"initial_connections", "-2", DAMAGED},
	{"initial_connections", "2147483648", DAMAGED},
	{"initial_connections", "4294967295", DAMAGED},
	{"initial_connections", "--1", DAMAGED},
	{"initial_connections", "- 1", DAMAGED},
	{"initial_connections", "-", DAMAGED},
	{"target_connections", "0", GOOD},
	{"target_connections", "2147483647", GOOD},
	{"target_connections", "-2", DAMAGED},
	{"target_connections", "2147483648", DAMAGED},
	{"target_connections", "", DAMAGED},

	{"initial_transactions", "1", GOOD},
	{"initial_transactions", "262143", GOOD},
	{"initial_transactions", "262144", DAMAGED},
	{"initial_transactions", "-1", GOOD},
	{"initial_transactions", "-1000", GOOD},
	{"initial_transactions", "-1001", DAMAGED},
	{"initial_transactions", "4x", DAMAGED},
	{"initial_transactions", "4294967297", DAMAGED},
	{"initial_transactions", "", DAMAGED},
	{"target_transactions", "0", GOOD},
	{"target_transactions", "262143", GOOD},
	{"target_transactions", "262144", DAMAGED},
	{"target_transactions", "-1000", GOOD},
	{"target_transactions", "-1001", DAMAGED},
	{"target_transactions", "-", DAMAGED},
	{"target_transactions", "", DAMAGED},

	{"spent_ms", "0", GOOD},
	{"spent_ms", "4611686018427387903", GOOD},
	{"spent_ms", "9223372036854775808", DAMAGED},
	{"spent_ms", "-1", DAMAGED},
	{"age_ms", "0", GOOD},
	{"age_ms", "4611686018427387903", GOOD},
	{"age_ms", "9223372036854775808", DAMAGED},
	{"age_ms", "-1", DAMAGED},

	{"started_at_us", "0", GOOD},
	{"started_at_us", "-9223372036854775808", GOOD},
	{"started_at_us", "9223372036854775807", GOOD},
	{"started_at_us", "-9223372036854775809", DAMAGED},
	{"started_at_us", "9223372036854775808", DAMAGED},
	{"started_at_us", "yesterday", DAMAGED},
	{"started_at_us", "", DAMAGED},

	{"brake", "off", GOOD},
	{"brake", "on", GOOD},
	{"brake", "1", GOOD},
	{"brake", "262143", GOOD},
	{"brake", "0", DAMAGED},
	{"brake", "-1", DAMAGED},
	{"brake", "262144", DAMAGED},
	{"brake", "2147483648", DAMAGED},
	{"brake", "4294967297", DAMAGED},
	{"brake", "18446744073709551617", DAMAGED},
	{"brake", "+1", DAMAGED},
	{"brake", "1.0", DAMAGED},
	{"brake", "4x", DAMAGED},
	{"brake", "on off", DAMAGED},
	{"brake", "on\r", DAMAGED},
	{"brake", "yes", DAMAGED},
	{"brake", "-", DAMAGED},
	{"brake", " ", DAMAGED},
	{"brake", "", DAMAGED},
	{"brake", X39, DAMAGED},
};

/* Puts the value in the place of the one that the line of this name has. */
static size_t
replace_value(const char *name, const char *value, char *text)
{
	size_t		name_length = strlen(name);

	for (int i = 0; i < LINES; i++)
	{
		const char *line = line_at(i);
		int			before = (int) (line - format_2_text);

		if (strncmp(line, name, name_length) == 0 && line[name_length] == ' ')
			return (size_t) sprintf(text, "%.*s%s %s\n%s",
									before, format_2_text, name, value,
									line_at(i + 1));
	}
	fail_msg("there is no line \"%s\"", name);
	return 0;
}

static void
values(void **state)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];
	char		label[256];

	(void) state;
	for (size_t i = 0; i < COUNT_OF(value_rows); i++)
	{
		const ValueRow *row = &value_rows[i];
		size_t		length = replace_value(row->name, row->value, text);

		snprintf(label, sizeof(label), "%s \"%s\"", row->name, row->value);
		assert_result(label, text, length, row->expected);
	}
}

static const char *const wrong_names[] = {
	"Phase holding", "phases holding", "phas holding", "phase  holding",
	"phase\tholding", "phase=holding", "phase: holding", "phase", "phase ",
	" phase holding", "phaseholding"
};

static void
names_are_taken_literally(void **state)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];
	const char *phase = strstr(format_2_text, "phase ");
	int			before = (int) (phase - format_2_text);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(wrong_names); i++)
	{
		int			length;

		length = sprintf(text, "%.*s%s%s", before, format_2_text,
						 wrong_names[i], strchr(phase, '\n'));
		assert_result(wrong_names[i], text, (size_t) length, DAMAGED);
	}
}

typedef struct TextRow
{
	const char *label;
	const char *text;
	AdmRecordResult expected;
} TextRow;

static const TextRow text_rows[] = {
	{"empty", "", DAMAGED},
	{"end of line", "\n", DAMAGED},
	{"many ends of lines", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", DAMAGED},
	{"name", "pg_admission_state", DAMAGED},
	{"name and blank", "pg_admission_state ", DAMAGED},
	{"format without an end", "pg_admission_state 2", DAMAGED},
	{"format only", "pg_admission_state 2\n", DAMAGED},
	{"earlier format without an end", "pg_admission_state 1", DAMAGED},
	{"earlier format only", "pg_admission_state 1\n", DAMAGED},
	{"later format without an end", "pg_admission_state 3", DAMAGED},
	{"later format only", "pg_admission_state 3\n", NEWER},
	{"later format, other lines",
	"pg_admission_state 3\n\xfe{\"phase\":7}", NEWER},
	{"later format, not first",
	"major_version 17\npg_admission_state 3\n", DAMAGED},
	{"binary", "\x7f" "ELF\x02\x01\x01", DAMAGED},
	{"all bits", "\xff\xff\xff\xff\xff\xff\xff\xff", DAMAGED},
	{"byte order mark", "\xef\xbb\xbfpg_admission_state 3\n", DAMAGED},
	{"Windows", "pg_admission_state 3\r\n", DAMAGED},
	{"other file", "# PostgreSQL configuration file\n", DAMAGED},
};

static void
whole_texts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(text_rows); i++)
	{
		const TextRow *row = &text_rows[i];

		assert_result(row->label, row->text, strlen(row->text), row->expected);
	}
}

/* An open state may be without window and trigger, a warm-up may not. */
static void
open_state_needs_no_warmup(void **state)
{
	AdmRecord	record = format_2_record;
	char		text[ADM_RECORD_MAX_SIZE];

	(void) state;
	memset(&record.warmup, 0, sizeof(record.warmup));
	assert_prints_again(&record);
	for (int phase = ADM_PHASE_WARMING; phase <= ADM_PHASE_HOLDING; phase++)
	{
		record.warmup.phase = (AdmPhase) phase;
		assert_true(adm_record_print(&record, text, sizeof(text)) > 0);
		assert_result("no trigger", text, strlen(text), DAMAGED);
	}
}

/*
 * Mutations.
 */

#define MUTATIONS	200000

static const char *const tokens[] = {
	"-1", "0", "1", "2", "3", "-", " ", "\n", "\r\n", "open", "warming", "none",
	"manual", "2147483648", "4611686018427387904", "9223372036854775808",
	"18446744073709551616", "99999999999999999999999999999999", "phase ",
	"machine_id ", "brake ", "off", "on", "\xff"
};

/* Puts length bytes in the place of the cut bytes at this place. */
static size_t
splice(char *text, size_t text_length, size_t at, size_t cut,
	   const char *bytes, size_t length)
{
	memmove(text + at + length, text + at + cut, text_length - at - cut);
	memcpy(text + at, bytes, length);
	return text_length - cut + length;
}

/* One change anywhere: a byte, a stretch gone, a stretch twice, a token. */
static size_t
mutate(Seeded *random, char *text, size_t length)
{
	size_t		at = seeded_below(random, length + 1);
	size_t		stretch = seeded_below(random, 40) + 1;
	char		byte = (char) seeded_next(random);
	char		digit = "0123456789abcdef"[seeded_below(random, 16)];
	char		copy[40];
	const char *token = tokens[seeded_below(random, COUNT_OF(tokens))];

	if (stretch > length - at)
		stretch = length - at;
	memcpy(copy, text + at, stretch);
	switch (seeded_below(random, 5))
	{
		case 0:
			return splice(text, length, at, stretch > 0, &byte, 1);
		case 1:
			return splice(text, length, at, stretch, "", 0);
		case 2:
			return splice(text, length, at, 0, copy, stretch);
		case 3:
			return splice(text, length, at, stretch, token, strlen(token));
		default:
			return splice(text, length, at, stretch > 0, &digit, 1);
	}
}

/* One text in four was of format 1. */
static size_t
mutated_text(Seeded *random, char *text, size_t size)
{
	AdmRecord	record = random_record(random);
	size_t		length = adm_record_print(&record, text, size);
	int			times = 1 + (int) seeded_below(random, 3);

	if (seeded_once_in(random, 4))
		length = make_format_1(text);
	while (times-- > 0)
		length = mutate(random, text, length);
	return length;
}

/* Only that nothing breaks; the counts show that both ways were taken. */
static void
mutations_do_no_harm(void **state)
{
	Seeded		random = {302};
	int			seen[COUNT_OF(result_names)] = {0};

	(void) state;
	for (int i = 0; i < MUTATIONS; i++)
	{
		char		text[2 * ADM_RECORD_MAX_SIZE];
		size_t		length = mutated_text(&random, text, ADM_RECORD_MAX_SIZE);
		AdmRecord	record;
		AdmRecordResult result = parse_exactly(text, length, &record);

		seen[result]++;
		if (result == ADM_RECORD_GOOD)
			assert_prints_again(&record);
	}
	assert_true(seen[ADM_RECORD_GOOD] > MUTATIONS / 100);
	assert_true(seen[ADM_RECORD_DAMAGED] > MUTATIONS / 2);
	assert_true(seen[ADM_RECORD_NEWER] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_2_stays_as_it_is),
		cmocka_unit_test(format_1_is_still_read),
		cmocka_unit_test(random_records_make_the_round_trip),
		cmocka_unit_test(random_records_are_read_in_format_1),
		cmocka_unit_test(print_needs_room_for_the_end),
		cmocka_unit_test(longest_record_fits),
		cmocka_unit_test(record_of_nonsense_fits),
		cmocka_unit_test(every_truncation_is_damaged),
		cmocka_unit_test(every_line_must_be_there),
		cmocka_unit_test(no_line_may_be_there_twice),
		cmocka_unit_test(no_lines_may_be_swapped),
		cmocka_unit_test(no_line_may_be_added),
		cmocka_unit_test(formats_are_not_mixed),
		cmocka_unit_test(values),
		cmocka_unit_test(names_are_taken_literally),
		cmocka_unit_test(whole_texts),
		cmocka_unit_test(open_state_needs_no_warmup),
		cmocka_unit_test(mutations_do_no_harm),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
