/*
 * test_exposition.c - tests of metrics as a page of text.  What is true of any
 * page is checked by ../fuzz/exposition_laws.h.
 *
 * Pages are printed into memory of just their size, so that writing one byte
 * too far is an error that the sanitizer sees.
 */
#include "rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/exposition_laws.h"
#include "policy/exposition.h"
#include "seeded.h"

/* Short words for the tables. */
#define PROMETHEUS	ADM_EXPOSITION_PROMETHEUS
#define OPENMETRICS	ADM_EXPOSITION_OPENMETRICS

static const AdmMetric up = {
	"pg_up", ADM_METRIC_GAUGE, "", "Whether the server is up."
};
static const AdmMetric demand = {
	"pg_admission_cpu_demand_ratio", ADM_METRIC_GAUGE, "ratio", "Demand."
};
static const AdmMetric admitted = {
	"pg_admission_admitted", ADM_METRIC_COUNTER, "", "Logins let in."
};
static const AdmMetric held = {
	"pg_admission_held_seconds", ADM_METRIC_COUNTER, "seconds", "Time that logins waited."
};
static const AdmMetric waits = {
	"pg_admission_wait_seconds", ADM_METRIC_HISTOGRAM, "seconds", "Waits of logins."
};
static const AdmMetric odd = {
	"odd", ADM_METRIC_GAUGE, "", "A \"quote\",\na back\\slash and caf\xc3\xa9."
};

static const AdmMetricPoint all_points[] = {
	{&up, "", {{NULL, NULL}}, 1},
	{&demand, "", {{NULL, NULL}}, 1.5},
	{&admitted, "", {{"gate", "connection"}, {"role", "all"}}, 12345},
	{&admitted, "", {{"gate", "transaction"}}, 0},
	{&held, "", {{NULL, NULL}}, 0.25},
	{&waits, "_bucket", {{"le", "0.1"}}, 3},
	{&waits, "_bucket", {{"le", "+Inf"}}, 4},
	{&waits, "_sum", {{NULL, NULL}}, 12.125},
	{&waits, "_count", {{NULL, NULL}}, 4},
	{&odd, "", {{"text", "\"a\"\n\\b\\n"}, {"empty", ""}}, NAN},
};

static const char prometheus_page[] =
"# HELP pg_up Whether the server is up.\n"
"# TYPE pg_up gauge\n"
"pg_up 1\n"
"# HELP pg_admission_cpu_demand_ratio Demand.\n"
"# TYPE pg_admission_cpu_demand_ratio gauge\n"
"pg_admission_cpu_demand_ratio 1.5\n"
"# HELP pg_admission_admitted_total Logins let in.\n"
"# TYPE pg_admission_admitted_total counter\n"
"pg_admission_admitted_total{gate=\"connection\",role=\"all\"} 12345\n"
"pg_admission_admitted_total{gate=\"transaction\"} 0\n"
"# HELP pg_admission_held_seconds_total Time that logins waited.\n"
"# TYPE pg_admission_held_seconds_total counter\n"
"pg_admission_held_seconds_total 0.25\n"
"# HELP pg_admission_wait_seconds Waits of logins.\n"
"# TYPE pg_admission_wait_seconds histogram\n"
"pg_admission_wait_seconds_bucket{le=\"0.1\"} 3\n"
"pg_admission_wait_seconds_bucket{le=\"+Inf\"} 4\n"
"pg_admission_wait_seconds_sum 12.125\n"
"pg_admission_wait_seconds_count 4\n"
"# HELP odd A \"quote\",\\na back\\\\slash and caf\xc3\xa9.\n"
"# TYPE odd gauge\n"
"odd{text=\"\\\"a\\\"\\n\\\\b\\\\n\",empty=\"\"} NaN\n";

static const char openmetrics_page[] =
"# HELP pg_up Whether the server is up.\n"
"# TYPE pg_up gauge\n"
"pg_up 1\n"
"# HELP pg_admission_cpu_demand_ratio Demand.\n"
"# TYPE pg_admission_cpu_demand_ratio gauge\n"
"# UNIT pg_admission_cpu_demand_ratio ratio\n"
"pg_admission_cpu_demand_ratio 1.5\n"
"# HELP pg_admission_admitted Logins let in.\n"
"# TYPE pg_admission_admitted counter\n"
"pg_admission_admitted_total{gate=\"connection\",role=\"all\"} 12345\n"
"pg_admission_admitted_total{gate=\"transaction\"} 0\n"
"# HELP pg_admission_held_seconds Time that logins waited.\n"
"# TYPE pg_admission_held_seconds counter\n"
"# UNIT pg_admission_held_seconds seconds\n"
"pg_admission_held_seconds_total 0.25\n"
"# HELP pg_admission_wait_seconds Waits of logins.\n"
"# TYPE pg_admission_wait_seconds histogram\n"
"# UNIT pg_admission_wait_seconds seconds\n"
"pg_admission_wait_seconds_bucket{le=\"0.1\"} 3\n"
"pg_admission_wait_seconds_bucket{le=\"+Inf\"} 4\n"
"pg_admission_wait_seconds_sum 12.125\n"
"pg_admission_wait_seconds_count 4\n"
"# HELP odd A \\\"quote\\\",\\na back\\\\slash and caf\xc3\xa9.\n"
"# TYPE odd gauge\n"
"odd{text=\"\\\"a\\\"\\n\\\\b\\\\n\",empty=\"\"} NaN\n"
"# EOF\n";

typedef struct PageRow
{
	const char *label;
	AdmExposition format;
	int			count;			/* of all_points */
	const char *expected;
} PageRow;

