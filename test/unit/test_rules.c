/*
 * test_rules.c - tests of reading, printing and asking the rules of services.
 *
 * ../fuzz/rules_laws.h checks what is true of any text.
 */
#include "rows.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/rules_laws.h"
#include "seeded.h"

#define N60		"abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijklmnopqrstuvw"
#define N63		N60 "xyz"
#define N64		N60 "wxyz"

/* What is always last if the text does not say otherwise. */
#define PLAIN_DEFAULT	"default: priority=normal"
#define AND_DEFAULT		"; " PLAIN_DEFAULT

static AdmRules rules;			/* of the test that runs */

/* The text must be good. */
static void
read_rules(const char *label, const char *text)
{
	char		error[ADM_RULES_ERROR_SIZE];

	if (!law_text(text, &rules, error))
		fail_msg("%s: %s", label, error);
}

/*
 * Texts, and what prints for them.
 */

typedef struct TextRow
{
	const char *label;
	const char *text;
	const char *printed;
} TextRow;

static const TextRow text_rows[] = {
	/* Nothing. */
	{"empty", "", PLAIN_DEFAULT},
	{"blanks", " \t\r\n", PLAIN_DEFAULT},

	/* Services. */
	{"one", "a: role=b", "a: role=b" AND_DEFAULT},
	{"two", "a: role=b; c: role=d", "a: role=b; c: role=d" AND_DEFAULT},
	{"last semicolon", "a: role=b;", "a: role=b" AND_DEFAULT},
	{"last semicolon, blanks", " a: role=b ; ", "a: role=b" AND_DEFAULT},
	{"no blanks", "a:role=b;c:role=d", "a: role=b; c: role=d" AND_DEFAULT},
	{"all blanks",
		"\ta\r:\nrole\t=\rb\n,\tc\r\nlimit = 5\t;\rd : role = e\n",
	"a: role=b,c limit=5; d: role=e" AND_DEFAULT},
	{"names in each other's place",
		"role: role=role database=limit; limit: role=local",
	"role: role=role database=limit; limit: role=local" AND_DEFAULT},
	{"case is kept", "Aa: role=Bb,BB", "Aa: role=Bb,BB" AND_DEFAULT},
	{"names that differ in case", "a: role=x; A: role=y", "a: role=x; A: role=y" AND_DEFAULT},
	{"signs of names", "1-a_b.c: role=-,_,.", "1-a_b.c: role=-,_,." AND_DEFAULT},
	{"other letters", "\xc3\xbc" "ber: role=\xff", "\xc3\xbc" "ber: role=\xff" AND_DEFAULT},
	{"name in quotes", "\"a\": role=b", "a: role=b" AND_DEFAULT},
	{"name that needs quotes", "\"a b\": role=c", "\"a b\": role=c" AND_DEFAULT},
	{"name of signs", "\"; : \"\"\": role=c", "\"; : \"\"\": role=c" AND_DEFAULT},
	{"name of an asterisk", "\"*\": role=c", "\"*\": role=c" AND_DEFAULT},
	{"63 bytes", N63 ": role=" N63 " database=" N63,
	N63 ": role=" N63 " database=" N63 AND_DEFAULT},
	{"63 bytes in quotes", "\"" N63 "\": role=+\"" N63 "\"", N63 ": role=+" N63 AND_DEFAULT},

	/* The default. */
	{"default alone", "default: limit=5", "default: limit=5"},
	{"default last", "a: role=b; default: limit=5", "a: role=b; default: limit=5"},
	{"default first", "default: limit=5; a: role=b", "a: role=b; default: limit=5"},
	{"default between", "a: role=b; default: limit=5; c: role=d",
	"a: role=b; c: role=d; default: limit=5"},
	{"default in quotes", "\"default\": limit=5", "default: limit=5"},
	{"default that changes nothing", "default: exempt=off", PLAIN_DEFAULT},
	{"default exempt", "default: exempt=on", "default: exempt=on"},
	{"another case is another service", "Default: role=a", "Default: role=a" AND_DEFAULT},

	/* Roles. */
	{"roles", "a: role=b,+c,d,+e", "a: role=b,+c,d,+e" AND_DEFAULT},
	{"the same twice", "a: role=b,b,+b", "a: role=b,b,+b" AND_DEFAULT},
	{"members, quoted", "a: role=+\"b c\"", "a: role=+\"b c\"" AND_DEFAULT},
	{"quoted plus", "a: role=\"+b\",+\"+c\"", "a: role=\"+b\",+\"+c\"" AND_DEFAULT},
	{"quoted asterisk", "a: role=\"*\"", "a: role=\"*\"" AND_DEFAULT},
	{"parts of a name", "a: role=b\"c\"d\"e\"", "a: role=bcde" AND_DEFAULT},
	{"quotes around nothing in a name", "a: role=b\"\"", "a: role=b" AND_DEFAULT},
	{"doubled quotes", "a: role=\"\"\"\",\"b\"\"c\"", "a: role=\"\"\"\",\"b\"\"c\"" AND_DEFAULT},
	{"separators in quotes", "a: role=\"b;c:d,e=f\"", "a: role=\"b;c:d,e=f\"" AND_DEFAULT},
	{"quotes where none are needed", "a: role=\"b\"", "a: role=b" AND_DEFAULT},
	{"local is a role, too", "a: role=local,on,low", "a: role=local,on,low" AND_DEFAULT},

	/* Application names. */
	{"application", "a: application_name=b", "a: application_name=b" AND_DEFAULT},
	{"no application name", "a: application_name=\"\",b",
	"a: application_name=\"\",b" AND_DEFAULT},
	{"asterisk", "a: application_name=*", "a: application_name=*" AND_DEFAULT},
	{"asterisks", "a: application_name=*b*c*,**", "a: application_name=*b*c*,**" AND_DEFAULT},
	{"quoted asterisk in part", "a: application_name=notify-\"*\"*",
	"a: application_name=\"notify-*\"*" AND_DEFAULT},
	{"asterisk between quotes", "a: application_name=\"b c\"*\"d e\"",
	"a: application_name=\"b c\"*\"d e\"" AND_DEFAULT},
	{"asterisk behind quotes around nothing", "a: application_name=\"\"*",
	"a: application_name=*" AND_DEFAULT},
	{"quoted plus in an application name", "a: application_name=\"+b\"",
	"a: application_name=\"+b\"" AND_DEFAULT},
	{"63 bytes and asterisk", "a: application_name=" N60 "**\"*\"",
	"a: application_name=" N60 "**\"*\"" AND_DEFAULT},

	/* Addresses. */
	{"local", "a: client_address=local", "a: client_address=local" AND_DEFAULT},
	{"address", "a: client_address=10.1.2.3", "a: client_address=10.1.2.3" AND_DEFAULT},
	{"address, quoted", "a: client_address=\"10.1.2.3\"",
	"a: client_address=10.1.2.3" AND_DEFAULT},
	{"network", "a: client_address=10.1.0.0/16", "a: client_address=10.1.0.0/16" AND_DEFAULT},
	{"network of one", "a: client_address=10.1.2.3/32",
	"a: client_address=10.1.2.3" AND_DEFAULT},
	{"all networks", "a: client_address=0.0.0.0/0,::/0",
	"a: client_address=0.0.0.0/0,::/0" AND_DEFAULT},
	{"odd mask", "a: client_address=10.128.0.0/9", "a: client_address=10.128.0.0/9" AND_DEFAULT},
	{"IPv6", "a: client_address=2001:DB8:0:0::1", "a: client_address=2001:db8::1" AND_DEFAULT},
	{"IPv6 network", "a: client_address=2001:db8::/32,fe80::/10,::1/128",
	"a: client_address=2001:db8::/32,fe80::/10,::1" AND_DEFAULT},
	{"IPv4 in IPv6", "a: client_address=::ffff:1.2.3.4",
	"a: client_address=::ffff:1.2.3.4" AND_DEFAULT},
	{"local and networks", "a: client_address=local,127.0.0.1,::1,local",
	"a: client_address=local,127.0.0.1,::1,local" AND_DEFAULT},

	/* Keys. */
	{"all keys",
		"a: exempt=off patience=1 running=2 priority=low limit=3 client_address=local "
		"application_name=b database=c role=d",
		"a: client_address=local application_name=b database=c role=d "
	"limit=3 running=2 patience=1ms priority=low" AND_DEFAULT},
	{"settings between matchers", "a: limit=3 role=b priority=high database=c",
	"a: role=b database=c limit=3 priority=high" AND_DEFAULT},
	{"settings as they are without", "a: role=b priority=normal exempt=off",
	"a: role=b" AND_DEFAULT},
	{"no blank behind quotes", "a: role=\"b\" database=\"c\"limit",
	"a: role=b database=climit" AND_DEFAULT},
	{"patience in ms", "default: patience=1500", "default: patience=1500ms"},
	{"patience in s", "default: patience=2000ms", "default: patience=2s"},
	{"patience in min", "default: patience=120s", "default: patience=2min"},
	{"patience as it is", "default: patience=90s", "default: patience=90s"},
	{"no patience", "default: patience=0", "default: patience=0ms"},
	{"no patience in min", "default: patience=0min", "default: patience=0ms"},
	{"most patience", "default: patience=3600000", "default: patience=60min"},
	{"leading zeros", "default: patience=007s limit=08 running=010x",
	"default: limit=8 running=10x patience=7s"},
	{"factor in upper case", "default: running=2X", "default: running=2x"},
};

