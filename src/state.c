/*
 * state.c - the warm-up, the brake, the published settings and caps, the
 * heartbeat.
 *
 * The circle of a change: it is made to the warm-up or the settings under the
 * state lock, the caps are computed from both before the lock is released, and
 * gates see them with their next atomic read.  Who may be let in by it is up to
 * permits*.c, never called from here.  The governor's memory is kept here too:
 * it belongs to the caps, and a new controller goes on with it.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "os/clock.h"
#include "os/host.h"
#include "policy/brake.h"
#include "policy/permit_word.h"
#include "policy/ramp.h"
#include "state.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

/*
 * How long the controller may be silent before the gates open.  A slow fsync
 * can stop it for many seconds, in the very hour in which the caps matter
 * most; a controller that never came up will not do so later.
 */
#define CONTROLLER_SILENCE_MS		(60 * 1000)
#define CONTROLLER_START_GRACE_MS	(5 * 1000)

/* While somebody waits it beats many times as often as this. */
#define CONTROLLER_LATE_MS			500

/* Pressure that is older tells nothing of a machine's comfort. */
#define COMFORT_LASTS_MS			3000

#define LOCK_NAME		"pg_admission_state"
#define NO_CONTROLLER	(-1)

typedef struct SharedState
{
	LWLock	   *lock;			/* constant after start-up */

	/* Published; written under the lock, read without. */
	pg_atomic_uint64 binding_caps[ADM_GATE_COUNT];	/* a permit word's caps */
	pg_atomic_uint64 shown_caps[ADM_GATE_COUNT];	/* likewise */
	pg_atomic_uint32 mode;		/* AdmMode */
	pg_atomic_uint32 comfortable;	/* 0 | 1: governed and comfortable */
	pg_atomic_uint32 braked;	/* 0 | 1 */
	pg_atomic_uint64 governed_ms;	/* monotonic: when that was last judged */
	pg_atomic_uint32 queue_timeout_ms;
	pg_atomic_uint32 exempt_connections;
	pg_atomic_uint32 cores;		/* by the setting, or as last read; under the lock */

	/* Written by the controller only. */
	pg_atomic_uint64 heartbeat_ms;	/* monotonic */
	pg_atomic_uint32 controller_pid;
	pg_atomic_uint32 controller_proc;	/* index of its PGPROC */
	pg_atomic_uint32 controller_started;	/* 0 | 1 */

	/* Under the lock. */
	int			max_age_ms;		/* published setting */
	AdmWarmupState warmup;
	AdmGovernor governors[ADM_GATE_COUNT];
	bool		gates_transactions; /* published settings */
	int			initial_transactions;
	int			target_transactions;
	int64		advanced_ms;	/* monotonic; the clock has run so far */
	bool		awaits_promotion;
	AdmStart	start;
	bool		start_taken;
	uint64		changed_generation; /* grows with every change worth saving */
	uint64		saved_generation;

	ConditionVariable saved;	/* saved_generation grew */
} SharedState;

static SharedState *shared = NULL;

static void
init_governors(void)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		adm_governor_init(&shared->governors[gate]);
		shared->warmup.lift[gate] = 1;
	}
}

void
adm_state_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedState)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_state_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission state", sizeof(SharedState), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedState));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		pg_atomic_init_u64(&shared->binding_caps[gate], ADM_WORD_NO_CAPS);
		pg_atomic_init_u64(&shared->shown_caps[gate], ADM_WORD_NO_CAPS);
	}
	pg_atomic_init_u32(&shared->mode, ADM_MODE_OFF);
	pg_atomic_init_u32(&shared->comfortable, 0);
	pg_atomic_init_u32(&shared->braked, 0);
	pg_atomic_init_u32(&shared->cores, 0);
	pg_atomic_init_u64(&shared->governed_ms, 0);
	pg_atomic_init_u32(&shared->queue_timeout_ms, 0);
	pg_atomic_init_u32(&shared->exempt_connections, 0);
	pg_atomic_init_u64(&shared->heartbeat_ms, (uint64) adm_clock_ms());
	pg_atomic_init_u32(&shared->controller_pid, 0);
	pg_atomic_init_u32(&shared->controller_proc, (uint32) NO_CONTROLLER);
	pg_atomic_init_u32(&shared->controller_started, 0);
	init_governors();
	shared->warmup.governed = true;
	shared->warmup.use = NAN;
	ConditionVariableInit(&shared->saved);
}

