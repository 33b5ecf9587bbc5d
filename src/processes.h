/*
 * processes.h - the server's processes, as the controller follows them from
 * one look to the next.
 *
 * Memory of the controller's own.  A look reads each process's time; at the
 * end of a sample it also makes figures of it.
 */
#ifndef ADM_PROCESSES_H
#define ADM_PROCESSES_H

#include "samples.h"

/*
 * Processor time used so far, all of it growing; wait_ns is -1 if unknown.
 * Running includes what processes cost when they had ended already.
 */
typedef struct AdmServerTime
{
	int64		run_ns;
	int64		wait_ns;
	int64		gated_run_ns;	/* by sessions subject to the gates */
	int64		gated_wait_ns;
} AdmServerTime;

/*
 * Looks at all processes; at those that idle only if wanted, for what they do
 * without a statement is little.  Returns false if not one could be read.
 */
extern bool adm_processes_look(bool even_if_idle, AdmServerTime *time);

/*
 * The figures of each process since this was last called, by index; the array
 * is valid until the next call.
 */
extern const AdmBackendSample *adm_processes_figures(void);

#endif							/* ADM_PROCESSES_H */