static void
texts(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(text_rows); i++)
	{
		const TextRow *row = &text_rows[i];
		char	   *printed;

		read_rules(row->label, row->text);
		printed = law_print_all(&rules);
		assert_row_string(row->label, printed, row->printed);
		free(printed);
	}
}

/*
 * The fields of one service.
 */

#define U		ADM_UNLIMITED
#define NORMAL	ADM_PRIORITY_NORMAL

typedef struct FieldRow
{
	const char *words;			/* behind "a: role=b " */
	int			limit;
	int			running;
	int			patience_ms;
	AdmPriority priority;
	bool		exempt;
} FieldRow;

static const FieldRow field_rows[] = {
	{"", U, U, U, NORMAL, false},
	{"limit=1", 1, U, U, NORMAL, false},
	{"limit=262143", 262143, U, U, NORMAL, false},
	{"running=1", U, 1, U, NORMAL, false},
	{"running=262143", U, 262143, U, NORMAL, false},
	{"running=1x", U, U - 1, U, NORMAL, false},
	{"running=4x", U, U - 4, U, NORMAL, false},
	{"running=1000x", U, U - 1000, U, NORMAL, false},
	{"patience=0", U, U, 0, NORMAL, false},
	{"patience=1", U, U, 1, NORMAL, false},
	{"patience=500ms", U, U, 500, NORMAL, false},
	{"patience=2s", U, U, 2000, NORMAL, false},
	{"patience=1min", U, U, 60000, NORMAL, false},
	{"patience=3600000ms", U, U, 3600000, NORMAL, false},
	{"patience=3600s", U, U, 3600000, NORMAL, false},
	{"patience=60min", U, U, 3600000, NORMAL, false},
	{"priority=low", U, U, U, ADM_PRIORITY_LOW, false},
	{"priority=normal", U, U, U, NORMAL, false},
	{"priority=high", U, U, U, ADM_PRIORITY_HIGH, false},
	{"exempt=on", U, U, U, NORMAL, true},
	{"exempt=off", U, U, U, NORMAL, false},
	{"exempt=off limit=5 running=2x patience=7 priority=high", 5, U - 2, 7, ADM_PRIORITY_HIGH, false},
};

static void
fields(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(field_rows); i++)
	{
		const FieldRow *row = &field_rows[i];
		const AdmService *s = &rules.services[0];
		char		text[128];

		snprintf(text, sizeof(text), "a: role=b %s", row->words);
		read_rules(row->words, text);
		assert_row_int(row->words, rules.service_count, 2);
		assert_row_string(row->words, s->name, "a");
		assert_row_int(row->words, s->limit, row->limit);
		assert_row_int(row->words, s->running, row->running);
		assert_row_int(row->words, s->patience_ms, row->patience_ms);
		assert_row_int(row->words, s->priority, row->priority);
		assert_row_int(row->words, s->exempt, row->exempt);
		assert_row_int(row->words, s->first_matcher, 0);
		assert_row_int(row->words, s->matcher_count, 1);
	}
}

static void
default_of_nothing(void **state)
{
	const AdmService *s = &rules.services[0];

	(void) state;
	read_rules("empty", "");
	assert_int_equal(rules.service_count, 1);
	assert_string_equal(s->name, ADM_DEFAULT_SERVICE);
	assert_int_equal(s->limit, ADM_UNLIMITED);
	assert_int_equal(s->running, ADM_UNLIMITED);
	assert_int_equal(s->patience_ms, ADM_UNLIMITED);
	assert_int_equal(s->priority, ADM_PRIORITY_NORMAL);
	assert_false(s->exempt);
	assert_int_equal(s->matcher_count, 0);
	assert_int_equal(rules.matcher_count, 0);
	assert_int_equal(adm_rules_size(&rules), offsetof(AdmRules, arena));
}

static void
matchers_of_all_kinds(void **state)
{
	static const AdmMatcherKind kinds[] = {
		ADM_MATCHER_ROLE, ADM_MATCHER_MEMBER, ADM_MATCHER_DATABASE,
		ADM_MATCHER_LOCAL, ADM_MATCHER_NETWORK, ADM_MATCHER_APPLICATION
	};

	(void) state;
	read_rules("kinds", "a: role=b,+c database=\"d\"; "
			   "e: client_address=local,::1 application_name=f");
	assert_int_equal(rules.matcher_count, COUNT_OF(kinds));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		assert_int_equal(rules.matchers[i].kind, kinds[i]);
	assert_string_equal(rules.arena + rules.matchers[0].value, "b");
	assert_string_equal(rules.arena + rules.matchers[1].value, "c");
	assert_string_equal(rules.arena + rules.matchers[2].value, "d");
	assert_string_equal(rules.arena + rules.matchers[5].value, "f");
	assert_int_equal(rules.services[1].first_matcher, 3);
	assert_int_equal(rules.services[1].matcher_count, 3);
}

/*
 * Errors.
 */

typedef struct ErrorRow
{
	const char *text;
	const char *error;
} ErrorRow;

#define KEY_NAMES \
	"role, database, application_name, client_address, " \
	"limit, running, patience, priority or exempt"
#define IN_A		"In service \"a\", expected "
#define ROLE		IN_A "a name for role, found "
#define ADDRESS		IN_A "an address, a network or local for client_address, found "
#define MASK		IN_A "a mask from 0 to "
#define BITS		IN_A "a network without bits right of its mask, found "
#define LIMIT		IN_A "a number from 1 to 262143 for limit, found "
#define RUNNING		IN_A "a number from 1 to 262143 or from 1x to 1000x for running, found "
#define ZERO		IN_A "1 or more (pause_service() and pg_admission.paused_services " \
	"pause a service) for "
#define PATIENCE	IN_A "a time as in 500ms, 2s or 1min for patience, found "
#define UNIT		IN_A "the unit ms, s or min for patience, found "
#define RANGE		IN_A "a time from 0 to 60min for patience, found "
#define BESIDE		IN_A "no limit, running, patience or priority beside exempt=on, found "
#define SIGNS		IN_A "double quotes around signs, found "

