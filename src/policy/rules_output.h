/*
 * rules_output.h - a buffer for what the rules have to say: errors, and
 * services as text.  For rules*.c alone.
 *
 * What has no room is cut off, but counted.
 */
#ifndef ADM_RULES_OUTPUT_H
#define ADM_RULES_OUTPUT_H

#include <stddef.h>

typedef struct AdmOutput
{
	char	   *buffer;			/* may be NULL if size is 0 */
	size_t		size;
	size_t		length;			/* would be, if there were room; 0 to begin
								 * with */
} AdmOutput;

extern void adm_output_byte(AdmOutput *out, char byte);
extern void adm_output_bytes(AdmOutput *out, const char *bytes, size_t length);
extern void adm_output_text(AdmOutput *out, const char *text);
extern void adm_output_number(AdmOutput *out, size_t number);

/* Ends it with a zero byte, if there is any room at all; its whole length. */
extern size_t adm_output_end(AdmOutput *out);

#endif							/* ADM_RULES_OUTPUT_H */
