/*
 * rules.c - reads the rules of pg_admission.services, in one pass.
 *
 * rules_words.c has their keys; rules_reader.c takes names and values from the
 * text and writes errors; rules_names.c reads lists of names; rules_print.c
 * prints; rules_match.c finds the service of a session.
 */
#include "rules.h"

#include <string.h>

#include "network.h"
#include "per_core.h"
#include "rules_reader.h"
#include "rules_words.h"

#define DIGITS			"0123456789"

typedef struct Parser
{
	AdmReader	reader;
	AdmRules   *rules;
	AdmKey		key;			/* of the values that are next */

	AdmService	service;		/* in the making; without a name, none is */
	const char *given[ADM_KEY_COUNT];	/* where it has them; NULL: not */
	AdmService	fallback;		/* the default */
	bool		fallback_given;
} Parser;

static const char *
key_name(const Parser *p)
{
	return adm_key_forms[p->key].name;
}

static bool
fail_token(Parser *p, const AdmToken *token, const char *what, const char *of)
{
	return adm_reader_fail_token(&p->reader, token, what, of);
}

static bool
fail_value(Parser *p, const AdmToken *token)
{
	return fail_token(p, token, adm_key_forms[p->key].expected, "");
}

/*
 * Who belongs to a service.
 */

static bool
add_matcher(Parser *p, const AdmToken *token, AdmMatcherKind kind, const void *value, size_t size)
{
	AdmRules   *rules = p->rules;
	AdmMatcher *matcher;

	if (rules->matcher_count == ADM_MATCHERS_MOST)
		return fail_token(p, token, "at most " ADM_TEXT_OF(ADM_MATCHERS_MOST)
						  " values in all to say who belongs where", "");
	if (size > ADM_RULES_ARENA_SIZE - (size_t) rules->arena_used)
		return fail_token(p, token, "at most " ADM_TEXT_OF(ADM_RULES_ARENA_SIZE)
						  " bytes in all to say who belongs where", "");
	matcher = &rules->matchers[rules->matcher_count++];
	matcher->kind = (uint16_t) kind;
	matcher->value = (uint16_t) rules->arena_used;
	memcpy(rules->arena + rules->arena_used, value, size);
	rules->arena_used += (int) size;
	return true;
}

static bool
add_text(Parser *p, const AdmToken *token, AdmMatcherKind kind)
{
	return add_matcher(p, token, kind, token->value, token->length + 1);
}

static bool
add_role(Parser *p, const AdmToken *token)
{
	if (token->length == 0)
		return fail_value(p, token);
	return add_text(p, token, token->plus ? ADM_MATCHER_MEMBER : ADM_MATCHER_ROLE);
}

static bool
add_database(Parser *p, const AdmToken *token)
{
	if (token->length == 0)
		return fail_value(p, token);
	return add_text(p, token, ADM_MATCHER_DATABASE);
}

/* May be empty: of a client that tells none. */
static bool
add_application(Parser *p, const AdmToken *token)
{
	return add_text(p, token, ADM_MATCHER_APPLICATION);
}

static bool
take_network(Parser *p, const AdmToken *token, AdmNetwork *network)
{
	switch (adm_network_parse(token->value, network))
	{
		case ADM_NETWORK_GOOD:
			return true;
		case ADM_NETWORK_NO_ADDRESS:
			return fail_value(p, token);
		case ADM_NETWORK_WRONG_MASK:
			return fail_token(p, token, "a mask from 0 to ", network->size == 4 ? "32" : "128");
		case ADM_NETWORK_BITS_RIGHT_OF_MASK:
			break;
	}
	return fail_token(p, token, "a network without bits right of its mask", "");
}

static bool
add_address(Parser *p, const AdmToken *token)
{
	AdmNetwork	network;

	if (!token->quoted && strcmp(token->value, "local") == 0)
		return add_matcher(p, token, ADM_MATCHER_LOCAL, "", 0);
	return take_network(p, token, &network) &&
		add_matcher(p, token, ADM_MATCHER_NETWORK, &network, sizeof(network));
}

/*
 * What it may do.  Words and numbers in quotes are neither.
 */

/* For 2x, -2. */
static bool
take_amount(Parser *p, const AdmToken *token, int *amount)
{
	if (token->quoted || !adm_per_core_parse(token->value, amount))
		return fail_value(p, token);
	if (*amount == 0)
		return adm_reader_fail(&p->reader, token->begin, token->begin + 1,
							   "1 or more (pause_service() and pg_admission.paused_services "
							   "pause a service) for ", key_name(p));
	return true;
}

static bool
set_limit(Parser *p, const AdmToken *token)
{
	int			amount;

	if (!take_amount(p, token, &amount))
		return false;
	if (amount < 0)
		return fail_value(p, token);
	p->service.limit = amount;
	return true;
}

static bool
set_running(Parser *p, const AdmToken *token)
{
	int			amount;

	if (!take_amount(p, token, &amount))
		return false;
	p->service.running = amount < 0 ? ADM_UNLIMITED + amount : amount;
	return true;
}

