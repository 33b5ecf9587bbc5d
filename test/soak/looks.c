/*
 * looks.c - once a second, a login and what the views say.
 *
 * One thread waits for the clock and for all sockets at once, so the beat does
 * not depend on the server.  Every promise is judged with the time that run
 * excuses taken off, and with a slack for a machine that is overloaded on
 * purpose; README.md has both.
 */
#include "looks.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "excuses.h"
#include "violations.h"

#define BEAT_MS				1000
#define SOCKETS_MS			50
#define MOST_LOOKS			60
#define GIVE_UP_AFTER_MS	60000

/* What is allowed. */
#define LOGIN_MS			5000
#define ANSWER_MS			10000
#define WAIT_SLACK_MS		5000
#define HOLDER_MS			30000
#define COMFORT_HOLD_MS		200
#define COMFORT_SLACK_MS	1000
#define COMFORT_SETTLED_MS	3000
#define AFTER_FAULT_MS		5000
#define BALANCE_MS			15000
#define CONTROLLER_MS		15000

/* A change of a time-out reaches those who wait within this. */
#define TIMEOUT_MEMORY_MS	15000

#define BALANCE_SAMPLES		"8"

/* The columns of each answer are read by their places. */
static const char look_sql[] =
	"SELECT s.mode, s.pressure_level, pg_catalog.current_setting('pg_admission.warmup_advance'), "
	" s.connections_admitted, s.connections_starting, s.connections_waiting, s.connections_exempt, s.connections_in_lane, "
	" s.transactions_running, s.transactions_waiting, s.transactions_lent, s.transactions_long, "
	" coalesce(s.controller_heartbeat_age_ms, -1), s.held_while_comfortable_ms, "
	" pg_catalog.current_setting('max_connections'), "
	" (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'pg_admission.connection_queue_timeout'), "
	" greatest((SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'pg_admission.transaction_queue_timeout'), "
	"  (SELECT max(patience_ms) FROM admission.services)), "
	" s.counters_reset_at, s.phase "
	"FROM admission.status s;"
	"SELECT w.gate, w.pid, coalesce(w.role, ''), coalesce(w.application_name, ''), coalesce(w.service, ''), "
	" (extract(epoch FROM pg_catalog.clock_timestamp() - w.waiting_since) * 1000)::int8, "
	" v.service IS NULL OR v.state <> 'open' OR CASE w.gate WHEN 'connection' THEN v.session_cap ELSE v.transaction_cap END IS NOT NULL, "
	" (SELECT count(*) FROM pg_catalog.pg_locks WHERE pid = w.pid AND locktype IN ('advisory', 'transactionid')) "
	"FROM admission.waiting w LEFT JOIN admission.services v ON v.service = w.service;"
	"SELECT * FROM soak.balance(" BALANCE_SAMPLES ")";

#define ANSWERS	3

/* Of soak.balance(): two numbers of the same thing, taken one after the other. */
static const char *const balances[] = {
	"sessions: the word and the slots",
	"logins in line: the counter and the slots",
	"logins in line: the list and the counter",
	"transactions in line: the list and the slots",
	"exempt sessions: the counter and the slots",
	"sessions in the lane: the counter and the slots"
};

#define BALANCES	((int) (sizeof(balances) / sizeof(balances[0])))

typedef enum Stage
{
	STAGE_NONE,
	STAGE_KNOCK,				/* the kernel's queue was full */
	STAGE_LOGIN,
	STAGE_ANSWER
} Stage;

typedef struct Look
{
	Stage		stage;
	PGconn	   *conn;
	short		events;			/* to poll for */
	int64_t		began_ms;		/* wall clock, as all times here */
	int64_t		logged_in_ms;
	bool		told;			/* that it is late */
	PGresult   *answers[ANSWERS];
	int			answer_count;
	char		error[512];
} Look;

static Look looks[MOST_LOOKS];
static const char *server;

/* When the two numbers were last seen fitting, in each direction. */
static int64_t not_more_ms[BALANCES];
static int64_t not_less_ms[BALANCES];
static char balance_text[BALANCES][128];

