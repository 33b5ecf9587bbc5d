/*
 * connection_gate.c - where logins wait or are refused.
 *
 * The hook runs in the login's transaction, before the database is known and
 * before the client has been told that it is in.  While a login is held it
 * must hold no snapshot, send the client nothing but its end, answer barriers
 * and shutdowns at once, and give up before authentication_timeout does, since
 * of that the client is told nothing.
 *
 * Every way out of here goes by adm_permits_leave() when the process exits, so
 * no path has to give anything back itself.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "compat.h"
#include "connection_gate.h"
#include "counters.h"
#include "exemption.h"
#include "line_wait.h"
#include "libpq/auth.h"
#include "miscadmin.h"
#include "my_service.h"
#include "os/clock.h"
#include "permits.h"
#include "refusal_log.h"
#include "replication/walsender.h"
#include "samples.h"
#include "service_refusal.h"
#include "settings.h"
#include "starts.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/ps_status.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* The first in line looks after the line; the others are only careful. */
#define FIRST_LOOKS_EVERY_MS	50
#define OTHERS_LOOK_EVERY_MS	2000
#define LANE_LOOKS_EVERY_MS		200

/*
 * The administrator's headroom.  They are counted in a list under a spinlock
 * that every fork and exit needs, hence an upper bound.
 */
#define HEADROOM_LEAST			5
#define HEADROOM_MOST			32

/*
 * Who waits for room in its own service holds a server slot that others may
 * need: not more of them wait than one part in so many of all slots.
 */
#define SERVICE_WAITERS_PART	2

/* Give up so long before authentication_timeout, or a quarter of what is left. */
#define AUTHENTICATION_MARGIN_MS	1000

static ClientAuthentication_hook_type prev_client_authentication_hook = NULL;

/* The transactions that have ended in this session, the login's included. */
static int	transactions_ended = 0;

/* Who comes. */
typedef struct Arrival
{
	AdmExemption exemption;
	int			service;
} Arrival;

typedef enum WaitEnd
{
	WAIT_GRANTED,
	WAIT_TIMED_OUT,
	WAIT_SERVICE_FULL,			/* and its service has no room */
	WAIT_CLIENT_GONE,
	WAIT_TERMINATED
} WaitEnd;

/*
 * The start permit's end: the session's first transaction after that of the
 * login itself.
 */
static void
end_start_after_first_transaction(XactEvent event, void *arg)
{
	if (transactions_ended > 1)
		return;
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	if (++transactions_ended > 1)
		adm_starts_end_mine();
}

static void
leave_at_exit(int code, Datum arg)
{
	adm_samples_leave(adm_permits_is_gated(adm_permits_my_state(ADM_GATE_CONNECTION)));
	adm_permits_leave(ADM_GATE_CONNECTION);
	adm_permits_say_goodbye();
}

/*
 * Slots that must be free for anybody to wait: those that ordinary sessions
 * can never have, and the administrator's headroom of a twentieth.  A waiter
 * holds a server slot, and so does every login that is on its way.
 */
static int
spare_slots(void)
{
	return adm_compat_reserved_slots() +
		Max(HEADROOM_LEAST, Min(MaxConnections / 20, HEADROOM_MOST));
}

/*
 * Deadlines.
 */

/* When authentication must be over, on the monotonic clock. */
static int64
authentication_deadline_ms(int64 now_ms)
{
	TimestampTz finish = get_timeout_finish_time(STATEMENT_TIMEOUT);
	int64		left_ms;

	if (finish == 0)
		return PG_INT64_MAX;
	left_ms = Max((finish - GetCurrentTimestamp()) / 1000, 0);
	return now_ms + left_ms - Min(AUTHENTICATION_MARGIN_MS, left_ms / 4);
}

/*
 * The line.
 */

/*
 * All of them come as one flag.  Should it be raised between here and
 * CHECK_FOR_INTERRUPTS, the login ends without a word to the client.
 */
static bool
must_end(WaitEnd *end)
{
	if (!ProcDiePending && !QueryCancelPending)
		return false;
	*end = get_timeout_indicator(STATEMENT_TIMEOUT, false) ?
		WAIT_TIMED_OUT : WAIT_TERMINATED;
	ProcDiePending = false;
	QueryCancelPending = false;
	return true;
}

