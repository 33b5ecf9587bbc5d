/*
 * deep_check.c - amcheck over all relations of a database, by a worker that
 * takes its time.
 *
 * It reads whole relations, so it is a guest: it goes on only while the machine
 * is comfortable, rests three times as long as it worked, takes nothing but
 * ACCESS SHARE locks, waits for none (what was locked is tried again at the end),
 * and has a transaction for each relation.
 * amcheck runs what an index's operators call with the rights of the table's
 * owner.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "deep_check.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "worker.h"

#define CHECK_NAME			"deep"
#define LOCK_NAME			"pg_admission_deep_check"
#define LOCK_TIMEOUT		"100ms"
#define RESTS_PER_WORK		3
#define LONGEST_REST_MS		(10 * 1000)
#define LOOK_AGAIN_MS		500
#define MOST_LOGGED			16
#define FRESH_FOR_MS		(60 * 60 * 1000)

/*
 * Relations in the order of their oids: tables and what is like them, and valid
 * btree indexes; none that is this session's or not logged, whose files may be
 * empty on a standby.
 */
#define RELATIONS_QUERY \
	"SELECT c.oid, c.relkind = 'i', pg_catalog.pg_relation_size(c.oid) " \
	"FROM pg_catalog.pg_class AS c " \
	"LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid " \
	"JOIN pg_catalog.pg_am AS a ON a.oid = c.relam " \
	"WHERE c.relpersistence = 'p' AND c.oid > $1 " \
	"AND ((c.relkind IN ('r', 'm', 't') AND a.amname = 'heap') " \
	"OR (c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND i.indisready)) " \
	"ORDER BY c.oid"

#define SCHEMA_QUERY \
	"SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e " \
	"JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'"

#define INDEX_QUERY		"SELECT %s.bt_index_check(%u::pg_catalog.regclass, false)"
#define TABLE_QUERY		"SELECT pg_catalog.format('%%s damaged rows or pages, first block %%s: %%s', pg_catalog.count(*), " \
	"pg_catalog.min(v.blkno), pg_catalog.min(v.msg)) " \
	"FROM %s.verify_heapam(%u::pg_catalog.regclass, false, false, 'none'::text, NULL::bigint, NULL::bigint) AS v HAVING pg_catalog.count(*) > 0"

typedef struct Shared
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	AdmDeepCheck check;
} Shared;

typedef struct Candidate
{
	Oid			oid;
	bool		is_index;
	bool		locked;			/* when it was looked at */
	int64		bytes;
} Candidate;

static Shared *shared = NULL;

extern PGDLLEXPORT void adm_deep_check_main(Datum arg);

void
adm_deep_check_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_deep_check_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission deep check", sizeof(Shared), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(Shared));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
}

AdmDeepCheck
adm_deep_check_read(void)
{
	AdmDeepCheck copy;

	LWLockAcquire(shared->lock, LW_SHARED);
	copy = shared->check;
	LWLockRelease(shared->lock);
	return copy;
}

/*
 * Starting.
 */

static AdmDeepStart
what_is_there(const AdmDeepCheck *c)
{
	if (c->pid != 0)
		return c->database == MyDatabaseId ? ADM_DEEP_RUNS : ADM_DEEP_RUNS_ELSEWHERE;
	if (c->database == MyDatabaseId && c->finished_at != 0 && c->problem[0] == '\0' && c->damaged == 0 &&
		!TimestampDifferenceExceeds(c->finished_at, GetCurrentTimestamp(), FRESH_FOR_MS))
		return ADM_DEEP_IS_FRESH;
	return ADM_DEEP_STARTED;
}

AdmDeepStart
adm_deep_check_start(void)
{
	AdmDeepCheck now = adm_deep_check_read();
	AdmDeepStart there = what_is_there(&now);
	pid_t		pid;
	BackgroundWorkerHandle *handle;

	if (there != ADM_DEEP_STARTED)
		return there;
	handle = adm_worker_start("adm_deep_check_main", "pg_admission deep check",
							  ObjectIdGetDatum(MyDatabaseId));
	if (handle == NULL || WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_POSTMASTER_DIED)
		return ADM_DEEP_NO_WORKER;
	return ADM_DEEP_STARTED;
}

