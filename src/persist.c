/*
 * persist.c - the state file pg_admission.state in the data directory.
 *
 * The record's text, and below it a line with its CRC-32C, so that neither a
 * torn write nor an editor can arm or end a warm-up by accident.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/files.h"
#include "persist.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"

#define STATE_FILE_TMP	ADM_STATE_FILE ".tmp"
#define CHECKSUM_LINE	"crc32c %08X\n"
#define CHECKSUM_SIZE	16			/* length of that line */
#define FILE_MAX_SIZE	(ADM_RECORD_MAX_SIZE + CHECKSUM_SIZE)

/* Leaves the line with the checksum of length bytes in line. */
static void
print_checksum(const char *text, size_t length, char *line, size_t size)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, text, length);
	FIN_CRC32C(crc);
	snprintf(line, size, CHECKSUM_LINE, crc);
}

/* Checks the last line and cuts it off. */
static bool
take_checksum(char *text, size_t length)
{
	char		line[CHECKSUM_SIZE + 1];

	if (length <= CHECKSUM_SIZE || strlen(text) != length)
		return false;
	length -= CHECKSUM_SIZE;
	print_checksum(text, length, line, sizeof(line));
	if (strcmp(text + length, line) != 0)
		return false;
	text[length] = '\0';
	return true;
}

/* The text decides first, since a later format may be checked otherwise. */
static AdmRecordResult
parse_file(char *text, size_t length, AdmRecord *record)
{
	AdmRecordResult result;
	bool		intact = take_checksum(text, length);

	result = adm_record_parse(text, record);
	if (result == ADM_RECORD_GOOD && !intact)
		return ADM_RECORD_DAMAGED;
	return result;
}

AdmLoad
adm_persist_load(AdmRecord *record)
{
	char		text[FILE_MAX_SIZE + 1];
	ssize_t		length = adm_file_read(ADM_STATE_FILE, text, sizeof(text));

	if (length < 0)
	{
		if (errno == EFBIG)
			return ADM_LOAD_DAMAGED;
		return errno == ENOENT ? ADM_LOAD_ABSENT : ADM_LOAD_UNREADABLE;
	}
	switch (parse_file(text, (size_t) length, record))
	{
		case ADM_RECORD_GOOD:
			return ADM_LOAD_GOOD;
		case ADM_RECORD_NEWER:
			return ADM_LOAD_NEWER;
		case ADM_RECORD_DAMAGED:
			break;
	}
	return ADM_LOAD_DAMAGED;
}

static const char *
why_unusable(AdmLoad load, int load_errno)
{
	switch (load)
	{
		case ADM_LOAD_UNREADABLE:
			return strerror(load_errno);
		case ADM_LOAD_DAMAGED:
			return "it is damaged";
		case ADM_LOAD_NEWER:
			return "it was written by a later version";
		case ADM_LOAD_GOOD:
		case ADM_LOAD_ABSENT:
			break;
	}
	return NULL;
}

void
adm_persist_log_load(AdmLoad load, int load_errno)
{
	const char *why = why_unusable(load, load_errno);

	if (why == NULL)
		return;
	ereport(LOG,
			(errmsg("pg_admission cannot use its state file \"%s\": %s",
					ADM_STATE_FILE, why),
			 errdetail("The server has started as if there were none; the file will be replaced.")));
}

/* durable_rename() will sync it. */
static bool
write_file(const char *path, const char *text, size_t length)
{
	int			fd = OpenTransientFile(path, O_CREAT | O_TRUNC | O_WRONLY | PG_BINARY);
	bool		written;

	if (fd < 0)
		return false;
	errno = 0;
	written = write(fd, text, length) == (ssize_t) length;
	/* A short write without an error means that the disk is full. */
	if (!written && errno == 0)
		errno = ENOSPC;
	if (!written)
	{
		int			write_errno = errno;

		CloseTransientFile(fd);
		errno = write_errno;
		return false;
	}
	return CloseTransientFile(fd) == 0;
}

bool
adm_persist_save(const AdmRecord *record)
{
	static bool failing = false;
	char		text[FILE_MAX_SIZE + 1];
	size_t		length = adm_record_print(record, text, ADM_RECORD_MAX_SIZE);
	bool		saved;

	Assert(length > 0);
	print_checksum(text, length, text + length, sizeof(text) - length);
	length += CHECKSUM_SIZE;

	saved = write_file(STATE_FILE_TMP, text, length);
	if (!saved && !failing)
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("pg_admission could not write its state file \"%s\": %m",
						STATE_FILE_TMP),
				 errhint("Until this is mended, a restart forgets the warm-up's progress.")));
	if (saved)
		saved = durable_rename(STATE_FILE_TMP, ADM_STATE_FILE,
							   failing ? DEBUG1 : LOG) == 0;
	failing = !saved;
	return saved;
}
