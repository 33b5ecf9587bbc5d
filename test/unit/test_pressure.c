/*
 * test_pressure.c - tests of the way from two readings to pressure.
 */
#include "rows.h"

#include <math.h>

#include "policy/pressure.h"
#include "seeded.h"

/* Short words for the tables. */
#define NONE		ADM_CPU_NONE
#define MACHINE		ADM_CPU_MACHINE
#define GROUP		ADM_CPU_GROUP
#define STAT		ADM_CPU_STAT
#define PROCESSES	ADM_CPU_PROCESSES

/* Equal, as near as doubles get, or both unknown. */
static bool
same_figure(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return fabs(a - b) < 1e-9;
}

#define assert_figure(label, actual, expected) \
	do { \
		if (!same_figure((actual), (expected))) \
			fail_msg("%s: %s is %g, expected %g", (label), #actual, \
					 (double) (actual), (double) (expected)); \
	} while (0)

typedef struct Case
{
	AdmReading	before;
	AdmReading	after;
} Case;

/*
 * Two seconds of four cores: by /proc/schedstat two tasks run and one waits, by
 * /proc/stat 1.5 run and 3.5 are runnable beside us, the group runs 1.25 cores'
 * worth and the server's processes half a core's and wait as long as a quarter.
 */
static Case
ordinary(void)
{
	Case		c;
	AdmReading *a = &c.before;
	AdmReading *b = &c.after;

	adm_reading_clear(a);
	a->at_us = 5000000;
	a->cores = 4;
	a->cpus = 4;
	a->busy_ticks = 1000;
	a->steal_ticks = 50;
	a->total_ticks = 9000;
	a->run_ns = 700;
	a->wait_ns = 800;
	a->runnable = 99;
	a->group_run_ns = 300;
	a->group_periods = 40;
	a->group_throttled = 10;
	a->server_run_ns = 0;
	a->server_wait_ns = 0;
	a->cpu_some_us = 10;
	a->memory_some_us = 20;
	a->memory_full_us = 30;
	a->io_some_us = 40;
	a->io_full_us = 50;
	a->memory_limit = 1;
	a->memory_available = 1;
	a->load1 = a->load5 = a->load15 = 99;

	*b = *a;
	b->at_us += 2000000;
	b->busy_ticks += 300;
	b->steal_ticks += 40;
	b->total_ticks += 800;
	b->run_ns += INT64_C(4000000000);
	b->wait_ns += INT64_C(2000000000);
	b->runnable = 6;
	b->group_run_ns += INT64_C(2500000000);
	b->group_periods += 20;
	b->group_throttled += 5;
	b->server_run_ns += INT64_C(1000000000);
	b->server_wait_ns += INT64_C(500000000);
	b->cpu_some_us += 1000000;
	b->memory_some_us += 800000;
	b->memory_full_us += 600000;
	b->io_some_us += 400000;
	b->io_full_us += 200000;
	b->memory_limit = 1000;
	b->memory_available = 250;
	b->load1 = 1.5;
	b->load5 = 2.5;
	b->load15 = 3.5;
	return c;
}

/*
 * What is changed of it.
 */

typedef void (*Change) (Case *c);

static void
limited(Case *c)
{
	c->before.limited = c->after.limited = true;
	c->after.cores = 2.5;
}

static void
no_schedstat(Case *c)
{
	c->after.run_ns = c->after.wait_ns = ADM_UNKNOWN;
}

static void
no_schedstat_before(Case *c)
{
	c->before.run_ns = c->before.wait_ns = ADM_UNKNOWN;
}

static void
schedstat_backwards(Case *c)
{
	c->after.run_ns = c->before.run_ns - 1;
	c->after.wait_ns = c->before.wait_ns - 1;
}

static void
no_wait_in_schedstat(Case *c)
{
	c->after.wait_ns = ADM_UNKNOWN;
}

static void
no_stat(Case *c)
{
	c->after.busy_ticks = c->after.steal_ticks = c->after.total_ticks = ADM_UNKNOWN;
	c->after.runnable = ADM_UNKNOWN;
}