typedef struct TimeoutSeen
{
	int64_t		at_ms;
	int64_t		login_ms;
	int64_t		transaction_ms;
} TimeoutSeen;

#define TIMEOUTS_KEPT	64
static TimeoutSeen timeouts[TIMEOUTS_KEPT];
static int	timeout_count = 0;

/* Since when, by all looks, comfort alone decides who waits. */
static int64_t comfort_since_ms = INT64_MAX;
static int64_t last_judged_ms = 0;

static int64_t held_comfortable_before_ms = -1;
static char counters_reset_before[64];

/* For the summary. */
static struct
{
	int64_t		beats;
	int64_t		late_beats;		/* by more than half a second */
	int64_t		latest_beat_ms;
	int64_t		answered;
	int64_t		excused;		/* met a server that was down */
	int64_t		not_begun;		/* too many under way */
	int64_t		longest_gap_ms; /* between answers, excused time taken off */
	int64_t		longest_login_ms;
	int64_t		longest_answer_ms;
	int64_t		longest_login_wait_ms;	/* seen in line */
	int64_t		longest_transaction_wait_ms;
	int64_t		longest_over_ms;	/* bound, slack not counted */
	int64_t		longest_comfort_wait_ms;
	int64_t		waiters;
	int64_t		held_comfortable_ms;
	int64_t		at_level[3];
	int64_t		comfort_looks;	/* in which that rule was judged */
} sum;

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * One and the same wait is told once.
 */

#define TOLD_KEPT	256

static bool
told_before(const char *kind, int pid, int64_t since_ms)
{
	static struct
	{
		const char *kind;
		int			pid;
		int64_t		since_ms;
	}			told[TOLD_KEPT];
	static int	next = 0;

	for (int i = 0; i < TOLD_KEPT; i++)
		if (told[i].kind == kind && told[i].pid == pid && llabs(told[i].since_ms - since_ms) < 1000)
			return true;
	told[next].kind = kind;
	told[next].pid = pid;
	told[next].since_ms = since_ms;
	next = (next + 1) % TOLD_KEPT;
	return false;
}

/*
 * Judging an answer.
 */

static int64_t
number(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? 0 : strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static const char *
text(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column);
}

/* A count below zero borrows from its neighbour in the word, and is huge. */
static void
judge_counts(const PGresult *status)
{
	static const char *const names[] = {
		"connections_admitted", "connections_starting", "connections_waiting", "connections_exempt",
		"connections_in_lane", "transactions_running", "transactions_waiting", "transactions_lent", "transactions_long"
	};
	int64_t		slots = number(status, 0, 14);

	for (int i = 0; i < 9; i++)
	{
		int64_t		count = number(status, 0, 3 + i);

		if (count < 0 || count > slots + 100)
			violation("permits", "%s is %" PRId64 ", of %" PRId64 " slots", names[i], count, slots);
	}
	if (number(status, 0, 4) > number(status, 0, 3))
		violation("permits", "connections_starting is %s, of connections_admitted %s", text(status, 0, 4), text(status, 0, 3));
}

static void
forget_balances(int64_t now_ms)
{
	for (int i = 0; i < BALANCES; i++)
		not_more_ms[i] = not_less_ms[i] = now_ms;
}

/*
 * The two numbers of each pair are read one after the other while sessions come
 * and go, so one look alone proves nothing; but what has leaked stays.
 */
static void
judge_balances(const PGresult *balance, int64_t now_ms)
{
	for (int i = 0; i < BALANCES; i++)
	{
		int64_t		least = number(balance, 0, 2 * i);
		int64_t		greatest = number(balance, 0, 2 * i + 1);

		if (least <= 0)
			not_more_ms[i] = now_ms;
		if (greatest >= 0)
			not_less_ms[i] = now_ms;
		snprintf(balance_text[i], sizeof(balance_text[i]), "%" PRId64 " to %" PRId64, least, greatest);
		if (now_ms - not_more_ms[i] <= BALANCE_MS && now_ms - not_less_ms[i] <= BALANCE_MS)
			continue;
		violation("permits", "%s have differed for %d s, now by %s", balances[i], BALANCE_MS / 1000, balance_text[i]);
		not_more_ms[i] = not_less_ms[i] = now_ms;
	}
}

