/*
 * rules_words.c - the tables of what may be said in rules.
 */
#include "rules_words.h"

#include <string.h>

#include "per_core.h"

#define NUMBER			"a number from 1 to " ADM_TEXT_OF(ADM_PER_CORE_MOST)
#define FACTOR			"from 1x to " ADM_TEXT_OF(ADM_PER_CORE_MOST_FACTOR) "x"

const AdmForm adm_key_forms[ADM_KEY_COUNT] = {
	[ADM_KEY_ROLE] = {"role", "a name for role", "", true},
	[ADM_KEY_DATABASE] = {"database", "a name for database", "", false},
	[ADM_KEY_APPLICATION] = {"application_name", "a name for application_name", "*", false},
	[ADM_KEY_ADDRESS] = {"client_address",
	"an address, a network or local for client_address", ":/", false},
	[ADM_KEY_LIMIT] = {"limit", NUMBER " for limit", "", false},
	[ADM_KEY_RUNNING] = {"running", NUMBER " or " FACTOR " for running", "", false},
	[ADM_KEY_PATIENCE] = {"patience", "a time as in 500ms, 2s or 1min for patience", "", false},
	[ADM_KEY_PRIORITY] = {"priority", "low, normal or high for priority", "", false},
	[ADM_KEY_EXEMPT] = {"exempt", "on or off for exempt", "", false}
};

const AdmUnit adm_units[ADM_UNIT_COUNT] = {{"min", 60000}, {"s", 1000}, {"ms", 1}};

static const char *const priority_names[ADM_PRIORITY_COUNT] = {
	"low", "normal", "high"
};

static const AdmKey key_of_kind[] = {
	[ADM_MATCHER_ROLE] = ADM_KEY_ROLE,
	[ADM_MATCHER_MEMBER] = ADM_KEY_ROLE,
	[ADM_MATCHER_DATABASE] = ADM_KEY_DATABASE,
	[ADM_MATCHER_APPLICATION] = ADM_KEY_APPLICATION,
	[ADM_MATCHER_LOCAL] = ADM_KEY_ADDRESS,
	[ADM_MATCHER_NETWORK] = ADM_KEY_ADDRESS
};

bool
adm_is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(unsigned char) c >= 0x80 || c == '_' || c == '-' || c == '.';
}

AdmKey
adm_matcher_key(const AdmMatcher *matcher)
{
	return key_of_kind[matcher->kind];
}

/* Copied, for the arena aligns nothing. */
AdmNetwork
adm_matcher_network(const AdmRules *rules, const AdmMatcher *matcher)
{
	AdmNetwork	network;

	memcpy(&network, rules->arena + matcher->value, sizeof(network));
	return network;
}

const char *
adm_priority_name(AdmPriority priority)
{
	return priority_names[priority];
}
