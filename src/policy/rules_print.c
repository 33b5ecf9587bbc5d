/*
 * rules_print.c - prints a service as a text that is read as the same again.
 */
#include "rules.h"

#include <string.h>

#include "rules_output.h"
#include "rules_words.h"

/* Bytes of a name or value that stand for themselves. */
static void
put_part(AdmOutput *out, const char *bytes, size_t length)
{
	size_t		plain = 0;

	while (plain < length && adm_is_plain(bytes[plain]))
		plain++;
	if (plain == length)
	{
		adm_output_bytes(out, bytes, length);
		return;
	}
	adm_output_byte(out, '"');
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] == '"')
			adm_output_byte(out, '"');
		adm_output_byte(out, bytes[i]);
	}
	adm_output_byte(out, '"');
}

static void
put_value(AdmOutput *out, const char *value)
{
	if (*value == '\0')
		adm_output_text(out, "\"\"");
	while (*value != '\0')
	{
		size_t		length = strcspn(value, ADM_ANY_TEXT);

		put_part(out, value, length);
		value += length;
		if (*value == ADM_ANY)
		{
			adm_output_byte(out, '*');
			value++;
		}
	}
}

static void
put_matcher(AdmOutput *out, const AdmRules *rules, const AdmMatcher *matcher)
{
	AdmNetwork	network;
	char		text[ADM_NETWORK_TEXT_SIZE];

	switch ((AdmMatcherKind) matcher->kind)
	{
		case ADM_MATCHER_LOCAL:
			adm_output_text(out, "local");
			return;
		case ADM_MATCHER_NETWORK:
			network = adm_matcher_network(rules, matcher);
			adm_network_print(&network, text);
			adm_output_text(out, text);
			return;
		case ADM_MATCHER_MEMBER:
			adm_output_byte(out, '+');
			break;
		case ADM_MATCHER_ROLE:
		case ADM_MATCHER_DATABASE:
		case ADM_MATCHER_APPLICATION:
			break;
	}
	put_value(out, rules->arena + matcher->value);
}

static void
put_key(AdmOutput *out, AdmKey key)
{
	adm_output_byte(out, ' ');
	adm_output_text(out, adm_key_forms[key].name);
	adm_output_byte(out, '=');
}

static void
put_matchers(AdmOutput *out, const AdmRules *rules, const AdmService *service)
{
	const AdmMatcher *matcher = &rules->matchers[service->first_matcher];

	for (int i = 0; i < service->matcher_count; i++)
	{
		AdmKey		key = adm_matcher_key(&matcher[i]);

		if (i > 0 && key == adm_matcher_key(&matcher[i - 1]))
			adm_output_byte(out, ',');
		else
			put_key(out, key);
		put_matcher(out, rules, &matcher[i]);
	}
}

static void
put_amount(AdmOutput *out, AdmKey key, int amount)
{
	if (amount == ADM_UNLIMITED)
		return;
	put_key(out, key);
	adm_output_number(out, (size_t) (amount < 0 ? ADM_UNLIMITED - amount : amount));
	if (amount < 0)
		adm_output_byte(out, 'x');
}

/* In the longest unit of which it is a multiple. */
static void
put_patience(AdmOutput *out, int patience_ms)
{
	size_t		unit = 0;

	if (patience_ms == ADM_UNLIMITED)
		return;
	while (unit < ADM_UNIT_COUNT - 1 && (patience_ms == 0 || patience_ms % adm_units[unit].ms != 0))
		unit++;
	put_key(out, ADM_KEY_PATIENCE);
	adm_output_number(out, (size_t) (patience_ms / adm_units[unit].ms));
	adm_output_text(out, adm_units[unit].name);
}

/* What differs from a service of which nothing is said. */
static void
put_settings(AdmOutput *out, const AdmService *service)
{
	put_amount(out, ADM_KEY_LIMIT, service->limit);
	put_amount(out, ADM_KEY_RUNNING, service->running);
	put_patience(out, service->patience_ms);
	if (service->priority != ADM_PRIORITY_NORMAL)
	{
		put_key(out, ADM_KEY_PRIORITY);
		adm_output_text(out, adm_priority_name(service->priority));
	}
	if (service->exempt)
	{
		put_key(out, ADM_KEY_EXEMPT);
		adm_output_text(out, "on");
	}
}

size_t
adm_rules_print(const AdmRules *rules, int service, char *buffer, size_t size)
{
	const AdmService *s = &rules->services[service];
	AdmOutput	out = {buffer, size, 0};
	size_t		bare;

	put_part(&out, s->name, strlen(s->name));
	adm_output_byte(&out, ':');
	bare = out.length;
	put_matchers(&out, rules, s);
	put_settings(&out, s);
	if (out.length == bare)
	{
		/* A service must have a word, and this one changes nothing. */
		put_key(&out, ADM_KEY_PRIORITY);
		adm_output_text(&out, adm_priority_name(s->priority));
	}
	return adm_output_end(&out);
}