bool
adm_state_attached(void)
{
	return shared != NULL;
}

/* Whether the caps follow pressure.  Needs the lock. */
static bool
is_governed(void)
{
	return shared->warmup.advance == ADM_ADVANCE_LOAD && shared->warmup.governed;
}

/* A cap of the ramp's, lifted where a comfortable machine asked for it. */
static uint32
lifted(AdmGate gate, int cap)
{
	if (is_governed())
		cap = adm_governor_lifted(&shared->governors[gate], cap);
	return cap == ADM_UNCAPPED ? ADM_NO_CAP : (uint32) cap;
}

static bool
is_braked(void)
{
	return shared->warmup.pulled_brake != ADM_BRAKE_OFF ||
		shared->warmup.set_brake != ADM_BRAKE_OFF;
}

/* Both brakes bind, so the tighter one does. */
static int
braked_transactions(int cap)
{
	int			initial = adm_ramp_transaction_cap(shared->initial_transactions,
												   shared->target_transactions,
												   adm_state_cores(), 0);

	cap = adm_brake_cap(shared->warmup.set_brake, initial, cap);
	return adm_brake_cap(shared->warmup.pulled_brake, initial, cap);
}

/* As at the beginning of a warm-up. */
static uint32
braked_starts(uint32 cap)
{
	return is_braked() ? Min(cap, (uint32) adm_ramp_start_cap(adm_state_cores(), 0)) : cap;
}

/*
 * Of sessions that start, and of sessions.  These are not capped outside a
 * warm-up: there may be any number already.
 */
static uint64
connection_caps(const AdmWarmup *w)
{
	double		progress = adm_warmup_progress(w);
	int			room = Max(MaxConnections - adm_compat_reserved_slots(), 1);
	int			sessions = ADM_UNCAPPED;

	if (w->phase != ADM_PHASE_OPEN)
		sessions = adm_ramp_connection_cap(w->window.initial_connections,
										   w->window.target_connections,
										   room, progress);
	return adm_word_caps(braked_starts(lifted(ADM_GATE_CONNECTION,
											 adm_ramp_start_cap(adm_state_cores(), progress))),
						 lifted(ADM_GATE_CONNECTION, sessions));
}

/*
 * Of transactions that run, and of those that have a processor or want one,
 * however long they are: that must not be more than twice as many.
 */
static uint64
transaction_caps(const AdmWarmup *w)
{
	bool		open = w->phase == ADM_PHASE_OPEN;
	uint32		cap;

	if (!shared->gates_transactions)
		return ADM_WORD_NO_CAPS;
	cap = lifted(ADM_GATE_TRANSACTION,
				 adm_ramp_transaction_cap(w->window.initial_transactions,
										  open ? shared->target_transactions : w->window.target_transactions,
										  adm_state_cores(), adm_warmup_progress(w)));
	cap = braked_transactions(Min(cap, ADM_NO_CAP / 2 - 1));
	return adm_word_caps(cap, 2 * cap);
}

/*
 * Outside a warm-up caps stand while the brake is on, and under pressure and for
 * a while after it.
 */
static bool
has_caps(AdmGate gate)
{
	return is_braked() || shared->warmup.warmup.phase != ADM_PHASE_OPEN ||
		(is_governed() && adm_governor_is_pressed(&shared->governors[gate]));
}

static void
publish_gate(AdmGate gate, uint64 caps)
{
	if (!has_caps(gate))
		caps = ADM_WORD_NO_CAPS;
	pg_atomic_write_u64(&shared->shown_caps[gate], caps);
	pg_atomic_write_u64(&shared->binding_caps[gate],
						adm_state_mode() == ADM_MODE_ENFORCE ? caps : ADM_WORD_NO_CAPS);
}

/* Computes the caps from the warm-up, the governors and the settings.  Needs the lock. */
static void
publish_caps(void)
{
	const AdmWarmup *w = &shared->warmup.warmup;

	publish_gate(ADM_GATE_CONNECTION, connection_caps(w));
	publish_gate(ADM_GATE_TRANSACTION, transaction_caps(w));
	pg_atomic_write_u32(&shared->braked, is_braked());
	pg_atomic_write_u32(&shared->comfortable,
						is_governed() && shared->warmup.level == ADM_LEVEL_COMFORTABLE);
}

