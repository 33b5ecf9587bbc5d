/*
 * report.h - what the gate's state means, in words.
 */
#ifndef ADM_REPORT_H
#define ADM_REPORT_H

#include "counters.h"
#include "fitness.h"
#include "permits.h"
#include "samples.h"
#include "state.h"

/* Everything there is to tell, read once. */
typedef struct AdmReport
{
	AdmMode		mode;
	AdmWarmupState state;
	AdmControllerState controller;
	AdmCounts	counts[ADM_GATE_COUNT];
	AdmCounts	cap[ADM_GATE_COUNT];	/* ADM_NO_CAP in a field: none */
	int			exempt;			/* sessions, the lane's included */
	int			lane;
	int			transactions[ADM_SLOT_STATE_COUNT]; /* by what they hold */
	AdmTotals	totals;
	AdmMachineSample sample;
	AdmFitness	fitness;
	AdmShut		services;
	bool		gates_hold;		/* somebody waits, and not for its service */
	int			lock_waiters;
} AdmReport;

extern void adm_report_read(AdmReport *report);

/* Transactions past their gate, but those that are lent. */
extern int	adm_report_running(const AdmReport *report);

/* open | warming | holding | off */
extern const char *adm_report_phase(const AdmReport *report);

/*
 * Whether most sessions are exempt, so that the caps bind few; never with so
 * few sessions that nobody needs to hear of it.
 */
extern bool adm_report_mostly_exempt(int exempt, int gated);

/* Why the phase is what it is; palloc'd. */
extern char *adm_report_phase_reason(const AdmReport *report);

/* What to type next; palloc'd. */
extern char *adm_report_advice(const AdmReport *report);

#endif							/* ADM_REPORT_H */
