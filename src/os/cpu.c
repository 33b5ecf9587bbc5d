/*
 * cpu.c - what the kernel says of the processors and of who wants them.
 */
#include "cpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "text.h"

/* More than a machine of many hundreds of processors and interrupts needs. */
#define TEXT_SIZE		(2 * 1024 * 1024)

#define MOST_CPUS		8192
#define BITS			64

/* In a line of proc/schedstat, before the time run. */
#define WORDS_BEFORE_RUN	6

typedef struct CpuSet
{
	bool		known;
	uint64_t	bits[MOST_CPUS / BITS];
} CpuSet;

static void
add_range(CpuSet *set, int64_t first, int64_t last)
{
	for (int64_t cpu = first; cpu <= last && cpu < MOST_CPUS; cpu++)
		set->bits[cpu / BITS] |= UINT64_C(1) << (cpu % BITS);
}

/* As in "0-3,8,10-11". */
static bool
parse_list(const char *at, CpuSet *set)
{
	do
	{
		int64_t		first;
		int64_t		last;

		if (!adm_text_number(&at, &first))
			return false;
		last = first;
		if (*at == '-')
		{
			at++;
			if (!adm_text_number(&at, &last))
				return false;
		}
		add_range(set, first, last);
	} while (*at++ == ',');
	return true;
}

/* The processors that this process may use; unknown means all. */
static void
read_allowed(const char *root, CpuSet *set)
{
	char		text[16 * 1024];
	const char *list;

	memset(set, 0, sizeof(*set));
	if (adm_file_read_below(root, "/proc/self/status", text, sizeof(text)) < 0)
		return;
	list = adm_text_after(text, "Cpus_allowed_list:");
	set->known = list != NULL && parse_list(list, set);
}

static bool
is_allowed(const CpuSet *set, int64_t cpu)
{
	if (!set->known)
		return true;
	return cpu < MOST_CPUS && (set->bits[cpu / BITS] >> (cpu % BITS) & 1) != 0;
}

/*
 * The next line of an allowed processor, "cpuN ...", from *at on: *at is moved
 * to its end, and what stands behind the number is returned; NULL: no more.
 */
static const char *
next_cpu(const char **at, const CpuSet *set)
{
	const char *line;

	while ((line = adm_text_after(*at, "cpu")) != NULL)
	{
		int64_t		cpu;

		*at = line + strcspn(line, "\n");
		if (*line >= '0' && *line <= '9' && adm_text_number(&line, &cpu) &&
			is_allowed(set, cpu))
			return line;
	}
	return NULL;
}

/* False: it does not fit, and is no time that passed on any machine. */
static bool
add_to(int64_t *sum, int64_t number)
{
	if (number > INT64_MAX - *sum)
		return false;
	*sum += number;
	return true;
}

/* user nice system idle iowait irq softirq steal; user holds guest already. */
static bool
add_ticks(const char *at, AdmReading *r)
{
	int64_t		ticks[8];

	for (int i = 0; i < 8; i++)
	{
		if (!adm_text_number(&at, &ticks[i]) || !add_to(&r->total_ticks, ticks[i]))
			return false;
	}
	/* Parts of a sum that fits. */
	r->busy_ticks += ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
	r->steal_ticks += ticks[7];
	return true;
}

static bool
parse_stat(const char *text, const CpuSet *set, AdmReading *r)
{
	const char *at = text;
	const char *line;

	r->busy_ticks = r->steal_ticks = r->total_ticks = 0;
	r->cpus = 0;
	while ((line = next_cpu(&at, set)) != NULL)
	{
		if (!add_ticks(line, r))
			return false;
		r->cpus++;
	}
	r->runnable = adm_text_number_after(text, "procs_running");
	return r->cpus > 0;
}

/* The caller reads one at a time. */
static char *
large_buffer(void)
{
	static char *buffer = NULL;

	if (buffer == NULL)
		buffer = malloc(TEXT_SIZE);
	return buffer;
}

bool
adm_cpu_read_stat(const char *root, AdmReading *r)
{
	CpuSet		set;
	char	   *text = large_buffer();

	read_allowed(root, &set);
	if (text != NULL &&
		adm_file_read_below(root, "/proc/stat", text, TEXT_SIZE) >= 0 &&
		parse_stat(text, &set, r))
		return true;
	r->busy_ticks = r->steal_ticks = r->total_ticks = r->runnable = ADM_UNKNOWN;
	r->cpus = 0;
	return false;
}

static bool
parse_schedstat(const char *text, const CpuSet *set, AdmReading *r)
{
	const char *at = text;
	const char *line;
	int			cpus = 0;

	r->run_ns = r->wait_ns = 0;
	while ((line = next_cpu(&at, set)) != NULL)
	{
		int64_t		run_ns;
		int64_t		wait_ns;

		if (!adm_text_skip_words(&line, WORDS_BEFORE_RUN) ||
			!adm_text_number(&line, &run_ns) || !adm_text_number(&line, &wait_ns) ||
			!add_to(&r->run_ns, run_ns) || !add_to(&r->wait_ns, wait_ns))
			return false;
		cpus++;
	}
	return cpus > 0;
}

bool
adm_cpu_read_schedstat(const char *root, AdmReading *r)
{
	CpuSet		set;
	char	   *text = large_buffer();

	read_allowed(root, &set);
	if (text != NULL &&
		adm_file_read_below(root, "/proc/schedstat", text, TEXT_SIZE) >= 0 &&
		parse_schedstat(text, &set, r))
		return true;
	r->run_ns = r->wait_ns = ADM_UNKNOWN;
	return false;
}

bool
adm_cpu_read_load(const char *root, AdmReading *r)
{
	char		text[256];
	char	   *at = text;
	double		load[3];

	if (adm_file_read_below(root, "/proc/loadavg", text, sizeof(text)) < 0)
		return false;
	for (int i = 0; i < 3; i++)
	{
		char	   *end;

		load[i] = strtod(at, &end);
		if (end == at || !(load[i] >= 0 && load[i] < 1e9))
			return false;
		at = end;
	}
	r->load1 = load[0];
	r->load5 = load[1];
	r->load15 = load[2];
	return true;
}
