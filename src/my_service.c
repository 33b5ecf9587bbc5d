/*
 * my_service.c - which service this session belongs to.
 *
 * Its role is the one that logged in, whatever SET ROLE says, since that is what
 * the other sessions' services are found by, too.
 */
#include "postgres.h"

#include "login.h"
#include "membership.h"
#include "miscadmin.h"
#include "my_service.h"
#include "permits.h"
#include "services.h"
#include "utils/acl.h"
#include "utils/guc.h"

/* By what the session's service was found last. */
static uint32 found_by_generation = 0;
static char found_by_application[NAMEDATALEN];

static bool
is_member(void *argument, const char *role)
{
	return adm_membership_in_named(argument, role);
}

static int
find(const Port *port, const char *application)
{
	AdmLogin	login;
	AdmMembership membership = {InvalidOid, NIL};
	AdmSubject	subject;

	found_by_generation = adm_services_generation();
	strlcpy(found_by_application, application, sizeof(found_by_application));
	adm_login_describe(port, application, &login);
	membership.role = get_role_oid(login.role, true);
	subject.role = login.role;
	subject.database = login.database;
	subject.application_name = login.application_name;
	subject.client_address = login.client_address;
	subject.is_member = is_member;
	subject.argument = &membership;
	return adm_services_match(&subject);
}

int
adm_my_service_at_login(const Port *port)
{
	return find(port, port->application_name ? port->application_name : "");
}

int
adm_my_service_now(void)
{
	const char *application = application_name ? application_name : "";
	int			before = adm_permits_my_service();
	int			now;

	if (found_by_generation == adm_services_generation() &&
		strcmp(found_by_application, application) == 0)
		return before;
	now = find(MyProcPort, application);
	if (now != before)
		adm_permits_change_service(now);
	return now;
}
