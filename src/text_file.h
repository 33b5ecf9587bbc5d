/*
 * text_file.h - small text files of ours, replaced as a whole.
 *
 * A new file is written beside the old one, with .tmp behind its name, and
 * renamed: a reader sees the old one or the new one.  A sealed text ends with a
 * line that holds its CRC-32C.
 */
#ifndef ADM_TEXT_FILE_H
#define ADM_TEXT_FILE_H

#include <sys/stat.h>

/* The length of the line that seals a text. */
#define ADM_SEAL_SIZE	16

/* One file, as its writer keeps it. */
typedef struct AdmTextFile
{
	const char *path;
	const char *purpose;		/* for messages: "state file" */
	const char *consequence;	/* for messages, a sentence: of a failure */
	mode_t		mode;			/* permissions, whatever the umask */
	bool		failing;		/* the last attempt failed, and was logged */
} AdmTextFile;

/*
 * Replaces the file; a durable one is synced to disk before and after.  Returns
 * false when that failed: the reason is in the server log, once for as long as
 * it keeps failing.
 */
extern bool adm_text_file_replace(AdmTextFile *file, const char *text,
								  size_t length, bool durable);

/*
 * Appends the seal to the text of that length; there must be room for
 * ADM_SEAL_SIZE and a zero byte.  Returns the new length.
 */
extern size_t adm_text_file_seal(char *text, size_t length);

/* Checks the seal and cuts it off; false: it is missing or wrong. */
extern bool adm_text_file_unseal(char *text, size_t length);

#endif							/* ADM_TEXT_FILE_H */
