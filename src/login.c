/*
 * login.c - who logs in, as the client and the connection say.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "common/ip.h"
#include "login.h"

void
adm_login_describe(const Port *port, const char *application_name, AdmLogin *login)
{
	memset(login, 0, sizeof(*login));
	strlcpy(login->role, port->user_name, NAMEDATALEN);
	if (port->database_name)
		strlcpy(login->database, port->database_name, NAMEDATALEN);
	if (application_name)
		strlcpy(login->application_name, application_name, NAMEDATALEN);
	if (port->raddr.addr.ss_family == AF_UNIX)
		return;
	if (pg_getnameinfo_all(&port->raddr.addr, port->raddr.salen,
						   login->client_address, sizeof(login->client_address),
						   NULL, 0, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		login->client_address[0] = '\0';
}
