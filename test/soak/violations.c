/*
 * violations.c - what was found to be wrong.
 */
#include "violations.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_SIZE	2048

static FILE *file = NULL;
static int	count = 0;

void
violations_open(const char *path)
{
	file = fopen(path, "a");
	if (file == NULL)
	{
		perror(path);
		exit(2);
	}
	setvbuf(file, NULL, _IOLBF, 0);
}

static void
print_time(char *text, size_t size)
{
	int64_t		now_ms = clock_wall_ms();
	time_t		seconds = now_ms / 1000;
	struct tm	parts;
	size_t		length;

	gmtime_r(&seconds, &parts);
	length = strftime(text, size, "%H:%M:%S", &parts);
	snprintf(text + length, size - length, ".%03d", (int) (now_ms % 1000));
}

/* In one line, whatever the server says. */
void
violation(const char *kind, const char *format,...)
{
	char		text[TEXT_SIZE];
	char		at[32];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	print_time(at, sizeof(at));
	fprintf(file, "%s\t%s\t%s\n", kind, at, text);
	count++;
}

int
violations_count(void)
{
	return count;
}
