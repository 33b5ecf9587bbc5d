/*
 * sampler.c - reads everything there is to know of the machine at a moment.
 */
#include "sampler.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "host.h"
#include "memory.h"
#include "psi.h"

#define PATH_SIZE	1024

/* A server may be moved to another control group while it runs. */
#define FIND_GROUP_EVERY	60

void
adm_sampler_init(AdmSampler *s, const char *root)
{
	memset(s, 0, sizeof(*s));
	s->root = root;
	s->readings = FIND_GROUP_EVERY;
}

static void
find_group(AdmSampler *s)
{
	if (s->readings++ < FIND_GROUP_EVERY)
		return;
	s->readings = 1;
	s->has_group = adm_cgroup_find(s->root, &s->group);
}

static bool
read_machine_stalls(const AdmSampler *s, AdmReading *r)
{
	char		prefix[PATH_SIZE];

	return snprintf(prefix, sizeof(prefix), "%s/proc/pressure/", s->root) < (int) sizeof(prefix) &&
		adm_psi_read(prefix, "", r);
}

uint32_t
adm_sampler_read(AdmSampler *s, int cores, AdmReading *r)
{
	uint32_t	misses = 0;

	find_group(s);
	adm_reading_clear(r);
	r->at_us = adm_clock_us();
	if (!adm_cpu_read_stat(s->root, r))
		misses |= ADM_MISSES_STAT;
	(void) adm_cpu_read_schedstat(s->root, r);
	if (!adm_cpu_read_load(s->root, r))
		misses |= ADM_MISSES_LOAD;
	if (!adm_memory_read(s->root, r))
		misses |= ADM_MISSES_MEMORY;
	r->cores = r->cpus > 0 ? r->cpus : adm_host_usable_cores();
	if (s->has_group)
		adm_cgroup_read(&s->group, r);
	if (!r->group_psi && !read_machine_stalls(s, r))
		misses |= ADM_MISSES_PRESSURE;
	if (cores > 0)
		r->cores = cores;
	return misses;
}

const char *
adm_sampler_source(uint32_t miss)
{
	switch (miss)
	{
		case ADM_MISSES_STAT:
			return "/proc/stat";
		case ADM_MISSES_LOAD:
			return "/proc/loadavg";
		case ADM_MISSES_MEMORY:
			return "/proc/meminfo";
		case ADM_MISSES_PRESSURE:
			return "/proc/pressure";
		case ADM_MISSES_PROCESSES:
			return "/proc/<pid>/schedstat";
	}
	return "";
}
