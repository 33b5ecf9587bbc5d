/*
 * pressure.h - how much the machine is wanted.
 *
 * A reading is what counters said at a moment; pressure is what two readings
 * say of the time between them.  Whatever could not be read is ADM_UNKNOWN in
 * a reading and NaN in pressure, and the next best source takes its place.
 */
#ifndef ADM_PRESSURE_H
#define ADM_PRESSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADM_UNKNOWN		(-1)

/* Counters only grow; what is no counter is of the moment of the reading. */
typedef struct AdmReading
{
	int64_t		at_us;			/* monotonic */
	double		cores;			/* usable: of the affinity, or of a quota */
	bool		limited;		/* there is a quota, of a control group */

	/* The machine's processors on which this server may run. */
	int			cpus;			/* how many of them were counted */
	int64_t		busy_ticks;		/* running anything; without steal */
	int64_t		steal_ticks;
	int64_t		total_ticks;	/* busy, idle, waiting for disks, stolen */
	int64_t		run_ns;			/* time that tasks ran */
	int64_t		wait_ns;		/* and waited for a processor, all together */
	int64_t		runnable;		/* tasks that run or wait, now */

	/* The server's control group. */
	int64_t		group_run_ns;
	int64_t		group_periods;	/* of its quota */
	int64_t		group_throttled;	/* periods in which it used it up */

	/* The server's processes, all together. */
	int64_t		server_run_ns;
	int64_t		server_wait_ns;

	/* Time in which some, or all, tasks stood still for want of it. */
	int64_t		cpu_some_us;
	int64_t		memory_some_us;
	int64_t		memory_full_us;
	int64_t		io_some_us;
	int64_t		io_full_us;
	bool		group_psi;		/* of the control group, not of the machine */

	int64_t		memory_limit;	/* bytes: of the machine, or of the group */
	int64_t		memory_available;	/* bytes, without swapping */
	bool		group_memory;	/* limited by the control group */

	double		load1;			/* the kernel's averages; NaN: unknown */
	double		load5;
	double		load15;
} AdmReading;

/* Where the time running and the time waiting for a processor came from. */
typedef enum AdmCpuSource
{
	ADM_CPU_NONE,
	ADM_CPU_MACHINE,			/* /proc/schedstat */
	ADM_CPU_GROUP,				/* the control group's usage */
	ADM_CPU_STAT,				/* /proc/stat: ticks, or runnable tasks */
	ADM_CPU_PROCESSES			/* the server's processes, one by one */
} AdmCpuSource;

/* Shares are 0..1 of the time; NaN is unknown everywhere. */
typedef struct AdmPressure
{
	double		window_s;		/* the time that it is about */
	double		cores;
	double		cpu_demand;		/* (running + waiting) / (time x cores) */
	double		cpu_used;		/* running / (time x cores), 0..1 */
	double		run_queue_wait; /* of the server's runnable time, waiting */
	double		runnable_backends;	/* mean number of the server's processes
									 * that ran or waited for a processor */
	double		cpu_some;		/* PSI */
	double		memory_some;
	double		memory_full;
	double		io_some;
	double		io_full;
	double		load1;
	double		load5;
	double		load15;
	double		throttled;		/* of the quota's periods */
	double		steal;			/* of the processors' time */
	double		memory_limit;	/* bytes */
	double		memory_available;	/* bytes */
	double		memory_used;	/* 1 - available / limit */
	AdmCpuSource run_source;
	AdmCpuSource wait_source;
	bool		group_psi;
	bool		group_memory;
} AdmPressure;

/* All unknown. */
extern void adm_reading_clear(AdmReading *reading);
extern void adm_pressure_clear(AdmPressure *pressure);

/*
 * The pressure between two readings.  A counter that is unknown in either, or
 * that ran backwards, makes what depends on it unknown.
 */
extern void adm_pressure_between(const AdmReading *before,
								 const AdmReading *after,
								 AdmPressure *pressure);

#define ADM_SOURCES_SIZE	160

/* Which sources were used, in words. */
extern void adm_pressure_sources(const AdmPressure *pressure,
								 char *text, size_t size);

#endif							/* ADM_PRESSURE_H */