static const ErrorRow error_rows[] = {
	/* The name of a service. */
	{";", "Expected the name of a service, found \";\" at character 1."},
	{" : role=b", "Expected the name of a service, found \":\" at character 2."},
	{"a: role=b;;", "Expected the name of a service, found \";\" at character 11."},
	{"a: role=b; ,", "Expected the name of a service, found \",\" at character 12."},
	{"\"\": role=b", "Expected the name of a service, found nothing in double quotes at character 1."},
	{"*: role=b", "Expected no asterisk but in application_name, found \"*\" at character 1."},
	{"+a: role=b", "Expected double quotes around signs, found \"+\" at character 1."},
	{"a/b: role=c", "Expected double quotes around signs, found \"/\" at character 2."},
	{"\"a\"\\: role=c", "Expected double quotes around signs, found \"\\\" at character 4."},
	{"\x01", "Expected no control character, found the control character 0x01 at character 1."},
	{"a\x7f: role=b", "Expected no control character, found the control character 0x7f at character 2."},
	{"\"a\tb\": role=b",
		"Expected no control character in double quotes, "
	"found the control character 0x09 at character 3."},
	{"\"a: role=b", "Expected a closing double quote behind \"a: role=b\", found the end at character 11."},
	{"\"", "Expected a closing double quote behind \"\", found the end at character 2."},
	{"\"\"\"", "Expected a closing double quote behind \"\"\"\", found the end at character 4."},
	{N64 ": role=b", "Expected at most 63 bytes for the name of a service, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\" at character 1."},
	{"\"" N64 "\": role=b", "Expected at most 63 bytes for the name of a service, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\" in double quotes at character 1."},
	{"a: role=b; c: role=d; a: role=e",
	"Expected no second service of the same name, found \"a\" at character 23."},
	{"a: role=b; \"a\": role=e",
	"Expected no second service of the same name, found \"a\" in double quotes at character 12."},
	{"default: limit=5; default: limit=6",
	"Expected no second service of the same name, found \"default\" at character 19."},
	{"a", IN_A "a colon behind its name, found the end at character 2."},
	{"a b: role=c", IN_A "a colon behind its name, found \"b\" at character 3."},
	{"a; b: role=c", IN_A "a colon behind its name, found \";\" at character 2."},
	{"a role=b", IN_A "a colon behind its name, found \"role\" at character 3."},
	{"a \"b c\"", IN_A "a colon behind its name, found \"b c\" in double quotes at character 3."},
	{"a \"b\nc\"", IN_A "a colon behind its name, found \"b\" in double quotes at character 3."},
	{"a \"b", IN_A "a colon behind its name, found \"b\" in double quotes at character 3."},
	{"a \"", IN_A "a colon behind its name, found nothing in double quotes at character 3."},

	/* Keys. */
	{"a:", IN_A KEY_NAMES ", found the end at character 3."},
	{"a: ;", IN_A KEY_NAMES ", found \";\" at character 4."},
	{"a: =b", IN_A KEY_NAMES ", found \"=\" at character 4."},
	{"a: : b", IN_A KEY_NAMES ", found \":\" at character 4."},
	{"a: rolle=b", IN_A KEY_NAMES ", found \"rolle\" at character 4."},
	{"a: rol=b", IN_A KEY_NAMES ", found \"rol\" at character 4."},
	{"a: Role=b", IN_A KEY_NAMES ", found \"Role\" at character 4."},
	{"a: \"role\"=b", IN_A KEY_NAMES ", found \"role\" in double quotes at character 4."},
	{"a: \x01", IN_A KEY_NAMES ", found the control character 0x01 at character 4."},
	{"a: role=b =c", IN_A KEY_NAMES ", found \"=\" at character 11."},
	{"a: role=b=c", IN_A KEY_NAMES ", found \"=\" at character 10."},
	{"a: limit=5:", IN_A KEY_NAMES ", found \":\" at character 11."},
	{"a: role=b c", IN_A KEY_NAMES ", found \"c\" at character 11."},
	{"a: role=b c: role=d", IN_A "a semicolon before the next service, found \"c\" at character 11."},
	{"a: role=b c : role=d", IN_A "a semicolon before the next service, found \"c\" at character 11."},
	{"a: role", IN_A "an equals sign behind role, found the end at character 8."},
	{"a: role+=b", IN_A "an equals sign behind role, found \"+\" at character 8."},
	{"a: role: b", IN_A "an equals sign behind role, found \":\" at character 8."},
	{"a: role b", IN_A "an equals sign behind role, found \"b\" at character 9."},
	{"a: limit=1 role=b limit=2", IN_A "no second limit, found \"limit\" at character 19."},
	{"a: role=b role=c", IN_A "no second role, found \"role\" at character 11."},
	{"a: role=b, database=c", IN_A "no comma before a key, found \"database\" at character 12."},
	{"a: client_address=local, limit = 5", IN_A "no comma before a key, found \"limit\" at character 26."},
	{"a: limit=5, running=3", IN_A "one value for limit, found \",\" at character 11."},
	{"a: priority=low,high role=b", IN_A "one value for priority, found \",\" at character 16."},

	/* Names. */
	{"a: role=", ROLE "the end at character 9."},
	{"a: role=;", ROLE "\";\" at character 9."},
	{"a: role==b", ROLE "\"=\" at character 9."},
	{"a: role=,b", ROLE "\",\" at character 9."},
	{"a: role=b,", ROLE "the end at character 11."},
	{"a: role=b,,c", ROLE "\",\" at character 11."},
	{"a: role=b, ;", ROLE "\";\" at character 12."},
	{"a: role=\"\"", ROLE "nothing in double quotes at character 9."},
	{"a: role=+\"\"", ROLE "\"+\"\"\" at character 9."},
	{"a: role=+", ROLE "the end at character 10."},
	{"a: role=+ b", ROLE "a blank at character 10."},
	{"a: role=+\tb", ROLE "the control character 0x09 at character 10."},
	{"a: role=+,b", ROLE "\",\" at character 10."},
	{"a: role=*", IN_A "no asterisk but in application_name, found \"*\" at character 9."},
	{"a: role=++b", SIGNS "\"+\" at character 10."},
	{"a: role=b+c", SIGNS "\"+\" at character 10."},
	{"a: role=\"b\"+c", SIGNS "\"+\" at character 12."},
	{"a: role='b'", SIGNS "\"'\" at character 9."},
	{"a: role=b@c", SIGNS "\"@\" at character 10."},
	{"a: role=b\x01", IN_A "no control character, found the control character 0x01 at character 10."},
	{"a: role=b\vc", IN_A "no control character, found the control character 0x0b at character 10."},
	{"a: role=\"b\nc\"", IN_A "no control character in double quotes, "
	"found the control character 0x0a at character 11."},
	{"a: role=\"b\x01\"", IN_A "no control character in double quotes, "
	"found the control character 0x01 at character 11."},
	{"a: role=\"b; c: role=d",
	IN_A "a closing double quote behind \"b; c: role=d\", found the end at character 22."},
	{"a: role=" N64, IN_A "at most 63 bytes for role, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\" at character 9."},
	{"a: role=+" N64, IN_A "at most 63 bytes for role, "
	"found \"+abcdefghijklmnopqrstuvwxyz0123456789_ab...\" at character 9."},
	{"a: database=", IN_A "a name for database, found the end at character 13."},
	{"a: database=\"\"", IN_A "a name for database, found nothing in double quotes at character 13."},
	{"a: database=+b", SIGNS "\"+\" at character 13."},
	{"a: database=b*", IN_A "no asterisk but in application_name, found \"*\" at character 14."},
	{"a: database=" N64, IN_A "at most 63 bytes for database, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\" at character 13."},
	{"a: application_name=", IN_A "a name for application_name, found the end at character 21."},
	{"a: application_name=b,", IN_A "a name for application_name, found the end at character 23."},
	{"a: application_name=+b", SIGNS "\"+\" at character 21."},
	{"a: application_name=b/c", SIGNS "\"/\" at character 22."},
	{"a: application_name=" N63 "*", IN_A "at most 63 bytes for application_name, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\" at character 21."},

	/* Addresses. */
	{"a: client_address=", ADDRESS "the end at character 19."},
	{"a: client_address=\"\"", ADDRESS "nothing in double quotes at character 19."},
	{"a: client_address=\"local\"", ADDRESS "\"local\" in double quotes at character 19."},
	{"a: client_address=Local", ADDRESS "\"Local\" at character 19."},
	{"a: client_address=localhost", ADDRESS "\"localhost\" at character 19."},
	{"a: client_address=10.1", ADDRESS "\"10.1\" at character 19."},
	{"a: client_address=10.1.2.256", ADDRESS "\"10.1.2.256\" at character 19."},
	{"a: client_address=10.1.2.3.4", ADDRESS "\"10.1.2.3.4\" at character 19."},
	{"a: client_address=/8", ADDRESS "\"/8\" at character 19."},
	{"a: client_address=local/8", ADDRESS "\"local/8\" at character 19."},
	{"a: client_address=:", ADDRESS "\":\" at character 19."},
	{"a: client_address=1:2", ADDRESS "\"1:2\" at character 19."},
	{"a: client_address=g::", ADDRESS "\"g::\" at character 19."},
	{"a: client_address=::1,x", ADDRESS "\"x\" at character 23."},
	{"a: client_address=fe80::1%eth0", SIGNS "\"%\" at character 26."},
	{"a: client_address=\"fe80::1%eth0\"", ADDRESS "\"fe80::1%eth0\" in double quotes at character 19."},
	{"a: client_address=10.*", IN_A "no asterisk but in application_name, found \"*\" at character 22."},
	{"a: client_address=10.0.0.0/", MASK "32, found \"10.0.0.0/\" at character 19."},
	{"a: client_address=10.0.0.0/33", MASK "32, found \"10.0.0.0/33\" at character 19."},
	{"a: client_address=10.0.0.0/0008", MASK "32, found \"10.0.0.0/0008\" at character 19."},
	{"a: client_address=10.0.0.0/-1", MASK "32, found \"10.0.0.0/-1\" at character 19."},
	{"a: client_address=10.0.0.0/8/8", MASK "32, found \"10.0.0.0/8/8\" at character 19."},
	{"a: client_address=10.0.0.0/255.0.0.0", MASK "32, found \"10.0.0.0/255.0.0.0\" at character 19."},
	{"a: client_address=::/129", MASK "128, found \"::/129\" at character 19."},
	{"a: client_address=10.1.2.3/16", BITS "\"10.1.2.3/16\" at character 19."},
	{"a: client_address=10.1.0.0/15", BITS "\"10.1.0.0/15\" at character 19."},
	{"a: client_address=0.0.0.1/31", BITS "\"0.0.0.1/31\" at character 19."},
	{"a: client_address=128.0.0.0/0", BITS "\"128.0.0.0/0\" at character 19."},
	{"a: client_address=::1/127", BITS "\"::1/127\" at character 19."},
	{"a: client_address=fe80::/8", BITS "\"fe80::/8\" at character 19."},

	/* Numbers. */
	{"a: limit=", LIMIT "the end at character 10."},
	{"a: limit=\"\"", LIMIT "nothing in double quotes at character 10."},
	{"a: limit=\"5\"", LIMIT "\"5\" in double quotes at character 10."},
	{"a: limit=5x", LIMIT "\"5x\" at character 10."},
	{"a: limit=-1", LIMIT "\"-1\" at character 10."},
	{"a: limit=1.5", LIMIT "\"1.5\" at character 10."},
	{"a: limit=262144", LIMIT "\"262144\" at character 10."},
	{"a: limit=99999999999999999999", LIMIT "\"99999999999999999999\" at character 10."},
	{"a: limit=unlimited", LIMIT "\"unlimited\" at character 10."},
	{"a: limit=0", ZERO "limit, found \"0\" at character 10."},
	{"a: limit=000", ZERO "limit, found \"0\" at character 10."},
	{"a: running=0", ZERO "running, found \"0\" at character 12."},
	{"a: running=0x", RUNNING "\"0x\" at character 12."},
	{"a: running=x", RUNNING "\"x\" at character 12."},
	{"a: running=1001x", RUNNING "\"1001x\" at character 12."},
	{"a: running=262144", RUNNING "\"262144\" at character 12."},
	{"a: running=2xx", RUNNING "\"2xx\" at character 12."},
	{"a: running=\"2x\"", RUNNING "\"2x\" in double quotes at character 12."},
	{"a: running=2 x", IN_A KEY_NAMES ", found \"x\" at character 14."},

	/* Times. */
	{"a: patience=", PATIENCE "the end at character 13."},
	{"a: patience=s", PATIENCE "\"s\" at character 13."},
	{"a: patience=-1", PATIENCE "\"-1\" at character 13."},
	{"a: patience=\"1s\"", PATIENCE "\"1s\" in double quotes at character 13."},
	{"a: patience=\"\"", PATIENCE "nothing in double quotes at character 13."},
	{"a: patience=1h", UNIT "\"h\" at character 14."},
	{"a: patience=12S", UNIT "\"S\" at character 15."},
	{"a: patience=1.5s", UNIT "\".5s\" at character 14."},
	{"a: patience=1minute", UNIT "\"minute\" at character 14."},
	{"a: patience=1 s", IN_A KEY_NAMES ", found \"s\" at character 15."},
	{"a: patience=3600001", RANGE "\"3600001\" at character 13."},
	{"a: patience=3601s", RANGE "\"3601s\" at character 13."},
	{"a: patience=61min", RANGE "\"61min\" at character 13."},
	{"a: patience=99999999999999999999min", RANGE "\"99999999999999999999min\" at character 13."},

	/* Words. */
	{"a: priority=hihg", IN_A "low, normal or high for priority, found \"hihg\" at character 13."},
	{"a: priority=High", IN_A "low, normal or high for priority, found \"High\" at character 13."},
	{"a: priority=\"low\"",
	IN_A "low, normal or high for priority, found \"low\" in double quotes at character 13."},
	{"a: exempt=yes", IN_A "on or off for exempt, found \"yes\" at character 11."},
	{"a: exempt=\"on\"", IN_A "on or off for exempt, found \"on\" in double quotes at character 11."},
	{"a: exempt=\"off\"", IN_A "on or off for exempt, found \"off\" in double quotes at character 11."},

	/* What does not go together. */
	{"a: limit=5",
		IN_A "role, database, application_name or client_address to say who belongs to it, "
	"found the end at character 11."},
	{"a: exempt=on ; b: role=c",
		IN_A "role, database, application_name or client_address to say who belongs to it, "
	"found \";\" at character 14."},
	{"default: limit=5 role=b", "In service \"default\", expected no key that says who belongs to it, "
	"found \"role\" at character 18."},
	{"default: client_address=local", "In service \"default\", expected no key that says who belongs to it, "
	"found \"client_address\" at character 10."},
	{"a: role=b limit=5 exempt=on", BESIDE "\"limit\" at character 11."},
	{"a: role=b exempt=on running=5", BESIDE "\"running\" at character 21."},
	{"a: role=b exempt=on patience=5", BESIDE "\"patience\" at character 21."},
	{"a: exempt=on priority=normal role=b", BESIDE "\"priority\" at character 14."},
	{"default: exempt=on limit=5",
		"In service \"default\", expected no limit, running, patience or priority beside exempt=on, "
	"found \"limit\" at character 20."},

	/* Places are told in characters. */
	{"\xc3\xbc\xe2\x82\xac: role=b c", "In service \"\xc3\xbc\xe2\x82\xac\", expected " KEY_NAMES
	", found \"c\" at character 12."},
	{"a:\n\trole=b\n\trolle=c", IN_A KEY_NAMES ", found \"rolle\" at character 13."},
	{"agents: role=+ai_agents limit=20 running=2x      priority=hihg; x: role=y",
		"In service \"agents\", expected low, normal or high for priority, "
	"found \"hihg\" at character 59."},

	/* What was found is cut behind 40 bytes, or a character before. */
	{"a: 1234567890123456789012345678901234567890=b",
	IN_A KEY_NAMES ", found \"1234567890123456789012345678901234567890\" at character 4."},
	{"a: 12345678901234567890123456789012345678901=b",
	IN_A KEY_NAMES ", found \"1234567890123456789012345678901234567890...\" at character 4."},
	{"a: 12345678901234567890123456789012345678\xe2\x82\xac=b",
	IN_A KEY_NAMES ", found \"12345678901234567890123456789012345678...\" at character 4."},
	{"a: 1234567890123456789012345678901234567\xe2\x82\xac=b",
	IN_A KEY_NAMES ", found \"1234567890123456789012345678901234567\xe2\x82\xac\" at character 4."},

	/* Names of services are cut, too. */
	{N63 ": role=", "In service \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\", "
	"expected a name for role, found the end at character 71."},
};