static void
note_timeouts(const PGresult *status, int64_t now_ms)
{
	timeouts[timeout_count++ % TIMEOUTS_KEPT] = (TimeoutSeen) {
		now_ms, number(status, 0, 15), number(status, 0, 16)
	};
}

/* The longest that a gate's time-out has been lately. */
static int64_t
recent_timeout_ms(bool login, int64_t now_ms)
{
	int64_t		longest_ms = 0;

	for (int i = 0; i < TIMEOUTS_KEPT; i++)
		if (now_ms - timeouts[i].at_ms <= TIMEOUT_MEMORY_MS)
			longest_ms = most(longest_ms, login ? timeouts[i].login_ms : timeouts[i].transaction_ms);
	return longest_ms;
}

/* The roles that run has given patience of their own. */
static int64_t
bound_ms(bool login, const char *role, bool holds, int64_t now_ms)
{
	if (login)
		return recent_timeout_ms(true, now_ms);
	if (holds)
		return HOLDER_MS;
	if (strcmp(role, "patient") == 0)
		return 3000;
	if (strcmp(role, "ddl") == 0)
		return 2000;
	return recent_timeout_ms(false, now_ms);
}

static void
judge_waiter(const PGresult *waiters, int row, int64_t now_ms, bool comfort)
{
	bool		login = strcmp(text(waiters, row, 0), "connection") == 0;
	int			pid = (int) number(waiters, row, 1);
	int64_t		age_ms = number(waiters, row, 5);
	int64_t		since_ms = now_ms - age_ms;
	bool		by_service = text(waiters, row, 6)[0] == 't';
	bool		holds = number(waiters, row, 7) > 0;
	int64_t		bound = bound_ms(login, text(waiters, row, 2), holds, now_ms);
	int64_t		own_ms = age_ms - excuses_overlap_ms(EXCUSE_ANY, since_ms, now_ms);

	sum.waiters++;
	if (login)
		sum.longest_login_wait_ms = most(sum.longest_login_wait_ms, age_ms);
	else
		sum.longest_transaction_wait_ms = most(sum.longest_transaction_wait_ms, age_ms);
	sum.longest_over_ms = most(sum.longest_over_ms, own_ms - bound);
	if (own_ms > bound + WAIT_SLACK_MS && !told_before("bound", pid, since_ms))
		violation("bound", "%s of role %s, application %s, service %s, pid %d has waited for %" PRId64 " ms, %" PRId64
				  " of them not excused, of at most %" PRId64 "%s",
				  text(waiters, row, 0), text(waiters, row, 2), text(waiters, row, 3), text(waiters, row, 4), pid,
				  age_ms, own_ms, bound, holds ? " for one who holds a lock" : "");
	if (!comfort || by_service)
		return;
	sum.longest_comfort_wait_ms = most(sum.longest_comfort_wait_ms, own_ms);
	if (own_ms > COMFORT_HOLD_MS + COMFORT_SLACK_MS && !told_before("comfort", pid, since_ms))
		violation("comfort", "%s of role %s, application %s, service %s, pid %d has waited for %" PRId64
				  " ms on a machine that has been comfortable for %" PRId64 " ms",
				  text(waiters, row, 0), text(waiters, row, 2), text(waiters, row, 3), text(waiters, row, 4), pid,
				  age_ms, now_ms - comfort_since_ms);
}

/*
 * Whether the master rule applies at this look: the caps follow pressure, which
 * has been comfortable at all looks for a while, and no fault was near.
 */
static bool
is_comfort(const PGresult *status, int64_t now_ms)
{
	bool		comfortable = strcmp(text(status, 0, 0), "enforce") == 0 &&
		strcmp(text(status, 0, 1), "comfortable") == 0 &&
		strcmp(text(status, 0, 2), "load") == 0 &&
		!excuses_touch(EXCUSE_ANY, now_ms - AFTER_FAULT_MS, now_ms);

	/* Between two looks that are far apart anything may have been. */
	if (!comfortable || now_ms - last_judged_ms > 2 * BEAT_MS)
		comfort_since_ms = comfortable ? now_ms : INT64_MAX;
	else if (comfort_since_ms == INT64_MAX)
		comfort_since_ms = now_ms;
	return comfortable && now_ms - comfort_since_ms >= COMFORT_SETTLED_MS;
}