/*
 * Telling.
 */

/* As in the catalog: 0 for those whose file is elsewhere; InvalidOid: dropped. */
static Oid
filenode_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			filenode;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	filenode = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	return filenode;
}

static bool
still_stands(const AdmDeepFinding *f)
{
	return f->database == MyDatabaseId && get_rel_name(f->relation) != NULL &&
		filenode_of(f->relation) == f->filenode;
}

static char *
remedy(Oid relation, const char *name)
{
	if (get_rel_relkind(relation) != RELKIND_INDEX)
		return pstrdup("restore it from a backup; what is left: pg_dump, and pg_surgery");
	return psprintf("REINDEX INDEX %s%s;", IsCatalogRelationOid(relation) ? "" : "CONCURRENTLY ", name);
}

void
adm_deep_check_add_damage(AdmFindings *all)
{
	AdmDeepCheck c = adm_deep_check_read();

	for (int i = 0; i < ADM_DEEP_MOST_FINDINGS; i++)
	{
		const AdmDeepFinding *f = &c.findings[i];
		char	   *name;

		if (!still_stands(f))
			continue;
		name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(f->relation)),
										  get_rel_name(f->relation));
		adm_findings_add(all, (AdmFinding) {
			.severity = ADM_SEVERITY_BLOCKING,
			.check = CHECK_NAME,
			.object = name,
			.evidence = pstrdup(f->message),
			.cost = "minutes",
			.remedy = remedy(f->relation, name)
		});
	}
}

static char *
progress_words(const AdmDeepCheck *c)
{
	char	   *done = psprintf(INT64_FORMAT " of " INT64_FORMAT " relations, %d %% of " INT64_FORMAT " MB, " INT64_FORMAT " damaged, " INT64_FORMAT " skipped",
								c->relations_done, c->relations,
								c->bytes > 0 ? (int) (100 * c->bytes_done / c->bytes) : 0,
								c->bytes / (1024 * 1024), c->damaged, c->relations_skipped);

	if (c->pid != 0)
		return psprintf("process %d has checked %s; it rests while the machine is not comfortable", c->pid, done);
	if (c->finished_at == 0)
		return psprintf("was stopped after %s", done);
	return psprintf("checked %s%s", done,
					c->relations_skipped > 0 ? "; the server log says which were skipped, and why" : "");
}

void
adm_deep_check_add_progress(AdmFindings *all)
{
	AdmDeepCheck c = adm_deep_check_read();
	AdmFinding	f = {.severity = ADM_SEVERITY_NOTICE, .check = CHECK_NAME};

	if (c.database != MyDatabaseId)
		return;
	if (c.problem[0] != '\0')
	{
		f.evidence = pstrdup(c.problem);
		f.cost = "instant";
		f.remedy = "CREATE EXTENSION amcheck;";
	}
	else
	{
		f.evidence = progress_words(&c);
		if (c.finished_at != 0 && c.relations_skipped == 0 && c.damaged == 0)
			f.severity = ADM_SEVERITY_OK;
		else if (c.finished_at != 0)
			f.severity = ADM_SEVERITY_UNKNOWN;
	}
	adm_findings_add(all, f);
}

/*
 * The worker: what it notes.
 */

static void
stop_running(int code, Datum arg)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (shared->check.pid == MyProcPid)
		shared->check.pid = 0;
	LWLockRelease(shared->lock);
}

/* What is known to be damaged stays known.  Needs the lock. */
static void
begin_anew(AdmDeepCheck *c)
{
	c->database = MyDatabaseId;
	c->started_at = GetCurrentTimestamp();
	c->finished_at = 0;
	c->last = InvalidOid;
	c->relations_done = c->relations_skipped = c->bytes_done = c->damaged = 0;
}

