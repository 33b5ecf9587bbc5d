/*
 * rules_names.c - reads a list of services by name.
 *
 * It may be the rest of a list, so errors tell no place.
 */
#include "rules.h"

#include <string.h>

#include "rules_reader.h"

static bool
take_asterisk(AdmReader *r)
{
	r->at++;
	adm_reader_skip_blanks(r);
	return *r->at == '\0' || adm_reader_fail_here(r, "nothing beside an asterisk", "");
}

/* Behind the name; what follows the comma must be another. */
static bool
take_comma(AdmReader *r, const AdmToken *name)
{
	char		snippet[ADM_SNIPPET_SIZE];

	if (*r->at == '\0')
		return true;
	adm_reader_snippet(name->value, name->length, snippet);
	if (!adm_reader_take_sign(r, ',', "a comma behind ", snippet))
		return false;
	if (*r->at == '\0')
		return adm_reader_fail_here(r, "the name of a service behind the last comma", "");
	if (*r->at == '*')
		return adm_reader_fail_token(r, name, "nothing beside an asterisk", "");
	return true;
}

AdmNamesResult
adm_service_names_next(const char **list, char name[ADM_SERVICE_NAME_SIZE],
					   char error[ADM_RULES_ERROR_SIZE])
{
	AdmReader	r = {NULL, *list, error, ""};
	AdmToken	token;

	error[0] = '\0';
	adm_reader_skip_blanks(&r);
	if (*r.at == '\0')
		return ADM_NAMES_END;
	if (*r.at == '*')
	{
		if (!take_asterisk(&r))
			return ADM_NAMES_WRONG;
		*list = r.at;
		return ADM_NAMES_ALL;
	}
	if (!adm_reader_take_name(&r, &token) || !take_comma(&r, &token))
		return ADM_NAMES_WRONG;
	memcpy(name, token.value, ADM_SERVICE_NAME_SIZE);
	*list = r.at;
	return ADM_NAMES_NAME;
}
