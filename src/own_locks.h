/*
 * own_locks.h - the heavyweight locks of this backend, as others see them.
 */
#ifndef ADM_OWN_LOCKS_H
#define ADM_OWN_LOCKS_H

/* Whether somebody waits for a lock that this backend holds. */
extern bool adm_own_locks_block_others(void);

/*
 * Whether the backend holds advisory locks.  At a transaction's first statement
 * these are the session's.
 */
extern bool adm_own_locks_include_advisory(void);

#endif							/* ADM_OWN_LOCKS_H */
