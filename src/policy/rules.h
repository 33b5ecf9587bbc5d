/*
 * rules.h - the rules of pg_admission.services: which service a session belongs
 * to, and what that may do.
 *
 *	services = [ service { ";" service } [ ";" ] ]
 *	service = name ":" word { word }
 *	word = key "=" value { "," value }
 *
 * The keys role (a name, or +name for the members of it, too), database,
 * application_name (an asterisk stands for any characters) and client_address
 * (an address, a network as in 10.1.0.0/16, or local for a Unix socket) say who
 * belongs to it: whoever meets one value of each key that is given.  The first
 * service that fits is a session's.  What none fits belongs to "default", which
 * may stand among the others without any of these keys.
 *
 * limit (sessions), running (transactions, also as 2x: so many for each
 * processor), priority (low | normal | high), patience (a time in line: 500ms,
 * 2s, 1min; without a unit in ms) and exempt (on | off) say what it may do, and
 * take one value each.
 *
 * Names and values are taken as they are, not folded to lower case.  One with
 * blanks or signs in it must be in double quotes, with "" for a double quote;
 * there an asterisk, a plus and the words with a meaning are nothing but
 * characters.
 */
#ifndef ADM_RULES_H
#define ADM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADM_SERVICES_MOST		64	/* besides default */
#define ADM_SERVICE_NAME_SIZE	64
#define ADM_MATCHERS_MOST		512 /* of all services together */
#define ADM_RULES_ARENA_SIZE	16384	/* for their values, likewise */

#define ADM_DEFAULT_SERVICE		"default"

/* No limit, no cap, no patience of its own. */
#define ADM_UNLIMITED			(-1)

#define ADM_PATIENCE_MOST_MS	(60 * 60 * 1000)

/* In the order of rising importance. */
typedef enum AdmPriority
{
	ADM_PRIORITY_LOW,
	ADM_PRIORITY_NORMAL,
	ADM_PRIORITY_HIGH
} AdmPriority;

#define ADM_PRIORITY_COUNT		(ADM_PRIORITY_HIGH + 1)

typedef struct AdmService
{
	char		name[ADM_SERVICE_NAME_SIZE];
	int			limit;			/* sessions, 1 to 262143, or ADM_UNLIMITED */
	int			running;		/* transactions, likewise; below
								 * ADM_UNLIMITED: see adm_service_running() */
	int			patience_ms;	/* 0 to ADM_PATIENCE_MOST_MS, or ADM_UNLIMITED */
	AdmPriority priority;
	bool		exempt;
	int			first_matcher;	/* in AdmRules.matchers, those of one kind
								 * beside each other */
	int			matcher_count;
} AdmService;

typedef enum AdmMatcherKind
{
	ADM_MATCHER_ROLE,
	ADM_MATCHER_MEMBER,			/* of a role, or the role itself */
	ADM_MATCHER_DATABASE,
	ADM_MATCHER_APPLICATION,
	ADM_MATCHER_LOCAL,
	ADM_MATCHER_NETWORK
} AdmMatcherKind;

typedef struct AdmMatcher
{
	uint16_t	kind;			/* AdmMatcherKind */
	uint16_t	value;			/* offset in AdmRules.arena */
} AdmMatcher;

/*
 * Plain data without pointers: it may be copied, adm_rules_size() bytes of it.
 * The last service is always the default.
 */
typedef struct AdmRules
{
	int			service_count;	/* 1 to ADM_SERVICES_MOST + 1 */
	int			matcher_count;
	int			arena_used;
	AdmService	services[ADM_SERVICES_MOST + 1];
	AdmMatcher	matchers[ADM_MATCHERS_MOST];
	char		arena[ADM_RULES_ARENA_SIZE];
} AdmRules;

/* Of whom the rules are asked. */
typedef struct AdmSubject
{
	const char *role;			/* that logged in */
	const char *database;
	const char *application_name;	/* "": none */
	const char *client_address; /* in numbers, "" for a Unix socket */

	/* Whether it is a member, directly or not, of this role. */
	bool		(*is_member) (void *argument, const char *role);
	void	   *argument;
} AdmSubject;

#define ADM_RULES_ERROR_SIZE	256

/*
 * False, with *rules undefined, if the text is wrong: then error says in one
 * sentence of which service, what was expected, and what was found instead, and
 * where (characters from 1).
 */
extern bool adm_rules_parse(const char *text, AdmRules *rules,
							char error[ADM_RULES_ERROR_SIZE]);

/* How many of the first bytes of *rules are in use. */
extern size_t adm_rules_size(const AdmRules *rules);

/* The index of the service that the subject belongs to. */
extern int	adm_rules_match(const AdmRules *rules, const AdmSubject *subject);

/*
 * One service as a text that would be read as the same again, ended by a zero
 * byte and cut off there; its length without that, had there been room.
 */
extern size_t adm_rules_print(const AdmRules *rules, int service,
							  char *buffer, size_t size);

/* As many transactions as running means on a machine with so many cores. */
extern int	adm_service_running(int running, int cores);

extern const char *adm_priority_name(AdmPriority priority);

/*
 * A list of services by name, as in pg_admission.paused_services: names
 * separated by commas, quoted as in the rules, or an asterisk for all.
 */
typedef enum AdmNamesResult
{
	ADM_NAMES_NAME,				/* *name is the next one */
	ADM_NAMES_ALL,				/* an asterisk */
	ADM_NAMES_END,				/* there are no more */
	ADM_NAMES_WRONG				/* error says what */
} AdmNamesResult;

/* The next one at *list, which moves on past it and its comma. */
extern AdmNamesResult adm_service_names_next(const char **list,
											 char name[ADM_SERVICE_NAME_SIZE],
											 char error[ADM_RULES_ERROR_SIZE]);

#endif							/* ADM_RULES_H */
