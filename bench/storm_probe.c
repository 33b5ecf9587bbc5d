/*
 * storm_probe.c - an administrator who logs in once a second.
 */
#include "storm_probe.h"

#include <stdlib.h>

#include "storm_memory.h"
#include "storm_session.h"

#define INTERVAL_US		1000000

struct Probe
{
	Prober	   *prober;
	Session    *session;
	int64_t		started_us;
	Probe	   *next;
};

static void
unlink_probe(Probe *probe)
{
	Probe	  **link = &probe->prober->probes;

	while (*link != probe)
		link = &(*link)->next;
	*link = probe->next;
}

static void
note_answer(Probe *probe)
{
	int64_t		time_us = loop_now_us() - probe->started_us;

	histogram_add(&probe->prober->times, time_us);
	histogram_add(&probe->prober->second_times, time_us);
}

static void
note_failure(Probe *probe, SessionEvent event)
{
	Prober	   *prober = probe->prober;

	if (prober->failures++ > 0)
		return;
	if (event == SESSION_TIMED_OUT)
		failure_set(&prober->first_failure, NULL, "timed out");
	else
		prober->first_failure = *session_failure(probe->session);
}

static void
handle_probe(Session *session, SessionEvent event, void *owner)
{
	Probe	   *probe = owner;

	if (event == SESSION_READY)
	{
		session_query(session, "SELECT 1");
		return;
	}
	if (event == SESSION_ANSWERED)
		note_answer(probe);
	else
		note_failure(probe, event);
	session_close(session);
	unlink_probe(probe);
	free(probe);
}

static void
start_probe(Prober *prober)
{
	Probe	   *probe = memory_allocate(sizeof(Probe));

	prober->sent++;
	probe->prober = prober;
	probe->next = prober->probes;
	prober->probes = probe;
	probe->started_us = loop_now_us();
	probe->session = session_open(prober->loop, &prober->target,
								  probe->started_us + prober->timeout_ms * 1000,
								  handle_probe, probe);
}

static void
handle_next(void *arg)
{
	Prober	   *prober = arg;

	start_probe(prober);
	prober->next_us += INTERVAL_US;
	if (prober->next_us < prober->last_us)
		loop_set_timer(prober->loop, &prober->next, prober->next_us);
}

bool
prober_init(Prober *prober, Loop *loop, const char *conninfo, int64_t timeout_ms)
{
	prober->loop = loop;
	prober->timeout_ms = timeout_ms;
	loop_init_timer(&prober->next, handle_next, prober);
	return target_init(&prober->target, conninfo, "storm_probe");
}

void
prober_start(Prober *prober, int64_t first_us, int64_t last_us)
{
	prober->next_us = first_us;
	prober->last_us = last_us;
	loop_set_timer(prober->loop, &prober->next, first_us);
}

void
prober_free(Prober *prober)
{
	while (prober->probes)
	{
		Probe	   *probe = prober->probes;

		session_abandon(probe->session);
		unlink_probe(probe);
		free(probe);
	}
	target_free(&prober->target);
}
