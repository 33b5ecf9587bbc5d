/*
 * excuses.c - when nothing can be expected of the server.
 */
#include "excuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE	32

typedef struct Window
{
	int			kind;
	char		word[WORD_SIZE];
	int64_t		begin_ms;
	int64_t		end_ms;			/* INT64_MAX: it has not ended yet */
} Window;

static FILE *file = NULL;
static char line[256];
static size_t line_length = 0;

/* In the order of their beginnings. */
static Window *windows = NULL;
static int	window_count = 0;
static int	window_room = 0;

void
excuses_open(const char *path)
{
	file = fopen(path, "r");
	if (file == NULL)
	{
		perror(path);
		exit(2);
	}
}

static void
begin_window(int kind, const char *word, int64_t at_ms)
{
	Window	   *window;

	if (window_count == window_room)
	{
		window_room = window_room ? window_room * 2 : 64;
		windows = realloc(windows, window_room * sizeof(Window));
		if (windows == NULL)
			abort();
	}
	window = &windows[window_count++];
	window->kind = kind;
	snprintf(window->word, sizeof(window->word), "%s", word);
	window->begin_ms = at_ms;
	window->end_ms = INT64_MAX;
}

static void
end_window(int kind, const char *word, int64_t at_ms)
{
	for (int i = window_count - 1; i >= 0; i--)
	{
		Window	   *window = &windows[i];

		if (window->kind == kind && window->end_ms == INT64_MAX && strcmp(window->word, word) == 0)
		{
			window->end_ms = at_ms;
			return;
		}
	}
}

static void
take_line(void)
{
	long long	at_ms;
	char		edge[WORD_SIZE];
	char		name[WORD_SIZE];
	char		word[WORD_SIZE] = "";
	int			kind;

	if (sscanf(line, "%lld %31s %31s %31s", &at_ms, edge, name, word) < 3)
		return;
	if (strcmp(name, "down") == 0)
		kind = EXCUSE_DOWN;
	else if (strcmp(name, "stop") == 0)
		kind = EXCUSE_STOP;
	else
		return;
	if (strcmp(edge, "begin") == 0)
		begin_window(kind, word, at_ms);
	else if (strcmp(edge, "end") == 0)
		end_window(kind, word, at_ms);
}

/* The last line may not be whole yet. */
void
excuses_read(void)
{
	int			c;

	clearerr(file);
	while ((c = fgetc(file)) != EOF)
	{
		if (c == '\n')
		{
			line[line_length] = '\0';
			take_line();
			line_length = 0;
		}
		else if (line_length < sizeof(line) - 1)
			line[line_length++] = (char) c;
	}
}

/* Windows may overlap: no moment counts twice. */
int64_t
excuses_overlap_ms(int kinds, int64_t from_ms, int64_t to_ms)
{
	int64_t		overlap_ms = 0;
	int64_t		counted_to_ms = from_ms;

	for (int i = 0; i < window_count; i++)
	{
		const Window *window = &windows[i];
		int64_t		begin_ms = window->begin_ms;
		int64_t		end_ms = window->end_ms < to_ms ? window->end_ms : to_ms;

		if ((window->kind & kinds) == 0)
			continue;
		if (begin_ms < counted_to_ms)
			begin_ms = counted_to_ms;
		if (end_ms <= begin_ms)
			continue;
		overlap_ms += end_ms - begin_ms;
		counted_to_ms = end_ms;
	}
	return overlap_ms;
}

bool
excuses_touch(int kinds, int64_t from_ms, int64_t to_ms)
{
	for (int i = 0; i < window_count; i++)
	{
		const Window *window = &windows[i];

		if ((window->kind & kinds) != 0 && window->begin_ms <= to_ms && window->end_ms >= from_ms)
			return true;
	}
	return false;
}
