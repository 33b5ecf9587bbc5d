/*
 * service_state.h - whether a service is open, paused, or on its way back.
 *
 * A service that comes back is let in from a trickle on, one transaction at a
 * time, up to all it may have, in over_ms.  Its clock runs only while the
 * machine is comfortable; critical pressure takes a fifth off what it may have.
 * Those that come back one after another wait their turn, and are as good as
 * paused until then.
 */
#ifndef ADM_SERVICE_STATE_H
#define ADM_SERVICE_STATE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum AdmServicePhase
{
	ADM_SERVICE_OPEN,
	ADM_SERVICE_PAUSED,
	ADM_SERVICE_WAITS_ITS_TURN,
	ADM_SERVICE_RESUMING
} AdmServicePhase;

#define ADM_SERVICE_PHASE_COUNT	(ADM_SERVICE_RESUMING + 1)

/* Nobody waits behind so many: turns begin anew when all have come back. */
#define ADM_TURN_MOST			(INT32_MAX / 2)

/* Longest time to come back in. */
#define ADM_RESUME_LONGEST_MS	INT32_MAX

typedef struct AdmServiceState
{
	AdmServicePhase phase;
	int32_t		turn;			/* of those that wait for it, or have begun
								 * in it; else 0 */
	int64_t		over_ms;		/* how long it takes to come back, and */
	int64_t		spent_ms;		/* how much of that has passed; else 0 */
} AdmServiceState;

/* Pauses it, wherever it was. */
extern void adm_service_pause(AdmServiceState *s);

/* Brings it back, at once if over_ms is 0. */
extern void adm_service_resume(AdmServiceState *s, int64_t over_ms);

/* Brings it back when all with a lower turn have come. */
extern void adm_service_wait_turn(AdmServiceState *s, int turn, int64_t over_ms);

/* Its turn has come. */
extern void adm_service_begin_turn(AdmServiceState *s);

/* Lets time pass for one that comes back; returns whether it has arrived now. */
extern bool adm_service_elapse(AdmServiceState *s, int64_t elapsed_ms);

/* Sets one that comes back, to all it may have, back by a fifth. */
extern void adm_service_cut(AdmServiceState *s, int all);

/* Whether nobody of it may begin anything. */
extern bool adm_service_is_shut(const AdmServiceState *s);

/* 0: shut, to 1: open. */
extern double adm_service_progress(const AdmServiceState *s);

/* How much it may have of all it would have when open, 0 to all. */
extern int	adm_service_share(const AdmServiceState *s, int all);

/* The word for a phase, as in the view services, and the other way round. */
extern const char *adm_service_phase_name(AdmServicePhase phase);
extern bool adm_service_phase_by_name(const char *name, AdmServicePhase *phase);

#endif							/* ADM_SERVICE_STATE_H */
