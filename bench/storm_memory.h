/*
 * storm_memory.h - memory that is there, or the end of the program.
 */
#ifndef STORM_MEMORY_H
#define STORM_MEMORY_H

#include <stddef.h>

/* Memory of zero bytes; free() gives it back. */
extern void *memory_allocate(size_t size);

/* As realloc(). */
extern void *memory_resize(void *memory, size_t size);

#endif							/* STORM_MEMORY_H */
