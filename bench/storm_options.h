/*
 * storm_options.h - what the command line asks for.
 */
#ifndef STORM_OPTIONS_H
#define STORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "storm_profile.h"
#include "storm_script.h"

#define OPTIONS_MAX_APPS	16
#define OPTIONS_NAME_SIZE	64	/* the server cuts longer names off */

/* A class of requests, told apart by its application_name. */
typedef struct App
{
	char		name[OPTIONS_NAME_SIZE];
	double		share;			/* 0..1 of all requests */
} App;

/* How a statement is sent. */
typedef enum Protocol
{
	PROTOCOL_SIMPLE,
	PROTOCOL_EXTENDED,			/* parsed each time, no parameters */
	PROTOCOL_PREPARED			/* once for each connection */
} Protocol;

#define PROTOCOL_KINDS		(PROTOCOL_PREPARED + 1)

typedef struct Options
{
	const char *mode;
	const char *conninfo;
	Script		script;
	Protocol	protocol;
	int64_t		think_us;		/* between two statements */
	Profile		profile;
	App			apps[OPTIONS_MAX_APPS];
	int			app_count;
	int64_t		seed;
	int64_t		timeout_ms;		/* of an attempt; of a request to be in time */
	int64_t		retries;
	int64_t		backoff_ms;		/* before the first retry */
	int64_t		closed_clients; /* 0: open loop */
	int64_t		gate;			/* attempts under way at most; 0: any number */
	int64_t		gate_wait_ms;	/* for that */
	int64_t		persist_ms;
	int64_t		pools;			/* app servers */
	int64_t		pool_size;		/* connections of each */
	int64_t		open_timeout_ms;	/* for all of them, before the storm */
	int64_t		max_open;		/* connections */
	double		capacity_per_s; /* 0: not known */
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

/* The class in which a number up to 1 falls, when the shares are laid end to end. */
extern int	options_app_at(const Options *options, double point);

/* For output. */
extern const char *options_protocol_name(Protocol protocol);

/* Writes the usage text with all options. */
extern void options_help(FILE *file);

/* Writes the usage in short, to follow a complaint. */
extern void options_usage(FILE *file);

#endif							/* STORM_OPTIONS_H */
