/*
 * findings.c - what health checks find, to be sorted by what to do first.
 */
#include "postgres.h"

#include "findings.h"
#include "mb/pg_wchar.h"

#define FIRST_ROOM	64

static const char *const severity_names[] = {"blocking", "warning", "unknown", "notice", "ok"};

const char *
adm_severity_name(AdmSeverity severity)
{
	return severity_names[severity];
}

AdmSeverity
adm_severity_by_name(const char *name)
{
	for (int i = 0; i < lengthof(severity_names); i++)
	{
		if (name && strcmp(name, severity_names[i]) == 0)
			return (AdmSeverity) i;
	}
	elog(ERROR, "unknown severity: %s", name ? name : "null");
}

AdmFindings
adm_findings_none(void)
{
	AdmFindings all = {.room = FIRST_ROOM};

	all.findings = palloc(all.room * sizeof(AdmFinding));
	return all;
}

void
adm_findings_add(AdmFindings *all, AdmFinding finding)
{
	if (all->count == all->room)
	{
		all->room *= 2;
		all->findings = repalloc_huge(all->findings, all->room * sizeof(AdmFinding));
	}
	finding.place = all->count;
	all->findings[all->count++] = finding;
}

static int
compare(const void *a, const void *b)
{
	const AdmFinding *one = a;
	const AdmFinding *other = b;

	if (one->severity != other->severity)
		return one->severity < other->severity ? -1 : 1;
	return one->place < other->place ? -1 : 1;
}

void
adm_findings_sort(AdmFindings *all)
{
	qsort(all->findings, all->count, sizeof(AdmFinding), compare);
}

void
adm_findings_clip(char *to, Size size, const char *text)
{
	int			length = pg_mbcliplen(text, (int) strlen(text), (int) size - 1);

	memcpy(to, text, length);
	to[length] = '\0';
}
