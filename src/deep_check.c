/*
 * deep_check.c - what the deep check has come to: kept in shared memory, told as
 * findings.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "deep_check.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "worker.h"

#define CHECK_NAME			"deep"
#define LOCK_NAME			"pg_admission_deep_check"
#define MOST_LOGGED			16
#define FRESH_FOR_MS		(60 * 60 * 1000)

typedef struct Shared
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	AdmDeepCheck check;
} Shared;

static Shared *shared = NULL;

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
	if (c->database == MyDatabaseId && c->finished_at != 0 && c->problem[0] == '\0' && c->done.damaged == 0 &&
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

Oid
adm_deep_check_filenode(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			filenode;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	filenode = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	return filenode;
}

/* The name of the relation, if the finding still stands; else NULL. */
static char *
damaged_relation(const AdmDeepFinding *f)
{
	char	   *schema;
	char	   *name;

	if (f->database != MyDatabaseId || adm_deep_check_filenode(f->relation) != f->filenode)
		return NULL;
	schema = get_namespace_name(get_rel_namespace(f->relation));
	name = get_rel_name(f->relation);
	return schema && name ? quote_qualified_identifier(schema, name) : NULL;
}

static char *
remedy(Oid relation, const char *name)
{
	if (get_rel_relkind(relation) != RELKIND_INDEX)
		return pstrdup("-- restore it from a backup; what is left: pg_dump, and pg_surgery");
	return psprintf("REINDEX INDEX %s%s;", IsCatalogRelationOid(relation) ? "" : "CONCURRENTLY ", name);
}

void
adm_deep_check_add_damage(AdmFindings *all)
{
	AdmDeepCheck c = adm_deep_check_read();

	for (int i = 0; i < ADM_DEEP_MOST_FINDINGS; i++)
	{
		const AdmDeepFinding *f = &c.findings[i];
		char	   *name = damaged_relation(f);

		if (name == NULL)
			continue;
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
								c->done.relations, c->relations,
								c->bytes > 0 ? (int) (100 * c->done.bytes / c->bytes) : 0,
								c->bytes / (1024 * 1024), c->done.damaged, c->done.skipped);

	if (c->pid != 0)
		return psprintf("process %d has checked %s", c->pid, done);
	if (c->finished_at == 0)
		return psprintf("was stopped after %s", done);
	return psprintf("checked %s%s", done,
					c->done.skipped > 0 ? "; the server log says which were skipped, and why" : "");
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
		if (c.finished_at != 0 && c.done.skipped > 0)
			f.severity = ADM_SEVERITY_UNKNOWN;
		else if (c.finished_at != 0 && c.done.damaged == 0)
			f.severity = ADM_SEVERITY_OK;
	}
	adm_findings_add(all, f);
}

/*
 * What the worker notes.
 */

static void
stop_running(int code, Datum arg)
{
	AdmDeepCheck *c = &shared->check;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (c->pid == MyProcPid)
	{
		c->pid = 0;
		if (c->finished_at == 0)
			c->done = c->resume;
	}
	LWLockRelease(shared->lock);
}

/* What is known to be damaged stays known.  Needs the lock. */
static void
begin_anew(AdmDeepCheck *c)
{
	c->database = MyDatabaseId;
	c->started_at = GetCurrentTimestamp();
	c->finished_at = 0;
	memset(&c->done, 0, sizeof(c->done));
	c->resume = c->done;
}

bool
adm_deep_check_take_over(void)
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

void
adm_deep_check_note_left(int64 relations, int64 bytes)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->check.relations = shared->check.done.relations + relations;
	shared->check.bytes = shared->check.done.bytes + bytes;
	LWLockRelease(shared->lock);
}

void
adm_deep_check_note_done(Oid relation, int64 bytes, bool none_left_out)
{
	AdmDeepProgress *done = &shared->check.done;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	done->last = relation;
	done->relations++;
	done->bytes += bytes;
	if (none_left_out)
		shared->check.resume = *done;
	LWLockRelease(shared->lock);
}

void
adm_deep_check_note_skipped(Oid relation, const char *reason)
{
	int64		skipped;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	skipped = ++shared->check.done.skipped;
	LWLockRelease(shared->lock);
	if (skipped <= MOST_LOGGED)
		ereport(LOG,
				(errmsg("pg_admission's deep check skips relation %u of database %u: %s",
						relation, MyDatabaseId, reason)));
}

/* This relation's finding, else a free one, else NULL.  Needs the lock. */
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

void
adm_deep_check_note_sound(Oid relation)
{
	AdmDeepFinding *f;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	f = finding_of(relation);
	if (f && OidIsValid(f->database))
		f->database = InvalidOid;
	LWLockRelease(shared->lock);
}

void
adm_deep_check_note_damage(Oid relation, Oid filenode, const char *message)
{
	AdmDeepFinding *f;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	f = finding_of(relation);
	if (f)
	{
		f->database = MyDatabaseId;
		f->relation = relation;
		f->filenode = filenode;
		adm_findings_clip(f->message, sizeof(f->message), message);
	}
	shared->check.done.damaged++;
	LWLockRelease(shared->lock);
	ereport(LOG,
			(errmsg("pg_admission's deep check finds relation %u of database %u damaged: %s",
					relation, MyDatabaseId, message)));
}

void
adm_deep_check_note_end(const char *problem)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	strlcpy(shared->check.problem, problem, sizeof(shared->check.problem));
	shared->check.finished_at = GetCurrentTimestamp();
	LWLockRelease(shared->lock);
}
