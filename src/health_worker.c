/*
 * health_worker.c - has the health checks run in all databases while a warm-up
 * may have to wait for them.
 *
 * The controller has no database and so no catalogs.  It starts one worker that
 * has none either, lists the databases, and starts another for each in turn,
 * which runs the checks that may block, records the verdict and ends.  Nothing
 * waits for them: without free worker slots nothing is known, and nothing held.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "events.h"
#include "health.h"
#include "fitness.h"
#include "health_worker.h"
#include "os/clock.h"
#include "pgstat.h"
#include "settings.h"
#include "state.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "worker.h"

/*
 * Between two rounds over all databases: soon again while something is to be
 * mended, and never more than a tenth of the time.
 */
#define ROUND_WHEN_BLOCKED_MS	(5 * 1000)
#define ROUND_WHEN_FIT_MS		(60 * 1000)
#define SHARE_OF_TIME			10

extern PGDLLEXPORT void adm_health_list_main(Datum arg);
extern PGDLLEXPORT void adm_health_database_main(Datum arg);

/*
 * The two workers.
 */

/*
 * Templates are left out: nobody's traffic goes there, and CREATE DATABASE wants
 * them to itself.
 */
static List *
list_databases(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *databases = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext before;

		if (!database->datallowconn || database->datistemplate || database->datconnlimit < -1)
			continue;
		before = MemoryContextSwitchTo(context);
		databases = lappend_oid(databases, database->oid);
		MemoryContextSwitchTo(before);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return databases;
}

void
adm_health_list_main(Datum arg)
{
	List	   *databases;
	ListCell   *cell;

	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	MemoryContextSwitchTo(TopMemoryContext);
	databases = list_databases();
	adm_fitness_begin_round();
	foreach(cell, databases)
	{
		BackgroundWorkerHandle *handle = adm_worker_start("adm_health_database_main", "pg_admission health check",
													  ObjectIdGetDatum(lfirst_oid(cell)));

		/* What was known of the others stays so. */
		if (handle == NULL)
			return;
		(void) WaitForBackgroundWorkerShutdown(handle);
	}
	adm_fitness_end_round();
}

void
adm_health_database_main(Datum arg)
{
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(arg), InvalidOid, 0);
	adm_worker_settle();
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "pg_admission: health checks that may hold a warm-up");
	(void) adm_health_run(true, NULL);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/*
 * The controller's side.
 */

/*
 * A warm-up of an instance that may not be what it was.  What runs after a crash
 * or a promotion did run with the same findings before.
 */
static bool
wants_health(const AdmWarmup *w)
{
	return adm_hold_for_health && w->phase != ADM_PHASE_OPEN &&
		(w->trigger == ADM_TRIGGER_NEW_INSTANCE || w->trigger == ADM_TRIGGER_NEW_HOST ||
		 w->trigger == ADM_TRIGGER_MANUAL);
}

/* One at a time, and when it is due. */
static void
check_databases(void)
{
	static BackgroundWorkerHandle *runs = NULL;
	static int64 began_ms = 0;
	static int64 due_ms = 0;
	int64		now_ms = adm_clock_ms();
	pid_t		pid;

	if (runs)
	{
		int64		wait_ms = adm_fitness_read().blocking > 0 ? ROUND_WHEN_BLOCKED_MS : ROUND_WHEN_FIT_MS;

		if (GetBackgroundWorkerPid(runs, &pid) != BGWH_STOPPED)
			return;
		pfree(runs);
		runs = NULL;
		due_ms = now_ms + Max(wait_ms, SHARE_OF_TIME * (now_ms - began_ms));
	}
	if (now_ms < due_ms)
		return;
	began_ms = now_ms;
	due_ms = now_ms + ROUND_WHEN_FIT_MS;
	MemoryContextSwitchTo(TopMemoryContext);
	runs = adm_worker_start("adm_health_list_main", "pg_admission health", (Datum) 0);
}

static void
note_change(bool holds)
{
	AdmFitness	f = adm_fitness_read();

	if (holds)
		adm_events_note(ADM_EVENT_WARMUP,
						psprintf("pg_admission holds the warm-up's progress: %d blocking findings of the health check", f.blocking),
						psprintf("The first, in database %s: %s", f.first.database_name, f.first.finding));
	else
		adm_events_note(ADM_EVENT_WARMUP, "pg_admission lets the warm-up go on: no blocking findings of the health check", NULL);
}

void
adm_health_round(void)
{
	MemoryContext context = CurrentMemoryContext;
	AdmWarmupState s = adm_state_warmup();
	bool		holds = wants_health(&s.warmup) && adm_fitness_read().blocking > 0;

	if (wants_health(&s.warmup))
		check_databases();
	MemoryContextSwitchTo(context);
	if (holds == s.unfit)
		return;
	adm_state_set_unfit(holds);
	if (s.warmup.phase != ADM_PHASE_OPEN)
		note_change(holds);
}
