/*
 * process.h - what the kernel says of one process.
 *
 * Paths are below root ("" on a live system).  Each number is -1 when its file
 * is missing, not ours to read, or nonsense.
 */
#ifndef ADM_PROCESS_H
#define ADM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct AdmProcessTime
{
	int64_t		run_ns;			/* since the process began */
	int64_t		wait_ns;		/* runnable, but without a processor */
} AdmProcessTime;

typedef struct AdmProcessUse
{
	int64_t		memory_bytes;	/* resident and not shared */
	int64_t		read_bytes;		/* from disk, since the process began */
	int64_t		write_bytes;
} AdmProcessUse;

/*
 * From schedstat, or from stat where the kernel keeps no schedstat: then in
 * steps of a clock tick, and wait_ns is -1.  False if there is neither.
 */
extern bool adm_process_time(const char *root, int pid, AdmProcessTime *time);

/*
 * The time run by children of the process that have ended, all of their lives,
 * in nanoseconds but in steps of a clock tick; -1 if unknown.
 */
extern int64_t adm_process_ended_children_ns(const char *root, int pid);

/* Whether the process sleeps, and can be woken, or is stopped: false if unknown. */
extern bool adm_process_sleeps(const char *root, int pid);

/* From statm and io.  False if there is neither. */
extern bool adm_process_use(const char *root, int pid, AdmProcessUse *use);

#endif							/* ADM_PROCESS_H */