/* Goes on, or begins anew; false: another one was quicker. */
static bool
take_over(void)
{
	AdmDeepCheck *c = &shared->check;
	bool		taken;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	taken = c->pid == 0;
	if (taken && (c->database != MyDatabaseId || c->finished_at != 0))
		begin_anew(c);
	if (taken)
	{
		c->pid = MyProcPid;
		c->problem[0] = '\0';
	}
	LWLockRelease(shared->lock);
	if (taken)
		before_shmem_exit(stop_running, (Datum) 0);
	return taken;
}

static void
note_work(const Candidate *left, int count)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->check.relations = shared->check.relations_done + count;
	shared->check.bytes = shared->check.bytes_done;
	for (int i = 0; i < count; i++)
		shared->check.bytes += left[i].bytes;
	LWLockRelease(shared->lock);
}

static void
note_done(const Candidate *r)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->check.last = r->oid;
	shared->check.relations_done++;
	shared->check.bytes_done += r->bytes;
	LWLockRelease(shared->lock);
}

static void
note_skipped(Oid relation, const char *reason)
{
	int64		skipped;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	skipped = ++shared->check.relations_skipped;
	LWLockRelease(shared->lock);
	if (skipped <= MOST_LOGGED)
		ereport(LOG,
				(errmsg("pg_admission's deep check skips relation %u of database %u: %s",
						relation, MyDatabaseId, reason)));
}

/* This relation's finding, else a free or outdated one of this database, else NULL.  Needs the lock. */
static AdmDeepFinding *
finding_of(Oid relation)
{
	AdmDeepFinding *free_place = NULL;

	for (int i = 0; i < ADM_DEEP_MOST_FINDINGS; i++)
	{
		AdmDeepFinding *f = &shared->check.findings[i];

		if (f->database == MyDatabaseId && f->relation == relation)
			return f;
		if (!OidIsValid(f->database) && free_place == NULL)
			free_place = f;
	}
	return free_place;
}

static void
note_sound(Oid relation)
{
	AdmDeepFinding *f;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	f = finding_of(relation);
	if (f && OidIsValid(f->database))
		f->database = InvalidOid;
	LWLockRelease(shared->lock);
}

static void
note_damage(Oid relation, Oid filenode, const char *message)
{
	AdmDeepFinding *f;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	f = finding_of(relation);
	if (f)
	{
		f->database = MyDatabaseId;
		f->relation = relation;
		f->filenode = filenode;
		strlcpy(f->message, message, sizeof(f->message));
	}
	shared->check.damaged++;
	LWLockRelease(shared->lock);
	ereport(LOG,
			(errmsg("pg_admission's deep check finds relation %u of database %u damaged: %s",
					relation, MyDatabaseId, message)));
}

static void
note_end(const char *problem)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	strlcpy(shared->check.problem, problem, sizeof(shared->check.problem));
	shared->check.finished_at = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}

/*
 * The worker: its work.
 */

static void
begin_transaction(const char *doing)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, doing);
}

static void
end_transaction(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
}

static int64
int64_at(uint64 row, int column)
{
	bool		is_null;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

static Oid
oid_at(uint64 row, int column)
{
	bool		is_null;

	return DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null));
}

/* All after the last one that was checked; in TopMemoryContext. */
static Candidate *
list_relations(int *count)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(adm_deep_check_read().last)};
	Candidate  *list;

	begin_transaction("pg_admission: deep check: listing relations");
	if (SPI_execute_with_args(RELATIONS_QUERY, 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list relations");
	*count = (int) SPI_processed;
	list = MemoryContextAllocHuge(TopMemoryContext, Max(*count, 1) * sizeof(Candidate));
	for (int i = 0; i < *count; i++)
	{
		bool		is_null;

		list[i].oid = oid_at(i, 1);
		list[i].is_index = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &is_null));
		list[i].locked = false;
		list[i].bytes = int64_at(i, 3);
	}
	end_transaction();
	return list;
}

