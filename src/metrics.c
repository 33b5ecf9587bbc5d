/*
 * metrics.c - all there is to export.
 *
 * What has a conventional name has it.  Labels come from fixed sets, so that a
 * storm of roles and applications cannot make a storm of series.  What is not
 * known has no line.
 */
#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "metrics.h"
#include "os/clock.h"
#include "report.h"
#include "samples.h"
#include "service_use.h"
#include "settings.h"
#include "text_file.h"
#include "utils/memutils.h"

#define WRITE_EVERY_MS	5000

/* A monitoring agent runs as another user. */
#define FILE_MODE		(S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

/* More than there are; checked at each point. */
#define MOST_POINTS_OF_SERVICE	24
#define MOST_POINTS				(256 + ADM_SERVICE_ENTRIES * MOST_POINTS_OF_SERVICE)

#define MS_PER_S		1e3

typedef enum Metric
{
	PG_UP,
	MAX_CONNECTIONS,
	ACTIVITY_COUNT,
	MODE,
	LEVEL,
	PHASE,
	PROGRESS,
	HEALTH_BLOCKING,
	CAP,
	CONNECTIONS,
	TRANSACTIONS,
	CPU_DEMAND,
	CPU_USED,
	RUN_QUEUE_WAIT,
	RUNNABLE_BACKENDS,
	USABLE_CORES,
	STALLED,
	THROTTLED,
	STEAL,
	LOAD1,
	MEMORY_AVAILABLE,
	MEMORY_LIMIT,
	SAMPLE_AGE,
	HEARTBEAT_AGE,
	ADMITTED,
	HELD,
	HANDED_ON,
	PASSED,
	REFUSED,
	ABANDONED,
	ENDED,
	WOULD_HOLD,
	SERVER_REFUSED,
	HELD_COMFORTABLE,
	WAIT,
	SERVICE_STATE,
	SERVICE_PROGRESS,
	SERVICE_CAP,
	SERVICE_SESSIONS,
	SERVICE_TRANSACTIONS,
	SERVICE_CPU_USED,
	SERVICE_HELD,
	SERVICE_WAITED,
	SERVICE_REFUSED,
	SERVICE_ABANDONED,
	METRIC_COUNT
} Metric;

#define GAUGE(name, unit, help)		{name, ADM_METRIC_GAUGE, unit, help}
#define COUNTER(name, unit, help)	{name, ADM_METRIC_COUNTER, unit, help}