static void
errors(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(error_rows); i++)
	{
		const ErrorRow *row = &error_rows[i];
		char		error[ADM_RULES_ERROR_SIZE];

		assert_row(row->text, !law_text(row->text, &rules, error));
		assert_row_string(row->text, error, row->error);
	}
}

/* Every text of the tables, in a service and with values of so long names. */
static void
longest_errors_are_whole(void **state)
{
	static const char *const shifts[] = {"", "x", "xy", "xyz"};
	static const char *const letters[] = {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x90\x98", "0"};
	static const char *const before[] = {
		"", "role=", "role=+", "\"", "role=\"", "database=", "application_name=\"",
		"client_address=", "client_address=1.2.3.4/", "limit=", "running=", "patience=",
		"patience=1", "patience=9", "priority=", "exempt=", "role=b,c d=", "role=b ", "exempt=on "
	};

	(void) state;
	for (size_t s = 0; s < COUNT_OF(shifts); s++)
		for (size_t l = 0; l < COUNT_OF(letters); l++)
			for (size_t b = 0; b < COUNT_OF(before); b++)
				for (int count = 8; count < 80; count++)
				{
					char		text[1024];
					char		error[ADM_RULES_ERROR_SIZE];
					char	   *end = text;

					end += sprintf(end, "%s", shifts[s]);
					while (end - text + strlen(letters[l]) < ADM_SERVICE_NAME_SIZE)
						end += sprintf(end, "%s", letters[l]);
					end += sprintf(end, ": %s%s", before[b], shifts[s]);
					for (int i = 0; i < count; i++)
						end += sprintf(end, "%s", letters[l]);
					law_text(text, &rules, error);
				}
}

/* A half character is cut where so many bytes are, and no further back. */
static void
what_is_no_utf8_is_cut_all_the_same(void **state)
{
	char		text[128] = "a: limit=";
	char		error[ADM_RULES_ERROR_SIZE];

	(void) state;
	memset(text + strlen(text), 0x80, 60);
	assert_false(law_text(text, &rules, error));
	assert_in_range(strspn(strchr(error, '\x80'), "\x80"), 37, 40);
}

/*
 * Limits.
 */

static char *
repeat(char *end, const char *format, int count)
{
	for (int i = 0; i < count; i++)
		end += sprintf(end, format, i);
	return end;
}

static void
so_many_services_and_no_more(void **state)
{
	char		text[4096];
	char		error[ADM_RULES_ERROR_SIZE];
	char	   *end = repeat(text, "s%d: role=r; ", ADM_SERVICES_MOST);

	(void) state;
	read_rules("64", text);
	assert_int_equal(rules.service_count, ADM_SERVICES_MOST + 1);
	sprintf(end, "default: limit=5");
	read_rules("64 and default", text);
	assert_int_equal(rules.service_count, ADM_SERVICES_MOST + 1);
	assert_int_equal(rules.services[ADM_SERVICES_MOST].limit, 5);
	sprintf(end, "x: role=r");
	assert_false(law_text(text, &rules, error));
	assert_string_equal(error, "Expected at most 64 services besides default, found \"x\" at character 823.");
}

static void
so_many_values_and_no_more(void **state)
{
	char		text[8192];
	char		error[ADM_RULES_ERROR_SIZE];
	char	   *end = text + sprintf(text, "a: role=r");

	(void) state;
	end = repeat(end, ",r%d", 100);
	end += sprintf(end, "; b: client_address=local");
	end = repeat(end, ",::%d", ADM_MATCHERS_MOST - 102);
	read_rules("512", text);
	assert_int_equal(rules.matcher_count, ADM_MATCHERS_MOST);
	sprintf(end, ",local");
	assert_false(law_text(text, &rules, error));
	assert_string_equal(error, "In service \"b\", expected at most 512 values in all to say who "
						"belongs where, found \"local\" at character 2776.");
}

static void
so_many_bytes_and_no_more(void **state)
{
	static char text[40000];
	char		error[ADM_RULES_ERROR_SIZE];
	char	   *end = text + sprintf(text, "a: role=" N63);

	(void) state;
	end = repeat(end, "," N63, ADM_RULES_ARENA_SIZE / 64 - 2);
	/* Fills it to the last byte, behind which there is still room for local. */
	sprintf(end, ",%s client_address=local", N63);
	read_rules("16384", text);
	assert_int_equal(adm_rules_size(&rules), sizeof(rules));
	sprintf(end, ",%s database=d", N63);
	assert_false(law_text(text, &rules, error));
	assert_string_equal(error, "In service \"a\", expected at most 16384 bytes in all to say who "
						"belongs where, found \"d\" at character 16402.");
}

/*
 * Printing.
 */

static void
prints_as_much_as_there_is_room_for(void **state)
{
	static const char expected[] = "\"a b\": role=+c limit=5 patience=2s";
	size_t		whole = strlen(expected);

	(void) state;
	read_rules("rules", "\"a b\": role=+c limit=5 patience=2000");
	assert_int_equal(adm_rules_print(&rules, 0, NULL, 0), whole);
	for (size_t size = 1; size <= whole + 2; size++)
	{
		char	   *buffer = malloc(size);

		assert_non_null(buffer);
		assert_int_equal(adm_rules_print(&rules, 0, buffer, size), whole);
		assert_int_equal(strlen(buffer), size - 1 < whole ? size - 1 : whole);
		assert_memory_equal(buffer, expected, strlen(buffer));
		free(buffer);
	}
}

typedef struct RunningRow
{
	const char *label;
	int			running;
	int			cores;
	int			expected;
} RunningRow;

static const RunningRow running_rows[] = {
	{"unlimited", ADM_UNLIMITED, 8, ADM_UNLIMITED},
	{"number", 5, 8, 5},
	{"number, no core known", 5, 0, 5},
	{"most", 262143, 8, 262143},
	{"1x", ADM_UNLIMITED - 1, 8, 8},
	{"2x", ADM_UNLIMITED - 2, 8, 16},
	{"2x of one", ADM_UNLIMITED - 2, 1, 2},
	{"2x of none", ADM_UNLIMITED - 2, 0, 2},
	{"2x of less than none", ADM_UNLIMITED - 2, -1, 2},
	{"1000x of 262", ADM_UNLIMITED - 1000, 262, 262000},
	{"1000x of 263", ADM_UNLIMITED - 1000, 263, 262143},
	{"1000x of very many", ADM_UNLIMITED - 1000, INT_MAX, 262143},
	{"1x of 262143", ADM_UNLIMITED - 1, 262143, 262143},
	{"1x of 262144", ADM_UNLIMITED - 1, 262144, 262143},
	{"no such number", INT_MIN, 1, 262143},
};

static void
running_by_cores(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(running_rows); i++)
	{
		const RunningRow *row = &running_rows[i];

		assert_row_int(row->label, adm_service_running(row->running, row->cores), row->expected);
	}
}

