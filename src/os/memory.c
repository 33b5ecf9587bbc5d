/*
 * memory.c - what the kernel says of the machine's memory.
 */
#include "memory.h"

#include "files.h"
#include "text.h"

#define TEXT_SIZE	(16 * 1024)
#define BYTES_PER_KB	1024

static int64_t
kilobytes_after(const char *text, const char *key)
{
	int64_t		kb = adm_text_number_after(text, key);

	return kb < 0 || kb > INT64_MAX / BYTES_PER_KB ? ADM_UNKNOWN : kb * BYTES_PER_KB;
}

bool
adm_memory_read(const char *root, AdmReading *r)
{
	char		text[TEXT_SIZE];
	int64_t		total;
	int64_t		available;

	if (adm_file_read_below(root, "/proc/meminfo", text, sizeof(text)) < 0)
		return false;
	total = kilobytes_after(text, "MemTotal:");
	available = kilobytes_after(text, "MemAvailable:");
	if (total <= 0 || available < 0 || available > total)
		return false;
	r->memory_limit = total;
	r->memory_available = available;
	return true;
}