/* A change that the state file must have.  Needs the lock. */
static void
note_change(void)
{
	shared->changed_generation++;
	publish_caps();
}

/* A new warm-up's clock starts now.  Needs the lock. */
static void
note_begin(const char *reason)
{
	strlcpy(shared->warmup.reason, reason, ADM_REASON_SIZE);
	init_governors();
	shared->warmup.advances = false;
	shared->advanced_ms = adm_clock_ms();
	note_change();
}

uint64
adm_state_binding_caps(AdmGate gate)
{
	return pg_atomic_read_u64(&shared->binding_caps[gate]);
}

uint64
adm_state_binding_caps_unless_silent(AdmGate gate)
{
	return adm_state_controller().silent ? ADM_WORD_NO_CAPS : adm_state_binding_caps(gate);
}

uint64
adm_state_shown_caps(AdmGate gate)
{
	return pg_atomic_read_u64(&shared->shown_caps[gate]);
}

bool
adm_state_comfortable(void)
{
	int64		governed_ms = (int64) pg_atomic_read_u64(&shared->governed_ms);

	return pg_atomic_read_u32(&shared->comfortable) != 0 &&
		adm_clock_ms() - governed_ms <= COMFORT_LASTS_MS;
}

bool
adm_state_braked(void)
{
	return pg_atomic_read_u32(&shared->braked) != 0;
}

int
adm_state_cores(void)
{
	return (int) pg_atomic_read_u32(&shared->cores);
}

int
adm_state_target_transactions(void)
{
	int			target;

	LWLockAcquire(shared->lock, LW_SHARED);
	target = adm_ramp_transaction_cap(shared->initial_transactions,
									  shared->target_transactions, adm_state_cores(), 1);
	LWLockRelease(shared->lock);
	return target;
}

AdmMode
adm_state_mode(void)
{
	return (AdmMode) pg_atomic_read_u32(&shared->mode);
}

int
adm_state_queue_timeout_ms(void)
{
	return (int) pg_atomic_read_u32(&shared->queue_timeout_ms);
}

int
adm_state_exempt_connections(void)
{
	return (int) pg_atomic_read_u32(&shared->exempt_connections);
}

/*
 * The latch may belong to somebody else by now: a wake-up too many does no
 * harm.
 */
void
adm_state_wake_controller(void)
{
	int			proc = (int) pg_atomic_read_u32(&shared->controller_proc);

	if (proc != NO_CONTROLLER)
		SetLatch(&ProcGlobal->allProcs[proc].procLatch);
}

AdmWarmupState
adm_state_warmup(void)
{
	AdmWarmupState copy;

	LWLockAcquire(shared->lock, LW_SHARED);
	copy = shared->warmup;
	LWLockRelease(shared->lock);
	return copy;
}

void
adm_state_begin_warmup(AdmTrigger trigger, const AdmWindow *window,
					   const char *reason)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	adm_warmup_begin(&shared->warmup.warmup, trigger, window,
					 adm_clock_wall_us());
	note_begin(reason);
	LWLockRelease(shared->lock);
	adm_state_wake_controller();
}

void
adm_state_begin_warmup_anew(AdmTrigger trigger, const char *reason)
{
	AdmWindow	window = adm_settings_window();

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	adm_warmup_begin_anew(&shared->warmup.warmup, trigger, &window,
						  adm_clock_wall_us());
	note_begin(reason);
	LWLockRelease(shared->lock);
	adm_state_wake_controller();
}

/*
 * Lets the time since this was last done, or since the warm-up last changed,
 * pass for it; returns whether that ended it.  Needs the lock.
 */
static bool
pass_time(void)
{
	int64		now_ms = adm_clock_ms();
	int64		elapsed_ms = now_ms - shared->advanced_ms;

	shared->advanced_ms = now_ms;
	return adm_warmup_elapse(&shared->warmup.warmup, elapsed_ms,
							 !shared->warmup.unfit && (!is_governed() || shared->warmup.advances),
							 shared->max_age_ms);
}

static bool
change_warmup(bool (*change) (AdmWarmup *w))
{
	bool		changed;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	changed = change(&shared->warmup.warmup);
	if (changed)
	{
		shared->advanced_ms = adm_clock_ms();
		note_change();
	}
	LWLockRelease(shared->lock);
	if (changed)
		adm_state_wake_controller();
	return changed;
}

