/*
 * event_entry.c - the columns of the record, and the lines of its file.
 */
#include "event_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wall_time.h"

#define ESCAPED_SIZE		4	/* of one byte: \xHH */

#define COLUMN(name, kind, field) \
	{name, kind, offsetof(AdmEventEntry, field), sizeof(((AdmEventEntry *) 0)->field)}

const AdmEventColumn adm_event_columns[] = {
	COLUMN("at", ADM_EVENT_COLUMN_TIME, at_us),
	COLUMN("kind", ADM_EVENT_COLUMN_KIND, kind),
	COLUMN("message", ADM_EVENT_COLUMN_TEXT, message),
	COLUMN("detail", ADM_EVENT_COLUMN_TEXT, detail),
	COLUMN("outcome", ADM_EVENT_COLUMN_TEXT, outcome),
	COLUMN("actor_role", ADM_EVENT_COLUMN_TEXT, actor_role),
	COLUMN("actor_pid", ADM_EVENT_COLUMN_PID, actor_pid),
	COLUMN("actor_application", ADM_EVENT_COLUMN_TEXT, actor_application),
	COLUMN("actor_address", ADM_EVENT_COLUMN_TEXT, actor_address),
	COLUMN("pid", ADM_EVENT_COLUMN_PID, pid),
	COLUMN("backend_start", ADM_EVENT_COLUMN_TIME, backend_start_us),
	COLUMN("role", ADM_EVENT_COLUMN_TEXT, role),
	COLUMN("database", ADM_EVENT_COLUMN_TEXT, database),
	COLUMN("application_name", ADM_EVENT_COLUMN_TEXT, application),
	COLUMN("query_start", ADM_EVENT_COLUMN_TIME, query_start_us)
};

const int	adm_event_column_count = (int) (sizeof(adm_event_columns) / sizeof(adm_event_columns[0]));

static const char *const kind_names[ADM_EVENT_KIND_COUNT] = {
	"warmup", "cut", "hold", "brake", "service", "mode", "stop", "runaway"
};

const char *
adm_event_kind_name(AdmEventKind kind)
{
	return kind_names[kind];
}

/*
 * Printing.
 */

/* A line under construction; fits is false once something did not. */
typedef struct Line
{
	char	   *text;
	size_t		size;
	size_t		length;
	bool		fits;
} Line;

static Line
line_begin(char *text, size_t size)
{
	Line		line = {text, size, 0, size > 0};

	if (size > 0)
		text[0] = '\0';
	return line;
}

static void
put_byte(Line *line, char byte)
{
	if (line->length + 1 >= line->size)
	{
		line->fits = false;
		return;
	}
	line->text[line->length++] = byte;
	line->text[line->length] = '\0';
}

static void
put_plain(Line *line, const char *text)
{
	for (; *text; text++)
		put_byte(line, *text);
}

static void
put_escaped(Line *line, const char *text)
{
	for (; *text; text++)
	{
		char		escaped[ESCAPED_SIZE + 1];

		if (*text >= ' ' && *text <= '~' && *text != '\\')
		{
			put_byte(line, *text);
			continue;
		}
		snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char) *text);
		put_plain(line, escaped);
	}
}

static size_t
line_end(Line *line)
{
	put_byte(line, '\n');
	return line->fits ? line->length : 0;
}

size_t
adm_event_print_header(char *text, size_t size)
{
	Line		line = line_begin(text, size);

	put_plain(&line, ADM_WALL_TIME_HEADER);
	for (int i = 0; i < adm_event_column_count; i++)
	{
		put_byte(&line, '\t');
		put_plain(&line, adm_event_columns[i].name);
	}
	return line_end(&line);
}

