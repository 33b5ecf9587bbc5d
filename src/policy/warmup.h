/*
 * warmup.h - the life of a warm-up.
 *
 * A warm-up is open (none runs), warming or holding.  Its clock is fed with
 * elapsed monotonic milliseconds by the caller; nothing here reads a clock, so
 * steps of the wall clock change nothing but started_at_us, which is only
 * shown.
 */
#ifndef ADM_WARMUP_H
#define ADM_WARMUP_H

#include <stdbool.h>
#include <stdint.h>

typedef enum AdmPhase
{
	ADM_PHASE_OPEN,
	ADM_PHASE_WARMING,
	ADM_PHASE_HOLDING
} AdmPhase;

/* What armed a warm-up; the bits of a set are 1 << trigger. */
typedef enum AdmTrigger
{
	ADM_TRIGGER_NONE,
	ADM_TRIGGER_NEW_INSTANCE,
	ADM_TRIGGER_NEW_HOST,
	ADM_TRIGGER_PROMOTION,
	ADM_TRIGGER_CRASH,
	ADM_TRIGGER_RELAPSE,
	ADM_TRIGGER_MANUAL
} AdmTrigger;

#define ADM_TRIGGER_COUNT		(ADM_TRIGGER_MANUAL + 1)

/* How the last warm-up ended. */
typedef enum AdmEnding
{
	ADM_ENDING_NONE,			/* none has ended yet */
	ADM_ENDING_COMPLETED,		/* progress reached 1 */
	ADM_ENDING_EXPIRED,			/* warmup_max_age was reached */
	ADM_ENDING_STOPPED			/* stop_warmup() */
} AdmEnding;

#define ADM_ENDING_COUNT		(ADM_ENDING_STOPPED + 1)

/*
 * What defines a window; caps on connections are sessions, -1 = no cap; those
 * on transactions are as for adm_ramp_transaction_cap().
 */
typedef struct AdmWindow
{
	int64_t		duration_ms;	/* of the clock, from progress 0 to 1; > 0 */
	int			initial_connections;
	int			target_connections;
	int			initial_transactions;
	int			target_transactions;
} AdmWindow;

typedef struct AdmWarmup
{
	AdmPhase	phase;
	AdmTrigger	trigger;		/* of the present or the last warm-up */
	AdmEnding	ending;			/* of the last one */
	AdmWindow	window;
	int64_t		spent_ms;		/* of duration_ms, only while warming */
	int64_t		age_ms;			/* while the server let sessions in, holding
								 * included */
	int64_t		started_at_us;	/* wall clock, since 1970; for display */
} AdmWarmup;

/* Starts a warm-up at progress 0, replacing one that runs. */
extern void adm_warmup_begin(AdmWarmup *w, AdmTrigger trigger,
							 const AdmWindow *window, int64_t now_us);

/*
 * Starts a warm-up that an event asks for.  One that runs begins anew at
 * progress 0 in its own window, and stays held if it was: an administrator may
 * have chosen both.  Else a new one starts, in the given window.
 */
extern void adm_warmup_begin_anew(AdmWarmup *w, AdmTrigger trigger,
								  const AdmWindow *window, int64_t now_us);

/*
 * Lets elapsed_ms pass (negative counts as 0), for the age and, where they
 * count as progress, for that; and ends the warm-up when its progress or its
 * age is complete.  Returns whether it ended just now.
 */
extern bool adm_warmup_elapse(AdmWarmup *w, int64_t elapsed_ms, bool progress,
							  int64_t max_age_ms);

/* Sets progress back to this value, 0..1, if it is further.  Not while held. */
extern void adm_warmup_set_back(AdmWarmup *w, double progress);

/* Each returns false and changes nothing where there is nothing to change. */
extern bool adm_warmup_hold(AdmWarmup *w);
extern bool adm_warmup_continue(AdmWarmup *w);
extern bool adm_warmup_stop(AdmWarmup *w);

/* 0..1; 1 when no warm-up runs. */
extern double adm_warmup_progress(const AdmWarmup *w);

/* The words that settings, columns and the state file use; never NULL. */
extern const char *adm_phase_name(AdmPhase phase);
extern const char *adm_trigger_name(AdmTrigger trigger);
extern const char *adm_ending_name(AdmEnding ending);

/* The reverse; false when there is no such word. */
extern bool adm_phase_by_name(const char *name, AdmPhase *phase);
extern bool adm_trigger_by_name(const char *name, AdmTrigger *trigger);
extern bool adm_ending_by_name(const char *name, AdmEnding *ending);

#endif							/* ADM_WARMUP_H */
