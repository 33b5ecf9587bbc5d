/*
 * exposition_laws.h - what is true of every page of metrics: it is read back,
 * line by line, as what it was made of, and cut wherever there is no room.
 */
#ifndef ADM_TEST_EXPOSITION_LAWS_H
#define ADM_TEST_EXPOSITION_LAWS_H

#include <math.h>

#include "laws.h"
#include "policy/exposition.h"

/* Moves *at past the text, which must stand there. */
static inline void
law_page_has(const char **at, const char *text)
{
	LAW(strncmp(*at, text, strlen(text)) == 0, *at);
	*at += strlen(text);
}

/* The same of a text that is escaped there, as a parser undoes it. */
static inline void
law_page_has_escaped(const char **at, const char *text, const char *escapes)
{
	for (; *text != '\0'; text++)
	{
		char		c = *(*at)++;

		LAW(c != '\n' && c != '\0' && (c != '"' || strchr(escapes, '"') == NULL), *at);
		if (c == '\\')
		{
			c = *(*at)++;
			LAW(c != '\0' && strchr(escapes, c) != NULL, *at);
			if (c == 'n')
				c = '\n';
		}
		LAW(c == *text, *at);
	}
}

/* To nine digits; whole numbers that a double holds exactly. */
static inline void
law_page_has_number(const char **at, double value)
{
	char	   *end;
	double		number;

	LAW(strspn(*at, "0123456789+-.eNaIinf") == strcspn(*at, "\n"), *at);
	number = strtod(*at, &end);
	LAW(end > *at, *at);
	if (isnan(value))
		LAW(isnan(number), *at);
	else if (isinf(value) || (value == floor(value) && fabs(value) <= 9007199254740992.0))
		LAW(number == value, *at);
	else
		LAW(fabs(number - value) <= 1e-8 * fabs(value) + 1e-323, *at);
	*at = end;
}

static inline void
law_page_has_comment(const char **at, const char *keyword, const AdmMetric *m, bool open)
{
	law_page_has(at, "# ");
	law_page_has(at, keyword);
	law_page_has(at, " ");
	law_page_has(at, m->name);
	law_page_has(at, m->type == ADM_METRIC_COUNTER && !open ? "_total " : " ");
}

static inline void
law_page_has_family(const char **at, const AdmMetric *m, bool open)
{
	law_page_has_comment(at, "HELP", m, open);
	law_page_has_escaped(at, m->help, open ? "\\n\"" : "\\n");
	law_page_has(at, "\n");
	law_page_has_comment(at, "TYPE", m, open);
	law_page_has(at, adm_metric_type_name(m->type));
	law_page_has(at, "\n");
	if (!open || m->unit[0] == '\0')
		return;
	law_page_has_comment(at, "UNIT", m, open);
	law_page_has(at, m->unit);
	law_page_has(at, "\n");
}

static inline void
law_page_has_point(const char **at, const AdmMetricPoint *point)
{
	char		name[256];

	adm_metric_point_name(point, name, sizeof(name));
	law_page_has(at, name);
	for (int i = 0; i < ADM_METRIC_LABELS && point->labels[i].name; i++)
	{
		law_page_has(at, i == 0 ? "{" : ",");
		law_page_has(at, point->labels[i].name);
		law_page_has(at, "=\"");
		law_page_has_escaped(at, point->labels[i].value, "\\n\"");
		law_page_has(at, "\"");
	}
	law_page_has(at, point->labels[0].name ? "} " : " ");
	law_page_has_number(at, point->value);
	law_page_has(at, "\n");
}

/* The page in memory of just this size; one byte too far is an error. */
static inline void
law_page_is_cut(const AdmMetricPoint *points, int count, AdmExposition format,
				const char *page, size_t size)
{
	size_t		length = strlen(page);
	size_t		fits = size > length ? length : size - 1;
	char	   *cut = malloc(size);

	LAW(cut != NULL, "malloc");
	LAW(adm_exposition_print(points, count, format, cut, size) == length, page);
	LAW(size == 0 || (memcmp(cut, page, fits) == 0 && cut[fits] == '\0'), page);
	free(cut);
}

/* Prints the points, and checks what can be said of the page. */
static inline void
law_page(const AdmMetricPoint *points, int count, AdmExposition format)
{
	bool		open = format == ADM_EXPOSITION_OPENMETRICS;
	size_t		length = adm_exposition_print(points, count, format, NULL, 0);
	char	   *page = malloc(length + 1);
	const char *at = page;

	LAW(page != NULL, "malloc");
	LAW(adm_exposition_print(points, count, format, page, length + 1) == length, "page");
	LAW(strlen(page) == length, page);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || points[i].metric != points[i - 1].metric)
			law_page_has_family(&at, points[i].metric, open);
		law_page_has_point(&at, &points[i]);
	}
	law_page_has(&at, open ? "# EOF\n" : "");
	LAW(*at == '\0', at);
	law_page_is_cut(points, count, format, page, law_place_in(page, length));
	free(page);
}

#endif							/* ADM_TEST_EXPOSITION_LAWS_H */