/* The server's own account of the same rule; a look back, so no slack is needed. */
static void
note_held_while_comfortable(const PGresult *status, bool comfort)
{
	int64_t		held_ms = number(status, 0, 13);
	const char *reset = text(status, 0, 17);

	if (strcmp(reset, counters_reset_before) != 0 || held_ms < held_comfortable_before_ms)
		held_comfortable_before_ms = held_ms;
	if (comfort)
		sum.held_comfortable_ms += held_ms - held_comfortable_before_ms;
	held_comfortable_before_ms = held_ms;
	snprintf(counters_reset_before, sizeof(counters_reset_before), "%s", reset);
}

static void
note_level(const PGresult *status)
{
	static const char *const levels[] = {"comfortable", "high", "critical"};

	for (int i = 0; i < 3; i++)
		if (strcmp(text(status, 0, 1), levels[i]) == 0)
			sum.at_level[i]++;
}

/* Of one that has not begun since the server started, the views know no age. */
static void
judge_controller(const PGresult *status, int64_t now_ms)
{
	static int64_t missing_since_ms = INT64_MAX;
	int64_t		silent_ms = number(status, 0, 12);

	if (silent_ms >= 0)
		missing_since_ms = INT64_MAX;
	else
	{
		if (missing_since_ms == INT64_MAX)
			missing_since_ms = now_ms;
		silent_ms = now_ms - missing_since_ms;
	}
	if (silent_ms - excuses_overlap_ms(EXCUSE_ANY, now_ms - silent_ms, now_ms) > CONTROLLER_MS &&
		!told_before("controller", 0, now_ms - silent_ms))
		violation("controller", "the controller has been silent for %" PRId64 " ms", silent_ms);
}

static void
judge(const Look *look, int64_t now_ms)
{
	const PGresult *status = look->answers[0];
	const PGresult *waiters = look->answers[1];
	bool		comfort = is_comfort(status, now_ms);

	judge_counts(status);
	judge_balances(look->answers[2], now_ms);
	note_timeouts(status, now_ms);
	note_level(status);
	judge_controller(status, now_ms);
	note_held_while_comfortable(status, comfort);
	sum.comfort_looks += comfort;
	for (int row = 0; row < PQntuples(waiters); row++)
		judge_waiter(waiters, row, now_ms, comfort);
	if (last_judged_ms > 0)
		sum.longest_gap_ms = most(sum.longest_gap_ms, now_ms - last_judged_ms -
								  excuses_overlap_ms(EXCUSE_ANY, last_judged_ms, now_ms));
	last_judged_ms = now_ms;
}

/*
 * A look's life.
 */

static void
end_look(Look *look)
{
	PQfinish(look->conn);
	for (int i = 0; i < look->answer_count; i++)
		PQclear(look->answers[i]);
	memset(look, 0, sizeof(*look));
}

static int64_t
unexcused_ms(int64_t from_ms, int64_t to_ms)
{
	return to_ms - from_ms - excuses_overlap_ms(EXCUSE_ANY, from_ms, to_ms);
}

/* It met a server that was down, if only in part of its time, or it is a finding. */
static void
fail_look(Look *look, const char *error)
{
	int64_t		now_ms = clock_wall_ms();

	excuses_read();
	if (excuses_touch(EXCUSE_DOWN, look->began_ms, now_ms))
	{
		sum.excused++;
		forget_balances(now_ms);
	}
	else
		violation("administrator", "%s, after %" PRId64 " ms: %s",
				  look->stage == STAGE_ANSWER ? "the look failed" : "the login failed", now_ms - look->began_ms, error);
	end_look(look);
}

