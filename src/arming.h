/*
 * arming.h - what starts a warm-up by itself.
 */
#ifndef ADM_ARMING_H
#define ADM_ARMING_H

/*
 * At the server's start and after a crash, in the postmaster, before recovery
 * changes what there is to see: judges the evidence, and arms a warm-up or goes
 * on with the one that was interrupted.
 */
extern void adm_arming_at_start(void);

/* In the controller's first round: tells the log what was found at start. */
extern void adm_arming_log_start(void);

/* In the controller: arms a warm-up when a standby has been promoted. */
extern void adm_arming_on_promotion(void);

/*
 * In the controller, when the governor sees critical pressure, a standing line
 * and clients that leave for long enough: arms a warm-up, if none runs.
 */
extern void adm_arming_on_relapse(void);

#endif							/* ADM_ARMING_H */
