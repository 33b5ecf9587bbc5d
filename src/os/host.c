/*
 * host.c - which machine, which boot of it, which copy of a directory, and how
 * many processors.
 */
#include "host.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/sysmacros.h>
#endif

#include "files.h"

#define PATH_SIZE	1024

/* An id has 32 hexadecimal digits, with dashes between some or none. */
static bool
is_id(const char *text)
{
	int			digits = 0;

	for (const char *c = text; *c != '\0'; c++)
	{
		if (*c == '-')
			continue;
		if (strchr("0123456789abcdefABCDEF", *c) == NULL)
			return false;
		digits++;
	}
	return digits == 32;
}

static void
read_id(const char *root, const char *name, char *id, size_t size)
{
	char		path[PATH_SIZE];
	char		text[128];
	ssize_t		text_length;
	size_t		length;

	id[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int) sizeof(path))
		return;
	text_length = adm_file_read(path, text, sizeof(text));
	if (text_length < 0 || strlen(text) != (size_t) text_length)
		return;
	length = strcspn(text, "\n");
	text[length] = '\0';
	if (length >= size || !is_id(text))
		return;
	memcpy(id, text, length + 1);
}

void
adm_host_read_ids(const char *root, char *machine_id, char *boot_id, size_t size)
{
	read_id(root, "etc/machine-id", machine_id, size);
	read_id(root, "proc/sys/kernel/random/boot_id", boot_id, size);
}

/*
 * Overlays, network and some copy-on-write file systems get a new number of
 * major 0 at every mount.
 */
static bool
is_stable_device(dev_t device)
{
#ifdef __linux__
	return major(device) != 0;
#else
	return true;
#endif
}

void
adm_host_file_place(const char *path, uint64_t *device, uint64_t *inode)
{
	struct stat st;

	*device = 0;
	*inode = 0;
	if (stat(path, &st) != 0)
		return;
	*device = is_stable_device(st.st_dev) ? (uint64_t) st.st_dev : 0;
	*inode = (uint64_t) st.st_ino;
}

int
adm_host_usable_cores(void)
{
	long		online;

#ifdef __linux__
	cpu_set_t	set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
#endif
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int) online : 1;
}
