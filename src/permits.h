/*
 * permits.h - slots, permits and the line of the connection gate.
 *
 * A slot belongs to a client backend and says what it holds; the gate's word
 * counts what all of them hold.  docs/internals.md has the states, who changes
 * them and under which lock.  A permit that comes back goes straight to the
 * next waiter, who alone is woken.
 */
#ifndef ADM_PERMITS_H
#define ADM_PERMITS_H

#include "datatype/timestamp.h"
#include "policy/permit_word.h"

#define ADM_CLIENT_ADDRESS_SIZE		64

typedef enum AdmSlotState
{
	ADM_SLOT_FREE,				/* nobody, or a backend that is no client's */
	ADM_SLOT_WAITING,			/* in line */
	ADM_SLOT_GRANTED,			/* has a start permit and does not know it yet */
	ADM_SLOT_STARTING,			/* holds a start permit and is admitted */
	ADM_SLOT_ADMITTED,			/* is admitted */
	ADM_SLOT_EXEMPT,			/* not subject to the gate */
	ADM_SLOT_LANE				/* exempt by exempt_roles, in the reserved
								 * lane */
} AdmSlotState;

/* Who logs in, for those who look at the line. */
typedef struct AdmLogin
{
	char		role[NAMEDATALEN];
	char		database[NAMEDATALEN];
	char		application_name[NAMEDATALEN];
	char		client_address[ADM_CLIENT_ADDRESS_SIZE];	/* "" for a Unix socket */
} AdmLogin;

typedef struct AdmWaiter
{
	int			pid;
	AdmLogin	login;
	TimestampTz since;
} AdmWaiter;

typedef enum AdmEntry
{
	ADM_ENTRY_ADMITTED,			/* past the gate, with a start permit */
	ADM_ENTRY_WAITING,			/* in line */
	ADM_ENTRY_NO_SLOTS			/* neither: too few server slots are free */
} AdmEntry;

typedef struct AdmGateCounts
{
	AdmCounts	counts;			/* waiting, active = starting, present =
								 * admitted */
	int			exempt;			/* the lane's included */
	int			lane;
} AdmGateCounts;

extern void adm_permits_shmem_request(void);
extern void adm_permits_shmem_startup(void);

/*
 * For a backend about its own slot.
 */

/* Registers an exempt session. */
extern void adm_permits_enter_exempt(void);

/* Registers a session in the reserved lane; false and nothing held: it is full. */
extern bool adm_permits_enter_lane(void);

/* The fast path: past the gate without a lock, or false and nothing held. */
extern bool adm_permits_try_enter(void);

/* Past the gate, or into the line; spare_slots must stay free for that. */
extern AdmEntry adm_permits_enter_or_wait(const AdmLogin *login, int spare_slots);

/*
 * Past the gate whatever the caps, out of the line if it waits there: for a
 * comfortable machine, which refuses nobody.
 */
extern void adm_permits_enter_beyond_caps(void);

/* Takes up the permits that the waiter has been given meanwhile, if so. */
extern bool adm_permits_take_grant(void);

/* Whether the waiter is the first in line, who looks after the line. */
extern bool adm_permits_first_in_line(void);

/* Gives the start permit back; the session stays admitted.  Idempotent. */
extern void adm_permits_end_start(void);

/* Gives back whatever is held, a place in line included.  Idempotent. */
extern void adm_permits_leave(void);

/*
 * For anyone.
 */

/* Gives permits to waiters while there is room. */
extern void adm_permits_serve_line(void);

/*
 * Takes start permits back from sessions that no longer start: those that sit
 * idle or wait for anything but CPU, disk and their like, and those that have
 * run for long.  At most every few milliseconds; serves the line.
 */
extern void adm_permits_reclaim(void);

/*
 * Gives permits beyond the caps to those who have waited for so long, at most
 * so many, oldest first.  Returns to how many.
 */
extern int	adm_permits_pass(int most, int64 waited_ms);

extern AdmGateCounts adm_permits_counts(void);

/* How long the first in line has waited; 0: there is no line. */
extern int64 adm_permits_longest_wait_ms(void);

/* The state of a slot by its index; FREE for one that is no client's. */
extern AdmSlotState adm_permits_slot_state(int index);

/* Whether a slot in this state is subject to the gate. */
extern bool adm_permits_is_gated(AdmSlotState state);

/* free | waiting | granted | starting | admitted | exempt | lane */
extern const char *adm_permits_state_name(AdmSlotState state);

/* Copies of those in line in the order of arrival, palloc'd. */
extern AdmWaiter *adm_permits_waiters(int *count);

#endif							/* ADM_PERMITS_H */
