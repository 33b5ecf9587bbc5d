/*
 * laws.h - what the unit tests and the fuzzers share: how a law is told, and
 * copies that end where the bytes end.
 */
#ifndef ADM_TEST_LAWS_H
#define ADM_TEST_LAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whoever breaks a law aborts, with the text by which he did. */
#define LAW(condition, text) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "%s:%d: not so: %s: %s\n", __FILE__, __LINE__, #condition, (text)); \
			abort(); \
		} \
	} while (0)

static inline void *
law_copy(const void *bytes, size_t size)
{
	void	   *copy = malloc(size);

	LAW(copy != NULL, "malloc");
	return memcpy(copy, bytes, size);
}

/* The bytes and a zero byte. */
static inline char *
law_text_of(const void *bytes, size_t length)
{
	char	   *text = malloc(length + 1);

	LAW(text != NULL, "malloc");
	memcpy(text, bytes, length);
	text[length] = '\0';
	return text;
}

/* A place in the text, 0 to length, that depends on nothing but the text. */
static inline size_t
law_place_in(const char *text, size_t length)
{
	size_t		sum = 0;

	for (const char *c = text; *c != '\0'; c++)
		sum = sum * 31 + (unsigned char) *c;
	return sum % (length + 1);
}

#endif							/* ADM_TEST_LAWS_H */
