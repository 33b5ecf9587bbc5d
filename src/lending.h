/*
 * lending.h - whose transaction permit is in use: lent, taken back, long.
 */
#ifndef ADM_LENDING_H
#define ADM_LENDING_H

extern void adm_lending_shmem_request(void);
extern void adm_lending_shmem_startup(void);

/*
 * Looks at all who are past the transaction gate, at most every few
 * milliseconds, and only while caps stand: counts those who came before the
 * caps, lends the permits of those who use neither processor nor disk if
 * somebody waits, takes back those of who goes on, and keeps long transactions
 * to their share.  For the controller, and the first in line.
 */
extern void adm_lending_balance(void);

/* This backend's answer goes to its client: lends its permit if somebody waits. */
extern void adm_lending_lend_mine(void);

/* This backend goes on: takes its permit back if it was lent. */
extern void adm_lending_take_back_mine(void);

#endif							/* ADM_LENDING_H */
