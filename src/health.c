/*
 * health.c - runs the health checks.
 *
 * The checks are SQL (health/), and know nothing of each other.  Each runs in a
 * subtransaction with a timeout of its own, so that one that fails costs the
 * reader one answer and not all.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "deep_check.h"
#include "executor/spi.h"
#include "fitness.h"
#include "health.h"
#include "health_checks.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "pgstat.h"
#include "samples.h"
#include "state.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timeout.h"

#define CHECK_TIMEOUT_MS	5000
#define LOCK_TIMEOUT		"100ms"
#define RESTS_PER_WORK		7

#define TURN_KEY			0x61646d	/* any: no database has number 0 */
#define TURN_CLASS			1

/* Columns of a check's result. */
enum
{
	COLUMN_SEVERITY = 1,
	COLUMN_OBJECT,
	COLUMN_EVIDENCE,
	COLUMN_COST,
	COLUMN_REMEDY
};

#define PARAMETERS	3

typedef struct Parameters
{
	Datum		values[PARAMETERS]; /* cores, memory in bytes, profile */
	char		nulls[PARAMETERS];
} Parameters;

static volatile sig_atomic_t check_timed_out = false;
static TimeoutId check_timeout = MAX_TIMEOUTS;

/*
 * The timeout of a check.  The session's own statement_timeout goes on beside
 * it.
 */

static void
cancel_check(void)
{
	check_timed_out = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static void
start_timeout(void)
{
	if (check_timeout == MAX_TIMEOUTS)
		check_timeout = RegisterTimeout(USER_TIMEOUT, cancel_check);
	check_timed_out = false;
	enable_timeout_after(check_timeout, CHECK_TIMEOUT_MS);
}

/* If it came when the check had just ended, nobody else must be cancelled. */
static void
stop_timeout(void)
{
	disable_timeout(check_timeout, false);
	if (check_timed_out)
		QueryCancelPending = false;
}

/*
 * Findings.
 */

/*
 * A column of a finding.  Names may have line ends in them: what stands behind
 * "--" in a remedy must not become a statement.
 */
static char *
column(uint64 row, int number)
{
	char	   *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number);

	for (char *c = text; c && *c != '\0'; c++)
	{
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	}
	return text;
}

static void
add_rows(AdmFindings *all, int check)
{
	for (uint64 i = 0; i < SPI_processed; i++)
		adm_findings_add(all, (AdmFinding) {
			.severity = adm_severity_by_name(column(i, COLUMN_SEVERITY)),
			.check = adm_health_checks[check].name,
			.object = column(i, COLUMN_OBJECT),
			.evidence = column(i, COLUMN_EVIDENCE),
			.cost = column(i, COLUMN_COST),
			.remedy = column(i, COLUMN_REMEDY)
		});
}

static void
add_remark(AdmFindings *all, int check, AdmSeverity severity, const char *remark)
{
	adm_findings_add(all, (AdmFinding) {
		.severity = severity,
		.check = adm_health_checks[check].name,
		.evidence = remark
	});
}

/*
 * Running.
 */

static void
run_query(AdmFindings *all, int check, const Parameters *p, MemoryContext context)
{
	static Oid	types[PARAMETERS] = {FLOAT8OID, FLOAT8OID, TEXTOID};
	int			result;

	result = SPI_execute_with_args(adm_health_checks[check].query, PARAMETERS, types,
								   (Datum *) p->values, p->nulls, true, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	MemoryContextSwitchTo(context);
	if (SPI_processed == 0)
		add_remark(all, check, ADM_SEVERITY_OK, "nothing found");
	else
		add_rows(all, check);
	SPI_freetuptable(SPI_tuptable);
}

/* Whoever asked for the whole to end is obeyed. */
static bool
ends_all(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED && !check_timed_out;
}

static void
add_failure(AdmFindings *all, int check, const ErrorData *error)
{
	add_remark(all, check, ADM_SEVERITY_UNKNOWN, check_timed_out ?
			   psprintf("could not be checked: it took more than %d s", CHECK_TIMEOUT_MS / 1000) :
			   psprintf("could not be checked: %s", error->message));
}

static void
run_check(AdmFindings *all, int check, const Parameters *p)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	start_timeout();
	PG_TRY();
	{
		run_query(all, check, p, context);
		stop_timeout();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		stop_timeout();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error == NULL)
		return;
	if (ends_all(error))
	{
		/* Not the text of the check. */
		error->context = psprintf("health check \"%s\"", adm_health_checks[check].name);
		ReThrowError(error);
	}
	add_failure(all, check, error);
}

static void
set_real(Parameters *p, int i, double value)
{
	p->values[i] = Float8GetDatum(value);
	p->nulls[i] = isnan(value) ? 'n' : ' ';
}

