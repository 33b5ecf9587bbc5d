/*
 * storm.c - a storm of requests, as impatient clients make it.
 *
 * Requests arrive by a seeded Poisson process whether or not earlier ones have
 * been answered, give up after a timeout without cancelling, and try again:
 * what turns a slow server into one that answers nobody.  They come with a
 * connection each, or through the pools of app servers.  One process, one
 * thread, libpq's asynchronous interface.
 */
#include <stdio.h>
#include <stdlib.h>

#include "storm_options.h"
#include "storm_output.h"
#include "storm_run.h"

#define EXIT_USAGE		2

static int
storm(const Options *options)
{
	static Run	run;			/* too large for the stack */
	int			status = EXIT_USAGE;

	if (run_init(&run, options))
		status = run_storm(&run) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (status == EXIT_SUCCESS)
	{
		Report		report = run_report(&run);

		output_summary(stdout, &report);
	}
	run_free(&run);
	if (status == EXIT_USAGE)
		options_usage(stderr);
	return status;
}

int
main(int argc, char **argv)
{
	static Options options;

	switch (options_parse(&options, argc, argv))
	{
		case OPTIONS_GOOD:
			return storm(&options);
		case OPTIONS_HELP:
			options_help(stdout);
			return EXIT_SUCCESS;
		default:
			options_usage(stderr);
			return EXIT_USAGE;
	}
}