static const AdmUnit *
unit_by_name(const char *name)
{
	if (*name == '\0')
		name = "ms";
	for (size_t i = 0; i < ADM_UNIT_COUNT; i++)
	{
		if (strcmp(adm_units[i].name, name) == 0)
			return &adm_units[i];
	}
	return NULL;
}

/* As many digits as there are; too large a number is only that. */
static int
parse_time(const char *text)
{
	int			number = 0;

	for (; *text >= '0' && *text <= '9' && number <= ADM_PATIENCE_MOST_MS; text++)
		number = number * 10 + (*text - '0');
	return number;
}

static bool
set_patience(Parser *p, const AdmToken *token)
{
	size_t		digits = strspn(token->value, DIGITS);
	int			number = parse_time(token->value);
	const AdmUnit *unit = unit_by_name(token->value + digits);

	if (token->quoted || digits == 0)
		return fail_value(p, token);
	if (unit == NULL)
		return adm_reader_fail(&p->reader, token->begin + digits, token->end,
							   "the unit ms, s or min for ", key_name(p));
	if (number > ADM_PATIENCE_MOST_MS / unit->ms)
		return fail_token(p, token, "a time from 0 to 60min for ", key_name(p));
	p->service.patience_ms = number * unit->ms;
	return true;
}

static bool
set_priority(Parser *p, const AdmToken *token)
{
	for (int i = 0; i < ADM_PRIORITY_COUNT && !token->quoted; i++)
	{
		if (strcmp(token->value, adm_priority_name((AdmPriority) i)) != 0)
			continue;
		p->service.priority = (AdmPriority) i;
		return true;
	}
	return fail_value(p, token);
}

static bool
set_exempt(Parser *p, const AdmToken *token)
{
	bool		on = strcmp(token->value, "on") == 0;

	if (token->quoted || (!on && strcmp(token->value, "off") != 0))
		return fail_value(p, token);
	p->service.exempt = on;
	return true;
}

/*
 * Keys and their values.
 */

typedef bool (*TakeValue) (Parser *p, const AdmToken *token);

static const TakeValue take_value_of[ADM_KEY_COUNT] = {
	[ADM_KEY_ROLE] = add_role,
	[ADM_KEY_DATABASE] = add_database,
	[ADM_KEY_APPLICATION] = add_application,
	[ADM_KEY_ADDRESS] = add_address,
	[ADM_KEY_LIMIT] = set_limit,
	[ADM_KEY_RUNNING] = set_running,
	[ADM_KEY_PATIENCE] = set_patience,
	[ADM_KEY_PRIORITY] = set_priority,
	[ADM_KEY_EXEMPT] = set_exempt
};

static bool
says_who(AdmKey key)
{
	return key <= ADM_KEY_ADDRESS;
}

/* ADM_KEY_COUNT: there is none. */
static int
key_by_name(const char *name, size_t length)
{
	for (int i = 0; i < ADM_KEY_COUNT; i++)
	{
		const char *key = adm_key_forms[i].name;

		if (strlen(key) == length && memcmp(key, name, length) == 0)
			return i;
	}
	return ADM_KEY_COUNT;
}

static bool
fail_unknown_key(Parser *p, const char *begin, const char *end)
{
	bool		is_name = adm_is_plain(*begin) && end[strspn(end, ADM_BLANKS)] == ':';

	return adm_reader_fail(&p->reader, begin, end,
						   is_name ? "a semicolon before the next service" : ADM_KEY_NAMES, "");
}

static bool
take_key(Parser *p)
{
	const char *begin = p->reader.at;
	const char *end = adm_reader_end_of_found(begin);
	int			key = key_by_name(begin, (size_t) (end - begin));

	if (key == ADM_KEY_COUNT)
		return fail_unknown_key(p, begin, end);
	p->key = (AdmKey) key;
	if (p->given[key] != NULL)
		return adm_reader_fail(&p->reader, begin, end, "no second ", key_name(p));
	p->given[key] = begin;
	p->reader.at = end;
	adm_reader_skip_blanks(&p->reader);
	return true;
}

static bool
take_values(Parser *p)
{
	bool		first = true;
	AdmToken	token;

	do
	{
		if (!adm_reader_take_token(&p->reader, &adm_key_forms[p->key], &token))
			return false;
		if (!first && *p->reader.at == '=')
			return fail_token(p, &token, "no comma before a key", "");
		if (!take_value_of[p->key] (p, &token))
			return false;
		first = false;
	} while (adm_reader_skip_sign(&p->reader, ','));
	return true;
}

static bool
take_setting(Parser *p)
{
	AdmToken	token;

	if (!adm_reader_take_token(&p->reader, &adm_key_forms[p->key], &token) ||
		!take_value_of[p->key] (p, &token))
		return false;
	return *p->reader.at != ',' || adm_reader_fail_here(&p->reader, "one value for ", key_name(p));
}

static bool
take_words(Parser *p)
{
	do
	{
		if (!take_key(p) ||
			!adm_reader_take_sign(&p->reader, '=', "an equals sign behind ", key_name(p)) ||
			!(says_who(p->key) ? take_values(p) : take_setting(p)))
			return false;
	} while (*p->reader.at != ';' && *p->reader.at != '\0');
	return true;
}

