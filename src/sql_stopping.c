/*
 * sql_stopping.c - whom the caller may stop, and stopping them, for
 * cancel_backends() and terminate_backends().
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type_d.h"
#include "events.h"
#include "exemption.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "sql_access.h"
#include "sql_row.h"
#include "stopping.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_protection);
PG_FUNCTION_INFO_V1(adm_stop_backends);
PG_FUNCTION_INFO_V1(adm_readable);

#define LOOK_OFTEN_MS	20
#define LOOK_LATER_MS	100
#define LOOK_OFTEN_FOR_MS	500

/*
 * Whom.
 */

/* By the role's present name; a held login has no role yet. */
static const char *
exempt_because(const char *login_role, Oid role)
{
	const char *role_name = OidIsValid(role) ? GetUserNameFromId(role, true) : login_role;

	if (OidIsValid(role) && superuser_arg(role))
		return "a superuser's session";
	if (role_name == NULL)
		return NULL;
	switch (adm_exemption_of(role_name))
	{
		case ADM_EXEMPTION_FULL:
			return "a session with reserved slots";
		case ADM_EXEMPTION_LANE:
			return "a session of an exempt role";
		case ADM_EXEMPTION_NONE:
		case ADM_EXEMPTION_UNKNOWN_ROLE:
			break;
	}
	return NULL;
}

/*
 * The rules of pg_terminate_backend() for client backends, which are the same
 * from 15 to 19.  Who has not said its role yet might be a superuser.
 */
static const char *
not_permitted_because(Oid role)
{
	if (!OidIsValid(role) || superuser_arg(role))
		return superuser() ? NULL : "not permitted: only a superuser may stop it";
	if (has_privs_of_role(GetUserId(), role) ||
		has_privs_of_role(GetUserId(), ROLE_PG_SIGNAL_BACKEND))
		return NULL;
	return "not permitted: it takes membership in its role, or in pg_signal_backend";
}

/* Why the caller must not stop it; NULL: it may. */
static const char *
protected_because(AdmTarget target, const AdmSession *session, bool include_protected)
{
	Oid			role = adm_stopping_role(target);
	const char *why;

	if (target.pid == MyProcPid)
		return "your own session";
	if (session->replicates)
		return "it replicates";
	why = not_permitted_because(role);
	if (why == NULL && !include_protected)
		why = exempt_because(session->login.role, role);
	if (why == NULL && !include_protected && session->exempt)
		why = "a session that was exempt at its login";
	return why;
}

