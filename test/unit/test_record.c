/*
 * test_record.c - tests of the state file's text.  What is true of any text is
 * checked by ../fuzz/record_laws.h.
 */
#include "rows.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/record_laws.h"
#include "policy/brake.h"
#include "policy/per_core.h"
#include "policy/record.h"
#include "seeded.h"

#define MACHINE_ID	"0123456789abcdef0123456789abcdef"
#define BOOT_ID		"01234567-89ab-4cde-8f01-23456789abcd"

/* Short words for the tables. */
#define GOOD	ADM_RECORD_GOOD
#define DAMAGED	ADM_RECORD_DAMAGED
#define NEWER	ADM_RECORD_NEWER

/* What all formats have in common. */
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

#define SERVICE_LINES \
	"service reports \xc3\xbc\n" \
	"service_phase waiting its turn\n" \
	"service_turn 3\n" \
	"service_over_ms 60000\n" \
	"service_spent_ms 0\n"

/*
 * What the formats look like.  Files with these texts are out there: there may
 * be a successor but they must not change.  Format 3 alone is written.
 */
static const char format_1_text[] =
"pg_admission_state 1\n"
COMMON_LINES;

static const char format_2_text[] =
"pg_admission_state 2\n"
COMMON_LINES
"brake 48\n";

static const char format_3_text[] =
"pg_admission_state 3\n"
COMMON_LINES
"brake 48\n"
"services 1\n"
SERVICE_LINES;

static const AdmRecord format_3_record = {
	{7301942123456789012u, 17, MACHINE_ID, BOOT_ID, 2049, 131},
	false,
	{
		ADM_PHASE_HOLDING, ADM_TRIGGER_NEW_HOST, ADM_ENDING_EXPIRED,
		{300000, 10, -1, 0, -4}, 1234, 56789, 1700000000123456
	},
	48,
	1,
	{{"reports \xc3\xbc", {ADM_SERVICE_WAITS_ITS_TURN, 3, 60000, 0}}}
};

/* Names of the results, as tables show them. */
static const char *const result_names[] = {"good", "damaged", "newer"};

static void
assert_result(const char *label, const char *text, size_t length,
			  AdmRecordResult expected)
{
	AdmRecord	record;
	AdmRecordResult result = law_record_parse(text, length, &record);

	if (result != expected)
		fail_msg("%s: %s, expected %s; of\n%s", label, result_names[result],
				 result_names[expected], text);
}

/*
 * Print and parse.
 */

static void
format_3_stays_as_it_is(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	size_t		length = strlen(format_3_text);
	AdmRecord	record;

	(void) state;
	assert_int_equal(adm_record_print(&format_3_record, text, sizeof(text)), length);
	assert_string_equal(text, format_3_text);
	assert_int_equal(law_record_parse(format_3_text, length, &record), ADM_RECORD_GOOD);
	assert_true(same_record(&record, &format_3_record));
}

/* It had no services. */
static void
format_2_is_still_read(void **state)
{
	AdmRecord	expected = format_3_record;
	AdmRecord	record;

	(void) state;
	expected.service_count = 0;
	assert_int_equal(law_record_parse(format_2_text, strlen(format_2_text), &record),
					 ADM_RECORD_GOOD);
	assert_true(same_record(&record, &expected));
}

