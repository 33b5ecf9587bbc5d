/*
 * fuzz_readers.c - libFuzzer feeds the kernel's files to the readers of src/os.
 *
 * An input is files one after another: a line of "@" and the end of the file's
 * path, then what stands in it.  Of two with one name the first is read at the
 * first look and the last at the second, so that counters may grow or not.
 *
 * The files come from memory, by functions that take the place of those of
 * os/files.c: that makes several times as many runs as files on a disk of
 * memory would.
 */
#include <errno.h>

#include "os/files.h"
#include "os/host.h"
#include "readers_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_FILES	64
#define PID			7

/* Bytes behind a file's end that are not there for its readers. */
#define BEHIND_END	32

typedef struct File
{
	const char *name;			/* no zero byte behind it */
	size_t		name_length;
	const char *bytes;
	size_t		length;
} File;

static File files[MOST_FILES];
static int	file_count;
static bool second_look;
static char byte_behind_end;

/* What a look at everything says. */
typedef struct Look
{
	AdmReading	reading;
	uint32_t	misses;
	AdmProcessTime time;
	AdmProcessUse use;
	int64_t		ended_children_ns;
	bool		sleeps;
	char		machine_id[40];
	char		boot_id[40];
} Look;

static void
split_files(const char *text, size_t length)
{
	const char *end = text + length;

	file_count = 0;
	while (text < end && *text == '@' && file_count < MOST_FILES)
	{
		File	   *file = &files[file_count++];
		const char *line_end = memchr(text, '\n', (size_t) (end - text));
		const char *next;

		file->name = text + 1;
		file->bytes = line_end ? line_end + 1 : end;
		file->name_length = (size_t) ((line_end ? line_end : end) - file->name);
		next = memmem(file->bytes, (size_t) (end - file->bytes), "\n@", 2);
		text = next ? next + 1 : end;
		file->length = (size_t) (text - file->bytes);
	}
}

static const File *
find_file(const char *path)
{
	size_t		length = strlen(path);
	const File *found = NULL;

	for (int i = 0; i < file_count && (found == NULL || second_look); i++)
	{
		const File *file = &files[i];

		if (file->name_length > 0 && file->name_length <= length &&
			memcmp(path + length - file->name_length, file->name, file->name_length) == 0)
			found = file;
	}
	return found;
}

/*
 * The functions of os/files.c.
 */

ssize_t
adm_file_read(const char *path, char *buffer, size_t size)
{
	const File *file = find_file(path);
	size_t		behind;

	if (file == NULL || file->length >= size)
	{
		errno = file ? EFBIG : ENOENT;
		return -1;
	}
	memcpy(buffer, file->bytes, file->length);
	buffer[file->length] = '\0';
	behind = size - file->length - 1;
	memset(buffer + file->length + 1, byte_behind_end, behind < BEHIND_END ? behind : BEHIND_END);
	return (ssize_t) file->length;
}

ssize_t
adm_file_read_below(const char *root, const char *path, char *buffer, size_t size)
{
	LAW(root[0] == '\0', root);
	return adm_file_read(path, buffer, size);
}

bool
adm_file_exists(const char *path)
{
	return find_file(path) != NULL;
}

/*
 * The block for proc/self/mountinfo, which the readers ask for at each look: to
 * have it mapped anew would take nearly all of the time.
 */

#define LARGE_BLOCK	(1024 * 1024)

extern void *__real_malloc(size_t size);
extern void __real_free(void *block);
extern void *__wrap_malloc(size_t size);
extern void __wrap_free(void *block);

static char large_block[LARGE_BLOCK];

void *
__wrap_malloc(size_t size)
{
	return size == LARGE_BLOCK ? large_block : __real_malloc(size);
}

void
__wrap_free(void *block)
{
	if (block != large_block)
		__real_free(block);
}

/*
 * Looks.
 */

static void
look(Look *l, bool second, char behind_end)
{
	AdmSampler	sampler;
	bool		known;

	second_look = second;
	byte_behind_end = behind_end;
	memset(l, 0, sizeof(*l));
	adm_sampler_init(&sampler, "");
	l->misses = adm_sampler_read(&sampler, 0, &l->reading);
	law_reading("reading", &l->reading, l->misses);
	known = adm_process_time("", PID, &l->time);
	law_process_time("process", &l->time, known);
	known = adm_process_use("", PID, &l->use);
	law_process_use("process", &l->use, known);
	l->ended_children_ns = adm_process_ended_children_ns("", PID);
	LAW(law_is_counter(l->ended_children_ns), "ended children");
	l->sleeps = adm_process_sleeps("", PID);
	adm_host_read_ids("", l->machine_id, l->boot_id, sizeof(l->machine_id));
	law_host_id(l->machine_id, sizeof(l->machine_id));
	law_host_id(l->boot_id, sizeof(l->boot_id));

	/* As the controller does; the looks are a second apart. */
	l->reading.server_run_ns = l->time.run_ns;
	l->reading.server_wait_ns = l->time.wait_ns;
	l->reading.at_us = second ? 2000000 : 1000000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Look first;
	static Look again;
	static Look second;
	AdmPressure pressure;
	char		sources[ADM_SOURCES_SIZE];

	split_files((const char *) data, size);
	look(&first, false, '7');
	look(&again, false, '\n');
	LAW(memcmp(&first, &again, sizeof(first)) == 0, "what is behind the end of a file was read");
	look(&second, true, '7');
	adm_pressure_between(&first.reading, &second.reading, &pressure);
	law_pressure("pressure", &pressure);
	adm_pressure_sources(&pressure, sources, sizeof(sources));
	LAW(strlen(sources) < sizeof(sources) - 1, sources);
	return 0;
}