bool
adm_state_hold_warmup(void)
{
	return change_warmup(adm_warmup_hold);
}

bool
adm_state_continue_warmup(void)
{
	return change_warmup(adm_warmup_continue);
}

bool
adm_state_stop_warmup(void)
{
	return change_warmup(adm_warmup_stop);
}

void
adm_state_pull_brake(int brake)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->warmup.pulled_brake = brake;
	note_change();
	LWLockRelease(shared->lock);
	adm_state_wake_controller();
}

void
adm_state_note_change(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	note_change();
	LWLockRelease(shared->lock);
	adm_state_wake_controller();
}

static bool
saved_up_to(uint64 generation)
{
	bool		saved;

	LWLockAcquire(shared->lock, LW_SHARED);
	saved = shared->saved_generation >= generation;
	LWLockRelease(shared->lock);
	return saved;
}

bool
adm_state_wait_saved(int timeout_ms)
{
	int64		deadline_ms = adm_clock_ms() + timeout_ms;
	uint64		generation;
	bool		saved;

	LWLockAcquire(shared->lock, LW_SHARED);
	generation = shared->changed_generation;
	LWLockRelease(shared->lock);

	ConditionVariablePrepareToSleep(&shared->saved);
	while (!(saved = saved_up_to(generation)))
	{
		int64		left_ms = deadline_ms - adm_clock_ms();

		if (left_ms <= 0)
			break;
		ConditionVariableTimedSleep(&shared->saved, (long) left_ms,
									PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	return saved;
}

AdmControllerState
adm_state_controller(void)
{
	AdmControllerState c;
	int64		beat_ms = (int64) pg_atomic_read_u64(&shared->heartbeat_ms);

	c.pid = (int) pg_atomic_read_u32(&shared->controller_pid);
	c.started = pg_atomic_read_u32(&shared->controller_started) != 0;
	c.heartbeat_age_ms = Max(adm_clock_ms() - beat_ms, 0);
	c.late = c.heartbeat_age_ms > CONTROLLER_LATE_MS;
	c.silent = c.heartbeat_age_ms >
		(c.started ? CONTROLLER_SILENCE_MS : CONTROLLER_START_GRACE_MS);
	return c;
}

void
adm_state_set_start(const AdmStart *start)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->start = *start;
	shared->awaits_promotion = start->standby;
	shared->warmup.warmup = start->warmup;
	shared->warmup.pulled_brake = start->brake;
	note_begin(start->reason);
	LWLockRelease(shared->lock);
}

bool
adm_state_take_start(AdmStart *start)
{
	bool		taken;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	*start = shared->start;
	taken = shared->start_taken;
	shared->start_taken = true;
	LWLockRelease(shared->lock);
	return !taken;
}

void
adm_state_attach_controller(void)
{
	pg_atomic_write_u32(&shared->controller_proc, (uint32) adm_compat_my_slot());
	pg_atomic_write_u32(&shared->controller_pid, (uint32) MyProcPid);
	pg_atomic_write_u32(&shared->controller_started, 1);
}

void
adm_state_detach_controller(void)
{
	pg_atomic_write_u32(&shared->controller_pid, 0);
	pg_atomic_write_u32(&shared->controller_proc, (uint32) NO_CONTROLLER);
}

void
adm_state_publish_settings(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	pg_atomic_write_u32(&shared->mode, (uint32) adm_mode);
	pg_atomic_write_u32(&shared->queue_timeout_ms,
						(uint32) adm_connection_queue_timeout_ms);
	pg_atomic_write_u32(&shared->exempt_connections,
						(uint32) adm_exempt_connections);
	if (adm_cores > 0)
		pg_atomic_write_u32(&shared->cores, (uint32) adm_cores);
	else if (adm_state_cores() == 0)
		pg_atomic_write_u32(&shared->cores, (uint32) adm_host_usable_cores());
	shared->gates_transactions = adm_transaction_gate;
	shared->initial_transactions = adm_warmup_initial_transactions;
	shared->target_transactions = adm_max_running_transactions;
	shared->max_age_ms = adm_warmup_max_age_ms;
	shared->warmup.advance = (AdmAdvance) adm_warmup_advance;
	shared->warmup.set_brake = adm_brake_setting;
	publish_caps();
	LWLockRelease(shared->lock);
}

bool
adm_state_advance(bool clock_runs)
{
	bool		ended = false;

	pg_atomic_write_u64(&shared->heartbeat_ms, (uint64) adm_clock_ms());
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (clock_runs)
		ended = pass_time();
	else
		shared->advanced_ms = adm_clock_ms();
	if (ended)
		note_change();
	else
		publish_caps();
	LWLockRelease(shared->lock);
	return ended;
}

/*
 * Takes a fifth off the cap that the warm-up is about.  Returns false where
 * there is nothing to take.  Needs the lock.
 */
static bool
cut_caps(void)
{
	AdmWarmup  *w = &shared->warmup.warmup;
	double		progress = adm_warmup_progress(w);
	int			initial = w->window.initial_connections;
	int			target = w->window.target_connections;

	if (initial == ADM_UNCAPPED)
		progress = adm_ramp_start_cut(adm_state_cores(), progress, ADM_CUT_KEEPS);
	else
		progress = adm_ramp_cut(initial,
								adm_ramp_connection_cap(initial, target, MaxConnections, 1),
								progress, ADM_CUT_KEEPS);
	if (w->phase != ADM_PHASE_WARMING || progress >= adm_warmup_progress(w))
		return false;
	adm_warmup_set_back(w, progress);
	return true;
}

/*
 * All gates' governors.  A cut of the warm-up is for when no gate has a lift to
 * give; either gate may see a relapse.  Needs the lock.
 */
static AdmGovernorOrder
step_governors(const AdmGovernorInput in[ADM_GATE_COUNT])
{
	AdmGovernorOrder order = {true, true, false};

	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		AdmGovernorOrder one = adm_governor_step(&shared->governors[gate], &in[gate]);

		order.advance &= one.advance;
		order.cut &= one.cut;
		order.relapse |= one.relapse;
		shared->warmup.lift[gate] = shared->governors[gate].lift;
	}
	return order;
}

