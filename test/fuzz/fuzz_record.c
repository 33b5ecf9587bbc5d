/*
 * fuzz_record.c - libFuzzer feeds texts of state files, without their seal.
 */
#include "record_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static AdmRecord record;

	law_record((const char *) data, size, &record);
	return 0;
}
