/*
 * storm_output.h - what a storm prints: a line each second, a summary.
 */
#ifndef STORM_OUTPUT_H
#define STORM_OUTPUT_H

#include <stdio.h>

#include "storm_run.h"

/* The names of the columns. */
extern void output_csv_header(FILE *file);

/* What happened since the last line. */
extern void output_csv_line(Run *run);

/* The whole storm, as one JSON object. */
extern void output_summary(FILE *file, const Run *run);

#endif							/* STORM_OUTPUT_H */