static void
names_of_priorities(void **state)
{
	(void) state;
	assert_string_equal(adm_priority_name(ADM_PRIORITY_LOW), "low");
	assert_string_equal(adm_priority_name(ADM_PRIORITY_NORMAL), "normal");
	assert_string_equal(adm_priority_name(ADM_PRIORITY_HIGH), "high");
}

/*
 * Matching.
 */

/* The groups that a subject is a member of, and those that were asked for. */
typedef struct Groups
{
	const char *of;				/* " a b " */
	char		asked[256];		/* likewise */
} Groups;

static bool
is_member(void *argument, const char *role)
{
	Groups	   *groups = argument;
	char		word[ADM_SERVICE_NAME_SIZE + 2];

	snprintf(word, sizeof(word), " %s ", role);
	if (strlen(groups->asked) + strlen(word) < sizeof(groups->asked))
		strcat(groups->asked, word + (groups->asked[0] != '\0'));
	return strstr(groups->of, word) != NULL;
}

typedef struct MatchRow
{
	const char *label;
	const char *text;
	const char *role;
	const char *database;
	const char *application;
	const char *address;
	const char *groups;
	const char *service;
	const char *asked;			/* of each of both times */
} MatchRow;

static const MatchRow match_rows[] = {
	{"nothing", "", "r", "d", "", "", "", "default", ""},
	{"default alone", "default: limit=5", "r", "d", "", "", "", "default", ""},

	/* Roles. */
	{"role", "a: role=r", "r", "d", "", "", "", "a", ""},
	{"another role", "a: role=r", "x", "d", "", "", "", "default", ""},
	{"case of a role", "a: role=R", "r", "d", "", "", "", "default", ""},
	{"role that begins so", "a: role=r", "rr", "d", "", "", "", "default", ""},
	{"one of some roles", "a: role=x,y,r", "r", "d", "", "", "", "a", ""},
	{"member of a role is not the role", "a: role=g", "r", "d", "", "", " g ", "default", ""},
	{"member", "a: role=+g", "r", "d", "", "", " g ", "a", " g "},
	{"no member", "a: role=+g", "r", "d", "", "", " h ", "default", " g "},
	{"the role itself", "a: role=+r", "r", "d", "", "", "", "a", ""},
	{"member of one of some", "a: role=x,+g,y,+h,+i", "r", "d", "", "", " h ", "a", " g h "},
	{"plus of the name", "a: role=\"+g\"", "r", "d", "", "", " g ", "default", ""},
	{"role before groups", "a: role=+g,r", "r", "d", "", "", " g ", "a", ""},

	/* Groups are asked for only if all else is met. */
	{"member, other database", "a: role=+g database=x", "r", "d", "", "", " g ", "default", ""},
	{"member, other database before", "a: database=x role=+g", "r", "d", "", "", " g ", "default", ""},
	{"member, other application", "a: role=+g application_name=x", "r", "d", "y", "", " g ",
	"default", ""},
	{"member, other address", "a: role=+g client_address=local", "r", "d", "", "::1", " g ",
	"default", ""},
	{"member, all met", "a: role=+g database=d application_name=* client_address=local", "r", "d",
	"", "", " g ", "a", " g "},
	{"database met, no member", "a: role=+g database=d", "r", "d", "", "", "", "default", " g "},
	{"database met, other role", "a: role=x database=d", "r", "d", "", "", "", "default", ""},
	{"not of services behind", "a: role=r; b: role=+g", "r", "d", "", "", " g ", "a", ""},
	{"of services before", "a: role=+h; b: role=r", "r", "d", "", "", " g ", "b", " h "},

	/* Databases. */
	{"database", "a: database=x,d", "r", "d", "", "", "", "a", ""},
	{"another database", "a: database=x,y", "r", "d", "", "", "", "default", ""},
	{"asterisk is no pattern here", "a: database=\"*\"", "r", "d", "", "", "", "default", ""},

	/* All keys, one value of each. */
	{"both", "a: role=r database=d", "r", "d", "", "", "", "a", ""},
	{"one of two", "a: role=r database=x", "r", "d", "", "", "", "default", ""},
	{"the other of two", "a: role=x database=d", "r", "d", "", "", "", "default", ""},
	{"settings do not matter", "a: limit=1 role=r exempt=off database=d", "r", "d", "", "", "", "a", ""},

	/* Order. */
	{"first that fits", "a: role=x; b: role=r; c: role=r", "r", "d", "", "", "", "b", ""},
	{"default is last", "default: limit=5; a: role=r", "r", "d", "", "", "", "a", ""},
	{"default for the rest", "default: limit=5; a: role=x", "r", "d", "", "", "", "default", ""},

	/* Unix sockets. */
	{"local", "a: client_address=local", "r", "d", "", "", "", "a", ""},
	{"local is none of the networks", "a: client_address=0.0.0.0/0,::/0", "r", "d", "", "", "",
	"default", ""},
	{"local or a network, local", "a: client_address=10.0.0.0/8,local", "r", "d", "", "", "", "a", ""},
	{"local or a network, network", "a: client_address=local,10.0.0.0/8", "r", "d", "", "10.1.2.3", "",
	"a", ""},
	{"local or a network, neither", "a: client_address=local,10.0.0.0/8", "r", "d", "", "11.1.2.3", "",
	"default", ""},

	/* No application name. */
	{"no name", "a: application_name=\"\"", "r", "d", "", "", "", "a", ""},
	{"no name, some name", "a: application_name=\"\"", "r", "d", "x", "", "", "default", ""},
	{"any name", "a: application_name=*", "r", "d", "", "", "", "a", ""},
};

