/*
 * storm_target.c - where to connect, and as what application.
 *
 * libpq's PQconnectStart() waits for a name server when the host is a name,
 * and with it would wait all other requests.
 */
#include "storm_target.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the text says, else the environment, as in libpq; NULL if neither. */
static const char *
setting_of(const Target *target, const char *keyword, const char *variable)
{
	for (PQconninfoOption *o = target->settings; o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0 && o->val && *o->val)
			return o->val;
	return getenv(variable);
}

static bool
is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 ||
		inet_pton(AF_INET6, host, &address) == 1;
}

/* A list of hosts is no address, and one host is all that a storm needs. */
static bool
needs_no_name_server(const Target *target)
{
	const char *host = setting_of(target, "host", "PGHOST");
	const char *address = setting_of(target, "hostaddr", "PGHOSTADDR");

	if (setting_of(target, "service", "PGSERVICE") != NULL)
		return false;
	if (address != NULL && *address)
		return is_address(address);
	if (host == NULL || *host == '\0')
		return true;
	if (*host == '/' || *host == '@')
		return strchr(host, ',') == NULL;
	return is_address(host);
}

static bool
copy_settings(Target *target, const char *application)
{
	int			n = 0;

	for (PQconninfoOption *o = target->settings; o->keyword; o++)
	{
		if (o->val == NULL || strcmp(o->keyword, "application_name") == 0)
			continue;
		if (n + 2 >= TARGET_MAX_KEYWORDS)
			return false;
		target->keywords[n] = o->keyword;
		target->values[n++] = o->val;
	}
	target->keywords[n] = "application_name";
	target->values[n++] = application;
	target->keywords[n] = NULL;
	target->values[n] = NULL;
	return true;
}

bool
target_init(Target *target, const char *conninfo, const char *application)
{
	char	   *problem = NULL;

	target->settings = PQconninfoParse(conninfo, &problem);
	if (target->settings == NULL)
	{
		fprintf(stderr, "storm: could not read the connection string: %s",
				problem ? problem : "out of memory\n");
		PQfreemem(problem);
		return false;
	}
	if (!needs_no_name_server(target))
	{
		fprintf(stderr, "storm: the host must be one socket directory or one IP address: \"%s\"\n",
				conninfo);
		return false;
	}
	return copy_settings(target, application);
}

void
target_free(Target *target)
{
	PQconninfoFree(target->settings);
	target->settings = NULL;
}
