/*
 * storm_script.c - what a request asks: statements, one after the other, with
 * random integers in place of {A..B}.
 */
#include "storm_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storm_memory.h"

/* Room for an integer in decimal, or a parameter's number. */
#define VALUE_SIZE		21

/*
 * Reads an integer that the given word must follow, and moves on behind it.
 */
static bool
read_integer(const char **text, const char *follower, int64_t *integer)
{
	char	   *end;

	errno = 0;
	*integer = strtoll(*text, &end, 10);
	if (end == *text || errno != 0)
		return false;
	if (strncmp(end, follower, strlen(follower)) != 0)
		return false;
	*text = end + strlen(follower);
	return true;
}

/* Reads "{A..B}", and moves on behind it; other braces are the query's own. */
static bool
read_range(const char **text, ScriptRange *range)
{
	const char *at = *text;

	if (*at++ != '{' || !read_integer(&at, "..", &range->low) ||
		!read_integer(&at, "}", &range->high))
		return false;
	*text = at;
	return true;
}

static bool
add_ranges(Script *script, ScriptStatement *statement)
{
	const char *at = statement->text;

	while ((at = strchr(at, '{')) != NULL)
	{
		ScriptRange range;

		if (!read_range(&at, &range))
		{
			at++;
			continue;
		}
		if (range.low > range.high || script->value_count == SCRIPT_MAX_VALUES)
			return false;
		script->ranges[script->value_count++] = range;
		statement->value_count++;
	}
	return true;
}

static int
find_twin(const Script *script, int statement)
{
	int			twin = 0;

	while (strcmp(script->statements[twin].text, script->statements[statement].text) != 0)
		twin++;
	return twin;
}

bool
script_add(Script *script, const char *text)
{
	ScriptStatement *statement = &script->statements[script->statement_count];

	if (script->statement_count == SCRIPT_MAX_STATEMENTS)
		return false;
	statement->text = text;
	statement->first_value = script->value_count;
	statement->value_count = 0;
	if (!add_ranges(script, statement))
		return false;
	statement->twin = find_twin(script, script->statement_count);
	script->statement_count++;
	return true;
}

void
script_draw(const Script *script, Random *random, int64_t *values)
{
	for (int i = 0; i < script->value_count; i++)
		values[i] = random_integer(random, script->ranges[i].low, script->ranges[i].high);
}

/* With values NULL, the parameters' numbers take their places. */
static char *
render(const ScriptStatement *statement, const int64_t *values)
{
	const char *from = statement->text;
	char	   *result = memory_allocate(strlen(from) + statement->value_count * VALUE_SIZE + 1);
	char	   *to = result;
	int			i = 0;

	while (*from)
	{
		ScriptRange range;

		if (!read_range(&from, &range))
			*to++ = *from++;
		else if (values == NULL)
			to += sprintf(to, "$%d", ++i);
		else
			to += sprintf(to, "%" PRId64, values[i++]);
	}
	return result;
}

char *
script_text(const Script *script, int statement, const int64_t *values)
{
	const ScriptStatement *s = &script->statements[statement];

	return render(s, values + s->first_value);
}

char *
script_prepared_text(const Script *script, int statement)
{
	return render(&script->statements[statement], NULL);
}
