/*
 * state.h - what the whole server knows: the warm-up, the brake, the published
 * settings and caps, the controller's heartbeat.
 *
 * Everything is in shared memory and reached through these functions, which
 * lock inside and hand out copies.  What gates read is atomic and needs no
 * lock; the warm-up is covered by the state lock.
 */
#ifndef ADM_STATE_H
#define ADM_STATE_H

#include "persist.h"
#include "policy/evidence.h"
#include "policy/gate.h"
#include "policy/governor.h"
#include "settings.h"

#define ADM_REASON_SIZE		128

typedef struct AdmWarmupState
{
	AdmWarmup	warmup;
	char		reason[ADM_REASON_SIZE];	/* the evidence that armed it, or
											 * "" */
	AdmAdvance	advance;		/* what moves the progress */
	bool		governed;		/* caps follow pressure: it is asked for, and
								 * known */
	bool		advances;		/* progress is being made now */
	bool		unfit;			/* progress waits for the health check */
	double		lift[ADM_GATE_COUNT];	/* on the ramp's caps */
	AdmLevel	level;
	double		use;			/* by gated work, of caps or cores; NaN: unknown */
	int			pulled_brake;	/* policy/brake.h: by the function */
	int			set_brake;		/* likewise, by the setting */
} AdmWarmupState;

/* What the postmaster found at the server's start. */
typedef struct AdmStart
{
	AdmIdentity identity;
	bool		standby;
	AdmWarmup	warmup;			/* as it begins or goes on */
	int			brake;			/* pulled before a restart */
	AdmTrigger	trigger;		/* armed it just now, or none */
	bool		resumed;		/* an interrupted one goes on */
	bool		foreign_file;	/* the state file was written elsewhere */
	AdmLoad		load;			/* how the state file was read */
	int			load_errno;
	char		reason[ADM_REASON_SIZE];
} AdmStart;

typedef struct AdmControllerState
{
	int			pid;			/* 0: not running now */
	bool		started;		/* has run since the server started */
	bool		late;			/* has missed several rounds of a line's care */
	bool		silent;			/* so long that the gates have opened */
	int64		heartbeat_age_ms;	/* since the last beat, or server start */
} AdmControllerState;

extern void adm_state_shmem_request(void);
extern void adm_state_shmem_startup(void);

/* Whether the library was preloaded, so that shared memory is there. */
extern bool adm_state_attached(void);

/*
 * For the gates: lock-free.  Caps are permit words (policy/permit_word.h).
 */

/*
 * What binds now: no caps when the mode is not "enforce"; when no warm-up runs,
 * only under pressure.
 */
extern uint64 adm_state_binding_caps(AdmGate gate);

/* The same, but no caps when the controller has been silent for too long. */
extern uint64 adm_state_binding_caps_unless_silent(AdmGate gate);

/* What would bind if the mode were "enforce". */
extern uint64 adm_state_shown_caps(AdmGate gate);

/*
 * Whether nobody may be refused or kept waiting for long: caps follow pressure,
 * and that is comfortable by a controller that is alive.
 */
extern bool adm_state_comfortable(void);

/* Whether a brake is on, the function's or the setting's. */
extern bool adm_state_braked(void);

/* Usable processors, rounded up: by the setting, or as last read. */
extern int	adm_state_cores(void);

/* How many transactions may run when no warm-up does and caps stand. */
extern int	adm_state_target_transactions(void);

extern AdmMode adm_state_mode(void);
extern int	adm_state_queue_timeout_ms(void);
extern int	adm_state_exempt_connections(void);

/* Wakes the controller, if there is one. */
extern void adm_state_wake_controller(void);

/*
 * For anyone: the warm-up.  Changes take effect on the caps at once; the
 * caller should then serve the line, since caps may have risen.
 */

extern AdmWarmupState adm_state_warmup(void);
extern void adm_state_begin_warmup(AdmTrigger trigger, const AdmWindow *window,
								   const char *reason);

/* As adm_warmup_begin_anew(), with the window that the settings ask for. */
extern void adm_state_begin_warmup_anew(AdmTrigger trigger, const char *reason);
extern bool adm_state_hold_warmup(void);
extern bool adm_state_continue_warmup(void);
extern bool adm_state_stop_warmup(void);

/* Pulls or releases the brake; what the setting says stands beside it. */
extern void adm_state_pull_brake(int brake);

/* Something else has changed that the state file must have. */
extern void adm_state_note_change(void);

/*
 * Waits until the controller has written all changes so far to the state
 * file.  Returns false when that took longer than timeout_ms.
 */
extern bool adm_state_wait_saved(int timeout_ms);

extern AdmControllerState adm_state_controller(void);

/*
 * For the postmaster, before anybody else runs.
 */

/* Takes over what the evidence found.  The warm-up may be a resumed one. */
extern void adm_state_set_start(const AdmStart *start);

/*
 * For the controller alone.
 */

/* Announces this process as the controller, and its end. */
extern void adm_state_attach_controller(void);
extern void adm_state_detach_controller(void);

/* Publishes the settings as this process has just read them. */
extern void adm_state_publish_settings(void);

/*
 * Beats the heart, and lets the time since the last call pass for the warm-up,
 * if the clock runs.  Returns whether the warm-up ended just now.
 */
extern bool adm_state_advance(bool clock_runs);

/*
 * Lets the gates' governors see what happened since the last call, and has the
 * warm-up and the caps follow.  Returns what they ordered; a relapse is left to
 * the caller.  Pressure without cpu_demand tells nothing: then the clock counts.
 */
extern AdmGovernorOrder adm_state_govern(const AdmGovernorInput in[ADM_GATE_COUNT],
										 const AdmPressure *pressure);

/* The signs of harm at any gate, as the governors remember them. */
extern AdmLineSigns adm_state_signs(void);

/* Whether progress waits for what the health check found. */
extern void adm_state_set_unfit(bool unfit);

/* What the start found, once: false when it has been taken before. */
extern bool adm_state_take_start(AdmStart *start);

/* Whether the server started as a standby and has not been promoted since. */
extern bool adm_state_awaits_promotion(void);
extern void adm_state_note_promotion(void);

/*
 * The record to save, if it changed since the last save.  The generation is
 * for adm_state_note_saved().
 */
extern bool adm_state_unsaved(AdmRecord *record, uint64 *generation);

/* The record as it is now, for saving progress. */
extern void adm_state_record(AdmRecord *record, uint64 *generation);
extern void adm_state_note_saved(uint64 generation);

#endif							/* ADM_STATE_H */
