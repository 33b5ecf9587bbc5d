/*
 * text_file.c - small text files of ours, replaced as a whole.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "text_file.h"

#define SEAL_LINE	"crc32c %08X\n"

static void
print_seal(const char *text, size_t length, char *line, size_t size)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, text, length);
	FIN_CRC32C(crc);
	snprintf(line, size, SEAL_LINE, crc);
}

size_t
adm_text_file_seal(char *text, size_t length)
{
	print_seal(text, length, text + length, ADM_SEAL_SIZE + 1);
	return length + ADM_SEAL_SIZE;
}

/* What is left ends with a new line, as its readers take for granted. */
bool
adm_text_file_unseal(char *text, size_t length)
{
	char		line[ADM_SEAL_SIZE + 1];

	if (length <= ADM_SEAL_SIZE || strlen(text) != length)
		return false;
	length -= ADM_SEAL_SIZE;
	if (text[length - 1] != '\n')
		return false;
	print_seal(text, length, line, sizeof(line));
	if (strcmp(text + length, line) != 0)
		return false;
	text[length] = '\0';
	return true;
}

static bool
write_all(int fd, const char *text, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		/* Nothing written without an error means that the disk is full. */
		if (written == 0)
		{
			errno = ENOSPC;
			return false;
		}
		text += written;
		length -= (size_t) written;
	}
	return true;
}

/*
 * The folder may be open to others: what stands there under this name is
 * removed, not opened, so that a link leads nowhere and a pipe holds nobody up.
 */
static bool
write_file(const char *path, mode_t mode, const char *text, size_t length)
{
	int			fd;
	int			write_errno;

	if (unlink(path) != 0 && errno != ENOENT)
		return false;
	fd = OpenTransientFile(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK |
						   O_WRONLY | PG_BINARY);
	if (fd < 0)
		return false;
	if (fchmod(fd, mode) == 0 && write_all(fd, text, length))
		return CloseTransientFile(fd) == 0;
	write_errno = errno;
	CloseTransientFile(fd);
	errno = write_errno;
	return false;
}

static bool
rename_into_place(const char *from, const char *to, bool durable)
{
	if (durable)
		return durable_rename(from, to, DEBUG1) == 0;
	return rename(from, to) == 0;
}

/* Leaves nothing beside the file when it fails; errno says why. */
static bool
replace_file(const AdmTextFile *file, const char *text, size_t length,
			 bool durable)
{
	char		beside[MAXPGPATH];
	int			failed_errno;

	if (snprintf(beside, sizeof(beside), "%s.tmp", file->path) >= (int) sizeof(beside))
	{
		errno = ENAMETOOLONG;
		return false;
	}
	if (write_file(beside, file->mode, text, length) &&
		rename_into_place(beside, file->path, durable))
		return true;
	failed_errno = errno;
	(void) unlink(beside);
	errno = failed_errno;
	return false;
}

bool
adm_text_file_replace(AdmTextFile *file, const char *text, size_t length,
					  bool durable)
{
	bool		replaced = replace_file(file, text, length, durable);

	if (!replaced && !file->failing)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("pg_admission could not write its %s \"%s\": %m",
						file->purpose, file->path),
				 errdetail("%s", file->consequence)));
	file->failing = !replaced;
	return replaced;
}
