/*
 * service_turn.h - which service's turn it is at a gate.
 *
 * Who waits stands in the lines of its service.  The next permit goes to the
 * services by their priority, but one in ten to low priority first, and two in
 * ten to normal priority first, so that nobody starves; among those of one
 * priority, to the one that was served longest ago.  Half of all permits go
 * before that to who holds something that others may need, whatever its
 * service; these take turns of their own, else services in a rhythm with them
 * would get no others, or none of them.
 */
#ifndef ADM_SERVICE_TURN_H
#define ADM_SERVICE_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "rules.h"

/* A service of which somebody may be given a permit now. */
typedef struct AdmContender
{
	AdmPriority priority;
	bool		has_holder;		/* one who holds something waits */
	uint64_t	served_at;		/* the gate's grants when it was served last, */
	uint64_t	holder_served_at;	/* and when that was its holders' turn */
} AdmContender;

static inline bool
adm_turn_is_of_holders(uint64_t grants)
{
	return grants % 4 < 2;
}

static inline AdmPriority
adm_turn_first_priority(uint64_t grants)
{
	switch (grants % 10)
	{
		case 9:
			return ADM_PRIORITY_LOW;
		case 3:
		case 6:
			return ADM_PRIORITY_NORMAL;
		default:
			return ADM_PRIORITY_HIGH;
	}
}

static inline bool
adm_turn_serves_holder(const AdmContender *c, uint64_t grants)
{
	return c->has_holder && adm_turn_is_of_holders(grants);
}

/* In the order of this turn: the lower one goes first. */
static inline int
adm_turn_place(const AdmContender *c, uint64_t grants)
{
	if (adm_turn_serves_holder(c, grants))
		return 0;
	if (c->priority == adm_turn_first_priority(grants))
		return 1;
	return 2 + ADM_PRIORITY_HIGH - c->priority;
}

/* Whether a goes before b, when grants permits were given at the gate so far. */
static inline bool
adm_turn_goes_before(const AdmContender *a, const AdmContender *b, uint64_t grants)
{
	int			place_a = adm_turn_place(a, grants);
	int			place_b = adm_turn_place(b, grants);

	if (place_a != place_b)
		return place_a < place_b;
	return adm_turn_serves_holder(a, grants) ?
		a->holder_served_at < b->holder_served_at : a->served_at < b->served_at;
}

#endif							/* ADM_SERVICE_TURN_H */
