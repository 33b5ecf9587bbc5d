/*
 * rules_match.c - finds the service that a session belongs to.
 *
 * Sessions ask when they begin, and again when the rules have changed.  Nothing
 * is allocated, and memberships are looked up only where all else fits.
 */
#include "rules.h"

#include <string.h>

#include "rules_words.h"

typedef struct Question
{
	const AdmRules *rules;
	const AdmSubject *subject;
	AdmNetwork	address;		/* of size 0: no network has it */
} Question;

/* Whether any number of characters for each asterisk makes them equal. */
static bool
fits_pattern(const char *pattern, const char *name)
{
	const char *rest = NULL;	/* of the pattern, behind the last asterisk */
	const char *retry = NULL;	/* where in name it was tried */

	while (*name != '\0')
	{
		if (*pattern == ADM_ANY)
		{
			rest = ++pattern;
			retry = name;
		}
		else if (*pattern == *name)
		{
			pattern++;
			name++;
		}
		else if (rest != NULL)
		{
			pattern = rest;
			name = ++retry;
		}
		else
			return false;
	}
	return pattern[strspn(pattern, ADM_ANY_TEXT)] == '\0';
}

/* As far as can be told without asking for members. */
static bool
fits_matcher(const Question *q, const AdmMatcher *matcher)
{
	const char *value = q->rules->arena + matcher->value;
	AdmNetwork	network;

	switch ((AdmMatcherKind) matcher->kind)
	{
		case ADM_MATCHER_ROLE:
		case ADM_MATCHER_MEMBER:
			return strcmp(value, q->subject->role) == 0;
		case ADM_MATCHER_DATABASE:
			return strcmp(value, q->subject->database) == 0;
		case ADM_MATCHER_APPLICATION:
			return fits_pattern(value, q->subject->application_name);
		case ADM_MATCHER_LOCAL:
			return q->subject->client_address[0] == '\0';
		case ADM_MATCHER_NETWORK:
			break;
	}
	network = adm_matcher_network(q->rules, matcher);
	return adm_network_contains(&network, &q->address);
}

static bool
is_member_of_one(const Question *q, const AdmService *service)
{
	const AdmMatcher *matcher = &q->rules->matchers[service->first_matcher];
	const AdmSubject *subject = q->subject;

	for (int i = 0; i < service->matcher_count; i++)
	{
		if (matcher[i].kind == ADM_MATCHER_MEMBER &&
			subject->is_member(subject->argument, q->rules->arena + matcher[i].value))
			return true;
	}
	return false;
}

/* Memberships come last, for they cost the most. */
static bool
fits_service(const Question *q, const AdmService *service)
{
	const AdmMatcher *matcher = &q->rules->matchers[service->first_matcher];
	unsigned int given = 0;
	unsigned int met = 0;

	for (int i = 0; i < service->matcher_count; i++)
	{
		unsigned int key = 1U << adm_matcher_key(&matcher[i]);

		given |= key;
		if ((met & key) == 0 && fits_matcher(q, &matcher[i]))
			met |= key;
	}
	return met == given ||
		((met | 1U << ADM_KEY_ROLE) == given && is_member_of_one(q, service));
}

/* A zone is of no interest: the rules have none. */
static AdmNetwork
address_of(const AdmSubject *subject)
{
	char		text[ADM_NETWORK_TEXT_SIZE];
	size_t		length = strcspn(subject->client_address, "%");
	AdmNetwork	network = {0};

	if (length >= sizeof(text))
		return network;
	memcpy(text, subject->client_address, length);
	text[length] = '\0';
	adm_network_parse_address(text, &network);
	return network;
}

int
adm_rules_match(const AdmRules *rules, const AdmSubject *subject)
{
	Question	q = {rules, subject, address_of(subject)};
	int			last = rules->service_count - 1;

	for (int i = 0; i < last; i++)
	{
		if (fits_service(&q, &rules->services[i]))
			return i;
	}
	return last;
}