static const AdmMetric metrics[METRIC_COUNT] = {
	[PG_UP] = GAUGE("pg_up", "", "Whether the server runs; the page is made inside it."),
	[MAX_CONNECTIONS] = GAUGE("pg_settings_max_connections", "", "Connection slots, the reserved ones included."),
	[ACTIVITY_COUNT] = GAUGE("pg_stat_activity_count", "", "Client backends by state, as in pg_stat_activity."),
	[MODE] = GAUGE("pg_admission_mode", "", "1 for the present pg_admission.mode."),
	[LEVEL] = GAUGE("pg_admission_pressure_level", "", "1 for the present level of pressure."),
	[PHASE] = GAUGE("pg_admission_warmup_phase", "", "1 for the present phase of the warm-up; open: none runs."),
	[PROGRESS] = GAUGE("pg_admission_warmup_progress_ratio", "ratio", "How far the warm-up is, 0 to 1; 1 when none runs."),
	[HEALTH_BLOCKING] = GAUGE("pg_admission_health_blocking_findings", "", "Blocking findings of health_check() as last run in each database; absent: not run since the server started."),
	[CAP] = GAUGE("pg_admission_cap", "", "How many permits of a gate may be out; in mode observe, would be; +Inf: no cap."),
	[CONNECTIONS] = GAUGE("pg_admission_connections", "", "Sessions by what they hold at the connection gate."),
	[TRANSACTIONS] = GAUGE("pg_admission_transactions", "", "Transactions by what they hold at the transaction gate; open: no cap stood when they began."),
	[CPU_DEMAND] = GAUGE("pg_admission_cpu_demand_ratio", "ratio", "Time running and waiting for a processor, of what the usable cores have; 1 is exactly busy."),
	[CPU_USED] = GAUGE("pg_admission_cpu_used_ratio", "ratio", "Processor time used, of what the usable cores have."),
	[RUN_QUEUE_WAIT] = GAUGE("pg_admission_run_queue_wait_ratio", "ratio", "Of the time in which the server's processes could run, the share that they waited for a processor."),
	[RUNNABLE_BACKENDS] = GAUGE("pg_admission_runnable_backends", "", "Mean number of the server's processes that ran or waited for a processor."),
	[USABLE_CORES] = GAUGE("pg_admission_usable_cores", "", "Processors the server may use, by affinity, quota or pg_admission.cores."),
	[STALLED] = GAUGE("pg_admission_stalled_ratio", "ratio", "Share of the time in which some or all tasks stood still for want of a resource (PSI)."),
	[THROTTLED] = GAUGE("pg_admission_throttled_ratio", "ratio", "Share of the periods of the control group's quota in which it was used up."),
	[STEAL] = GAUGE("pg_admission_steal_ratio", "ratio", "Share of the processors' time that went to other virtual machines."),
	[LOAD1] = GAUGE("pg_admission_load1", "", "The kernel's load average over one minute."),
	[MEMORY_AVAILABLE] = GAUGE("pg_admission_memory_available_bytes", "bytes", "Memory to be had without swapping, of the machine or the control group."),
	[MEMORY_LIMIT] = GAUGE("pg_admission_memory_limit_bytes", "bytes", "All memory, of the machine or the control group."),
	[SAMPLE_AGE] = GAUGE("pg_admission_sample_age_seconds", "seconds", "Time since the figures of pressure were taken."),
	[HEARTBEAT_AGE] = GAUGE("pg_admission_controller_heartbeat_age_seconds", "seconds", "Time since the controller last did its round; above 60 the gates open."),
	[ADMITTED] = COUNTER("pg_admission_admitted", "", "Logins, and transactions while a cap stood, admitted by permit, at once or after waiting."),
	[HELD] = COUNTER("pg_admission_held", "", "Logins and transactions that had to wait in line."),
	[HANDED_ON] = COUNTER("pg_admission_handed_on", "", "Permits given to a waiter."),
	[PASSED] = COUNTER("pg_admission_passed", "", "Logins and transactions let in beyond the caps: the machine was comfortable, or they blocked others."),
	[REFUSED] = COUNTER("pg_admission_refused", "", "Logins and transactions refused by a gate."),
	[ABANDONED] = COUNTER("pg_admission_abandoned", "", "Logins and transactions whose client had hung up before it was admitted."),
	[ENDED] = COUNTER("pg_admission_ended", "", "Logins and transactions terminated, cancelled or shut down while held."),
	[WOULD_HOLD] = COUNTER("pg_admission_would_hold", "", "Mode observe: logins and transactions that a cap would have held."),
	[SERVER_REFUSED] = COUNTER("pg_admission_server_refused", "", "Logins refused by PostgreSQL itself for want of a slot or by a CONNECTION LIMIT."),
	[HELD_COMFORTABLE] = COUNTER("pg_admission_held_while_comfortable_seconds", "seconds", "Time in which anybody was held for over 0.2 s while the machine was comfortable; should stay 0."),
	[WAIT] = {"pg_admission_wait_seconds", ADM_METRIC_HISTOGRAM, "seconds", "Time in line of those who had to wait, whatever its end."},
	[SERVICE_STATE] = GAUGE("pg_admission_service_state", "", "1 for the present state of a service of pg_admission.services."),
	[SERVICE_PROGRESS] = GAUGE("pg_admission_service_progress_ratio", "ratio", "How far a service has come back after a pause, 0 to 1; 1 when it is open."),
	[SERVICE_CAP] = GAUGE("pg_admission_service_cap", "", "How many sessions or transactions a service may have now: its limit, less while it is paused or comes back; +Inf: no cap of its own."),
	[SERVICE_SESSIONS] = GAUGE("pg_admission_service_connections", "", "Sessions and held logins of a service."),
	[SERVICE_TRANSACTIONS] = GAUGE("pg_admission_service_transactions", "", "Transactions of a service that run, or wait in line."),
	[SERVICE_CPU_USED] = GAUGE("pg_admission_service_cpu_used_ratio", "ratio", "Processor time that the present sessions of a service used, of what the usable cores have."),
	[SERVICE_HELD] = COUNTER("pg_admission_service_held", "", "Logins and transactions of a service that had to wait in line."),
	[SERVICE_WAITED] = COUNTER("pg_admission_service_waited_seconds", "seconds", "Time that logins and transactions of a service were in line, whatever its end."),
	[SERVICE_REFUSED] = COUNTER("pg_admission_service_refused", "", "Logins and transactions of a service refused by a gate."),
	[SERVICE_ABANDONED] = COUNTER("pg_admission_service_abandoned", "", "Logins and transactions of a service whose client had hung up before it was admitted.")
};

