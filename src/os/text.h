/*
 * text.h - numbers in the kernel's text files.
 *
 * Nothing is taken for granted: what is missing, odd or does not fit is told
 * from a number by the return value.
 */
#ifndef ADM_TEXT_H
#define ADM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the text goes on behind key, at the beginning of a line; NULL if no
 * line begins so.
 */
extern const char *adm_text_after(const char *text, const char *key);

/*
 * Reads a number without sign, behind blanks, and moves *at behind it.  False
 * and *at as it was if there is none or it is larger than 2^63 - 1; NULL in *at
 * is no number.
 */
extern bool adm_text_number(const char **at, int64_t *number);

/* The number behind key, as in adm_text_after(); else -1. */
extern int64_t adm_text_number_after(const char *text, const char *key);

/* Moves *at past so many words; false when the line has fewer. */
extern bool adm_text_skip_words(const char **at, int count);

#endif							/* ADM_TEXT_H */
