/*
 * history.c - the flight recorder.
 *
 * The file: a line with its format, one with where it was written, the names
 * of the columns, a line a sample, and a CRC-32C over all that stands before
 * it.
 */
#include "postgres.h"

#include "common/file_perm.h"
#include "counters.h"
#include "history.h"
#include "os/clock.h"
#include "os/files.h"
#include "permits.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "text_file.h"
#include "utils/memutils.h"

#define LOCK_NAME		"pg_admission_history"
#define FORMAT_LINE		"pg_admission_history 1\n"
#define ORIGIN_SIZE		160
#define SAVE_EVERY_MS	(60 * 1000)

/* A longer file is not ours. */
#define FILE_MAX_SIZE	(ADM_HISTORY_LENGTH * ADM_HISTORY_LINE_SIZE + 4096)

typedef struct SharedHistory
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	uint64		added;			/* ever; the next goes to added % length */
	AdmHistoryEntry entries[ADM_HISTORY_LENGTH];
} SharedHistory;

static SharedHistory *shared = NULL;

/* The totals up to the last entry. */
static AdmTotals counted;
static uint64 admitted_before;

void
adm_history_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedHistory)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_history_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission history", sizeof(SharedHistory), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedHistory));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
}

AdmHistoryEntry *
adm_history_read(int *count)
{
	AdmHistoryEntry *copy = palloc(sizeof(shared->entries));
	uint64		first;
	int			n;

	LWLockAcquire(shared->lock, LW_SHARED);
	n = (int) Min(shared->added, ADM_HISTORY_LENGTH);
	first = shared->added - n;
	for (int i = 0; i < n; i++)
		copy[i] = shared->entries[(first + i) % ADM_HISTORY_LENGTH];
	LWLockRelease(shared->lock);
	*count = n;
	return copy;
}

static void
forget_all(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->added = 0;
	LWLockRelease(shared->lock);
}

static void
append(const AdmHistoryEntry *entry)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->entries[shared->added++ % ADM_HISTORY_LENGTH] = *entry;
	LWLockRelease(shared->lock);
}

/*
 * Adding.
 */

/* Totals start anew when they are reset: then all there is is new. */
static int64
growth(uint64 before, uint64 now)
{
	return (int64) (now >= before ? now - before : now);
}

static void
add_pressure(const AdmMachineSample *sample, AdmHistoryEntry *e)
{
	const AdmPressure *p = &sample->pressure;

	e->window_s = p->window_s;
	e->cpu_demand = p->cpu_demand;
	e->cpu_used = p->cpu_used;
	e->run_queue_wait = p->run_queue_wait;
	e->runnable_backends = p->runnable_backends;
	e->cpu_some = p->cpu_some;
	e->memory_full = p->memory_full;
	e->io_some = p->io_some;
	e->load1 = p->load1;
	e->throttled = p->throttled;
	e->steal = p->steal;
	e->memory_available = p->memory_available;
	e->level = sample->level.level;
}

static int64
cap_or_none(uint32 cap)
{
	return cap == ADM_NO_CAP ? -1 : (int64) cap;
}

static void
add_connections(AdmHistoryEntry *e, const AdmGateTotals *before, const AdmGateTotals *now)
{
	AdmCounts	counts = adm_permits_counts(ADM_GATE_CONNECTION);
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_CONNECTION));
	uint64		admitted = adm_permits_admitted(ADM_GATE_CONNECTION);

	e->start_cap = cap_or_none(cap.active);
	e->connection_cap = cap_or_none(cap.present);
	e->starting = counts.active;
	e->present = counts.present;
	e->waiting = counts.waiting;
	e->exempt = adm_permits_exempt();
	e->admitted = growth(admitted_before, admitted);
	admitted_before = admitted;
	e->held = growth(before->count[ADM_TOTAL_HELD], now->count[ADM_TOTAL_HELD]);
	e->refused = growth(adm_counters_refused(before), adm_counters_refused(now));
	e->abandoned = growth(before->count[ADM_TOTAL_ABANDONED], now->count[ADM_TOTAL_ABANDONED]);
}

static void
add_transactions(AdmHistoryEntry *e, const AdmGateTotals *before, const AdmGateTotals *now)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_TRANSACTION));
	int			of_state[ADM_SLOT_STATE_COUNT];

	adm_permits_count_states(ADM_GATE_TRANSACTION, of_state);
	e->transaction_cap = cap_or_none(cap.active);
	e->running = of_state[ADM_SLOT_GRANTED] + of_state[ADM_SLOT_ACTIVE] +
		of_state[ADM_SLOT_PRESENT] + of_state[ADM_SLOT_OPEN];
	e->lent = of_state[ADM_SLOT_LENT];
	e->transactions_waiting = of_state[ADM_SLOT_WAITING];
	e->transactions_refused = growth(adm_counters_refused(before), adm_counters_refused(now));
	e->transactions_abandoned = growth(before->count[ADM_TOTAL_ABANDONED],
									   now->count[ADM_TOTAL_ABANDONED]);
}

