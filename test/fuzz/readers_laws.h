/*
 * readers_laws.h - what is true of all that the readers of src/os say, whatever
 * the files said.
 */
#ifndef ADM_TEST_READERS_LAWS_H
#define ADM_TEST_READERS_LAWS_H

#include <ctype.h>
#include <math.h>

#include "laws.h"
#include "os/process.h"
#include "os/sampler.h"
#include "policy/pressure.h"

#define LAW_MISSES_ALL \
	(ADM_MISSES_STAT | ADM_MISSES_LOAD | ADM_MISSES_MEMORY | ADM_MISSES_PRESSURE)

static inline bool
law_is_counter(int64_t counter)
{
	return counter >= ADM_UNKNOWN;
}

static inline bool
law_is_load(double load)
{
	return isnan(load) || (load >= 0 && load < 1e9);
}

static inline void
law_cpu(const char *label, const AdmReading *r)
{
	LAW(r->cores > 0 && r->cores < 1e6, label);
	LAW(r->cpus >= 0, label);
	LAW(r->cpus == 0 || r->limited || r->cores == r->cpus, label);
	LAW(r->cpus == 0 || r->cores <= r->cpus, label);
	if (r->cpus > 0)
	{
		LAW(r->busy_ticks >= 0 && r->steal_ticks >= 0, label);
		LAW(r->busy_ticks <= r->total_ticks - r->steal_ticks, label);
	}
	else
	{
		LAW(r->busy_ticks == ADM_UNKNOWN && r->steal_ticks == ADM_UNKNOWN, label);
		LAW(r->total_ticks == ADM_UNKNOWN && r->runnable == ADM_UNKNOWN, label);
	}
	LAW(law_is_counter(r->runnable), label);
	LAW(law_is_counter(r->run_ns) && law_is_counter(r->wait_ns), label);
	LAW((r->run_ns < 0) == (r->wait_ns < 0), label);
	LAW(law_is_load(r->load1) && law_is_load(r->load5) && law_is_load(r->load15), label);
	LAW(isnan(r->load1) == isnan(r->load5) && isnan(r->load1) == isnan(r->load15), label);
}

static inline void
law_group(const char *label, const AdmReading *r)
{
	LAW(law_is_counter(r->group_run_ns), label);
	LAW(law_is_counter(r->group_periods), label);
	LAW(law_is_counter(r->group_throttled), label);
	LAW(r->limited || (r->group_run_ns < 0 && r->group_periods < 0 && r->group_throttled < 0),
		label);
	LAW((r->memory_limit == ADM_UNKNOWN) == (r->memory_available == ADM_UNKNOWN), label);
	LAW(r->memory_limit == ADM_UNKNOWN ||
		(r->memory_available >= 0 && r->memory_available <= r->memory_limit), label);
	LAW(r->memory_limit != 0, label);
	LAW(!r->group_memory || r->memory_limit != ADM_UNKNOWN, label);
}

/* All tasks stand still only where some do. */
static inline void
law_stalls(const char *label, const AdmReading *r)
{
	LAW(law_is_counter(r->cpu_some_us), label);
	LAW(law_is_counter(r->memory_some_us) && law_is_counter(r->memory_full_us), label);
	LAW(law_is_counter(r->io_some_us) && law_is_counter(r->io_full_us), label);
	LAW(r->memory_some_us >= 0 || r->memory_full_us < 0, label);
	LAW(r->io_some_us >= 0 || r->io_full_us < 0, label);
}

static inline void
law_misses(const char *label, const AdmReading *r, uint32_t misses)
{
	bool		stalls = r->cpu_some_us >= 0 || r->memory_some_us >= 0 || r->io_some_us >= 0;

	LAW((misses & ~(uint32_t) LAW_MISSES_ALL) == 0, label);
	LAW(((misses & ADM_MISSES_STAT) != 0) == (r->cpus == 0), label);
	LAW(((misses & ADM_MISSES_LOAD) != 0) == isnan(r->load1), label);
	LAW(((misses & ADM_MISSES_PRESSURE) != 0) == !stalls, label);
	LAW((misses & ADM_MISSES_MEMORY) != 0 || r->memory_limit > 0, label);
}

/* A reading of a sampler to which no number of cores was given. */
static inline void
law_reading(const char *label, const AdmReading *r, uint32_t misses)
{
	law_cpu(label, r);
	law_group(label, r);
	law_stalls(label, r);
	law_misses(label, r, misses);
}

static inline void
law_process_time(const char *label, const AdmProcessTime *time, bool known)
{
	LAW(law_is_counter(time->run_ns) && law_is_counter(time->wait_ns), label);
	LAW(known == (time->run_ns >= 0), label);
	LAW(known || time->wait_ns < 0, label);
}

static inline void
law_process_use(const char *label, const AdmProcessUse *use, bool known)
{
	LAW(law_is_counter(use->memory_bytes), label);
	LAW(law_is_counter(use->read_bytes) && law_is_counter(use->write_bytes), label);
	LAW(known == (use->memory_bytes >= 0 || use->read_bytes >= 0 || use->write_bytes >= 0), label);
}

/* 32 hexadecimal digits and any dashes, or nothing. */
static inline void
law_host_id(const char *id, size_t size)
{
	int			digits = 0;

	LAW(strnlen(id, size) < size, "id");
	for (const char *c = id; *c != '\0'; c++)
	{
		LAW(isxdigit((unsigned char) *c) || *c == '-', id);
		digits += *c != '-';
	}
	LAW(id[0] == '\0' || digits == 32, id);
}

static inline bool
law_is_share(double share)
{
	return isnan(share) || (share >= 0 && share <= 1);
}

static inline bool
law_is_figure(double figure)
{
	return isnan(figure) || (isfinite(figure) && figure >= 0);
}

static inline void
law_pressure(const char *label, const AdmPressure *p)
{
	LAW(law_is_share(p->cpu_used) && law_is_share(p->run_queue_wait), label);
	LAW(law_is_share(p->cpu_some), label);
	LAW(law_is_share(p->memory_some) && law_is_share(p->memory_full), label);
	LAW(law_is_share(p->io_some) && law_is_share(p->io_full), label);
	LAW(law_is_share(p->throttled) && law_is_share(p->steal), label);
	LAW(law_is_share(p->memory_used), label);
	LAW(law_is_figure(p->window_s) && law_is_figure(p->cores), label);
	LAW(law_is_figure(p->cpu_demand) && law_is_figure(p->runnable_backends), label);
	LAW(law_is_figure(p->load1) && law_is_figure(p->load5) && law_is_figure(p->load15), label);
	LAW(law_is_figure(p->memory_limit) && law_is_figure(p->memory_available), label);
}

#endif							/* ADM_TEST_READERS_LAWS_H */
