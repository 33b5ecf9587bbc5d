/*
 * history.c - the flight recorder.
 */
#include "postgres.h"

#include "counters.h"
#include "history.h"
#include "os/clock.h"
#include "permits.h"
#include "ring_file.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#define LOCK_NAME		"pg_admission_history"
#define SAVE_EVERY_MS	(60 * 1000)

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
	e->admitted = (int64) adm_counters_growth(admitted_before, admitted);
	admitted_before = admitted;
	e->held = (int64) adm_counters_growth(before->count[ADM_TOTAL_HELD], now->count[ADM_TOTAL_HELD]);
	e->refused = (int64) adm_counters_growth(adm_counters_refused(before), adm_counters_refused(now));
	e->abandoned = (int64) adm_counters_growth(adm_counters_abandoned(before), adm_counters_abandoned(now));
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
	e->transactions_refused = (int64) adm_counters_growth(adm_counters_refused(before), adm_counters_refused(now));
	e->transactions_abandoned = (int64) adm_counters_growth(adm_counters_abandoned(before), adm_counters_abandoned(now));
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
	e->server_refused = (int64) adm_counters_growth(adm_counters_server_refused(&counted),
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

static size_t
print_entry(const void *entry, char *line, size_t size)
{
	return adm_history_print(entry, line, size);
}

static bool
take_line(const char *line)
{
	AdmHistoryEntry entry;

	if (!adm_history_parse(line, &entry))
		return false;
	append(&entry);
	return true;
}

static AdmRingFile ring = {
	.file = {
		.path = ADM_HISTORY_FILE,
		.purpose = "history file",
		.consequence = "Until this is mended, a crash or restart loses the history."
	},
	.format = "pg_admission_history 1\n",
	.consequence_of_loss = "The history begins anew; the file will be replaced.",
	.line_size = ADM_HISTORY_LINE_SIZE,
	.most_entries = ADM_HISTORY_LENGTH,
	.entry_size = sizeof(AdmHistoryEntry),
	.print_header = adm_history_print_header,
	.print_entry = print_entry,
	.take_line = take_line,
	.forget_all = forget_all
};

void
adm_history_save(bool at_exit)
{
	static int64 last_ms = 0;
	AdmHistoryEntry *entries;
	int			count;

	if (last_ms == 0)
		last_ms = adm_clock_ms();
	if (!at_exit && adm_clock_ms() - last_ms < SAVE_EVERY_MS)
		return;
	last_ms = adm_clock_ms();
	entries = adm_history_read(&count);
	(void) adm_ring_file_save(&ring, entries, count, at_exit);
	pfree(entries);
}

void
adm_history_load(void)
{
	adm_counters_read(&counted);
	admitted_before = adm_permits_admitted(ADM_GATE_CONNECTION);
	if (shared->added == 0)
		adm_ring_file_load(&ring);
}