static void
no_ticks_passed(Case *c)
{
	c->after.busy_ticks = c->before.busy_ticks;
	c->after.steal_ticks = c->before.steal_ticks;
	c->after.total_ticks = c->before.total_ticks;
}

static void
ticks_backwards(Case *c)
{
	c->after.total_ticks = c->before.total_ticks - 1;
}

static void
more_steal_than_ticks(Case *c)
{
	c->after.steal_ticks += 5000;
}

static void
other_cpus(Case *c)
{
	c->after.cpus = 8;
	c->after.run_ns += INT64_C(3600000000000);
	c->after.wait_ns += INT64_C(3600000000000);
}

static void
no_group(Case *c)
{
	c->after.group_run_ns = ADM_UNKNOWN;
	c->after.group_periods = c->after.group_throttled = ADM_UNKNOWN;
}

static void
group_backwards(Case *c)
{
	c->after.group_run_ns = 0;
}

static void
no_periods_passed(Case *c)
{
	c->after.group_periods = c->before.group_periods;
}

static void
more_throttled_than_periods(Case *c)
{
	c->after.group_throttled += 1000;
}

static void
no_processes(Case *c)
{
	c->after.server_run_ns = c->after.server_wait_ns = ADM_UNKNOWN;
}

static void
no_wait_of_processes(Case *c)
{
	c->after.server_wait_ns = ADM_UNKNOWN;
}

static void
idle_server(Case *c)
{
	c->after.server_run_ns = c->before.server_run_ns;
	c->after.server_wait_ns = c->before.server_wait_ns;
}

static void
few_runnable(Case *c)
{
	c->after.runnable = 2;
}

static void
none_runnable(Case *c)
{
	c->after.runnable = 0;
}

static void
cores_unknown(Case *c)
{
	c->after.cores = NAN;
}

static void
no_cores(Case *c)
{
	c->after.cores = 0;
}

static void
overcommitted(Case *c)
{
	c->after.cores = 1;
}

static void
busy_to_the_brim(Case *c)
{
	c->after.run_ns = c->before.run_ns + INT64_C(8000000000);
	c->after.wait_ns = c->before.wait_ns + INT64_C(16000000000);
}

/*
 * Processors.
 */

#define MOST_CHANGES	5

typedef struct CpuRow
{
	const char *label;
	Change		changes[MOST_CHANGES];	/* ended by NULL */
	double		cpu_demand;
	double		cpu_used;
	double		run_queue_wait;
	double		runnable_backends;
	double		throttled;
	double		steal;
	AdmCpuSource run_source;
	AdmCpuSource wait_source;
} CpuRow;

#define THIRD	(1.0 / 3)