/* It had no brake either. */
static void
format_1_is_still_read(void **state)
{
	AdmRecord	expected = format_3_record;
	AdmRecord	record;

	(void) state;
	expected.service_count = 0;
	expected.brake = ADM_BRAKE_OFF;
	assert_int_equal(law_record_parse(format_1_text, strlen(format_1_text), &record),
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

/* Of any bytes that a name may have; often of words of the text. */
static void
random_name(Seeded *random, char *name)
{
	static const char *const words[] = {"-", " ", "service", "service_turn 1", "a\xe2\x82\xac", "\xff"};
	size_t		length = 1 + seeded_below(random, ADM_SERVICE_NAME_SIZE - 1);

	if (seeded_once_in(random, 4))
	{
		strcpy(name, words[seeded_below(random, COUNT_OF(words))]);
		return;
	}
	for (size_t i = 0; i < length; i++)
	{
		unsigned char byte = (unsigned char) seeded_next(random);

		name[i] = (char) (byte < 0x20 || byte == 0x7f ? 'x' : byte);
	}
	name[length] = '\0';
}

/* As those that are not open may be. */
static void
random_service(Seeded *random, AdmServiceRecord *s)
{
	random_name(random, s->name);
	memset(&s->state, 0, sizeof(s->state));
	s->state.phase = (AdmServicePhase) random_number(random, ADM_SERVICE_PAUSED,
													 ADM_SERVICE_RESUMING);
	if (s->state.phase == ADM_SERVICE_WAITS_ITS_TURN)
	{
		s->state.turn = (int) random_number(random, 1, ADM_TURN_MOST);
		s->state.over_ms = random_number(random, 0, ADM_RESUME_LONGEST_MS);
	}
	if (s->state.phase == ADM_SERVICE_RESUMING)
	{
		s->state.over_ms = random_number(random, 1, ADM_RESUME_LONGEST_MS);
		s->state.spent_ms = random_number(random, 0, s->state.over_ms - 1);
	}
}

/* Often none, mostly a few, now and then as many as there can be. */
static void
random_services(Seeded *random, AdmRecord *r)
{
	r->service_count = (int) seeded_below(random, 4);
	if (seeded_once_in(random, 16))
		r->service_count = (int) random_number(random, 0, ADM_RECORD_SERVICES_MOST);
	for (int i = 0; i < r->service_count; i++)
		random_service(random, &r->services[i]);
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
	random_services(random, &r);
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

		law_record_prints(&record);
	}
}

/*
 * Makes a text of an earlier format of one of format 3, by what that did not
 * have; returns its length.
 */
static size_t
make_format(int format, char *text)
{
	char	   *end = strstr(text, format == 1 ? "\nbrake " : "\nservices ") + 1;

	text[strlen("pg_admission_state ")] = (char) ('0' + format);
	*end = '\0';
	return (size_t) (end - text);
}

static void
assert_read_in_format(int format, const AdmRecord *record)
{
	AdmRecord	expected = *record;
	AdmRecord	read;
	char		text[ADM_RECORD_MAX_SIZE];

	assert_true(adm_record_print(record, text, sizeof(text)) > 0);
	assert_int_equal(law_record_parse(text, make_format(format, text), &read), ADM_RECORD_GOOD);
	expected.service_count = 0;
	if (format == 1)
		expected.brake = ADM_BRAKE_OFF;
	assert_true(same_record(&expected, &read));
}

static void
random_records_are_read_in_earlier_formats(void **state)
{
	Seeded		random = {303};

	(void) state;
	for (int i = 0; i < 20000; i++)
	{
		AdmRecord	record = random_record(&random);

		assert_read_in_format(1, &record);
		assert_read_in_format(2, &record);
	}
}

/* Every size up to the text's and its end, in buffers of just that size. */
static void
print_needs_room_for_the_end(void **state)
{
	size_t		length = strlen(format_3_text);

	(void) state;
	assert_int_equal(adm_record_print(&format_3_record, NULL, 0), 0);
	for (size_t size = 1; size <= length + 2; size++)
	{
		char	   *buffer = malloc(size);

		assert_non_null(buffer);
		assert_int_equal(adm_record_print(&format_3_record, buffer, size),
						 size > length ? length : 0);
		free(buffer);
	}
}

/* No other phase has a longer word. */
static AdmServiceRecord
longest_service(void)
{
	AdmServiceRecord s;

	memset(&s, 0, sizeof(s));
	memset(s.name, 'x', ADM_SERVICE_NAME_SIZE - 1);
	s.state.phase = ADM_SERVICE_WAITS_ITS_TURN;
	s.state.turn = ADM_TURN_MOST;
	s.state.over_ms = ADM_RESUME_LONGEST_MS;
	return s;
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
	r.service_count = ADM_RECORD_SERVICES_MOST;
	for (int i = 0; i < r.service_count; i++)
		r.services[i] = longest_service();
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
	law_record_prints(&record);
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

/* How much longer the record is with this service, so many times. */
static size_t
length_of_services(const AdmServiceRecord *service, int count)
{
	char		text[ADM_RECORD_MAX_SIZE];
	AdmRecord	record = format_3_record;
	size_t		without;

	record.service_count = 0;
	without = adm_record_print(&record, text, sizeof(text));
	record.service_count = count;
	for (int i = 0; i < count; i++)
		record.services[i] = *service;
	return adm_record_print(&record, text, sizeof(text)) - without;
}

/* With the largest numbers that each phase may have. */
static void
longest_service_is_the_longest(void **state)
{
	AdmServiceRecord service = longest_service();
	size_t		longest = length_of_services(&service, 1);

	(void) state;
	memset(&service.state, 0, sizeof(service.state));
	service.state.phase = ADM_SERVICE_PAUSED;
	assert_in_range(length_of_services(&service, 1), 1, longest);
	service.state.phase = ADM_SERVICE_RESUMING;
	service.state.over_ms = ADM_RESUME_LONGEST_MS;
	service.state.spent_ms = ADM_RESUME_LONGEST_MS - 1;
	assert_in_range(length_of_services(&service, 1), 1, longest);
}

/* Neither part of the text lives on the other's room. */
static void
each_part_fits_its_room(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	AdmRecord	record = longest_record();
	AdmServiceRecord service = longest_service();
	size_t		room = ADM_RECORD_MAX_SIZE - ADM_RECORD_SERVICES_MOST * ADM_RECORD_SERVICE_SIZE;

	(void) state;
	record.service_count = 0;
	assert_true(adm_record_print(&record, text, sizeof(text)) + strlen("128") < room);
	assert_in_range(length_of_services(&service, 1), 1, ADM_RECORD_SERVICE_SIZE);
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
	for (int i = 0; i < record.service_count; i++)
	{
		record.services[i].state.turn = INT_MIN;
		record.services[i].state.over_ms = INT64_MIN;
		record.services[i].state.spent_ms = INT64_MIN;
	}
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
	for (size_t i = 0; i < strlen(format_3_text); i++)
		assert_result("truncated", format_3_text, i, ADM_RECORD_DAMAGED);
	for (size_t i = 0; i < length; i++)
		assert_result("truncated", longest, i, ADM_RECORD_DAMAGED);
}

/*
 * Lines removed, doubled, swapped and added.
 */

#define LINES	26

/* Where line i of the text begins; LINES for its end. */
static const char *
line_at(int i)
{
	const char *p = format_3_text;

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
			int			before = (int) (line_at(at) - format_3_text);
			int			length;

			length = snprintf(text, sizeof(text), "%.*s%s%s", before,
							  format_3_text, strangers[s], line_at(at));
			assert_result("stranger", text, (size_t) length, DAMAGED);
		}
}

/* The text with this format's number in place of its own. */
static void
assert_renumbered(const char *label, const char *text, int format, AdmRecordResult expected)
{
	char		renumbered[2 * ADM_RECORD_MAX_SIZE];
	int			length = sprintf(renumbered, "pg_admission_state %d\n%s", format,
								 strchr(text, '\n') + 1);

	assert_result(label, renumbered, (size_t) length, expected);
}

/* Each format has its lines, neither less nor more. */
static void
formats_are_not_mixed(void **state)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];

	(void) state;
	sprintf(text, "%sbrake\n", format_1_text);
	assert_result("format 1 with a name", text, strlen(text), DAMAGED);
	sprintf(text, "%sservices 0\n", format_1_text);
	assert_result("format 1 with services", text, strlen(text), DAMAGED);
	assert_renumbered("format 1 with a brake", format_2_text, 1, DAMAGED);
	assert_renumbered("format 1 with a brake and services", format_3_text, 1, DAMAGED);
	assert_renumbered("format 2 without a brake", format_1_text, 2, DAMAGED);
	assert_renumbered("format 2 with services", format_3_text, 2, DAMAGED);
	sprintf(text, "%sservices 0\n", format_2_text);
	assert_result("format 2 with no services", text, strlen(text), DAMAGED);
	assert_renumbered("format 3 without a brake", format_1_text, 3, DAMAGED);
	assert_renumbered("format 3 without services", format_2_text, 3, DAMAGED);
	assert_renumbered("format 3 with no services", text, 3, GOOD);
	assert_renumbered("format 4", format_3_text, 4, NEWER);
	assert_renumbered("format 4 without services", format_2_text, 4, NEWER);
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
#define X63		X10 X10 X10 X10 X10 X10 "xxx"

