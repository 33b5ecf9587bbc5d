/*
 * files.h - reading small files whole.
 *
 * libc only, so that readers can be tested on a folder of fixtures.  Nothing
 * here logs or fails beyond its return value.
 */
#ifndef ADM_FILES_H
#define ADM_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads the file into buffer and ends it with a zero byte.  Returns its
 * length, or -1 with errno; a file that does not fit in size - 1 bytes is
 * EFBIG.
 */
extern ssize_t adm_file_read(const char *path, char *buffer, size_t size);

/* The same of root followed by path; ENAMETOOLONG when they do not fit. */
extern ssize_t adm_file_read_below(const char *root, const char *path,
								   char *buffer, size_t size);

/* Whether there is anything of that name. */
extern bool adm_file_exists(const char *path);

#endif							/* ADM_FILES_H */