static const CpuRow cpu_rows[] = {
	{"all known", {NULL},
	0.75, 0.5, THIRD, 0.75, 0.25, 0.05, MACHINE, MACHINE},
	{"no schedstat: ticks, and the processes' waiting", {no_schedstat},
	0.4375, 0.375, THIRD, 0.75, 0.25, 0.05, STAT, PROCESSES},
	{"no schedstat before", {no_schedstat_before},
	0.4375, 0.375, THIRD, 0.75, 0.25, 0.05, STAT, PROCESSES},
	{"schedstat ran backwards", {schedstat_backwards},
	0.4375, 0.375, THIRD, 0.75, 0.25, 0.05, STAT, PROCESSES},
	{"schedstat without waiting", {no_wait_in_schedstat},
	0.5625, 0.5, THIRD, 0.75, 0.25, 0.05, MACHINE, PROCESSES},
	{"waiting from who is runnable", {no_schedstat, no_wait_of_processes},
	1.25, 0.375, NAN, 0.5, 0.25, 0.05, STAT, STAT},
	{"nobody but us and who runs", {no_schedstat, no_processes, few_runnable},
	0.375, 0.375, NAN, NAN, 0.25, 0.05, STAT, STAT},
	{"nobody runnable, though we are", {no_schedstat, no_processes, none_runnable},
	0.375, 0.375, NAN, NAN, 0.25, 0.05, STAT, STAT},
	{"only processes", {no_schedstat, no_stat, no_group},
	0.1875, 0.125, THIRD, 0.75, NAN, NAN, PROCESSES, PROCESSES},
	{"only processes, whose waiting is unknown",
		{no_schedstat, no_stat, no_group, no_wait_of_processes},
	0.125, 0.125, NAN, 0.5, NAN, NAN, PROCESSES, NONE},
	{"only schedstat", {no_stat, no_group, no_processes},
	0.75, 0.5, NAN, NAN, NAN, NAN, MACHINE, MACHINE},
	{"the group has no quota: no source", {no_schedstat, no_stat, no_processes},
	NAN, NAN, NAN, NAN, 0.25, NAN, NONE, NONE},
	{"nothing", {no_schedstat, no_stat, no_group, no_processes},
	NAN, NAN, NAN, NAN, NAN, NAN, NONE, NONE},
	{"no ticks passed", {no_schedstat, no_ticks_passed},
	0.1875, 0.125, THIRD, 0.75, 0.25, NAN, PROCESSES, PROCESSES},
	{"ticks ran backwards", {no_schedstat, ticks_backwards},
	0.1875, 0.125, THIRD, 0.75, 0.25, NAN, PROCESSES, PROCESSES},
	{"more stolen than passed", {more_steal_than_ticks},
	0.75, 0.5, THIRD, 0.75, 0.25, 1, MACHINE, MACHINE},
	{"other processors than before", {other_cpus},
	0.1875, 0.125, THIRD, 0.75, 0.25, NAN, PROCESSES, PROCESSES},
	{"other processors, processes unknown", {other_cpus, no_processes},
	NAN, NAN, NAN, NAN, 0.25, NAN, NONE, STAT},
	{"server idle", {idle_server},
	0.75, 0.5, NAN, 0, 0.25, 0.05, MACHINE, MACHINE},
	{"processes unknown", {no_processes},
	0.75, 0.5, NAN, NAN, 0.25, 0.05, MACHINE, MACHINE},
	{"three want each processor", {busy_to_the_brim},
	3, 1, THIRD, 0.75, 0.25, 0.05, MACHINE, MACHINE},
	{"more run than there are cores", {overcommitted},
	3, 1, THIRD, 0.75, 0.25, 0.05, MACHINE, MACHINE},
	{"cores unknown", {cores_unknown},
	NAN, NAN, THIRD, 0.75, 0.25, 0.05, MACHINE, MACHINE},
	{"no cores", {no_cores},
	NAN, NAN, THIRD, 0.75, 0.25, 0.05, MACHINE, MACHINE},
	{"quota: the group's running, the processes' waiting", {limited},
	0.6, 0.5, THIRD, 0.75, 0.25, 0.05, GROUP, PROCESSES},
	{"quota, no waiting of processes", {limited, no_wait_of_processes},
	0.5, 0.5, NAN, 0.5, 0.25, 0.05, GROUP, NONE},
	{"quota, no processes", {limited, no_processes},
	0.5, 0.5, NAN, NAN, 0.25, 0.05, GROUP, NONE},
	{"quota, no usage", {limited, no_group},
	0.3, 0.2, THIRD, 0.75, NAN, 0.05, PROCESSES, PROCESSES},
	{"quota, usage ran backwards", {limited, group_backwards},
	0.3, 0.2, THIRD, 0.75, 0.25, 0.05, PROCESSES, PROCESSES},
	{"quota, the machine is no source", {limited, no_group, no_processes},
	NAN, NAN, NAN, NAN, NAN, 0.05, NONE, NONE},
	{"quota, other processors than before", {limited, other_cpus},
	0.6, 0.5, THIRD, 0.75, 0.25, NAN, GROUP, PROCESSES},
	{"quota, no periods passed", {limited, no_periods_passed},
	0.6, 0.5, THIRD, 0.75, NAN, 0.05, GROUP, PROCESSES},
	{"quota, more throttled than periods", {limited, more_throttled_than_periods},
	0.6, 0.5, THIRD, 0.75, 1, 0.05, GROUP, PROCESSES},
};

