/*
 * permits.h - slots, permits and the lines of the gates.
 *
 * At each gate a client backend has a slot, which says what it holds, and the
 * gate's word counts what all of them hold; so does each service's for its own.
 * docs/internals.md has the states, who changes them and under which lock.  A
 * permit that comes back goes straight to the next waiter, who alone is woken.
 */
#ifndef ADM_PERMITS_H
#define ADM_PERMITS_H

#include "datatype/timestamp.h"
#include "login.h"
#include "policy/gate.h"
#include "policy/line_order.h"
#include "policy/permit_word.h"
#include "services.h"

typedef enum AdmSlotState
{
	ADM_SLOT_FREE,				/* holds nothing */
	ADM_SLOT_WAITING,			/* in line */
	ADM_SLOT_GRANTED,			/* has a permit and does not know it yet */
	ADM_SLOT_ACTIVE,			/* starts; runs a transaction */
	ADM_SLOT_PRESENT,			/* past its start; a transaction so long that
								 * the cap no longer counts it */
	ADM_SLOT_LENT,				/* transactions: needs no processor now */
	ADM_SLOT_OPEN,				/* transactions: began when no cap stood */
	ADM_SLOT_EXEMPT,			/* connections: not subject to the gates */
	ADM_SLOT_LANE				/* connections: exempt by exempt_roles, in the
								 * reserved lane */
} AdmSlotState;

#define ADM_SLOT_STATE_COUNT	(ADM_SLOT_LANE + 1)

/* A session, from its login on: what no catalog is needed for. */
typedef struct AdmSession
{
	int			pid;
	TimestampTz start;			/* as backend_start in pg_stat_activity */
	bool		exempt;			/* it was not subject to the gates at login */
	bool		replicates;		/* a walsender's */
	AdmLogin	login;
} AdmSession;

typedef struct AdmWaiter
{
	AdmGate		gate;
	int			service;
	AdmSession	session;
	TimestampTz since;
} AdmWaiter;

typedef enum AdmEntry
{
	ADM_ENTRY_ADMITTED,			/* past the gate, with a permit */
	ADM_ENTRY_WAITING,			/* in line */
	ADM_ENTRY_NO_SLOTS,			/* neither: too few server slots are free */
	ADM_ENTRY_IN_VAIN			/* neither, by its outlook */
} AdmEntry;

/* What comes of a wait. */
typedef enum AdmOutlook
{
	ADM_OUTLOOK_OPEN,
	ADM_OUTLOOK_IN_VAIN,		/* a refusal: it had better not join the line */
	ADM_OUTLOOK_NO_TIME			/* it may not wait at all */
} AdmOutlook;

/* How somebody is to wait. */
typedef struct AdmWish
{
	const char *application_name;	/* as it is now */
	int			service;
	AdmRank		rank;
	int			spare_slots;	/* server slots that must stay free for it */
	AdmOutlook	outlook;
} AdmWish;

/* The caps that one more would meet. */
typedef enum AdmRoom
{
	ADM_ROOM,
	ADM_ROOM_NO_ACTIVE,
	ADM_ROOM_NO_PRESENT
} AdmRoom;

extern void adm_permits_shmem_request(void);
extern void adm_permits_shmem_startup(void);

/*
 * For a backend about its own slot.
 */

/* Says who it is, before anything else; and that it ends, after all else. */
extern void adm_permits_introduce(const AdmSession *session);
extern void adm_permits_say_goodbye(void);

/* Registers an exempt session. */
extern void adm_permits_enter_exempt(int service);

/*
 * Registers a session in the reserved lane, perhaps out of the line; false and
 * nothing changed: it is full.
 */
extern bool adm_permits_enter_lane(int service);

/* The fast path: past the gate without a lock, or false and nothing held. */
extern bool adm_permits_try_enter(AdmGate gate, int service);

/*
 * Where no cap stands, of the gate or the service: marks the transaction,
 * without counting it.  Whoever waits there still is let in by those who took
 * the caps away.
 */
extern bool adm_permits_try_enter_open(int service);

/* Past the gate, or into the line. */
extern AdmEntry adm_permits_enter_or_wait(AdmGate gate, const AdmWish *wish);

/*
 * Past the gate whatever the caps, out of the line if it waits there.  The
 * words may then be above their caps, which admits nobody until they have
 * drained.
 */
extern void adm_permits_enter_beyond_caps(AdmGate gate, int service);

/*
 * The same beyond the gate's caps alone, but of transactions not beyond the one
 * on all that are present.  False: there, or in its service, is no room, and
 * nothing has changed.
 */
extern bool adm_permits_enter_beyond_gate(AdmGate gate, int service);

/* The same beyond its service's caps, too. */
extern bool adm_permits_enter_up_to_ceiling(AdmGate gate, int service);

/* Takes up the permit that the waiter has been given meanwhile, if so. */
extern bool adm_permits_take_grant(AdmGate gate);

/* Whether the waiter is the one of all who wait here who looks after them. */
extern bool adm_permits_first_in_line(AdmGate gate);

/* A statement begins; the count tells one from the next. */
extern void adm_permits_note_statement(void);

extern AdmSlotState adm_permits_my_state(AdmGate gate);

/* The service that the session belongs to, and to another. */
extern int	adm_permits_my_service(void);
extern void adm_permits_change_service(int service);

/* Gives back whatever is held, a place in line included.  Idempotent. */
extern void adm_permits_leave(AdmGate gate);

