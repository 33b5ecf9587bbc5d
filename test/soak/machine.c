/*
 * machine.c - a comfortable machine, invented.
 *
 * What is promised of a comfortable machine can hardly be looked at on one that
 * is overloaded on purpose.  So the server is told that it is comfortable, while
 * it has to keep that promise on the machine that it has.
 */
#include "machine.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "violations.h"

#define MOVES_EVERY_MS	20
#define CORES			2
#define BUSY_PART		4		/* of the time, one part in so many */

/* Replaces a file as a whole, as its readers take for granted. */
static void
write_file(const char *folder, const char *name, const char *text)
{
	char		path[1024];
	char		beside[1040];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/proc/%s", folder, name);
	snprintf(beside, sizeof(beside), "%s.new", path);
	file = fopen(beside, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || rename(beside, path) != 0)
	{
		perror(path);
		exit(2);
	}
}

static void
make_folder(const char *folder, const char *name)
{
	char		path[1024];

	snprintf(path, sizeof(path), "%s%s", folder, name);
	(void) mkdir(path, 0755);
}

static void
move(const char *folder, int64_t elapsed_ms)
{
	int64_t		busy_ms = elapsed_ms / BUSY_PART;
	char		stat[1024];
	char		schedstat[1024];
	int			stat_length = snprintf(stat, sizeof(stat), "cpu 0 0 0 0 0 0 0 0 0 0\n");
	int			schedstat_length = snprintf(schedstat, sizeof(schedstat), "version 15\n");

	for (int cpu = 0; cpu < CORES; cpu++)
	{
		stat_length += snprintf(stat + stat_length, sizeof(stat) - stat_length,
								"cpu%d %" PRId64 " 0 0 %" PRId64 " 0 0 0 0 0 0\n", cpu, busy_ms / 10, (elapsed_ms - busy_ms) / 10);
		schedstat_length += snprintf(schedstat + schedstat_length, sizeof(schedstat) - schedstat_length,
									 "cpu%d 0 0 0 0 0 0 %" PRId64 " 0 1\n", cpu, busy_ms * 1000000);
	}
	snprintf(stat + stat_length, sizeof(stat) - stat_length, "procs_running 1\n");
	write_file(folder, "stat", stat);
	write_file(folder, "schedstat", schedstat);
}

void
machine_run(const char *folder, volatile sig_atomic_t *stop)
{
	static const char no_stalls[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
	int64_t		began_ms = adm_clock_ms();

	make_folder(folder, "");
	make_folder(folder, "/proc");
	make_folder(folder, "/proc/self");
	make_folder(folder, "/proc/pressure");
	write_file(folder, "loadavg", "0.50 0.50 0.50 1/100 1\n");
	write_file(folder, "meminfo", "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\n");
	write_file(folder, "self/status", "Name:\tpostgres\nCpus_allowed_list:\t0-1\n");
	write_file(folder, "pressure/cpu", no_stalls);
	write_file(folder, "pressure/io", no_stalls);
	write_file(folder, "pressure/memory", no_stalls);
	while (!*stop)
	{
		move(folder, adm_clock_ms() - began_ms);
		usleep(MOVES_EVERY_MS * 1000);
	}
}