static void
put_field(Line *line, const AdmEventEntry *entry, const AdmEventColumn *column)
{
	const char *place = (const char *) entry + column->offset;
	char		number[24];

	switch (column->kind)
	{
		case ADM_EVENT_COLUMN_TEXT:
			put_escaped(line, place);
			break;
		case ADM_EVENT_COLUMN_KIND:
			put_plain(line, adm_event_kind_name(entry->kind));
			break;
		case ADM_EVENT_COLUMN_TIME:
		case ADM_EVENT_COLUMN_PID:
			snprintf(number, sizeof(number), "%" PRId64, *(const int64_t *) place);
			put_plain(line, number);
			break;
	}
}

size_t
adm_event_print(const AdmEventEntry *entry, char *text, size_t size)
{
	Line		line = line_begin(text, size);
	char		time_text[ADM_WALL_TIME_SIZE];

	adm_wall_time_print(entry->at_us, time_text, sizeof(time_text));
	put_plain(&line, time_text);
	for (int i = 0; i < adm_event_column_count; i++)
	{
		put_byte(&line, '\t');
		put_field(&line, entry, &adm_event_columns[i]);
	}
	return line_end(&line);
}

/*
 * Parsing.
 */

/* A field of the line, between begin and end. */
typedef struct Field
{
	const char *begin;
	const char *end;
} Field;

/* The next field; false when the line has no more. */
static bool
next_field(const char **at, Field *field)
{
	if (*at == NULL)
		return false;
	field->begin = *at;
	field->end = *at + strcspn(*at, "\t\n");
	*at = *field->end == '\t' ? field->end + 1 : NULL;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte at *at, which may be escaped; 0: it is damaged. */
static char
take_byte(const char **at, const char *end)
{
	const char *c = *at;
	int			high;
	int			low;

	if (*c != '\\')
	{
		*at = c + 1;
		return *c >= ' ' && *c <= '~' ? *c : '\0';
	}
	if (end - c < ESCAPED_SIZE || c[1] != 'x')
		return '\0';
	high = hex_digit(c[2]);
	low = hex_digit(c[3]);
	*at = c + ESCAPED_SIZE;
	return high < 0 || low < 0 ? '\0' : (char) (high * 16 + low);
}

static bool
parse_text(Field field, char *text, size_t size)
{
	size_t		length = 0;

	while (field.begin < field.end)
	{
		char		byte = take_byte(&field.begin, field.end);

		if (byte == '\0' || length + 1 >= size)
			return false;
		text[length++] = byte;
	}
	text[length] = '\0';
	return true;
}

static bool
parse_number(Field field, int64_t *number)
{
	char		digits[24];
	char	   *end;

	if (!parse_text(field, digits, sizeof(digits)) || digits[0] < '0' || digits[0] > '9')
		return false;
	errno = 0;
	*number = strtoll(digits, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool
parse_kind(Field field, AdmEventKind *kind)
{
	size_t		length = (size_t) (field.end - field.begin);

	for (int i = 0; i < ADM_EVENT_KIND_COUNT; i++)
	{
		if (strlen(kind_names[i]) != length || memcmp(kind_names[i], field.begin, length) != 0)
			continue;
		*kind = (AdmEventKind) i;
		return true;
	}
	return false;
}

static bool
parse_field(Field field, const AdmEventColumn *column, AdmEventEntry *entry)
{
	char	   *place = (char *) entry + column->offset;

	switch (column->kind)
	{
		case ADM_EVENT_COLUMN_TEXT:
			return parse_text(field, place, column->size);
		case ADM_EVENT_COLUMN_KIND:
			return parse_kind(field, &entry->kind);
		case ADM_EVENT_COLUMN_TIME:
		case ADM_EVENT_COLUMN_PID:
			break;
	}
	return parse_number(field, (int64_t *) place);
}

bool
adm_event_parse(const char *line, AdmEventEntry *entry)
{
	const char *at = line;
	AdmEventEntry e;
	Field		field;

	memset(&e, 0, sizeof(e));
	if (!next_field(&at, &field))
		return false;
	for (int i = 0; i < adm_event_column_count; i++)
	{
		if (!next_field(&at, &field) || !parse_field(field, &adm_event_columns[i], &e))
			return false;
	}
	if (at != NULL)
		return false;
	*entry = e;
	return true;
}
