/*
 * runaway.c - who is past the limits set for one, and how many may be stopped.
 */
#include "runaway.h"

#define MINUTE_MS	(60 * 1000)

static const char *const kind_names[ADM_RUNAWAY_KIND_COUNT] = {
	"cpu_time", "runtime", "idle_in_transaction", "blocking"
};

const char *
adm_runaway_kind_name(AdmRunawayKind kind)
{
	return kind_names[kind];
}

bool
adm_runaway_judge(const AdmRunawayFigures *limits, const AdmRunawayFigures *figures,
				  AdmRunawayKind *kind)
{
	for (int i = 0; i < ADM_RUNAWAY_KIND_COUNT; i++)
	{
		if (limits->of[i] < 0 || !(figures->of[i] >= limits->of[i]))
			continue;
		*kind = (AdmRunawayKind) i;
		return true;
	}
	return false;
}

/* ADM_RUNAWAYS_PER_MINUTE: none is left. */
static int
first_left(const AdmRunawayBudget *budget, int64_t now_ms)
{
	int			i = 0;

	while (i < ADM_RUNAWAYS_PER_MINUTE && budget->spent_ms[i] != 0 &&
		   now_ms - budget->spent_ms[i] < MINUTE_MS)
		i++;
	return i;
}

bool
adm_runaway_may_spend(const AdmRunawayBudget *budget, int64_t now_ms)
{
	return first_left(budget, now_ms) < ADM_RUNAWAYS_PER_MINUTE;
}

bool
adm_runaway_spend(AdmRunawayBudget *budget, int64_t now_ms)
{
	int			i = first_left(budget, now_ms);

	if (i == ADM_RUNAWAYS_PER_MINUTE)
		return false;
	budget->spent_ms[i] = now_ms;
	return true;
}
