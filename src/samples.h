/*
 * samples.h - the last sample: of the machine, and of each of the server's
 * processes.
 *
 * Taken by the controller, read by everybody; callers get copies and read no
 * files.  One lock covers it all; what ended sessions leave behind is atomic.
 */
#ifndef ADM_SAMPLES_H
#define ADM_SAMPLES_H

#include "datatype/timestamp.h"
#include "policy/level.h"
#include "policy/wall_clock.h"

typedef struct AdmMachineSample
{
	uint64		number;			/* grows with each; 0: none has been taken */
	TimestampTz taken_at;
	int64		taken_ms;		/* monotonic */
	AdmPressure pressure;
	AdmLevelState level;
	AdmWallClock wall_clock;
} AdmMachineSample;

/* NaN is unknown. */
typedef struct AdmBackendSample
{
	int			pid;			/* 0: no process at this index */
	int			leader_pid;		/* of a parallel worker; else 0 */
	double		cpu;			/* cores; parallel workers included */
	double		run_queue_wait; /* of its runnable time, waiting: 0..1 */
	double		cpu_s;			/* since it began */
	double		transaction_cpu_s;	/* NaN: in none */
	double		memory_bytes;	/* resident and not shared */
	double		read_bytes_per_s;
	double		write_bytes_per_s;
} AdmBackendSample;

/* Processor time of sessions that have ended, not sampled before. */
typedef struct AdmEndedTime
{
	int64		run_ns;
	int64		wait_ns;
	int64		gated_run_ns;	/* of those, subject to the gates */
	int64		gated_wait_ns;
} AdmEndedTime;

/* Backends, and auxiliary processes behind them: indexes of ProcGlobal. */
extern int	adm_samples_slots(void);

extern void adm_samples_shmem_request(void);
extern void adm_samples_shmem_startup(void);

/*
 * For anyone.
 */

extern void adm_samples_machine(AdmMachineSample *sample);

/* Of the wall clock as the last sample has it, and from then until now. */
extern AdmWallClock adm_samples_wall_clock(void);

/* Of all processes, by index; palloc'd, adm_samples_slots() of them. */
extern AdmBackendSample *adm_samples_backends(void);

/*
 * Waits for a sample that begins from now on.  Returns false when that took
 * longer than timeout_ms.
 */
extern bool adm_samples_wait_fresh(int timeout_ms);

/* For a session that begins: its time counts from now on. */
extern void adm_samples_join(void);

/* For a session that ends: hands over the time that no sample has seen. */
extern void adm_samples_leave(bool gated);

/*
 * For the controller alone.
 */

/* Whether somebody waits for a fresh sample. */
extern bool adm_samples_wanted(void);

/* Replaces the sample; its number, and the wall clock, are given here. */
extern void adm_samples_publish(AdmMachineSample *machine,
								const AdmBackendSample *backends);

/* What has been seen of the process at this index, for adm_samples_leave(). */
extern void adm_samples_account(int index, int pid, int64 run_ns, int64 wait_ns);

/* Whether the process at this index has handed its time over already. */
extern bool adm_samples_has_left(int index, int pid);

extern AdmEndedTime adm_samples_ended(void);

#endif							/* ADM_SAMPLES_H */
