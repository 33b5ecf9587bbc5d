/*
 * processes.c - the server's processes, as the controller follows them.
 *
 * Only pids that stand in PostgreSQL's own array of processes are looked at,
 * and the postmaster, whose forks a storm of logins pays for.  The array is read
 * without its lock: a pid may belong to somebody who has just gone, and then
 * there is no such file.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "os/clock.h"
#include "os/process.h"
#include "permits.h"
#include "port/atomics.h"
#include "processes.h"
#include "settings.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"
#include "waits.h"

/* At most so much was run for each second that was seen. */
#define MOST_UNSEEN	2.5

#define NS_PER_S	1e9
#define US_PER_S	1e6

/*
 * Memory and disks are looked at each time for those who use much processor
 * time, and now and then for the others.
 */
#define MUCH_CPU			0.05	/* cores */
#define USE_EVERY			5		/* figures */

typedef struct Process
{
	int			pid;			/* 0: nobody */
	AdmProcessTime time;		/* at the last look; wait_ns >= 0 */
	int64		workers_run_ns; /* of its parallel workers, ever seen */
	int64		workers_wait_ns;
	uint32		transaction;
	int64		transaction_run_ns; /* run by it and workers before that */
	bool		idle;			/* at the last look, before its time was read */
	uint32		statements;		/* begun until then */

	/* At the last figures. */
	int64		figured_run_ns;
	int64		figured_wait_ns;

	/* At the last look at memory and disks. */
	AdmProcessUse use;			/* -1: unknown */
	int64		use_us;			/* when; 0: never */
	double		read_bytes_per_s;
	double		write_bytes_per_s;
} Process;

static Process *processes = NULL;
static Process postmaster;
static AdmBackendSample *figures = NULL;
static AdmServerTime seen;		/* grown from look to look */
static AdmServerTime told;		/* at the last look */
static int64 live_run_ns = 0;	/* of all processes there are, at this look */
static int64 figured_us = 0;
static unsigned int figured_times = 0;
static bool first_look = true;
static bool waits_known = true; /* of all processes, at this look */

static void
allocate(void)
{
	Size		count = (Size) adm_samples_slots();

	if (processes)
		return;
	processes = MemoryContextAllocZero(TopMemoryContext, count * sizeof(Process));
	figures = MemoryContextAllocZero(TopMemoryContext, count * sizeof(AdmBackendSample));
}

static int
pid_at(int index)
{
	return adm_compat_pid(&ProcGlobal->allProcs[index]);
}

/* The leader of a parallel worker, by index; its own index for all others. */
static int
leader_of(int index)
{
	PGPROC	   *leader = *(PGPROC *volatile *) &ProcGlobal->allProcs[index].lockGroupLeader;

	return leader ? (int) (leader - ProcGlobal->allProcs) : index;
}

static int64
total_run_ns(const Process *p)
{
	return p->time.run_ns + p->workers_run_ns;
}

static int64
total_wait_ns(const Process *p)
{
	return p->time.wait_ns + p->workers_wait_ns;
}

static void
begin(Process *p, int pid)
{
	memset(p, 0, sizeof(*p));
	p->pid = pid;
	p->use = (AdmProcessUse) {-1, -1, -1};
	p->read_bytes_per_s = p->write_bytes_per_s = NAN;
}

/* Moves a process to this time, without growth in any figure. */
static void
move_to(Process *p, AdmProcessTime time)
{
	p->figured_run_ns += time.run_ns - p->time.run_ns;
	p->figured_wait_ns += time.wait_ns - p->time.wait_ns;
	p->transaction_run_ns += time.run_ns - p->time.run_ns;
	p->time = time;
}

/*
 * Takes in a process's time.  What a new one used before it was seen counts,
 * except at the first look, which finds old ones.  Returns the growth.
 *
 * Waits that cannot be read stay where they were.  Time that runs backwards,
 * as from schedstat to the coarser steps of stat, has not grown.
 */
static AdmProcessTime
take_time(Process *p, int pid, AdmProcessTime now)
{
	AdmProcessTime growth;
	bool		is_new = p->pid != pid;

	if (is_new)
		begin(p, pid);
	if (now.wait_ns < 0)
	{
		waits_known = false;
		now.wait_ns = p->time.wait_ns;
	}
	if ((is_new && first_look) ||
		now.run_ns < p->time.run_ns || now.wait_ns < p->time.wait_ns)
		move_to(p, now);
	growth.run_ns = now.run_ns - p->time.run_ns;
	growth.wait_ns = now.wait_ns - p->time.wait_ns;
	p->time = now;
	return growth;
}

