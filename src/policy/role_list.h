/*
 * role_list.h - the list of roles in pg_admission.exempt_roles.
 *
 * Names are separated by commas and taken as they are, as in pg_hba.conf: not
 * folded to lower case; a leading + means the role and its members.  A name in
 * double quotes may hold commas and blanks, and "" for a double quote; the +
 * stands before the quotes.
 */
#ifndef ADM_ROLE_LIST_H
#define ADM_ROLE_LIST_H

#include <stdbool.h>

#define ADM_ROLE_NAME_SIZE	64	/* NAMEDATALEN */

typedef struct AdmRoleItem
{
	bool		members;		/* +name */
	char		name[ADM_ROLE_NAME_SIZE];
} AdmRoleItem;

typedef enum AdmRoleListResult
{
	ADM_ROLE_ITEM,				/* *item is the next one */
	ADM_ROLE_END,				/* there are no more */
	ADM_ROLE_EMPTY_NAME,
	ADM_ROLE_NAME_TOO_LONG,
	ADM_ROLE_UNFINISHED_QUOTE,
	ADM_ROLE_MISSING_COMMA
} AdmRoleListResult;

/*
 * The next item at *list, which moves on past it and its comma.  Errors leave
 * *list at the item that is wrong, or behind which something is: after a last
 * comma an empty name follows.
 */
extern AdmRoleListResult adm_role_list_next(const char **list, AdmRoleItem *item);

/* What is wrong, for the detail of a message; NULL for an item or the end. */
extern const char *adm_role_list_error(AdmRoleListResult result);

#endif							/* ADM_ROLE_LIST_H */
