/*
 * role_list.c - reads the list of roles in pg_admission.exempt_roles.
 */
#include "role_list.h"

#include <stddef.h>
#include <string.h>

#define BLANKS	" \t\r\n"

/* Copies a quoted name from just behind its opening quote. */
static AdmRoleListResult
take_quoted(const char **at, char *name)
{
	size_t		length = 0;
	const char *p = *at;

	for (;; p++)
	{
		if (*p == '\0')
			return ADM_ROLE_UNFINISHED_QUOTE;
		if (*p == '"' && *++p != '"')
			break;
		if (length + 1 >= ADM_ROLE_NAME_SIZE)
			return ADM_ROLE_NAME_TOO_LONG;
		name[length++] = *p;
	}
	name[length] = '\0';
	*at = p;
	return length > 0 ? ADM_ROLE_ITEM : ADM_ROLE_EMPTY_NAME;
}

static AdmRoleListResult
take_plain(const char **at, char *name)
{
	size_t		length = strcspn(*at, "," BLANKS);

	if (length == 0)
		return ADM_ROLE_EMPTY_NAME;
	if (length >= ADM_ROLE_NAME_SIZE)
		return ADM_ROLE_NAME_TOO_LONG;
	memcpy(name, *at, length);
	name[length] = '\0';
	*at += length;
	return ADM_ROLE_ITEM;
}

AdmRoleListResult
adm_role_list_next(const char **list, AdmRoleItem *item)
{
	const char *at = *list + strspn(*list, BLANKS);
	AdmRoleListResult result;

	if (*at == '\0')
		return ADM_ROLE_END;
	item->members = *at == '+';
	if (item->members)
		at++;
	if (*at == '"')
	{
		at++;
		result = take_quoted(&at, item->name);
	}
	else
		result = take_plain(&at, item->name);
	if (result != ADM_ROLE_ITEM)
		return result;

	at += strspn(at, BLANKS);
	if (*at == ',')
	{
		at++;
		if (at[strspn(at, BLANKS)] == '\0')
			return ADM_ROLE_EMPTY_NAME;
	}
	else if (*at != '\0')
		return ADM_ROLE_MISSING_COMMA;
	*list = at;
	return ADM_ROLE_ITEM;
}

const char *
adm_role_list_error(AdmRoleListResult result)
{
	switch (result)
	{
		case ADM_ROLE_EMPTY_NAME:
			return "A role name is empty.";
		case ADM_ROLE_NAME_TOO_LONG:
			return "A role name is longer than 63 bytes.";
		case ADM_ROLE_UNFINISHED_QUOTE:
			return "A double quote is not closed.";
		case ADM_ROLE_MISSING_COMMA:
			return "A comma is missing between two role names.";
		case ADM_ROLE_ITEM:
		case ADM_ROLE_END:
			break;
	}
	return NULL;
}
