/*
 * waits.h - what another backend waits for, as far as can be seen from outside.
 */
#ifndef ADM_WAITS_H
#define ADM_WAITS_H

/*
 * The wait event of the backend with this slot; 0: none.  One unlocked word,
 * enough for a guess that may be wrong.
 */
extern uint32 adm_wait_event(int index);

/*
 * Whether who waits for this waits for something that neither a processor nor
 * a disk will bring: the client, a heavyweight lock, a time, a standby, or
 * something of an extension's.
 */
extern bool adm_wait_is_for_others(uint32 event);

/* Whether it is a heavyweight lock. */
extern bool adm_wait_is_for_lock(uint32 event);

/* How many backends wait for such a lock. */
extern int	adm_wait_lock_waiters(void);

#endif							/* ADM_WAITS_H */
