/*
 * words_laws.h - what is true of every list of roles, brake and number that may
 * be meant for each processor, good or not.
 */
#ifndef ADM_TEST_WORDS_LAWS_H
#define ADM_TEST_WORDS_LAWS_H

#include "laws.h"
#include "policy/brake.h"
#include "policy/per_core.h"
#include "policy/role_list.h"

/* Told from all that is ever read. */
#define LAW_UNTOUCHED	(-7777777)

static inline bool
law_per_core(const char *text, int *value)
{
	char	   *copy = law_text_of(text, strlen(text));
	bool		good;

	*value = LAW_UNTOUCHED;
	good = adm_per_core_parse(copy, value);
	free(copy);
	if (!good)
		LAW(*value == LAW_UNTOUCHED, text);
	else
	{
		LAW(*value >= -ADM_PER_CORE_MOST_FACTOR && *value <= ADM_PER_CORE_MOST, text);
		LAW((*value < 0) == (strpbrk(text, "xX") != NULL), text);
	}
	return good;
}

static inline bool
law_brake(const char *text, int *brake)
{
	char	   *copy = law_text_of(text, strlen(text));
	char		printed[ADM_BRAKE_TEXT_SIZE];
	int			again;
	bool		good;

	*brake = LAW_UNTOUCHED;
	good = adm_brake_parse(copy, brake);
	free(copy);
	if (!good)
		LAW(*brake == LAW_UNTOUCHED, text);
	else
	{
		LAW(*brake >= ADM_BRAKE_ON && *brake <= ADM_BRAKE_MOST, text);
		LAW((*brake == ADM_BRAKE_OFF) == (strpbrk(text, "fF") != NULL), text);
		LAW((*brake == ADM_BRAKE_ON) == (strpbrk(text, "nN") != NULL), text);
		LAW(adm_brake_parse(adm_brake_print(*brake, printed), &again) && again == *brake, text);
	}
	return good;
}

/* An item whose name is quoted is read as the same. */
static inline void
law_role_item(const AdmRoleItem *item, const char *list)
{
	char		quoted[2 * ADM_ROLE_NAME_SIZE + 4];
	char	   *end = quoted;
	const char *at = quoted;
	AdmRoleItem again;

	LAW(item->name[0] != '\0' && strnlen(item->name, ADM_ROLE_NAME_SIZE) < ADM_ROLE_NAME_SIZE, list);
	if (item->members)
		*end++ = '+';
	*end++ = '"';
	for (const char *c = item->name; *c != '\0'; *end++ = *c++)
	{
		if (*c == '"')
			*end++ = '"';
	}
	*end++ = '"';
	*end = '\0';
	LAW(adm_role_list_next(&at, &again) == ADM_ROLE_ITEM && *at == '\0', quoted);
	LAW(again.members == item->members && strcmp(again.name, item->name) == 0, quoted);
}

/* Reads all of it; what it came to. */
static inline AdmRoleListResult
law_role_list(const char *text)
{
	char	   *copy = law_text_of(text, strlen(text));
	const char *list = copy;
	const char *before;
	AdmRoleItem item;
	AdmRoleListResult result;

	for (;;)
	{
		before = list;
		memset(&item, 0x5A, sizeof(item));
		result = adm_role_list_next(&list, &item);
		LAW(list >= before && list <= copy + strlen(copy), text);
		LAW((adm_role_list_error(result) == NULL) ==
			(result == ADM_ROLE_ITEM || result == ADM_ROLE_END), text);
		if (result != ADM_ROLE_ITEM)
			break;
		law_role_item(&item, text);
		LAW((size_t) (list - before) >= strlen(item.name), text);
	}
	LAW(result == ADM_ROLE_END || list == before, text);
	free(copy);
	return result;
}

#endif							/* ADM_TEST_WORDS_LAWS_H */