/* It would be no protection if anybody could take it away. */
static bool
may_include_protected(bool wanted)
{
	if (wanted && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to use include_protected")));
	return wanted;
}

/* NULL: the caller may stop it, or it has gone. */
Datum
adm_protection(PG_FUNCTION_ARGS)
{
	AdmTarget	target = {PG_GETARG_INT32(0), PG_GETARG_TIMESTAMPTZ(1)};
	AdmSession	session;
	const char *why = NULL;

	adm_sql_require_preloaded();
	if (adm_stopping_find(target, &session))
		why = protected_because(target, &session, may_include_protected(PG_GETARG_BOOL(2)));
	if (why == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(CStringGetTextDatum(why));
}

/* For comparing a query's text that may come from a database of any encoding. */
Datum
adm_readable(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(CStringGetTextDatum(adm_row_readable(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}

/*
 * Stopping them.
 */

typedef struct Victim
{
	AdmTarget	target;
	AdmSession	session;
	AdmDoing	doing;			/* before the first signal */
	bool		reports;		/* doing is known: a held login has none */
	bool		cancelled;
	bool		terminated;
	bool		has_gone;		/* as far as it is known */
	const char *done;			/* in words, if nothing was */
	uint64		event;			/* the last one about it; 0: none */
} Victim;

typedef struct Call
{
	Victim	   *victims;
	int			count;
	bool		terminate;
	bool		include_protected;
	int64		grace_ms;
	int64		wait_ms;
	const char *criteria;
} Call;

static void
record_signal(const Call *call, Victim *v, AdmSignal signal)
{
	AdmEventEntry entry = adm_events_about(&v->session, v->doing.query_start);
	bool		cancel = signal == ADM_SIGNAL_CANCEL;

	adm_events_set_outcome(v->event, "went on");
	strlcpy(entry.outcome, "signal sent", sizeof(entry.outcome));
	v->event = adm_events_add(&entry, ADM_EVENT_STOP,
							  psprintf("pg_admission %s process %d of role \"%s\"",
									   cancel ? "cancels what is done by" : "terminates",
									   v->target.pid, v->session.login.role),
							  psprintf("Criteria: %s.", call->criteria));
}

/* A held login can be cancelled, and whoever does not tell what it does. */
static bool
can_cancel(const Victim *v)
{
	return !v->reports || !adm_stopping_is_idle(&v->doing);
}

/* Returns whether it was sent. */
static bool
send_signal(Victim *v, AdmSignal signal)
{
	int			error;

	if (v->done || v->has_gone)
		return false;
	if (signal == ADM_SIGNAL_CANCEL && !can_cancel(v))
		return false;
	if (signal == ADM_SIGNAL_CANCEL && v->reports)
		v->has_gone = adm_stopping_has_ended(v->target, &v->doing);
	if (v->has_gone || !adm_stopping_signal(v->target, signal, &error))
	{
		v->has_gone = true;
		return false;
	}
	if (error != 0)
	{
		v->done = psprintf("failed: %s", strerror(error));
		return false;
	}
	if (signal == ADM_SIGNAL_CANCEL)
		v->cancelled = true;
	else
		v->terminated = true;
	return true;
}

/*
 * All signals first, by what they do now, and then the record: the log may be
 * slow.
 */
static void
signal_all(const Call *call, AdmSignal signal)
{
	bool	   *sent = palloc0(Max(call->count, 1) * sizeof(bool));

	adm_compat_forget_activity();
	for (int i = 0; i < call->count; i++)
		sent[i] = send_signal(&call->victims[i], signal);
	for (int i = 0; i < call->count; i++)
	{
		if (sent[i])
			record_signal(call, &call->victims[i], signal);
	}
}

/* Before it is terminated, a transaction that idles may still end by itself. */
static bool
may_end_by_itself(const Call *call, const Victim *v)
{
	return call->terminate && v->reports && v->doing.transaction_start != 0;
}

/* Whether there is nothing to wait for any more. */
static bool
is_settled(const Call *call, Victim *v)
{
	if (v->done || v->has_gone)
		return true;
	if (v->terminated)
		v->has_gone = adm_stopping_has_left(v->target);
	else if (v->cancelled || may_end_by_itself(call, v))
		v->has_gone = adm_stopping_has_ended(v->target, &v->doing);
	else
		return true;
	return v->has_gone;
}

static bool
all_settled(Call *call)
{
	bool		all = true;

	adm_compat_forget_activity();
	for (int i = 0; i < call->count; i++)
		all &= is_settled(call, &call->victims[i]);
	return all;
}

/* Until all have gone, or the time is over. */
static void
wait_for_all(Call *call, int64 wait_ms)
{
	int64		began_ms = adm_clock_ms();

	while (!all_settled(call))
	{
		int64		waited_ms = adm_clock_ms() - began_ms;
		int64		nap_ms = waited_ms < LOOK_OFTEN_FOR_MS ? LOOK_OFTEN_MS : LOOK_LATER_MS;

		if (waited_ms >= wait_ms)
			return;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (long) Min(nap_ms, wait_ms - waited_ms), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
judge(Call *call, Victim *v)
{
	const char *why;

	if (!adm_stopping_find(v->target, &v->session))
	{
		v->has_gone = true;
		return;
	}
	why = protected_because(v->target, &v->session, call->include_protected);
	if (why)
		v->done = psprintf("left alone: %s", why);
	v->reports = adm_stopping_doing(v->target, &v->doing);
}

static void
stop_all(Call *call)
{
	bool		gently = !call->terminate || call->grace_ms > 0;

	adm_compat_forget_activity();
	for (int i = 0; i < call->count; i++)
		judge(call, &call->victims[i]);
	if (gently)
		signal_all(call, ADM_SIGNAL_CANCEL);
	if (call->terminate && gently)
		wait_for_all(call, call->grace_ms);
	if (call->terminate)
		signal_all(call, ADM_SIGNAL_TERMINATE);
	if (call->wait_ms > 0)
		wait_for_all(call, call->wait_ms);
	else
		(void) all_settled(call);
}

/*
 * What came of it.
 */

static const char *
words_for(const Victim *v)
{
	if (v->done)
		return v->done;
	if (v->cancelled)
		return v->terminated ? "cancelled, then terminated" : "cancelled";
	if (v->terminated)
		return "terminated";
	if (v->has_gone)
		return v->reports ? "it has ended by itself" : "it had gone already";
	return v->doing.state == STATE_IDLE ?
		"nothing to cancel: it is idle" : "nothing to cancel: it is idle in transaction";
}

static void
record_outcome(const Call *call, const Victim *v)
{
	if (v->event == 0)
		return;
	if (v->has_gone)
		adm_events_set_outcome(v->event, v->terminated ? "gone" : "ended");
	else if (call->wait_ms > 0)
		adm_events_set_outcome(v->event,
							   psprintf("still there after %lld ms", (long long) call->wait_ms));
}

static void
put_victim(ReturnSetInfo *rsinfo, const Call *call, const Victim *v)
{
	bool		nothing_sent = !v->cancelled && !v->terminated;
	AdmRow		row = {.count = 0};

	adm_row_put(&row, Int32GetDatum(v->target.pid));
	adm_row_put(&row, TimestampTzGetDatum(v->target.start));
	adm_row_put_text(&row, words_for(v));
	if (v->done || (!v->has_gone && (nothing_sent || call->wait_ms == 0)))
		adm_row_put_null(&row);
	else
		adm_row_put(&row, BoolGetDatum(v->has_gone));
	adm_rows_add(rsinfo, &row);
}

/* Null is none. */
static int64
wait_argument_ms(FunctionCallInfo fcinfo, int n, const char *name)
{
	const Interval *interval;
	double		ms;

	if (PG_ARGISNULL(n))
		return 0;
	interval = PG_GETARG_INTERVAL_P(n);
	ms = adm_sql_interval_ms(interval);
	if (!(ms >= 0 && ms <= 60 * 60 * 1000.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range", name),
				 errdetail("It must be between 0 and 1 hour.")));
	return (int64) ms;
}

static void
take_victims(Call *call, ArrayType *pids, ArrayType *starts)
{
	Datum	   *pid_values;
	Datum	   *start_values;
	int			starts_count;

	deconstruct_array(pids, INT4OID, sizeof(int32), true, TYPALIGN_INT,
					  &pid_values, NULL, &call->count);
	deconstruct_array(starts, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &start_values, NULL, &starts_count);
	if (starts_count != call->count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there must be as many times as processes")));
	call->victims = palloc0(Max(call->count, 1) * sizeof(Victim));
	for (int i = 0; i < call->count; i++)
	{
		call->victims[i].target.pid = DatumGetInt32(pid_values[i]);
		call->victims[i].target.start = DatumGetTimestampTz(start_values[i]);
	}
}

Datum
adm_stop_backends(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	Call		call = {0};

	adm_sql_require_preloaded();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(6))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("only grace and wait may be null")));
	rsinfo = adm_rows_begin(fcinfo);
	take_victims(&call, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	call.terminate = PG_GETARG_BOOL(2);
	call.include_protected = may_include_protected(PG_GETARG_BOOL(3));
	call.grace_ms = wait_argument_ms(fcinfo, 4, "grace");
	call.wait_ms = wait_argument_ms(fcinfo, 5, "wait");
	call.criteria = text_to_cstring(PG_GETARG_TEXT_PP(6));

	stop_all(&call);
	for (int i = 0; i < call.count; i++)
	{
		record_outcome(&call, &call.victims[i]);
		put_victim(rsinfo, &call, &call.victims[i]);
	}
	return (Datum) 0;
}
