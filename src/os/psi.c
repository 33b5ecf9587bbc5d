/*
 * psi.c - pressure stall information.
 */
#include "psi.h"

#include <stdio.h>
#include <string.h>

#include "files.h"
#include "text.h"

#define PATH_SIZE	4096
#define TEXT_SIZE	1024

/* The "total=" of a line that begins with key, in microseconds. */
static int64_t
total_of(const char *text, const char *key)
{
	const char *line = adm_text_after(text, key);
	const char *total;
	int64_t		total_us;

	if (line == NULL)
		return ADM_UNKNOWN;
	total = strstr(line, "total=");
	if (total == NULL || total > line + strcspn(line, "\n"))
		return ADM_UNKNOWN;
	total += strlen("total=");
	return adm_text_number(&total, &total_us) ? total_us : ADM_UNKNOWN;
}

/*
 * Changes nothing unless it is known how long some stood still, lest a part of
 * one source mix with another.  full_us may be NULL.
 */
static bool
read_stalls(const char *prefix, const char *name, const char *suffix,
			int64_t *some_us, int64_t *full_us)
{
	char		path[PATH_SIZE];
	char		text[TEXT_SIZE];
	int64_t		some;

	if (snprintf(path, sizeof(path), "%s%s%s", prefix, name, suffix) >= (int) sizeof(path) ||
		adm_file_read(path, text, sizeof(text)) < 0)
		return false;
	some = total_of(text, "some ");
	if (some < 0)
		return false;
	*some_us = some;
	if (full_us)
		*full_us = total_of(text, "full ");
	return true;
}

bool
adm_psi_read(const char *prefix, const char *suffix, AdmReading *r)
{
	bool		cpu = read_stalls(prefix, "cpu", suffix, &r->cpu_some_us, NULL);
	bool		memory = read_stalls(prefix, "memory", suffix,
									 &r->memory_some_us, &r->memory_full_us);
	bool		io = read_stalls(prefix, "io", suffix,
								 &r->io_some_us, &r->io_full_us);

	return cpu || memory || io;
}