/* The machine by the last sample, where there is one. */
static Parameters
read_parameters(const char *profile)
{
	Parameters	p;
	AdmMachineSample sample;

	sample.number = 0;
	if (adm_state_attached())
		adm_samples_machine(&sample);
	set_real(&p, 0, sample.number > 0 ? sample.pressure.cores : NAN);
	set_real(&p, 1, sample.number > 0 ? sample.pressure.memory_limit : NAN);
	p.values[2] = profile ? CStringGetTextDatum(profile) : (Datum) 0;
	p.nulls[2] = profile ? ' ' : 'n';
	return p;
}

static const AdmHealthCheck *
check_by_name(const char *name)
{
	for (int i = 0; i < adm_health_check_count; i++)
	{
		if (strcmp(adm_health_checks[i].name, name) == 0)
			return &adm_health_checks[i];
	}
	return NULL;
}

/* The deep check is none of them, and of a database. */
static bool
is_of_server(const AdmFinding *f)
{
	const AdmHealthCheck *check = check_by_name(f->check);

	return check && check->of_server;
}

static bool
leaves_open(const AdmFinding *f)
{
	const AdmHealthCheck *check = check_by_name(f->check);

	return f->severity == ADM_SEVERITY_UNKNOWN && check && check->may_block;
}

/* What blocks, of this database or of the server; the first one is the worst. */
static void
record_blocking(const AdmFindings *all, bool of_server)
{
	AdmBlocked	b;

	memset(&b, 0, sizeof(b));
	b.database = of_server ? InvalidOid : MyDatabaseId;
	if (!of_server)
		strlcpy(b.database_name, get_database_name(MyDatabaseId), sizeof(b.database_name));
	for (int i = 0; i < all->count; i++)
	{
		const AdmFinding *f = &all->findings[i];

		if (is_of_server(f) != of_server)
			continue;
		b.incomplete |= leaves_open(f);
		if (f->severity != ADM_SEVERITY_BLOCKING || b.findings++ > 0)
			continue;
		adm_findings_clip(b.finding, sizeof(b.finding),
						  psprintf("%s: %s: %s", f->check, f->object, f->evidence));
		adm_findings_clip(b.remedy, sizeof(b.remedy), f->remedy ? f->remedy : "");
	}
	adm_fitness_record(&b);
}

/*
 * For the checks alone.  On a new instance the planner knows as little of the
 * catalogs as of anything: it must not take thousands of tables for a few.
 */
static void
change_settings(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"lock_timeout", LOCK_TIMEOUT},
		{"enable_nestloop", "off"},
		{"max_parallel_workers_per_gather", "0"},
		{"jit", "off"}
	};

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * One run at a time in the whole server: however many ask, and whatever they
 * would cost, they use no more than one processor.  An advisory lock of no
 * database, which nobody else can take, so that whoever waits is seen in
 * pg_locks and can be cancelled.
 */
static void
set_turn(LOCKTAG *turn)
{
	SET_LOCKTAG_ADVISORY(*turn, InvalidOid, TURN_KEY, 0, TURN_CLASS);
}

/* While the machine is wanted, a run takes an eighth of one processor. */
static void
rest(int64 worked_ms)
{
	if (!adm_state_attached() || adm_state_warmup().level == ADM_LEVEL_COMFORTABLE)
		return;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 (long) (worked_ms * RESTS_PER_WORK), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static bool
is_wanted(const AdmHealthCheck *check, bool may_block_only, const char *profile)
{
	if (check->compares && profile == NULL)
		return false;
	return check->may_block || !may_block_only;
}

AdmFindings
adm_health_run(bool may_block_only, const char *profile)
{
	MemoryContext context = CurrentMemoryContext;
	AdmFindings all = adm_findings_none();
	Parameters	parameters = read_parameters(profile);
	LOCKTAG		turn;
	int			nest_level;

	set_turn(&turn);
	(void) LockAcquire(&turn, ExclusiveLock, false, false);
	nest_level = NewGUCNestLevel();
	change_settings();
	SPI_connect();
	MemoryContextSwitchTo(context);
	for (int i = 0; i < adm_health_check_count; i++)
	{
		int64		began_ms = adm_clock_ms();

		if (!is_wanted(&adm_health_checks[i], may_block_only, profile))
			continue;
		run_check(&all, i, &parameters);
		rest(adm_clock_ms() - began_ms);
	}
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	LockRelease(&turn, ExclusiveLock, false);
	if (adm_state_attached())
		adm_deep_check_add_damage(&all);
	adm_findings_sort(&all);
	if (adm_state_attached())
	{
		record_blocking(&all, false);
		record_blocking(&all, true);
	}
	return all;
}
