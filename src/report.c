/*
 * report.c - what the gate's state means, in words.
 */
#include "postgres.h"

#include <math.h>

#include "policy/brake.h"
#include "lib/stringinfo.h"
#include "report.h"
#include "utils/builtins.h"
#include "waits.h"

/* A controller that works beats at least every second. */
#define STUCK_AFTER_MS			5000

/* How long a refusal is worth an advice. */
#define REFUSALS_ARE_NEWS_MS	(60 * 1000)

#define MANY_LOCK_WAITERS		5

/* Below this number of sessions nobody needs to hear that most are exempt. */
#define FEW_SESSIONS			10

void
adm_report_read(AdmReport *r)
{
	r->mode = adm_state_mode();
	r->state = adm_state_warmup();
	r->controller = adm_state_controller();
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		r->counts[gate] = adm_permits_counts((AdmGate) gate);
		r->cap[gate] = adm_word_counts(adm_state_shown_caps((AdmGate) gate));
	}
	r->exempt = adm_permits_exempt();
	r->lane = adm_permits_lane();
	adm_permits_count_states(ADM_GATE_TRANSACTION, r->transactions);
	adm_counters_read(&r->totals);
	adm_samples_machine(&r->sample);
	r->fitness = adm_fitness_read();
	r->services = adm_services_shut();
	r->gates_hold = adm_permits_longest_wait_of_all_ms() > 0;
	r->lock_waiters = adm_wait_lock_waiters();
}

int
adm_report_running(const AdmReport *r)
{
	int			running = 0;

	for (int state = 0; state < ADM_SLOT_STATE_COUNT; state++)
	{
		if (adm_permits_is_running((AdmSlotState) state))
			running += r->transactions[state];
	}
	return running;
}

const char *
adm_report_phase(const AdmReport *r)
{
	if (r->mode == ADM_MODE_OFF)
		return "off";
	return adm_phase_name(r->state.warmup.phase);
}

static char *
time_left(const AdmWarmup *w)
{
	int64		left_s = Max(w->window.duration_ms - w->spent_ms, 0) / 1000;

	if (left_s < SECS_PER_MINUTE)
		return psprintf("%d s", (int) left_s);
	return psprintf("%d min %d s", (int) (left_s / SECS_PER_MINUTE),
					(int) (left_s % SECS_PER_MINUTE));
}

static const char *
how_it_started(const AdmWarmupState *s)
{
	if (s->reason[0] == '\0')
		return adm_trigger_name(s->warmup.trigger);
	return psprintf("%s: %s", adm_trigger_name(s->warmup.trigger), s->reason);
}

static const char *
how_it_ended(const AdmWarmup *w)
{
	switch (w->ending)
	{
		case ADM_ENDING_NONE:
			return "no warm-up has run";
		case ADM_ENDING_COMPLETED:
			return "no warm-up runs; the last one completed";
		case ADM_ENDING_EXPIRED:
			return "no warm-up runs; the last one expired: it reached warmup_max_age";
		case ADM_ENDING_STOPPED:
			return "no warm-up runs; the last one was stopped by stop_warmup()";
	}
	return "";
}

/* The figure that decides, in words: "pressure is high: cpu_demand is 2.31". */
static char *
pressure_words(const AdmReport *r)
{
	const AdmLevelState *l = &r->sample.level;

	if (l->cause[0] == '\0')
		return psprintf("pressure is %s", adm_level_name(r->state.level));
	return psprintf("pressure is %s: %s is %.2f",
					adm_level_name(r->state.level), l->cause, l->cause_value);
}