static void
add_gates(AdmHistoryEntry *e)
{
	AdmTotals	now;
	AdmWarmupState state = adm_state_warmup();

	adm_counters_read(&now);
	e->progress = adm_warmup_progress(&state.warmup);
	add_connections(e, &counted.gate[ADM_GATE_CONNECTION], &now.gate[ADM_GATE_CONNECTION]);
	add_transactions(e, &counted.gate[ADM_GATE_TRANSACTION], &now.gate[ADM_GATE_TRANSACTION]);
	e->server_refused = growth(adm_counters_server_refused(&counted),
							   adm_counters_server_refused(&now));
	counted = now;
}

void
adm_history_add(const AdmMachineSample *sample)
{
	AdmHistoryEntry entry = {0};

	entry.at_us = adm_clock_wall_us();
	add_pressure(sample, &entry);
	add_gates(&entry);
	append(&entry);
}

/*
 * The file.
 */

static void
print_origin(char *line, size_t size)
{
	AdmRecord	record;
	uint64		generation;

	adm_state_record(&record, &generation);
	snprintf(line, size, "origin " UINT64_FORMAT " %s " UINT64_FORMAT "\n",
			 record.identity.system_identifier,
			 record.identity.machine_id[0] ? record.identity.machine_id : "-",
			 record.identity.control_inode);
}

/* The whole text; palloc'd. */
static char *
print_file(size_t *length)
{
	int			count;
	AdmHistoryEntry *entries = adm_history_read(&count);
	size_t		size = (size_t) (count + 8) * ADM_HISTORY_LINE_SIZE;
	char	   *text = palloc(size);

	strcpy(text, FORMAT_LINE);
	print_origin(text + strlen(text), ORIGIN_SIZE);
	*length = strlen(text);
	*length += adm_history_print_header(text + *length, size - *length);
	for (int i = 0; i < count; i++)
		*length += adm_history_print(&entries[i], text + *length, size - *length);
	*length = adm_text_file_seal(text, *length);
	pfree(entries);
	return text;
}

void
adm_history_save(bool at_exit)
{
	static int64 last_ms = 0;
	static AdmTextFile file = {
		.path = ADM_HISTORY_FILE,
		.purpose = "history file",
		.consequence = "Until this is mended, a crash or restart loses the history."
	};
	MemoryContext context;
	MemoryContext before;
	char	   *text;
	size_t		length;

	if (last_ms == 0)
		last_ms = adm_clock_ms();
	if (!at_exit && adm_clock_ms() - last_ms < SAVE_EVERY_MS)
		return;
	last_ms = adm_clock_ms();
	context = AllocSetContextCreate(TopMemoryContext, "pg_admission history",
									ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	text = print_file(&length);
	file.mode = pg_file_create_mode;
	(void) adm_text_file_replace(&file, text, length, at_exit);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

/*
 * Why the text cannot be used, or NULL when its samples are in the ring; all of
 * them or none.
 */
static const char *
take_file(char *text, size_t length)
{
	char		origin[ORIGIN_SIZE];
	char		header[ADM_HISTORY_LINE_SIZE];
	const char *at = text;

	if (strncmp(at, FORMAT_LINE, strlen(FORMAT_LINE)) != 0)
		return "it is damaged, or was written by another version";
	if (!adm_text_file_unseal(text, length))
		return "it is damaged";
	at += strlen(FORMAT_LINE);
	print_origin(origin, sizeof(origin));
	if (strncmp(at, origin, strlen(origin)) != 0)
		return "it was written elsewhere";
	at += strlen(origin);
	(void) adm_history_print_header(header, sizeof(header));
	if (strncmp(at, header, strlen(header)) != 0)
		return "it was written by another version";
	at += strlen(header);
	for (; *at; at = strchr(at, '\n') + 1)
	{
		AdmHistoryEntry entry;

		if (!adm_history_parse(at, &entry))
		{
			forget_all();
			return "a line of it is damaged";
		}
		append(&entry);
	}
	return NULL;
}

void
adm_history_load(void)
{
	char	   *text;
	ssize_t		length;
	const char *why;

	adm_counters_read(&counted);
	admitted_before = adm_permits_admitted(ADM_GATE_CONNECTION);
	if (shared->added > 0)
		return;
	text = palloc(FILE_MAX_SIZE);
	length = adm_file_read(ADM_HISTORY_FILE, text, FILE_MAX_SIZE);
	if (length < 0 && errno == ENOENT)
		why = NULL;
	else if (length < 0)
		why = strerror(errno);
	else
		why = take_file(text, (size_t) length);
	if (why)
		ereport(LOG,
				(errmsg("pg_admission cannot use its history file \"%s\": %s",
						ADM_HISTORY_FILE, why),
				 errdetail("The history begins anew; the file will be replaced.")));
	pfree(text);
}
