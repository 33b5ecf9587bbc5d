/*
 * compat.h - what differs between major versions of PostgreSQL.
 *
 * The only file with PG_VERSION_NUM in it.  The floor is 15.
 */
#ifndef ADM_COMPAT_H
#define ADM_COMPAT_H

#include "miscadmin.h"
#include "postmaster/postmaster.h"
#include "optimizer/planner.h"
#include "storage/proc.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_authid.h"
#endif
#if PG_VERSION_NUM >= 190000
#include "utils/lsyscache.h"	/* get_database_name() */
#else
#include "commands/dbcommands.h"
#endif

#if PG_VERSION_NUM < 150000
#error "pg_admission needs PostgreSQL 15 or later"
#endif

#define ADM_COMPAT_MAJOR_VERSION	(PG_VERSION_NUM / 10000)

/* A backend's index in ProcGlobal->allProcs: below MaxBackends for clients. */
static inline int
adm_compat_my_slot(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyProc->pgprocno;
#endif
}

/*
 * The process that owns a PGPROC now; 0: none.  Before 17 its pid stays when
 * the process is gone, but its latch is disowned.
 */
static inline int
adm_compat_pid(const PGPROC *proc)
{
	return *(const volatile int *) &proc->procLatch.owner_pid;
}

/* The backend's top transaction, of which each has another; 0: none. */
static inline uint32
adm_compat_transaction(const PGPROC *proc)
{
#if PG_VERSION_NUM >= 170000
	return *(const volatile LocalTransactionId *) &proc->vxid.lxid;
#else
	return *(const volatile LocalTransactionId *) &proc->lxid;
#endif
}

/* Whether at least this many slots for client backends are free. */
static inline bool
adm_compat_have_free_slots(int wanted)
{
#if PG_VERSION_NUM >= 160000
	int			available;

	return HaveNFreeProcs(wanted, &available);
#else
	return HaveNFreeProcs(wanted);
#endif
}

/*
 * One of this process's locks in a partition of the lock table: the first, or
 * the one after; NULL: none.  The partition must be locked.
 */
static inline PROCLOCK *
adm_compat_my_lock(int partition, PROCLOCK *previous)
{
#if PG_VERSION_NUM >= 160000
	dlist_head *list = &MyProc->myProcLocks[partition];
	dlist_node *at = previous ? &previous->procLink : &list->head;

	if (dlist_is_empty(list) || at->next == &list->head)
		return NULL;
	return dlist_container(PROCLOCK, procLink, at->next);
#else
	SHM_QUEUE  *list = &MyProc->myProcLocks[partition];

	return (PROCLOCK *) SHMQueueNext(list, previous ? &previous->procLink : list,
									 offsetof(PROCLOCK, procLink));
#endif
}

/* Whether this process has any; a guess, unless the partition is locked. */
static inline bool
adm_compat_have_locks(int partition)
{
#if PG_VERSION_NUM >= 160000
	return !dlist_is_empty(&MyProc->myProcLocks[partition]);
#else
	return !SHMQueueEmpty(&MyProc->myProcLocks[partition]);
#endif
}

/* Slots that ordinary sessions can never have. */
static inline int
adm_compat_reserved_slots(void)
{
#if PG_VERSION_NUM >= 160000
	return SuperuserReservedConnections + ReservedConnections;
#else
	return ReservedBackends;
#endif
}

/* The predefined role whose members have slots reserved, or InvalidOid. */
static inline Oid
adm_compat_reserved_role(void)
{
#if PG_VERSION_NUM >= 160000
	return ROLE_PG_USE_RESERVED_CONNECTIONS;
#else
	return InvalidOid;
#endif
}

/* A wait event of this name, where versions have names for extensions'. */
static inline uint32
adm_compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/* 18 dropped the last parameter of the executor's run. */
#if PG_VERSION_NUM >= 180000
#define ADM_EXECUTOR_RUN_PARAMETERS \
	QueryDesc *query, ScanDirection direction, uint64 count
#define ADM_EXECUTOR_RUN_ARGUMENTS	query, direction, count
#else
#define ADM_EXECUTOR_RUN_PARAMETERS \
	QueryDesc *query, ScanDirection direction, uint64 count, bool once
#define ADM_EXECUTOR_RUN_ARGUMENTS	query, direction, count, once
#endif

