/*
 * transaction_gate.c - where transactions wait or are refused.
 *
 * A transaction passes the gate once, at the first statement that is work: when
 * that is about to be planned; if it has a plan already, when its executor
 * starts; or its command.  It is past the gate until it ends, whatever it does;
 * inside a command that opens transactions of its own (VACUUM, CALL, DO) until
 * the command ends.  While it waits it may hold a snapshot and its relations'
 * locks, so it waits for a short time, and not at all once it blocks somebody.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "compat.h"
#include "counters.h"
#include "executor/executor.h"
#include "lending.h"
#include "line_wait.h"
#include "miscadmin.h"
#include "my_service.h"
#include "optimizer/planner.h"
#include "os/clock.h"
#include "own_locks.h"
#include "permits.h"
#include "policy/delay.h"
#include "refusal_log.h"
#include "service_refusal.h"
#include "settings.h"
#include "starts.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "transaction_gate.h"
#include "utils/guc.h"
#include "utils/portal.h"
#include "utils/ps_status.h"
#include "utils/timeout.h"
#include "work.h"

/*
 * Those in line are only careful, as long as the controller looks after it; when
 * it has not been round for so long, the first in line does.
 */
#define LOOK_EVERY_MS			100
#define CARE_EVERY_MS			20
#define CARE_IF_LATE_MS			100

/* The patience of work that is patient, where nobody has chosen it. */
#define PATIENT_MS				(60 * 1000)

/* On a standby whoever waits holds up replay, by its snapshot. */
#define LONGEST_IN_RECOVERY_MS	1000

/* Who has been in line for so long on a comfortable machine was forgotten. */
#define LET_THROUGH_WITHIN_MS	300

/* Nobody may spend more of its own time-outs in line than one part in so many. */
#define TIMEOUT_PARTS			4

static planner_hook_type prev_planner_hook = NULL;
static ExecutorStart_hook_type prev_executor_start_hook = NULL;
static ExecutorRun_hook_type prev_executor_run_hook = NULL;
static ExecutorFinish_hook_type prev_executor_finish_hook = NULL;
static ProcessUtility_hook_type prev_process_utility_hook = NULL;

/* Whether the present transaction is past the gate. */
static bool past_gate = false;

/* Commands, plannings and executor runs that are under way, one in another. */
static int	depth = 0;

/* The client has asked for the transaction's end; triggers may run before it. */
static bool ending = false;

/* What the gate has set client_connection_check_interval to; 0: nothing. */
static int	client_check_ms = 0;

typedef enum WaitEnd
{
	WAIT_GRANTED,
	WAIT_TIMED_OUT,
	WAIT_IN_VAIN,				/* has not begun */
	WAIT_BLOCKS_OTHERS,
	WAIT_CLIENT_GONE
} WaitEnd;

/* How long somebody waits, and what may not happen to it. */
typedef struct Patience
{
	int			service;
	int64		ms;
	AdmRank		rank;			/* PATIENT: a standing line does not shorten it */
	bool		never_refused;	/* it goes on when its time is over */
} Patience;

/*
 * Which sessions and statements.
 */

/*
 * A statement that the client sent, not one inside it; login triggers run
 * before there is any.
 */
static bool
is_top_level(void)
{
	return depth == 0 && MyBackendType == B_BACKEND && debug_query_string != NULL &&
		adm_state_attached();
}

/* A session is subject to both gates or to none. */
static bool
session_is_gated(void)
{
	return adm_permits_is_gated(adm_permits_my_state(ADM_GATE_CONNECTION));
}

/*
 * Clients that have gone.
 */

/*
 * Only where nobody else has set the server's own setting: these come first.
 * Whoever did may have taken it back.
 */
static void
check_clients_every(int interval_ms)
{
	bool		forgotten = interval_ms > 0 && client_connection_check_interval == 0;

	if ((interval_ms != client_check_ms || forgotten) && WaitEventSetCanReportClosed())
	{
		SetConfigOption("client_connection_check_interval", psprintf("%d", interval_ms),
						PGC_USERSET, PGC_S_DYNAMIC_DEFAULT);
		client_check_ms = interval_ms;
	}
	if (client_connection_check_interval > 0 &&
		!get_timeout_active(CLIENT_CONNECTION_CHECK_TIMEOUT))
		enable_timeout_after(CLIENT_CONNECTION_CHECK_TIMEOUT, client_connection_check_interval);
}

