/*
 * rules.c - reads, prints and asks the rules of pg_admission.services.
 *
 * A text is read in one pass.  Whoever finds something wrong in it writes the
 * error and returns false, and so does everybody above.
 *
 * inet_pton() and inet_ntop() are not of ISO C.  They do nothing but turn the
 * text of an address into its bytes and back.
 */
#include "rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "per_core.h"

#define BLANKS			" \t\r\n"
#define SEPARATORS		":;,="
#define DIGITS			"0123456789"

/*
 * What an asterisk with a meaning is in a value.  None has such a byte of its
 * own, for control characters are refused.
 */
#define ANY				'\001'
#define ANY_TEXT		"\001"

#define TEXT_OF(number)		TEXT_OF_(number)
#define TEXT_OF_(number)	#number

typedef enum KeyIndex
{
	/* Who belongs to a service. */
	KEY_ROLE,
	KEY_DATABASE,
	KEY_APPLICATION,
	KEY_ADDRESS,

	/* What it may do. */
	KEY_LIMIT,
	KEY_RUNNING,
	KEY_PATIENCE,
	KEY_PRIORITY,
	KEY_EXEMPT
} KeyIndex;

#define KEY_COUNT		(KEY_EXEMPT + 1)
#define KEY_NAMES \
	"role, database, application_name, client_address, " \
	"limit, running, patience, priority or exempt"

static const KeyIndex key_of_kind[] = {
	[ADM_MATCHER_ROLE] = KEY_ROLE,
	[ADM_MATCHER_MEMBER] = KEY_ROLE,
	[ADM_MATCHER_DATABASE] = KEY_DATABASE,
	[ADM_MATCHER_APPLICATION] = KEY_APPLICATION,
	[ADM_MATCHER_LOCAL] = KEY_ADDRESS,
	[ADM_MATCHER_NETWORK] = KEY_ADDRESS
};

static const char *const priority_names[ADM_PRIORITY_COUNT] = {
	"low", "normal", "high"
};

typedef struct Unit
{
	const char *name;
	int			ms;
} Unit;

/* From the longest on. */
static const Unit units[] = {{"min", 60000}, {"s", 1000}, {"ms", 1}};

#define UNIT_COUNT		(sizeof(units) / sizeof(units[0]))

/*
 * Characters.
 */

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Blanks and the end of a text are, too. */
static bool
is_control(char c)
{
	return (unsigned char) c < ' ' || c == '\177';
}

/* May stand in a name or value without quotes. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(unsigned char) c >= 0x80 || is_one_of(c, "_-.");
}

/* Within a character of UTF-8, behind its first byte. */
static bool
is_continuation(char c)
{
	return ((unsigned char) c & 0xC0) == 0x80;
}

/*
 * Output, of errors and of services.
 */

typedef struct Output
{
	char	   *buffer;
	size_t		size;
	size_t		length;			/* would be, if there were room */
} Output;

static void
put_byte(Output *out, char byte)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = byte;
	out->length++;
}

static void
put_bytes(Output *out, const char *bytes, size_t length)
{
	while (length-- > 0)
		put_byte(out, *bytes++);
}

static void
put_text(Output *out, const char *text)
{
	put_bytes(out, text, strlen(text));
}

static void
put_number(Output *out, size_t number)
{
	char		digits[24];

	snprintf(digits, sizeof(digits), "%zu", number);
	put_text(out, digits);
}

static size_t
end_output(Output *out)
{
	if (out->size > 0)
		out->buffer[out->length < out->size ? out->length : out->size - 1] = '\0';
	return out->length;
}

/*
 * What is being read.
 */

#define VALUE_SIZE		64		/* NAMEDATALEN, and room for any network */

/* A name or a value. */
typedef struct Token
{
	const char *begin;			/* in the text that is read */
	const char *end;
	bool		plus;			/* stands before it */
	bool		quoted;			/* at least a part of it */
	size_t		length;			/* of value, had it room */
	char		value[VALUE_SIZE];	/* without quotes and plus */
} Token;

typedef struct Key Key;