/* Quoted, in TopMemoryContext; NULL: amcheck is not created. */
static char *
amcheck_schema(void)
{
	char	   *schema = NULL;

	begin_transaction("pg_admission: deep check: looking for amcheck");
	if (SPI_execute(SCHEMA_QUERY, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
		schema = MemoryContextStrdup(TopMemoryContext,
									 SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	end_transaction();
	return schema;
}

/* Rests in proportion to the work, and for as long as the machine is wanted. */
static void
rest(int64 worked_ms)
{
	int64		until_ms = adm_clock_ms() + Min(worked_ms * RESTS_PER_WORK, LONGEST_REST_MS);

	for (;;)
	{
		int64		left_ms = until_ms - adm_clock_ms();

		if (adm_state_warmup().level != ADM_LEVEL_COMFORTABLE)
			left_ms = Max(left_ms, LOOK_AGAIN_MS);
		if (left_ms <= 0)
			return;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (long) left_ms, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static bool
is_damage(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_INDEX_CORRUPTED || sqlerrcode == ERRCODE_DATA_CORRUPTED ||
		sqlerrcode == ERRCODE_UNDEFINED_FILE || sqlerrcode == ERRCODE_IO_ERROR;
}

/* What amcheck has to say of a relation, in the current memory context; NULL: it is sound. */
static char *
damage_of(const Candidate *r, const char *schema)
{
	if (SPI_execute(psprintf(r->is_index ? INDEX_QUERY : TABLE_QUERY, schema, r->oid), true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	if (r->is_index || SPI_processed == 0)
		return NULL;
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* An error instead of an answer; no transaction is open any more. */
static void
judge_error(Candidate *r, Oid filenode, bool again, const ErrorData *error)
{
	if (is_damage(error->sqlerrcode))
		note_damage(r->oid, filenode, error->message);
	else if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && again)
		r->locked = true;
	else if (error->sqlerrcode != ERRCODE_UNDEFINED_TABLE)
		note_skipped(r->oid, error->message);
}

/*
 * Whatever else fails about one relation is no reason to leave out the others.
 * What is locked is left for later, if it is to be tried again.
 */
static void
check_relation(Candidate *r, const char *schema, bool again)
{
	volatile Oid filenode = InvalidOid;

	r->locked = false;
	begin_transaction(psprintf("pg_admission: deep check of relation %u", r->oid));
	PG_TRY();
	{
		char	   *damage;

		filenode = filenode_of(r->oid);
		damage = get_rel_name(r->oid) ? damage_of(r, schema) : NULL;
		if (damage)
			note_damage(r->oid, filenode, damage);
		else
			note_sound(r->oid);
		end_transaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(TopMemoryContext);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		FlushErrorState();
		AbortCurrentTransaction();
		judge_error(r, filenode, again, error);
		FreeErrorData(error);
	}
	PG_END_TRY();
}

static void
check_all(Candidate *relations, int count, const char *schema)
{
	for (int i = 0; i < count; i++)
	{
		int64		began_ms = adm_clock_ms();

		check_relation(&relations[i], schema, true);
		note_done(&relations[i]);
		rest(adm_clock_ms() - began_ms);
	}
	for (int i = 0; i < count; i++)
	{
		if (relations[i].locked)
			check_relation(&relations[i], schema, false);
	}
}

void
adm_deep_check_main(Datum arg)
{
	Candidate  *relations;
	char	   *schema;
	int			count;

	adm_worker_begin(DatumGetObjectId(arg));
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_SUSET, PGC_S_OVERRIDE);
	if (!take_over())
		return;
	schema = amcheck_schema();
	if (schema == NULL)
	{
		note_end("the extension amcheck is not created in this database");
		return;
	}
	relations = list_relations(&count);
	note_work(relations, count);
	check_all(relations, count, schema);
	note_end("");
}
