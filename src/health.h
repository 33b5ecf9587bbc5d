/*
 * health.h - runs the health checks on the database of this session.
 */
#ifndef ADM_HEALTH_H
#define ADM_HEALTH_H

#include "findings.h"

/*
 * Waits until nobody else in the server does so, and runs the checks, or only
 * those that may block, with the rights of the current user, inside a
 * transaction with a snapshot.  A check that fails, runs for longer than 5 s or
 * would wait for a lock becomes a notice.  The profile is of health_profile(), or
 * NULL.  Findings are worst first, palloc'd in the current memory context; what is blocking, damage that a deep check found included, is
 * recorded of this database (fitness.h).
 */
extern AdmFindings adm_health_run(bool may_block_only, const char *profile);

#endif							/* ADM_HEALTH_H */
