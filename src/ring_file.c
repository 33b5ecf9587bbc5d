/*
 * ring_file.c - the files of rings in shared memory.
 */
#include "postgres.h"

#include "common/file_perm.h"
#include "os/files.h"
#include "ring_file.h"
#include "state.h"
#include "utils/memutils.h"

#define ORIGIN_SIZE		160

/* Lines that are not of entries, and the seal. */
#define OTHER_LINES		8

static size_t
file_size(const AdmRingFile *ring, int entries)
{
	return (size_t) (entries + OTHER_LINES) * ring->line_size;
}

static void
print_origin(char *line, size_t size)
{
	AdmRecord	record;
	uint64		generation;

	adm_state_record(&record, &generation);
	snprintf(line, size, "origin " UINT64_FORMAT " %s " UINT64_FORMAT "\n",
			 record.identity.system_identifier,
			 record.identity.machine_id[0] ? record.identity.machine_id : "-",
			 record.identity.control_inode);
}

/* The whole text; palloc'd. */
static char *
print_file(const AdmRingFile *ring, const void *entries, int count, size_t *length)
{
	size_t		size = file_size(ring, count);
	char	   *text = palloc(size);

	strcpy(text, ring->format);
	print_origin(text + strlen(text), ORIGIN_SIZE);
	*length = strlen(text);
	*length += ring->print_header(text + *length, size - *length);
	for (int i = 0; i < count; i++)
		*length += ring->print_entry((const char *) entries + i * ring->entry_size,
									 text + *length, size - *length);
	*length = adm_text_file_seal(text, *length);
	return text;
}

bool
adm_ring_file_save(AdmRingFile *ring, const void *entries, int count, bool durable)
{
	char	   *text;
	size_t		length;
	bool		saved;

	text = print_file(ring, entries, count, &length);
	ring->file.mode = pg_file_create_mode;
	saved = adm_text_file_replace(&ring->file, text, length, durable);
	pfree(text);
	return saved;
}

/* Why the text cannot be used, or NULL when its entries are in the ring. */
static const char *
take_file(const AdmRingFile *ring, char *text, size_t length)
{
	char		origin[ORIGIN_SIZE];
	char	   *header = palloc(ring->line_size);
	const char *at = text;

	if (strncmp(at, ring->format, strlen(ring->format)) != 0)
		return "it is damaged, or was written by another version";
	if (!adm_text_file_unseal(text, length))
		return "it is damaged";
	at += strlen(ring->format);
	print_origin(origin, sizeof(origin));
	if (strncmp(at, origin, strlen(origin)) != 0)
		return "it was written elsewhere";
	at += strlen(origin);
	(void) ring->print_header(header, ring->line_size);
	if (strncmp(at, header, strlen(header)) != 0)
		return "it was written by another version";
	at += strlen(header);
	for (; *at; at = strchr(at, '\n') + 1)
	{
		if (!ring->take_line(at))
		{
			ring->forget_all();
			return "a line of it is damaged";
		}
	}
	return NULL;
}

/* Why there is nothing of it in the ring, or NULL. */
static const char *
read_file(const AdmRingFile *ring)
{
	size_t		size = file_size(ring, ring->most_entries);
	char	   *text = palloc(size);
	ssize_t		length = adm_file_read(ring->file.path, text, size);

	if (length < 0)
		return errno == ENOENT ? NULL : pstrdup(strerror(errno));
	return take_file(ring, text, (size_t) length);
}

void
adm_ring_file_load(AdmRingFile *ring)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "pg_admission ring file",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);
	const char *why = read_file(ring);

	if (why)
		ereport(LOG,
				(errmsg("pg_admission cannot use its %s \"%s\": %s",
						ring->file.purpose, ring->file.path, why),
				 errdetail("%s", ring->consequence_of_loss)));
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}