/*
 * The first in line makes sure that nobody's turn depends on the controller:
 * it takes back what is no longer used and serves the line by itself.
 */
static long
look_after_line(void)
{
	if (!adm_permits_first_in_line(ADM_GATE_CONNECTION))
		return OTHERS_LOOK_EVERY_MS;
	adm_starts_reclaim();
	adm_permits_serve_line(ADM_GATE_CONNECTION);
	return FIRST_LOOKS_EVERY_MS;
}

static bool
service_has_room(int service)
{
	return adm_permits_service_has_room(ADM_GATE_CONNECTION, service);
}

/*
 * A comfortable machine refuses nobody, however short the time in line, but whom
 * an administrator wants kept out.
 */
static WaitEnd
at_deadline(int service)
{
	if (!service_has_room(service))
		return WAIT_SERVICE_FULL;
	if (!adm_state_comfortable())
		return WAIT_TIMED_OUT;
	return adm_permits_enter_beyond_gate(ADM_GATE_CONNECTION, service) ?
		WAIT_GRANTED : WAIT_SERVICE_FULL;
}

/* Whose lane was full goes over to it when somebody has left it. */
static bool
takes_lane(const Arrival *a)
{
	return a->exemption == ADM_EXEMPTION_LANE &&
		adm_permits_lane() < adm_state_exempt_connections() &&
		adm_permits_enter_lane(a->service);
}

static WaitEnd
wait_in_line(const Arrival *a, int64 arrived_ms)
{
	int64		latest_ms = authentication_deadline_ms(arrived_ms);
	uint32		wait_event = adm_compat_wait_event("AdmissionConnection");

	for (;;)
	{
		WaitEnd		end;
		int64		deadline_ms;
		int64		now_ms;
		long		nap_ms;

		ResetLatch(MyLatch);
		if (must_end(&end))
			return end;
		CHECK_FOR_INTERRUPTS();
		nap_ms = look_after_line();
		if (takes_lane(a))
			return WAIT_GRANTED;
		if (a->exemption == ADM_EXEMPTION_LANE)
			nap_ms = Min(nap_ms, LANE_LOOKS_EVERY_MS);
		if (adm_permits_take_grant(ADM_GATE_CONNECTION))
			return adm_line_client_hung_up() ? WAIT_CLIENT_GONE : WAIT_GRANTED;

		now_ms = adm_clock_ms();
		deadline_ms = Min(latest_ms, arrived_ms + adm_state_queue_timeout_ms());
		if (now_ms >= deadline_ms)
			return at_deadline(a->service);
		if (!adm_line_sleep(Min(nap_ms, (long) (deadline_ms - now_ms)), wait_event))
			return WAIT_CLIENT_GONE;
	}
}

/*
 * Ends.  Each is this process's last message; the caps and counts are of the
 * moment, read without a lock.
 */

static int
detail_of_wait(int64 waited_ms)
{
	AdmCounts	now = adm_permits_counts(ADM_GATE_CONNECTION);
	AdmCounts	cap = adm_word_counts(adm_state_shown_caps(ADM_GATE_CONNECTION));

	if (cap.active == ADM_NO_CAP)
		return errdetail("It waited %lld ms; the warm-up has just ended.",
						 (long long) waited_ms);
	if (cap.present == ADM_NO_CAP)
		return errdetail("It waited %lld ms; sessions starting: %u of at most %u, waiting: %u.",
						 (long long) waited_ms, now.active, cap.active, now.waiting);
	return errdetail("It waited %lld ms; sessions admitted: %u of at most %u, starting: %u of at most %u, waiting: %u.",
					 (long long) waited_ms, now.present, cap.present,
					 now.active, cap.active, now.waiting);
}

static int
hint_for_refused(void)
{
	return errhint("The server is warming up, under pressure or braked: try again later. An administrator can see \"admission.status\", end the warm-up with admission.stop_warmup(), or set \"pg_admission.mode\" to \"off\".");
}

