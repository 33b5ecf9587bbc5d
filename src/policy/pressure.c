/*
 * pressure.c - from two readings to pressure.
 *
 * cpu_demand is (time running + time waiting for a processor) / (elapsed x
 * usable cores), so that 1.0 is exactly busy and 3.0 means two waiters for each
 * runner.  Both parts have several sources; the first that is known is taken.
 */
#include "pressure.h"

#include <math.h>
#include <stdio.h>

#define NS_PER_US	1e3
#define US_PER_S	1e6

void
adm_reading_clear(AdmReading *r)
{
	*r = (AdmReading)
	{
		.cores = NAN,
		.busy_ticks = ADM_UNKNOWN, .steal_ticks = ADM_UNKNOWN,
		.total_ticks = ADM_UNKNOWN,
		.run_ns = ADM_UNKNOWN, .wait_ns = ADM_UNKNOWN,
		.runnable = ADM_UNKNOWN,
		.group_run_ns = ADM_UNKNOWN, .group_periods = ADM_UNKNOWN,
		.group_throttled = ADM_UNKNOWN,
		.server_run_ns = ADM_UNKNOWN, .server_wait_ns = ADM_UNKNOWN,
		.cpu_some_us = ADM_UNKNOWN,
		.memory_some_us = ADM_UNKNOWN, .memory_full_us = ADM_UNKNOWN,
		.io_some_us = ADM_UNKNOWN, .io_full_us = ADM_UNKNOWN,
		.memory_limit = ADM_UNKNOWN, .memory_available = ADM_UNKNOWN,
		.load1 = NAN, .load5 = NAN, .load15 = NAN
	};
}

void
adm_pressure_clear(AdmPressure *p)
{
	*p = (AdmPressure)
	{
		.window_s = NAN, .cores = NAN, .cpu_demand = NAN, .cpu_used = NAN,
		.run_queue_wait = NAN, .runnable_backends = NAN,
		.cpu_some = NAN, .memory_some = NAN, .memory_full = NAN,
		.io_some = NAN, .io_full = NAN,
		.load1 = NAN, .load5 = NAN, .load15 = NAN,
		.throttled = NAN, .steal = NAN,
		.memory_limit = NAN, .memory_available = NAN, .memory_used = NAN
	};
}

/* How much a counter grew, or NaN. */
static double
growth(int64_t before, int64_t after)
{
	if (before < 0 || after < before)
		return NAN;
	return (double) (after - before);
}

/* NaN also where there is nothing to share. */
static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static double
at_most_one(double x)
{
	return x > 1 ? 1 : x;
}

/* Sums over other processors than before would count all that these ever did. */
static bool
same_cpus(const AdmReading *a, const AdmReading *b)
{
	return a->cpus == b->cpus;
}

/* The first known of the candidates, and where it came from. */
typedef struct Candidate
{
	double		value;
	AdmCpuSource source;
} Candidate;

static double
first_known(const Candidate *candidates, size_t count, AdmCpuSource *source)
{
	for (size_t i = 0; i < count; i++)
	{
		if (isnan(candidates[i].value))
			continue;
		*source = candidates[i].source;
		return candidates[i].value;
	}
	*source = ADM_CPU_NONE;
	return NAN;
}

/* Cores' worth of running: of the group that a quota limits, else of all. */
static double
cores_running(const AdmReading *a, const AdmReading *b, double window_ns,
			  AdmCpuSource *source)
{
	double		group = growth(a->group_run_ns, b->group_run_ns) / window_ns;
	double		machine = growth(a->run_ns, b->run_ns) / window_ns;
	double		ticks = share(growth(a->busy_ticks, b->busy_ticks),
							  growth(a->total_ticks, b->total_ticks)) * b->cpus;
	bool		all = !b->limited && same_cpus(a, b);
	double		server = growth(a->server_run_ns, b->server_run_ns) / window_ns;
	const Candidate candidates[] = {
		{b->limited ? group : NAN, ADM_CPU_GROUP},
		{all ? machine : NAN, ADM_CPU_MACHINE},
		{all ? ticks : NAN, ADM_CPU_STAT},
		{server, ADM_CPU_PROCESSES}
	};

	return first_known(candidates, sizeof(candidates) / sizeof(candidates[0]), source);
}

/*
 * How many wait for a processor, on average.  The last source only sees who is
 * runnable at the moment, ourselves included.
 */
