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

typedef struct SharedCounters
{
	pg_atomic_uint64 count[ADM_TOTAL_COUNT];
	pg_atomic_uint64 waits[ADM_WAIT_BUCKETS];
	pg_atomic_uint64 waited_ms;
	pg_atomic_uint64 longest_wait_ms;
	pg_atomic_uint64 last_refusal_ms;	/* monotonic; 0: none */
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

void
adm_counters_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission counters", sizeof(SharedCounters), &found);
	if (found)
		return;
	for (int i = 0; i < ADM_TOTAL_COUNT; i++)
		pg_atomic_init_u64(&shared->count[i], 0);
	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		pg_atomic_init_u64(&shared->waits[i], 0);
	pg_atomic_init_u64(&shared->waited_ms, 0);
	pg_atomic_init_u64(&shared->longest_wait_ms, 0);
	pg_atomic_init_u64(&shared->last_refusal_ms, 0);
	pg_atomic_init_u64(&shared->reset_at, (uint64) GetCurrentTimestamp());
}

void
adm_counters_add(AdmTotal total)
{
	adm_counters_add_many(total, 1);
}

void
adm_counters_add_many(AdmTotal total, uint64 number)
{
	pg_atomic_fetch_add_u64(&shared->count[total], number);
}

void
adm_counters_add_refusal(AdmTotal total)
{
	adm_counters_add(total);
	pg_atomic_write_u64(&shared->last_refusal_ms, (uint64) adm_clock_ms());
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

void
adm_counters_note_wait(uint64 wait_ms)
{
	uint64		longest = pg_atomic_read_u64(&shared->longest_wait_ms);

	while (wait_ms > longest &&
		   !pg_atomic_compare_exchange_u64(&shared->longest_wait_ms, &longest, wait_ms))
		 /* longest was read anew */ ;
	pg_atomic_fetch_add_u64(&shared->waits[bucket_of(wait_ms)], 1);
	pg_atomic_fetch_add_u64(&shared->waited_ms, wait_ms);
}

void
adm_counters_read(AdmTotals *totals)
{
	int64		refusal_ms = (int64) pg_atomic_read_u64(&shared->last_refusal_ms);

	totals->last_refusal_age_ms =
		refusal_ms > 0 ? Max(adm_clock_ms() - refusal_ms, 0) : -1;
	for (int i = 0; i < ADM_TOTAL_COUNT; i++)
		totals->count[i] = pg_atomic_read_u64(&shared->count[i]);
	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		totals->waits[i] = pg_atomic_read_u64(&shared->waits[i]);
	totals->waited_ms = pg_atomic_read_u64(&shared->waited_ms);
	totals->longest_wait_ms = pg_atomic_read_u64(&shared->longest_wait_ms);
	totals->reset_at = (TimestampTz) pg_atomic_read_u64(&shared->reset_at);
}

void
adm_counters_reset(void)
{
	for (int i = 0; i < ADM_TOTAL_COUNT; i++)
		pg_atomic_write_u64(&shared->count[i], 0);
	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
		pg_atomic_write_u64(&shared->waits[i], 0);
	pg_atomic_write_u64(&shared->waited_ms, 0);
	pg_atomic_write_u64(&shared->longest_wait_ms, 0);
	pg_atomic_write_u64(&shared->last_refusal_ms, 0);
	pg_atomic_write_u64(&shared->reset_at, (uint64) GetCurrentTimestamp());
}