/*
 * Services.
 */

static bool
is_default(const AdmService *service)
{
	return strcmp(service->name, ADM_DEFAULT_SERVICE) == 0;
}

/* An earlier one has the name. */
static bool
is_taken(const Parser *p, const char *name)
{
	if (strcmp(name, ADM_DEFAULT_SERVICE) == 0)
		return p->fallback_given;
	for (int i = 0; i < p->rules->service_count; i++)
	{
		if (strcmp(p->rules->services[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
take_service_name(Parser *p)
{
	AdmToken	token;

	if (!adm_reader_take_name(&p->reader, &token))
		return false;
	if (is_taken(p, token.value))
		return fail_token(p, &token, "no second service of the same name", "");
	if (p->rules->service_count == ADM_SERVICES_MOST &&
		strcmp(token.value, ADM_DEFAULT_SERVICE) != 0)
		return fail_token(p, &token, "at most " ADM_TEXT_OF(ADM_SERVICES_MOST)
						  " services besides " ADM_DEFAULT_SERVICE, "");
	memcpy(p->service.name, token.value, sizeof(p->service.name));
	return true;
}

/* The first key of these that the service has; ADM_KEY_COUNT: none. */
static int
first_given(const Parser *p, int from, int to)
{
	for (int i = from; i <= to; i++)
	{
		if (p->given[i] != NULL)
			return i;
	}
	return ADM_KEY_COUNT;
}

static bool
fail_given(Parser *p, int key, const char *what)
{
	const char *begin = p->given[key];

	return adm_reader_fail(&p->reader, begin, begin + strlen(adm_key_forms[key].name), what, "");
}

/* Whether its keys go together. */
static bool
check_service(Parser *p)
{
	int			who = first_given(p, ADM_KEY_ROLE, ADM_KEY_ADDRESS);
	int			gated = first_given(p, ADM_KEY_LIMIT, ADM_KEY_PRIORITY);

	if (is_default(&p->service) && who != ADM_KEY_COUNT)
		return fail_given(p, who, "no key that says who belongs to it");
	if (!is_default(&p->service) && who == ADM_KEY_COUNT)
		return adm_reader_fail_here(&p->reader, "role, database, application_name or client_address "
									"to say who belongs to it", "");
	if (p->service.exempt && gated != ADM_KEY_COUNT)
		return fail_given(p, gated, "no limit, running, patience or priority beside exempt=on");
	return true;
}

static void
begin_service(Parser *p)
{
	memset(p->given, 0, sizeof(p->given));
	memset(&p->service, 0, sizeof(p->service));
	p->service.limit = ADM_UNLIMITED;
	p->service.running = ADM_UNLIMITED;
	p->service.patience_ms = ADM_UNLIMITED;
	p->service.priority = ADM_PRIORITY_NORMAL;
	p->service.first_matcher = p->rules->matcher_count;
}

static void
end_service(Parser *p)
{
	p->service.matcher_count = p->rules->matcher_count - p->service.first_matcher;
	if (is_default(&p->service))
	{
		p->fallback = p->service;
		p->fallback_given = true;
	}
	else
		p->rules->services[p->rules->service_count++] = p->service;
}

static bool
take_service(Parser *p)
{
	begin_service(p);
	if (!take_service_name(p) ||
		!adm_reader_take_sign(&p->reader, ':', "a colon behind its name", "") ||
		!take_words(p) ||
		!check_service(p))
		return false;
	adm_reader_skip_sign(&p->reader, ';');
	end_service(p);
	return true;
}

static void
begin_rules(Parser *p)
{
	/* All but the arena, of which only what is in use counts. */
	memset(p->rules, 0, offsetof(AdmRules, arena));
	begin_service(p);
	strcpy(p->service.name, ADM_DEFAULT_SERVICE);
	p->fallback = p->service;
}

static void
end_rules(Parser *p)
{
	p->fallback.first_matcher = p->rules->matcher_count;
	p->rules->services[p->rules->service_count++] = p->fallback;
}

bool
adm_rules_parse(const char *text, AdmRules *rules, char error[ADM_RULES_ERROR_SIZE])
{
	Parser		p;

	memset(&p, 0, sizeof(p));
	p.reader.text = text;
	p.reader.at = text;
	p.reader.error = error;
	p.reader.service = p.service.name;
	p.rules = rules;
	error[0] = '\0';
	begin_rules(&p);
	adm_reader_skip_blanks(&p.reader);
	while (*p.reader.at != '\0')
	{
		if (!take_service(&p))
			return false;
	}
	end_rules(&p);
	return true;
}

/*
 * What the rest need to know of rules.
 */

size_t
adm_rules_size(const AdmRules *rules)
{
	return offsetof(AdmRules, arena) + (size_t) rules->arena_used;
}

int
adm_service_running(int running, int cores)
{
	int			factor = ADM_UNLIMITED - running;

	if (running >= ADM_UNLIMITED)
		return running;
	if (cores < 1)
		cores = 1;
	return factor > ADM_PER_CORE_MOST / cores ? ADM_PER_CORE_MOST : factor * cores;
}
