/*
 * membership.c - whose member a role is.
 *
 * acl.c's functions remember what they find for the session's role, and before
 * the database is known they find no membership in pg_database_owner: a database
 * owner who logged in through them would miss those rights for the whole
 * session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_auth_members.h"
#include "membership.h"
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

void
adm_membership_look_up(AdmMembership *membership)
{
	if (membership->roles == NIL)
		membership->roles = roles_of(membership->role);
}

bool
adm_membership_in(AdmMembership *membership, Oid of)
{
	if (!OidIsValid(of))
		return false;
	adm_membership_look_up(membership);
	return list_member_oid(membership->roles, of);
}

bool
adm_membership_in_named(AdmMembership *membership, const char *of)
{
	return adm_membership_in(membership, get_role_oid(of, true));
}