typedef struct Reader
{
	const char *text;			/* NULL: errors tell no place */
	const char *at;
	char	   *error;
	const Key  *key;			/* of the value that is next */

	AdmRules   *rules;
	AdmService	service;		/* in the making; without a name, none is */
	const char *given[KEY_COUNT];	/* where it has them; NULL: not */
	AdmService	fallback;		/* the default */
	bool		fallback_given;
} Reader;

struct Key
{
	const char *name;
	const char *expected;		/* of a value, in errors */
	const char *signs;			/* in values, without quotes */
	bool		plus;			/* may stand before a value */
	bool		(*take) (Reader *r, const Token *token);
};

/*
 * Errors.
 */

#define SNIPPET_MOST	40
#define SNIPPET_SIZE	(SNIPPET_MOST + sizeof("\"...\""))

/* How much of these bytes to show: not half of a character, if it is UTF-8. */
static size_t
snippet_length(const char *bytes, size_t length)
{
	size_t		cut = SNIPPET_MOST;

	if (length <= SNIPPET_MOST)
		return length;
	while (cut > SNIPPET_MOST - 3 && is_continuation(bytes[cut]))
		cut--;
	return cut;
}

static void
put_snippet(Output *out, const char *bytes, size_t length)
{
	size_t		shown = snippet_length(bytes, length);

	put_byte(out, '"');
	put_bytes(out, bytes, shown);
	put_text(out, shown < length ? "...\"" : "\"");
}

/* Without the quotes around them. */
static void
put_quoted_snippet(Output *out, const char *begin, const char *end)
{
	begin++;
	if (end > begin && end[-1] == '"')
		end--;
	if (begin == end)
		put_text(out, "nothing");
	else
		put_snippet(out, begin, (size_t) (end - begin));
	put_text(out, " in double quotes");
}

static void
put_found(Output *out, const char *begin, const char *end)
{
	char		control[32];

	if (*begin == '\0')
		put_text(out, "the end");
	else if (*begin == ' ')
		put_text(out, "a blank");
	else if (is_control(*begin))
	{
		snprintf(control, sizeof(control), "the control character 0x%02x",
				 (unsigned char) *begin);
		put_text(out, control);
	}
	else if (*begin == '"')
		put_quoted_snippet(out, begin, end);
	else
		put_snippet(out, begin, (size_t) (end - begin));
}

static void
put_place(Output *out, const char *text, const char *place)
{
	size_t		characters = 1;

	for (; text < place; text++)
		characters += !is_continuation(*text);
	put_text(out, " at character ");
	put_number(out, characters);
}

/*
 * Expected was what, and of, which go together, but this was found.  Always
 * false.
 */
static bool
fail(Reader *r, const char *begin, const char *end, const char *what, const char *of)
{
	Output		out = {r->error, ADM_RULES_ERROR_SIZE, 0};
	const char *service = r->service.name;

	if (service[0] != '\0')
	{
		put_text(&out, "In service ");
		put_snippet(&out, service, strlen(service));
		put_text(&out, ", expected ");
	}
	else
		put_text(&out, "Expected ");
	put_text(&out, what);
	put_text(&out, of);
	put_text(&out, ", found ");
	put_found(&out, begin, end);
	if (r->text != NULL)
		put_place(&out, r->text, begin);
	put_byte(&out, '.');
	end_output(&out);
	return false;
}

static bool
fail_token(Reader *r, const Token *token, const char *what, const char *of)
{
	return fail(r, token->begin, token->end, what, of);
}

static bool
fail_value(Reader *r, const Token *token)
{
	return fail_token(r, token, r->key->expected, "");
}

/* Behind the word, the quoted part or the sign that begins here. */
static const char *
end_of_found(const char *begin)
{
	const char *end = begin;

	if (is_plain(*begin))
	{
		while (is_plain(*end))
			end++;
	}
	else if (*begin == '"')
	{
		do
			end++;
		while (*end != '"' && !is_control(*end));
		if (*end == '"')
			end++;
	}
	else if (*begin != '\0')
		end++;
	return end;
}

static bool
fail_here(Reader *r, const char *what, const char *of)
{
	return fail(r, r->at, end_of_found(r->at), what, of);
}

static bool
fail_unclosed(Reader *r, const char *quoted)
{
	char		snippet[SNIPPET_SIZE];
	Output		out = {snippet, sizeof(snippet), 0};

	put_snippet(&out, quoted, (size_t) (r->at - quoted));
	end_output(&out);
	return fail_here(r, "a closing double quote behind ", snippet);
}

