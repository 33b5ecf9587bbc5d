/*
 * text.c - numbers in the kernel's text files.
 */
#include "text.h"

#include <string.h>

const char *
adm_text_after(const char *text, const char *key)
{
	size_t		length = strlen(key);

	while (text != NULL)
	{
		if (strncmp(text, key, length) == 0)
			return text + length;
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

bool
adm_text_number(const char **at, int64_t *number)
{
	const char *c;
	int64_t		value = 0;

	if (*at == NULL)
		return false;
	c = skip_blanks(*at);
	if (!is_digit(*c))
		return false;
	for (; is_digit(*c); c++)
	{
		int			digit = *c - '0';

		if (value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	*at = c;
	return true;
}

int64_t
adm_text_number_after(const char *text, const char *key)
{
	const char *at = adm_text_after(text, key);
	int64_t		number;

	return adm_text_number(&at, &number) ? number : -1;
}

bool
adm_text_skip_words(const char **at, int count)
{
	const char *c = *at;

	for (int i = 0; i < count; i++)
	{
		c = skip_blanks(c);
		if (*c == '\0' || *c == '\n')
			return false;
		c += strcspn(c, " \t\n");
	}
	*at = c;
	return true;
}
