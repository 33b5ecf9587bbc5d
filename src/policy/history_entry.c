/*
 * history_entry.c - the line of a sample in the history file.
 *
 * The parser takes nothing for granted: the file may have been truncated,
 * edited, or written by a later version.
 */
#include "history_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wall_time.h"

#define COLUMN(name, kind) {#name, kind, offsetof(AdmHistoryEntry, name)}

const AdmHistoryColumn adm_history_columns[] = {
	COLUMN(at_us, ADM_COLUMN_TIME),
	COLUMN(window_s, ADM_COLUMN_REAL),
	COLUMN(cpu_demand, ADM_COLUMN_REAL),
	COLUMN(cpu_used, ADM_COLUMN_REAL),
	COLUMN(run_queue_wait, ADM_COLUMN_REAL),
	COLUMN(runnable_backends, ADM_COLUMN_REAL),
	COLUMN(cpu_some, ADM_COLUMN_REAL),
	COLUMN(memory_full, ADM_COLUMN_REAL),
	COLUMN(io_some, ADM_COLUMN_REAL),
	COLUMN(load1, ADM_COLUMN_REAL),
	COLUMN(throttled, ADM_COLUMN_REAL),
	COLUMN(steal, ADM_COLUMN_REAL),
	COLUMN(memory_available, ADM_COLUMN_REAL),
	COLUMN(level, ADM_COLUMN_LEVEL),
	COLUMN(progress, ADM_COLUMN_REAL),
	COLUMN(start_cap, ADM_COLUMN_CAP),
	COLUMN(connection_cap, ADM_COLUMN_CAP),
	COLUMN(starting, ADM_COLUMN_COUNT),
	COLUMN(present, ADM_COLUMN_COUNT),
	COLUMN(waiting, ADM_COLUMN_COUNT),
	COLUMN(exempt, ADM_COLUMN_COUNT),
	COLUMN(admitted, ADM_COLUMN_COUNT),
	COLUMN(held, ADM_COLUMN_COUNT),
	COLUMN(refused, ADM_COLUMN_COUNT),
	COLUMN(abandoned, ADM_COLUMN_COUNT),
	COLUMN(server_refused, ADM_COLUMN_COUNT),
	COLUMN(transaction_cap, ADM_COLUMN_CAP),
	COLUMN(running, ADM_COLUMN_COUNT),
	COLUMN(lent, ADM_COLUMN_COUNT),
	COLUMN(transactions_waiting, ADM_COLUMN_COUNT),
	COLUMN(transactions_refused, ADM_COLUMN_COUNT),
	COLUMN(transactions_abandoned, ADM_COLUMN_COUNT)
};

const int	adm_history_column_count =
sizeof(adm_history_columns) / sizeof(adm_history_columns[0]);

/* In the file the time stands before all columns once more, for people. */

static const int64_t *
whole(const AdmHistoryEntry *entry, const AdmHistoryColumn *column)
{
	return (const int64_t *) ((const char *) entry + column->offset);
}

static const double *
real(const AdmHistoryEntry *entry, const AdmHistoryColumn *column)
{
	return (const double *) ((const char *) entry + column->offset);
}

size_t
adm_history_print_header(char *line, size_t size)
{
	size_t		length = (size_t) snprintf(line, size, "%s", ADM_WALL_TIME_HEADER);

	for (int i = 0; i < adm_history_column_count && length < size; i++)
		length += (size_t) snprintf(line + length, size - length, ",%s",
									adm_history_columns[i].name);
	if (length < size)
		length += (size_t) snprintf(line + length, size - length, "\n");
	return length < size ? length : 0;
}

static size_t
print_field(const AdmHistoryEntry *entry, const AdmHistoryColumn *column,
			char *text, size_t size)
{
	switch (column->kind)
	{
		case ADM_COLUMN_REAL:
			if (isnan(*real(entry, column)))
				return (size_t) snprintf(text, size, ",");
			return (size_t) snprintf(text, size, ",%.6g", *real(entry, column));
		case ADM_COLUMN_LEVEL:
			return (size_t) snprintf(text, size, ",%s", adm_level_name(entry->level));
		case ADM_COLUMN_TIME:
		case ADM_COLUMN_COUNT:
		case ADM_COLUMN_CAP:
			break;
	}
	return (size_t) snprintf(text, size, ",%" PRId64, *whole(entry, column));
}

size_t
adm_history_print(const AdmHistoryEntry *entry, char *line, size_t size)
{
	char		time_text[ADM_WALL_TIME_SIZE];
	size_t		length;

	adm_wall_time_print(entry->at_us, time_text, sizeof(time_text));
	length = (size_t) snprintf(line, size, "%s", time_text);
	for (int i = 0; i < adm_history_column_count && length < size; i++)
		length += print_field(entry, &adm_history_columns[i], line + length, size - length);
	if (length < size)
		length += (size_t) snprintf(line + length, size - length, "\n");
	return length < size ? length : 0;
}

static bool
parse_real(const char *field, double *value)
{
	char	   *end;

	if (field[0] == '\0')
	{
		*value = NAN;
		return true;
	}
	if (strspn(field, "0123456789.eE+-") != strlen(field))
		return false;
	*value = strtod(field, &end);
	return *end == '\0' && isfinite(*value) && *value >= 0;
}

static bool
parse_whole(const char *field, int64_t least, int64_t *value)
{
	char	   *end;

	if (field[0] != '-' && (field[0] < '0' || field[0] > '9'))
		return false;
	errno = 0;
	*value = strtoll(field, &end, 10);
	return errno == 0 && *end == '\0' && *value >= least;
}

static bool
parse_field(const char *field, const AdmHistoryColumn *column, AdmHistoryEntry *entry)
{
	char	   *place = (char *) entry + column->offset;

	switch (column->kind)
	{
		case ADM_COLUMN_REAL:
			return parse_real(field, (double *) place);
		case ADM_COLUMN_LEVEL:
			return adm_level_by_name(field, &entry->level);
		case ADM_COLUMN_CAP:
			return parse_whole(field, -1, (int64_t *) place);
		case ADM_COLUMN_TIME:
		case ADM_COLUMN_COUNT:
			break;
	}
	return parse_whole(field, 0, (int64_t *) place);
}

/* Cuts the field at *at out of the line in place; NULL: there is none. */
static char *
next_field(char **at)
{
	char	   *field = *at;
	char	   *end;

	if (field == NULL)
		return NULL;
	end = strchr(field, ',');
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return field;
}

bool
adm_history_parse(const char *line, AdmHistoryEntry *entry)
{
	char		copy[ADM_HISTORY_LINE_SIZE];
	char	   *at = copy;
	AdmHistoryEntry e;
	size_t		length = strcspn(line, "\n");

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, line, length);
	copy[length] = '\0';
	memset(&e, 0, sizeof(e));
	if (next_field(&at) == NULL)
		return false;
	for (int i = 0; i < adm_history_column_count; i++)
	{
		const char *field = next_field(&at);

		if (field == NULL || !parse_field(field, &adm_history_columns[i], &e))
			return false;
	}
	if (at != NULL || e.progress > 1)
		return false;
	*entry = e;
	return true;
}
