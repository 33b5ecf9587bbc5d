/*
 * starts.h - the start permits of the connection gate, and their end.
 */
#ifndef ADM_STARTS_H
#define ADM_STARTS_H

extern void adm_starts_shmem_request(void);
extern void adm_starts_shmem_startup(void);

/* Gives this session's start permit back; it stays admitted.  Idempotent. */
extern void adm_starts_end_mine(void);

/*
 * Takes start permits back from sessions that no longer start: those that sit
 * idle or wait for anything but CPU, disk and their like, and those that have
 * run for long.  At most every few milliseconds; serves the line.
 */
extern void adm_starts_reclaim(void);

#endif							/* ADM_STARTS_H */
