/*
 * storm_memory.c - memory that is there, or the end of the program.
 */
#include "storm_memory.h"

#include <stdio.h>
#include <stdlib.h>

static void *
insist(void *memory)
{
	if (memory == NULL)
	{
		perror("storm: could not allocate memory");
		exit(EXIT_FAILURE);
	}
	return memory;
}

void *
memory_allocate(size_t size)
{
	return insist(calloc(1, size));
}

void *
memory_resize(void *memory, size_t size)
{
	return insist(realloc(memory, size));
}
