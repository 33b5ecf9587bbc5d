/*
 * counters.c - totals in shared memory, one atomic each.
 */
#include "postgres.h"

#include "counters.h"
#include "os/clock.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

typedef struct GateCounters
{
	pg_atomic_uint64 count[ADM_TOTAL_COUNT];
	pg_atomic_uint64 waits[ADM_WAIT_BUCKETS];
	pg_atomic_uint64 waited_ms;
	pg_atomic_uint64 longest_wait_ms;
	pg_atomic_uint64 last_refusal_ms;	/* monotonic; 0: none */
} GateCounters;

typedef struct SharedCounters
{
	GateCounters gate[ADM_GATE_COUNT];
	GateCounters service[ADM_SERVICE_ENTRIES][ADM_GATE_COUNT];
	pg_atomic_uint64 server[ADM_SERVER_COUNT];
	pg_atomic_uint64 held_comfortable_ms;
	pg_atomic_uint64 reset_at;	/* a TimestampTz */
} SharedCounters;

static SharedCounters *shared = NULL;

/* From where nobody notices to where everybody has given up. */
static const uint64 bucket_ms[ADM_WAIT_BUCKETS - 1] = {
	10, 50, 100, 200, 500, 1000, 2000, 5000, 10000
};

void
adm_counters_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedCounters)));
}

/* The atomics are 64 bits wide: it initializes them, or only writes. */
typedef void (*SetFunction) (volatile pg_atomic_uint64 *ptr, uint64 value);

static void
set_gate_to_zero(GateCounters *gate, SetFunction set)
{
	for (int i = 0; i < ADM_TOTAL_COUNT; i++)
		set(&gate->count[i], 0);
	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		set(&gate->waits[i], 0);
	set(&gate->waited_ms, 0);
	set(&gate->longest_wait_ms, 0);
	set(&gate->last_refusal_ms, 0);
}

static void
set_service_to_zero(int service, SetFunction set)
{
	for (int g = 0; g < ADM_GATE_COUNT; g++)
		set_gate_to_zero(&shared->service[service][g], set);
}

static void
set_all_to_zero(SetFunction set)
{
	for (int g = 0; g < ADM_GATE_COUNT; g++)
		set_gate_to_zero(&shared->gate[g], set);
	for (int i = 0; i < ADM_SERVICE_ENTRIES; i++)
		set_service_to_zero(i, set);
	for (int i = 0; i < ADM_SERVER_COUNT; i++)
		set(&shared->server[i], 0);
	set(&shared->held_comfortable_ms, 0);
	set(&shared->reset_at, (uint64) GetCurrentTimestamp());
}

void
adm_counters_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission counters", sizeof(SharedCounters), &found);
	if (!found)
		set_all_to_zero(pg_atomic_init_u64);
}

void
adm_counters_reset(void)
{
	set_all_to_zero(pg_atomic_write_u64);
}

void
adm_counters_reset_service(int service)
{
	set_service_to_zero(service, pg_atomic_write_u64);
}

void
adm_counters_add(AdmGate gate, int service, AdmTotal total)
{
	pg_atomic_fetch_add_u64(&shared->gate[gate].count[total], 1);
	pg_atomic_fetch_add_u64(&shared->service[service][gate].count[total], 1);
}

void
adm_counters_add_server(AdmServerTotal total)
{
	pg_atomic_fetch_add_u64(&shared->server[total], 1);
}

void
adm_counters_add_held_comfortable(uint64 ms)
{
	pg_atomic_fetch_add_u64(&shared->held_comfortable_ms, ms);
}

void
adm_counters_add_refusal(AdmGate gate, int service, AdmTotal total)
{
	uint64		now_ms = (uint64) adm_clock_ms();

	adm_counters_add(gate, service, total);
	if (total != ADM_TOTAL_REFUSED_SERVICE)
		pg_atomic_write_u64(&shared->gate[gate].last_refusal_ms, now_ms);
	pg_atomic_write_u64(&shared->service[service][gate].last_refusal_ms, now_ms);
}

