/*
 * warmup.c - the life of a warm-up: begin, elapse, hold, continue, end.
 */
#include "warmup.h"

#include <string.h>

static const char *const phase_names[] = {"open", "warming", "holding"};
static const char *const trigger_names[] = {
	"none", "new_instance", "new_host", "promotion", "crash", "relapse", "manual"
};
static const char *const ending_names[] = {
	"none", "completed", "expired", "stopped"
};

void
adm_warmup_begin(AdmWarmup *w, AdmTrigger trigger, const AdmWindow *window,
				 int64_t now_us)
{
	w->phase = ADM_PHASE_WARMING;
	w->trigger = trigger;
	w->window = *window;
	w->spent_ms = 0;
	w->age_ms = 0;
	w->started_at_us = now_us;
}

void
adm_warmup_begin_anew(AdmWarmup *w, AdmTrigger trigger,
					  const AdmWindow *window, int64_t now_us)
{
	AdmPhase	phase = w->phase;
	AdmWindow	own = w->window;

	if (phase == ADM_PHASE_OPEN)
	{
		adm_warmup_begin(w, trigger, window, now_us);
		return;
	}
	adm_warmup_begin(w, trigger, &own, now_us);
	w->phase = phase;
}

static bool
end_with(AdmWarmup *w, AdmEnding ending)
{
	w->phase = ADM_PHASE_OPEN;
	w->ending = ending;
	return true;
}

/* Both are not negative. */
static int64_t
add_saturating(int64_t a, int64_t b)
{
	return b > INT64_MAX - a ? INT64_MAX : a + b;
}

bool
adm_warmup_elapse(AdmWarmup *w, int64_t elapsed_ms, bool progress,
				  int64_t max_age_ms)
{
	if (w->phase == ADM_PHASE_OPEN)
		return false;
	if (elapsed_ms > 0)
	{
		w->age_ms = add_saturating(w->age_ms, elapsed_ms);
		if (w->phase == ADM_PHASE_WARMING && progress)
			w->spent_ms = add_saturating(w->spent_ms, elapsed_ms);
	}
	if (w->spent_ms >= w->window.duration_ms)
		return end_with(w, ADM_ENDING_COMPLETED);
	if (w->age_ms >= max_age_ms)
		return end_with(w, ADM_ENDING_EXPIRED);
	return false;
}

void
adm_warmup_set_back(AdmWarmup *w, double progress)
{
	if (w->phase != ADM_PHASE_WARMING || !(progress < adm_warmup_progress(w)))
		return;
	w->spent_ms = progress > 0 ?
		(int64_t) ((double) w->window.duration_ms * progress) : 0;
}

static bool
change_phase(AdmWarmup *w, AdmPhase from, AdmPhase to)
{
	if (w->phase != from)
		return false;
	w->phase = to;
	return true;
}

bool
adm_warmup_hold(AdmWarmup *w)
{
	return change_phase(w, ADM_PHASE_WARMING, ADM_PHASE_HOLDING);
}

bool
adm_warmup_continue(AdmWarmup *w)
{
	return change_phase(w, ADM_PHASE_HOLDING, ADM_PHASE_WARMING);
}

bool
adm_warmup_stop(AdmWarmup *w)
{
	if (w->phase == ADM_PHASE_OPEN)
		return false;
	return end_with(w, ADM_ENDING_STOPPED);
}

double
adm_warmup_progress(const AdmWarmup *w)
{
	if (w->phase == ADM_PHASE_OPEN || w->window.duration_ms <= 0)
		return 1;
	if (w->spent_ms >= w->window.duration_ms)
		return 1;
	return (double) w->spent_ms / (double) w->window.duration_ms;
}

const char *
adm_phase_name(AdmPhase phase)
{
	return phase_names[phase];
}

const char *
adm_trigger_name(AdmTrigger trigger)
{
	return trigger_names[trigger];
}

const char *
adm_ending_name(AdmEnding ending)
{
	return ending_names[ending];
}

static int
index_of(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

bool
adm_phase_by_name(const char *name, AdmPhase *phase)
{
	int			i = index_of(name, phase_names, ADM_PHASE_HOLDING + 1);

	if (i >= 0)
		*phase = (AdmPhase) i;
	return i >= 0;
}

bool
adm_trigger_by_name(const char *name, AdmTrigger *trigger)
{
	int			i = index_of(name, trigger_names, ADM_TRIGGER_COUNT);

	if (i >= 0)
		*trigger = (AdmTrigger) i;
	return i >= 0;
}

bool
adm_ending_by_name(const char *name, AdmEnding *ending)
{
	int			i = index_of(name, ending_names, ADM_ENDING_COUNT);

	if (i >= 0)
		*ending = (AdmEnding) i;
	return i >= 0;
}
