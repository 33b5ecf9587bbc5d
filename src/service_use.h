/*
 * service_use.h - the processor time that the sessions of each service use, by
 * the last sample.
 */
#ifndef ADM_SERVICE_USE_H
#define ADM_SERVICE_USE_H

#include "services.h"

/* In cores; what parallel workers use is in their leader's figure. */
typedef struct AdmServiceUse
{
	double		of_service[ADM_SERVICE_ENTRIES];
	double		of_all;
	bool		known;			/* of some session at least */
} AdmServiceUse;

extern void adm_service_use_read(AdmServiceUse *use);

#endif							/* ADM_SERVICE_USE_H */