static void
finish_look(Look *look)
{
	int64_t		now_ms = clock_wall_ms();

	excuses_read();
	sum.longest_answer_ms = most(sum.longest_answer_ms, unexcused_ms(look->logged_in_ms, now_ms));
	if (look->answer_count < ANSWERS || look->error[0] != '\0')
	{
		fail_look(look, look->error[0] ? look->error : "answers are missing");
		return;
	}
	sum.answered++;
	if (excuses_touch(EXCUSE_DOWN, look->began_ms, now_ms))
		forget_balances(now_ms);
	else
		judge(look, now_ms);
	end_look(look);
}

static void
note_login(Look *look)
{
	int64_t		now_ms = clock_wall_ms();
	int64_t		took_ms;

	excuses_read();
	took_ms = unexcused_ms(look->began_ms, now_ms);
	sum.longest_login_ms = most(sum.longest_login_ms, took_ms);
	if (took_ms > LOGIN_MS && !look->told)
		violation("administrator", "the login took %" PRId64 " ms", took_ms);
	look->logged_in_ms = now_ms;
	look->told = false;
	look->stage = STAGE_ANSWER;
	look->events = POLLIN;
	if (!PQsendQuery(look->conn, look_sql))
		fail_look(look, PQerrorMessage(look->conn));
}

static void
go_on_with_login(Look *look)
{
	switch (PQconnectPoll(look->conn))
	{
		case PGRES_POLLING_READING:
			look->events = POLLIN;
			return;
		case PGRES_POLLING_WRITING:
			look->events = POLLOUT;
			return;
		case PGRES_POLLING_OK:
			note_login(look);
			return;
		default:
			fail_look(look, PQerrorMessage(look->conn));
			return;
	}
}

static void
take_answer(Look *look, PGresult *result)
{
	if (PQresultStatus(result) == PGRES_TUPLES_OK && look->answer_count < ANSWERS)
	{
		look->answers[look->answer_count++] = result;
		return;
	}
	if (look->error[0] == '\0')
		snprintf(look->error, sizeof(look->error), "%s", PQresultErrorMessage(result));
	PQclear(result);
}

static void
go_on_with_answer(Look *look)
{
	if (!PQconsumeInput(look->conn))
	{
		fail_look(look, PQerrorMessage(look->conn));
		return;
	}
	while (!PQisBusy(look->conn))
	{
		PGresult   *result = PQgetResult(look->conn);

		if (result == NULL)
		{
			finish_look(look);
			return;
		}
		take_answer(look, result);
	}
}

static void
ignore_notice(void *argument, const char *message)
{
	(void) argument;
	(void) message;
}

/* A full queue answers at once on a Unix socket: as anybody would, try again. */
static void
knock(Look *look)
{
	PQfinish(look->conn);
	look->stage = STAGE_LOGIN;
	look->conn = PQconnectStart(server);
	look->events = POLLOUT;
	if (look->conn != NULL && PQstatus(look->conn) != CONNECTION_BAD)
	{
		PQsetNoticeProcessor(look->conn, ignore_notice, NULL);
		return;
	}
	if (look->conn == NULL || strstr(PQerrorMessage(look->conn), strerror(EAGAIN)) == NULL)
		fail_look(look, look->conn ? PQerrorMessage(look->conn) : "out of memory");
	else
		look->stage = STAGE_KNOCK;
}

static void
begin_look(void)
{
	Look	   *look = NULL;

	sum.beats++;
	for (int i = 0; i < MOST_LOOKS && look == NULL; i++)
		if (looks[i].stage == STAGE_NONE)
			look = &looks[i];
	if (look == NULL)
	{
		sum.not_begun++;
		return;
	}
	look->began_ms = clock_wall_ms();
	knock(look);
}

/* Told when it happens, not when it ends: it may never. */
static void
look_at_clock(Look *look, int64_t now_ms)
{
	bool		login = look->stage != STAGE_ANSWER;
	int64_t		from_ms = login ? look->began_ms : look->logged_in_ms;
	int64_t		waits_ms = unexcused_ms(from_ms, now_ms);

	if (waits_ms > (login ? LOGIN_MS : ANSWER_MS) && !look->told)
	{
		look->told = true;
		violation("administrator", login ? "a login has gone on for %" PRId64 " ms" :
				  "a look at the views has gone on for %" PRId64 " ms", waits_ms);
	}
	if (waits_ms > GIVE_UP_AFTER_MS)
		end_look(look);
}