/* As in the view waiting. */
static const char *const gate_names[ADM_GATE_COUNT] = {"connection", "transaction"};

typedef struct Collection
{
	AdmMetricPoint *points;
	int			count;
} Collection;

static void
put_point(Collection *c, Metric metric, const char *suffix,
		  AdmLabel first, AdmLabel second, double value)
{
	AdmMetricPoint *point = &c->points[c->count];

	if (isnan(value))
		return;
	if (c->count >= MOST_POINTS)
		elog(ERROR, "too many metrics");
	point->metric = &metrics[metric];
	point->suffix = suffix;
	point->labels[0] = first;
	point->labels[1] = second;
	point->value = value;
	c->count++;
}

static void
put(Collection *c, Metric metric, double value)
{
	put_point(c, metric, "", (AdmLabel) {NULL}, (AdmLabel) {NULL}, value);
}

static void
put_labelled(Collection *c, Metric metric, const char *label, const char *name,
			 double value)
{
	put_point(c, metric, "", (AdmLabel) {label, name}, (AdmLabel) {NULL}, value);
}

/* Of the gate, and perhaps of a kind. */
static void
put_gate(Collection *c, Metric metric, AdmGate gate, const char *label,
		 const char *name, double value)
{
	put_point(c, metric, "", (AdmLabel) {"gate", gate_names[gate]},
			  (AdmLabel) {label, name}, value);
}

static void
put_server(Collection *c)
{
	AdmCompatActivity activity;

	put(c, PG_UP, 1);
	put(c, MAX_CONNECTIONS, MaxConnections);
	adm_compat_activity(&activity);
	for (int i = ADM_COMPAT_FIRST_STATE; i < ADM_COMPAT_STATES; i++)
		put_labelled(c, ACTIVITY_COUNT, "state", adm_compat_state_name(i), activity.count[i]);
}

static double
cap_or_infinity(uint32 cap)
{
	return cap == ADM_NO_CAP ? INFINITY : cap;
}

static void
put_state(Collection *c, const AdmReport *r)
{
	const AdmWarmup *w = &r->state.warmup;

	for (int mode = ADM_MODE_OFF; mode <= ADM_MODE_ENFORCE; mode++)
		put_labelled(c, MODE, "mode", adm_mode_name(mode), (int) r->mode == mode);
	for (int level = 0; level < ADM_LEVEL_COUNT; level++)
		put_labelled(c, LEVEL, "level", adm_level_name(level), (int) r->state.level == level);
	for (int phase = ADM_PHASE_OPEN; phase <= ADM_PHASE_HOLDING; phase++)
		put_labelled(c, PHASE, "phase", adm_phase_name(phase), (int) w->phase == phase);
	put(c, PROGRESS, adm_warmup_progress(w));
	if (r->fitness.checked_at != 0)
		put(c, HEALTH_BLOCKING, r->fitness.blocking);
}

