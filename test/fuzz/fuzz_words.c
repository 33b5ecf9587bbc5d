/*
 * fuzz_words.c - libFuzzer feeds texts, each read as a list of roles, as a brake
 * and as a number that may be meant for each processor.
 */
#include "words_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = law_text_of(data, size);
	int			number;

	law_role_list(text);
	law_per_core(text, &number);
	law_brake(text, &number);
	free(text);
	return 0;
}
