/*
 * exemption.c - who is not subject to the connection gate.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "compat.h"
#include "exemption.h"
#include "membership.h"
#include "policy/role_list.h"
#include "settings.h"
#include "utils/syscache.h"

/* A name in exempt_roles that is no role matches nobody. */
static bool
listed_as_exempt(AdmMembership *membership, const char *role_name)
{
	const char *rest = adm_exempt_roles;
	AdmRoleItem item;

	while (adm_role_list_next(&rest, &item) == ADM_ROLE_ITEM)
	{
		if (strcmp(item.name, role_name) == 0)
			return true;
		if (item.members && adm_membership_in_named(membership, item.name))
			return true;
	}
	return false;
}

AdmExemption
adm_exemption_of(const char *role_name)
{
	HeapTuple	tuple;
	Form_pg_authid form;
	AdmMembership membership = {InvalidOid, NIL};
	bool		superuser;

	tuple = SearchSysCache1(AUTHNAME, PointerGetDatum(role_name));
	if (!HeapTupleIsValid(tuple))
		return ADM_EXEMPTION_UNKNOWN_ROLE;
	form = (Form_pg_authid) GETSTRUCT(tuple);
	membership.role = form->oid;
	superuser = form->rolsuper;
	ReleaseSysCache(tuple);

	if (superuser)
		return ADM_EXEMPTION_FULL;
	if (adm_membership_in(&membership, adm_compat_reserved_role()))
		return ADM_EXEMPTION_FULL;
	if (listed_as_exempt(&membership, role_name))
		return ADM_EXEMPTION_LANE;
	return ADM_EXEMPTION_NONE;
}
