/*
 * files.c - reading small files whole.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_SIZE	4096

/* read(2) until the end, an error, or a full buffer. */
static ssize_t
read_all(int fd, char *buffer, size_t size)
{
	size_t		length = 0;

	while (length < size)
	{
		ssize_t		n = read(fd, buffer + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		length += (size_t) n;
	}
	return (ssize_t) length;
}

ssize_t
adm_file_read(const char *path, char *buffer, size_t size)
{
	int			fd;
	ssize_t		length;
	int			read_errno;

	/* Non-blocking, so that a fifo in the file's place cannot hang us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	length = read_all(fd, buffer, size);
	read_errno = errno;
	close(fd);
	if (length < 0)
	{
		errno = read_errno;
		return -1;
	}
	if ((size_t) length == size)
	{
		errno = EFBIG;
		return -1;
	}
	buffer[length] = '\0';
	return length;
}

ssize_t
adm_file_read_below(const char *root, const char *path, char *buffer, size_t size)
{
	char		whole[PATH_SIZE];

	if (snprintf(whole, sizeof(whole), "%s%s", root, path) >= (int) sizeof(whole))
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	return adm_file_read(whole, buffer, size);
}

bool
adm_file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}
