/*
 * probe.c - whether the permits fit to the last one.
 *
 * The views show the words of the connection gate, but of the transaction gate
 * and the services only what the slots say.  What their words hold shows when
 * they let in exactly as many as may, and in what a refusal says of them.
 */
#include "probe.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "violations.h"

#define QUIET_WITHIN_MS		25000
#define SETTLED_WITHIN_MS	10000
#define POLL_MS				50

/* One entry each, so that most that the storm has used are among them. */
#define SERVICES			64
#define SECOND_SESSIONS		4

/* At a cap of so many, when all are long, twice as many run. */
#define CAP					2
#define MAY_RUN				(2 * CAP)
#define WANT_TO_RUN			(MAY_RUN + 2)
#define BURN				"SELECT burn(3)"
#define ANSWERED_WITHIN_MS	30000

static const char quiet_sql[] =
	"SELECT concat_ws(' ', connections_admitted, connections_starting, connections_waiting, connections_in_lane, "
	" transactions_running, transactions_waiting, transactions_lent, transactions_long, "
	" connections_exempt - (SELECT sum(sessions) FROM admission.services), "
	" (SELECT sum(logins_waiting) FROM admission.services), (SELECT sum(running) FROM admission.services), "
	" (SELECT sum(waiting) FROM admission.services), (SELECT count(*) FROM admission.waiting)) FROM admission.status";
static const char quiet_answer[] = "0 0 0 0 0 0 0 0 0 0 0 0 0";
static const char quiet_columns[] =
	"admitted, starting, logins waiting, in lane, running, waiting, lent, long, exempt less sessions, "
	"services' logins waiting, running, waiting, rows of waiting";

static PGconn *administrator;

static void
nap(void)
{
	usleep(POLL_MS * 1000);
}

/* Runs a statement whose failure would make all that follows worthless. */
static bool
command(const char *sql)
{
	PGresult   *result = PQexec(administrator, sql);
	ExecStatusType status = PQresultStatus(result);
	bool		done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!done)
		violation("probe", "%s: %s", sql, PQerrorMessage(administrator));
	PQclear(result);
	return done;
}

/* What the last question was answered. */
static char answer[256];

