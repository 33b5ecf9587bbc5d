/*
 * services.h - the services: the rules as published, and how each stands now.
 *
 * A service is known by the number of its entry, which stays its own for as long
 * as a session belongs to it or it is paused, whatever the rules say meanwhile.
 * Everything is in shared memory.
 */
#ifndef ADM_SERVICES_H
#define ADM_SERVICES_H

#include "policy/evidence.h"
#include "policy/gate.h"
#include "policy/level.h"
#include "policy/permit_word.h"
#include "policy/rules.h"
#include "policy/service_state.h"

/* Room for those that have left the rules, too, while somebody belongs to them. */
#define ADM_SERVICE_ENTRIES		ADM_RECORD_SERVICES_MOST

/* Of what no rule fits, and of sessions before any rule is asked. */
#define ADM_SERVICE_DEFAULT		0

#define ADM_NO_SERVICE			(-1)

typedef struct AdmServiceView
{
	char		name[ADM_SERVICE_NAME_SIZE];
	int			place;			/* in the rules, from 0; -1: not in them */
	AdmService	rule;			/* what it may do; no limits if not in them */
	AdmServiceState state;		/* by the functions */
	bool		paused_by_setting;
} AdmServiceView;

extern void adm_services_shmem_request(void);
extern void adm_services_shmem_startup(void);

/*
 * For the gates: lock-free.
 */

/* Caps on the sessions or transactions of the service, as a permit word's. */
extern uint64 adm_services_caps(AdmGate gate, int service);

/* Whether nobody of it may begin anything, in mode "enforce". */
extern bool adm_services_is_paused(int service);

extern AdmPriority adm_services_priority(int service);
extern int	adm_services_patience_ms(int service);	/* or ADM_UNLIMITED */
extern bool adm_services_is_exempt(int service);

/* The entries in use are below this number. */
extern int	adm_services_end(void);

/* Grows with every change of the rules. */
extern uint32 adm_services_generation(void);

/*
 * For a backend.
 */

/* The service of the subject by the present rules; may palloc. */
extern int	adm_services_match(const AdmSubject *subject);

/*
 * For anyone.
 */

extern int	adm_services_find(const char *name);	/* or ADM_NO_SERVICE */

/* False: there is no such entry now. */
extern bool adm_services_view(int service, AdmServiceView *view);

/* Whether it is paused, by a function or the setting, whatever the mode. */
extern bool adm_services_view_is_paused(const AdmServiceView *view);

/* What it is now, for those who look, and how far it has come back, 0 to 1. */
extern AdmServicePhase adm_services_view_phase(const AdmServiceView *view);
extern double adm_services_view_progress(const AdmServiceView *view);

/* How many are shut, and of these how many wait their turn; how many come back. */
typedef struct AdmShut
{
	int			shut;
	int			wait_turn;
	int			resuming;
	AdmServiceView comes_back;	/* the first of those */
} AdmShut;

extern AdmShut adm_services_shut(void);

/* The rule as a text, palloc'd; NULL where the rules have none for it. */
extern char *adm_services_rule_text(int service);

/* Whether the rules that this process has read are the ones in force. */
extern bool adm_services_are_published(void);

/* False: there is no such service any more. */
extern bool adm_services_pause(const char *name);	/* and, if it came back in its
													 * turn, all that wait */
extern bool adm_services_resume(const char *name, int64 over_ms);

/*
 * Has these come back one after another, behind those that wait for their turn
 * already; where nobody is on the way back, the first begins at once, since one
 * transaction at a time is little, and who is kept out may be all the pressure
 * there is.  What is not paused by a function stays as it is.  Returns how many
 * have been put in line.
 */
extern int	adm_services_resume_in_turn(const char *const *names, int count, int64 over_ms);

/*
 * For the postmaster and the controller.
 */

/*
 * Publishes the settings as this process has just read them; in_use are the
 * entries that sessions belong to.  False, and the rules stay as they were, if
 * there are not enough entries until some of these have gone.
 */
extern bool adm_services_publish(const bool in_use[ADM_SERVICE_ENTRIES]);

/*
 * Whether there is an entry to be forgotten as soon as its last session has gone
 * over to another: by the next adm_services_publish() after that.
 */
extern bool adm_services_any_left_the_rules(void);

/* What became of services by themselves. */
typedef struct AdmServiceSteps
{
	int			arrived[ADM_SERVICE_ENTRIES];	/* are open now */
	int			arrived_count;
	int			begun;			/* comes back now; or ADM_NO_SERVICE */
} AdmServiceSteps;

/* Lets time pass, at this level of pressure.  Caps may have risen. */
extern void adm_services_step(AdmLevel level, AdmServiceSteps *steps);

/* For the state file. */
extern void adm_services_record(AdmRecord *record);
extern void adm_services_restore(const AdmRecord *record);
extern bool adm_services_any_resumes(void);

#endif							/* ADM_SERVICES_H */