/* What moves the caps of a warm-up, or what it is waiting for. */
static char *
movement(const AdmReport *r)
{
	const AdmWarmupState *s = &r->state;

	if (s->unfit && r->fitness.blocking > 0)
		return psprintf("progress waits for what admission.health_check() finds blocking, %d in all, the first %s: %s",
						r->fitness.blocking, adm_fitness_place(&r->fitness.first), r->fitness.first.finding);
	if (s->advance == ADM_ADVANCE_CLOCK)
		return psprintf("the caps rise with the clock for another %s", time_left(&s->warmup));
	if (!s->governed)
		return psprintf("pressure cannot be measured here, so the caps rise with the clock for another %s",
						time_left(&s->warmup));
	if (s->level == ADM_LEVEL_CRITICAL)
		return psprintf("the caps are cut back while %s", pressure_words(r));
	if (s->level == ADM_LEVEL_HIGH)
		return psprintf("the caps do not rise while %s", pressure_words(r));
	if (isnan(s->use))
		return pstrdup("waiting for the first sample");
	if (!s->advances)
		return psprintf("waiting for load: gated work uses %.0f %% of its cap or the processors, and counts when it has used %.0f %% for %d s; %s to go",
						s->use * 100, ADM_PROOF_USE * 100, ADM_PROOF_AFTER_MS / 1000,
						time_left(&s->warmup));
	return psprintf("the caps rise: the machine is comfortable with gated work that uses %.0f %%; %s to go",
					s->use * 100, time_left(&s->warmup));
}

/* Where the brake was put on; NULL: it is off. */
static const char *
brake_by(const AdmReport *r)
{
	bool		pulled = r->state.pulled_brake != ADM_BRAKE_OFF;
	bool		set = r->state.set_brake != ADM_BRAKE_OFF;

	if (pulled)
		return set ? "admission.brake() and pg_admission.brake" : "admission.brake()";
	return set ? "pg_admission.brake" : NULL;
}

static bool
caps_stand(const AdmReport *r)
{
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
	{
		if (r->cap[gate].active != ADM_NO_CAP)
			return true;
	}
	return false;
}

static char *
phase_reason(const AdmReport *r)
{
	const AdmWarmup *w = &r->state.warmup;

	switch (w->phase)
	{
		case ADM_PHASE_OPEN:
			break;
		case ADM_PHASE_WARMING:
			return psprintf("%s; %s", how_it_started(&r->state), movement(r));
		case ADM_PHASE_HOLDING:
			return psprintf("%s; held by hold_warmup(), with %s of the clock left",
							how_it_started(&r->state), time_left(w));
	}
	if (caps_stand(r) && brake_by(r) == NULL)
		return r->state.level == ADM_LEVEL_COMFORTABLE ?
			psprintf("%s; after pressure, the caps stay for a minute, and hold nobody on a comfortable machine",
					 how_it_ended(w)) :
			psprintf("%s; new sessions and transactions are capped while %s",
					 how_it_ended(w), pressure_words(r));
	return pstrdup(how_it_ended(w));
}

static const char *
brake_effect(const AdmReport *r)
{
	return r->state.advance == ADM_ADVANCE_LOAD && r->state.governed &&
		r->state.level == ADM_LEVEL_COMFORTABLE ?
		", and holds nobody for long, since the machine is comfortable" : "";
}

char *
adm_report_phase_reason(const AdmReport *r)
{
	if (r->mode == ADM_MODE_OFF)
		return pstrdup("pg_admission.mode is off: nobody is held or refused");
	if (brake_by(r))
		return psprintf("the brake is on, by %s%s; %s", brake_by(r), brake_effect(r), phase_reason(r));
	return phase_reason(r);
}

static uint64
would_hold(const AdmTotals *t, AdmGate gate)
{
	return t->gate[gate].count[ADM_TOTAL_WOULD_HOLD_ACTIVE] +
		t->gate[gate].count[ADM_TOTAL_WOULD_HOLD_PRESENT];
}

static char *
advice_on_controller(const AdmReport *r)
{
	if (r->controller.silent)
		return pstrdup("the controller does not run or is stuck, so nobody is held: see controller_pid, the server log, and max_worker_processes");
	if (r->controller.heartbeat_age_ms > STUCK_AFTER_MS)
		return psprintf("the controller (process %d) has been stuck for %d s: permits are still handed on, but the caps do not move and settings are not taken up; after a minute nobody is held any more",
						r->controller.pid, (int) (r->controller.heartbeat_age_ms / 1000));
	return NULL;
}

static char *
advice_on_mode(const AdmReport *r)
{
	static const char enforce[] =
		"ALTER SYSTEM SET pg_admission.mode = 'enforce'; SELECT pg_reload_conf();";
	uint64		logins = would_hold(&r->totals, ADM_GATE_CONNECTION);
	uint64		transactions = would_hold(&r->totals, ADM_GATE_TRANSACTION);

	if (r->mode == ADM_MODE_OFF)
		return psprintf("nobody is held or refused; to protect the server again: %s", enforce);
	if (r->mode != ADM_MODE_OBSERVE)
		return NULL;
	if (r->services.shut > 0)
		return psprintf("mode observe: %d services are paused, and nobody of them is kept out; to keep them out: %s",
						r->services.shut, enforce);
	if (logins + transactions == 0)
		return pstrdup("mode observe: nobody would have been held so far");
	return psprintf("mode observe: " UINT64_FORMAT " logins and " UINT64_FORMAT " transactions would have been held; to hold them: %s",
					logins, transactions, enforce);
}