static void
refuse_timed_out(int service, int64 waited_ms)
{
	adm_counters_add_refusal(ADM_GATE_CONNECTION, service, ADM_TOTAL_REFUSED_TIMEOUT);
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(adm_refusal_sqlstate),
			 errmsg("pg_admission refused this connection: no permit came free in time"),
			 detail_of_wait(waited_ms),
			 hint_for_refused()));
}

/* Of what the service may have, by what stands in its way. */
static void
refuse_for_service(int service)
{
	bool		paused = adm_services_is_paused(service);

	adm_counters_add_refusal(ADM_GATE_CONNECTION, service, ADM_TOTAL_REFUSED_SERVICE);
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(adm_refusal_sqlstate),
			 paused ? errmsg("pg_admission refused this connection: its service is paused") :
			 errmsg("pg_admission refused this connection: its service has as many sessions as it may"),
			 adm_service_refusal_detail(ADM_GATE_CONNECTION, service),
			 adm_service_refusal_hint(service)));
}

static void
refuse_no_slots(int service)
{
	adm_counters_add_refusal(ADM_GATE_CONNECTION, service, ADM_TOTAL_REFUSED_SLOTS);
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(adm_refusal_sqlstate),
			 errmsg("pg_admission refused this connection: too few connection slots are free to wait in line"),
			 errdetail("Of %d slots, %d are kept free for administrators and the others are in use.",
					   MaxConnections, spare_slots()),
			 hint_for_refused()));
}

static void
end_terminated(int service)
{
	adm_counters_add(ADM_GATE_CONNECTION, service, ADM_TOTAL_ENDED);
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(ERRCODE_ADMIN_SHUTDOWN),
			 errmsg("pg_admission ended this connection while it was waiting in line"),
			 errdetail("The server is shutting down, or the login was terminated, cancelled, or in conflict with recovery.")));
}

static void
end_abandoned(int service)
{
	adm_counters_add(ADM_GATE_CONNECTION, service, service_has_room(service) ?
					 ADM_TOTAL_ABANDONED : ADM_TOTAL_ABANDONED_SERVICE);
	whereToSendOutput = DestNone;
	adm_refusal_log_limit();
	ereport(FATAL,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("pg_admission ended this connection: the client hung up before it was admitted")));
}

/*
 * Entering.
 */

/* No vacuum may be held back by a login that waits. */
static void
drop_snapshot(void)
{
	(void) GetCatalogSnapshot(AuthIdRelationId);
	InvalidateCatalogSnapshot();
}

static void
wait_for_permits(const Arrival *a)
{
	int64		arrived_ms = adm_clock_ms();

	drop_snapshot();
	set_ps_display("waiting for admission");
	switch (wait_in_line(a, arrived_ms))
	{
		case WAIT_GRANTED:
			set_ps_display("authentication");
			return;
		case WAIT_TIMED_OUT:
			refuse_timed_out(a->service, adm_clock_ms() - arrived_ms);
			break;
		case WAIT_SERVICE_FULL:
			refuse_for_service(a->service);
			break;
		case WAIT_CLIENT_GONE:
			end_abandoned(a->service);
			break;
		case WAIT_TERMINATED:
			end_terminated(a->service);
			break;
	}
}

/*
 * Under a storm a login spends most of its client's patience before it gets
 * here, in the kernel's queue and in authentication: whoever has given up by
 * then must not have a permit.
 */
static void
end_if_abandoned(int service)
{
	if (adm_word_bounds(adm_state_binding_caps(ADM_GATE_CONNECTION)) && adm_line_client_hung_up())
		end_abandoned(service);
}

/*
 * In mode "observe": counts whom the caps would hold, and why.  As where they
 * bind, permits that are no longer used are taken back first.
 */
