/*
 * samples.c - the last sample: of the machine, and of each of the server's
 * processes.
 *
 * A session that lives for less than a sample's interval is never seen by the
 * controller; in a storm of logins most are such.  So each session reads its
 * own time once more when it ends, and hands over what the controller has not
 * accounted for.
 */
#include "postgres.h"

#include "compat.h"
#include "os/clock.h"
#include "os/process.h"
#include "port/atomics.h"
#include "samples.h"
#include "settings.h"
#include "state.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#define LOCK_NAME	"pg_admission_samples"

/*
 * The two clocks are read one after the other.  Where that took longer, by how much
 * one is ahead of the other is not known, and the look is left out.
 */
#define LONGEST_CLOCK_LOOK_US	100000

/* What the controller has seen of a process; but for left, written by it alone. */
typedef struct Account
{
	pg_atomic_uint32 left;		/* the process that has handed its time over */
	pg_atomic_uint32 pid;
	pg_atomic_uint64 run_ns;
	pg_atomic_uint64 wait_ns;
} Account;

typedef struct SharedSamples
{
	LWLock	   *lock;			/* constant after start-up */
	pg_atomic_uint64 ended_run_ns;
	pg_atomic_uint64 ended_wait_ns;
	pg_atomic_uint64 ended_gated_run_ns;
	pg_atomic_uint64 ended_gated_wait_ns;
	pg_atomic_uint64 wanted;	/* the number of a sample not begun yet */
	ConditionVariable taken;	/* the machine's number grew */
	AdmMachineSample machine;	/* lock */
	Account    *accounts;		/* constant: they stand behind the samples */
	AdmBackendSample backends[FLEXIBLE_ARRAY_MEMBER];	/* lock */
} SharedSamples;

static SharedSamples *shared = NULL;

int
adm_samples_slots(void)
{
	return MaxBackends + NUM_AUXILIARY_PROCS;
}

static Size
accounts_offset(void)
{
	return MAXALIGN(add_size(offsetof(SharedSamples, backends),
							 mul_size(adm_samples_slots(), sizeof(AdmBackendSample))));
}

static Size
shared_size(void)
{
	return MAXALIGN(add_size(accounts_offset(),
							 mul_size(adm_samples_slots(), sizeof(Account))));
}

void
adm_samples_shmem_request(void)
{
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_samples_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission samples", shared_size(), &found);
	if (found)
		return;
	memset(shared, 0, shared_size());
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
	shared->accounts = (Account *) ((char *) shared + accounts_offset());
	pg_atomic_init_u64(&shared->ended_run_ns, 0);
	pg_atomic_init_u64(&shared->ended_wait_ns, 0);
	pg_atomic_init_u64(&shared->ended_gated_run_ns, 0);
	pg_atomic_init_u64(&shared->ended_gated_wait_ns, 0);
	pg_atomic_init_u64(&shared->wanted, 0);
	ConditionVariableInit(&shared->taken);
	adm_pressure_clear(&shared->machine.pressure);
	for (int i = 0; i < adm_samples_slots(); i++)
	{
		pg_atomic_init_u32(&shared->accounts[i].left, 0);
		pg_atomic_init_u32(&shared->accounts[i].pid, 0);
		pg_atomic_init_u64(&shared->accounts[i].run_ns, 0);
		pg_atomic_init_u64(&shared->accounts[i].wait_ns, 0);
	}
}

void
adm_samples_machine(AdmMachineSample *sample)
{
	LWLockAcquire(shared->lock, LW_SHARED);
	*sample = shared->machine;
	LWLockRelease(shared->lock);
}

AdmBackendSample *
adm_samples_backends(void)
{
	Size		size = mul_size(adm_samples_slots(), sizeof(AdmBackendSample));
	AdmBackendSample *copy = palloc(size);

	LWLockAcquire(shared->lock, LW_SHARED);
	memcpy(copy, shared->backends, size);
	LWLockRelease(shared->lock);
	return copy;
}

static void
look_at_wall_clock(AdmWallClock *clock)
{
	int64		before_us = adm_clock_us();
	TimestampTz wall_us = GetCurrentTimestamp();
	int64		after_us = adm_clock_us();

	if (after_us - before_us <= LONGEST_CLOCK_LOOK_US)
		adm_wall_clock_look(clock, wall_us, after_us);
}

