/*
 * work.c - what kind of work a statement is.
 *
 * Poolers and drivers send some statements when they take a connection over or
 * give it back.  When one of these fails, some drop the connection, which makes
 * a storm of connections out of a line, and some hand it on with what the client
 * before has left.  None of them is much work.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "nodes/nodes.h"
#include "nodes/primnodes.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "work.h"

/* Programs behind which somebody waits for the whole, not for each statement. */
static const char *const patient_programs[] = {
	"pg_dump", "pg_dumpall", "pg_restore", "vacuumdb", "reindexdb", "clusterdb", "psql"
};

bool
adm_work_of_patient_program(void)
{
	for (int i = 0; i < lengthof(patient_programs); i++)
	{
		if (strcmp(application_name, patient_programs[i]) == 0)
			return true;
	}
	return false;
}

/*
 * What pools reset a session by, and look whether it is alive.  None reads a
 * table or waits for anything.
 */
static const Oid housekeeping[] = {
	F_PG_ADVISORY_UNLOCK_ALL, F_PG_ADVISORY_UNLOCK_INT8, F_PG_ADVISORY_UNLOCK_INT4_INT4,
	F_PG_ADVISORY_UNLOCK_SHARED_INT8, F_PG_ADVISORY_UNLOCK_SHARED_INT4_INT4,
	F_SET_CONFIG, F_CURRENT_SETTING_TEXT, F_CURRENT_SETTING_TEXT_BOOL,
	F_CURRENT_DATABASE, F_CURRENT_SCHEMA, F_NOW, F_PG_BACKEND_PID,
	F_PG_IS_IN_RECOVERY, F_VERSION
};

static bool
is_housekeeping(Oid function)
{
	for (int i = 0; i < lengthof(housekeeping); i++)
	{
		if (housekeeping[i] == function)
			return true;
	}
	return false;
}

static bool all_are_constant(const List *values);

/* What has not been folded yet: "7" for a parameter of another type. */
static bool
is_cast_of_constant(const Node *value)
{
	const FuncExpr *call = (const FuncExpr *) value;

	return IsA(value, FuncExpr) && call->funcid < FirstGenbkiObjectId &&
		(call->funcformat == COERCE_IMPLICIT_CAST || call->funcformat == COERCE_EXPLICIT_CAST) &&
		all_are_constant(call->args);
}

static bool
is_constant(const Node *value)
{
	return IsA(value, Const) || IsA(value, Param) || IsA(value, SQLValueFunction) ||
		is_cast_of_constant(value);
}

static bool
all_are_constant(const List *values)
{
	ListCell   *lc;

	foreach(lc, values)
	{
		if (!is_constant(lfirst(lc)))
			return false;
	}
	return true;
}

static bool
is_no_work(const Node *value)
{
	const FuncExpr *call = (const FuncExpr *) value;

	if (!IsA(value, FuncExpr))
		return is_constant(value);
	return is_housekeeping(call->funcid) && all_are_constant(call->args);
}

static bool
no_target_is_work(const List *targets)
{
	ListCell   *lc;

	foreach(lc, targets)
	{
		if (!is_no_work((Node *) lfirst_node(TargetEntry, lc)->expr))
			return false;
	}
	return true;
}

/* "SELECT 1", "SELECT pg_advisory_unlock_all()" */
static bool
is_select_of_nothing(const Query *query)
{
	return query->commandType == CMD_SELECT && query->rtable == NIL &&
		query->cteList == NIL && !query->hasSubLinks &&
		query->groupClause == NIL && query->groupingSets == NIL && query->havingQual == NULL &&
		query->limitOffset == NULL && query->limitCount == NULL &&
		query->jointree->quals == NULL && no_target_is_work(query->targetList);
}

AdmWork
adm_work_of_query(const Query *query)
{
	return is_select_of_nothing(query) ? ADM_WORK_FREE : ADM_WORK_ORDINARY;
}

static bool
is_plan_of_nothing(const PlannedStmt *plan)
{
	Plan	   *top = plan->planTree;

	return plan->commandType == CMD_SELECT && IsA(top, Result) &&
		top->lefttree == NULL && top->qual == NIL && top->initPlan == NIL &&
		((Result *) top)->resconstantqual == NULL && plan->subplans == NIL &&
		no_target_is_work(top->targetlist);
}

AdmWork
adm_work_of_plan(const PlannedStmt *plan)
{
	return is_plan_of_nothing(plan) ? ADM_WORK_FREE : ADM_WORK_ORDINARY;
}

/* Applications make tables for themselves within their ordinary work. */
static bool
is_own_table(Node *statement)
{
	return IsA(statement, CreateTableAsStmt) ||
		(IsA(statement, CreateStmt) &&
		 ((CreateStmt *) statement)->relation->relpersistence == RELPERSISTENCE_TEMP);
}

AdmWork
adm_work_of_utility(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_TransactionStmt:
		case T_ConstraintsSetStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
		case T_DiscardStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_ClosePortalStmt:
		case T_FetchStmt:
		case T_ListenStmt:
		case T_UnlistenStmt:
		case T_NotifyStmt:
		case T_CheckPointStmt:
		case T_LoadStmt:
			return ADM_WORK_FREE;
		case T_VacuumStmt:
		case T_ReindexStmt:
		case ADM_COMPAT_CLUSTER_STATEMENT:
			return ADM_WORK_PATIENT;
		default:
			return GetCommandLogLevel(statement) == LOGSTMT_DDL && !is_own_table(statement) ?
				ADM_WORK_PATIENT : ADM_WORK_ORDINARY;
	}
}