uint64
adm_counters_bucket_ms(int bucket)
{
	return bucket < ADM_WAIT_BUCKETS - 1 ? bucket_ms[bucket] : 0;
}

static int
bucket_of(uint64 wait_ms)
{
	int			bucket = 0;

	while (bucket < ADM_WAIT_BUCKETS - 1 && wait_ms > bucket_ms[bucket])
		bucket++;
	return bucket;
}

static void
note_wait(GateCounters *gate, uint64 wait_ms)
{
	uint64		longest = pg_atomic_read_u64(&gate->longest_wait_ms);

	while (wait_ms > longest &&
		   !pg_atomic_compare_exchange_u64(&gate->longest_wait_ms, &longest, wait_ms))
		 /* longest was read anew */ ;
	pg_atomic_fetch_add_u64(&gate->waits[bucket_of(wait_ms)], 1);
	pg_atomic_fetch_add_u64(&gate->waited_ms, wait_ms);
}

void
adm_counters_note_wait(AdmGate gate, int service, uint64 wait_ms)
{
	note_wait(&shared->gate[gate], wait_ms);
	note_wait(&shared->service[service][gate], wait_ms);
}

uint64
adm_counters_growth(uint64 before, uint64 now)
{
	return now >= before ? now - before : now;
}

uint64
adm_counters_refused(const AdmGateTotals *t)
{
	return t->count[ADM_TOTAL_REFUSED_TIMEOUT] + t->count[ADM_TOTAL_REFUSED_SLOTS] +
		t->count[ADM_TOTAL_REFUSED_SERVICE];
}

uint64
adm_counters_abandoned(const AdmGateTotals *t)
{
	return t->count[ADM_TOTAL_ABANDONED] + t->count[ADM_TOTAL_ABANDONED_SERVICE];
}

int64
adm_counters_wait_quantile_ms(const AdmGateTotals *t, double share)
{
	uint64		all = 0;
	uint64		below = 0;

	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		all += t->waits[i];
	if (all == 0)
		return -1;
	for (int i = 0; i < ADM_WAIT_BUCKETS - 1; i++)
	{
		below += t->waits[i];
		if (below >= share * all)
			return (int64) Min(bucket_ms[i], t->longest_wait_ms);
	}
	return (int64) t->longest_wait_ms;
}

uint64
adm_counters_server_refused(const AdmTotals *t)
{
	return t->server[ADM_SERVER_NO_SLOT] + t->server[ADM_SERVER_RESERVED];
}

static void
read_gate(GateCounters *gate, AdmGateTotals *totals)
{
	int64		refusal_ms = (int64) pg_atomic_read_u64(&gate->last_refusal_ms);

	totals->last_refusal_age_ms =
		refusal_ms > 0 ? Max(adm_clock_ms() - refusal_ms, 0) : -1;
	for (int i = 0; i < ADM_TOTAL_COUNT; i++)
		totals->count[i] = pg_atomic_read_u64(&gate->count[i]);
	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		totals->waits[i] = pg_atomic_read_u64(&gate->waits[i]);
	totals->waited_ms = pg_atomic_read_u64(&gate->waited_ms);
	totals->longest_wait_ms = pg_atomic_read_u64(&gate->longest_wait_ms);
}

void
adm_counters_read(AdmTotals *totals)
{
	for (int g = 0; g < ADM_GATE_COUNT; g++)
		read_gate(&shared->gate[g], &totals->gate[g]);
	for (int i = 0; i < ADM_SERVER_COUNT; i++)
		totals->server[i] = pg_atomic_read_u64(&shared->server[i]);
	totals->held_comfortable_ms = pg_atomic_read_u64(&shared->held_comfortable_ms);
	totals->reset_at = (TimestampTz) pg_atomic_read_u64(&shared->reset_at);
}

void
adm_counters_read_service(AdmGate gate, int service, AdmGateTotals *totals)
{
	read_gate(&shared->service[service][gate], totals);
}
