/*
 * permits_delay.h - what the line has the memory of delays note, under the gate's
 * lock, held exclusively.  For permits_line.c alone.
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

#endif							/* ADM_PERMITS_DELAY_H */
