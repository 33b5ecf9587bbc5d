/*
 * per_core.c - a number that may be meant for each processor.
 */
#include "per_core.h"

static const char *
skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

bool
adm_per_core_parse(const char *text, int *value)
{
	int			number = 0;
	bool		per_core;

	text = skip_blanks(text);
	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
	{
		number = number * 10 + (*text - '0');
		if (number > ADM_PER_CORE_MOST)
			return false;
	}
	text = skip_blanks(text);
	per_core = *text == 'x' || *text == 'X';
	if (*skip_blanks(text + per_core) != '\0')
		return false;
	if (per_core && (number == 0 || number > ADM_PER_CORE_MOST_FACTOR))
		return false;
	*value = per_core ? -number : number;
	return true;
}