/*
 * Names and values.
 */

static void
skip_blanks(Reader *r)
{
	r->at += strspn(r->at, BLANKS);
}

/* Moves on past the sign, if it is next. */
static bool
skip_sign(Reader *r, char sign)
{
	if (*r->at != sign)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

static bool
take_sign(Reader *r, char sign, const char *what, const char *of)
{
	return skip_sign(r, sign) || fail_here(r, what, of);
}

static void
append(Token *token, char byte)
{
	if (token->length + 1 < VALUE_SIZE)
		token->value[token->length] = byte;
	token->length++;
}

/* From the opening quote to the closing one. */
static bool
take_quoted(Reader *r, Token *token)
{
	const char *quoted = ++r->at;

	token->quoted = true;
	for (;; r->at++)
	{
		if (*r->at == '"' && r->at[1] != '"')
			return true;
		if (*r->at == '"')
			r->at++;			/* the second of two, which are one */
		if (*r->at == '\0')
			return fail_unclosed(r, quoted);
		if (is_control(*r->at))
			return fail_here(r, "no control character in double quotes", "");
		append(token, *r->at);
	}
}

/* Those with quotes and those without stand together as one. */
static bool
take_parts(Reader *r, Token *token)
{
	for (;; r->at++)
	{
		if (*r->at == '"')
		{
			if (!take_quoted(r, token))
				return false;
		}
		else if (is_plain(*r->at) || is_one_of(*r->at, r->key->signs))
			append(token, *r->at == '*' ? ANY : *r->at);
		else
			return true;
	}
}

static bool
check_token(Reader *r, const Token *token)
{
	if (*r->at != '\0' && !is_one_of(*r->at, BLANKS SEPARATORS))
		return fail_here(r, is_control(*r->at) ? "no control character" :
						 "double quotes around signs", "");
	if (token->begin + token->plus == token->end)
		return fail_here(r, r->key->expected, "");
	if (token->length >= VALUE_SIZE)
		return fail_token(r, token, "at most 63 bytes for ", r->key->name);
	return true;
}

static bool
take_token(Reader *r, Token *token)
{
	memset(token, 0, sizeof(*token));
	token->begin = r->at;
	token->plus = r->key->plus && *r->at == '+';
	r->at += token->plus;
	if (!take_parts(r, token))
		return false;
	token->end = r->at;
	if (!check_token(r, token))
		return false;
	skip_blanks(r);
	return true;
}

static bool
take_name(Reader *r, Token *token)
{
	static const Key service_name = {
		"the name of a service", "the name of a service", "", false, NULL
	};

	r->key = &service_name;
	return take_token(r, token) && (token->length > 0 || fail_value(r, token));
}

/*
 * Networks.
 */

/* Bytes alone, for the arena aligns nothing. */
typedef struct Network
{
	unsigned char size;			/* of the address: 4 or 16; 0: none */
	unsigned char mask;			/* bits, from the left */
	unsigned char address[16];
} Network;

/* An address is a network of its own.  What is none is left without size. */
static bool
parse_address(const char *text, Network *network)
{
	bool		v6 = strchr(text, ':') != NULL;

	memset(network, 0, sizeof(*network));
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, network->address) != 1)
		return false;
	network->size = v6 ? 16 : 4;
	network->mask = (unsigned char) (network->size * 8);
	return true;
}

static bool
parse_mask(const char *text, Network *network)
{
	size_t		length = strlen(text);
	int			mask = 0;

	if (length == 0 || length > 3 || strspn(text, DIGITS) != length)
		return false;
	while (*text != '\0')
		mask = mask * 10 + (*text++ - '0');
	if (mask > network->size * 8)
		return false;
	network->mask = (unsigned char) mask;
	return true;
}

static bool
bit_of(const Network *network, int bit)
{
	return (network->address[bit / 8] & (0x80 >> bit % 8)) != 0;
}

static bool
has_bits_right_of_mask(const Network *network)
{
	for (int bit = network->mask; bit < network->size * 8; bit++)
	{
		if (bit_of(network, bit))
			return true;
	}
	return false;
}

