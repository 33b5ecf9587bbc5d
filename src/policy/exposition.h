/*
 * exposition.h - metrics as a page of text.
 *
 * Two formats that differ in little: the one that a node exporter's textfile
 * collector and promtool read (Prometheus text format 0.0.4), and OpenMetrics
 * 1.0, where a counter's family is named without "_total", units are told and
 * the page has an end.
 */
#ifndef ADM_EXPOSITION_H
#define ADM_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

typedef enum AdmMetricType
{
	ADM_METRIC_GAUGE,
	ADM_METRIC_COUNTER,
	ADM_METRIC_HISTOGRAM
} AdmMetricType;

/* A family.  The name of a counter comes without "_total". */
typedef struct AdmMetric
{
	const char *name;			/* ends with _unit, if there is a unit */
	AdmMetricType type;
	const char *unit;			/* seconds | bytes | ratio | "" */
	const char *help;
} AdmMetric;

#define ADM_METRIC_LABELS	2

typedef struct AdmLabel
{
	const char *name;			/* NULL: no label */
	const char *value;
} AdmLabel;

/* One line.  Those of a family stand together. */
typedef struct AdmMetricPoint
{
	const AdmMetric *metric;
	const char *suffix;			/* _bucket, _sum, _count of a histogram; else "" */
	AdmLabel	labels[ADM_METRIC_LABELS];
	double		value;
} AdmMetricPoint;

typedef enum AdmExposition
{
	ADM_EXPOSITION_PROMETHEUS,
	ADM_EXPOSITION_OPENMETRICS
} AdmExposition;

/* gauge | counter | histogram */
extern const char *adm_metric_type_name(AdmMetricType type);

/* The name of a point's line: family, suffix, and "_total" of a counter. */
extern void adm_metric_point_name(const AdmMetricPoint *point,
								  char *name, size_t size);

/*
 * Prints the page, ended by a zero byte, as far as it fits.  Returns the length
 * that it has or would have; one of size or more has been cut.
 */
extern size_t adm_exposition_print(const AdmMetricPoint *points, int count,
								   AdmExposition format,
								   char *buffer, size_t size);

#endif							/* ADM_EXPOSITION_H */
