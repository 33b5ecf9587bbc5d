/*
 * psi.h - pressure stall information: the time in which tasks stood still for
 * want of processors, memory or disks.
 */
#ifndef ADM_PSI_H
#define ADM_PSI_H

#include <stdbool.h>

#include "policy/pressure.h"

/*
 * Reads the three files cpu, memory and io, each between prefix and suffix:
 * "/proc/pressure/" and "", or the folder of a control group and ".pressure".
 * What is missing stays as it was; false if all three are.  A file that does not
 * tell of some tasks is missing.
 */
extern bool adm_psi_read(const char *prefix, const char *suffix,
						 AdmReading *reading);

#endif							/* ADM_PSI_H */
