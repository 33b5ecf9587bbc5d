/*
 * exposition.c - metrics as a page of text.
 */
#include "exposition.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Larger whole numbers are not exact in a double. */
#define LARGEST_WHOLE	9007199254740992.0

typedef struct Page
{
	char	   *buffer;
	size_t		size;
	size_t		length;			/* would be, if there were room */
} Page;

static void
append_char(Page *page, char c)
{
	if (page->length + 1 < page->size)
		page->buffer[page->length] = c;
	page->length++;
}

static void
append(Page *page, const char *text)
{
	while (*text)
		append_char(page, *text++);
}

/* A label's value, or a help text. */
static void
append_escaped(Page *page, const char *text, bool quoted)
{
	for (; *text; text++)
	{
		if (*text == '\n')
			append(page, "\\n");
		else if (*text == '\\')
			append(page, "\\\\");
		else if (*text == '"' && quoted)
			append(page, "\\\"");
		else
			append_char(page, *text);
	}
}

static void
append_number(Page *page, double value)
{
	char		text[64];

	if (isnan(value))
		snprintf(text, sizeof(text), "NaN");
	else if (isinf(value))
		snprintf(text, sizeof(text), "%s", value > 0 ? "+Inf" : "-Inf");
	else if (value == floor(value) && fabs(value) <= LARGEST_WHOLE)
		snprintf(text, sizeof(text), "%.0f", value);
	else
		snprintf(text, sizeof(text), "%.12g", value);
	append(page, text);
}

const char *
adm_metric_type_name(AdmMetricType type)
{
	switch (type)
	{
		case ADM_METRIC_COUNTER:
			return "counter";
		case ADM_METRIC_HISTOGRAM:
			return "histogram";
		case ADM_METRIC_GAUGE:
			break;
	}
	return "gauge";
}

static const char *
counter_suffix(const AdmMetric *metric)
{
	return metric->type == ADM_METRIC_COUNTER ? "_total" : "";
}

void
adm_metric_point_name(const AdmMetricPoint *point, char *name, size_t size)
{
	snprintf(name, size, "%s%s%s", point->metric->name, point->suffix,
			 counter_suffix(point->metric));
}

/* Quotes in the text are escaped in OpenMetrics alone. */
static void
append_comment(Page *page, const char *keyword, const char *name,
			   const char *suffix, const char *text, AdmExposition format)
{
	append(page, "# ");
	append(page, keyword);
	append_char(page, ' ');
	append(page, name);
	append(page, suffix);
	append_char(page, ' ');
	append_escaped(page, text, format == ADM_EXPOSITION_OPENMETRICS);
	append_char(page, '\n');
}

static void
append_family(Page *page, const AdmMetric *m, AdmExposition format)
{
	const char *suffix = format == ADM_EXPOSITION_PROMETHEUS ? counter_suffix(m) : "";

	append_comment(page, "HELP", m->name, suffix, m->help, format);
	append_comment(page, "TYPE", m->name, suffix, adm_metric_type_name(m->type), format);
	if (format == ADM_EXPOSITION_OPENMETRICS && m->unit[0] != '\0')
		append_comment(page, "UNIT", m->name, suffix, m->unit, format);
}

static void
append_labels(Page *page, const AdmLabel *labels)
{
	const char *before = "{";

	for (int i = 0; i < ADM_METRIC_LABELS && labels[i].name; i++)
	{
		append(page, before);
		append(page, labels[i].name);
		append(page, "=\"");
		append_escaped(page, labels[i].value, true);
		append_char(page, '"');
		before = ",";
	}
	if (before[0] == ',')
		append_char(page, '}');
}

static void
append_point(Page *page, const AdmMetricPoint *point)
{
	append(page, point->metric->name);
	append(page, point->suffix);
	append(page, counter_suffix(point->metric));
	append_labels(page, point->labels);
	append_char(page, ' ');
	append_number(page, point->value);
	append_char(page, '\n');
}

size_t
adm_exposition_print(const AdmMetricPoint *points, int count,
					 AdmExposition format, char *buffer, size_t size)
{
	Page		page = {buffer, size, 0};
	const AdmMetric *family = NULL;

	for (int i = 0; i < count; i++)
	{
		if (points[i].metric != family)
			append_family(&page, points[i].metric, format);
		family = points[i].metric;
		append_point(&page, &points[i]);
	}
	if (format == ADM_EXPOSITION_OPENMETRICS)
		append(&page, "# EOF\n");
	if (size > 0)
		buffer[page.length < size ? page.length : size - 1] = '\0';
	return page.length;
}