static double
tasks_waiting(const AdmReading *a, const AdmReading *b, double window_ns,
			  double running, AdmCpuSource *source)
{
	double		machine = growth(a->wait_ns, b->wait_ns) / window_ns;
	double		server = growth(a->server_wait_ns, b->server_wait_ns) / window_ns;
	double		stat = b->runnable < 0 ? NAN :
	fmax((double) b->runnable - 1 - (isnan(running) ? 0 : running), 0);
	const Candidate candidates[] = {
		{!b->limited && same_cpus(a, b) ? machine : NAN, ADM_CPU_MACHINE},
		{server, ADM_CPU_PROCESSES},
		{b->limited ? NAN : stat, ADM_CPU_STAT}
	};

	return first_known(candidates, sizeof(candidates) / sizeof(candidates[0]), source);
}

static void
judge_cpu(const AdmReading *a, const AdmReading *b, double window_ns,
		  AdmPressure *p)
{
	double		running = cores_running(a, b, window_ns, &p->run_source);
	double		waiting = tasks_waiting(a, b, window_ns, running, &p->wait_source);
	double		server_run = growth(a->server_run_ns, b->server_run_ns);
	double		server_wait = growth(a->server_wait_ns, b->server_wait_ns);

	p->cores = b->cores;
	p->cpu_used = at_most_one(share(running, b->cores));
	p->cpu_demand = share(running + (isnan(waiting) ? 0 : waiting), b->cores);
	p->run_queue_wait = share(server_wait, server_run + server_wait);
	p->runnable_backends = (server_run + (isnan(server_wait) ? 0 : server_wait)) / window_ns;
	p->throttled = at_most_one(share(growth(a->group_throttled, b->group_throttled),
									 growth(a->group_periods, b->group_periods)));
	if (same_cpus(a, b))
		p->steal = at_most_one(share(growth(a->steal_ticks, b->steal_ticks),
									 growth(a->total_ticks, b->total_ticks)));
}

static void
judge_memory(const AdmReading *b, AdmPressure *p)
{
	p->group_memory = b->group_memory;
	if (b->memory_limit < 0 || b->memory_available < 0)
		return;
	p->memory_limit = (double) b->memory_limit;
	p->memory_available = (double) b->memory_available;
	p->memory_used = 1 - at_most_one(share(p->memory_available, p->memory_limit));
}

static double
stalled(int64_t before, int64_t after, double window_us)
{
	return at_most_one(growth(before, after) / window_us);
}

static void
judge_stalls(const AdmReading *a, const AdmReading *b, double window_us,
			 AdmPressure *p)
{
	p->group_psi = b->group_psi;
	if (a->group_psi != b->group_psi)
		return;
	p->cpu_some = stalled(a->cpu_some_us, b->cpu_some_us, window_us);
	p->memory_some = stalled(a->memory_some_us, b->memory_some_us, window_us);
	p->memory_full = stalled(a->memory_full_us, b->memory_full_us, window_us);
	p->io_some = stalled(a->io_some_us, b->io_some_us, window_us);
	p->io_full = stalled(a->io_full_us, b->io_full_us, window_us);
}

void
adm_pressure_between(const AdmReading *before, const AdmReading *after,
					 AdmPressure *p)
{
	double		window_us = growth(before->at_us, after->at_us);

	adm_pressure_clear(p);
	p->load1 = after->load1;
	p->load5 = after->load5;
	p->load15 = after->load15;
	judge_memory(after, p);
	if (!(window_us > 0))
		return;
	p->window_s = window_us / US_PER_S;
	judge_cpu(before, after, window_us * NS_PER_US, p);
	judge_stalls(before, after, window_us, p);
}

static const char *
run_source_name(AdmCpuSource source)
{
	switch (source)
	{
		case ADM_CPU_MACHINE:
			return "/proc/schedstat";
		case ADM_CPU_GROUP:
			return "control group";
		case ADM_CPU_STAT:
			return "/proc/stat";
		case ADM_CPU_PROCESSES:
			return "/proc/<pid>/schedstat";
		case ADM_CPU_NONE:
			break;
	}
	return "none";
}

void
adm_pressure_sources(const AdmPressure *p, char *text, size_t size)
{
	snprintf(text, size, "running: %s; waiting: %s; stalls: %s; memory: %s",
			 run_source_name(p->run_source),
			 run_source_name(p->wait_source),
			 isnan(p->cpu_some) && isnan(p->io_some) && isnan(p->memory_some) ? "none" :
			 p->group_psi ? "control group" : "/proc/pressure",
			 isnan(p->memory_limit) ? "none" :
			 p->group_memory ? "control group" : "/proc/meminfo");
}
