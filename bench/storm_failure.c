/*
 * storm_failure.c - why an attempt failed, and whether that was a refusal.
 */
#include "storm_failure.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void
failure_set(Failure *failure, const char *sqlstate, const char *text)
{
	snprintf(failure->sqlstate, sizeof(failure->sqlstate), "%s", sqlstate ? sqlstate : "");
	snprintf(failure->text, sizeof(failure->text), "%s", text ? text : "");
	failure->text[strcspn(failure->text, "\n")] = '\0';
}

static bool
is_sqlstate(const char *text)
{
	for (int i = 0; i < SQLSTATE_SIZE - 1; i++)
		if (!isdigit((unsigned char) text[i]) && !isupper((unsigned char) text[i]))
			return false;
	return strncmp(text + SQLSTATE_SIZE - 1, ": ", 2) == 0;
}

/* "...: FATAL:  53300: the text\n", the severity in the server's language. */
void
failure_set_from_message(Failure *failure, const char *message)
{
	char		sqlstate[SQLSTATE_SIZE] = "";
	const char *colon = strstr(message, ":  ");

	if (colon == NULL || !is_sqlstate(colon + 3))
	{
		failure_set(failure, NULL, message);
		return;
	}
	memcpy(sqlstate, colon + 3, SQLSTATE_SIZE - 1);
	failure_set(failure, sqlstate, colon + 3 + SQLSTATE_SIZE + 1);
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

Refusal
failure_refusal(const Failure *failure)
{
	if (failure->sqlstate[0] == '\0')
		return REFUSAL_NONE;
	if (starts_with(failure->text, "pg_admission refused"))
		return REFUSAL_PG_ADMISSION;
	if (starts_with(failure->text, "sorry, too many clients already"))
		return REFUSAL_TOO_MANY_CLIENTS;
	if (starts_with(failure->text, "remaining connection slots are reserved"))
		return REFUSAL_RESERVED_SLOTS;
	if (starts_with(failure->sqlstate, "53") ||
		strcmp(failure->sqlstate, "57P03") == 0)
		return REFUSAL_OTHER;
	return REFUSAL_NONE;
}
