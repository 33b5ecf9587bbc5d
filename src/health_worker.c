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
 * mended, and no more than a tenth of the time, unless a round waits for long.
 */
#define ROUND_WHEN_BLOCKED_MS	(5 * 1000)
#define ROUND_WHEN_FIT_MS		(60 * 1000)
#define SHARE_OF_TIME			10
#define LONGEST_BREAK_MS		(60 * 1000)

/* Further ones are not looked at. */
#define MOST_DATABASES			1000

extern PGDLLEXPORT void adm_health_list_main(Datum arg);
extern PGDLLEXPORT void adm_health_database_main(Datum arg);

/*
 * The two workers.
 */

/*
 * Templates are left out: nobody's traffic goes there, and CREATE DATABASE wants
 * them to itself.
 */
static bool
takes_traffic(Form_pg_database database)
{
	return database->datallowconn && !database->datistemplate && database->datconnlimit >= -1;
}

/* Returns how many there are. */
static int
list_databases(Oid databases[MOST_DATABASES])
{
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	int			count = 0;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (count < MOST_DATABASES && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (takes_traffic(database))
			databases[count++] = database->oid;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	return count;
}

void
adm_health_list_main(Datum arg)
{
	Oid			databases[MOST_DATABASES];
	int			count;

	adm_worker_begin(InvalidOid);
	count = list_databases(databases);
	if (count < MOST_DATABASES)
		adm_fitness_keep_only(databases, count);
	for (int i = 0; i < count; i++)
	{
		BackgroundWorkerHandle *handle = adm_worker_start("adm_health_database_main", "pg_admission health check",
														  ObjectIdGetDatum(databases[i]));

		/* What was known of the others stays so. */
		if (handle == NULL)
			return;
		(void) WaitForBackgroundWorkerShutdown(handle);
		CHECK_FOR_INTERRUPTS();
	}
}

void
adm_health_database_main(Datum arg)
{
	adm_worker_begin(DatumGetObjectId(arg));
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

static int64 due_ms = 0;		/* the next round */

/* One at a time, and when it is due. */
static void
check_databases(void)
{
	static BackgroundWorkerHandle *runs = NULL;
	static int64 began_ms = 0;
	int64		now_ms = adm_clock_ms();
	pid_t		pid;

	if (runs)
	{
		int64		wait_ms = adm_fitness_read().blocking > 0 ? ROUND_WHEN_BLOCKED_MS : ROUND_WHEN_FIT_MS;

		if (GetBackgroundWorkerPid(runs, &pid) != BGWH_STOPPED)
			return;
		pfree(runs);
		runs = NULL;
		due_ms = now_ms + Max(wait_ms, Min(SHARE_OF_TIME * (now_ms - began_ms), LONGEST_BREAK_MS));
	}
	if (now_ms < due_ms)
		return;
	began_ms = now_ms;
	due_ms = now_ms + ROUND_WHEN_FIT_MS;
	MemoryContextSwitchTo(TopMemoryContext);
	runs = adm_worker_start("adm_health_list_main", "pg_admission health", (Datum) 0);
}

static void
note_hold(const AdmFitness *f)
{
	adm_events_note(ADM_EVENT_WARMUP,
					psprintf("pg_admission holds the warm-up's progress: blocking findings of the health check: %d", f->blocking),
					psprintf("The first, %s: %s", adm_fitness_place(&f->first), f->first.finding));
}

static void
note_release(const AdmFitness *f)
{
	adm_events_note(ADM_EVENT_WARMUP,
					f->blocking > 0 ? "pg_admission lets the warm-up go on: pg_admission.hold_for_health is off" :
					"pg_admission lets the warm-up go on: no blocking findings of the health check", NULL);
}

void
adm_health_round(void)
{
	MemoryContext context = CurrentMemoryContext;
	AdmWarmupState s = adm_state_warmup();
	AdmFitness	fitness = adm_fitness_read();
	bool		holds = wants_health(&s.warmup) && fitness.blocking > 0;

	if (wants_health(&s.warmup))
		check_databases();
	else
		due_ms = 0;
	MemoryContextSwitchTo(context);
	if (holds == s.unfit)
		return;
	adm_state_set_unfit(holds);
	if (holds)
		note_hold(&fitness);
	else if (s.warmup.phase != ADM_PHASE_OPEN)
		note_release(&fitness);
}
