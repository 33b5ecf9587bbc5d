/*
 * line_wait.h - waiting in a gate's line: asleep, but not deaf.
 */
#ifndef ADM_LINE_WAIT_H
#define ADM_LINE_WAIT_H

/* Whether the client has closed its socket; false where that cannot be told. */
extern bool adm_line_client_hung_up(void);

/*
 * Sleeps until the latch is set, the client hangs up (then false), or the time
 * is over.  Ends the process if the postmaster has died.
 */
extern bool adm_line_sleep(long timeout_ms, uint32 wait_event);

#endif							/* ADM_LINE_WAIT_H */
