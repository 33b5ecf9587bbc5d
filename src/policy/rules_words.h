/*
 * rules_words.h - the words of the rules: which keys there are, what their
 * values look like, and how these are kept.  For rules*.c alone.
 */
#ifndef ADM_RULES_WORDS_H
#define ADM_RULES_WORDS_H

#include "network.h"
#include "rules.h"

#define ADM_BLANKS		" \t\r\n"

/* A constant, in errors. */
#define ADM_TEXT_OF(number)		ADM_TEXT_OF_(number)
#define ADM_TEXT_OF_(number)	#number

/*
 * What an asterisk with a meaning is in a value.  None has such a byte of its
 * own, for control characters are refused.
 */
#define ADM_ANY			'\001'
#define ADM_ANY_TEXT	"\001"

typedef enum AdmKey
{
	/* Who belongs to a service. */
	ADM_KEY_ROLE,
	ADM_KEY_DATABASE,
	ADM_KEY_APPLICATION,
	ADM_KEY_ADDRESS,

	/* What it may do. */
	ADM_KEY_LIMIT,
	ADM_KEY_RUNNING,
	ADM_KEY_PATIENCE,
	ADM_KEY_PRIORITY,
	ADM_KEY_EXEMPT
} AdmKey;

#define ADM_KEY_COUNT	(ADM_KEY_EXEMPT + 1)
#define ADM_KEY_NAMES \
	"role, database, application_name, client_address, " \
	"limit, running, patience, priority or exempt"

/* What a name or a value must look like, and what it is called in errors. */
typedef struct AdmForm
{
	const char *name;			/* of the key, if it is of one */
	const char *expected;
	const char *signs;			/* in it, without quotes */
	bool		plus;			/* may stand before it */
} AdmForm;

/* Of the values of each key. */
extern const AdmForm adm_key_forms[ADM_KEY_COUNT];

/* A unit of patience. */
typedef struct AdmUnit
{
	const char *name;
	int			ms;
} AdmUnit;

#define ADM_UNIT_COUNT	3

/* From the longest on. */
extern const AdmUnit adm_units[ADM_UNIT_COUNT];

/* May stand in a name or value without quotes. */
extern bool adm_is_plain(char c);

/* The key whose value it is. */
extern AdmKey adm_matcher_key(const AdmMatcher *matcher);

/* The value of an ADM_MATCHER_NETWORK. */
extern AdmNetwork adm_matcher_network(const AdmRules *rules, const AdmMatcher *matcher);

#endif							/* ADM_RULES_WORDS_H */
