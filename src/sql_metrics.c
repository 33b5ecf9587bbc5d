/*
 * sql_metrics.c - the view metrics and the function openmetrics.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "metrics.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

PG_FUNCTION_INFO_V1(adm_metrics);
PG_FUNCTION_INFO_V1(adm_openmetrics);

#define NAME_SIZE	128

static Datum
labels_as_jsonb(const AdmLabel *labels)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < ADM_METRIC_LABELS && labels[i].name; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, labels[i].name);
		appendStringInfoChar(&json, ':');
		escape_json(&json, adm_row_readable(labels[i].value));
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

Datum
adm_metrics(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmMetricPoint *points;
	int			count;

	adm_sql_require_reader("metrics");
	rsinfo = adm_rows_begin(fcinfo);
	points = adm_metrics_collect(&count);
	for (int i = 0; i < count; i++)
	{
		const AdmMetric *metric = points[i].metric;
		char		name[NAME_SIZE];
		AdmRow		row = {.count = 0};

		adm_metric_point_name(&points[i], name, sizeof(name));
		adm_row_put_text(&row, name);
		adm_row_put_text(&row, adm_metric_type_name(metric->type));
		if (metric->unit[0] == '\0')
			adm_row_put_null(&row);
		else
			adm_row_put_text(&row, metric->unit);
		adm_row_put_text(&row, metric->help);
		adm_row_put(&row, labels_as_jsonb(points[i].labels));
		adm_row_put_real(&row, points[i].value);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}

Datum
adm_openmetrics(PG_FUNCTION_ARGS)
{
	adm_sql_require_reader("openmetrics");
	PG_RETURN_DATUM(CStringGetTextDatum(adm_row_readable(adm_metrics_page(ADM_EXPOSITION_OPENMETRICS))));
}