/*
 * The line.
 */

/* A cursor that outlived its transaction, or a lock that does. */
static bool
holds_something(void)
{
	return !ThereAreNoReadyPortals() || adm_own_locks_include_advisory();
}

/* What was set for the session comes first, then what is its service's. */
static int
own_patience_ms(int service)
{
	return adm_settings_patience_chosen() ? adm_transaction_queue_timeout_ms :
		adm_services_patience_ms(service);
}

static int64
time_in_line_ms(bool patient_by_itself, int service)
{
	int64		ms = own_patience_ms(service);
	int			timeout_ms = adm_compat_shortest_timeout_ms();

	if (ms == ADM_UNLIMITED)
		ms = patient_by_itself ? PATIENT_MS : adm_transaction_queue_timeout_ms;
	if (timeout_ms > 0)
		ms = Min(ms, timeout_ms / TIMEOUT_PARTS);
	return RecoveryInProgress() ? Min(ms, LONGEST_IN_RECOVERY_MS) : ms;
}

/* Who was given no more than a line takes to stand was not given patience. */
static bool
was_given_patience(int service)
{
	return own_patience_ms(service) > ADM_DELAY_INTERVAL_MS;
}

static Patience
patience_for(AdmWork work, int service)
{
	bool		patient = work == ADM_WORK_PATIENT || adm_work_of_patient_program();
	Patience	p;

	p.service = service;
	p.ms = time_in_line_ms(patient, service);
	p.never_refused = holds_something() ||
		TransactionIdIsValid(GetTopTransactionIdIfAny());
	if (p.never_refused)
		p.rank = ADM_RANK_HOLDER;
	else
		p.rank = patient || was_given_patience(service) ? ADM_RANK_PATIENT : ADM_RANK_ORDINARY;
	return p;
}

static int64
allowed_ms(const Patience *p)
{
	/* Nobody knows how long a pause will last. */
	if (adm_services_is_paused(p->service))
		return 0;
	if (p->rank != ADM_RANK_ORDINARY)
		return p->ms;
	return adm_delay_allowed_ms(p->ms, adm_permits_line_stands(ADM_GATE_TRANSACTION, p->service),
								adm_permits_clients_leave(ADM_GATE_TRANSACTION, p->service));
}

static bool
controller_is_late(void)
{
	return adm_state_controller().heartbeat_age_ms > CARE_IF_LATE_MS;
}

/*
 * The first in line makes sure that nobody's turn depends on the controller:
 * where that is late it looks whose permits are in use and serves the line by
 * itself.  Returns when it is to look again.
 */
static long
look_after_line(void)
{
	if (!controller_is_late() || !adm_permits_first_in_line(ADM_GATE_TRANSACTION))
		return LOOK_EVERY_MS;
	adm_lending_balance();
	adm_permits_serve_line(ADM_GATE_TRANSACTION);
	return CARE_EVERY_MS;
}

static bool
service_has_room(const Patience *p)
{
	return adm_permits_service_has_room(ADM_GATE_TRANSACTION, p->service);
}

/*
 * Beyond the cap on those that run, not beyond the one on all that use the
 * machine: whoever holds a lock would be free of any, and a machine is called
 * comfortable for half a second longer than it is.  Who must not be refused goes
 * beyond its service's caps, too.
 */
static bool
goes_unasked(const Patience *patience)
{
	if (patience->never_refused)
		return adm_permits_enter_up_to_ceiling(ADM_GATE_TRANSACTION, patience->service);
	return adm_state_comfortable() &&
		adm_permits_enter_beyond_gate(ADM_GATE_TRANSACTION, patience->service);
}

/*
 * Others wait for locks that it took for its first statement, so it cannot stay
 * in line.  One LOCK TABLE has all who are in line for that table block somebody
 * at once: no more of them go on than the machine can bear.
 */
