/*
 * report.h - what the gate's state means, in words.
 */
#ifndef ADM_REPORT_H
#define ADM_REPORT_H

#include "counters.h"
#include "permits.h"
#include "samples.h"
#include "state.h"

/* Everything there is to tell, read once. */
typedef struct AdmReport
{
	AdmMode		mode;
	AdmWarmupState state;
	AdmControllerState controller;
	AdmGateCounts gate;
	AdmCounts	cap;			/* ADM_NO_CAP in a field: none */
	AdmTotals	totals;
	AdmMachineSample sample;
} AdmReport;

extern void adm_report_read(AdmReport *report);

/* open | warming | holding | off */
extern const char *adm_report_phase(const AdmReport *report);

/*
 * Whether most sessions are exempt, so that the caps bind few; never with so
 * few sessions that nobody needs to hear of it.
 */
extern bool adm_report_mostly_exempt(const AdmGateCounts *gate);

/* Why the phase is what it is; palloc'd. */
extern char *adm_report_phase_reason(const AdmReport *report);

/* What to type next; palloc'd. */
extern char *adm_report_advice(const AdmReport *report);

#endif							/* ADM_REPORT_H */
