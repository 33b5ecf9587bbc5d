/*
 * exemption.c - who is not subject to the connection gate.
 *
 * Membership is looked up with the catalog cache alone.  acl.c's functions
 * remember what they find for the session's role, and before the database is
 * known they find no membership in pg_database_owner: a database owner who
 * logged in through them would miss those rights for the whole session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "compat.h"
#include "exemption.h"
#include "policy/role_list.h"
#include "settings.h"
#include "utils/acl.h"
#include "utils/catcache.h"
#include "utils/syscache.h"

/* The role and every role it is a member of, directly or not. */
static List *
roles_of(Oid role)
{
	List	   *roles = list_make1_oid(role);
	ListCell   *lc;

	/* The list is at once what was found and what is still to be looked up. */
	foreach(lc, roles)
	{
		CatCList   *memberships;

		memberships = SearchSysCacheList1(AUTHMEMMEMROLE,
										  ObjectIdGetDatum(lfirst_oid(lc)));
		for (int i = 0; i < memberships->n_members; i++)
		{
			HeapTuple	tuple = &memberships->members[i]->tuple;

			roles = list_append_unique_oid(roles,
										   ((Form_pg_auth_members) GETSTRUCT(tuple))->roleid);
		}
		ReleaseCatCacheList(memberships);
	}
	return roles;
}

static bool
is_member(List **roles, Oid role, Oid of)
{
	if (!OidIsValid(of))
		return false;
	if (*roles == NIL)
		*roles = roles_of(role);
	return list_member_oid(*roles, of);
}

/* A name in exempt_roles that is no role matches nobody. */
static bool
listed_as_exempt(List **roles, Oid role, const char *role_name)
{
	const char *rest = adm_exempt_roles;
	AdmRoleItem item;

	while (adm_role_list_next(&rest, &item) == ADM_ROLE_ITEM)
	{
		if (strcmp(item.name, role_name) == 0)
			return true;
		if (item.members && is_member(roles, role, get_role_oid(item.name, true)))
			return true;
	}
	return false;
}

AdmExemption
adm_exemption_of(const char *role_name)
{
	HeapTuple	tuple;
	Form_pg_authid form;
	Oid			role;
	bool		superuser;
	List	   *roles = NIL;

	tuple = SearchSysCache1(AUTHNAME, PointerGetDatum(role_name));
	if (!HeapTupleIsValid(tuple))
		return ADM_EXEMPTION_UNKNOWN_ROLE;
	form = (Form_pg_authid) GETSTRUCT(tuple);
	role = form->oid;
	superuser = form->rolsuper;
	ReleaseSysCache(tuple);

	if (superuser)
		return ADM_EXEMPTION_FULL;
	if (is_member(&roles, role, adm_compat_reserved_role()))
		return ADM_EXEMPTION_FULL;
	if (listed_as_exempt(&roles, role, role_name))
		return ADM_EXEMPTION_LANE;
	return ADM_EXEMPTION_NONE;
}