/* Asked twice: the rules, and a copy of the bytes in use. */
static void
expect_asked(const char *label, const char *asked, const char *expected)
{
	char		twice[256] = "";

	if (expected[0] != '\0')
		snprintf(twice, sizeof(twice), "%s%s", expected, expected + 1);
	assert_row_string(label, asked, twice);
}

static void
matches(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(match_rows); i++)
	{
		const MatchRow *row = &match_rows[i];
		Groups		groups = {row->groups, ""};
		AdmSubject	subject = {
			row->role, row->database, row->application, row->address, is_member, &groups
		};
		int			index;

		read_rules(row->label, row->text);
		index = law_match(&rules, &subject);
		assert_row_string(row->label, rules.services[index].name, row->service);
		expect_asked(row->label, groups.asked, row->asked);
	}
}

/* Whether a service with only this word fits. */
static bool
word_fits(const char *word, const char *application, const char *address)
{
	Groups		groups = {"", ""};
	AdmSubject	subject = {"r", "d", application, address, is_member, &groups};
	char		text[256];

	snprintf(text, sizeof(text), "a: %s", word);
	read_rules(word, text);
	return law_match(&rules, &subject) == 0;
}

typedef struct PatternRow
{
	const char *pattern;
	const char *name;
	bool		fits;
} PatternRow;

static const PatternRow pattern_rows[] = {
	{"psql", "psql", true},
	{"psql", "psq", false},
	{"psql", "psqll", false},
	{"psql", "", false},
	{"psql", "PSQL", false},
	{"\"\"", "", true},
	{"*", "", true},
	{"*", "anything at all", true},
	{"**", "", true},
	{"**", "x", true},
	{"ps*", "psql", true},
	{"ps*", "ps", true},
	{"ps*", "p", false},
	{"ps*", "xps", false},
	{"*ql", "psql", true},
	{"*ql", "ql", true},
	{"*ql", "qlx", false},
	{"*ql", "qlql", true},
	{"p*l", "psql", true},
	{"p*l", "pl", true},
	{"p*l", "p", false},
	{"p*l", "pll", true},
	{"p*l", "plx", false},
	{"*sq*", "psql", true},
	{"*sq*", "sq", true},
	{"*sq*", "psl", false},
	{"a*b*c", "abc", true},
	{"a*b*c", "axbxbxcxc", true},
	{"a*b*c", "acb", false},
	{"a*b*c", "abcx", false},
	{"*a*a*a*", "aa", false},
	{"*a*a*a*", "xaxaxax", true},
	{"*abab", "ababab", true},
	{"*aab", "aaab", true},
	{"\"*\"", "*", true},
	{"\"*\"", "x", false},
	{"notify-\"*\"*", "notify-*", true},
	{"notify-\"*\"*", "notify-*x", true},
	{"notify-\"*\"*", "notify-x", false},
	{"\"a b\"*\"c d\"", "a b, c d", true},
	{"\"a b\"*\"c d\"", "a b, cd", false},
	{"*\xc3\xbc*", "\xc3\xbc" "ber", true},
	{"*\xc3\xbc*", "\xc3\xa4", false},
	{"a*", "a\x01", true},
	{"a*b", "a\x01" "b", true},
	{"a\"?\"", "ax", false},
};

static void
patterns(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(pattern_rows); i++)
	{
		const PatternRow *row = &pattern_rows[i];
		char		word[128];

		snprintf(word, sizeof(word), "application_name=%s", row->pattern);
		assert_row_int(word, word_fits(word, row->name, ""), row->fits);
	}
}

typedef struct AddressRow
{
	const char *network;
	const char *address;
	bool		fits;
} AddressRow;

static const AddressRow address_rows[] = {
	{"10.1.2.3", "10.1.2.3", true},
	{"10.1.2.3", "10.1.2.2", false},
	{"10.1.2.3", "138.1.2.3", false},
	{"10.1.2.3/32", "10.1.2.3", true},
	{"10.1.2.2/31", "10.1.2.2", true},
	{"10.1.2.2/31", "10.1.2.3", true},
	{"10.1.2.2/31", "10.1.2.1", false},
	{"10.1.2.2/31", "10.1.2.4", false},
	{"10.1.0.0/16", "10.1.255.255", true},
	{"10.1.0.0/16", "10.2.0.0", false},
	{"10.1.0.0/16", "10.0.255.255", false},
	{"10.128.0.0/9", "10.255.0.1", true},
	{"10.128.0.0/9", "10.127.0.1", false},
	{"128.0.0.0/1", "255.255.255.255", true},
	{"128.0.0.0/1", "127.255.255.255", false},
	{"0.0.0.0/0", "255.1.2.3", true},
	{"0.0.0.0/0", "::1", false},
	{"0.0.0.0/0", "::ffff:1.2.3.4", false},
	{"0.0.0.0", "::", false},
	{"::/0", "::1", true},
	{"::/0", "ffff::", true},
	{"::/0", "1.2.3.4", false},
	{"::", "0.0.0.0", false},
	{"::1", "::1", true},
	{"::1", "0:0:0:0:0:0:0:1", true},
	{"::1", "::2", false},
	{"2001:db8::/32", "2001:db8:ffff::1", true},
	{"2001:db8::/32", "2001:DB8::", true},
	{"2001:db8::/32", "2001:db9::", false},
	{"2001:db8::/31", "2001:db9::", true},
	{"2001:db8::/31", "2001:dba::", false},
	{"2001:db8::fffe/127", "2001:db8::ffff", true},
	{"2001:db8::fffe/127", "2001:db8::fffd", false},
	{"fe80::/10", "fe80::1%eth0", true},
	{"fe80::1", "fe80::1%eth0", true},
	{"fe80::1", "fe80::1%", true},
	{"fe80::1", "fe80::2%eth0", false},
	{"::ffff:1.2.3.4", "::ffff:1.2.3.4", true},
	{"::ffff:1.2.3.4", "1.2.3.4", false},
	{"1.2.3.4", "::ffff:1.2.3.4", false},
	{"local", "127.0.0.1", false},
	{"local", "::1", false},
	{"local", "", true},
	{"local", "%eth0", false},
	{"0.0.0.0/0", "", false},
	{"::/0", "", false},
	{"0.0.0.0/0", "nonsense", false},
	{"::/0", "::nonsense", false},
	{"::/0", "::1/128", false},
	{"0.0.0.0/0", N64, false},
	{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%a-zone-with-a-very-long-name", true},
};

static void
addresses(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(address_rows); i++)
	{
		const AddressRow *row = &address_rows[i];
		char		word[128];
		char		label[256];

		snprintf(word, sizeof(word), "client_address=%s", row->network);
		snprintf(label, sizeof(label), "%s, \"%s\"", word, row->address);
		assert_row_int(label, word_fits(word, "", row->address), row->fits);
	}
}

/*
 * Random rules, matched by another way of doing it.
 */

#define MODEL_VALUES	3
#define MODEL_SERVICES	4

/* Of a key: none, or some values. */
typedef struct ModelKey
{
	int			count;
	char		values[MODEL_VALUES][16];
} ModelKey;

typedef struct ModelService
{
	ModelKey	role;			/* with a plus before some */
	ModelKey	database;
	ModelKey	application;	/* letters and asterisks */
	ModelKey	address;
} ModelService;

typedef struct ModelSubject
{
	char		role[16];
	char		database[16];
	char		application[16];
	char		address[16];
	char		groups[64];
} ModelSubject;