static void
add_to_seen(AdmProcessTime growth, bool gated)
{
	seen.run_ns += growth.run_ns;
	seen.wait_ns += growth.wait_ns;
	if (!gated)
		return;
	seen.gated_run_ns += growth.run_ns;
	seen.gated_wait_ns += growth.wait_ns;
}

/* A transaction's time counts from the first look that finds it. */
static void
follow_transaction(Process *p, int index)
{
	uint32		transaction = adm_compat_transaction(&ProcGlobal->allProcs[index]);

	if (transaction == p->transaction)
		return;
	p->transaction = transaction;
	p->transaction_run_ns = total_run_ns(p);
}

/* A gated session, whose statements are counted, that has nothing to do. */
static bool
is_idle(int index)
{
	return adm_permits_is_gated(adm_permits_slot_state(ADM_GATE_CONNECTION, index)) &&
		adm_wait_event(index) == WAIT_EVENT_CLIENT_READ &&
		adm_compat_transaction(&ProcGlobal->allProcs[index]) == 0;
}

/*
 * Whether it was idle at the last look, is now, and has begun nothing in between:
 * most sessions of a pool, most of the time.  Notes what the next look asks for.
 */
static bool
has_idled(Process *p, int index)
{
	bool		is_client = index < MaxBackends;
	uint32		statements = is_client ? adm_permits_slot_statements(index) : 0;
	bool		idle;
	bool		idled;

	/* In this order: what begins in between is new at the next look. */
	pg_read_barrier();
	idle = is_client && is_idle(index);
	idled = p->idle && idle && p->statements == statements;

	p->idle = idle;
	p->statements = statements;
	return idled;
}

static bool
look_at(int index, bool even_if_idle)
{
	int			pid = pid_at(index);
	int			leader = leader_of(index);
	Process    *p = &processes[index];
	AdmProcessTime now;
	AdmProcessTime growth;

	if (pid == 0 || adm_samples_has_left(index, pid))
	{
		p->pid = 0;
		return false;
	}
	if (has_idled(p, index) && p->pid == pid && !even_if_idle)
	{
		live_run_ns += p->time.run_ns;
		return true;
	}
	if (!adm_process_time(adm_system_root, pid, &now))
	{
		/* Forgotten, its whole life would count as growth at the next look. */
		if (p->pid != pid)
			p->pid = 0;
		return false;
	}
	growth = take_time(p, pid, now);
	adm_samples_account(index, pid, p->time.run_ns, p->time.wait_ns);
	if (leader != index)
	{
		processes[leader].workers_run_ns += growth.run_ns;
		processes[leader].workers_wait_ns += growth.wait_ns;
	}
	add_to_seen(growth, adm_permits_is_gated(adm_permits_slot_state(ADM_GATE_CONNECTION, leader)));
	live_run_ns += p->time.run_ns;
	follow_transaction(p, index);
	return true;
}

static void
look_at_postmaster(void)
{
	AdmProcessTime now;

	if (!adm_process_time(adm_system_root, PostmasterPid, &now))
		return;
	add_to_seen(take_time(&postmaster, PostmasterPid, now), false);
	live_run_ns += postmaster.time.run_ns;
}

/* All that could be seen: of processes at looks, and by sessions as they ended. */
static AdmServerTime
seen_so_far(void)
{
	AdmEndedTime ended = adm_samples_ended();
	AdmServerTime time;

	time.run_ns = seen.run_ns + ended.run_ns;
	time.wait_ns = seen.wait_ns + ended.wait_ns;
	time.gated_run_ns = seen.gated_run_ns + ended.gated_run_ns;
	time.gated_wait_ns = seen.gated_wait_ns + ended.gated_wait_ns;
	return time;
}

/*
 * All that was run: by the processes there are, and by the postmaster's
 * children that have ended, which has what no process sees of itself: of a
 * short session two fifths are the kernel's, when it frees its memory.
 * The ended ones are read first: between the end of a process and its reaping
 * the sum is too low for a moment, and never counts one twice.
 */
