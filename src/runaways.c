/*
 * runaways.c - sessions past the limits set for one.
 *
 * The controller has no catalogs: who is protected was found out at login.
 */
#include "postgres.h"

#include <math.h>

#include "blocking.h"
#include "events.h"
#include "os/clock.h"
#include "runaways.h"
#include "samples.h"
#include "settings.h"
#include "state.h"
#include "utils/timestamp.h"

/* How long whoever was stopped may take to end. */
#define SHOULD_END_WITHIN_MS	5000

/* After so long one that goes on may be stopped again, or told of again. */
#define AGAIN_AFTER_MS			(30 * 1000)
#define TELL_AGAIN_AFTER_MS		(10 * 60 * 1000)

/* A look through the lock table grows with the square of a queue. */
#define LOOK_AT_LOCKS_EVERY_MS	(10 * 1000)

/* A transaction that began later was not yet there when the sample was taken. */
#define SAMPLE_TAKES_US			(100 * 1000)

/* One that was acted on, until it is forgotten. */
typedef struct Case
{
	AdmTarget	target;			/* pid 0: none */
	AdmDoing	doing;
	bool		signalled;
	bool		terminated;
	int64		at_ms;
	uint64		event;			/* 0: nothing is to be found out any more */
} Case;

/* Of more the oldest are forgotten before their time. */
#define CASES	64

static Case cases[CASES];
static AdmRunawayBudget to_stop;
static AdmRunawayBudget to_tell;

/*
 * Finding.
 */

static bool
is_idle_in_transaction(int state)
{
	return state == STATE_IDLEINTRANSACTION || state == STATE_IDLEINTRANSACTION_ABORTED;
}

/* All that is looked at for one search. */
typedef struct Evidence
{
	AdmRunawayFigures limits;
	AdmBackendSample *samples;
	TimestampTz sampled_at;
	AdmBlocking blocking;
	AdmWallClock wall_clock;
	TimestampTz now;
} Evidence;

static double
seconds_since(TimestampTz since, const Evidence *e)
{
	return since == 0 ? NAN : adm_wall_clock_seconds_since(&e->wall_clock, since, e->now);
}

/* Of the present transaction, not of one before it. */
static double
cpu_time_s(const AdmRunaway *r, const AdmBackendSample *sample, TimestampTz sampled_at)
{
	if (sample->pid != r->target.pid || r->doing.transaction_start == 0 ||
		r->doing.transaction_start + SAMPLE_TAKES_US > sampled_at)
		return NAN;
	return sample->transaction_cpu_s;
}

static AdmRunawayFigures
figures_of(const AdmRunaway *r, int index, const Evidence *e)
{
	AdmRunawayFigures f;

	f.of[ADM_RUNAWAY_CPU_TIME] = cpu_time_s(r, &e->samples[index], e->sampled_at);
	f.of[ADM_RUNAWAY_RUNTIME] = r->doing.state == STATE_RUNNING ?
		seconds_since(r->doing.query_start, e) : NAN;
	f.of[ADM_RUNAWAY_IDLE_IN_TRANSACTION] = is_idle_in_transaction(r->doing.state) ?
		seconds_since(r->doing.state_start, e) : NAN;
	f.of[ADM_RUNAWAY_BLOCKING] = adm_blocking_behind(&e->blocking, r->target.pid);
	return f;
}

static AdmRunawayFigures
limits(void)
{
	AdmRunawayFigures l;

	l.of[ADM_RUNAWAY_CPU_TIME] = adm_runaway_cpu_time_s;
	l.of[ADM_RUNAWAY_RUNTIME] = adm_runaway_runtime_s;
	l.of[ADM_RUNAWAY_IDLE_IN_TRANSACTION] = adm_runaway_idle_in_transaction_s;
	l.of[ADM_RUNAWAY_BLOCKING] = adm_runaway_blocking;
	return l;
}

/* The session in the slot, if it is past a limit. */
static bool
find_at(int index, const Evidence *evidence, AdmRunaway *r)
{
	AdmRunawayFigures figures;

	if (!adm_permits_session(index, &r->session))
		return false;
	r->target = (AdmTarget) {r->session.pid, r->session.start};
	if (!adm_stopping_doing(r->target, &r->doing))
		return false;
	figures = figures_of(r, index, evidence);
	if (!adm_runaway_judge(&evidence->limits, &figures, &r->kind))
		return false;
	r->value = figures.of[r->kind];
	r->limit = evidence->limits.of[r->kind];
	return true;
}