/*
 * The loop.
 */

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static void
serve_sockets(int timeout_ms)
{
	struct pollfd sockets[MOST_LOOKS];
	Look	   *whose[MOST_LOOKS];
	int			count = 0;

	for (int i = 0; i < MOST_LOOKS; i++)
	{
		if (looks[i].stage == STAGE_KNOCK)
			knock(&looks[i]);
		if (looks[i].stage == STAGE_NONE || looks[i].stage == STAGE_KNOCK)
			continue;
		sockets[count] = (struct pollfd) {PQsocket(looks[i].conn), looks[i].events, 0};
		whose[count++] = &looks[i];
	}
	if (poll(sockets, count, timeout_ms) <= 0)
		return;
	for (int i = 0; i < count; i++)
	{
		if (sockets[i].revents == 0)
			continue;
		if (whose[i]->stage == STAGE_LOGIN)
			go_on_with_login(whose[i]);
		else if (whose[i]->stage == STAGE_ANSWER)
			go_on_with_answer(whose[i]);
	}
}

static void
beat(int64_t late_ms)
{
	int64_t		now_ms = clock_wall_ms();

	sum.late_beats += late_ms > BEAT_MS / 2;
	sum.latest_beat_ms = most(sum.latest_beat_ms, late_ms);
	excuses_read();
	for (int i = 0; i < MOST_LOOKS; i++)
		if (looks[i].stage != STAGE_NONE)
			look_at_clock(&looks[i], now_ms);
	begin_look();
}

static void
print_summary(void)
{
	printf("looks_begun %" PRId64 "\n", sum.beats - sum.not_begun);
	printf("looks_answered %" PRId64 "\n", sum.answered);
	printf("looks_excused %" PRId64 "\n", sum.excused);
	printf("looks_not_begun %" PRId64 "\n", sum.not_begun);
	printf("beats_late %" PRId64 "\n", sum.late_beats);
	printf("latest_beat_ms %" PRId64 "\n", sum.latest_beat_ms);
	printf("longest_gap_ms %" PRId64 "\n", sum.longest_gap_ms);
	printf("longest_login_ms %" PRId64 "\n", sum.longest_login_ms);
	printf("longest_answer_ms %" PRId64 "\n", sum.longest_answer_ms);
	printf("waiters_seen %" PRId64 "\n", sum.waiters);
	printf("longest_login_wait_ms %" PRId64 "\n", sum.longest_login_wait_ms);
	printf("longest_transaction_wait_ms %" PRId64 "\n", sum.longest_transaction_wait_ms);
	printf("longest_over_bound_ms %" PRId64 "\n", sum.longest_over_ms);
	printf("looks_comfortable %" PRId64 "\n", sum.at_level[0]);
	printf("looks_high %" PRId64 "\n", sum.at_level[1]);
	printf("looks_critical %" PRId64 "\n", sum.at_level[2]);
	printf("looks_comfort_judged %" PRId64 "\n", sum.comfort_looks);
	printf("longest_comfort_wait_ms %" PRId64 "\n", sum.longest_comfort_wait_ms);
	printf("held_while_comfortable_ms %" PRId64 "\n", sum.held_comfortable_ms);
}

void
looks_run(const char *conninfo, volatile sig_atomic_t *stop)
{
	int64_t		due_ms = adm_clock_ms();

	server = conninfo;
	sum.longest_over_ms = INT64_MIN / 2;
	forget_balances(clock_wall_ms());
	while (!*stop)
	{
		int64_t		left_ms = due_ms - adm_clock_ms();

		if (left_ms <= 0)
		{
			beat(-left_ms);
			due_ms += BEAT_MS;
			continue;
		}
		serve_sockets(least((int) left_ms, SOCKETS_MS));
	}
	print_summary();
}
