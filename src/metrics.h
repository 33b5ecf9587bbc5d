/*
 * metrics.h - all there is to export, from one table of metrics.
 */
#ifndef ADM_METRICS_H
#define ADM_METRICS_H

#include "policy/exposition.h"

/* The points as of now, those of a family together; palloc'd. */
extern AdmMetricPoint *adm_metrics_collect(int *count);

/* The page as of now; palloc'd. */
extern char *adm_metrics_page(AdmExposition format);

/*
 * For the controller alone: writes the page to pg_admission.metrics_file, if
 * that is set, every few seconds.
 */
extern void adm_metrics_write_file(void);

#endif							/* ADM_METRICS_H */
