/*
 * storm_dialogue.c - asks the statements of a script through a session, with
 * time to think in between.
 */
#include "storm_dialogue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STATEMENT_NAME_SIZE 24
#define VALUE_SIZE			24

static const ScriptStatement *
current_statement(const Dialogue *dialogue)
{
	return &dialogue->options->script.statements[dialogue->statement];
}

/* Twins are prepared once. */
static uint64_t
prepared_bit(const Dialogue *dialogue)
{
	return UINT64_C(1) << current_statement(dialogue)->twin;
}

static void
name_statement(const Dialogue *dialogue, char *name)
{
	snprintf(name, STATEMENT_NAME_SIZE, "storm_%d", current_statement(dialogue)->twin);
}

static void
prepare(Dialogue *dialogue)
{
	char		name[STATEMENT_NAME_SIZE];
	char	   *text = script_prepared_text(&dialogue->options->script, dialogue->statement);

	name_statement(dialogue, name);
	dialogue->preparing = true;
	session_prepare(dialogue->session, name, text);
	free(text);
}

static void
execute(Dialogue *dialogue)
{
	const ScriptStatement *statement = current_statement(dialogue);
	char		name[STATEMENT_NAME_SIZE];
	char		texts[SCRIPT_MAX_VALUES][VALUE_SIZE];
	const char *values[SCRIPT_MAX_VALUES];

	for (int i = 0; i < statement->value_count; i++)
	{
		snprintf(texts[i], VALUE_SIZE, "%" PRId64, dialogue->values[statement->first_value + i]);
		values[i] = texts[i];
	}
	name_statement(dialogue, name);
	session_execute(dialogue->session, name, statement->value_count, values);
}

static void
ask_text(Dialogue *dialogue)
{
	char	   *text = script_text(&dialogue->options->script, dialogue->statement,
								   dialogue->values);

	if (dialogue->options->protocol == PROTOCOL_EXTENDED)
		session_query_extended(dialogue->session, text);
	else
		session_query(dialogue->session, text);
	free(text);
}

static void
ask(Dialogue *dialogue)
{
	if (dialogue->options->protocol != PROTOCOL_PREPARED)
		ask_text(dialogue);
	else if (dialogue->prepared & prepared_bit(dialogue))
		execute(dialogue);
	else
		prepare(dialogue);
}

static void
handle_thought(void *arg)
{
	ask(arg);
}

void
dialogue_init(Dialogue *dialogue, Loop *loop, const Options *options)
{
	dialogue->loop = loop;
	dialogue->options = options;
	loop_init_timer(&dialogue->think, handle_thought, dialogue);
	dialogue_use(dialogue, NULL);
}

void
dialogue_use(Dialogue *dialogue, Session *session)
{
	dialogue->session = session;
	dialogue->prepared = 0;
}

void
dialogue_begin(Dialogue *dialogue, const int64_t *values)
{
	dialogue->values = values;
	dialogue->statement = 0;
	dialogue->preparing = false;
	ask(dialogue);
}

bool
dialogue_go_on(Dialogue *dialogue)
{
	if (dialogue->preparing)
	{
		dialogue->preparing = false;
		dialogue->prepared |= prepared_bit(dialogue);
		ask(dialogue);
		return true;
	}
	if (++dialogue->statement == dialogue->options->script.statement_count)
		return false;
	if (dialogue->options->think_us > 0)
		loop_set_timer(dialogue->loop, &dialogue->think,
					   loop_now_us() + dialogue->options->think_us);
	else
		ask(dialogue);
	return true;
}

void
dialogue_stop(Dialogue *dialogue)
{
	loop_clear_timer(dialogue->loop, &dialogue->think);
}
