/*
 * history.h - the flight recorder: a ring of samples in shared memory, kept in
 * the file pg_admission.history in the data directory.
 *
 * The file is text, so that it can be read where the server is down; the
 * controller writes it every minute and at shutdown, and reads it back.
 */
#ifndef ADM_HISTORY_H
#define ADM_HISTORY_H

#include "policy/history_entry.h"
#include "samples.h"

#define ADM_HISTORY_FILE	"pg_admission.history"

/* An hour at one sample a second. */
#define ADM_HISTORY_LENGTH	3600

extern void adm_history_shmem_request(void);
extern void adm_history_shmem_startup(void);

/* Copies of all entries, oldest first; palloc'd. */
extern AdmHistoryEntry *adm_history_read(int *count);

/*
 * For the controller alone.
 */

/*
 * Reads the file into an empty ring.  A file that is damaged or was written
 * for another copy of the data directory is ignored, and the log says so.
 */
extern void adm_history_load(void);

/* Adds the sample, and what the gates did since the one before. */
extern void adm_history_add(const AdmMachineSample *sample);

/*
 * Writes the file, when a minute has passed or at exit.  At exit it is synced
 * to disk; else not, since a disk that is slow in the outage would stop the
 * controller.
 */
extern void adm_history_save(bool at_exit);

#endif							/* ADM_HISTORY_H */