static bool
answers(const char *sql, const char *expected)
{
	PGresult   *result = PQexec(administrator, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		snprintf(answer, sizeof(answer), "%s", PQerrorMessage(administrator));
	else
		snprintf(answer, sizeof(answer), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return strcmp(answer, expected) == 0;
}

/* Polls until a query's answer is as expected; else the last answer is told. */
static bool
comes_to(const char *kind, const char *what, const char *sql, const char *expected, int within_ms)
{
	int64_t		deadline_ms = adm_clock_ms() + within_ms;

	do
	{
		if (answers(sql, expected))
			return true;
		nap();
	} while (adm_clock_ms() < deadline_ms);
	violation(kind, "%s: after %d s it is \"%s\", not \"%s\"", what, within_ms / 1000, answer, expected);
	return false;
}

static bool
comes_to_rest(void)
{
	char		what[512];

	snprintf(what, sizeof(what), "nobody is there (%s)", quiet_columns);
	return comes_to("permits", what, quiet_sql, quiet_answer, QUIET_WITHIN_MS);
}

/*
 * Services.
 */

static PGconn *
log_in(const char *conninfo, const char *application_name)
{
	const char *words[] = {"dbname", "application_name", "connect_timeout", NULL};
	const char *values[] = {conninfo, application_name, "20", NULL};

	return PQconnectdbParams(words, values, 1);
}

static bool
allow_one_each(void)
{
	char		sql[SERVICES * 64 + 256];
	char		expected[16];
	size_t		length;

	length = (size_t) snprintf(sql, sizeof(sql), "ALTER SYSTEM SET pg_admission.services = '");
	for (int i = 1; i <= SERVICES; i++)
		length += (size_t) snprintf(sql + length, sizeof(sql) - length, "s%d: application_name=s%d limit=1 running=1; ", i, i);
	snprintf(sql + length, sizeof(sql) - length, "default: limit=1 running=1'");
	snprintf(expected, sizeof(expected), "%d", SERVICES + 1);
	return command(sql) && command("SELECT pg_reload_conf()") &&
		comes_to("probe", "services", "SELECT count(session_cap) FROM admission.services WHERE rule IS NOT NULL AND state = 'open'",
				 expected, SETTLED_WITHIN_MS);
}

static void
work_once(PGconn *conn, const char *service)
{
	PGresult   *result;

	if (PQstatus(conn) != CONNECTION_OK)
	{
		violation("permits", "service %s, which nobody uses, does not let its one session in: %s", service, PQerrorMessage(conn));
		return;
	}
	result = PQexec(conn, "SELECT count(*) FROM pg_class");
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		violation("permits", "service %s, which nobody uses, does not run its one transaction: %s", service, PQerrorMessage(conn));
	PQclear(result);
}

static void
expect_refusal(const char *ordinary, const char *service)
{
	PGconn	   *conn = log_in(ordinary, service);

	if (PQstatus(conn) == CONNECTION_OK)
		violation("permits", "service %s has a limit of one, and lets a second session in", service);
	else if (strstr(PQerrorMessage(conn), "sessions: 1 of at most 1") == NULL)
		violation("permits", "service %s has one session, and says: %s", service, PQerrorMessage(conn));
	PQfinish(conn);
}

static void
probe_services(const char *ordinary)
{
	PGconn	   *conns[SERVICES + 1];
	char		name[16];

	for (int i = 0; i <= SERVICES; i++)
	{
		snprintf(name, sizeof(name), i == 0 ? "default" : "s%d", i);
		conns[i] = log_in(ordinary, name);
		work_once(conns[i], name);
	}
	for (int i = 1; i <= SECOND_SESSIONS; i++)
	{
		snprintf(name, sizeof(name), "s%d", i);
		expect_refusal(ordinary, name);
	}
	for (int i = 0; i <= SERVICES; i++)
		PQfinish(conns[i]);
}

/*
 * The transaction gate.
 */

static bool
brake_to_cap(void)
{
	char		sql[128];
	char		expected[32];

	snprintf(sql, sizeof(sql), "ALTER SYSTEM SET pg_admission.brake = '%d'", CAP);
	snprintf(expected, sizeof(expected), "%d 1", CAP);
	return command("ALTER SYSTEM RESET pg_admission.services") && command(sql) &&
		command("ALTER SYSTEM SET pg_admission.long_transaction_after = 0") &&
		command("ALTER SYSTEM RESET pg_admission.connection_queue_timeout") && command("SELECT pg_reload_conf()") &&
		comes_to("probe", "the brake and the services", "SELECT concat_ws(' ', transaction_cap, (SELECT count(*) FROM admission.services)) FROM admission.status",
				 expected, SETTLED_WITHIN_MS);
}

static bool
is_answered(PGconn *conn)
{
	return PQstatus(conn) != CONNECTION_OK || (PQconsumeInput(conn) && !PQisBusy(conn));
}

static void
wait_for_answers(PGconn **conns, int count)
{
	int64_t		deadline_ms = adm_clock_ms() + ANSWERED_WITHIN_MS;
	int			answered;

	do
	{
		answered = 0;
		for (int i = 0; i < count; i++)
			answered += is_answered(conns[i]);
		if (answered < count)
			nap();
	} while (answered < count && adm_clock_ms() < deadline_ms);
	if (answered < count)
		violation("permits", "of %d transactions only %d were answered within %d s", count, answered, ANSWERED_WITHIN_MS / 1000);
}

/* The last refusal tells what the word holds when all who may do run. */
static void
judge_burning(PGconn **conns)
{
	char		full[32];
	char		refusal[512] = "";
	int			ran = 0;
	int			refused = 0;
	bool		fits = false;

	snprintf(full, sizeof(full), "%d of at most %d", MAY_RUN, MAY_RUN);
	for (int i = 0; i < WANT_TO_RUN; i++)
	{
		PGresult   *result = is_answered(conns[i]) ? PQgetResult(conns[i]) : NULL;
		const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			ran++;
		else if (sqlstate != NULL && strcmp(sqlstate, "53400") == 0)
		{
			refused++;
			snprintf(refusal, sizeof(refusal), "%s", PQresultErrorMessage(result));
			fits |= strstr(refusal, full) != NULL;
		}
		else
			violation("probe", "a transaction failed: %s", PQerrorMessage(conns[i]));
		PQclear(result);
	}
	if (ran != MAY_RUN || refused != WANT_TO_RUN - MAY_RUN || !fits)
		violation("permits", "of %d long transactions %d ran and %d were refused, at a cap of %d, where %d may run: %s",
				  WANT_TO_RUN, ran, refused, CAP, MAY_RUN, refusal);
}

static void
probe_transactions(const char *ordinary)
{
	PGconn	   *conns[WANT_TO_RUN];

	for (int i = 0; i < WANT_TO_RUN; i++)
		conns[i] = log_in(ordinary, "probe");
	for (int i = 0; i < WANT_TO_RUN; i++)
		if (!PQsendQuery(conns[i], BURN))
			violation("probe", "a login failed: %s", PQerrorMessage(conns[i]));
	wait_for_answers(conns, WANT_TO_RUN);
	judge_burning(conns);
	for (int i = 0; i < WANT_TO_RUN; i++)
		PQfinish(conns[i]);
}

/*
 * All of it.
 */

static bool
open_services(void)
{
	static const char look[] = "SELECT count(*) FROM admission.services WHERE state <> 'open'";
	int64_t		deadline_ms = adm_clock_ms() + SETTLED_WITHIN_MS;

	while (adm_clock_ms() < deadline_ms && !answers(look, "0"))
	{
		PQclear(PQexec(administrator, "SELECT * FROM admission.resume_services('0')"));
		nap();
	}
	return comes_to("probe", "services that are not open", look, "0", POLL_MS);
}

/* What binds is only what the probe binds. */
static bool
release_everything(void)
{
	static const char *const commands[] = {
		"ALTER SYSTEM RESET ALL",
		"ALTER SYSTEM SET pg_admission.mode = 'enforce'",
		"ALTER SYSTEM SET pg_admission.warmup_advance = 'clock'",
		"ALTER SYSTEM SET pg_admission.warmup_on = ''",
		"ALTER SYSTEM SET pg_admission.connection_queue_timeout = 0",
		"ALTER SYSTEM SET pg_admission.transaction_queue_timeout = 1500",
		"SELECT pg_reload_conf()",
		"SELECT admission.brake('off')",
		"SELECT admission.stop_warmup()"
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!command(commands[i]))
			return false;
	if (!comes_to("probe", "the rules and the mode",
				  "SELECT concat_ws(' ', mode, phase, (SELECT count(*) FROM admission.services WHERE rule IS NOT NULL), (SELECT count(*) FROM admission.services WHERE paused_by LIKE '%setting%')) FROM admission.status",
				  "enforce open 1 0", SETTLED_WITHIN_MS))
		return false;
	return open_services() &&
		comes_to("probe", "services that are forgotten", "SELECT count(*) FROM admission.services", "1", SETTLED_WITHIN_MS);
}

static void
ignore_notice(void *argument, const char *message)
{
	(void) argument;
	(void) message;
}

void
probe_run(const char *superuser, const char *ordinary)
{
	administrator = log_in(superuser, "probe");
	PQsetNoticeProcessor(administrator, ignore_notice, NULL);
	if (PQstatus(administrator) != CONNECTION_OK)
	{
		violation("administrator", "the probe's login failed: %s", PQerrorMessage(administrator));
		return;
	}
	if (comes_to_rest() && release_everything() && allow_one_each())
	{
		probe_services(ordinary);
		if (comes_to_rest() && brake_to_cap())
			probe_transactions(ordinary);
		(void) comes_to_rest();
	}
	(void) command("ALTER SYSTEM RESET ALL");
	(void) command("SELECT pg_reload_conf()");
	PQfinish(administrator);
}
