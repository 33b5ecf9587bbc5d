/*
 * service_use.c - the processor time that the sessions of each service use.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "miscadmin.h"
#include "permits.h"
#include "samples.h"
#include "service_use.h"

void
adm_service_use_read(AdmServiceUse *use)
{
	AdmBackendSample *samples = adm_samples_backends();

	memset(use, 0, sizeof(*use));
	for (int i = 0; i < MaxBackends; i++)
	{
		if (adm_permits_slot_state(ADM_GATE_CONNECTION, i) == ADM_SLOT_FREE ||
			samples[i].pid == 0 || samples[i].pid != adm_compat_pid(&ProcGlobal->allProcs[i]) ||
			isnan(samples[i].cpu))
			continue;
		use->of_service[adm_permits_slot_service(ADM_GATE_CONNECTION, i)] += samples[i].cpu;
		use->of_all += samples[i].cpu;
		use->known = true;
	}
	pfree(samples);
}
