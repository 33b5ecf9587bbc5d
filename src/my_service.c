/*
 * my_service.c - which service this session belongs to.
 *
 * Its role is the one that logged in, whatever SET ROLE says, since that is what
 * the other sessions' services are found by, too.  Whose member it is, is looked
 * up once, at the login if a rule asks for it then, so that no later statement
 * needs a catalog for it.
 */
#include "postgres.h"

#include "login.h"
#include "membership.h"
#include "miscadmin.h"
#include "my_service.h"
#include "nodes/value.h"
#include "permits.h"
#include "services.h"
#include "settings.h"
#include "state.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* By what the session's service was found last. */
static uint32 found_by_generation = 0;
static char found_by_application[NAMEDATALEN];

/*
 * The role that logged in and all it is a member of, by name, for as long as the
 * session lasts; NIL: not looked up.
 */
static List *roles = NIL;

static void
look_up_roles(const char *role)
{
	AdmMembership membership = {get_role_oid(role, true), NIL};
	List	   *names = NIL;
	ListCell   *lc;
	MemoryContext before;

	adm_membership_look_up(&membership);
	before = MemoryContextSwitchTo(TopMemoryContext);
	foreach(lc, membership.roles)
	{
		char	   *name = GetUserNameFromId(lfirst_oid(lc), true);

		if (name)
			names = lappend(names, makeString(pstrdup(name)));
	}
	MemoryContextSwitchTo(before);
	roles = names;
}

/* An exempt session's later statements do not depend on a catalog at all. */
static bool
is_member(void *argument, const char *role)
{
	const AdmLogin *login = argument;

	if (roles == NIL && adm_permits_is_exempt(adm_permits_my_state(ADM_GATE_CONNECTION)))
		return false;
	if (roles == NIL)
		look_up_roles(login->role);
	return list_member(roles, makeString(pstrdup(role)));
}

static int
find(const Port *port, const char *application)
{
	uint32		generation = adm_services_generation();
	AdmLogin	login;
	AdmSubject	subject;
	int			service;

	adm_login_describe(port, application, &login);
	subject.role = login.role;
	subject.database = login.database;
	subject.application_name = login.application_name;
	subject.client_address = login.client_address;
	subject.is_member = is_member;
	subject.argument = &login;
	service = adm_services_match(&subject);
	found_by_generation = generation;
	strlcpy(found_by_application, application, sizeof(found_by_application));
	return service;
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

	if (adm_state_mode() == ADM_MODE_OFF)
		return before;
	if (found_by_generation == adm_services_generation() &&
		strcmp(found_by_application, application) == 0)
		return before;
	now = find(MyProcPort, application);
	if (now != before)
		adm_permits_change_service(now);
	return now;
}
