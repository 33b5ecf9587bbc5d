/*
 * rules_laws.h - what is true of every text of rules, good or not, for the unit
 * test and the fuzzer.
 *
 * Texts are read from copies that end where the text ends, and rules asked in
 * copies of the bytes in use, so that one byte too far is an error that the
 * sanitizer sees.
 */
#ifndef ADM_TEST_RULES_LAWS_H
#define ADM_TEST_RULES_LAWS_H

#include "laws.h"
#include "policy/per_core.h"
#include "policy/rules.h"

/* Strictly no more than that it is cut nowhere within a character. */
static inline bool
law_is_utf8(const char *text)
{
	const unsigned char *c = (const unsigned char *) text;

	while (*c != '\0')
	{
		int			more = *c < 0x80 ? 0 : *c < 0xC0 ? -1 : *c < 0xE0 ? 1 : *c < 0xF0 ? 2 : *c < 0xF8 ? 3 : -1;

		if (more < 0)
			return false;
		for (c++; more > 0; more--, c++)
		{
			if ((*c & 0xC0) != 0x80)
				return false;
		}
	}
	return true;
}

/* One sentence, whole. */
static inline void
law_error(const char *text, const char *error)
{
	size_t		length = strnlen(error, ADM_RULES_ERROR_SIZE);

	LAW(length > 0 && length < ADM_RULES_ERROR_SIZE, text);
	LAW(strncmp(error, "Expected ", 9) == 0 || strncmp(error, "In service \"", 12) == 0, error);
	LAW(error[length - 1] == '.', error);
	for (size_t i = 0; i < length; i++)
		LAW((unsigned char) error[i] >= ' ' && error[i] != '\177', text);
	LAW(law_is_utf8(error) || !law_is_utf8(text), error);
}

static inline void
law_service(const AdmRules *rules, int i, int *matchers, const char *text)
{
	const AdmService *s = &rules->services[i];
	size_t		length = strnlen(s->name, ADM_SERVICE_NAME_SIZE);
	bool		last = i == rules->service_count - 1;

	LAW(length > 0 && length < ADM_SERVICE_NAME_SIZE, text);
	LAW((strcmp(s->name, ADM_DEFAULT_SERVICE) == 0) == last, text);
	LAW(s->first_matcher == *matchers, text);
	LAW(last ? s->matcher_count == 0 : s->matcher_count > 0, text);
	*matchers += s->matcher_count;
	LAW(s->limit == ADM_UNLIMITED || (s->limit > 0 && s->limit <= ADM_PER_CORE_MOST), text);
	LAW(s->running != 0 && s->running <= ADM_PER_CORE_MOST, text);
	LAW(s->running >= ADM_UNLIMITED - ADM_PER_CORE_MOST_FACTOR, text);
	LAW(s->patience_ms >= ADM_UNLIMITED && s->patience_ms <= ADM_PATIENCE_MOST_MS, text);
	LAW((int) s->priority >= 0 && s->priority < ADM_PRIORITY_COUNT, text);
	LAW(!s->exempt || (s->limit == ADM_UNLIMITED && s->running == ADM_UNLIMITED &&
					   s->patience_ms == ADM_UNLIMITED && s->priority == ADM_PRIORITY_NORMAL), text);
}

static inline void
law_structure(const AdmRules *rules, const char *text)
{
	int			matchers = 0;

	LAW(rules->service_count >= 1 && rules->service_count <= ADM_SERVICES_MOST + 1, text);
	LAW(rules->matcher_count >= 0 && rules->matcher_count <= ADM_MATCHERS_MOST, text);
	LAW(rules->arena_used >= 0 && rules->arena_used <= ADM_RULES_ARENA_SIZE, text);
	LAW(adm_rules_size(rules) <= sizeof(*rules), text);
	for (int i = 0; i < rules->service_count; i++)
		law_service(rules, i, &matchers, text);
	LAW(matchers == rules->matcher_count, text);
	for (int i = 0; i < matchers; i++)
	{
		LAW(rules->matchers[i].kind <= ADM_MATCHER_NETWORK, text);
		LAW(rules->matchers[i].value <= rules->arena_used, text);
	}
}