AdmWallClock
adm_samples_wall_clock(void)
{
	AdmMachineSample sample;

	adm_samples_machine(&sample);
	look_at_wall_clock(&sample.wall_clock);
	return sample.wall_clock;
}

static uint64
last_number(void)
{
	uint64		number;

	LWLockAcquire(shared->lock, LW_SHARED);
	number = shared->machine.number;
	LWLockRelease(shared->lock);
	return number;
}

/* The one that is being taken may have begun before: so the next but one. */
bool
adm_samples_wait_fresh(int timeout_ms)
{
	int64		deadline_ms = adm_clock_ms() + timeout_ms;
	uint64		number = last_number() + 2;
	bool		taken;

	ConditionVariablePrepareToSleep(&shared->taken);
	while (!(taken = last_number() >= number))
	{
		int64		left_ms = deadline_ms - adm_clock_ms();

		if (left_ms <= 0)
			break;
		pg_atomic_write_u64(&shared->wanted, number);
		adm_state_wake_controller();
		ConditionVariableTimedSleep(&shared->taken, (long) left_ms,
									PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return taken;
}

bool
adm_samples_wanted(void)
{
	return pg_atomic_read_u64(&shared->wanted) > last_number();
}

void
adm_samples_publish(AdmMachineSample *machine, const AdmBackendSample *backends)
{
	machine->wall_clock = adm_samples_wall_clock();
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	machine->number = shared->machine.number + 1;
	shared->machine = *machine;
	memcpy(shared->backends, backends,
		   mul_size(adm_samples_slots(), sizeof(AdmBackendSample)));
	LWLockRelease(shared->lock);
	ConditionVariableBroadcast(&shared->taken);
}

void
adm_samples_account(int index, int pid, int64 run_ns, int64 wait_ns)
{
	Account    *account = &shared->accounts[index];

	pg_atomic_write_u32(&account->pid, (uint32) pid);
	pg_atomic_write_u64(&account->run_ns, (uint64) run_ns);
	pg_atomic_write_u64(&account->wait_ns, (uint64) wait_ns);
}

/* Who was here before may have had the same pid. */
void
adm_samples_join(void)
{
	pg_atomic_write_u32(&shared->accounts[adm_compat_my_slot()].left, 0);
}

/* What is unknown, -1, counts as nothing. */
static uint64
not_accounted(int64 now_ns, uint64 seen_ns)
{
	return now_ns > (int64) seen_ns ? (uint64) now_ns - seen_ns : 0;
}

void
adm_samples_leave(bool gated)
{
	Account    *account = &shared->accounts[adm_compat_my_slot()];
	bool		seen = pg_atomic_read_u32(&account->pid) == (uint32) MyProcPid;
	AdmProcessTime time;
	uint64		run_ns;
	uint64		wait_ns;

	pg_atomic_write_u32(&account->left, (uint32) MyProcPid);
	if (!adm_process_time(adm_system_root, MyProcPid, &time))
		return;
	run_ns = not_accounted(time.run_ns, seen ? pg_atomic_read_u64(&account->run_ns) : 0);
	wait_ns = not_accounted(time.wait_ns, seen ? pg_atomic_read_u64(&account->wait_ns) : 0);
	pg_atomic_fetch_add_u64(&shared->ended_run_ns, run_ns);
	pg_atomic_fetch_add_u64(&shared->ended_wait_ns, wait_ns);
	if (!gated)
		return;
	pg_atomic_fetch_add_u64(&shared->ended_gated_run_ns, run_ns);
	pg_atomic_fetch_add_u64(&shared->ended_gated_wait_ns, wait_ns);
}

bool
adm_samples_has_left(int index, int pid)
{
	return pg_atomic_read_u32(&shared->accounts[index].left) == (uint32) pid;
}

AdmEndedTime
adm_samples_ended(void)
{
	AdmEndedTime ended;

	ended.run_ns = (int64) pg_atomic_read_u64(&shared->ended_run_ns);
	ended.wait_ns = (int64) pg_atomic_read_u64(&shared->ended_wait_ns);
	ended.gated_run_ns = (int64) pg_atomic_read_u64(&shared->ended_gated_run_ns);
	ended.gated_wait_ns = (int64) pg_atomic_read_u64(&shared->ended_gated_wait_ns);
	return ended;
}
