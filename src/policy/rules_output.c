/*
 * rules_output.c - text into a buffer that may be too small.
 */
#include "rules_output.h"

#include <stdio.h>
#include <string.h>

void
adm_output_byte(AdmOutput *out, char byte)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = byte;
	out->length++;
}

void
adm_output_bytes(AdmOutput *out, const char *bytes, size_t length)
{
	while (length-- > 0)
		adm_output_byte(out, *bytes++);
}

void
adm_output_text(AdmOutput *out, const char *text)
{
	adm_output_bytes(out, text, strlen(text));
}

void
adm_output_number(AdmOutput *out, size_t number)
{
	char		digits[24];

	snprintf(digits, sizeof(digits), "%zu", number);
	adm_output_text(out, digits);
}

size_t
adm_output_end(AdmOutput *out)
{
	if (out->size > 0)
		out->buffer[out->length < out->size ? out->length : out->size - 1] = '\0';
	return out->length;
}
