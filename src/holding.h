/*
 * holding.h - when the gates began to hold, and what came of it, for the record.
 */
#ifndef ADM_HOLDING_H
#define ADM_HOLDING_H

/* For the controller, once a round. */
extern void adm_holding_note(void);

#endif							/* ADM_HOLDING_H */
