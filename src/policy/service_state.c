/*
 * service_state.c - whether a service is open, paused, or on its way back.
 */
#include "service_state.h"

#include <string.h>

#include "governor.h"
#include "ramp.h"

static const char *const phase_names[ADM_SERVICE_PHASE_COUNT] = {
	[ADM_SERVICE_OPEN] = "open",
	[ADM_SERVICE_PAUSED] = "paused",
	[ADM_SERVICE_WAITS_ITS_TURN] = "waiting its turn",
	[ADM_SERVICE_RESUMING] = "resuming"
};

static void
enter(AdmServiceState *s, AdmServicePhase phase)
{
	memset(s, 0, sizeof(*s));
	s->phase = phase;
}

void
adm_service_pause(AdmServiceState *s)
{
	enter(s, ADM_SERVICE_PAUSED);
}

void
adm_service_resume(AdmServiceState *s, int64_t over_ms)
{
	enter(s, over_ms > 0 ? ADM_SERVICE_RESUMING : ADM_SERVICE_OPEN);
	s->over_ms = over_ms;
}

void
adm_service_wait_turn(AdmServiceState *s, int turn, int64_t over_ms)
{
	enter(s, ADM_SERVICE_WAITS_ITS_TURN);
	s->turn = turn;
	s->over_ms = over_ms;
}

void
adm_service_begin_turn(AdmServiceState *s)
{
	int			turn = s->turn;

	adm_service_resume(s, s->over_ms);
	if (s->phase == ADM_SERVICE_RESUMING)
		s->turn = turn;
}

bool
adm_service_elapse(AdmServiceState *s, int64_t elapsed_ms)
{
	if (s->phase != ADM_SERVICE_RESUMING)
		return false;
	s->spent_ms += elapsed_ms;
	if (s->spent_ms < s->over_ms)
		return false;
	enter(s, ADM_SERVICE_OPEN);
	return true;
}

void
adm_service_cut(AdmServiceState *s, int all)
{
	if (s->phase == ADM_SERVICE_RESUMING)
		s->spent_ms = (int64_t) (s->over_ms *
								 adm_ramp_cut(1, all, adm_service_progress(s), ADM_CUT_KEEPS));
}

bool
adm_service_is_shut(const AdmServiceState *s)
{
	return s->phase == ADM_SERVICE_PAUSED || s->phase == ADM_SERVICE_WAITS_ITS_TURN;
}

double
adm_service_progress(const AdmServiceState *s)
{
	if (adm_service_is_shut(s))
		return 0;
	return s->phase == ADM_SERVICE_RESUMING ? (double) s->spent_ms / s->over_ms : 1;
}

int
adm_service_share(const AdmServiceState *s, int all)
{
	if (adm_service_is_shut(s))
		return 0;
	if (all < 1)
		return all;
	return adm_ramp_value(1, all, adm_service_progress(s));
}

const char *
adm_service_phase_name(AdmServicePhase phase)
{
	return phase_names[phase];
}

bool
adm_service_phase_by_name(const char *name, AdmServicePhase *phase)
{
	for (int i = 0; i < ADM_SERVICE_PHASE_COUNT; i++)
	{
		if (strcmp(name, phase_names[i]) == 0)
		{
			*phase = (AdmServicePhase) i;
			return true;
		}
	}
	return false;
}
