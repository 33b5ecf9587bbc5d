/*
 * rules_reader.h - takes names, values and signs from a text, and tells what is
 * wrong with it.  For rules*.c alone.
 *
 * Whoever finds something wrong writes the error and returns false, and so does
 * everybody above.
 */
#ifndef ADM_RULES_READER_H
#define ADM_RULES_READER_H

#include "rules_words.h"

typedef struct AdmReader
{
	const char *text;			/* NULL: errors tell no place */
	const char *at;				/* what is next */
	char	   *error;			/* of ADM_RULES_ERROR_SIZE */
	const char *service;		/* in which errors are; "": in none */
} AdmReader;

#define ADM_TOKEN_SIZE	64		/* NAMEDATALEN, and room for any network */

/* A name or a value. */
typedef struct AdmToken
{
	const char *begin;			/* in the text that is read */
	const char *end;
	bool		plus;			/* stands before it */
	bool		quoted;			/* at least a part of it */
	size_t		length;			/* of value, had it room */
	char		value[ADM_TOKEN_SIZE];	/* without quotes and plus */
} AdmToken;

/*
 * Expected was what, and of, which go together, but this was found: from begin
 * to end, the token, or what is next.  Always false.
 */
extern bool adm_reader_fail(AdmReader *r, const char *begin, const char *end,
							const char *what, const char *of);
extern bool adm_reader_fail_token(AdmReader *r, const AdmToken *token,
								  const char *what, const char *of);
extern bool adm_reader_fail_here(AdmReader *r, const char *what, const char *of);

#define ADM_SNIPPET_MOST	40
#define ADM_SNIPPET_SIZE	(ADM_SNIPPET_MOST + sizeof("\"...\""))

/* As much of these bytes as an error shows of them, in double quotes. */
extern void adm_reader_snippet(const char *bytes, size_t length,
							   char snippet[ADM_SNIPPET_SIZE]);

/* Behind the word, the quoted part or the sign that begins here. */
extern const char *adm_reader_end_of_found(const char *begin);

extern void adm_reader_skip_blanks(AdmReader *r);

/* Moves on past the sign and the blanks behind it, if it is next. */
extern bool adm_reader_skip_sign(AdmReader *r, char sign);

/* The same, but an error with what and of if it is not. */
extern bool adm_reader_take_sign(AdmReader *r, char sign,
								 const char *what, const char *of);

/* A name or a value of this form, and the blanks behind it. */
extern bool adm_reader_take_token(AdmReader *r, const AdmForm *form, AdmToken *token);

/* The name of a service, and the blanks behind it. */
extern bool adm_reader_take_name(AdmReader *r, AdmToken *name);

#endif							/* ADM_RULES_READER_H */