static bool
goes_for_others(const Patience *patience)
{
	if (!patience->never_refused)
		return adm_permits_enter_up_to_ceiling(ADM_GATE_TRANSACTION, patience->service);
	adm_permits_enter_beyond_caps(ADM_GATE_TRANSACTION, patience->service);
	return true;
}

/* On a comfortable machine the controller lets everybody through. */
static bool
may_be_let_through(const Patience *patience)
{
	return adm_state_comfortable() && service_has_room(patience);
}

static bool
waits_on(const Patience *patience, int64 arrived_ms)
{
	return patience->never_refused ||
		(may_be_let_through(patience) && adm_clock_ms() - arrived_ms < LET_THROUGH_WITHIN_MS);
}

/* Before it joins the line, as things are. */
static AdmOutlook
outlook_of(const Patience *patience)
{
	int64		allowed;

	if (patience->rank != ADM_RANK_ORDINARY || may_be_let_through(patience))
		return ADM_OUTLOOK_OPEN;
	allowed = allowed_ms(patience);
	if (allowed == 0)
		return ADM_OUTLOOK_NO_TIME;
	if (adm_permits_line_stands(ADM_GATE_TRANSACTION, patience->service) &&
		adm_permits_expected_wait_ms(ADM_GATE_TRANSACTION, patience->service) > allowed)
		return ADM_OUTLOOK_IN_VAIN;
	return ADM_OUTLOOK_OPEN;
}

static WaitEnd
wait_in_line(const Patience *patience, int64 arrived_ms)
{
	uint32		wait_event = adm_compat_wait_event("AdmissionTransaction");
	bool		first_look = true;

	for (;;)
	{
		long		nap_ms;
		int64		left_ms;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		nap_ms = look_after_line();
		if (adm_permits_take_grant(ADM_GATE_TRANSACTION))
			return adm_line_client_hung_up() ? WAIT_CLIENT_GONE : WAIT_GRANTED;
		left_ms = arrived_ms + allowed_ms(patience) - adm_clock_ms();
		if (left_ms <= 0)
		{
			if (goes_unasked(patience))
				return WAIT_GRANTED;
			if (!waits_on(patience, arrived_ms))
				return WAIT_TIMED_OUT;
			left_ms = nap_ms;
		}
		if (!first_look && adm_own_locks_block_others())
		{
			if (goes_for_others(patience))
				return WAIT_GRANTED;
			if (!waits_on(patience, arrived_ms))
				return WAIT_BLOCKS_OTHERS;
		}
		first_look = false;
		if (!adm_line_sleep(Min(nap_ms, (long) left_ms), wait_event))
			return WAIT_CLIENT_GONE;
	}
}

/*
 * Ends.
 */

static const char *
words_of_wait(WaitEnd end, int64 waited_ms)
{
	if (end == WAIT_IN_VAIN)
		return "It did not wait, because its turn would not have come in time";
	return psprintf("It waited %lld ms", (long long) waited_ms);
}

/* By the cap that was in the way; whoever blocks others goes beyond the first. */
static int
detail_of_refusal(WaitEnd end, int64 waited_ms)
{
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_TRANSACTION));
	AdmCounts	now = adm_permits_counts(ADM_GATE_TRANSACTION);
	const char *wait = words_of_wait(end, waited_ms);

	if (cap.active == ADM_NO_CAP)
		return errdetail("%s; there is no cap any more.", wait);
	if (end == WAIT_BLOCKS_OTHERS || (now.active < cap.active && now.present >= cap.present))
		return errdetail("%s; transactions running, long ones included: %u of at most %u, waiting: %u.",
						 wait, now.present, cap.present, now.waiting);
	return errdetail("%s; transactions running: %u of at most %u, waiting: %u.",
					 wait, now.active, cap.active, now.waiting);
}

