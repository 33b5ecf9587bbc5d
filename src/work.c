/*
 * work.c - what kind of work a statement is.
 *
 * Poolers and drivers send some statements when they take a connection over or
 * give it back, and drop it when one of these fails: a refusal there would make
 * a storm of connections out of a line.  None of them is much work.
 */
#include "postgres.h"

#include "nodes/nodes.h"
#include "tcop/utility.h"
#include "utils/guc.h"
#include "work.h"

/* Programs behind which somebody waits for the whole, not for each statement. */
static const char *const patient_programs[] = {
	"pg_dump", "pg_dumpall", "pg_restore", "vacuumdb", "reindexdb", "clusterdb", "psql"
};

bool
adm_work_is_for_somebody(void)
{
	for (int i = 0; i < lengthof(patient_programs); i++)
	{
		if (strcmp(application_name, patient_programs[i]) == 0)
			return true;
	}
	return false;
}

static bool
only_constants(List *targets)
{
	ListCell   *lc;

	foreach(lc, targets)
	{
		Node	   *value = (Node *) lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(value, Const) && !IsA(value, Param))
			return false;
	}
	return true;
}

/* "SELECT 1" */
static bool
is_select_of_constants(const Query *query)
{
	return query->commandType == CMD_SELECT && query->rtable == NIL &&
		query->cteList == NIL && !query->hasSubLinks &&
		query->jointree->quals == NULL && only_constants(query->targetList);
}

AdmWork
adm_work_of_query(const Query *query)
{
	return is_select_of_constants(query) ? ADM_WORK_FREE : ADM_WORK_ORDINARY;
}

static bool
is_plan_of_constants(const PlannedStmt *plan)
{
	Plan	   *top = plan->planTree;

	return plan->commandType == CMD_SELECT && IsA(top, Result) &&
		top->lefttree == NULL && top->qual == NIL && top->initPlan == NIL &&
		((Result *) top)->resconstantqual == NULL && plan->subplans == NIL &&
		only_constants(top->targetlist);
}

AdmWork
adm_work_of_plan(const PlannedStmt *plan)
{
	return is_plan_of_constants(plan) ? ADM_WORK_FREE : ADM_WORK_ORDINARY;
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
		case T_ClusterStmt:
			return ADM_WORK_PATIENT;
		default:
			return GetCommandLogLevel(statement) == LOGSTMT_DDL ? ADM_WORK_PATIENT : ADM_WORK_ORDINARY;
	}
}
