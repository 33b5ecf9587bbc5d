/*
 * memory.h - what the kernel says of the machine's memory.
 */
#ifndef ADM_MEMORY_H
#define ADM_MEMORY_H

#include <stdbool.h>

#include "policy/pressure.h"

/*
 * From proc/meminfo below root ("" on a live system): all of it, and what is
 * available without swapping.  False if it could not be read.
 */
extern bool adm_memory_read(const char *root, AdmReading *reading);

#endif							/* ADM_MEMORY_H */
