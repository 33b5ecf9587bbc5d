/*
 * record.h - the state file's text.
 *
 * A line a field, "name value", in a fixed order, the format's number first so
 * that a later version's file can be told from a damaged one.  The checksum
 * around the text belongs to whoever writes the file.
 */
#ifndef ADM_RECORD_H
#define ADM_RECORD_H

#include <stddef.h>

#include "evidence.h"

/* Format 1 had no brake, format 2 no services. */
#define ADM_RECORD_FORMAT		3
#define ADM_RECORD_SERVICE_SIZE	256 /* of the lines of one service */
#define ADM_RECORD_MAX_SIZE		(1024 + ADM_RECORD_SERVICES_MOST * ADM_RECORD_SERVICE_SIZE)	/* of the text, with its end */

typedef enum AdmRecordResult
{
	ADM_RECORD_GOOD,
	ADM_RECORD_DAMAGED,			/* a line is missing, odd or out of range */
	ADM_RECORD_NEWER			/* written in a format later than ours */
} AdmRecordResult;

/*
 * Writes the record as text to buffer (at least ADM_RECORD_MAX_SIZE) and
 * returns its length, or 0 when it did not fit.
 */
extern size_t adm_record_print(const AdmRecord *record, char *buffer, size_t size);

/* Reads the zero-terminated text; *record is set only when it is good. */
extern AdmRecordResult adm_record_parse(const char *text, AdmRecord *record);

#endif							/* ADM_RECORD_H */