static bool
network_contains(const Network *network, const Network *address)
{
	if (network->size != address->size ||
		memcmp(network->address, address->address, network->mask / 8) != 0)
		return false;
	for (int bit = network->mask / 8 * 8; bit < network->mask; bit++)
	{
		if (bit_of(network, bit) != bit_of(address, bit))
			return false;
	}
	return true;
}

static void
put_network(Output *out, const Network *network)
{
	char		text[INET6_ADDRSTRLEN] = "";

	inet_ntop(network->size == 4 ? AF_INET : AF_INET6, network->address, text, sizeof(text));
	put_text(out, text);
	if (network->mask < network->size * 8)
	{
		put_byte(out, '/');
		put_number(out, network->mask);
	}
}

/*
 * Who belongs to a service.
 */

static bool
add_matcher(Reader *r, const Token *token, AdmMatcherKind kind, const void *value, size_t size)
{
	AdmRules   *rules = r->rules;
	AdmMatcher *matcher;

	if (rules->matcher_count == ADM_MATCHERS_MOST)
		return fail_token(r, token, "at most " TEXT_OF(ADM_MATCHERS_MOST)
						  " values in all to say who belongs where", "");
	if (size > ADM_RULES_ARENA_SIZE - (size_t) rules->arena_used)
		return fail_token(r, token, "at most " TEXT_OF(ADM_RULES_ARENA_SIZE)
						  " bytes in all to say who belongs where", "");
	matcher = &rules->matchers[rules->matcher_count++];
	matcher->kind = (uint16_t) kind;
	matcher->value = (uint16_t) rules->arena_used;
	memcpy(rules->arena + rules->arena_used, value, size);
	rules->arena_used += (int) size;
	return true;
}

static bool
add_text(Reader *r, const Token *token, AdmMatcherKind kind)
{
	return add_matcher(r, token, kind, token->value, token->length + 1);
}

static bool
add_role(Reader *r, const Token *token)
{
	if (token->length == 0)
		return fail_value(r, token);
	return add_text(r, token, token->plus ? ADM_MATCHER_MEMBER : ADM_MATCHER_ROLE);
}

static bool
add_database(Reader *r, const Token *token)
{
	if (token->length == 0)
		return fail_value(r, token);
	return add_text(r, token, ADM_MATCHER_DATABASE);
}

/* May be empty: of a client that tells none. */
static bool
add_application(Reader *r, const Token *token)
{
	return add_text(r, token, ADM_MATCHER_APPLICATION);
}

static bool
take_network(Reader *r, const Token *token, Network *network)
{
	char		address[VALUE_SIZE];
	char	   *mask;

	memcpy(address, token->value, sizeof(address));
	mask = strchr(address, '/');
	if (mask != NULL)
		*mask++ = '\0';
	if (!parse_address(address, network))
		return fail_value(r, token);
	if (mask != NULL && !parse_mask(mask, network))
		return fail_token(r, token, "a mask from 0 to ", network->size == 4 ? "32" : "128");
	if (has_bits_right_of_mask(network))
		return fail_token(r, token, "a network without bits right of its mask", "");
	return true;
}

static bool
add_address(Reader *r, const Token *token)
{
	Network		network;

	if (!token->quoted && strcmp(token->value, "local") == 0)
		return add_matcher(r, token, ADM_MATCHER_LOCAL, "", 0);
	return take_network(r, token, &network) &&
		add_matcher(r, token, ADM_MATCHER_NETWORK, &network, sizeof(network));
}

/*
 * What it may do.  Words and numbers in quotes are neither.
 */

/* For 2x, -2. */
static bool
take_amount(Reader *r, const Token *token, int *amount)
{
	if (token->quoted || !adm_per_core_parse(token->value, amount))
		return fail_value(r, token);
	if (*amount == 0)
		return fail(r, token->begin, token->begin + 1,
					"1 or more (pause_service() and pg_admission.paused_services "
					"pause a service) for ", r->key->name);
	return true;
}

static bool
set_limit(Reader *r, const Token *token)
{
	int			amount;

	if (!take_amount(r, token, &amount))
		return false;
	if (amount < 0)
		return fail_value(r, token);
	r->service.limit = amount;
	return true;
}

