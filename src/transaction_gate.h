/*
 * transaction_gate.h - where transactions wait or are refused.
 */
#ifndef ADM_TRANSACTION_GATE_H
#define ADM_TRANSACTION_GATE_H

/* Installs the hooks.  Call once, while shared_preload_libraries load. */
extern void adm_transaction_gate_init(void);

#endif							/* ADM_TRANSACTION_GATE_H */