static void
put_connections(Collection *c, const AdmReport *r)
{
	AdmCounts	now = r->counts[ADM_GATE_CONNECTION];
	AdmCounts	cap = r->cap[ADM_GATE_CONNECTION];

	put_gate(c, CAP, ADM_GATE_CONNECTION, "of", "starting", cap_or_infinity(cap.active));
	put_gate(c, CAP, ADM_GATE_CONNECTION, "of", "admitted", cap_or_infinity(cap.present));
	put_labelled(c, CONNECTIONS, "state", "starting", now.active);
	put_labelled(c, CONNECTIONS, "state", "admitted", Max((int) now.present - (int) now.active, 0));
	put_labelled(c, CONNECTIONS, "state", "waiting", now.waiting);
	put_labelled(c, CONNECTIONS, "state", "exempt", Max(r->exempt - r->lane, 0));
	put_labelled(c, CONNECTIONS, "state", "lane", r->lane);
}

static void
put_transactions(Collection *c, const AdmReport *r)
{
	put_gate(c, CAP, ADM_GATE_TRANSACTION, "of", "running",
			 cap_or_infinity(r->cap[ADM_GATE_TRANSACTION].active));
	for (int state = ADM_SLOT_WAITING; state <= ADM_SLOT_OPEN; state++)
		put_labelled(c, TRANSACTIONS, "state",
					 adm_permits_state_name(ADM_GATE_TRANSACTION, (AdmSlotState) state),
					 r->transactions[state]);
}

static void
put_stalled(Collection *c, const char *resource, const char *kind, double value)
{
	put_point(c, STALLED, "", (AdmLabel) {"resource", resource},
			  (AdmLabel) {"kind", kind}, value);
}

static void
put_pressure(Collection *c, const AdmReport *r)
{
	const AdmPressure *p = &r->sample.pressure;

	put(c, CPU_DEMAND, p->cpu_demand);
	put(c, CPU_USED, p->cpu_used);
	put(c, RUN_QUEUE_WAIT, p->run_queue_wait);
	put(c, RUNNABLE_BACKENDS, p->runnable_backends);
	put(c, USABLE_CORES, p->cores);
	put_stalled(c, "cpu", "some", p->cpu_some);
	put_stalled(c, "memory", "some", p->memory_some);
	put_stalled(c, "memory", "full", p->memory_full);
	put_stalled(c, "io", "some", p->io_some);
	put_stalled(c, "io", "full", p->io_full);
	put(c, THROTTLED, p->throttled);
	put(c, STEAL, p->steal);
	put(c, LOAD1, p->load1);
	put(c, MEMORY_AVAILABLE, p->memory_available);
	put(c, MEMORY_LIMIT, p->memory_limit);
	if (r->sample.number > 0)
		put(c, SAMPLE_AGE, (adm_clock_ms() - r->sample.taken_ms) / MS_PER_S);
	if (r->controller.started)
		put(c, HEARTBEAT_AGE, r->controller.heartbeat_age_ms / MS_PER_S);
}

/* What one more would have met, as status has it. */
static const char *const active_cap_names[ADM_GATE_COUNT] = {"start_cap", "transaction_cap"};

static void
put_gate_totals(Collection *c, AdmGate gate, const AdmGateTotals *t)
{
	const uint64 *count = t->count;
	bool		logins = gate == ADM_GATE_CONNECTION;

	put_gate(c, ADMITTED, gate, NULL, NULL, adm_permits_admitted(gate));
	put_gate(c, HELD, gate, NULL, NULL, count[ADM_TOTAL_HELD]);
	put_gate(c, HANDED_ON, gate, NULL, NULL, count[ADM_TOTAL_HANDED_ON]);
	put_gate(c, PASSED, gate, NULL, NULL, count[ADM_TOTAL_PASSED]);
	put_gate(c, REFUSED, gate, "reason", "timeout", count[ADM_TOTAL_REFUSED_TIMEOUT]);
	if (logins)
		put_gate(c, REFUSED, gate, "reason", "slots", count[ADM_TOTAL_REFUSED_SLOTS]);
	put_gate(c, REFUSED, gate, "reason", "service", count[ADM_TOTAL_REFUSED_SERVICE]);
	put_gate(c, ABANDONED, gate, NULL, NULL, adm_counters_abandoned(t));
	put_gate(c, ENDED, gate, NULL, NULL, count[ADM_TOTAL_ENDED]);
	put_gate(c, WOULD_HOLD, gate, "reason", active_cap_names[gate],
			 count[ADM_TOTAL_WOULD_HOLD_ACTIVE]);
	if (logins)
		put_gate(c, WOULD_HOLD, gate, "reason", "connection_cap",
				 count[ADM_TOTAL_WOULD_HOLD_PRESENT]);
}