static int64
run_so_far(int64 seen_ns, int64 ended_ns)
{
	return Max(ended_ns < 0 ? seen_ns : live_run_ns + ended_ns, told.run_ns);
}

/* Gated work has its part of what was not seen. */
static int64
gated_growth(int64 seen_growth_ns, int64 all_seen_ns, int64 all_run_ns)
{
	double		factor = all_seen_ns > 0 ? (double) all_run_ns / all_seen_ns : 1;

	return (int64) (seen_growth_ns * Min(Max(factor, 1), MOST_UNSEEN));
}

bool
adm_processes_look(bool even_if_idle, AdmServerTime *time)
{
	static AdmServerTime seen_before;
	AdmServerTime seen_now;
	bool		any = false;
	int64		ended_ns;
	int64		run_ns;

	allocate();
	ended_ns = adm_process_ended_children_ns(adm_system_root, PostmasterPid);
	live_run_ns = 0;
	waits_known = true;
	for (int i = 0; i < adm_samples_slots(); i++)
		any |= look_at(i, even_if_idle);
	look_at_postmaster();

	seen_now = seen_so_far();
	run_ns = run_so_far(seen_now.run_ns, ended_ns);
	told.gated_run_ns += gated_growth(seen_now.gated_run_ns - seen_before.gated_run_ns,
									  seen_now.run_ns - seen_before.run_ns,
									  run_ns - told.run_ns);
	told.gated_wait_ns = seen_now.gated_wait_ns;
	told.run_ns = run_ns;
	told.wait_ns = waits_known ? seen_now.wait_ns : -1;
	seen_before = seen_now;
	first_look = false;
	*time = told;
	return any;
}

/* Bytes per second between two totals; NaN where either is unknown. */
static double
rate(int64 before, int64 now, double window_s)
{
	if (before < 0 || now < before)
		return NAN;
	return (double) (now - before) / window_s;
}

static void
look_at_use(Process *p, int64 now_us)
{
	AdmProcessUse before = p->use;
	double		window_s = (now_us - p->use_us) / US_PER_S;

	(void) adm_process_use(adm_system_root, p->pid, &p->use);
	p->read_bytes_per_s = rate(before.read_bytes, p->use.read_bytes, window_s);
	p->write_bytes_per_s = rate(before.write_bytes, p->use.write_bytes, window_s);
	p->use_us = now_us;
}

static void
figure_use(int index, int64 now_us, AdmBackendSample *f)
{
	Process    *p = &processes[index];
	bool		its_turn = (index + figured_times) % USE_EVERY == 0;

	if (p->use_us == 0 || f->cpu >= MUCH_CPU || its_turn)
		look_at_use(p, now_us);
	f->memory_bytes = p->use.memory_bytes < 0 ? NAN : (double) p->use.memory_bytes;
	f->read_bytes_per_s = p->read_bytes_per_s;
	f->write_bytes_per_s = p->write_bytes_per_s;
}

static void
figure(int index, int64 now_us, double window_s)
{
	Process    *p = &processes[index];
	AdmBackendSample *f = &figures[index];
	int			leader = leader_of(index);
	double		run_s = (total_run_ns(p) - p->figured_run_ns) / NS_PER_S;
	double		wait_s = (total_wait_ns(p) - p->figured_wait_ns) / NS_PER_S;

	memset(f, 0, sizeof(*f));
	f->pid = p->pid;
	if (p->pid == 0)
		return;
	f->leader_pid = leader != index ? pid_at(leader) : 0;
	f->cpu = run_s / window_s;
	f->run_queue_wait = waits_known && run_s + wait_s > 0 ? wait_s / (run_s + wait_s) : NAN;
	f->cpu_s = total_run_ns(p) / NS_PER_S;
	f->transaction_cpu_s = p->transaction == 0 ? NAN :
		(total_run_ns(p) - p->transaction_run_ns) / NS_PER_S;
	figure_use(index, now_us, f);
	p->figured_run_ns = total_run_ns(p);
	p->figured_wait_ns = total_wait_ns(p);
}

const AdmBackendSample *
adm_processes_figures(void)
{
	int64		now_us = adm_clock_us();
	double		window_s = figured_us > 0 ? (now_us - figured_us) / US_PER_S : NAN;

	figured_us = now_us;
	figured_times++;
	for (int i = 0; i < adm_samples_slots(); i++)
		figure(i, now_us, window_s);
	return figures;
}