static void
apply(Case *c, const Change *changes)
{
	for (int i = 0; i < MOST_CHANGES && changes[i] != NULL; i++)
		changes[i] (c);
}

static void
processors(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(cpu_rows); i++)
	{
		const CpuRow *row = &cpu_rows[i];
		Case		c = ordinary();
		AdmPressure p;

		apply(&c, row->changes);
		adm_pressure_between(&c.before, &c.after, &p);
		assert_figure(row->label, p.window_s, 2);
		assert_figure(row->label, p.cores, c.after.cores);
		assert_figure(row->label, p.cpu_demand, row->cpu_demand);
		assert_figure(row->label, p.cpu_used, row->cpu_used);
		assert_figure(row->label, p.run_queue_wait, row->run_queue_wait);
		assert_figure(row->label, p.runnable_backends, row->runnable_backends);
		assert_figure(row->label, p.throttled, row->throttled);
		assert_figure(row->label, p.steal, row->steal);
		assert_row_int(row->label, p.run_source, row->run_source);
		assert_row_int(row->label, p.wait_source, row->wait_source);
	}
}

/*
 * Stalls, memory and load.
 */

static void
no_psi(Case *c)
{
	c->after.cpu_some_us = ADM_UNKNOWN;
	c->after.memory_some_us = c->after.memory_full_us = ADM_UNKNOWN;
	c->after.io_some_us = c->after.io_full_us = ADM_UNKNOWN;
}

static void
no_psi_before(Case *c)
{
	c->before.cpu_some_us = ADM_UNKNOWN;
	c->before.memory_some_us = c->before.memory_full_us = ADM_UNKNOWN;
	c->before.io_some_us = c->before.io_full_us = ADM_UNKNOWN;
}

static void
psi_of_the_group(Case *c)
{
	c->before.group_psi = c->after.group_psi = true;
}

static void
psi_changes_hands(Case *c)
{
	c->after.group_psi = true;
}

static void
cpu_psi_backwards(Case *c)
{
	c->after.cpu_some_us = c->before.cpu_some_us - 1;
}

static void
stalled_all_the_time(Case *c)
{
	c->after.cpu_some_us = c->before.cpu_some_us + 2000007;
	c->after.io_full_us = c->before.io_full_us + 2000000;
}

static void
no_memory_full(Case *c)
{
	c->after.memory_full_us = ADM_UNKNOWN;
}

static void
no_memory_limit(Case *c)
{
	c->after.memory_limit = ADM_UNKNOWN;
}

static void
no_memory_available(Case *c)
{
	c->after.memory_available = ADM_UNKNOWN;
}

static void
no_memory_at_all(Case *c)
{
	c->after.memory_limit = c->after.memory_available = 0;
}

static void
memory_exhausted(Case *c)
{
	c->after.memory_available = 0;
}

static void
more_available_than_there_is(Case *c)
{
	c->after.memory_available = 3000;
}

static void
memory_of_the_group(Case *c)
{
	c->after.group_memory = true;
}

typedef struct StallRow
{
	const char *label;
	Change		changes[MOST_CHANGES];
	double		cpu_some;
	double		memory_some;
	double		memory_full;
	double		io_some;
	double		io_full;
	double		memory_limit;
	double		memory_available;
	double		memory_used;
	bool		group_psi;
	bool		group_memory;
} StallRow;

