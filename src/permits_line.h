/*
 * permits_line.h - joining a line and leaving it, for the owner of a slot.  For
 * permits.c alone; what others may do with the lines is in permits.h.
 */
#ifndef ADM_PERMITS_LINE_H
#define ADM_PERMITS_LINE_H

#include "permits.h"

/* False: there is room after all, and nothing is held. */
extern bool adm_permits_join_line(AdmGate gate, const AdmWish *wish);

/* False: a permit was given to it before it had the lock. */
extern bool adm_permits_leave_line(AdmGate gate);

#endif							/* ADM_PERMITS_LINE_H */
