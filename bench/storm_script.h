/*
 * storm_script.h - what a request asks: statements, one after the other, with
 * random integers in place of {A..B}.
 *
 * The integers are drawn once for a request: its retries ask the same again.
 */
#ifndef STORM_SCRIPT_H
#define STORM_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "storm_random.h"

#define SCRIPT_MAX_STATEMENTS	32
#define SCRIPT_MAX_VALUES		32

typedef struct ScriptRange
{
	int64_t		low;
	int64_t		high;
} ScriptRange;

typedef struct ScriptStatement
{
	const char *text;			/* with its {A..B} */
	int			first_value;	/* among the script's */
	int			value_count;
	int			twin;			/* the first statement of the same text */
} ScriptStatement;

typedef struct Script
{
	ScriptStatement statements[SCRIPT_MAX_STATEMENTS];
	int			statement_count;
	ScriptRange ranges[SCRIPT_MAX_VALUES];
	int			value_count;
} Script;

/*
 * Appends a statement, whose text the script keeps.  False if there are too
 * many, or a range has its end before its beginning.
 */
extern bool script_add(Script *script, const char *text);

/* Draws a request's integers, value_count of them. */
extern void script_draw(const Script *script, Random *random, int64_t *values);

/* The statement's text with the integers in it; free() gives it back. */
extern char *script_text(const Script *script, int statement, const int64_t *values);

/* The same with $1, $2... in their place. */
extern char *script_prepared_text(const Script *script, int statement);

#endif							/* STORM_SCRIPT_H */
