/*
 * my_service.h - which service this session belongs to.
 */
#ifndef ADM_MY_SERVICE_H
#define ADM_MY_SERVICE_H

#include "libpq/libpq-be.h"

/* By the present rules; for the login hook, before the slot says it. */
extern int	adm_my_service_at_login(const Port *port);

/*
 * At the beginning of a transaction: the session's service, found anew if the
 * rules or its application_name have changed.  Needs a transaction.
 */
extern int	adm_my_service_now(void);

#endif							/* ADM_MY_SERVICE_H */
