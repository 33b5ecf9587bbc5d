/*
 * service_refusal.c - what a refusal says of the service that had no room.
 */
#include "postgres.h"

#include "permits.h"
#include "service_refusal.h"
#include "services.h"

static const char *
why_paused(const AdmServiceView *view)
{
	if (view->paused_by_setting)
		return "by the setting pg_admission.paused_services";
	return view->state.phase == ADM_SERVICE_WAITS_ITS_TURN ?
		"until it is its turn to come back" : "by admission.pause_service()";
}

int
adm_service_refusal_detail(AdmGate gate, int service)
{
	const char *what = gate == ADM_GATE_CONNECTION ? "sessions" : "transactions running";
	AdmCounts	now = adm_permits_service_counts(gate, service);
	AdmCounts	cap = adm_word_counts(adm_services_caps(gate, service));
	AdmServiceView view;

	(void) adm_services_view(service, &view);
	if (adm_services_view_is_paused(&view))
		return errdetail("Service \"%s\" is paused, %s.", view.name, why_paused(&view));
	if (cap.active != ADM_NO_CAP)
		return errdetail("Service \"%s\" comes back step by step; sessions starting: %u of at most %u, waiting: %u.",
						 view.name, now.active, cap.active, now.waiting);
	if (cap.present == ADM_NO_CAP)
		return errdetail("Service \"%s\" has no limit any more.", view.name);
	if (view.state.phase == ADM_SERVICE_RESUMING)
		return errdetail("Service \"%s\" comes back step by step; %s: %u of at most %u, waiting: %u.",
						 view.name, what, now.present, cap.present, now.waiting);
	return errdetail("Service \"%s\" has a limit; %s: %u of at most %u, waiting: %u.",
					 view.name, what, now.present, cap.present, now.waiting);
}

int
adm_service_refusal_hint(int service)
{
	AdmServiceView view;

	(void) adm_services_view(service, &view);
	if (view.paused_by_setting)
		return errhint("Try again later. An administrator can see \"admission.services\", and take it out of \"pg_admission.paused_services\".");
	if (adm_services_view_is_paused(&view))
		return errhint("Try again later. An administrator can see \"admission.services\", and bring it back with admission.resume_service().");
	if (view.state.phase == ADM_SERVICE_RESUMING)
		return errhint("Try again later. An administrator can see \"admission.services\", and open it at once with admission.resume_service(..., over => '0').");
	return errhint("Try again later. An administrator can see \"admission.services\", and change its limit in \"pg_admission.services\".");
}
