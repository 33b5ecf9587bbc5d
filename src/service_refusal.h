/*
 * service_refusal.h - what a refusal says of the service that had no room.
 */
#ifndef ADM_SERVICE_REFUSAL_H
#define ADM_SERVICE_REFUSAL_H

#include "policy/gate.h"

/* Within ereport(), as errdetail() and errhint(). */
extern int	adm_service_refusal_detail(AdmGate gate, int service);
extern int	adm_service_refusal_hint(int service);

#endif							/* ADM_SERVICE_REFUSAL_H */
