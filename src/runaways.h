/*
 * runaways.h - sessions past the limits set for one: who they are, and what the
 * controller does about them.
 */
#ifndef ADM_RUNAWAYS_H
#define ADM_RUNAWAYS_H

#include "policy/runaway.h"
#include "stopping.h"

typedef struct AdmRunaway
{
	AdmTarget	target;
	AdmSession	session;
	AdmDoing	doing;
	AdmRunawayKind kind;
	double		value;
	double		limit;
} AdmRunaway;

/*
 * All sessions past a limit, by the last sample and by what they report now, and
 * by the lock table, if that is to be looked at; palloc'd.
 */
extern AdmRunaway *adm_runaways_find(bool look_at_locks, int *count);

/* Whether nothing is done about it, whatever the settings. */
extern bool adm_runaways_is_protected(const AdmRunaway *runaway);

/* For the controller, once a round: does what the settings say. */
extern void adm_runaways_round(void);

#endif							/* ADM_RUNAWAYS_H */
