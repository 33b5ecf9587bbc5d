/*
 * persist.h - the state file pg_admission.state in the data directory.
 *
 * Written durably by the controller, read once by the postmaster before
 * anybody else runs.
 */
#ifndef ADM_PERSIST_H
#define ADM_PERSIST_H

#include "policy/record.h"

#define ADM_STATE_FILE	"pg_admission.state"

/* What a later version has written, kept. */
#define ADM_LATER_STATE_FILE	ADM_STATE_FILE ".later"

typedef enum AdmLoad
{
	ADM_LOAD_GOOD,
	ADM_LOAD_ABSENT,
	ADM_LOAD_UNREADABLE,		/* with errno */
	ADM_LOAD_DAMAGED,
	ADM_LOAD_NEWER				/* written by a later version */
} AdmLoad;

/*
 * Reads the file; *record is set only when it is good.  Neither logs nor
 * raises errors.
 */
extern AdmLoad adm_persist_load(AdmRecord *record);

/*
 * Says in the server log why the file could not be used, if so, and sets that
 * of a later version aside.
 */
extern void adm_persist_tell_load(AdmLoad load, int load_errno);

/*
 * Replaces the file, durably.  Returns false when that failed; the reason is
 * in the server log, once for as long as it keeps failing.
 */
extern bool adm_persist_save(const AdmRecord *record);

#endif							/* ADM_PERSIST_H */
