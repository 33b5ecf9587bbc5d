/*
 * brake.c - the brake's word and its cap.
 */
#include "brake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS	" \t"

static bool
parse_number(const char *word, int *number)
{
	size_t		digits = strspn(word, "0123456789");

	if (digits == 0 || digits >= ADM_BRAKE_TEXT_SIZE - 2 || word[digits] != '\0')
		return false;
	*number = (int) strtol(word, NULL, 10);
	return *number >= 1 && *number <= ADM_BRAKE_MOST;
}

bool
adm_brake_parse(const char *text, int *brake)
{
	char		word[ADM_BRAKE_TEXT_SIZE];
	size_t		length;
	int			number;

	text += strspn(text, BLANKS);
	length = strcspn(text, BLANKS);
	if (length >= sizeof(word) || text[length + strspn(text + length, BLANKS)] != '\0')
		return false;
	memcpy(word, text, length);
	word[length] = '\0';

	if (strcasecmp(word, "off") == 0)
		*brake = ADM_BRAKE_OFF;
	else if (strcasecmp(word, "on") == 0)
		*brake = ADM_BRAKE_ON;
	else if (parse_number(word, &number))
		*brake = number;
	else
		return false;
	return true;
}

const char *
adm_brake_print(int brake, char *buffer)
{
	if (brake == ADM_BRAKE_OFF)
		return "off";
	if (brake == ADM_BRAKE_ON)
		return "on";
	snprintf(buffer, ADM_BRAKE_TEXT_SIZE, "%d", brake);
	return buffer;
}

int
adm_brake_cap(int brake, int initial, int cap)
{
	int			most = brake == ADM_BRAKE_ON ? initial : brake;

	if (brake == ADM_BRAKE_OFF)
		return cap;
	return most < cap ? most : cap;
}
