/*
 * history_entry.h - what the flight recorder keeps of one sample, and its line
 * in the history file.
 *
 * One table of columns serves the file, its header and the view.
 */
#ifndef ADM_HISTORY_ENTRY_H
#define ADM_HISTORY_ENTRY_H

#include "level.h"

/* NaN is unknown; -1 is no cap.  Counts "in it" are of the entry's window. */
typedef struct AdmHistoryEntry
{
	int64_t		at_us;			/* wall clock, since 1970 */
	double		window_s;
	double		cpu_demand;
	double		cpu_used;
	double		run_queue_wait;
	double		runnable_backends;
	double		cpu_some;
	double		memory_full;
	double		io_some;
	double		load1;
	double		throttled;
	double		steal;
	double		memory_available;	/* bytes */
	AdmLevel	level;
	double		progress;		/* 0..1 */
	int64_t		start_cap;
	int64_t		connection_cap;
	int64_t		starting;
	int64_t		present;		/* admitted sessions */
	int64_t		waiting;
	int64_t		exempt;
	int64_t		admitted;		/* logins in it */
	int64_t		held;			/* in it, likewise the others */
	int64_t		refused;
	int64_t		abandoned;
	int64_t		server_refused; /* by PostgreSQL itself: no slot */
	int64_t		transaction_cap;
	int64_t		running;		/* transactions */
	int64_t		lent;
	int64_t		transactions_waiting;
	int64_t		transactions_refused;
	int64_t		transactions_abandoned;
} AdmHistoryEntry;

typedef enum AdmColumnKind
{
	ADM_COLUMN_TIME,			/* int64_t, microseconds since 1970 */
	ADM_COLUMN_REAL,
	ADM_COLUMN_COUNT,			/* int64_t, not negative */
	ADM_COLUMN_CAP,				/* int64_t, or -1 */
	ADM_COLUMN_LEVEL
} AdmColumnKind;

typedef struct AdmHistoryColumn
{
	const char *name;
	AdmColumnKind kind;
	size_t		offset;
} AdmHistoryColumn;

extern const AdmHistoryColumn adm_history_columns[];
extern const int adm_history_column_count;

#define ADM_HISTORY_LINE_SIZE	768

/*
 * The header, and an entry's line: fields separated by commas, unknown ones
 * empty, the time first as UTC for people and then as it is kept.  Both end
 * with a new line and a zero byte; they return the length, or 0 if it did not
 * fit.
 */
extern size_t adm_history_print_header(char *line, size_t size);
extern size_t adm_history_print(const AdmHistoryEntry *entry, char *line, size_t size);

/*
 * Reads a line, with or without its end; *entry is set only when it is good.
 */
extern bool adm_history_parse(const char *line, AdmHistoryEntry *entry);

#endif							/* ADM_HISTORY_ENTRY_H */