static const PageRow page_rows[] = {
	{"Prometheus", PROMETHEUS, COUNT_OF(all_points), prometheus_page},
	{"OpenMetrics", OPENMETRICS, COUNT_OF(all_points), openmetrics_page},
	{"Prometheus, nothing", PROMETHEUS, 0, ""},
	{"OpenMetrics, nothing", OPENMETRICS, 0, "# EOF\n"},
};

static void
pages(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(page_rows); i++)
	{
		const PageRow *row = &page_rows[i];
		char		page[8192];
		size_t		length = adm_exposition_print(all_points, row->count, row->format,
												  page, sizeof(page));

		assert_row_string(row->label, page, row->expected);
		assert_row_int(row->label, length, strlen(row->expected));
		law_page(all_points, row->count, row->format);
	}
}

/* Whatever the size, what fits is there, ended, and the length is known. */
static void
check_cut(const PageRow *row, size_t size)
{
	size_t		whole = strlen(row->expected);
	size_t		fits = size == 0 ? 0 : size - 1 < whole ? size - 1 : whole;
	char	   *page = malloc(size > 0 ? size : 1);

	assert_non_null(page);
	memset(page, '~', size > 0 ? size : 1);
	assert_row_int(row->label,
				   adm_exposition_print(all_points, row->count, row->format, page, size),
				   whole);
	if (size == 0)
		assert_row(row->label, page[0] == '~');
	else
	{
		assert_row(row->label, memcmp(page, row->expected, fits) == 0);
		assert_row(row->label, page[fits] == '\0');
	}
	free(page);
}

static void
pages_cut_at_every_size(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(page_rows); i++)
	{
		const PageRow *row = &page_rows[i];

		for (size_t size = 0; size <= strlen(row->expected) + 3; size++)
			check_cut(row, size);
		assert_row_int(row->label,
					   adm_exposition_print(all_points, row->count, row->format, NULL, 0),
					   strlen(row->expected));
	}
}

/*
 * Numbers.
 */

typedef struct NumberRow
{
	double		value;
	const char *expected;
} NumberRow;

static const NumberRow number_rows[] = {
	{0, "0"},
	{1, "1"},
	{-1, "-1"},
	{0.5, "0.5"},
	{-0.125, "-0.125"},
	{1.0 / 3, "0.333333333333"},
	{123456.789, "123456.789"},
	{1234567891.3, "1234567891.3"},
	{1e-9, "1e-09"},
	{1e6, "1000000"},
	{1e15, "1000000000000000"},
	{4294967296.0, "4294967296"},
	{9007199254740991.0, "9007199254740991"},
	{9007199254740992.0, "9007199254740992"},
	{-9007199254740992.0, "-9007199254740992"},
	{9007199254740994.0, "9.00719925474e+15"},
	{1.7976931348623157e308, "1.79769313486e+308"},
	{5e-324, "4.94065645841e-324"},
	{NAN, "NaN"},
	{-NAN, "NaN"},
	{INFINITY, "+Inf"},
	{-INFINITY, "-Inf"},
};

static void
numbers(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(number_rows); i++)
	{
		const NumberRow *row = &number_rows[i];
		const AdmMetricPoint point = {&up, "", {{NULL, NULL}}, row->value};
		char		page[256];
		char		expected[256];

		snprintf(expected, sizeof(expected),
				 "# HELP pg_up Whether the server is up.\n"
				 "# TYPE pg_up gauge\n"
				 "pg_up %s\n", row->expected);
		adm_exposition_print(&point, 1, PROMETHEUS, page, sizeof(page));
		assert_row_string(row->expected, page, expected);
	}
}

/* Whole numbers come back exactly, others to nine digits. */
static void
numbers_come_back(void **state)
{
	Seeded		random = {701};

	(void) state;
	for (int i = 0; i < 100000; i++)
	{
		bool		whole = seeded_once_in(&random, 2);
		double		value = (double) (seeded_next(&random) >> (11 + seeded_below(&random, 50)));
		AdmMetricPoint point = {&up, "", {{NULL, NULL}}, 0};
		char		page[256];
		double		back;

		point.value = whole ? value : value / 1e5;
		adm_exposition_print(&point, 1, PROMETHEUS, page, sizeof(page));
		back = strtod(strrchr(page, ' '), NULL);
		if (whole)
			assert_true(back == point.value);
		else
			assert_true(fabs(back - point.value) <= 1e-8 * point.value);
	}
}

/*
 * Names.
 */

typedef struct NameRow
{
	const AdmMetric *metric;
	const char *suffix;
	const char *expected;
} NameRow;

static const NameRow name_rows[] = {
	{&up, "", "pg_up"},
	{&admitted, "", "pg_admission_admitted_total"},
	{&held, "", "pg_admission_held_seconds_total"},
	{&waits, "_bucket", "pg_admission_wait_seconds_bucket"},
	{&waits, "_sum", "pg_admission_wait_seconds_sum"},
	{&waits, "_count", "pg_admission_wait_seconds_count"},
};

static void
names(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(name_rows); i++)
	{
		const NameRow *row = &name_rows[i];
		const AdmMetricPoint point = {row->metric, row->suffix, {{"a", "b"}}, 7};
		char		name[64];
		char		cut[6];

		adm_metric_point_name(&point, name, sizeof(name));
		assert_row_string(row->expected, name, row->expected);
		adm_metric_point_name(&point, cut, sizeof(cut));
		assert_row_int(row->expected, strlen(cut), 5);
		assert_row(row->expected, strncmp(cut, row->expected, 5) == 0);
	}
	assert_string_equal(adm_metric_type_name(ADM_METRIC_GAUGE), "gauge");
	assert_string_equal(adm_metric_type_name(ADM_METRIC_COUNTER), "counter");
	assert_string_equal(adm_metric_type_name(ADM_METRIC_HISTOGRAM), "histogram");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(pages_cut_at_every_size),
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