static void
put_server_totals(Collection *c, const AdmTotals *t)
{
	put_labelled(c, SERVER_REFUSED, "reason", "too_many_clients", t->server[ADM_SERVER_NO_SLOT]);
	put_labelled(c, SERVER_REFUSED, "reason", "reserved_slots", t->server[ADM_SERVER_RESERVED]);
	put_labelled(c, SERVER_REFUSED, "reason", "connection_limit", t->server[ADM_SERVER_LIMIT]);
	put(c, HELD_COMFORTABLE, t->held_comfortable_ms / MS_PER_S);
}

/* OpenMetrics wants bounds as canonical floats: 1.0, not 1. */
static char *
bound_name(int bucket)
{
	uint64		bound_ms = adm_counters_bucket_ms(bucket);

	if (bound_ms == 0)
		return pstrdup("+Inf");
	if (bound_ms % 1000 == 0)
		return psprintf("%d.0", (int) (bound_ms / 1000));
	return psprintf("%g", bound_ms / MS_PER_S);
}

static void
put_waits(Collection *c, AdmGate id, const AdmGateTotals *t)
{
	AdmLabel	gate = {"gate", gate_names[id]};
	uint64		below = 0;

	for (int i = 0; i < ADM_WAIT_BUCKETS; i++)
	{
		below += t->waits[i];
		put_point(c, WAIT, "_bucket", gate,
				  (AdmLabel) {"le", bound_name(i)}, below);
	}
	put_point(c, WAIT, "_sum", gate, (AdmLabel) {NULL}, t->waited_ms / MS_PER_S);
	put_point(c, WAIT, "_count", gate, (AdmLabel) {NULL}, below);
}

/*
 * Services.  Their names come from the configuration, and there are never more
 * than so many.
 */

static void
put_service(Collection *c, Metric metric, const char *service, const char *label,
			const char *name, double value)
{
	put_point(c, metric, "", (AdmLabel) {"service", service}, (AdmLabel) {label, name}, value);
}

static void
put_service_state(Collection *c, const char *name, const AdmServiceView *view)
{
	AdmServicePhase now = adm_services_view_phase(view);

	for (int phase = 0; phase < ADM_SERVICE_PHASE_COUNT; phase++)
		put_service(c, SERVICE_STATE, name, "state",
					adm_service_phase_name((AdmServicePhase) phase), (int) now == phase);
	put_service(c, SERVICE_PROGRESS, name, NULL, NULL,
				adm_services_view_progress(view));
}

static void
put_service_counts(Collection *c, const char *name, const AdmServiceCounts *counts)
{
	put_service(c, SERVICE_SESSIONS, name, "state", "admitted", counts->sessions);
	put_service(c, SERVICE_SESSIONS, name, "state", "waiting", counts->logins_waiting);
	put_service(c, SERVICE_TRANSACTIONS, name, "state", "running", counts->running);
	put_service(c, SERVICE_TRANSACTIONS, name, "state", "waiting", counts->waiting);
}

static void
put_service_caps(Collection *c, const char *name, int service)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		put_service(c, SERVICE_CAP, name, "gate", gate_names[gate],
					cap_or_infinity(adm_word_counts(adm_services_caps((AdmGate) gate, service)).present));
}

/* Of what the usable cores have, as that of all processes. */
static void
put_service_use(Collection *c, const char *name, int service, const AdmServiceUse *use, double cores)
{
	if (use->known)
		put_service(c, SERVICE_CPU_USED, name, NULL, NULL, use->of_service[service] / cores);
}

