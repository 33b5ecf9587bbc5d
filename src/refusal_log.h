/*
 * refusal_log.h - refusals in the server log, not one line each.
 *
 * A storm refuses thousands of logins a second.  The first few of each second
 * are logged as they are; the others only go to their clients, and the
 * controller logs how many there were.
 */
#ifndef ADM_REFUSAL_LOG_H
#define ADM_REFUSAL_LOG_H

extern void adm_refusal_log_shmem_request(void);
extern void adm_refusal_log_shmem_startup(void);

/* Installs the hook that keeps marked messages out of the log. */
extern void adm_refusal_log_init(void);

/*
 * To be called by a process just before the message with which it ends: keeps
 * it out of the server log when this second has seen enough of them.
 */
extern void adm_refusal_log_limit(void);

/* For the controller: how many were kept out since the last call. */
extern uint32 adm_refusal_log_take_hidden(void);

#endif							/* ADM_REFUSAL_LOG_H */