AdmGovernorOrder
adm_state_govern(const AdmGovernorInput in[ADM_GATE_COUNT], const AdmPressure *pressure)
{
	AdmWarmupState *s = &shared->warmup;
	AdmGovernorOrder order;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	order = step_governors(in);
	s->governed = !isnan(pressure->cpu_demand);
	if (pressure->cores > 0)
		pg_atomic_write_u32(&shared->cores, (uint32) ceil(pressure->cores));
	s->advances = order.advance;
	s->level = in->level;
	s->use = in->use;
	if (!is_governed())
		order = (AdmGovernorOrder) {false, false, false};
	order.cut = order.cut && cut_caps();
	pg_atomic_write_u64(&shared->governed_ms, (uint64) adm_clock_ms());
	publish_caps();
	LWLockRelease(shared->lock);
	return order;
}

void
adm_state_set_unfit(bool unfit)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->warmup.unfit = unfit;
	LWLockRelease(shared->lock);
}

AdmLineSigns
adm_state_signs(void)
{
	AdmLineSigns signs = {false, false};

	LWLockAcquire(shared->lock, LW_SHARED);
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		AdmLineSigns here = adm_governor_signs(&shared->governors[gate]);

		signs.line_stands |= here.line_stands;
		signs.clients_leave |= here.clients_leave;
	}
	LWLockRelease(shared->lock);
	return signs;
}

bool
adm_state_awaits_promotion(void)
{
	bool		awaits;

	LWLockAcquire(shared->lock, LW_SHARED);
	awaits = shared->awaits_promotion;
	LWLockRelease(shared->lock);
	return awaits;
}

void
adm_state_note_promotion(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->awaits_promotion = false;
	note_change();
	LWLockRelease(shared->lock);
}

void
adm_state_record(AdmRecord *record, uint64 *generation)
{
	LWLockAcquire(shared->lock, LW_SHARED);
	record->identity = shared->start.identity;
	record->in_recovery = shared->awaits_promotion;
	record->warmup = shared->warmup.warmup;
	record->brake = shared->warmup.pulled_brake;
	*generation = shared->changed_generation;
	LWLockRelease(shared->lock);
}

bool
adm_state_unsaved(AdmRecord *record, uint64 *generation)
{
	adm_state_record(record, generation);
	return !saved_up_to(*generation);
}

void
adm_state_note_saved(uint64 generation)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->saved_generation = Max(shared->saved_generation, generation);
	LWLockRelease(shared->lock);
	ConditionVariableBroadcast(&shared->saved);
}