static void
put_service_totals(Collection *c, const char *name, int service)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		AdmGateTotals t;

		adm_counters_read_service((AdmGate) gate, service, &t);
		put_service(c, SERVICE_HELD, name, "gate", gate_names[gate], t.count[ADM_TOTAL_HELD]);
		put_service(c, SERVICE_WAITED, name, "gate", gate_names[gate], t.waited_ms / MS_PER_S);
		put_service(c, SERVICE_REFUSED, name, "gate", gate_names[gate], adm_counters_refused(&t));
		put_service(c, SERVICE_ABANDONED, name, "gate", gate_names[gate], adm_counters_abandoned(&t));
	}
}

static void
put_services(Collection *c, double cores)
{
	AdmServiceCounts counts[ADM_SERVICE_ENTRIES];
	AdmServiceUse use;

	adm_permits_count_services(counts);
	adm_service_use_read(&use);
	for (int i = 0; i < adm_services_end(); i++)
	{
		AdmServiceView view;
		char	   *name;

		if (!adm_services_view(i, &view))
			continue;
		name = pstrdup(view.name);
		put_service_state(c, name, &view);
		put_service_caps(c, name, i);
		put_service_counts(c, name, &counts[i]);
		put_service_use(c, name, i, &use, cores);
		put_service_totals(c, name, i);
	}
}

/* The formats want the points of a metric together: in the order of the table. */
static AdmMetricPoint *
sort_by_metric(const Collection *c)
{
	AdmMetricPoint *sorted = palloc(MOST_POINTS * sizeof(AdmMetricPoint));
	int			n = 0;

	for (int metric = 0; metric < METRIC_COUNT; metric++)
		for (int i = 0; i < c->count; i++)
		{
			if (c->points[i].metric == &metrics[metric])
				sorted[n++] = c->points[i];
		}
	return sorted;
}

AdmMetricPoint *
adm_metrics_collect(int *count)
{
	Collection	c = {palloc0(MOST_POINTS * sizeof(AdmMetricPoint)), 0};
	AdmReport	report;

	adm_report_read(&report);
	put_server(&c);
	put_state(&c, &report);
	put_connections(&c, &report);
	put_transactions(&c, &report);
	put_pressure(&c, &report);
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		put_gate_totals(&c, (AdmGate) gate, &report.totals.gate[gate]);
	put_server_totals(&c, &report.totals);
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		put_waits(&c, (AdmGate) gate, &report.totals.gate[gate]);
	put_services(&c, report.sample.pressure.cores);
	*count = c.count;
	return sort_by_metric(&c);
}

char *
adm_metrics_page(AdmExposition format)
{
	int			count;
	AdmMetricPoint *points = adm_metrics_collect(&count);
	size_t		length = adm_exposition_print(points, count, format, NULL, 0);
	char	   *page = palloc(length + 1);

	(void) adm_exposition_print(points, count, format, page, length + 1);
	return page;
}

/* The setting's memory changes hands at a reload. */
static void
follow_path(AdmTextFile *file)
{
	if (file->path && strcmp(file->path, adm_metrics_file) == 0)
		return;
	if (file->path)
		pfree((char *) file->path);
	file->path = MemoryContextStrdup(TopMemoryContext, adm_metrics_file);
	file->failing = false;
}

void
adm_metrics_write_file(void)
{
	static AdmTextFile file = {
		.purpose = "metrics file",
		.consequence = "Until this is mended, the metrics there are old.",
		.mode = FILE_MODE
	};
	static int64 written_ms = 0;
	MemoryContext context;
	MemoryContext before;
	char	   *page;

	if (adm_metrics_file[0] == '\0' ||
		(written_ms > 0 && adm_clock_ms() - written_ms < WRITE_EVERY_MS))
		return;
	written_ms = adm_clock_ms();
	follow_path(&file);
	context = AllocSetContextCreate(TopMemoryContext, "pg_admission metrics",
									ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	page = adm_metrics_page(ADM_EXPOSITION_PROMETHEUS);
	(void) adm_text_file_replace(&file, page, strlen(page), false);
	adm_compat_forget_activity();
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}