static Evidence
gather(bool look_at_locks)
{
	Evidence	e = {0};
	AdmMachineSample machine;

	e.limits = limits();
	adm_samples_machine(&machine);
	e.sampled_at = machine.taken_at;
	e.samples = adm_samples_backends();
	if (look_at_locks && adm_runaway_blocking >= 0)
	{
		e.blocking = adm_blocking_read();
		adm_blocking_build_tree(&e.blocking);
	}
	e.wall_clock = adm_samples_wall_clock();
	e.now = GetCurrentTimestamp();
	return e;
}

AdmRunaway *
adm_runaways_find(bool look_at_locks, int *count)
{
	AdmRunaway *found = palloc(MaxBackends * sizeof(AdmRunaway));
	Evidence	evidence = gather(look_at_locks);

	adm_compat_forget_activity();
	*count = 0;
	for (int i = 0; i < MaxBackends; i++)
	{
		if (find_at(i, &evidence, &found[*count]))
			(*count)++;
	}
	adm_compat_forget_activity();
	return found;
}

bool
adm_runaways_is_protected(const AdmRunaway *r)
{
	return r->session.exempt || r->session.replicates;
}

/*
 * What is known of those acted on.
 */

/* A free one, or the oldest. */
static Case *
new_case(void)
{
	Case	   *oldest = &cases[0];

	for (int i = 0; i < CASES; i++)
	{
		if (cases[i].target.pid == 0)
			return &cases[i];
		if (cases[i].at_ms < oldest->at_ms)
			oldest = &cases[i];
	}
	return oldest;
}

/* The same transaction, or a statement that has gone on to the next. */
static bool
is_about(const Case *c, const AdmRunaway *r)
{
	return c->target.pid == r->target.pid && c->target.start == r->target.start &&
		(c->doing.transaction_start == r->doing.transaction_start ||
		 c->doing.query_start == r->doing.query_start);
}

static bool
is_known(const AdmRunaway *r)
{
	for (int i = 0; i < CASES; i++)
	{
		if (is_about(&cases[i], r))
			return true;
	}
	return false;
}

static void
tell_still_there(const Case *c)
{
	const char *how_long = psprintf("still there after %d ms", SHOULD_END_WITHIN_MS);

	ereport(LOG,
			(errmsg("pg_admission: the runaway process %d is %s", c->target.pid, how_long)));
	adm_events_set_outcome(c->event, how_long);
}

static bool
has_ended(const Case *c)
{
	return c->terminated ? adm_stopping_has_left(c->target) :
		adm_stopping_has_ended(c->target, &c->doing);
}

static void
follow(Case *c)
{
	int64		age_ms = adm_clock_ms() - c->at_ms;

	if (c->event != 0 && has_ended(c))
	{
		adm_events_set_outcome(c->event, c->terminated ? "gone" : "ended");
		c->event = 0;
	}
	else if (c->event != 0 && age_ms >= SHOULD_END_WITHIN_MS)
	{
		tell_still_there(c);
		c->event = 0;
	}
	if (age_ms >= (c->signalled ? AGAIN_AFTER_MS : TELL_AGAIN_AFTER_MS))
		c->target.pid = 0;
}

static void
follow_all(void)
{
	bool		any = false;

	for (int i = 0; i < CASES; i++)
		any |= cases[i].target.pid != 0;
	if (!any)
		return;
	adm_compat_forget_activity();
	for (int i = 0; i < CASES; i++)
	{
		if (cases[i].target.pid != 0)
			follow(&cases[i]);
	}
	adm_compat_forget_activity();
}

/*
 * Acting.
 */

/* What is done about it, and not only told. */
static bool
sends_signal(const AdmRunaway *r)
{
	if (adm_state_mode() != ADM_MODE_ENFORCE)
		return false;
	return adm_runaway_action == ADM_RUNAWAY_TERMINATE ||
		(adm_runaway_action == ADM_RUNAWAY_CANCEL && r->doing.state == STATE_RUNNING);
}

static const char *
action_words(const AdmRunaway *r)
{
	if (adm_runaway_action == ADM_RUNAWAY_LOG)
		return "finds a runaway in";
	if (adm_state_mode() == ADM_MODE_OBSERVE)
		return adm_runaway_action == ADM_RUNAWAY_CANCEL ?
			"would cancel what is done by the runaway" : "would terminate the runaway";
	if (!sends_signal(r))
		return "cannot cancel, since it is idle, the runaway";
	return adm_runaway_action == ADM_RUNAWAY_CANCEL ?
		"cancels what is done by the runaway" : "terminates the runaway";
}

