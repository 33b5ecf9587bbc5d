/*
 * connection_gate.h - where logins wait or are refused.
 *
 * Sits in ClientAuthentication_hook, after successful authentication.
 */
#ifndef ADM_CONNECTION_GATE_H
#define ADM_CONNECTION_GATE_H

/* Installs the hook. */
extern void adm_connection_gate_init(void);

#endif							/* ADM_CONNECTION_GATE_H */
