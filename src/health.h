/*
 * health.h - runs the health checks on the database of this session.
 */
#ifndef ADM_HEALTH_H
#define ADM_HEALTH_H

typedef enum AdmSeverity
{
	ADM_SEVERITY_BLOCKING,
	ADM_SEVERITY_WARNING,
	ADM_SEVERITY_NOTICE,
	ADM_SEVERITY_OK
} AdmSeverity;

typedef struct AdmFinding
{
	AdmSeverity severity;
	int			place;			/* of the check, then of the finding in it */
	const char *check;
	char	   *object;			/* NULL: none, as the next three */
	char	   *evidence;
	char	   *cost;
	char	   *remedy;
} AdmFinding;

typedef struct AdmFindings
{
	AdmFinding *findings;
	int			count;
	int			room;
} AdmFindings;

/* blocking | warning | notice | ok */
extern const char *adm_severity_name(AdmSeverity severity);

/*
 * Runs the checks, or only those that may block, with the rights of the current
 * user, inside a transaction with a snapshot.  A check that fails, runs for
 * longer than 5 s or would wait for a lock becomes a notice.  The profile is of
 * health_profile(), or NULL.  Findings are worst first, palloc'd in the current
 * memory context; what is blocking is recorded as this database's verdict.
 */
extern AdmFindings adm_health_run(bool may_block_only, const char *profile);

#endif							/* ADM_HEALTH_H */
