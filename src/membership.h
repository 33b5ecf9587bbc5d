/*
 * membership.h - whose member a role is.
 *
 * Looked up with the catalog cache alone: needs a transaction, not a database,
 * and leaves no cache behind that would be wrong once the database is known.
 */
#ifndef ADM_MEMBERSHIP_H
#define ADM_MEMBERSHIP_H

#include "nodes/pg_list.h"

/* A role, and what has been found of it. */
typedef struct AdmMembership
{
	Oid			role;
	List	   *roles;			/* it and all it is a member of; NIL: not looked
								 * up yet */
} AdmMembership;

/* Looks it up now; else that is done when it is asked for. */
extern void adm_membership_look_up(AdmMembership *membership);

/* Whether the role is this one, or a member of it, directly or not. */
extern bool adm_membership_in(AdmMembership *membership, Oid of);

/* The same by name; false where there is no such role. */
extern bool adm_membership_in_named(AdmMembership *membership, const char *of);

#endif							/* ADM_MEMBERSHIP_H */
