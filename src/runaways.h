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
 * All gated or exempt sessions past a limit, by the last sample and by what they
 * report now; palloc'd.
 */
extern AdmRunaway *adm_runaways_find(int *count);

/* Whether nothing is done about it, whatever the settings. */
extern bool adm_runaways_is_protected(const AdmRunaway *runaway);

/* For the controller, once a round: does what the settings say. */
extern void adm_runaways_round(void);

#endif							/* ADM_RUNAWAYS_H */
