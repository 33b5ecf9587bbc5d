/*
 * starts.c - the start permits of the connection gate, and their end.
 *
 * There is no hook for "sits idle", so permits are taken back by looking.  A
 * wrong guess is one start too many for a moment.
 */
#include "postgres.h"

#include "compat.h"
#include "os/clock.h"
#include "permits.h"
#include "port/atomics.h"
#include "starts.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "waits.h"

/* Younger starts are left alone: they may be between two messages. */
#define START_SETTLES_MS	20

/*
 * A start takes 12 ms of CPU.  What runs for this long is no longer starting,
 * but a first transaction with work of its own.
 */
#define START_LONGEST_MS	1000

/* A look at all slots, at most this often. */
#define RECLAIM_EVERY_MS	10

/* When slots were last looked at, on the monotonic clock. */
static pg_atomic_uint64 *reclaimed_ms = NULL;

void
adm_starts_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(pg_atomic_uint64)));
}

void
adm_starts_shmem_startup(void)
{
	bool		found;

	reclaimed_ms = ShmemInitStruct("pg_admission starts", sizeof(pg_atomic_uint64), &found);
	if (!found)
		pg_atomic_init_u64(reclaimed_ms, 0);
}

void
adm_starts_end_mine(void)
{
	(void) adm_permits_move(ADM_GATE_CONNECTION, adm_compat_my_slot(),
							ADM_SLOT_ACTIVE, ADM_SLOT_PRESENT);
}

/* Whether a slot in this state, ACTIVE or GRANTED, has no more use for it. */
static bool
start_is_over(int index, AdmSlotState state, int64 now_ms)
{
	int64		age_ms = adm_permits_slot_age_ms(ADM_GATE_CONNECTION, index, now_ms);

	return age_ms >= START_LONGEST_MS ||
		(state == ADM_SLOT_ACTIVE && age_ms >= START_SETTLES_MS &&
		 adm_wait_is_for_others(adm_wait_event(index)));
}

static void
reclaim_start(int index, int64 now_ms)
{
	AdmSlotState state = adm_permits_slot_state(ADM_GATE_CONNECTION, index);

	if (state != ADM_SLOT_ACTIVE && state != ADM_SLOT_GRANTED)
		return;
	if (start_is_over(index, state, now_ms))
		(void) adm_permits_move(ADM_GATE_CONNECTION, index, state, ADM_SLOT_PRESENT);
}

void
adm_starts_reclaim(void)
{
	int64		now_ms = adm_clock_ms();
	uint64		last_ms = pg_atomic_read_u64(reclaimed_ms);

	if (now_ms - (int64) last_ms < RECLAIM_EVERY_MS ||
		!pg_atomic_compare_exchange_u64(reclaimed_ms, &last_ms, (uint64) now_ms))
		return;
	if (adm_permits_counts(ADM_GATE_CONNECTION).active == 0)
		return;
	for (int i = 0; i < MaxBackends; i++)
		reclaim_start(i, now_ms);
}
