/*
 * folder.h - a folder for what tests write, which is gone after the last.
 *
 * It is below bin/ of the programs' own directory.  make_folder() and
 * remove_folder() are a group's first and last steps.
 */
#ifndef ADM_TEST_FOLDER_H
#define ADM_TEST_FOLDER_H

#include "rows.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "bin/folder.XXXXXX";

/* The path of what is in the folder; good until the next call but three. */
static inline const char *
in_folder(const char *name)
{
	static char paths[4][512];
	static int	next = 0;
	char	   *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static inline int
make_folder(void **state)
{
	(void) state;
	return mkdtemp(folder) == NULL ? -1 : chmod(folder, 0755);
}

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void) st;
	(void) type;
	(void) ftw;
	return remove(path);
}

static inline int
remove_folder(void **state)
{
	(void) state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void
empty_folder(void)
{
	assert_int_equal(remove_folder(NULL), 0);
	assert_int_equal(mkdir(folder, 0755), 0);
}

/* All folders on the way to this file. */
static inline void
make_parents(const char *name)
{
	char		parent[256];

	for (const char *c = strchr(name, '/'); c; c = strchr(c + 1, '/'))
	{
		snprintf(parent, sizeof(parent), "%.*s", (int) (c - name), name);
		(void) mkdir(in_folder(parent), 0755);
	}
}

/* Makes or replaces a file; NULL removes it. */
static inline void
write_bytes(const char *name, const char *bytes, size_t length)
{
	FILE	   *file;

	(void) unlink(in_folder(name));
	if (bytes == NULL)
		return;
	make_parents(name);
	file = fopen(in_folder(name), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void
write_file(const char *name, const char *text)
{
	write_bytes(name, text, text ? strlen(text) : 0);
}

#endif							/* ADM_TEST_FOLDER_H */
