/*
 * events.h - the record: what pg_admission did, and who asked for it.
 *
 * A ring in shared memory, kept in the file pg_admission.events in the data
 * directory.  Whatever is recorded stands in the server log, too.
 */
#ifndef ADM_EVENTS_H
#define ADM_EVENTS_H

#include "permits.h"
#include "policy/event_entry.h"

#define ADM_EVENTS_FILE		"pg_admission.events"
#define ADM_EVENTS_LENGTH	1000

extern void adm_events_shmem_request(void);
extern void adm_events_shmem_startup(void);

/*
 * For anyone.  Who asks is the session that calls; the controller's doings are
 * pg_admission's own.
 */

/* Records and logs what happened; detail may be NULL. */
extern void adm_events_note(AdmEventKind kind, const char *message, const char *detail);

/* Begins an entry about this session; query_start is of its query, 0: unknown. */
extern AdmEventEntry adm_events_about(const AdmSession *session, TimestampTz query_start);

/*
 * The same for an entry that the caller has begun with whom it happened to.
 * Fills in time, kind and who asked.  Returns its number, never 0.
 */
extern uint64 adm_events_add(AdmEventEntry *entry, AdmEventKind kind,
							 const char *message, const char *detail);

/* What came of it, if it is still in the ring. */
extern void adm_events_set_outcome(uint64 number, const char *outcome);

/* Copies of all entries, oldest first; palloc'd. */
extern AdmEventEntry *adm_events_read(int *count);

/* For the postmaster, before anybody can add: reads the file. */
extern void adm_events_load(void);

/*
 * For the controller alone: writes the file if there is anything new: a few seconds after the last time,
 * or at exit, when it is synced to disk.
 */
extern void adm_events_save(bool at_exit);

#endif							/* ADM_EVENTS_H */