static void
random_word(Seeded *random, const char *letters, size_t least, size_t most, char *word)
{
	size_t		length = least + seeded_below(random, most - least + 1);

	for (size_t i = 0; i < length; i++)
		word[i] = letters[seeded_below(random, strlen(letters))];
	word[length] = '\0';
}

static void
random_key(Seeded *random, ModelKey *key, const char *letters, size_t least, size_t most)
{
	key->count = (int) seeded_below(random, MODEL_VALUES + 1);
	for (int i = 0; i < key->count; i++)
		random_word(random, letters, least, most, key->values[i]);
}

static void
random_service(Seeded *random, ModelService *service)
{
	static const char *const networks[] = {
		"local", "10.0.0.0", "10.0.0.0/31", "10.0.0.0/30", "0.0.0.0/0", "11.0.0.0/8"
	};

	random_key(random, &service->role, "abcd", 1, 1);
	for (int i = 0; i < service->role.count; i++)
	{
		if (seeded_once_in(random, 2))
			snprintf(service->role.values[i], sizeof(service->role.values[i]), "+%c",
					 (int) ('a' + seeded_below(random, 4)));
	}
	random_key(random, &service->database, "xyz", 1, 1);
	random_key(random, &service->application, "ab*", 1, 6);
	service->address.count = (int) seeded_below(random, MODEL_VALUES + 1);
	for (int i = 0; i < service->address.count; i++)
		strcpy(service->address.values[i], networks[seeded_below(random, COUNT_OF(networks))]);
	/* Somebody must belong to it. */
	if (service->role.count + service->database.count + service->application.count +
		service->address.count == 0)
	{
		service->database.count = 1;
		strcpy(service->database.values[0], "x");
	}
}

static void
random_subject(Seeded *random, ModelSubject *subject)
{
	random_word(random, "abcd", 1, 1, subject->role);
	random_word(random, "xyz", 1, 1, subject->database);
	random_word(random, "ab", 0, 8, subject->application);
	subject->address[0] = '\0';
	if (!seeded_once_in(random, 4))
		snprintf(subject->address, sizeof(subject->address), "1%d.0.0.%d",
				 (int) seeded_below(random, 3), (int) seeded_below(random, 5));
	strcpy(subject->groups, " ");
	for (char c = 'a'; c <= 'd'; c++)
	{
		if (seeded_once_in(random, 3))
			sprintf(subject->groups + strlen(subject->groups), "%c ", c);
	}
}

static char *
append_key(char *end, const char *name, const ModelKey *key)
{
	for (int i = 0; i < key->count; i++)
		end += sprintf(end, "%s%s%s", i == 0 ? name : ",", i == 0 ? "=" : "", key->values[i]);
	if (key->count > 0)
		*end++ = ' ';
	*end = '\0';
	return end;
}

static void
print_model(const ModelService *services, char *text)
{
	for (int i = 0; i < MODEL_SERVICES; i++)
	{
		text += sprintf(text, "s%d: ", i);
		text = append_key(text, "application_name", &services[i].application);
		text = append_key(text, "role", &services[i].role);
		text = append_key(text, "client_address", &services[i].address);
		text = append_key(text, "database", &services[i].database);
		text += sprintf(text, "; ");
	}
}

typedef bool (*ModelFits) (const char *value, const ModelSubject *subject);

static bool
model_fits_role(const char *value, const ModelSubject *subject)
{
	if (value[0] != '+')
		return strcmp(value, subject->role) == 0;
	return value[1] == subject->role[0] || strchr(subject->groups, value[1]) != NULL;
}

static bool
model_fits_database(const char *value, const ModelSubject *subject)
{
	return strcmp(value, subject->database) == 0;
}

static bool
model_fits_pattern(const char *pattern, const char *name)
{
	if (*pattern == '\0')
		return *name == '\0';
	if (*pattern == '*')
		return model_fits_pattern(pattern + 1, name) ||
			(*name != '\0' && model_fits_pattern(pattern, name + 1));
	return *pattern == *name && model_fits_pattern(pattern + 1, name + 1);
}

static bool
model_fits_application(const char *value, const ModelSubject *subject)
{
	return model_fits_pattern(value, subject->application);
}

static bool
model_fits_address(const char *value, const ModelSubject *subject)
{
	const char *mask = strchr(value, '/');
	int			right = mask != NULL ? 32 - atoi(mask + 1) : 0;
	char		network[16];

	if (strcmp(value, "local") == 0 || subject->address[0] == '\0')
		return strcmp(value, "local") == 0 && subject->address[0] == '\0';
	snprintf(network, sizeof(network), "%.*s", (int) strcspn(value, "/"), value);
	return (uint64_t) ntohl(inet_addr(network)) >> right ==
		(uint64_t) ntohl(inet_addr(subject->address)) >> right;
}

static bool
model_fits_key(const ModelKey *key, ModelFits fits, const ModelSubject *subject)
{
	for (int i = 0; i < key->count; i++)
	{
		if (fits(key->values[i], subject))
			return true;
	}
	return key->count == 0;
}

static int
model_match(const ModelService *services, const ModelSubject *subject)
{
	int			i;

	for (i = 0; i < MODEL_SERVICES; i++)
	{
		if (model_fits_key(&services[i].role, model_fits_role, subject) &&
			model_fits_key(&services[i].database, model_fits_database, subject) &&
			model_fits_key(&services[i].application, model_fits_application, subject) &&
			model_fits_key(&services[i].address, model_fits_address, subject))
			break;
	}
	return i;
}

#define MODELS			5000
#define MODEL_SUBJECTS	10

static void
random_rules_match_as_the_model_does(void **state)
{
	Seeded		random = {1701};
	int			seen[MODEL_SERVICES + 1] = {0};

	(void) state;
	for (int i = 0; i < MODELS; i++)
	{
		ModelService services[MODEL_SERVICES];
		char		text[MODEL_SERVICES * 512];

		for (int s = 0; s < MODEL_SERVICES; s++)
			random_service(&random, &services[s]);
		print_model(services, text);
		read_rules(text, text);
		for (int s = 0; s < MODEL_SUBJECTS; s++)
		{
			ModelSubject model;
			Groups		groups = {model.groups, ""};
			AdmSubject	subject = {
				model.role, model.database, model.application, model.address, is_member, &groups
			};

			random_subject(&random, &model);
			assert_row_int(text, law_match(&rules, &subject), model_match(services, &model));
			seen[model_match(services, &model)]++;
		}
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_true(seen[i] > MODELS / 10);
}

/*
 * Lists of names.
 */

#define MOST_NAMES	3

typedef struct NamesRow
{
	const char *list;
	const char *names[MOST_NAMES];
	AdmNamesResult result;		/* behind them */
	const char *error;
} NamesRow;

#define END		ADM_NAMES_END, ""
#define ALL		ADM_NAMES_ALL, ""
#define WRONG	ADM_NAMES_WRONG

#define NO_NAME		"Expected the name of a service, found "
#define NO_LAST		"Expected the name of a service behind the last comma, found the end."
#define NOT_ALONE	"Expected nothing beside an asterisk, found "

static const NamesRow names_rows[] = {
	{"", {NULL}, END},
	{" \t\r\n", {NULL}, END},
	{"a", {"a"}, END},
	{" a ", {"a"}, END},
	{"a,b", {"a", "b"}, END},
	{" a\t,\nb , c\r", {"a", "b", "c"}, END},
	{"a,a", {"a", "a"}, END},
	{"default", {"default"}, END},
	{"Aa,1-b_c.d,\xc3\xbc", {"Aa", "1-b_c.d", "\xc3\xbc"}, END},
	{"\"a\",\"b c\"", {"a", "b c"}, END},
	{"\"a,b\",\"\"\"\"", {"a,b", "\""}, END},
	{"a\"b c\"d", {"ab cd"}, END},
	{"\"*\",a", {"*", "a"}, END},
	{N63 ",\"" N63 "\"", {N63, N63}, END},

	{"*", {NULL}, ALL},
	{" *\n", {NULL}, ALL},

	{",", {NULL}, WRONG, NO_NAME "\",\"."},
	{",a", {NULL}, WRONG, NO_NAME "\",\"."},
	{"a,,b", {"a"}, WRONG, NO_NAME "\",\"."},
	{"a, ,b", {"a"}, WRONG, NO_NAME "\",\"."},
	{"a,", {NULL}, WRONG, NO_LAST},
	{"a, ", {NULL}, WRONG, NO_LAST},
	{"a,b,", {"a"}, WRONG, NO_LAST},
	{";", {NULL}, WRONG, NO_NAME "\";\"."},
	{"\"\"", {NULL}, WRONG, NO_NAME "nothing in double quotes."},
	{"a,\"\",b", {"a"}, WRONG, NO_NAME "nothing in double quotes."},
	{"a b", {NULL}, WRONG, "Expected a comma behind \"a\", found \"b\"."},
	{"a, b \"c d\"", {"a"}, WRONG, "Expected a comma behind \"b\", found \"c d\" in double quotes."},
	{"a;b", {NULL}, WRONG, "Expected a comma behind \"a\", found \";\"."},
	{"a: b", {NULL}, WRONG, "Expected a comma behind \"a\", found \":\"."},
	{"a=b", {NULL}, WRONG, "Expected a comma behind \"a\", found \"=\"."},
	{"a *", {NULL}, WRONG, "Expected a comma behind \"a\", found \"*\"."},
	{"\"a b\" c", {NULL}, WRONG, "Expected a comma behind \"a b\", found \"c\"."},
	{"a\x01", {NULL}, WRONG, "Expected no control character, found the control character 0x01."},
	{"\"a\nb\"", {NULL}, WRONG, "Expected no control character in double quotes, found the control character 0x0a."},
	{"\"a, b", {NULL}, WRONG, "Expected a closing double quote behind \"a, b\", found the end."},
	{"a, \"b", {"a"}, WRONG, "Expected a closing double quote behind \"b\", found the end."},
	{N64, {NULL}, WRONG, "Expected at most 63 bytes for the name of a service, "
	"found \"abcdefghijklmnopqrstuvwxyz0123456789_abc...\"."},
	{"+a", {NULL}, WRONG, "Expected double quotes around signs, found \"+\"."},
	{"a/b", {NULL}, WRONG, "Expected double quotes around signs, found \"/\"."},
	{"a*", {NULL}, WRONG, "Expected no asterisk but in application_name, found \"*\"."},

	{"*,a", {NULL}, WRONG, NOT_ALONE "\",\"."},
	{"*,", {NULL}, WRONG, NOT_ALONE "\",\"."},
	{"* a", {NULL}, WRONG, NOT_ALONE "\"a\"."},
	{"*a", {NULL}, WRONG, NOT_ALONE "\"a\"."},
	{"**", {NULL}, WRONG, NOT_ALONE "\"*\"."},
	{"*\"\"", {NULL}, WRONG, NOT_ALONE "nothing in double quotes."},
	{"a, *", {NULL}, WRONG, NOT_ALONE "\"a\"."},
	{"a,b,*", {"a"}, WRONG, NOT_ALONE "\"b\"."},
	{"a,*b", {NULL}, WRONG, NOT_ALONE "\"a\"."},
};

static void
take_names(const NamesRow *row, const char **list)
{
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];

	for (int i = 0; i < MOST_NAMES && row->names[i] != NULL; i++)
	{
		assert_row_int(row->list, adm_service_names_next(list, name, error), ADM_NAMES_NAME);
		assert_row_string(row->list, name, row->names[i]);
	}
}