static void
refuse_for_room(int service, WaitEnd end, int64 waited_ms)
{
	bool		blocks_others = end == WAIT_BLOCKS_OTHERS;

	adm_permits_leave(ADM_GATE_TRANSACTION);
	adm_counters_add_refusal(ADM_GATE_TRANSACTION, service, ADM_TOTAL_REFUSED_TIMEOUT);
	adm_refusal_log_limit();
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 blocks_others ?
			 errmsg("pg_admission refused this transaction: no permit came free, and others wait for its locks") :
			 errmsg("pg_admission refused this transaction: no permit came free in time"),
			 detail_of_refusal(end, waited_ms),
			 blocks_others ?
			 errhint("The server is warming up, under pressure or braked: try again later. An administrator can see \"admission.status\".") :
			 errhint("The server is warming up, under pressure or braked: try again later. An administrator can see \"admission.status\", or give work more patience with \"pg_admission.transaction_queue_timeout\"."),
			 errhidestmt(true), errhidecontext(true)));
}

/* By what stands in the service's way. */
static void
refuse_for_service(int service)
{
	bool		paused = adm_services_is_paused(service);

	adm_permits_leave(ADM_GATE_TRANSACTION);
	adm_counters_add_refusal(ADM_GATE_TRANSACTION, service, ADM_TOTAL_REFUSED_SERVICE);
	adm_refusal_log_limit();
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 paused ? errmsg("pg_admission refused this transaction: its service is paused") :
			 errmsg("pg_admission refused this transaction: its service runs as many as it may"),
			 adm_service_refusal_detail(ADM_GATE_TRANSACTION, service),
			 adm_service_refusal_hint(service),
			 errhidestmt(true), errhidecontext(true)));
}

static void
refuse(const Patience *patience, WaitEnd end, int64 waited_ms)
{
	bool		full = !service_has_room(patience);

	if (end == WAIT_BLOCKS_OTHERS)
		refuse_for_room(patience->service, end, waited_ms);
	if (!adm_services_is_paused(patience->service) && allowed_ms(patience) < patience->ms)
		adm_permits_note_turned_away(ADM_GATE_TRANSACTION, patience->service);
	if (full)
		refuse_for_service(patience->service);
	refuse_for_room(patience->service, end, waited_ms);
}

static void
end_abandoned(const Patience *patience)
{
	bool		full = !service_has_room(patience);

	adm_permits_leave(ADM_GATE_TRANSACTION);
	adm_counters_add(ADM_GATE_TRANSACTION, patience->service,
					 full ? ADM_TOTAL_ABANDONED_SERVICE : ADM_TOTAL_ABANDONED);
	if (patience->rank == ADM_RANK_ORDINARY)
		adm_permits_note_leaver(ADM_GATE_TRANSACTION, patience->service);
	whereToSendOutput = DestNone;
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("pg_admission ended this connection: the client hung up before its transaction was admitted"),
			 errhidestmt(true), errhidecontext(true)));
}

/* Cancelled, timed out or terminated while in line. */
static void
leave_in_trouble(void)
{
	adm_permits_leave(ADM_GATE_TRANSACTION);
	adm_counters_add(ADM_GATE_TRANSACTION, adm_permits_my_service(), ADM_TOTAL_ENDED);
}

/* A FATAL error does not come by the handlers of others. */
static void
leave_at_exit(int code, Datum arg)
{
	AdmSlotState state = adm_permits_my_state(ADM_GATE_TRANSACTION);

	if (state == ADM_SLOT_WAITING || state == ADM_SLOT_GRANTED)
		leave_in_trouble();
	else
		adm_permits_leave(ADM_GATE_TRANSACTION);
}

static WaitEnd
wait_on_display(const Patience *patience, int64 arrived_ms)
{
	int			length;
	const char *shown = get_ps_display(&length);
	char	   *display = pnstrdup(shown, length);
	WaitEnd		end;

	set_ps_display(psprintf("%s waiting for admission", display));
	end = wait_in_line(patience, arrived_ms);
	set_ps_display(display);
	return end;
}