bool
adm_report_mostly_exempt(int exempt, int gated)
{
	return exempt > gated && exempt + gated >= FEW_SESSIONS;
}

static char *
advice_on_exempt(const AdmReport *r)
{
	int			gated = (int) r->counts[ADM_GATE_CONNECTION].present;

	if (!adm_report_mostly_exempt(r->exempt, gated))
		return NULL;
	return psprintf("%d of %d sessions are exempt, so the caps bind few: let applications log in without superuser rights, and see pg_admission.exempt_roles",
					r->exempt, r->exempt + gated);
}

static bool
refusals_are_news(const AdmGateTotals *t)
{
	return t->last_refusal_age_ms >= 0 && t->last_refusal_age_ms < REFUSALS_ARE_NEWS_MS;
}

static char *
advice_on_brake(const AdmReport *r)
{
	if (r->state.pulled_brake != ADM_BRAKE_OFF)
		return pstrdup("to see who uses the machine: SELECT * FROM admission.backends ORDER BY cpu_percent DESC NULLS LAST LIMIT 10; when it is well again, to release the brake: SELECT admission.brake('off');");
	if (r->state.set_brake != ADM_BRAKE_OFF)
		return pstrdup("to see who uses the machine: SELECT * FROM admission.backends ORDER BY cpu_percent DESC NULLS LAST LIMIT 10; when it is well again, to release the brake: ALTER SYSTEM RESET pg_admission.brake; SELECT pg_reload_conf();");
	return NULL;
}

/* What ends the caps: outside a warm-up there is none to stop. */
static const char *
end_of_caps(const AdmReport *r)
{
	return r->state.warmup.phase == ADM_PHASE_OPEN ?
		"ALTER SYSTEM SET pg_admission.mode = 'observe'; SELECT pg_reload_conf();" :
		"SELECT admission.stop_warmup();";
}

/* On refusals of the last minute. */
static char *
advice_on_refusals(const AdmReport *r)
{
	const AdmGateTotals *logins = &r->totals.gate[ADM_GATE_CONNECTION];
	const AdmGateTotals *transactions = &r->totals.gate[ADM_GATE_TRANSACTION];

	if (refusals_are_news(transactions))
		return psprintf("transactions are being refused (" UINT64_FORMAT "); to see who uses the machine: SELECT * FROM admission.backends ORDER BY cpu_percent DESC NULLS LAST LIMIT 10; to let everything run: ALTER SYSTEM SET pg_admission.transaction_gate = off; SELECT pg_reload_conf();",
						transactions->count[ADM_TOTAL_REFUSED_TIMEOUT]);
	if (refusals_are_news(logins))
		return psprintf("logins are being refused (" UINT64_FORMAT " after waiting, " UINT64_FORMAT " for want of free connection slots); to let everybody in: %s or raise the caps: SELECT admission.start_warmup(...);",
						logins->count[ADM_TOTAL_REFUSED_TIMEOUT],
						logins->count[ADM_TOTAL_REFUSED_SLOTS], end_of_caps(r));
	return NULL;
}

/* Who waits for room in its own service waits because somebody wants that. */
static char *
advice_on_waiters(const AdmReport *r)
{
	if (r->gates_hold)
		return psprintf("to see who waits: SELECT * FROM admission.waiting; to let everybody in: %s",
						end_of_caps(r));
	return NULL;
}

/* A comfortable machine may stand still all the same. */
static char *
advice_on_locks(const AdmReport *r)
{
	if (r->lock_waiters < MANY_LOCK_WAITERS)
		return NULL;
	return psprintf("%d processes wait for locks; to see for whose: SELECT tree, role, application_name, state, below, query FROM admission.blocking_tree;",
					r->lock_waiters);
}

