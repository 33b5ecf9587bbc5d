/*
 * persist.c - the state file pg_admission.state in the data directory.
 *
 * The record's text, and below it a line with its CRC-32C, so that neither a
 * torn write nor an editor can arm or end a warm-up by accident.
 */
#include "postgres.h"

#include "common/file_perm.h"
#include "os/files.h"
#include "persist.h"
#include "text_file.h"

#define FILE_MAX_SIZE	(ADM_RECORD_MAX_SIZE + ADM_SEAL_SIZE)

/* The text decides first, since a later format may be checked otherwise. */
static AdmRecordResult
parse_file(char *text, size_t length, AdmRecord *record)
{
	AdmRecordResult result;
	bool		intact = adm_text_file_unseal(text, length);

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

/* A later version's, so that its pauses are there for who goes back to it. */
static bool
set_aside(AdmLoad load)
{
	return load == ADM_LOAD_NEWER && rename(ADM_STATE_FILE, ADM_LATER_STATE_FILE) == 0;
}

void
adm_persist_tell_load(AdmLoad load, int load_errno)
{
	const char *why = why_unusable(load, load_errno);
	bool		kept;

	if (why == NULL)
		return;
	kept = set_aside(load);
	ereport(LOG,
			(errmsg("pg_admission cannot use its state file \"%s\": %s",
					ADM_STATE_FILE, why),
			 kept ?
			 errdetail("The server has started as if there were none; the file is kept as \"%s\".",
					   ADM_LATER_STATE_FILE) :
			 errdetail("The server has started as if there were none; the file will be replaced.")));
}

bool
adm_persist_save(const AdmRecord *record)
{
	static AdmTextFile file = {
		.path = ADM_STATE_FILE,
		.purpose = "state file",
		.consequence = "Until this is mended, a restart forgets the warm-up's progress."
	};
	char		text[FILE_MAX_SIZE + 1];
	size_t		length = adm_record_print(record, text, ADM_RECORD_MAX_SIZE);

	Assert(length > 0);
	length = adm_text_file_seal(text, length);
	file.mode = pg_file_create_mode;
	return adm_text_file_replace(&file, text, length, true);
}