/* From 19 on CLUSTER is a kind of REPACK, as VACUUM FULL is. */
#if PG_VERSION_NUM >= 190000
#define ADM_COMPAT_CLUSTER_STATEMENT	T_RepackStmt
#else
#define ADM_COMPAT_CLUSTER_STATEMENT	T_ClusterStmt
#endif

/* 19 tells the planner for which EXPLAIN it works. */
#if PG_VERSION_NUM >= 190000
#define ADM_PLANNER_PARAMETERS \
	Query *query, const char *query_string, int cursor_options, \
	ParamListInfo params, ExplainState *explain
#define ADM_PLANNER_ARGUMENTS	query, query_string, cursor_options, params, explain
#else
#define ADM_PLANNER_PARAMETERS \
	Query *query, const char *query_string, int cursor_options, \
	ParamListInfo params
#define ADM_PLANNER_ARGUMENTS	query, query_string, cursor_options, params
#endif

/*
 * The time after which the session's own settings end the present statement or
 * its transaction, whichever is less, in milliseconds; 0: never.
 */
static inline int
adm_compat_shortest_timeout_ms(void)
{
#if PG_VERSION_NUM >= 170000
	if (TransactionTimeout > 0 &&
		(StatementTimeout == 0 || TransactionTimeout < StatementTimeout))
		return TransactionTimeout;
#endif
	return StatementTimeout;
}

/* Whether this wait, of class Timeout, is for somebody who will be quick. */
static inline bool
adm_compat_is_spin_delay(uint32 event)
{
#if PG_VERSION_NUM >= 160000
	return event == WAIT_EVENT_SPIN_DELAY;
#else
	(void) event;
	return false;
#endif
}

/* Memory for a check hook's extra, which the server frees by itself. */
static inline void *
adm_compat_guc_malloc(size_t size)
{
#if PG_VERSION_NUM >= 160000
	return guc_malloc(LOG, size);
#else
	return malloc(size);
#endif
}

/* Backends that have not come to their first state are in this one from 18 on. */
#if PG_VERSION_NUM >= 180000
#define ADM_COMPAT_FIRST_STATE	STATE_STARTING
#else
#define ADM_COMPAT_FIRST_STATE	STATE_UNDEFINED
#endif

/*
 * How many client backends are in each state of pg_stat_activity, which is
 * reached without a catalog.  Within a transaction it is a snapshot, as the
 * view is; elsewhere it must be forgotten afterwards.
 */
#define ADM_COMPAT_STATES	(STATE_DISABLED + 1)

typedef struct AdmCompatActivity
{
	int			count[ADM_COMPAT_STATES];	/* by BackendState */
} AdmCompatActivity;

static inline LocalPgBackendStatus *
adm_compat_backend_status(int n)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(n);
#else
	return pgstat_fetch_stat_local_beentry(n);
#endif
}

static inline void
adm_compat_activity(AdmCompatActivity *activity)
{
	int			backends = pgstat_fetch_stat_numbackends();

	memset(activity, 0, sizeof(*activity));
	for (int n = 1; n <= backends; n++)
	{
		LocalPgBackendStatus *status = adm_compat_backend_status(n);

		if (status && status->backendStatus.st_procpid > 0 &&
			status->backendStatus.st_backendType == B_BACKEND &&
			(int) status->backendStatus.st_state < ADM_COMPAT_STATES)
			activity->count[Max(status->backendStatus.st_state, ADM_COMPAT_FIRST_STATE)]++;
	}
}

static inline void
adm_compat_forget_activity(void)
{
	pgstat_clear_backend_activity_snapshot();
}

/* As in pg_stat_activity. */
static inline const char *
adm_compat_state_name(int state)
{
	switch ((BackendState) state)
	{
		case STATE_IDLE:
			return "idle";
		case STATE_RUNNING:
			return "active";
		case STATE_IDLEINTRANSACTION:
			return "idle in transaction";
		case STATE_FASTPATH:
			return "fastpath function call";
		case STATE_IDLEINTRANSACTION_ABORTED:
			return "idle in transaction (aborted)";
		case STATE_DISABLED:
			return "disabled";
		default:
			return "starting";
	}
}

#endif							/* ADM_COMPAT_H */