static const StallRow stall_rows[] = {
	{"all known", {NULL},
	0.5, 0.4, 0.3, 0.2, 0.1, 1000, 250, 0.75, false, false},
	{"of the group", {psi_of_the_group, memory_of_the_group},
	0.5, 0.4, 0.3, 0.2, 0.1, 1000, 250, 0.75, true, true},
	{"no stalls known", {no_psi},
	NAN, NAN, NAN, NAN, NAN, 1000, 250, 0.75, false, false},
	{"no stalls known before", {no_psi_before},
	NAN, NAN, NAN, NAN, NAN, 1000, 250, 0.75, false, false},
	{"the machine's before, the group's after", {psi_changes_hands},
	NAN, NAN, NAN, NAN, NAN, 1000, 250, 0.75, true, false},
	{"one ran backwards", {cpu_psi_backwards},
	NAN, 0.4, 0.3, 0.2, 0.1, 1000, 250, 0.75, false, false},
	{"one is missing", {no_memory_full},
	0.5, 0.4, NAN, 0.2, 0.1, 1000, 250, 0.75, false, false},
	{"all the time, and a little more", {stalled_all_the_time},
	1, 0.4, 0.3, 0.2, 1, 1000, 250, 0.75, false, false},
	{"no limit known", {no_memory_limit},
	0.5, 0.4, 0.3, 0.2, 0.1, NAN, NAN, NAN, false, false},
	{"no available memory known", {no_memory_available},
	0.5, 0.4, 0.3, 0.2, 0.1, NAN, NAN, NAN, false, false},
	{"no memory at all", {no_memory_at_all},
	0.5, 0.4, 0.3, 0.2, 0.1, 0, 0, NAN, false, false},
	{"exhausted", {memory_exhausted},
	0.5, 0.4, 0.3, 0.2, 0.1, 1000, 0, 1, false, false},
	{"more available than there is", {more_available_than_there_is},
	0.5, 0.4, 0.3, 0.2, 0.1, 1000, 3000, 0, false, false},
};

static void
check_memory(const StallRow *row, const AdmPressure *p)
{
	assert_figure(row->label, p->memory_limit, row->memory_limit);
	assert_figure(row->label, p->memory_available, row->memory_available);
	assert_figure(row->label, p->memory_used, row->memory_used);
	assert_row_int(row->label, p->group_memory, row->group_memory);
}

static void
stalls_and_memory(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(stall_rows); i++)
	{
		const StallRow *row = &stall_rows[i];
		Case		c = ordinary();
		AdmPressure p;

		apply(&c, row->changes);
		adm_pressure_between(&c.before, &c.after, &p);
		assert_figure(row->label, p.cpu_some, row->cpu_some);
		assert_figure(row->label, p.memory_some, row->memory_some);
		assert_figure(row->label, p.memory_full, row->memory_full);
		assert_figure(row->label, p.io_some, row->io_some);
		assert_figure(row->label, p.io_full, row->io_full);
		assert_row_int(row->label, p.group_psi, row->group_psi);
		check_memory(row, &p);
		assert_figure(row->label, p.load1, 1.5);
		assert_figure(row->label, p.load5, 2.5);
		assert_figure(row->label, p.load15, 3.5);
	}
}

/*
 * What is unknown.
 */

static void
check_no_rates(const char *label, const AdmPressure *p)
{
	assert_row(label, isnan(p->window_s) && isnan(p->cores));
	assert_row(label, isnan(p->cpu_demand) && isnan(p->cpu_used));
	assert_row(label, isnan(p->run_queue_wait) && isnan(p->runnable_backends));
	assert_row(label, isnan(p->cpu_some));
	assert_row(label, isnan(p->memory_some) && isnan(p->memory_full));
	assert_row(label, isnan(p->io_some) && isnan(p->io_full));
	assert_row(label, isnan(p->throttled) && isnan(p->steal));
	assert_row_int(label, p->run_source, NONE);
	assert_row_int(label, p->wait_source, NONE);
}

static void
check_nothing_known(const char *label, const AdmPressure *p)
{
	check_no_rates(label, p);
	assert_row(label, isnan(p->load1) && isnan(p->load5) && isnan(p->load15));
	assert_row(label, isnan(p->memory_limit) && isnan(p->memory_available));
	assert_row(label, isnan(p->memory_used));
	assert_row(label, !p->group_psi && !p->group_memory);
}