static void
wait_for_permit(const Patience *patience)
{
	int64		arrived_ms = adm_clock_ms();
	WaitEnd		end;

	PG_TRY();
	{
		end = wait_on_display(patience, arrived_ms);
	}
	PG_CATCH();
	{
		leave_in_trouble();
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (end == WAIT_CLIENT_GONE)
		end_abandoned(patience);
	if (end != WAIT_GRANTED)
		refuse(patience, end, adm_clock_ms() - arrived_ms);
}

/*
 * Passing.
 */

/* In mode "observe": counts whom the caps would hold. */
static void
observe(int service)
{
	if (adm_state_mode() != ADM_MODE_OBSERVE || adm_permits_room(ADM_GATE_TRANSACTION) == ADM_ROOM)
		return;
	adm_lending_balance();
	if (adm_permits_room(ADM_GATE_TRANSACTION) != ADM_ROOM)
		adm_counters_add(ADM_GATE_TRANSACTION, service, ADM_TOTAL_WOULD_HOLD_ACTIVE);
}

static void
enter_or_wait(AdmWork work, int service)
{
	Patience	patience = patience_for(work, service);
	AdmWish		wish = {
		.application_name = application_name ? application_name : "",
		.service = service,
		.rank = patience.rank,
		.outlook = outlook_of(&patience)
	};
	AdmEntry	entry;

	if (adm_services_is_paused(service) && !patience.never_refused)
		refuse_for_service(service);
	entry = adm_permits_enter_or_wait(ADM_GATE_TRANSACTION, &wish);
	/* As the first in line does, for there may be nobody in it. */
	if (entry == ADM_ENTRY_IN_VAIN && controller_is_late())
	{
		adm_lending_balance();
		entry = adm_permits_enter_or_wait(ADM_GATE_TRANSACTION, &wish);
	}
	if (entry == ADM_ENTRY_IN_VAIN)
		refuse(&patience, WAIT_IN_VAIN, 0);
	if (entry == ADM_ENTRY_WAITING)
		wait_for_permit(&patience);
}

/*
 * The first transaction is part of the session's start, so that of clients who
 * connect for each request no more come than can be served.  But pools whose
 * connections a freeze has cost must have them all back, and soon: until then
 * requests wait in the pools until nobody waits for them any more.  So under the
 * brake a start ends here.
 */
static void
hand_over_start(void)
{
	if (adm_state_braked())
		adm_starts_end_mine();
}

/*
 * Where no cap stands nothing is counted but in the slot, which nobody else
 * writes: the controller counts what runs when caps begin to stand.
 */
static void
enter(AdmWork work)
{
	int			service = adm_my_service_now();

	if (adm_permits_try_enter_open(service))
		return;
	hand_over_start();
	observe(service);
	if (!adm_permits_try_enter(ADM_GATE_TRANSACTION, service))
		enter_or_wait(work, service);
}

static void
pass_gate_once(AdmWork work)
{
	static bool registered = false;

	if (past_gate)
	{
		adm_lending_take_back_mine();
		return;
	}
	if (!registered)
	{
		on_shmem_exit(leave_at_exit, (Datum) 0);
		registered = true;
	}
	enter(work);
	past_gate = true;
}

/* Who is exempt belongs to a service, too, for those who look. */
static void
follow_service(void)
{
	if (adm_permits_my_state(ADM_GATE_CONNECTION) != ADM_SLOT_FREE)
		(void) adm_my_service_now();
}

/* At the beginning of each top-level statement. */
static void
pass_gate(AdmWork work)
{
	adm_permits_note_statement();
	if (!past_gate && work == ADM_WORK_FREE)
		return;
	if (!past_gate && !session_is_gated())
	{
		follow_service();
		return;
	}
	pass_gate_once(work);
	if (adm_word_bounds(adm_state_binding_caps(ADM_GATE_TRANSACTION)))
		check_clients_every(adm_client_check_interval_ms);
	else if (client_check_ms != 0)
		check_clients_every(0);
}

/*
 * What the client asked for is done, and its transaction is not over: until the
 * next statement nothing is done in it.
 */
static void
return_to_client(void)
{
	if (past_gate && depth == 0 && !ending && IsTransactionBlock())
		adm_lending_lend_mine();
}

/* A command's own transactions do not end that of the command. */
static void
end_of_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	if (depth > 0)
		return;
	ending = false;
	if (!past_gate)
		return;
	past_gate = false;
	adm_permits_leave(ADM_GATE_TRANSACTION);
}

/*
 * The hooks.
 */

