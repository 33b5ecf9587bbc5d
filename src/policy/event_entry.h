/*
 * event_entry.h - what the record keeps of one thing that happened, and its
 * line in the events file.
 *
 * One table of columns serves the file, its header and the view.  Texts are cut
 * off where they are too long.
 */
#ifndef ADM_EVENT_ENTRY_H
#define ADM_EVENT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADM_EVENT_NAME_SIZE		64
#define ADM_EVENT_MESSAGE_SIZE	160
#define ADM_EVENT_DETAIL_SIZE	320
#define ADM_EVENT_OUTCOME_SIZE	80

/* What kind of thing it is; the words are those of the view. */
typedef enum AdmEventKind
{
	ADM_EVENT_WARMUP,			/* begins, changes or ends */
	ADM_EVENT_CUT,				/* of a warm-up's caps */
	ADM_EVENT_HOLD,				/* somebody waits who did not have to, or
								 * nobody any more */
	ADM_EVENT_BRAKE,
	ADM_EVENT_SERVICE,			/* paused, comes back, has come back; new rules */
	ADM_EVENT_MODE,				/* of the gates, changed */
	ADM_EVENT_STOP,				/* of a backend that somebody asked for */
	ADM_EVENT_RUNAWAY			/* found, and perhaps stopped */
} AdmEventKind;

#define ADM_EVENT_KIND_COUNT	(ADM_EVENT_RUNAWAY + 1)

/* Times are wall clock, in microseconds since 1970; 0 and "" are unknown. */
typedef struct AdmEventEntry
{
	int64_t		at_us;
	AdmEventKind kind;
	char		message[ADM_EVENT_MESSAGE_SIZE];
	char		detail[ADM_EVENT_DETAIL_SIZE];
	char		outcome[ADM_EVENT_OUTCOME_SIZE];

	/* Who asked; pid 0: pg_admission itself. */
	int64_t		actor_pid;
	char		actor_role[ADM_EVENT_NAME_SIZE];
	char		actor_application[ADM_EVENT_NAME_SIZE];
	char		actor_address[ADM_EVENT_NAME_SIZE];	/* "local": a Unix socket */

	/* Whom it happened to; pid 0: nobody in particular. */
	int64_t		pid;
	int64_t		backend_start_us;
	char		role[ADM_EVENT_NAME_SIZE];
	char		database[ADM_EVENT_NAME_SIZE];
	char		application[ADM_EVENT_NAME_SIZE];
	int64_t		query_start_us;
} AdmEventEntry;

typedef enum AdmEventColumnKind
{
	ADM_EVENT_COLUMN_TIME,		/* int64_t, microseconds since 1970; 0: none */
	ADM_EVENT_COLUMN_PID,		/* int64_t; 0: none */
	ADM_EVENT_COLUMN_TEXT,		/* "": none */
	ADM_EVENT_COLUMN_KIND
} AdmEventColumnKind;

typedef struct AdmEventColumn
{
	const char *name;
	AdmEventColumnKind kind;
	size_t		offset;
	size_t		size;
} AdmEventColumn;

extern const AdmEventColumn adm_event_columns[];
extern const int adm_event_column_count;

/* A line whose every byte is escaped. */
#define ADM_EVENT_LINE_SIZE		4096

/*
 * The header, and an entry's line: fields separated by tabs, in which a
 * backslash, a tab and what else is no printing ASCII stand as \xHH, the time
 * first as UTC for people.  Both end with a new line and a zero byte; they
 * return the length, or 0 if it did not fit.
 */
extern size_t adm_event_print_header(char *line, size_t size);
extern size_t adm_event_print(const AdmEventEntry *entry, char *line, size_t size);

/*
 * Reads a line, with or without its end; *entry is set only when it is good.
 */
extern bool adm_event_parse(const char *line, AdmEventEntry *entry);

/* Never NULL. */
extern const char *adm_event_kind_name(AdmEventKind kind);

#endif							/* ADM_EVENT_ENTRY_H */