static void
nothing_is_known_of_nothing(void **state)
{
	AdmReading	before;
	AdmReading	after;
	AdmPressure p;

	(void) state;
	adm_pressure_clear(&p);
	check_nothing_known("cleared", &p);
	adm_reading_clear(&before);
	adm_reading_clear(&after);
	memset(&p, 0, sizeof(p));
	adm_pressure_between(&before, &after, &p);
	check_nothing_known("no time", &p);
	after.at_us = 1000000;
	memset(&p, 0, sizeof(p));
	adm_pressure_between(&before, &after, &p);
	assert_figure("a second", p.window_s, 1);
	p.window_s = NAN;
	check_nothing_known("a second", &p);
}

typedef struct WindowRow
{
	const char *label;
	int64_t		before_us;
	int64_t		after_us;
} WindowRow;

static const WindowRow no_window_rows[] = {
	{"no time", 5000000, 5000000},
	{"a moment back", 5000000, 4999999},
	{"far back", INT64_MAX, 0},
	{"as far back as there is", INT64_MAX, INT64_MIN},
	{"before never taken", ADM_UNKNOWN, 5000000},
	{"before long ago", INT64_MIN, INT64_MAX},
	{"after never taken", 5000000, ADM_UNKNOWN},
};

/* What is of the moment is known nevertheless. */
static void
without_a_window_there_are_no_rates(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(no_window_rows); i++)
	{
		const WindowRow *row = &no_window_rows[i];
		Case		c = ordinary();
		AdmPressure p;

		c.before.at_us = row->before_us;
		c.after.at_us = row->after_us;
		adm_pressure_between(&c.before, &c.after, &p);
		check_no_rates(row->label, &p);
		assert_figure(row->label, p.load1, 1.5);
		assert_figure(row->label, p.memory_used, 0.75);
	}
}

/*
 * Random readings.
 */

static int64_t
random_counter(Seeded *random)
{
	switch (seeded_below(random, 6))
	{
		case 0:
			return ADM_UNKNOWN;
		case 1:
			return 0;
		case 2:
			return INT64_MAX - (int64_t) seeded_below(random, 3);
		case 3:
			return (int64_t) (seeded_next(random) >> 1);
		default:
			return (int64_t) seeded_below(random, 10000000000);
	}
}

static double
random_cores(Seeded *random)
{
	const double all[] = {NAN, -1, 0, 0.01, 0.5, 1, 2, 64, 4096};

	return all[seeded_below(random, COUNT_OF(all))];
}

static AdmReading
random_reading(Seeded *random)
{
	AdmReading	r;
	int64_t    *const counters[] = {
		&r.busy_ticks, &r.steal_ticks, &r.total_ticks, &r.run_ns, &r.wait_ns,
		&r.runnable, &r.group_run_ns, &r.group_periods, &r.group_throttled,
		&r.server_run_ns, &r.server_wait_ns, &r.cpu_some_us,
		&r.memory_some_us, &r.memory_full_us, &r.io_some_us, &r.io_full_us,
		&r.memory_limit, &r.memory_available
	};

	adm_reading_clear(&r);
	for (size_t i = 0; i < COUNT_OF(counters); i++)
		*counters[i] = random_counter(random);
	r.at_us = random_counter(random);
	r.cores = random_cores(random);
	r.cpus = (int) seeded_below(random, 3);
	r.limited = seeded_once_in(random, 2);
	r.group_psi = seeded_once_in(random, 4);
	r.group_memory = seeded_once_in(random, 2);
	return r;
}

static void
assert_share(double value)
{
	assert_true(isnan(value) || (value >= 0 && value <= 1));
}

static void
assert_not_negative(double value)
{
	assert_true(isnan(value) || (value >= 0 && isfinite(value)));
}

