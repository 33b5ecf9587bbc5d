/*
 * fuzz_entries.c - libFuzzer feeds lines, each read as one of the history file
 * and as one of the events file.
 */
#include "entry_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AdmHistoryEntry sample;
	AdmEventEntry event;

	law_history_line((const char *) data, size, &sample);
	law_event_line((const char *) data, size, &event);
	return 0;
}
