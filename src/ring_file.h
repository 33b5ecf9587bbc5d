/*
 * ring_file.h - the files of rings in shared memory: the history, the events.
 *
 * A line with the format, one with where it was written, the names of the
 * columns, a line an entry, and a CRC-32C over all that stands before it.  A
 * file of another cluster, host or version is not used.
 */
#ifndef ADM_RING_FILE_H
#define ADM_RING_FILE_H

#include "text_file.h"

/* What a ring says of itself. */
typedef struct AdmRingFile
{
	AdmTextFile file;
	const char *format;			/* the first line, with its end */
	const char *consequence_of_loss;	/* for messages, a sentence */
	size_t		line_size;		/* no line is longer */
	int			most_entries;
	size_t		entry_size;

	/* Both return the length, or 0 if it did not fit. */
	size_t		(*print_header) (char *line, size_t size);
	size_t		(*print_entry) (const void *entry, char *line, size_t size);

	/* Puts the entry of a line into the ring; false: it is damaged. */
	bool		(*take_line) (const char *line);
	void		(*forget_all) (void);
} AdmRingFile;

/* Replaces the file by these entries, oldest first; false: it could not. */
extern bool adm_ring_file_save(AdmRingFile *ring, const void *entries, int count,
							   bool durable);

/* Takes all entries of the file into the ring, or none; tells the log why not. */
extern void adm_ring_file_load(AdmRingFile *ring);

#endif							/* ADM_RING_FILE_H */