/*
 * For anyone about a slot.
 */

/*
 * Copies the session in the slot; false: there is none, or it has not come to
 * its login.  The pid tells whose it is while its process cannot leave; else it
 * is only as good as a look.
 */
extern bool adm_permits_session(int index, AdmSession *session);

/* FREE for a slot that is no client's. */
extern AdmSlotState adm_permits_slot_state(AdmGate gate, int index);

/* The service of whoever is in it. */
extern int	adm_permits_slot_service(AdmGate gate, int index);

/* How long a slot has been in its state, for one that is not waiting. */
extern int64 adm_permits_slot_age_ms(AdmGate gate, int index, int64 now_ms);

/* Statements begun by a client's slot, for telling whether there was one since. */
extern uint32 adm_permits_slot_statements(int index);

/*
 * Moves a slot between two states that it may be moved between by anybody, and
 * the words with it; false, and nothing changed, if it is not in the first.
 */
extern bool adm_permits_move(AdmGate gate, int index, AdmSlotState from, AdmSlotState to);

/*
 * Counts a transaction that was not counted, as young: takes its permit back
 * from those it was lent to, or gives it one where it began when no cap stood.
 */
extern void adm_permits_take_up(int index, AdmSlotState from);

/*
 * For anyone about the lines.
 */

/* Gives permits to waiters while there is room. */
extern void adm_permits_serve_line(AdmGate gate);
extern void adm_permits_serve_lines(void);

/*
 * Gives permits beyond the caps to those who have waited for so long, at most
 * so many, oldest first.  Returns to how many.
 */
extern int	adm_permits_pass(AdmGate gate, int most, int64 waited_ms);

/*
 * How long the one who has waited longest has, here or anywhere, of those who do
 * not wait for room in their own service; 0: nobody waits.
 */
extern int64 adm_permits_longest_wait_ms(AdmGate gate);
extern int64 adm_permits_longest_wait_of_all_ms(void);

/*
 * Whether the service's line of the ordinary stands (policy/delay.h); notes its
 * head's wait.
 */
extern bool adm_permits_line_stands(AdmGate gate, int service);

/*
 * Whether one does that waits for the gate, or would if clients did not leave it.
 */
extern bool adm_permits_any_line_stands(AdmGate gate);

/*
 * How long the service's ordinary in line will take to be served, as fast as
 * others were a moment ago; 0: nobody stands there, or its first has not waited
 * for long (policy/delay.h).
 */
extern int64 adm_permits_expected_wait_ms(AdmGate gate, int service);

/* Somebody is turned away because the line stands. */
extern void adm_permits_note_turned_away(AdmGate gate, int service);

/* Whether clients of it hang up in line, one after the other (policy/delay.h). */
extern bool adm_permits_clients_leave(AdmGate gate, int service);

/* Somebody's client has hung up in line. */
extern void adm_permits_note_leaver(AdmGate gate, int service);

/* Whether somebody waits at this gate, or would if it had the time; at any. */
extern bool adm_permits_are_wanted(AdmGate gate);
extern bool adm_permits_any_are_wanted(void);

/* How many wait for room in their own service. */
extern int	adm_permits_waiting_for_service(AdmGate gate);

/* Copies of those in line, by gate, service, rank and arrival, palloc'd. */
extern AdmWaiter *adm_permits_waiters(int *count);

/*
 * For anyone about counts and caps.
 */

extern AdmCounts adm_permits_counts(AdmGate gate);

/* Of one service: its waiting and, as far as they are counted, its present. */
extern AdmCounts adm_permits_service_counts(AdmGate gate, int service);

/* What one more would meet, by the caps that are shown. */
extern AdmRoom adm_permits_room(AdmGate gate);

/* Whether the service itself would let one more of its own pass. */
extern bool adm_permits_service_has_room(AdmGate gate, int service);

/*
 * How many have been admitted since the counters were reset, at once or after
 * a wait; transactions only while a cap stood.
 */
extern uint64 adm_permits_admitted(AdmGate gate);
extern void adm_permits_reset_admitted(void);

/* Exempt sessions, those in the lane included; those in the lane. */
extern int	adm_permits_exempt(void);
extern int	adm_permits_lane(void);

/* How many slots of the gate are in each state; looks at all. */
extern void adm_permits_count_states(AdmGate gate, int count[ADM_SLOT_STATE_COUNT]);

/* What there is of each service; looks at all slots once. */
typedef struct AdmServiceCounts
{
	int			sessions;		/* exempt ones included */
	int			logins_waiting;
	int			running;		/* transactions, but those that are lent */
	int			waiting;
} AdmServiceCounts;

extern void adm_permits_count_services(AdmServiceCounts counts[ADM_SERVICE_ENTRIES]);

/* To which services there are sessions. */
extern void adm_permits_services_in_use(bool in_use[ADM_SERVICE_ENTRIES]);

/*
 * What a state means.
 */

/* Whether a session in this state of the connection gate is subject to it, or not. */
extern bool adm_permits_is_gated(AdmSlotState state);
extern bool adm_permits_is_exempt(AdmSlotState state);

/* Whether a transaction in this state is past its gate, and not lent. */
extern bool adm_permits_is_running(AdmSlotState state);

/* The word for a state at a gate. */
extern const char *adm_permits_state_name(AdmGate gate, AdmSlotState state);

#endif							/* ADM_PERMITS_H */
