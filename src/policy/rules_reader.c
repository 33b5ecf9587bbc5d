/*
 * rules_reader.c - names, values and signs in a text, and errors about them.
 *
 * Errors show what they speak of as it stands in the text, but neither control
 * characters nor half a character of UTF-8.
 */
#include "rules_reader.h"

#include <stdio.h>
#include <string.h>

#include "rules_output.h"

#define SEPARATORS		":;,="

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

/* Within a character of UTF-8, behind its first byte. */
static bool
is_continuation(char c)
{
	return ((unsigned char) c & 0xC0) == 0x80;
}

/*
 * Errors.
 */

/* How much of these bytes to show: not half of a character, if it is UTF-8. */
static size_t
snippet_length(const char *bytes, size_t length)
{
	size_t		cut = ADM_SNIPPET_MOST;

	if (length <= ADM_SNIPPET_MOST)
		return length;
	while (cut > ADM_SNIPPET_MOST - 3 && is_continuation(bytes[cut]))
		cut--;
	return cut;
}

static void
put_snippet(AdmOutput *out, const char *bytes, size_t length)
{
	size_t		shown = snippet_length(bytes, length);

	adm_output_byte(out, '"');
	adm_output_bytes(out, bytes, shown);
	adm_output_text(out, shown < length ? "...\"" : "\"");
}

void
adm_reader_snippet(const char *bytes, size_t length, char snippet[ADM_SNIPPET_SIZE])
{
	AdmOutput	out = {snippet, ADM_SNIPPET_SIZE, 0};

	put_snippet(&out, bytes, length);
	adm_output_end(&out);
}

/* Without the quotes around them. */
static void
put_quoted_snippet(AdmOutput *out, const char *begin, const char *end)
{
	begin++;
	if (end > begin && end[-1] == '"')
		end--;
	if (begin == end)
		adm_output_text(out, "nothing");
	else
		put_snippet(out, begin, (size_t) (end - begin));
	adm_output_text(out, " in double quotes");
}

static void
put_found(AdmOutput *out, const char *begin, const char *end)
{
	char		control[32];

	if (*begin == '\0')
		adm_output_text(out, "the end");
	else if (*begin == ' ')
		adm_output_text(out, "a blank");
	else if (is_control(*begin))
	{
		snprintf(control, sizeof(control), "the control character 0x%02x",
				 (unsigned char) *begin);
		adm_output_text(out, control);
	}
	else if (*begin == '"')
		put_quoted_snippet(out, begin, end);
	else
		put_snippet(out, begin, (size_t) (end - begin));
}

static void
put_place(AdmOutput *out, const char *text, const char *place)
{
	size_t		characters = 1;

	for (; text < place; text++)
		characters += !is_continuation(*text);
	adm_output_text(out, " at character ");
	adm_output_number(out, characters);
}

bool
adm_reader_fail(AdmReader *r, const char *begin, const char *end,
				const char *what, const char *of)
{
	AdmOutput	out = {r->error, ADM_RULES_ERROR_SIZE, 0};

	if (r->service[0] != '\0')
	{
		adm_output_text(&out, "In service ");
		put_snippet(&out, r->service, strlen(r->service));
		adm_output_text(&out, ", expected ");
	}
	else
		adm_output_text(&out, "Expected ");
	adm_output_text(&out, what);
	adm_output_text(&out, of);
	adm_output_text(&out, ", found ");
	put_found(&out, begin, end);
	if (r->text != NULL)
		put_place(&out, r->text, begin);
	adm_output_byte(&out, '.');
	adm_output_end(&out);
	return false;
}

bool
adm_reader_fail_token(AdmReader *r, const AdmToken *token, const char *what, const char *of)
{
	return adm_reader_fail(r, token->begin, token->end, what, of);
}

const char *
adm_reader_end_of_found(const char *begin)
{
	const char *end = begin;

	if (adm_is_plain(*begin))
	{
		while (adm_is_plain(*end))
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

bool
adm_reader_fail_here(AdmReader *r, const char *what, const char *of)
{
	return adm_reader_fail(r, r->at, adm_reader_end_of_found(r->at), what, of);
}

static bool
fail_unclosed(AdmReader *r, const char *quoted)
{
	char		snippet[ADM_SNIPPET_SIZE];

	adm_reader_snippet(quoted, (size_t) (r->at - quoted), snippet);
	return adm_reader_fail_here(r, "a closing double quote behind ", snippet);
}

/*
 * Blanks and signs.
 */

void
adm_reader_skip_blanks(AdmReader *r)
{
	r->at += strspn(r->at, ADM_BLANKS);
}

bool
adm_reader_skip_sign(AdmReader *r, char sign)
{
	if (*r->at != sign)
		return false;
	r->at++;
	adm_reader_skip_blanks(r);
	return true;
}

bool
adm_reader_take_sign(AdmReader *r, char sign, const char *what, const char *of)
{
	return adm_reader_skip_sign(r, sign) || adm_reader_fail_here(r, what, of);
}

/*
 * Names and values.
 */

static void
append(AdmToken *token, char byte)
{
	if (token->length + 1 < ADM_TOKEN_SIZE)
		token->value[token->length] = byte;
	token->length++;
}

/* From the opening quote to the closing one. */
static bool
take_quoted(AdmReader *r, AdmToken *token)
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
			return adm_reader_fail_here(r, "no control character in double quotes", "");
		append(token, *r->at);
	}
}

/* Those with quotes and those without stand together as one. */
static bool
take_parts(AdmReader *r, const AdmForm *form, AdmToken *token)
{
	for (;; r->at++)
	{
		if (*r->at == '"')
		{
			if (!take_quoted(r, token))
				return false;
		}
		else if (adm_is_plain(*r->at) || is_one_of(*r->at, form->signs))
			append(token, *r->at == '*' ? ADM_ANY : *r->at);
		else
			return true;
	}
}

/* In quotes an asterisk would stand for itself, and fit nobody. */
static const char *
expected_instead_of(char c)
{
	if (is_control(c))
		return "no control character";
	return c == '*' ? "no asterisk but in application_name" : "double quotes around signs";
}

static bool
check_token(AdmReader *r, const AdmForm *form, const AdmToken *token)
{
	if (*r->at != '\0' && !is_one_of(*r->at, ADM_BLANKS SEPARATORS))
		return adm_reader_fail_here(r, expected_instead_of(*r->at), "");
	if (token->begin + token->plus == token->end)
		return adm_reader_fail_here(r, form->expected, "");
	if (token->length >= ADM_TOKEN_SIZE)
		return adm_reader_fail_token(r, token, "at most 63 bytes for ", form->name);
	return true;
}

bool
adm_reader_take_token(AdmReader *r, const AdmForm *form, AdmToken *token)
{
	memset(token, 0, sizeof(*token));
	token->begin = r->at;
	token->plus = form->plus && *r->at == '+';
	r->at += token->plus;
	if (!take_parts(r, form, token))
		return false;
	token->end = r->at;
	if (!check_token(r, form, token))
		return false;
	adm_reader_skip_blanks(r);
	return true;
}

bool
adm_reader_take_name(AdmReader *r, AdmToken *name)
{
	static const AdmForm form = {
		"the name of a service", "the name of a service", "", false
	};

	return adm_reader_take_token(r, &form, name) &&
		(name->length > 0 || adm_reader_fail_token(r, name, form.expected, ""));
}