static void
observe(int service)
{
	if (adm_state_mode() != ADM_MODE_OBSERVE || adm_permits_room(ADM_GATE_CONNECTION) == ADM_ROOM)
		return;
	adm_starts_reclaim();
	switch (adm_permits_room(ADM_GATE_CONNECTION))
	{
		case ADM_ROOM:
			break;
		case ADM_ROOM_NO_ACTIVE:
			adm_counters_add(ADM_GATE_CONNECTION, service, ADM_TOTAL_WOULD_HOLD_ACTIVE);
			break;
		case ADM_ROOM_NO_PRESENT:
			adm_counters_add(ADM_GATE_CONNECTION, service, ADM_TOTAL_WOULD_HOLD_PRESENT);
			break;
	}
}

/* Of sessions, not of those that start: these come and go. */
static bool
service_is_full(int service)
{
	AdmCounts	cap = adm_word_counts(adm_services_caps(ADM_GATE_CONNECTION, service));

	return adm_permits_service_counts(ADM_GATE_CONNECTION, service).present >= cap.present;
}

/*
 * Whether one more must not wait for room in its service.  Refusing costs more
 * than holding, and who was refused comes again: so as many as can may wait.
 */
static bool
must_not_wait_for(int service)
{
	return service_is_full(service) &&
		adm_permits_waiting_for_service(ADM_GATE_CONNECTION) >= MaxConnections / SERVICE_WAITERS_PART;
}

static void
enter_by_permit(const Port *port, const Arrival *a)
{
	int			service = a->service;
	AdmWish		wish = {
		.application_name = port->application_name ? port->application_name : "",
		.service = service,
		.rank = ADM_RANK_ORDINARY,
		.spare_slots = spare_slots()
	};

	end_if_abandoned(service);
	RegisterXactCallback(end_start_after_first_transaction, NULL);
	observe(service);
	if (!adm_permits_try_enter(ADM_GATE_CONNECTION, service))
	{
		if (must_not_wait_for(service))
			refuse_for_service(service);
		adm_starts_reclaim();
		switch (adm_permits_enter_or_wait(ADM_GATE_CONNECTION, &wish))
		{
			case ADM_ENTRY_ADMITTED:
				break;
			case ADM_ENTRY_WAITING:
				wait_for_permits(a);
				break;
			case ADM_ENTRY_NO_SLOTS:
				if (!service_has_room(service))
					refuse_for_service(service);
				if (!adm_state_comfortable())
					refuse_no_slots(service);
				if (!adm_permits_enter_beyond_gate(ADM_GATE_CONNECTION, service))
					refuse_for_service(service);
				break;
			case ADM_ENTRY_IN_VAIN:
				Assert(false);	/* that is not among the wishes */
				break;
		}
	}
}

/* Who it is: nobody can ask a catalog in the hour in which that matters. */
static void
introduce(const Port *port, AdmExemption exemption)
{
	AdmSession	session = {
		.pid = MyProcPid,
		.start = MyStartTimestamp,
		.exempt = exemption != ADM_EXEMPTION_NONE,
		.replicates = am_walsender
	};

	adm_login_describe(port, port->application_name, &session.login);
	adm_permits_introduce(&session);
}

static void
pass_connection_gate(Port *port, int status)
{
	Arrival		a;

	if (prev_client_authentication_hook)
		prev_client_authentication_hook(port, status);
	if (status != STATUS_OK || !adm_state_attached())
		return;

	a.exemption = adm_exemption_of(port->user_name);
	if (a.exemption == ADM_EXEMPTION_UNKNOWN_ROLE)
		return;
	if (am_walsender)
		a.exemption = ADM_EXEMPTION_FULL;
	a.service = adm_my_service_at_login(port);
	if (a.exemption == ADM_EXEMPTION_NONE && adm_services_is_exempt(a.service))
		a.exemption = ADM_EXEMPTION_LANE;
	adm_samples_join();
	introduce(port, a.exemption);
	on_shmem_exit(leave_at_exit, (Datum) 0);
	if (a.exemption == ADM_EXEMPTION_FULL)
		adm_permits_enter_exempt(a.service);
	else if (a.exemption == ADM_EXEMPTION_NONE || !adm_permits_enter_lane(a.service))
		enter_by_permit(port, &a);
}

void
adm_connection_gate_init(void)
{
	prev_client_authentication_hook = ClientAuthentication_hook;
	ClientAuthentication_hook = pass_connection_gate;
}
