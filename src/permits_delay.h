/*
 * permits_delay.h - what the line has the memory of delays note, under the gate's
 * lock, held exclusively, and what is asked of it on the way into the line, without.
 * For permits*.c alone.
 */
#ifndef ADM_PERMITS_DELAY_H
#define ADM_PERMITS_DELAY_H

#include "permits_slots.h"

/* The first of the ordinary joins, at that time. */
extern void adm_permits_note_first(AdmPart *part, int64 now_ms);

/* What a wait at its head says of the service's line of the ordinary. */
extern void adm_permits_note_delay(AdmPart *part, int64 wait_ms, int64 now_ms);

/* One of the ordinary has been given a permit. */
extern void adm_permits_note_served(AdmPart *part, int64 now_ms);

/* Whether one more may be refused without a wait, because that would be in vain. */
extern bool adm_permits_may_refuse_at_once(AdmGate gate);

/* Somebody is refused without a wait, for whatever reason. */
extern void adm_permits_note_refused_at_once(AdmGate gate);
extern bool adm_permits_refuses_at_once_lately(AdmGate gate);

#endif							/* ADM_PERMITS_DELAY_H */
