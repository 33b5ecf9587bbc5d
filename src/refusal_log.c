/*
 * refusal_log.c - refusals in the server log, not one line each.
 */
#include "postgres.h"

#include "os/clock.h"
#include "port/atomics.h"
#include "refusal_log.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/elog.h"

#define LOGGED_PER_SECOND	5

typedef struct SharedRefusalLog
{
	pg_atomic_uint64 second;	/* the one that logged belongs to */
	pg_atomic_uint32 logged;
	pg_atomic_uint32 hidden;	/* not reported by the controller yet */
} SharedRefusalLog;

static SharedRefusalLog *shared = NULL;
static emit_log_hook_type prev_emit_log_hook = NULL;
static bool hide_next = false;

void
adm_refusal_log_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedRefusalLog)));
}

void
adm_refusal_log_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission refusal log", sizeof(SharedRefusalLog), &found);
	if (found)
		return;
	pg_atomic_init_u64(&shared->second, 0);
	pg_atomic_init_u32(&shared->logged, 0);
	pg_atomic_init_u32(&shared->hidden, 0);
}

/* The message that was to be hidden may have gone to no log at all. */
static bool
is_ours(const char *message)
{
	return message != NULL && strncmp(message, "pg_admission", strlen("pg_admission")) == 0;
}

static void
hide_from_log(ErrorData *edata)
{
	if (prev_emit_log_hook)
		prev_emit_log_hook(edata);
	if (!hide_next || edata->elevel < ERROR || !is_ours(edata->message_id))
		return;
	hide_next = false;
	edata->output_to_server = false;
}

void
adm_refusal_log_init(void)
{
	prev_emit_log_hook = emit_log_hook;
	emit_log_hook = hide_from_log;
}

/* A second that begins while two look may log a few more: no harm. */
static bool
logged_enough(void)
{
	uint64		second = (uint64) (adm_clock_ms() / 1000);
	uint64		before = pg_atomic_read_u64(&shared->second);

	if (before != second &&
		pg_atomic_compare_exchange_u64(&shared->second, &before, second))
		pg_atomic_write_u32(&shared->logged, 0);
	return pg_atomic_fetch_add_u32(&shared->logged, 1) >= LOGGED_PER_SECOND;
}

void
adm_refusal_log_limit(void)
{
	hide_next = logged_enough();
	if (hide_next)
		pg_atomic_fetch_add_u32(&shared->hidden, 1);
}

uint32
adm_refusal_log_take_hidden(void)
{
	return pg_atomic_exchange_u32(&shared->hidden, 0);
}