static uint64
record(const AdmRunaway *r)
{
	AdmEventEntry entry = adm_events_about(&r->session, r->doing.query_start);

	if (sends_signal(r))
		strlcpy(entry.outcome, "signal sent", sizeof(entry.outcome));
	return adm_events_add(&entry, ADM_EVENT_RUNAWAY,
						  psprintf("pg_admission %s process %d of role \"%s\"",
								   action_words(r), r->target.pid, r->session.login.role),
						  psprintf("%s is %.1f; pg_admission.runaway_%s is %g.",
								   adm_runaway_kind_name(r->kind), r->value,
								   adm_runaway_kind_name(r->kind), r->limit));
}

/* Of one in a transaction, that counts; one in none holds a lock of its session. */
static bool
goes_on(const AdmRunaway *r, const AdmDoing *now)
{
	switch (r->kind)
	{
		case ADM_RUNAWAY_RUNTIME:
			return now->state == r->doing.state && now->query_start == r->doing.query_start;
		case ADM_RUNAWAY_IDLE_IN_TRANSACTION:
			return now->state == r->doing.state && now->state_start == r->doing.state_start;
		default:
			return now->transaction_start == r->doing.transaction_start;
	}
}

/* To record what was done about one before may have taken long. */
static bool
is_over(const AdmRunaway *r)
{
	AdmDoing	now;

	adm_compat_forget_activity();
	return !adm_stopping_doing(r->target, &now) || !goes_on(r, &now);
}

static void
act_on(const AdmRunaway *r)
{
	Case	   *c;
	int			error;

	if (sends_signal(r) &&
		(!adm_stopping_signal(r->target, adm_runaway_action == ADM_RUNAWAY_CANCEL ?
							  ADM_SIGNAL_CANCEL : ADM_SIGNAL_TERMINATE, &error) || error != 0))
		return;
	c = new_case();
	c->target = r->target;
	c->doing = r->doing;
	c->at_ms = adm_clock_ms();
	c->event = record(r);
	c->signalled = sends_signal(r);
	c->terminated = c->signalled && adm_runaway_action == ADM_RUNAWAY_TERMINATE;
	if (!c->signalled)
		c->event = 0;
}

/* Those furthest past their limit first. */
static int
compare_excess(const void *a, const void *b)
{
	const AdmRunaway *x = a;
	const AdmRunaway *y = b;
	double		excess_x = x->value / Max(x->limit, 1);
	double		excess_y = y->value / Max(y->limit, 1);

	return excess_x > excess_y ? -1 : excess_x < excess_y;
}

static bool
locks_are_due(void)
{
	static int64 last_ms = 0;

	if (last_ms != 0 && adm_clock_ms() - last_ms < LOOK_AT_LOCKS_EVERY_MS)
		return false;
	last_ms = adm_clock_ms();
	return true;
}

static void
act_on_all(void)
{
	int			count;
	AdmRunaway *found = adm_runaways_find(locks_are_due(), &count);

	qsort(found, count, sizeof(AdmRunaway), compare_excess);
	for (int i = 0; i < count; i++)
	{
		AdmRunawayBudget *budget = sends_signal(&found[i]) ? &to_stop : &to_tell;

		if (adm_runaways_is_protected(&found[i]) || is_known(&found[i]) ||
			!adm_runaway_may_spend(budget, adm_clock_ms()) || is_over(&found[i]))
			continue;
		(void) adm_runaway_spend(budget, adm_clock_ms());
		act_on(&found[i]);
	}
	adm_compat_forget_activity();
}

/* What was only told of is done at once when more is to be done. */
static void
follow_action(void)
{
	static int	action = ADM_RUNAWAY_NONE;

	if (action == adm_runaway_action)
		return;
	action = adm_runaway_action;
	for (int i = 0; i < CASES; i++)
	{
		if (!cases[i].signalled)
			cases[i].target.pid = 0;
	}
}

static bool
is_due(void)
{
	static int64 last_ms = 0;

	if (adm_clock_ms() - last_ms < adm_sample_interval_ms)
		return false;
	last_ms = adm_clock_ms();
	return true;
}

void
adm_runaways_round(void)
{
	if (!is_due())
		return;
	follow_all();
	follow_action();
	if (adm_runaway_action == ADM_RUNAWAY_NONE || adm_state_mode() == ADM_MODE_OFF)
		return;
	if (adm_state_warmup().level < (AdmLevel) adm_runaway_only_under)
		return;
	act_on_all();
}