static bool
set_running(Reader *r, const Token *token)
{
	int			amount;

	if (!take_amount(r, token, &amount))
		return false;
	r->service.running = amount < 0 ? ADM_UNLIMITED + amount : amount;
	return true;
}

static const Unit *
unit_by_name(const char *name)
{
	if (*name == '\0')
		name = "ms";
	for (size_t i = 0; i < UNIT_COUNT; i++)
	{
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
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
set_patience(Reader *r, const Token *token)
{
	size_t		digits = strspn(token->value, DIGITS);
	int			number = parse_time(token->value);
	const Unit *unit = unit_by_name(token->value + digits);

	if (token->quoted || digits == 0)
		return fail_value(r, token);
	if (unit == NULL)
		return fail(r, token->begin + digits, token->end, "the unit ms, s or min for ", r->key->name);
	if (number > ADM_PATIENCE_MOST_MS / unit->ms)
		return fail_token(r, token, "a time from 0 to 60min for ", r->key->name);
	r->service.patience_ms = number * unit->ms;
	return true;
}

static bool
set_priority(Reader *r, const Token *token)
{
	for (int i = 0; i < ADM_PRIORITY_COUNT && !token->quoted; i++)
	{
		if (strcmp(token->value, priority_names[i]) != 0)
			continue;
		r->service.priority = (AdmPriority) i;
		return true;
	}
	return fail_value(r, token);
}

static bool
set_exempt(Reader *r, const Token *token)
{
	bool		on = strcmp(token->value, "on") == 0;

	if (token->quoted || (!on && strcmp(token->value, "off") != 0))
		return fail_value(r, token);
	r->service.exempt = on;
	return true;
}

/*
 * Services.
 */

#define NUMBER			"a number from 1 to " TEXT_OF(ADM_PER_CORE_MOST)
#define FACTOR			"from 1x to " TEXT_OF(ADM_PER_CORE_MOST_FACTOR) "x"

static const Key keys[KEY_COUNT] = {
	[KEY_ROLE] = {"role", "a name for role", "", true, add_role},
	[KEY_DATABASE] = {"database", "a name for database", "", false, add_database},
	[KEY_APPLICATION] = {"application_name", "a name for application_name", "*", false,
	add_application},
	[KEY_ADDRESS] = {"client_address", "an address, a network or local for client_address",
	":/", false, add_address},
	[KEY_LIMIT] = {"limit", NUMBER " for limit", "", false, set_limit},
	[KEY_RUNNING] = {"running", NUMBER " or " FACTOR " for running", "", false, set_running},
	[KEY_PATIENCE] = {"patience", "a time as in 500ms, 2s or 1min for patience", "", false,
	set_patience},
	[KEY_PRIORITY] = {"priority", "low, normal or high for priority", "", false, set_priority},
	[KEY_EXEMPT] = {"exempt", "on or off for exempt", "", false, set_exempt}
};

static bool
says_who(const Key *key)
{
	return key - keys <= KEY_ADDRESS;
}

static const Key *
key_by_name(const char *name, size_t length)
{
	for (int i = 0; i < KEY_COUNT; i++)
	{
		if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
			return &keys[i];
	}
	return NULL;
}

static bool
take_key(Reader *r)
{
	const char *begin = r->at;
	const char *end = end_of_found(begin);

	r->key = key_by_name(begin, (size_t) (end - begin));
	if (r->key == NULL)
	{
		bool		is_name = is_plain(*begin) && end[strspn(end, BLANKS)] == ':';

		return fail(r, begin, end, is_name ? "a semicolon before the next service" : KEY_NAMES, "");
	}
	if (r->given[r->key - keys] != NULL)
		return fail(r, begin, end, "no second ", r->key->name);
	r->given[r->key - keys] = begin;
	r->at = end;
	skip_blanks(r);
	return true;
}

static bool
take_values(Reader *r)
{
	bool		first = true;
	Token		token;

	do
	{
		if (!take_token(r, &token))
			return false;
		if (!first && *r->at == '=')
			return fail_token(r, &token, "no comma before a key", "");
		if (!r->key->take(r, &token))
			return false;
		first = false;
	} while (skip_sign(r, ','));
	return true;
}

static bool
take_setting(Reader *r)
{
	Token		token;

	if (!take_token(r, &token) || !r->key->take(r, &token))
		return false;
	return *r->at != ',' || fail_here(r, "one value for ", r->key->name);
}

static bool
take_words(Reader *r)
{
	do
	{
		if (!take_key(r) ||
			!take_sign(r, '=', "an equals sign behind ", r->key->name) ||
			!(says_who(r->key) ? take_values(r) : take_setting(r)))
			return false;
	} while (*r->at != ';' && *r->at != '\0');
	return true;
}

static bool
is_default(const AdmService *service)
{
	return strcmp(service->name, ADM_DEFAULT_SERVICE) == 0;
}

/* An earlier one has the name. */
static bool
is_taken(const Reader *r, const char *name)
{
	if (strcmp(name, ADM_DEFAULT_SERVICE) == 0)
		return r->fallback_given;
	for (int i = 0; i < r->rules->service_count; i++)
	{
		if (strcmp(r->rules->services[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
take_service_name(Reader *r)
{
	Token		token;

	if (!take_name(r, &token))
		return false;
	if (is_taken(r, token.value))
		return fail_token(r, &token, "no second service of the same name", "");
	if (r->rules->service_count == ADM_SERVICES_MOST &&
		strcmp(token.value, ADM_DEFAULT_SERVICE) != 0)
		return fail_token(r, &token, "at most " TEXT_OF(ADM_SERVICES_MOST)
						  " services besides " ADM_DEFAULT_SERVICE, "");
	memcpy(r->service.name, token.value, sizeof(r->service.name));
	return true;
}

/* The first key of these that the service has; KEY_COUNT: none. */
static int
first_given(const Reader *r, int from, int to)
{
	for (int i = from; i <= to; i++)
	{
		if (r->given[i] != NULL)
			return i;
	}
	return KEY_COUNT;
}

static bool
fail_given(Reader *r, int key, const char *what)
{
	return fail(r, r->given[key], r->given[key] + strlen(keys[key].name), what, "");
}

/* Whether its keys go together. */
static bool
check_service(Reader *r)
{
	int			who = first_given(r, KEY_ROLE, KEY_ADDRESS);
	int			gated = first_given(r, KEY_LIMIT, KEY_PRIORITY);

	if (is_default(&r->service) && who != KEY_COUNT)
		return fail_given(r, who, "no key that says who belongs to it");
	if (!is_default(&r->service) && who == KEY_COUNT)
		return fail_here(r, "role, database, application_name or client_address "
						 "to say who belongs to it", "");
	if (r->service.exempt && gated != KEY_COUNT)
		return fail_given(r, gated, "no limit, running, patience or priority beside exempt=on");
	return true;
}

static void
begin_service(Reader *r)
{
	memset(r->given, 0, sizeof(r->given));
	memset(&r->service, 0, sizeof(r->service));
	r->service.limit = ADM_UNLIMITED;
	r->service.running = ADM_UNLIMITED;
	r->service.patience_ms = ADM_UNLIMITED;
	r->service.priority = ADM_PRIORITY_NORMAL;
	r->service.first_matcher = r->rules->matcher_count;
}

static void
end_service(Reader *r)
{
	r->service.matcher_count = r->rules->matcher_count - r->service.first_matcher;
	if (is_default(&r->service))
	{
		r->fallback = r->service;
		r->fallback_given = true;
	}
	else
		r->rules->services[r->rules->service_count++] = r->service;
}

static bool
take_service(Reader *r)
{
	begin_service(r);
	if (!take_service_name(r) ||
		!take_sign(r, ':', "a colon behind its name", "") ||
		!take_words(r) ||
		!check_service(r))
		return false;
	skip_sign(r, ';');
	end_service(r);
	return true;
}

static void
begin_rules(Reader *r)
{
	/* All but the arena, of which only what is in use counts. */
	memset(r->rules, 0, offsetof(AdmRules, arena));
	begin_service(r);
	strcpy(r->service.name, ADM_DEFAULT_SERVICE);
	r->fallback = r->service;
}

static void
end_rules(Reader *r)
{
	r->fallback.first_matcher = r->rules->matcher_count;
	r->rules->services[r->rules->service_count++] = r->fallback;
}

bool
adm_rules_parse(const char *text, AdmRules *rules, char error[ADM_RULES_ERROR_SIZE])
{
	Reader		r;

	memset(&r, 0, sizeof(r));
	r.text = text;
	r.at = text;
	r.error = error;
	r.rules = rules;
	error[0] = '\0';
	begin_rules(&r);
	skip_blanks(&r);
	while (*r.at != '\0')
	{
		if (!take_service(&r))
			return false;
	}
	end_rules(&r);
	return true;
}

size_t
adm_rules_size(const AdmRules *rules)
{
	return offsetof(AdmRules, arena) + (size_t) rules->arena_used;
}

/*
 * Lists of names.
 */

static bool
take_asterisk(Reader *r)
{
	r->at++;
	skip_blanks(r);
	return *r->at == '\0' || fail_here(r, "nothing beside an asterisk", "");
}

/* Behind the name; what follows the comma must be another. */
static bool
take_comma(Reader *r, const Token *name)
{
	char		snippet[SNIPPET_SIZE];
	Output		out = {snippet, sizeof(snippet), 0};

	if (*r->at == '\0')
		return true;
	put_snippet(&out, name->value, name->length);
	end_output(&out);
	if (!take_sign(r, ',', "a comma behind ", snippet))
		return false;
	if (*r->at == '\0')
		return fail_here(r, "the name of a service behind the last comma", "");
	if (*r->at == '*')
		return fail_token(r, name, "nothing beside an asterisk", "");
	return true;
}

AdmNamesResult
adm_service_names_next(const char **list, char name[ADM_SERVICE_NAME_SIZE],
					   char error[ADM_RULES_ERROR_SIZE])
{
	Reader		r;
	Token		token;

	memset(&r, 0, sizeof(r));
	r.at = *list;
	r.error = error;
	error[0] = '\0';
	skip_blanks(&r);
	if (*r.at == '\0')
		return ADM_NAMES_END;
	if (*r.at == '*')
	{
		if (!take_asterisk(&r))
			return ADM_NAMES_WRONG;
		*list = r.at;
		return ADM_NAMES_ALL;
	}
	if (!take_name(&r, &token) || !take_comma(&r, &token))
		return ADM_NAMES_WRONG;
	memcpy(name, token.value, ADM_SERVICE_NAME_SIZE);
	*list = r.at;
	return ADM_NAMES_NAME;
}

/*
 * Printing.
 */

/* Bytes of a name or value that stand for themselves. */
static void
put_part(Output *out, const char *bytes, size_t length)
{
	size_t		plain = 0;

	while (plain < length && is_plain(bytes[plain]))
		plain++;
	if (plain == length)
	{
		put_bytes(out, bytes, length);
		return;
	}
	put_byte(out, '"');
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] == '"')
			put_byte(out, '"');
		put_byte(out, bytes[i]);
	}
	put_byte(out, '"');
}

static void
put_value(Output *out, const char *value)
{
	if (*value == '\0')
		put_text(out, "\"\"");
	while (*value != '\0')
	{
		size_t		length = strcspn(value, ANY_TEXT);

		put_part(out, value, length);
		value += length;
		if (*value == ANY)
		{
			put_byte(out, '*');
			value++;
		}
	}
}

static Network
network_of(const AdmRules *rules, const AdmMatcher *matcher)
{
	Network		network;

	memcpy(&network, rules->arena + matcher->value, sizeof(network));
	return network;
}

static void
put_matcher(Output *out, const AdmRules *rules, const AdmMatcher *matcher)
{
	Network		network;

	switch ((AdmMatcherKind) matcher->kind)
	{
		case ADM_MATCHER_LOCAL:
			put_text(out, "local");
			return;
		case ADM_MATCHER_NETWORK:
			network = network_of(rules, matcher);
			put_network(out, &network);
			return;
		case ADM_MATCHER_MEMBER:
			put_byte(out, '+');
			break;
		case ADM_MATCHER_ROLE:
		case ADM_MATCHER_DATABASE:
		case ADM_MATCHER_APPLICATION:
			break;
	}
	put_value(out, rules->arena + matcher->value);
}

static void
put_key(Output *out, KeyIndex key)
{
	put_byte(out, ' ');
	put_text(out, keys[key].name);
	put_byte(out, '=');
}

static void
put_matchers(Output *out, const AdmRules *rules, const AdmService *service)
{
	const AdmMatcher *matcher = &rules->matchers[service->first_matcher];

	for (int i = 0; i < service->matcher_count; i++)
	{
		KeyIndex	key = key_of_kind[matcher[i].kind];

		if (i > 0 && key == key_of_kind[matcher[i - 1].kind])
			put_byte(out, ',');
		else
			put_key(out, key);
		put_matcher(out, rules, &matcher[i]);
	}
}

static void
put_amount(Output *out, KeyIndex key, int amount)
{
	if (amount == ADM_UNLIMITED)
		return;
	put_key(out, key);
	put_number(out, (size_t) (amount < 0 ? ADM_UNLIMITED - amount : amount));
	if (amount < 0)
		put_byte(out, 'x');
}

/* In the longest unit of which it is a multiple. */
static void
put_patience(Output *out, int patience_ms)
{
	size_t		unit = 0;

	if (patience_ms == ADM_UNLIMITED)
		return;
	while (unit < UNIT_COUNT - 1 && (patience_ms == 0 || patience_ms % units[unit].ms != 0))
		unit++;
	put_key(out, KEY_PATIENCE);
	put_number(out, (size_t) (patience_ms / units[unit].ms));
	put_text(out, units[unit].name);
}

/* What differs from a service of which nothing is said. */
static void
put_settings(Output *out, const AdmService *service)
{
	put_amount(out, KEY_LIMIT, service->limit);
	put_amount(out, KEY_RUNNING, service->running);
	put_patience(out, service->patience_ms);
	if (service->priority != ADM_PRIORITY_NORMAL)
	{
		put_key(out, KEY_PRIORITY);
		put_text(out, adm_priority_name(service->priority));
	}
	if (service->exempt)
	{
		put_key(out, KEY_EXEMPT);
		put_text(out, "on");
	}
}

size_t
adm_rules_print(const AdmRules *rules, int service, char *buffer, size_t size)
{
	const AdmService *s = &rules->services[service];
	Output		out = {buffer, size, 0};
	size_t		bare;

	put_part(&out, s->name, strlen(s->name));
	put_byte(&out, ':');
	bare = out.length;
	put_matchers(&out, rules, s);
	put_settings(&out, s);
	if (out.length == bare)
	{
		/* A service must have a word, and this one changes nothing. */
		put_key(&out, KEY_PRIORITY);
		put_text(&out, adm_priority_name(s->priority));
	}
	return end_output(&out);
}

const char *
adm_priority_name(AdmPriority priority)
{
	return priority_names[priority];
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

/*
 * Matching.
 */

typedef struct Question
{
	const AdmRules *rules;
	const AdmSubject *subject;
	Network		address;		/* of size 0: no network has it */
} Question;

/* Whether any number of characters for each asterisk makes them equal. */
static bool
fits_pattern(const char *pattern, const char *name)
{
	const char *rest = NULL;	/* of the pattern, behind the last asterisk */
	const char *retry = NULL;	/* where in name it was tried */

	while (*name != '\0')
	{
		if (*pattern == ANY)
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
	return pattern[strspn(pattern, ANY_TEXT)] == '\0';
}

/* As far as can be told without asking for members. */
static bool
fits_matcher(const Question *q, const AdmMatcher *matcher)
{
	const char *value = q->rules->arena + matcher->value;
	Network		network;

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
	network = network_of(q->rules, matcher);
	return network_contains(&network, &q->address);
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
		unsigned int key = 1U << key_of_kind[matcher[i].kind];

		given |= key;
		if ((met & key) == 0 && fits_matcher(q, &matcher[i]))
			met |= key;
	}
	return met == given ||
		((met | 1U << KEY_ROLE) == given && is_member_of_one(q, service));
}

/* A zone is of no interest: the rules have none. */
static Network
address_of(const AdmSubject *subject)
{
	char		text[INET6_ADDRSTRLEN];
	size_t		length = strcspn(subject->client_address, "%");
	Network		network = {0};

	if (length >= sizeof(text))
		return network;
	memcpy(text, subject->client_address, length);
	text[length] = '\0';
	parse_address(text, &network);
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