static void
check_bounds(const AdmPressure *p)
{
	assert_share(p->cpu_used);
	assert_share(p->run_queue_wait);
	assert_share(p->cpu_some);
	assert_share(p->memory_some);
	assert_share(p->memory_full);
	assert_share(p->io_some);
	assert_share(p->io_full);
	assert_share(p->throttled);
	assert_share(p->steal);
	assert_share(p->memory_used);
	assert_not_negative(p->cpu_demand);
	assert_not_negative(p->runnable_backends);
	assert_not_negative(p->memory_limit);
	assert_not_negative(p->memory_available);
	assert_true(isnan(p->window_s) || p->window_s > 0);
	assert_true(!(p->cpu_used > p->cpu_demand));
	assert_int_equal(isnan(p->cpu_used), isnan(p->cpu_demand));
	assert_true(p->run_source != NONE || isnan(p->cpu_demand));
}

static void
shares_are_shares_whatever_the_counters(void **state)
{
	Seeded		random = {401};
	int			known = 0;

	(void) state;
	for (int i = 0; i < 300000; i++)
	{
		AdmReading	before = random_reading(&random);
		AdmReading	after = random_reading(&random);
		AdmPressure p;
		char		text[ADM_SOURCES_SIZE];

		adm_pressure_between(&before, &after, &p);
		check_bounds(&p);
		known += !isnan(p.cpu_demand);
		adm_pressure_sources(&p, text, sizeof(text));
		assert_true(strlen(text) > 0 && strlen(text) < sizeof(text) - 1);
	}
	/* Enough of them mean something. */
	assert_true(known > 10000);
}

/*
 * Sources.
 */

typedef struct SourceRow
{
	const char *label;
	Change		changes[MOST_CHANGES];
	const char *expected;
} SourceRow;

static const SourceRow source_rows[] = {
	{"all known", {NULL},
		"running: /proc/schedstat; waiting: /proc/schedstat; "
	"stalls: /proc/pressure; memory: /proc/meminfo"},
	{"next best", {no_schedstat},
		"running: /proc/stat; waiting: /proc/<pid>/schedstat; "
	"stalls: /proc/pressure; memory: /proc/meminfo"},
	{"runnable tasks", {no_schedstat, no_wait_of_processes},
		"running: /proc/stat; waiting: /proc/stat; "
	"stalls: /proc/pressure; memory: /proc/meminfo"},
	{"control group", {limited, psi_of_the_group, memory_of_the_group},
		"running: control group; waiting: /proc/<pid>/schedstat; "
	"stalls: control group; memory: control group"},
	{"nothing of processors", {no_schedstat, no_stat, no_processes},
		"running: none; waiting: none; "
	"stalls: /proc/pressure; memory: /proc/meminfo"},
	{"only stalls of memory", {cpu_psi_backwards},
		"running: /proc/schedstat; waiting: /proc/schedstat; "
	"stalls: /proc/pressure; memory: /proc/meminfo"},
	{"no stalls, of the group",
		{no_psi, psi_of_the_group},
		"running: /proc/schedstat; waiting: /proc/schedstat; "
	"stalls: none; memory: /proc/meminfo"},
	{"no memory, of the group", {no_memory_limit, memory_of_the_group},
		"running: /proc/schedstat; waiting: /proc/schedstat; "
	"stalls: /proc/pressure; memory: none"},
};

static void
sources_in_words(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(source_rows); i++)
	{
		const SourceRow *row = &source_rows[i];
		Case		c = ordinary();
		AdmPressure p;
		char		text[ADM_SOURCES_SIZE];
		char		small[8];

		apply(&c, row->changes);
		adm_pressure_between(&c.before, &c.after, &p);
		adm_pressure_sources(&p, text, sizeof(text));
		assert_row_string(row->label, text, row->expected);
		adm_pressure_sources(&p, small, sizeof(small));
		assert_row_string(row->label, small, "running");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors),
		cmocka_unit_test(stalls_and_memory),
		cmocka_unit_test(nothing_is_known_of_nothing),
		cmocka_unit_test(without_a_window_there_are_no_rates),
		cmocka_unit_test(shares_are_shares_whatever_the_counters),
		cmocka_unit_test(sources_in_words),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
