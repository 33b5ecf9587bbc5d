/*
 * excuses.h - when run did something for which nothing can be expected of the
 * server: it was down, or one of its processes was stopped.
 *
 * run writes a line before and one after: milliseconds of the wall clock, begin
 * or end, down or stop, and a word that tells one from another.
 */
#ifndef SOAK_EXCUSES_H
#define SOAK_EXCUSES_H

#include <stdbool.h>
#include <stdint.h>

#define EXCUSE_DOWN		1
#define EXCUSE_STOP		2
#define EXCUSE_ANY		(EXCUSE_DOWN | EXCUSE_STOP)

extern void excuses_open(const char *path);

/* Reads what run has written since. */
extern void excuses_read(void);

/* Of the time from one moment to another, how much is excused; kinds is a mask. */
extern int64_t excuses_overlap_ms(int kinds, int64_t from_ms, int64_t to_ms);

/* Whether a part of it is. */
extern bool excuses_touch(int kinds, int64_t from_ms, int64_t to_ms);

#endif							/* SOAK_EXCUSES_H */
