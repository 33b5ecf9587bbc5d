/*
 * check.c - the checker of the soak.
 *
 *	check look CONNINFO FAULTS VIOLATIONS	once a second, until SIGTERM
 *	check probe SUPERUSER ORDINARY VIOLATIONS	once, while all is quiet
 *	check machine FOLDER	makes up a comfortable machine there, until SIGTERM
 *
 * The first two append to the file VIOLATIONS what they find wrong.  "look" exits with 0
 * whatever it has found, "probe" with 1 if it has found something.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "excuses.h"
#include "looks.h"
#include "machine.h"
#include "probe.h"
#include "violations.h"

static volatile sig_atomic_t stop = 0;

static void
note_signal(int signal_number)
{
	(void) signal_number;
	stop = 1;
}

static int
print_usage(void)
{
	fprintf(stderr, "Usage:\n"
			"  check look CONNINFO FAULTS VIOLATIONS\n"
			"  check probe SUPERUSER ORDINARY VIOLATIONS\n"
			"  check machine FOLDER\n");
	return 2;
}

int
main(int argc, char **argv)
{
	signal(SIGTERM, note_signal);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "machine") == 0)
	{
		machine_run(argv[2], &stop);
		return 0;
	}
	if (argc != 5)
		return print_usage();
	violations_open(argv[4]);
	if (strcmp(argv[1], "probe") == 0)
	{
		probe_run(argv[2], argv[3]);
		return violations_count() > 0;
	}
	if (strcmp(argv[1], "look") != 0)
		return print_usage();
	excuses_open(argv[3]);
	looks_run(argv[2], &stop);
	return 0;
}