static PlannedStmt *
make_plan(ADM_PLANNER_PARAMETERS)
{
	if (prev_planner_hook)
		return prev_planner_hook(ADM_PLANNER_ARGUMENTS);
	return standard_planner(ADM_PLANNER_ARGUMENTS);
}

/*
 * Before planning, which a refusal thus saves.  The planner may call functions
 * that run statements; these are inside of this one.
 */
static PlannedStmt *
see_planner(ADM_PLANNER_PARAMETERS)
{
	PlannedStmt *plan;

	if (!is_top_level())
		return make_plan(ADM_PLANNER_ARGUMENTS);
	pass_gate(adm_work_of_query(query));
	depth++;
	PG_TRY();
	{
		plan = make_plan(ADM_PLANNER_ARGUMENTS);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	return plan;
}

static void
see_executor_start(QueryDesc *query, int eflags)
{
	if (is_top_level())
		pass_gate(adm_work_of_plan(query->plannedstmt));
	if (prev_executor_start_hook)
		prev_executor_start_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

static void
run_executor(ADM_EXECUTOR_RUN_PARAMETERS)
{
	if (prev_executor_run_hook)
		prev_executor_run_hook(ADM_EXECUTOR_RUN_ARGUMENTS);
	else
		standard_ExecutorRun(ADM_EXECUTOR_RUN_ARGUMENTS);
}

/* Triggers that are to run after the statement, and their statements. */
static bool
has_work_after_run(const QueryDesc *query)
{
	return query->operation != CMD_SELECT || query->plannedstmt->hasModifyingCTE;
}

/* A portal that was suspended goes on without being started again. */
static void
see_executor_run(ADM_EXECUTOR_RUN_PARAMETERS)
{
	if (!past_gate || depth > 0)
	{
		run_executor(ADM_EXECUTOR_RUN_ARGUMENTS);
		return;
	}
	adm_lending_take_back_mine();
	depth++;
	PG_TRY();
	{
		run_executor(ADM_EXECUTOR_RUN_ARGUMENTS);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	if (!has_work_after_run(query))
		return_to_client();
}

static void
finish_executor(QueryDesc *query)
{
	if (prev_executor_finish_hook)
		prev_executor_finish_hook(query);
	else
		standard_ExecutorFinish(query);
}

static void
see_executor_finish(QueryDesc *query)
{
	if (!past_gate || depth > 0 || !has_work_after_run(query))
	{
		finish_executor(query);
		return;
	}
	depth++;
	PG_TRY();
	{
		finish_executor(query);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	return_to_client();
}

static bool
is_end_of_transaction(Node *statement)
{
	return IsA(statement, TransactionStmt) &&
		(((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT ||
		 ((TransactionStmt *) statement)->kind == TRANS_STMT_PREPARE);
}

static void
see_utility(PlannedStmt *plan, const char *query_string, bool read_only_tree,
			ProcessUtilityContext context, ParamListInfo params,
			QueryEnvironment *environment, DestReceiver *receiver,
			QueryCompletion *completion)
{
	if (is_top_level() && !IsA(plan->utilityStmt, TransactionStmt))
		pass_gate(adm_work_of_utility(plan->utilityStmt));
	if (depth == 0 && past_gate)
		ending |= is_end_of_transaction(plan->utilityStmt);
	depth++;
	PG_TRY();
	{
		if (prev_process_utility_hook)
			prev_process_utility_hook(plan, query_string, read_only_tree, context,
									  params, environment, receiver, completion);
		else
			standard_ProcessUtility(plan, query_string, read_only_tree, context,
									params, environment, receiver, completion);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	return_to_client();
}

void
adm_transaction_gate_init(void)
{
	prev_planner_hook = planner_hook;
	planner_hook = see_planner;
	prev_executor_start_hook = ExecutorStart_hook;
	ExecutorStart_hook = see_executor_start;
	prev_executor_run_hook = ExecutorRun_hook;
	ExecutorRun_hook = see_executor_run;
	prev_executor_finish_hook = ExecutorFinish_hook;
	ExecutorFinish_hook = see_executor_finish;
	prev_process_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = see_utility;
	RegisterXactCallback(end_of_transaction, NULL);
}