/* Of those that are paused, in the order of the rules, default last. */
static void
list_paused(bool by_setting, StringInfo names)
{
	for (int n = 1; n <= adm_services_end(); n++)
	{
		int			service = n < adm_services_end() ? n : ADM_SERVICE_DEFAULT;
		AdmServiceView view;

		if (!adm_services_view(service, &view) || !adm_services_view_is_paused(&view) ||
			view.paused_by_setting != by_setting ||
			adm_services_view_phase(&view) == ADM_SERVICE_WAITS_ITS_TURN)
			continue;
		appendStringInfo(names, "%s%s", names->len > 0 ? ", " : "", quote_literal_cstr(view.name));
	}
}

static char *
advice_on_paused(const AdmReport *r)
{
	StringInfoData set;
	StringInfoData others;

	initStringInfo(&set);
	initStringInfo(&others);
	list_paused(true, &set);
	list_paused(false, &others);
	if (set.len > 0)
		return psprintf("paused by pg_admission.paused_services: %s; to bring them back one after another: SELECT * FROM admission.pause_services(ARRAY[%s]); take them out of the setting and reload; SELECT * FROM admission.resume_services(over => '5 min');",
						set.data, set.data);
	if (others.len > 0)
		return psprintf("paused by pause_service(): %s; to bring them back one after another: SELECT * FROM admission.resume_services(over => '5 min'); to see all: SELECT * FROM admission.services;",
						others.data);
	return NULL;
}

static char *
advice_on_resuming(const AdmReport *r)
{
	const AdmShut *s = &r->services;
	bool		stands = r->state.level != ADM_LEVEL_COMFORTABLE;

	if (s->resuming == 0)
		return NULL;
	return psprintf("service \"%s\" comes back and is at %.0f %%%s; %d wait behind it; to open all at once: SELECT * FROM admission.resume_services(over => '0');%s%s",
					s->comes_back.name, adm_services_view_progress(&s->comes_back) * 100,
					stands ? ", which stands still until the machine is comfortable" : "",
					s->wait_turn, stands ? " " : "", stands ? pressure_words(r) : "");
}

static char *
advice_on_pressure(const AdmReport *r)
{
	if (r->state.level == ADM_LEVEL_COMFORTABLE)
		return NULL;
	return psprintf("%s; to see who uses the machine: SELECT * FROM admission.backends ORDER BY cpu_percent DESC NULLS LAST LIMIT 10;",
					pressure_words(r));
}

static char *
advice_on_health(const AdmReport *r)
{
	if (!r->state.unfit || r->fitness.blocking == 0)
		return NULL;
	return psprintf("to mend what is first, %s: %s -- there are %d; to see them all: SELECT * FROM admission.health_check(); to let the caps rise all the same: ALTER SYSTEM SET pg_admission.hold_for_health = off; SELECT pg_reload_conf();",
					adm_fitness_place(&r->fitness.first), r->fitness.first.remedy, r->fitness.blocking);
}

static char *
advice_on_warmup(const AdmReport *r)
{
	switch (r->state.warmup.phase)
	{
		case ADM_PHASE_OPEN:
			return pstrdup("nothing to do; to cap new connections and transactions now: SELECT admission.start_warmup();");
		case ADM_PHASE_WARMING:
			return pstrdup("nothing to do; to keep the caps where they are: SELECT admission.hold_warmup();");
		case ADM_PHASE_HOLDING:
			return pstrdup("to let the caps rise again: SELECT admission.continue_warmup();");
	}
	return NULL;
}

/* The first that has something to say. */
char *
adm_report_advice(const AdmReport *r)
{
	char	   *advice = advice_on_controller(r);

	if (advice == NULL)
		advice = advice_on_mode(r);
	if (advice == NULL)
		advice = advice_on_exempt(r);
	if (advice == NULL)
		advice = advice_on_brake(r);
	if (advice == NULL)
		advice = advice_on_refusals(r);
	if (advice == NULL)
		advice = advice_on_waiters(r);
	if (advice == NULL)
		advice = advice_on_locks(r);
	if (advice == NULL)
		advice = advice_on_paused(r);
	if (advice == NULL)
		advice = advice_on_resuming(r);
	if (advice == NULL)
		advice = advice_on_health(r);
	if (advice == NULL)
		advice = advice_on_pressure(r);
	if (advice == NULL)
		advice = advice_on_warmup(r);
	return advice;
}
