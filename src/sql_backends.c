/*
 * sql_backends.c - what the sample and the gate know of each process, for the
 * view backends, and who blocks whom, for those who ask.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "miscadmin.h"
#include "permits.h"
#include "samples.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/wait_event.h"
#include "waits.h"

PG_FUNCTION_INFO_V1(adm_backend_samples);
PG_FUNCTION_INFO_V1(adm_blocking);

#define PERCENT		100.0

/*
 * What it holds at the transaction gate, if anything, else at the other.  The
 * slots of client backends come first, whether or not they are at a gate.
 */
static void
put_gate_state(AdmRow *row, int index)
{
	AdmSlotState transaction = adm_permits_slot_state(ADM_GATE_TRANSACTION, index);
	AdmSlotState session = adm_permits_slot_state(ADM_GATE_CONNECTION, index);

	if (transaction != ADM_SLOT_FREE && transaction != ADM_SLOT_OPEN)
		adm_row_put_text(row, adm_permits_state_name(ADM_GATE_TRANSACTION, transaction));
	else if (session != ADM_SLOT_FREE)
		adm_row_put_text(row, adm_permits_state_name(ADM_GATE_CONNECTION, session));
	else if (index < MaxConnections)
		adm_row_put_text(row, "outside");
	else
		adm_row_put_null(row);
}

/* A process that came after the sample has no figures yet. */
static void
put_figures(AdmRow *row, const AdmBackendSample *sample, int pid)
{
	if (sample->pid != pid)
	{
		for (int i = 0; i < 8; i++)
			adm_row_put_null(row);
		return;
	}
	if (sample->leader_pid == 0)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum(sample->leader_pid));
	adm_row_put_real(row, sample->cpu * PERCENT);
	adm_row_put_real(row, sample->run_queue_wait * PERCENT);
	adm_row_put_real(row, sample->cpu_s);
	adm_row_put_real(row, sample->transaction_cpu_s);
	adm_row_put_bytes(row, sample->memory_bytes);
	adm_row_put_real(row, sample->read_bytes_per_s);
	adm_row_put_real(row, sample->write_bytes_per_s);
}

Datum
adm_backend_samples(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmBackendSample *samples;

	adm_sql_require_reader("backend_samples");
	rsinfo = adm_rows_begin(fcinfo);
	samples = adm_samples_backends();
	for (int i = 0; i < adm_samples_slots(); i++)
	{
		int			pid = adm_compat_pid(&ProcGlobal->allProcs[i]);
		AdmRow		row = {.count = 0};

		if (pid == 0)
			continue;
		adm_row_put(&row, Int32GetDatum(pid));
		put_gate_state(&row, i);
		put_figures(&row, &samples[i], pid);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}

/* One process that blocks another, as often as it blocks one. */
typedef struct Blockers
{
	int		   *pids;
	int			count;
} Blockers;

static bool
waits_for_lock(int index)
{
	return (adm_wait_event(index) & 0xFF000000U) == PG_WAIT_LOCK;
}

/* Who blocks the process, each once. */
static void
add_blockers(Blockers *all, int pid)
{
	ArrayType  *array;
	Datum	   *pids;
	int			count;

	array = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &pids, NULL, &count);
	if (count == 0)
		return;
	all->pids = all->pids ?
		repalloc(all->pids, (all->count + count) * sizeof(int)) :
		palloc(count * sizeof(int));
	for (int i = 0; i < count; i++)
	{
		bool		seen = false;

		for (int j = 0; j < i; j++)
			seen |= DatumGetInt32(pids[j]) == DatumGetInt32(pids[i]);
		if (!seen)
			all->pids[all->count++] = DatumGetInt32(pids[i]);
	}
}

static int
compare_pids(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static void
put_blocker(ReturnSetInfo *rsinfo, int pid, int processes)
{
	AdmRow		row = {.count = 0};

	adm_row_put(&row, Int32GetDatum(pid));
	adm_row_put(&row, Int32GetDatum(processes));
	adm_rows_add(rsinfo, &row);
}

/* Each look locks the whole lock table, and there is one for each that waits. */
Datum
adm_blocking(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	Blockers	all = {NULL, 0};
	int			processes = 0;

	adm_sql_require_reader("blocking");
	rsinfo = adm_rows_begin(fcinfo);
	for (int i = 0; i < adm_samples_slots(); i++)
	{
		int			pid = adm_compat_pid(&ProcGlobal->allProcs[i]);

		if (pid != 0 && waits_for_lock(i))
			add_blockers(&all, pid);
	}
	if (all.count > 0)
		qsort(all.pids, all.count, sizeof(int), compare_pids);
	for (int i = 0; i < all.count; i++)
	{
		processes++;
		if (i + 1 < all.count && all.pids[i + 1] == all.pids[i])
			continue;
		put_blocker(rsinfo, all.pids[i], processes);
		processes = 0;
	}
	return (Datum) 0;
}
