/*
 * gate.h - the two places where work waits or is refused.
 */
#ifndef ADM_GATE_H
#define ADM_GATE_H

typedef enum AdmGate
{
	ADM_GATE_CONNECTION,		/* at login */
	ADM_GATE_TRANSACTION		/* at a transaction's first statement */
} AdmGate;

#define ADM_GATE_COUNT	(ADM_GATE_TRANSACTION + 1)

#endif							/* ADM_GATE_H */