/* All services as one text, which the caller frees. */
static inline char *
law_print_all(const AdmRules *rules)
{
	size_t		size = 1;
	char	   *all;
	char	   *end;

	for (int i = 0; i < rules->service_count; i++)
		size += adm_rules_print(rules, i, NULL, 0) + 2;
	all = malloc(size);
	LAW(all != NULL, "malloc");
	end = all;
	for (int i = 0; i < rules->service_count; i++)
	{
		if (i > 0)
			end += sprintf(end, "; ");
		end += adm_rules_print(rules, i, end, size - (size_t) (end - all));
		LAW(*end == '\0' && strlen(all) == (size_t) (end - all), all);
	}
	return all;
}

static inline void
law_same(const AdmRules *a, const AdmRules *b, const char *text)
{
	LAW(adm_rules_size(a) == adm_rules_size(b), text);
	LAW(memcmp(a, b, adm_rules_size(a)) == 0, text);
}

static inline bool
law_parse(const char *text, AdmRules *rules, char error[ADM_RULES_ERROR_SIZE])
{
	char	   *copy = law_copy(text, strlen(text) + 1);
	bool		good;

	/* Nothing of what was there before may show. */
	memset(rules, 0x5A, sizeof(*rules));
	memset(error, 0x5A, ADM_RULES_ERROR_SIZE);
	good = adm_rules_parse(copy, rules, error);
	free(copy);
	return good;
}

/* Parses, and checks what can be said of the outcome. */
static inline bool
law_text(const char *text, AdmRules *rules, char error[ADM_RULES_ERROR_SIZE])
{
	static AdmRules again;
	char		error_again[ADM_RULES_ERROR_SIZE];
	char	   *printed;

	if (!law_parse(text, rules, error))
	{
		law_error(text, error);
		return false;
	}
	LAW(error[0] == '\0', error);
	law_structure(rules, text);
	printed = law_print_all(rules);
	LAW(law_parse(printed, &again, error_again), printed);
	law_same(rules, &again, printed);
	free(printed);
	return true;
}

/* The index, the same from a copy of the bytes in use. */
static inline int
law_match(const AdmRules *rules, const AdmSubject *subject)
{
	AdmRules   *copy = law_copy(rules, adm_rules_size(rules));
	int			index = adm_rules_match(rules, subject);

	LAW(index >= 0 && index < rules->service_count, "index");
	LAW(adm_rules_match(copy, subject) == index, rules->services[index].name);
	free(copy);
	return index;
}

/* Reads all of a list of names; the number of them, -1 for an error. */
static inline int
law_names(const char *text)
{
	char	   *copy = law_copy(text, strlen(text) + 1);
	const char *list = copy;
	const char *before;
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];
	AdmNamesResult result;
	int			count = 0;

	do
	{
		before = list;
		memset(name, 0x5A, sizeof(name));
		memset(error, 0x5A, sizeof(error));
		result = adm_service_names_next(&list, name, error);
		LAW(list >= copy && list <= copy + strlen(copy), text);
		LAW((error[0] != '\0') == (result == ADM_NAMES_WRONG), text);
		if (result == ADM_NAMES_NAME)
		{
			LAW(name[0] != '\0' && strnlen(name, sizeof(name)) < sizeof(name), text);
			LAW(list > before, text);
		}
		LAW(result != ADM_NAMES_ALL || count == 0, text);
		count += result == ADM_NAMES_NAME || result == ADM_NAMES_ALL;
	} while (result == ADM_NAMES_NAME || result == ADM_NAMES_ALL);
	if (result == ADM_NAMES_WRONG)
	{
		law_error(text, error);
		LAW(list == before, text);
		count = -1;
	}
	free(copy);
	return count;
}

#endif							/* ADM_TEST_RULES_LAWS_H */
