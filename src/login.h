/*
 * login.h - who logs in, as the client and the connection say.
 */
#ifndef ADM_LOGIN_H
#define ADM_LOGIN_H

#include "libpq/libpq-be.h"

#define ADM_CLIENT_ADDRESS_SIZE		64

/* Who it is, for those who look at the line, stop sessions or read the record. */
typedef struct AdmLogin
{
	char		role[NAMEDATALEN];
	char		database[NAMEDATALEN];
	char		application_name[NAMEDATALEN];
	char		client_address[ADM_CLIENT_ADDRESS_SIZE];	/* "" for a Unix socket */
} AdmLogin;

/* application_name may be NULL. */
extern void adm_login_describe(const Port *port, const char *application_name,
							   AdmLogin *login);

#endif							/* ADM_LOGIN_H */
