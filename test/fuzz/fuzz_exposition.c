/*
 * fuzz_exposition.c - libFuzzer feeds texts and numbers for pages of metrics.
 *
 * An input is fields between bars, so many for each line of a page: the name of
 * a family (none: the one before), its type and its unit, a letter each, its
 * help, a label's name and value, another's, and the number.  Names are made of
 * such letters as names have, since those of the product are constant.
 */
#include "exposition_laws.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_POINTS	16

/* What stands before the next bar; "" where there is no more. */
static char *
next_field(char **at)
{
	char	   *field = *at;
	char	   *bar = strchr(field, '|');

	*at = bar ? bar + 1 : field + strlen(field);
	if (bar)
		*bar = '\0';
	return field;
}

/* At most 63 letters; NULL for none. */
static const char *
next_name(char **at)
{
	char	   *name = next_field(at);

	for (char *c = name; *c != '\0'; c++)
	{
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
			*c = '_';
		if (c - name == 62)
			c[1] = '\0';
	}
	return name[0] != '\0' ? name : NULL;
}

static void
take_metric(char **at, AdmMetric *m, const char *name)
{
	static const char *const units[] = {"", "seconds", "bytes", "ratio"};

	m->name = name;
	m->type = (AdmMetricType) ((unsigned char) next_field(at)[0] % 3);
	m->unit = units[(unsigned char) next_field(at)[0] % 4];
	m->help = next_field(at);
}

static void
take_label(char **at, AdmLabel *label)
{
	label->name = next_name(at);
	label->value = next_field(at);
}

static int
take_points(char *at, AdmMetricPoint *points, AdmMetric *metrics)
{
	static const char *const suffixes[] = {"_bucket", "_sum", "_count"};
	int			count = 0;

	for (; *at != '\0' && count < MOST_POINTS; count++)
	{
		AdmMetricPoint *point = &points[count];
		const char *name = next_name(&at);

		point->metric = &metrics[count];
		take_metric(&at, &metrics[count], name ? name : "unnamed");
		if (name == NULL && count > 0)
			point->metric = points[count - 1].metric;
		take_label(&at, &point->labels[0]);
		take_label(&at, &point->labels[1]);
		point->value = strtod(next_field(&at), NULL);
		point->suffix = point->metric->type == ADM_METRIC_HISTOGRAM ? suffixes[count % 3] : "";
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AdmMetricPoint points[MOST_POINTS];
	AdmMetric	metrics[MOST_POINTS];
	char	   *text = law_text_of(data, size);
	int			count = take_points(text, points, metrics);

	law_page(points, count, ADM_EXPOSITION_PROMETHEUS);
	law_page(points, count, ADM_EXPOSITION_OPENMETRICS);
	free(text);
	return 0;
}
