/*
 * looks.h - the looks: once a second somebody logs in as an administrator, asks
 * the views, and compares what they say with what was promised.  A look that
 * hangs keeps no other from beginning.
 */
#ifndef SOAK_LOOKS_H
#define SOAK_LOOKS_H

#include <signal.h>

/* Looks until *stop; then prints what there was of looks, as words and numbers. */
extern void looks_run(const char *conninfo, volatile sig_atomic_t *stop);

#endif							/* SOAK_LOOKS_H */
