/*
 * health_checks.h - the checks of health/, as the build puts them into C.
 */
#ifndef ADM_HEALTH_CHECKS_H
#define ADM_HEALTH_CHECKS_H

typedef struct AdmHealthCheck
{
	const char *name;			/* and its heading in docs/health.md */
	bool		may_block;		/* it has blocking findings */
	bool		of_server;		/* and these are the same in each database */
	bool		compares;		/* it says nothing without a profile */

	/*
	 * A SELECT of severity, object, evidence, cost and remedy, all text; $1 is
	 * the number of processors, $2 the memory in bytes, $3 a profile, each
	 * maybe null.
	 */
	const char *query;
} AdmHealthCheck;

/* In the order in which to mend what they find. */
extern const AdmHealthCheck adm_health_checks[];
extern const int adm_health_check_count;

/* A SELECT of one jsonb: the profile of this instance. */
extern const char adm_health_profile_query[];

#endif							/* ADM_HEALTH_CHECKS_H */