static const ValueRow value_rows[] = {
	{"pg_admission_state", "0", DAMAGED},
	{"pg_admission_state", "-1", DAMAGED},
	{"pg_admission_state", "1", DAMAGED},
	{"pg_admission_state", "2", DAMAGED},
	{"pg_admission_state", "4", NEWER},
	{"pg_admission_state", "10", NEWER},
	{"pg_admission_state", "2147483647", NEWER},
	{"pg_admission_state", "2147483648", DAMAGED},
	{"pg_admission_state", "4294967299", DAMAGED},
	{"pg_admission_state", "9223372036854775807", DAMAGED},
	{"pg_admission_state", "18446744073709551619", DAMAGED},
	{"pg_admission_state", "99999999999999999999999999999999999999", DAMAGED},
	{"pg_admission_state", "-2147483648", DAMAGED},
	{"pg_admission_state", "-9223372036854775809", DAMAGED},
	{"pg_admission_state", "3.0", DAMAGED},
	{"pg_admission_state", "4.0", DAMAGED},
	{"pg_admission_state", "4 ", DAMAGED},
	{"pg_admission_state", " 4", DAMAGED},
	{"pg_admission_state", "+4", DAMAGED},
	{"pg_admission_state", "0x4", DAMAGED},
	{"pg_admission_state", "3\r", DAMAGED},
	{"pg_admission_state", "-", DAMAGED},
	{"pg_admission_state", "three", DAMAGED},
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

	/* There is one. */
	{"services", "0", DAMAGED},
	{"services", "2", DAMAGED},
	{"services", "128", DAMAGED},
	{"services", "129", DAMAGED},
	{"services", "-1", DAMAGED},
	{"services", "2147483647", DAMAGED},
	{"services", "4294967297", DAMAGED},
	{"services", "18446744073709551617", DAMAGED},
	{"services", "+1", DAMAGED},
	{"services", "1 ", DAMAGED},
	{"services", "one", DAMAGED},
	{"services", "-", DAMAGED},
	{"services", "", DAMAGED},

	{"service", "x", GOOD},
	{"service", "-", GOOD},
	{"service", " ", GOOD},
	{"service", " x", GOOD},
	{"service", "x ", GOOD},
	{"service", "a b  c", GOOD},
	{"service", "default", GOOD},
	{"service", "*", GOOD},
	{"service", "a,\"b\";c:d=e", GOOD},
	{"service", "service_phase paused", GOOD},
	{"service", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x98", GOOD},
	{"service", "\xff", GOOD},
	{"service", "\xc2\x80", GOOD},
	{"service", X63, GOOD},
	{"service", X63 "x", DAMAGED},
	{"service", X63 X63 X63 X63 X63, DAMAGED},
	{"service", "a\tb", DAMAGED},
	{"service", "\x01", DAMAGED},
	{"service", "a\x1f", DAMAGED},
	{"service", "a\x7f", DAMAGED},
	{"service", "\x7f" "a", DAMAGED},
	{"service", "x\r", DAMAGED},
	{"service", "a\nb", DAMAGED},
	{"service", "a\n", DAMAGED},
	{"service", "\na", DAMAGED},
	{"service", "", DAMAGED},

	{"service_phase", "paused", DAMAGED},
	{"service_phase", "resuming", GOOD},
	{"service_phase", "open", DAMAGED},
	{"service_phase", "Paused", DAMAGED},
	{"service_phase", "waiting", DAMAGED},
	{"service_phase", "waiting its turn ", DAMAGED},
	{"service_phase", "2", DAMAGED},
	{"service_phase", "holding", DAMAGED},
	{"service_phase", "-", DAMAGED},
	{"service_phase", "", DAMAGED},
	{"service_phase", X39, DAMAGED},

	{"service_turn", "1", GOOD},
	{"service_turn", "1073741823", GOOD},
	{"service_turn", "1073741824", DAMAGED},
	{"service_turn", "2147483647", DAMAGED},
	{"service_turn", "0", DAMAGED},
	{"service_turn", "2147483648", DAMAGED},
	{"service_turn", "4294967297", DAMAGED},
	{"service_turn", "-1", DAMAGED},
	{"service_turn", "-2147483648", DAMAGED},
	{"service_turn", "1.5", DAMAGED},
	{"service_turn", "first", DAMAGED},
	{"service_turn", "-", DAMAGED},
	{"service_turn", "", DAMAGED},

	{"service_over_ms", "0", GOOD},
	{"service_over_ms", "1", GOOD},
	{"service_over_ms", "2147483647", GOOD},
	{"service_over_ms", "2147483648", DAMAGED},
	{"service_over_ms", "4294967297", DAMAGED},
	{"service_over_ms", "9223372036854775807", DAMAGED},
	{"service_over_ms", "18446744073709551617", DAMAGED},
	{"service_over_ms", "-1", DAMAGED},
	{"service_over_ms", "5min", DAMAGED},
	{"service_over_ms", "", DAMAGED},

	/* Of those that wait. */
	{"service_spent_ms", "1", DAMAGED},
	{"service_spent_ms", "2147483647", DAMAGED},
	{"service_spent_ms", "2147483648", DAMAGED},
	{"service_spent_ms", "4294967296", DAMAGED},
	{"service_spent_ms", "18446744073709551616", DAMAGED},
	{"service_spent_ms", "-1", DAMAGED},
	{"service_spent_ms", "", DAMAGED},
};

/* Puts the value in the place of the one that the line of this name has. */
static size_t
replace_value(const char *name, const char *value, char *text)
{
	size_t		name_length = strlen(name);

	for (int i = 0; i < LINES; i++)
	{
		const char *line = line_at(i);
		int			before = (int) (line - format_3_text);

		if (strncmp(line, name, name_length) == 0 && line[name_length] == ' ')
			return (size_t) sprintf(text, "%.*s%s %s\n%s",
									before, format_3_text, name, value,
									line_at(i + 1));
	}
	fail_msg("there is no line \"%s\"", name);
	return 0;
}

static void
values(void **state)
{
	char		text[2 * ADM_RECORD_MAX_SIZE];
	char		label[512];

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
	const char *phase = strstr(format_3_text, "phase ");
	int			before = (int) (phase - format_3_text);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(wrong_names); i++)
	{
		int			length;

		length = sprintf(text, "%.*s%s%s", before, format_3_text,
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
	{"format without an end", "pg_admission_state 3", DAMAGED},
	{"format only", "pg_admission_state 3\n", DAMAGED},
	{"earlier format without an end", "pg_admission_state 1", DAMAGED},
	{"earlier format only", "pg_admission_state 1\n", DAMAGED},
	{"later format without an end", "pg_admission_state 4", DAMAGED},
	{"later format only", "pg_admission_state 4\n", NEWER},
	{"later format, other lines",
	"pg_admission_state 4\n\xfe{\"phase\":7}", NEWER},
	{"later format, not first",
	"major_version 17\npg_admission_state 4\n", DAMAGED},
	{"binary", "\x7f" "ELF\x02\x01\x01", DAMAGED},
	{"all bits", "\xff\xff\xff\xff\xff\xff\xff\xff", DAMAGED},
	{"byte order mark", "\xef\xbb\xbfpg_admission_state 4\n", DAMAGED},
	{"Windows", "pg_admission_state 4\r\n", DAMAGED},
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
	AdmRecord	record = format_3_record;
	char		text[ADM_RECORD_MAX_SIZE];

	(void) state;
	memset(&record.warmup, 0, sizeof(record.warmup));
	law_record_prints(&record);
	for (int phase = ADM_PHASE_WARMING; phase <= ADM_PHASE_HOLDING; phase++)
	{
		record.warmup.phase = (AdmPhase) phase;
		assert_true(adm_record_print(&record, text, sizeof(text)) > 0);
		assert_result("no trigger", text, strlen(text), DAMAGED);
	}
}

/*
 * Services.
 */

typedef struct ServiceRow
{
	const char *label;
	const char *lines;			/* behind the name's */
	AdmRecordResult expected;
} ServiceRow;

#define STATE_LINES(phase, turn, over_ms, spent_ms) \
	"service_phase " phase "\n" \
	"service_turn " turn "\n" \
	"service_over_ms " over_ms "\n" \
	"service_spent_ms " spent_ms "\n"

#define LONGEST_MS	"2147483647"
#define MOST_TURN	"1073741823"

static const ServiceRow service_rows[] = {
	{"paused", STATE_LINES("paused", "0", "0", "0"), GOOD},
	{"paused, a turn", STATE_LINES("paused", "1", "0", "0"), DAMAGED},
	{"paused, a time to come back in", STATE_LINES("paused", "0", "1", "0"), DAMAGED},
	{"paused, time spent", STATE_LINES("paused", "0", "0", "1"), DAMAGED},
	{"paused, time spent of some", STATE_LINES("paused", "0", "2", "1"), DAMAGED},
	{"open", STATE_LINES("open", "0", "0", "0"), DAMAGED},
	{"open, time spent", STATE_LINES("open", "0", "2", "1"), DAMAGED},
	{"open, all time spent", STATE_LINES("open", "0", "2", "2"), DAMAGED},
	{"waits, at once", STATE_LINES("waiting its turn", "1", "0", "0"), GOOD},
	{"waits", STATE_LINES("waiting its turn", "1", "1", "0"), GOOD},
	{"waits, no turn", STATE_LINES("waiting its turn", "0", "1", "0"), DAMAGED},
	{"waits, longest", STATE_LINES("waiting its turn", MOST_TURN, LONGEST_MS, "0"), GOOD},
	{"waits, time spent", STATE_LINES("waiting its turn", "1", "2", "1"), DAMAGED},
	{"comes back", STATE_LINES("resuming", "0", "1", "0"), GOOD},
	{"comes back, in its turn", STATE_LINES("resuming", "1", "1", "0"), GOOD},
	{"comes back, on its way", STATE_LINES("resuming", "0", "8000", "4000"), GOOD},
	{"comes back, almost", STATE_LINES("resuming", "0", "8000", "7999"), GOOD},
	{"comes back, all time spent", STATE_LINES("resuming", "0", "8000", "8000"), DAMAGED},
	{"comes back, too much spent", STATE_LINES("resuming", "0", "8000", "8001"), DAMAGED},
	{"comes back in no time", STATE_LINES("resuming", "0", "0", "0"), DAMAGED},
	{"comes back in negative time", STATE_LINES("resuming", "0", "-1", "-2"), DAMAGED},
	{"comes back, negative time spent", STATE_LINES("resuming", "0", "8000", "-1"), DAMAGED},
	{"comes back, longest", STATE_LINES("resuming", "0", LONGEST_MS, "2147483646"), GOOD},
	{"comes back, too long", STATE_LINES("resuming", "0", "2147483648", "0"), DAMAGED},
	{"comes back, far too long", STATE_LINES("resuming", "0", "4294967297", "0"), DAMAGED},
	{"negative turn", STATE_LINES("waiting its turn", "-1", "1", "0"), DAMAGED},
	{"nothing", "", DAMAGED},
	{"another begins", "service y\n" STATE_LINES("paused", "0", "0", "0"), DAMAGED},
};

/* Each is wrong between others as it is alone. */
static void
states_of_services(void **state)
{
	static const char paused[] = STATE_LINES("paused", "0", "0", "0");
	char		text[ADM_RECORD_MAX_SIZE];
	int			fixed = (int) (strstr(format_3_text, "services ") - format_3_text);

	(void) state;
	for (size_t i = 0; i < COUNT_OF(service_rows); i++)
	{
		const ServiceRow *row = &service_rows[i];
		int			length;

		length = sprintf(text, "%.*sservices 1\nservice x\n%s", fixed, format_3_text, row->lines);
		assert_result(row->label, text, (size_t) length, row->expected);
		length = sprintf(text, "%.*sservices 3\nservice a\n%sservice x\n%sservice b\n%s",
						 fixed, format_3_text, paused, row->lines, paused);
		assert_result(row->label, text, (size_t) length, row->expected);
	}
}

/* Every byte, at each place in a name. */
static void
control_characters_are_in_no_name(void **state)
{
	char		text[ADM_RECORD_MAX_SIZE];
	char		name[] = "xxx";

	(void) state;
	for (int byte = 1; byte <= 255; byte++)
		for (size_t at = 0; at < strlen(name); at++)
		{
			bool		control = byte < 32 || byte == 127;
			size_t		length;

			name[at] = (char) byte;
			length = replace_value("service", name, text);
			assert_result("byte in a name", text, length, control ? DAMAGED : GOOD);
			name[at] = 'x';
		}
}

static const char *const service_names[] = {
	"x", "-", " ", "  a  b  ", "default", "*", "off", "service", "services 1", "service_phase open",
	"a,\"b\";c:d=e", "%s%n", "\\n", X63, "\xc3\xbc" "ber", "\xe2\x82\xac", "\xf0\x9f\x90\x98",
	"\xff\xfe", "\x80", "\xc2\x85"
};

/* As it was, and nothing else, whatever stands in it. */
static void
names_make_the_round_trip(void **state)
{
	AdmRecord	record = format_3_record;

	(void) state;
	for (size_t i = 0; i < COUNT_OF(service_names); i++)
	{
		char		text[ADM_RECORD_MAX_SIZE];
		AdmRecord	read;
		size_t		length;

		strcpy(record.services[0].name, service_names[i]);
		length = adm_record_print(&record, text, sizeof(text));
		assert_row_int(service_names[i], law_record_parse(text, length, &read), GOOD);
		assert_row_int(service_names[i], read.service_count, 1);
		assert_row_string(service_names[i], read.services[0].name, service_names[i]);
	}
}

/* A record with so many services, no two of them alike. */
static AdmRecord
record_of_services(int count)
{
	AdmRecord	r = format_3_record;

	r.service_count = count;
	for (int i = 0; i < count; i++)
	{
		AdmServiceRecord *s = &r.services[i];

		memset(s, 0, sizeof(*s));
		sprintf(s->name, "service %d", i);
		s->state.phase = (AdmServicePhase) (ADM_SERVICE_PAUSED + i % 3);
		if (s->state.phase == ADM_SERVICE_WAITS_ITS_TURN)
			s->state.turn = i + 1;
		if (s->state.phase != ADM_SERVICE_PAUSED)
			s->state.over_ms = 1000 + i;
		if (s->state.phase == ADM_SERVICE_RESUMING)
			s->state.spent_ms = 2 * i;
	}
	return r;
}

static void
any_number_of_services(void **state)
{
	(void) state;
	for (int count = 0; count <= ADM_RECORD_SERVICES_MOST; count++)
	{
		AdmRecord	record = record_of_services(count);
		AdmRecord	read;
		char		text[ADM_RECORD_MAX_SIZE];
		size_t		length = adm_record_print(&record, text, sizeof(text));

		assert_int_equal(length, strlen(text));
		assert_int_equal(law_record_parse(text, length, &read), ADM_RECORD_GOOD);
		assert_true(same_record(&record, &read));
	}
}

/* The text of so many services as printed, more lines, and another count. */
static void
assert_counted(const char *label, int services, const char *more, int count,
			   AdmRecordResult expected)
{
	AdmRecord	record = record_of_services(services);
	char		text[ADM_RECORD_MAX_SIZE];
	char		counted[2 * ADM_RECORD_MAX_SIZE];
	const char *line;
	int			length;

	assert_true(adm_record_print(&record, text, sizeof(text)) > 0);
	line = strstr(text, "services ");
	length = sprintf(counted, "%.*sservices %d%s%s", (int) (line - text), text, count,
					 strchr(line, '\n'), more);
	assert_result(label, counted, (size_t) length, expected);
}

static void
count_of_services_must_be_right(void **state)
{
	(void) state;
	for (int services = 0; services <= ADM_RECORD_SERVICES_MOST; services++)
	{
		assert_counted("as many", services, "", services, GOOD);
		assert_counted("one more", services, "", services + 1, DAMAGED);
		assert_counted("many more", services, "", INT_MAX, DAMAGED);
		assert_counted("one less", services, "", services - 1, DAMAGED);
		assert_counted("negative", services, "", -services - 1, DAMAGED);
	}
}

/* One that is good itself, but that there is no room for. */
static void
too_many_services_are_damaged(void **state)
{
	const int	most = ADM_RECORD_SERVICES_MOST;

	(void) state;
	assert_counted("last", most - 1, SERVICE_LINES, most, GOOD);
	assert_counted("one too many", most, SERVICE_LINES, most + 1, DAMAGED);
}

/*
 * Mutations.
 */

#define MUTATIONS	200000

static const char *const tokens[] = {
	"-1", "0", "1", "2", "3", "4", "-", " ", "\n", "\r\n", "open", "warming", "none",
	"manual", "2147483648", "4611686018427387904", "9223372036854775808",
	"18446744073709551616", "99999999999999999999999999999999", "phase ",
	"machine_id ", "brake ", "off", "on", "\xff", "paused", "resuming", "waiting its turn",
	"services ", "128", "129", "2147483647", "service ", "service_turn ", SERVICE_LINES
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

/* One text in four is of an earlier format. */
static size_t
mutated_text(Seeded *random, char *text, size_t size)
{
	AdmRecord	record = random_record(random);
	size_t		length = adm_record_print(&record, text, size);
	int			times = 1 + (int) seeded_below(random, 3);

	if (seeded_once_in(random, 4))
		length = make_format(1 + (int) seeded_below(random, 2), text);
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

		seen[law_record(text, length, &record)]++;
	}
	assert_true(seen[ADM_RECORD_GOOD] > MUTATIONS / 100);
	assert_true(seen[ADM_RECORD_DAMAGED] > MUTATIONS / 2);
	assert_true(seen[ADM_RECORD_NEWER] > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_3_stays_as_it_is),
		cmocka_unit_test(format_2_is_still_read),
		cmocka_unit_test(format_1_is_still_read),
		cmocka_unit_test(random_records_make_the_round_trip),
		cmocka_unit_test(random_records_are_read_in_earlier_formats),
		cmocka_unit_test(print_needs_room_for_the_end),
		cmocka_unit_test(longest_record_fits),
		cmocka_unit_test(longest_service_is_the_longest),
		cmocka_unit_test(each_part_fits_its_room),
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
		cmocka_unit_test(states_of_services),
		cmocka_unit_test(control_characters_are_in_no_name),
		cmocka_unit_test(names_make_the_round_trip),
		cmocka_unit_test(any_number_of_services),
		cmocka_unit_test(count_of_services_must_be_right),
		cmocka_unit_test(too_many_services_are_damaged),
		cmocka_unit_test(mutations_do_no_harm),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
