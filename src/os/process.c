/*
 * process.c - what the kernel says of one process.
 */
#include "process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "text.h"

#define PATH_SIZE		1024
#define TEXT_SIZE		4096

#define NS_PER_S		INT64_C(1000000000)

/* In stat, counted from the one after the name, which may hold anything. */
#define WORDS_BEFORE_OWN		11
#define WORDS_BEFORE_CHILDREN	13

static bool
read_of_process(const char *root, int pid, const char *name,
				char *text, size_t size)
{
	char		path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/proc/%d/%s", root, pid, name) >= (int) sizeof(path))
		return false;
	return adm_file_read(path, text, size) >= 0;
}

/*
 * Kernels without these statistics print three zeros.  The third number tells
 * how often the process has run, so that one that reads itself has at least 1.
 */
static bool
parse_schedstat(const char *text, AdmProcessTime *time)
{
	int64_t		times_run;

	if (!adm_text_number(&text, &time->run_ns) ||
		!adm_text_number(&text, &time->wait_ns))
		return false;
	return time->run_ns > 0 || time->wait_ns > 0 ||
		(adm_text_number(&text, &times_run) && times_run > 0);
}

/* The sum of two numbers of clock ticks, behind so many words; -1 if unknown. */
static int64_t
parse_ticks(const char *text, int words_before)
{
	const char *at = strrchr(text, ')');
	int64_t		ticks_per_s = sysconf(_SC_CLK_TCK);
	int64_t		user;
	int64_t		system;

	if (at == NULL || ticks_per_s <= 0)
		return -1;
	at++;
	if (!adm_text_skip_words(&at, words_before) ||
		!adm_text_number(&at, &user) || !adm_text_number(&at, &system))
		return -1;
	if (user > INT64_MAX / NS_PER_S / 2 || system > INT64_MAX / NS_PER_S / 2)
		return -1;
	return (user + system) * (NS_PER_S / ticks_per_s);
}

bool
adm_process_time(const char *root, int pid, AdmProcessTime *time)
{
	char		text[TEXT_SIZE];

	time->run_ns = time->wait_ns = -1;
	if (read_of_process(root, pid, "schedstat", text, sizeof(text)) &&
		parse_schedstat(text, time))
		return true;
	time->run_ns = time->wait_ns = -1;
	if (read_of_process(root, pid, "stat", text, sizeof(text)))
		time->run_ns = parse_ticks(text, WORDS_BEFORE_OWN);
	return time->run_ns >= 0;
}

int64_t
adm_process_ended_children_ns(const char *root, int pid)
{
	char		text[TEXT_SIZE];

	if (!read_of_process(root, pid, "stat", text, sizeof(text)))
		return -1;
	return parse_ticks(text, WORDS_BEFORE_CHILDREN);
}

bool
adm_process_sleeps(const char *root, int pid)
{
	char		text[TEXT_SIZE];
	const char *at;

	if (!read_of_process(root, pid, "stat", text, sizeof(text)))
		return false;
	at = strrchr(text, ')');
	return at != NULL && at[1] == ' ' && at[2] != '\0' && strchr("STt", at[2]) && at[3] == ' ';
}

/* Pages: size, resident, shared. */
static bool
parse_statm(const char *text, AdmProcessUse *use)
{
	int64_t		page_size = sysconf(_SC_PAGESIZE);
	int64_t		resident;
	int64_t		shared;

	if (!adm_text_skip_words(&text, 1) ||
		!adm_text_number(&text, &resident) || !adm_text_number(&text, &shared))
		return false;
	if (page_size <= 0 || shared > resident || resident > INT64_MAX / page_size)
		return false;
	use->memory_bytes = (resident - shared) * page_size;
	return true;
}

bool
adm_process_use(const char *root, int pid, AdmProcessUse *use)
{
	char		text[TEXT_SIZE];
	bool		known = false;

	use->memory_bytes = use->read_bytes = use->write_bytes = -1;
	if (read_of_process(root, pid, "statm", text, sizeof(text)))
		known = parse_statm(text, use);
	if (read_of_process(root, pid, "io", text, sizeof(text)))
	{
		use->read_bytes = adm_text_number_after(text, "read_bytes:");
		use->write_bytes = adm_text_number_after(text, "write_bytes:");
		known |= use->read_bytes >= 0 || use->write_bytes >= 0;
	}
	return known;
}
