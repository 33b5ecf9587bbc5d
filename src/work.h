/*
 * work.h - what kind of work a statement is, for the transaction gate.
 */
#ifndef ADM_WORK_H
#define ADM_WORK_H

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

typedef enum AdmWork
{
	ADM_WORK_FREE,				/* not gated */
	ADM_WORK_ORDINARY,
	ADM_WORK_PATIENT			/* gated, and rarely urgent: DDL of lasting
								 * objects, maintenance */
} AdmWork;

/* Of an analyzed and rewritten statement that is no utility command. */
extern AdmWork adm_work_of_query(const Query *query);

/* Of a plan, and of a utility command. */
extern AdmWork adm_work_of_plan(const PlannedStmt *plan);
extern AdmWork adm_work_of_utility(Node *statement);

/*
 * Whether the session's program, by its application_name, is one behind which a
 * person or a script waits.
 */
extern bool adm_work_of_patient_program(void);

#endif							/* ADM_WORK_H */
