/*
 * entry_laws.h - what is true of every line of the history and the events file,
 * good or not.
 */
#ifndef ADM_TEST_ENTRY_LAWS_H
#define ADM_TEST_ENTRY_LAWS_H

#include <math.h>

#include "laws.h"
#include "policy/event_entry.h"
#include "policy/history_entry.h"

/* What is not good leaves the entry alone. */
static inline bool
law_history_parse(const char *line, size_t length, AdmHistoryEntry *entry)
{
	char	   *copy = law_text_of(line, length);
	AdmHistoryEntry untouched;
	bool		good;

	memset(entry, 0x5A, sizeof(*entry));
	memset(&untouched, 0x5A, sizeof(untouched));
	good = adm_history_parse(copy, entry);
	LAW(good || memcmp(entry, &untouched, sizeof(untouched)) == 0, copy);
	free(copy);
	return good;
}

static inline void
law_history_ranges(const AdmHistoryEntry *e, const char *line)
{
	for (int i = 0; i < adm_history_column_count; i++)
	{
		const AdmHistoryColumn *column = &adm_history_columns[i];
		const char *place = (const char *) e + column->offset;

		if (column->kind == ADM_COLUMN_REAL)
			LAW(isnan(*(const double *) place) ||
				(isfinite(*(const double *) place) && *(const double *) place >= 0), line);
		else if (column->kind != ADM_COLUMN_LEVEL)
			LAW(*(const int64_t *) place >= (column->kind == ADM_COLUMN_CAP ? -1 : 0), line);
	}
	LAW((int) e->level >= 0 && e->level < ADM_LEVEL_COUNT, line);
	LAW(isnan(e->progress) || e->progress <= 1, line);
}

/*
 * A line that has lost its last field, or more, is none.  One that has lost
 * part of a number still reads as one, so that the file needs its seal.
 */
static inline bool
law_is_cut_short(const char *line, char separator, size_t *length)
{
	size_t		whole = strcspn(line, "\n");
	const char *last = memrchr(line, separator, whole);

	if (last == NULL)
		return false;
	*length = law_place_in(line, (size_t) (last - line));
	return true;
}

/* Parses, and checks what can be said of the outcome. */
static inline bool
law_history_line(const char *bytes, size_t size, AdmHistoryEntry *entry)
{
	char	   *line = law_text_of(bytes, size);
	char		printed[ADM_HISTORY_LINE_SIZE];
	char		again[ADM_HISTORY_LINE_SIZE];
	AdmHistoryEntry back;
	size_t		length;
	bool		good = law_history_parse(line, size, entry);

	if (good)
	{
		law_history_ranges(entry, line);
		length = adm_history_print(entry, printed, sizeof(printed));
		LAW(length > 0 && length == strlen(printed), line);
		LAW(law_history_parse(printed, length, &back), printed);
		LAW(adm_history_print(&back, again, sizeof(again)) == length, printed);
		LAW(strcmp(printed, again) == 0, printed);
		LAW(law_is_cut_short(line, ',', &length), line);
		LAW(!law_history_parse(line, length, &back), line);
	}
	free(line);
	return good;
}

static inline bool
law_event_parse(const char *line, size_t length, AdmEventEntry *entry)
{
	char	   *copy = law_text_of(line, length);
	AdmEventEntry untouched;
	bool		good;

	memset(entry, 0x5A, sizeof(*entry));
	memset(&untouched, 0x5A, sizeof(untouched));
	good = adm_event_parse(copy, entry);
	LAW(good || memcmp(entry, &untouched, sizeof(untouched)) == 0, copy);
	free(copy);
	return good;
}

static inline void
law_event_ranges(const AdmEventEntry *e, const char *line)
{
	for (int i = 0; i < adm_event_column_count; i++)
	{
		const AdmEventColumn *column = &adm_event_columns[i];
		const char *place = (const char *) e + column->offset;

		if (column->kind == ADM_EVENT_COLUMN_TEXT)
			LAW(strnlen(place, column->size) < column->size, line);
		else if (column->kind != ADM_EVENT_COLUMN_KIND)
			LAW(*(const int64_t *) place >= 0, line);
	}
	LAW((int) e->kind >= 0 && e->kind < ADM_EVENT_KIND_COUNT, line);
}

/* One line, of bytes that everybody can read. */
static inline void
law_event_is_plain(const char *line, size_t length)
{
	LAW(line[length - 1] == '\n', line);
	for (size_t i = 0; i + 1 < length; i++)
		LAW(line[i] == '\t' || (line[i] >= ' ' && line[i] <= '~'), line);
}

static inline bool
law_event_line(const char *bytes, size_t size, AdmEventEntry *entry)
{
	char	   *line = law_text_of(bytes, size);
	char		printed[ADM_EVENT_LINE_SIZE];
	AdmEventEntry back;
	size_t		length;
	bool		good = law_event_parse(line, size, entry);

	if (good)
	{
		law_event_ranges(entry, line);
		length = adm_event_print(entry, printed, sizeof(printed));
		LAW(length > 0 && length == strlen(printed), line);
		law_event_is_plain(printed, length);
		LAW(law_event_parse(printed, length, &back), printed);
		LAW(memcmp(entry, &back, sizeof(back)) == 0, printed);
		LAW(law_is_cut_short(line, '\t', &length), line);
		LAW(!law_event_parse(line, length, &back), line);
	}
	free(line);
	return good;
}

#endif							/* ADM_TEST_ENTRY_LAWS_H */
