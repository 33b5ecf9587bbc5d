/*
 * deep_worker.c - the worker of the deep check: amcheck over all relations of a
 * database.
 *
 * It reads whole relations, so it is a guest: it goes on only while the machine
 * is comfortable, rests three times as long as it worked, takes nothing but
 * ACCESS SHARE locks, waits for none (what was locked is tried again at the end),
 * and has a transaction for each relation.  amcheck runs what an index's operators
 * call with the rights of the table's owner.
 */
#include "postgres.h"

#include "access/xact.h"
#include "deep_check.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "pgstat.h"
#include "state.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "worker.h"

#define LOCK_TIMEOUT		"100ms"
#define RESTS_PER_WORK		3
#define LONGEST_REST_MS		(10 * 1000)
#define LOOK_AGAIN_MS		500

/*
 * Relations in the order of their oids: tables and what is like them, and valid
 * btree indexes; none that is this session's or not logged, whose files may be
 * empty on a standby.  Their size is as the catalog knows it: to ask for it would
 * wait for locks.
 */
#define RELATIONS_QUERY \
	"SELECT c.oid, c.relkind = 'i', greatest(c.relpages, 1) * pg_catalog.current_setting('block_size')::bigint " \
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

typedef struct Candidate
{
	Oid			oid;
	bool		is_index;
	bool		locked;			/* when it was looked at */
	int64		bytes;
} Candidate;

extern PGDLLEXPORT void adm_deep_check_main(Datum arg);

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

/* A column of the list of relations, none of which is null. */
static Datum
datum_at(uint64 row, int column)
{
	bool		is_null;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null);
}

/* All that are left to check; in TopMemoryContext. */
static Candidate *
list_relations(int *count)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(adm_deep_check_read().done.last)};
	Candidate  *list;

	begin_transaction("pg_admission: deep check: listing relations");
	if (SPI_execute_with_args(RELATIONS_QUERY, 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list relations");
	*count = (int) SPI_processed;
	list = MemoryContextAllocHuge(TopMemoryContext, Max(*count, 1) * sizeof(Candidate));
	for (int i = 0; i < *count; i++)
	{
		list[i].oid = DatumGetObjectId(datum_at(i, 1));
		list[i].is_index = DatumGetBool(datum_at(i, 2));
		list[i].locked = false;
		list[i].bytes = DatumGetInt64(datum_at(i, 3));
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
		adm_deep_check_note_damage(r->oid, filenode, error->message);
	else if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && again)
		r->locked = true;
	else if (error->sqlerrcode != ERRCODE_UNDEFINED_TABLE)
		adm_deep_check_note_skipped(r->oid, error->message);
}

/*
 * Whatever else fails about one relation is no reason to leave out the others.
 * What is locked is left for later, if it is to be tried again.
 */
static void
check_relation(Candidate *r, const char *schema, bool again)
{
	volatile Oid filenode = InvalidOid;
	char		doing[64];

	r->locked = false;
	snprintf(doing, sizeof(doing), "pg_admission: deep check of relation %u", r->oid);
	begin_transaction(doing);
	PG_TRY();
	{
		char	   *damage;

		filenode = adm_deep_check_filenode(r->oid);
		damage = get_rel_name(r->oid) ? damage_of(r, schema) : NULL;
		if (damage)
			adm_deep_check_note_damage(r->oid, filenode, damage);
		else
			adm_deep_check_note_sound(r->oid);
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

/*
 * Should it be stopped before it has come back to those that were locked, the next
 * worker begins with the first of them.
 */
static void
check_all(Candidate *relations, int count, const char *schema)
{
	bool		left_out = false;

	for (int i = 0; i < count; i++)
	{
		int64		began_ms = adm_clock_ms();

		check_relation(&relations[i], schema, true);
		left_out |= relations[i].locked;
		if (!relations[i].locked)
			adm_deep_check_note_done(relations[i].oid, relations[i].bytes, !left_out);
		rest(adm_clock_ms() - began_ms);
	}
	for (int i = 0; i < count; i++)
	{
		if (!relations[i].locked)
			continue;
		check_relation(&relations[i], schema, false);
		adm_deep_check_note_done(relations[i].oid, relations[i].bytes, false);
	}
}

static int64
bytes_of(const Candidate *relations, int count)
{
	int64		bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += relations[i].bytes;
	return bytes;
}

void
adm_deep_check_main(Datum arg)
{
	Candidate  *relations;
	char	   *schema;
	int			count;

	adm_worker_begin(DatumGetObjectId(arg));
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_SUSET, PGC_S_OVERRIDE);
	if (!adm_deep_check_take_over())
		return;
	schema = amcheck_schema();
	if (schema == NULL)
	{
		adm_deep_check_note_end("the extension amcheck is not created in this database");
		return;
	}
	relations = list_relations(&count);
	adm_deep_check_note_left(count, bytes_of(relations, count));
	check_all(relations, count, schema);
	adm_deep_check_note_end("");
}
