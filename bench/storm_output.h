/*
 * storm_output.h - what a storm prints: a line each second, a summary.
 */
#ifndef STORM_OUTPUT_H
#define STORM_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "storm_options.h"
#include "storm_probe.h"
#include "storm_tally.h"

/* A storm that is over. */
typedef struct Report
{
	const Options *options;
	const Tally *tally;
	const Prober *prober;
	bool		interrupted;
} Report;

/* The names of the columns. */
extern void output_csv_header(FILE *file);

/* What happened in the second that ends now. */
extern void output_csv_line(FILE *file, int64_t second, const Tally *tally,
							const Prober *prober);

/* The whole storm, as one JSON object. */
extern void output_summary(FILE *file, const Report *report);

#endif							/* STORM_OUTPUT_H */
