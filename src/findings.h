/*
 * findings.h - what health checks find, to be sorted by what to do first.
 */
#ifndef ADM_FINDINGS_H
#define ADM_FINDINGS_H

typedef enum AdmSeverity
{
	ADM_SEVERITY_BLOCKING,
	ADM_SEVERITY_WARNING,
	ADM_SEVERITY_UNKNOWN,		/* something could not be looked at */
	ADM_SEVERITY_NOTICE,
	ADM_SEVERITY_OK				/* the check found nothing */
} AdmSeverity;

typedef struct AdmFinding
{
	AdmSeverity severity;
	int			place;			/* the order in which they were added */
	const char *check;
	const char *object;			/* NULL: none, as the next three */
	const char *evidence;
	const char *cost;
	const char *remedy;
} AdmFinding;

typedef struct AdmFindings
{
	AdmFinding *findings;		/* palloc'd */
	int			count;
	int			room;
} AdmFindings;

/* blocking | warning | unknown | notice | ok */
extern const char *adm_severity_name(AdmSeverity severity);

/* The reverse; an error where there is no such word. */
extern AdmSeverity adm_severity_by_name(const char *name);

/* In the current memory context, with room for some. */
extern AdmFindings adm_findings_none(void);

/* Adds a copy; its place is given here. */
extern void adm_findings_add(AdmFindings *all, AdmFinding finding);

/* Worst first, and then in the order in which they were added. */
extern void adm_findings_sort(AdmFindings *all);

/* Copies so much of a text of this database as fits, in whole characters. */
extern void adm_findings_clip(char *to, Size size, const char *text);

#endif							/* ADM_FINDINGS_H */