static void
lists_of_names(void **state)
{
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];

	(void) state;
	for (size_t i = 0; i < COUNT_OF(names_rows); i++)
	{
		const NamesRow *row = &names_rows[i];
		char	   *copy = law_copy(row->list, strlen(row->list) + 1);
		const char *list = copy;

		law_names(row->list);
		take_names(row, &list);
		assert_row_int(row->list, adm_service_names_next(&list, name, error), row->result);
		assert_row_string(row->list, error, row->error);
		/* Behind all there is nothing; an error stays. */
		assert_row_int(row->list, adm_service_names_next(&list, name, error),
					   row->result == WRONG ? WRONG : ADM_NAMES_END);
		free(copy);
	}
}

/* What a service prints as is a name in a list, too. */
static void
names_are_written_alike(void **state)
{
	Seeded		random = {1702};

	(void) state;
	for (int i = 0; i < 2000; i++)
	{
		char		word[32];
		char		quoted[80] = "\"";
		char		text[128];
		char		printed[128];
		char		name[ADM_SERVICE_NAME_SIZE];
		char		error[ADM_RULES_ERROR_SIZE];
		const char *list = printed;

		random_word(&random, "ab \",;:=*+/-\xc3\xbc", 1, 12, word);
		for (const char *c = word; *c != '\0'; c++)
			sprintf(quoted + strlen(quoted), *c == '"' ? "\"\"" : "%c", *c);
		snprintf(text, sizeof(text), "%s\": role=r", quoted);
		read_rules(text, text);
		adm_rules_print(&rules, 0, printed, sizeof(printed));
		*strrchr(printed, ':') = '\0';
		assert_int_equal(adm_service_names_next(&list, name, error), ADM_NAMES_NAME);
		assert_string_equal(name, word);
		assert_int_equal(adm_service_names_next(&list, name, error), ADM_NAMES_END);
	}
}

/*
 * Damage.
 */

static const char *const tokens[] = {
	"\"", "\"\"", "*", "+", ",", ";", ":", "=", " ", "\n", "/", "x", "0", "1", "ms", "min", "%",
	"role=", "database=", "application_name=", "client_address=", "limit=", "running=", "patience=",
	"priority=", "exempt=", "on", "off", "low", "high", "local", "default", "default: ", "; b: ",
	"10.0.0.0/8", "::1", "2001:db8::/32", "262143", "262144", "1000x", "3600000", "\x01", "\x7f",
	"\xff", "\xc3\xbc", "\xe2\x82\xac", N63, N64
};

#define MUTATIONS		100000
#define MUTATED_SIZE	2048

/* In the place of up to three bytes a token, another byte, or more of the text. */
static void
mutate(Seeded *random, char *text)
{
	size_t		length = strlen(text);
	size_t		at = seeded_below(random, length + 1);
	size_t		cut = seeded_below(random, 4);
	char		put[MUTATED_SIZE / 8];

	if (cut > length - at)
		cut = length - at;
	switch (seeded_below(random, 4))
	{
		case 0:
			snprintf(put, sizeof(put), "%c", (int) (1 + seeded_below(random, 255)));
			break;
		case 1:
			snprintf(put, sizeof(put), "%.*s", (int) seeded_below(random, 64),
					 text + seeded_below(random, length + 1));
			break;
		default:
			snprintf(put, sizeof(put), "%s", tokens[seeded_below(random, COUNT_OF(tokens))]);
	}
	if (length - cut + strlen(put) >= MUTATED_SIZE)
		return;
	memmove(text + at + strlen(put), text + at + cut, length - at - cut + 1);
	memcpy(text + at, put, strlen(put));
}

static void
ask_somebody(void)
{
	Groups		groups = {" g ", ""};
	AdmSubject	subject = {"b", "c", "b", "10.1.2.3", is_member, &groups};

	law_match(&rules, &subject);
}

static void
mutations(void **state)
{
	Seeded		random = {1703};
	int			good = 0;

	(void) state;
	for (int i = 0; i < MUTATIONS; i++)
	{
		char		text[MUTATED_SIZE];
		char		error[ADM_RULES_ERROR_SIZE];

		strcpy(text, text_rows[seeded_below(&random, COUNT_OF(text_rows))].text);
		for (uint64_t n = 1 + seeded_below(&random, 3); n > 0; n--)
			mutate(&random, text);
		law_names(text);
		if (!law_text(text, &rules, error))
			continue;
		good++;
		ask_somebody();
	}
	assert_in_range(good, MUTATIONS / 20, MUTATIONS / 2);
}

/* Cut anywhere. */
static void
truncations(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(text_rows); i++)
	{
		for (size_t length = 0; length < strlen(text_rows[i].text); length++)
		{
			char		text[MUTATED_SIZE];
			char		error[ADM_RULES_ERROR_SIZE];

			snprintf(text, sizeof(text), "%.*s", (int) length, text_rows[i].text);
			law_text(text, &rules, error);
			law_names(text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(fields),
		cmocka_unit_test(default_of_nothing),
		cmocka_unit_test(matchers_of_all_kinds),
		cmocka_unit_test(errors),
		cmocka_unit_test(longest_errors_are_whole),
		cmocka_unit_test(what_is_no_utf8_is_cut_all_the_same),
		cmocka_unit_test(so_many_services_and_no_more),
		cmocka_unit_test(so_many_values_and_no_more),
		cmocka_unit_test(so_many_bytes_and_no_more),
		cmocka_unit_test(prints_as_much_as_there_is_room_for),
		cmocka_unit_test(running_by_cores),
		cmocka_unit_test(names_of_priorities),
		cmocka_unit_test(matches),
		cmocka_unit_test(patterns),
		cmocka_unit_test(addresses),
		cmocka_unit_test(random_rules_match_as_the_model_does),
		cmocka_unit_test(lists_of_names),
		cmocka_unit_test(names_are_written_alike),
		cmocka_unit_test(mutations),
		cmocka_unit_test(truncations),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
