/*
 * storm_options.h - what the command line asks for.
 */
#ifndef STORM_OPTIONS_H
#define STORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "storm_profile.h"

#define OPTIONS_MAX_APPS	16
#define OPTIONS_NAME_SIZE	64	/* the server cuts longer names off */

/* A class of requests, told apart by its application_name. */
typedef struct App
{
	char		name[OPTIONS_NAME_SIZE];
	double		share;			/* 0..1 of all requests */
} App;

typedef struct Options
{
	const char *mode;
	const char *conninfo;
	const char *query;
	Profile		profile;
	App			apps[OPTIONS_MAX_APPS];
	int			app_count;
	int64_t		seed;
	int64_t		timeout_ms;		/* of an attempt; of a request to be in time */
	int64_t		retries;
	int64_t		backoff_ms;		/* before the first retry */
	int64_t		closed_clients; /* 0: open loop */
	int64_t		persist_ms;
	int64_t		max_open;		/* connections */
	const char *csv;			/* path; NULL: none */
	const char *probe;			/* connection string; NULL: none */
	int64_t		probe_timeout_ms;
} Options;

typedef enum OptionsOutcome
{
	OPTIONS_GOOD,
	OPTIONS_HELP,				/* the usage was asked for */
	OPTIONS_BAD					/* why is on stderr */
} OptionsOutcome;

/* Fills options from the defaults and the arguments, whose text they keep. */
extern OptionsOutcome options_parse(Options *options, int argc, char **argv);

/* Writes the usage text with all options. */
extern void options_help(FILE *file);

/* Writes the usage in short, to follow a complaint. */
extern void options_usage(FILE *file);

#endif							/* STORM_OPTIONS_H */
