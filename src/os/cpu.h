/*
 * cpu.h - what the kernel says of the processors and of who wants them.
 *
 * Paths are below root ("" on a live system).  Only the processors on which
 * this process may run are counted.
 */
#ifndef ADM_CPU_H
#define ADM_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/pressure.h"

/* Each fills its fields of the reading, and returns false if it could not. */

/* proc/stat: busy, stolen and all ticks, runnable tasks, number of processors. */
extern bool adm_cpu_read_stat(const char *root, AdmReading *reading);

/* proc/schedstat: the time all tasks together ran and waited. */
extern bool adm_cpu_read_schedstat(const char *root, AdmReading *reading);

/* proc/loadavg */
extern bool adm_cpu_read_load(const char *root, AdmReading *reading);

#endif							/* ADM_CPU_H */
