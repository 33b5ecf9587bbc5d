/*
 * storm_run.c - one storm from its first arrival to its end.
 *
 * Everything that is to happen is a timer: the next arrival, the end of each
 * second, the end of the profile, and the end of all patience.
 */
#include "storm_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "storm_connect.h"
#include "storm_pool.h"

#define SECOND_US		INT64_C(1000000)

/* For the probes, the files and libpq's own needs. */
#define SPARE_DESCRIPTORS	64

enum RandomStream
{
	STREAM_ARRIVALS = 1,
	STREAM_PLACES,
	STREAM_JITTER,
	STREAM_VALUES
};

static const Mode *const modes[] = {
	&storm_connect_mode,
	&storm_pool_mode
};

static int64_t
profile_us(const Run *run)
{
	return (int64_t) (profile_seconds(&run->options->profile) * SECOND_US);
}

/*
 * Arrivals.
 */

/* After a stall all that were due arrive at once, with their own times. */
static void
handle_arrival(void *arg)
{
	Run		   *run = arg;

	while (run->arrival_s >= 0)
	{
		int64_t		due_us = run->started_us + (int64_t) (run->arrival_s * SECOND_US);

		if (due_us > loop_now_us())
		{
			loop_set_timer(&run->loop, &run->arrival, due_us);
			return;
		}
		request_start(&run->requests, due_us);
		run->arrival_s = profile_next_arrival(&run->options->profile,
											  run->arrival_s, &run->arrivals);
	}
}

static void
start_open_loop(Run *run)
{
	run->arrival_s = profile_next_arrival(&run->options->profile, 0, &run->arrivals);
	handle_arrival(run);
}

static void
start_closed_loop(Run *run)
{
	for (int64_t i = 0; i < run->options->closed_clients; i++)
		request_start(&run->requests, loop_now_us());
}

/*
 * The end.
 */

static void
stop_when_nothing_is_left(Run *run)
{
	if (run->profile_over && run->requests.unsettled == 0)
		loop_stop(&run->loop);
}

/* A client of the closed loop goes on at once. */
static void
handle_request(void *owner, RequestEvent event)
{
	Run		   *run = owner;

	if (event == REQUEST_SETTLED)
		stop_when_nothing_is_left(run);
	else if (run->options->closed_clients > 0 && !run->profile_over)
		request_start(&run->requests, loop_now_us());
}

static void
handle_profile_end(void *arg)
{
	Run		   *run = arg;

	run->profile_over = true;
	stop_when_nothing_is_left(run);
}

static void
handle_end(void *arg)
{
	Run		   *run = arg;

	loop_stop(&run->loop);
}

/* An interrupted storm still tells what it has seen. */
static void
handle_signal(void *arg)
{
	Run		   *run = arg;
	struct signalfd_siginfo info;

	if (read(run->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	fprintf(stderr, "storm: ended early by signal %u from process %u\n",
			info.ssi_signo, info.ssi_pid);
	run->interrupted = true;
	loop_stop(&run->loop);
}

/*
 * Seconds.
 */

static void
end_second(Run *run)
{
	if (run->csv)
		output_csv_line(run->csv, run->seconds, &run->tally, &run->prober);
	run->seconds++;
	tally_end_second(&run->tally);
	histogram_reset(&run->prober.second_times);
}

static int64_t
end_of_second_us(const Run *run)
{
	return run->started_us + (run->seconds + 1) * SECOND_US;
}

static void
handle_second(void *arg)
{
	Run		   *run = arg;

	end_second(run);
	loop_set_timer(&run->loop, &run->second, end_of_second_us(run));
}

/* What happened since the last full second, if anything did. */
static void
end_last_second(Run *run)
{
	if (run->ended_us >= end_of_second_us(run) || tally_has_news(&run->tally))
		end_second(run);
}

/*
 * Setting up.
 */

static bool
find_mode(Run *run)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i]->name, run->options->mode) == 0)
			run->mode = modes[i];
	if (run->mode == NULL)
		fprintf(stderr, "storm: there is no mode \"%s\"\n", run->options->mode);
	return run->mode != NULL;
}

static bool
init_targets(Run *run)
{
	const Options *options = run->options;

	for (int i = 0; i < options->app_count; i++)
		if (!target_init(&run->targets[i], options->conninfo, options->apps[i].name))
			return false;
	if (options->probe == NULL)
		return true;
	return prober_init(&run->prober, &run->loop, options->probe, options->probe_timeout_ms);
}

static bool
raise_descriptor_limit(const Options *options)
{
	rlim_t		wanted = (rlim_t) options->max_open + SPARE_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return true;
	limit.rlim_cur = wanted;
	if (limit.rlim_max >= wanted && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return true;
	fprintf(stderr, "storm: --max-open %lld needs %llu descriptors, the limit is %llu\n",
			(long long) options->max_open, (unsigned long long) wanted,
			(unsigned long long) limit.rlim_max);
	return false;
}

static bool
catch_signals(Run *run)
{
	sigset_t	set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	run->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signals.fd < 0)
		return false;
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	loop_watch(&run->loop, &run->signals, run->signals.fd, EPOLLIN);
	return true;
}

static bool
open_csv(Run *run)
{
	if (run->options->csv == NULL)
		return true;
	run->csv = fopen(run->options->csv, "w");
	if (run->csv == NULL)
	{
		fprintf(stderr, "storm: could not write \"%s\": %s\n", run->options->csv, strerror(errno));
		return false;
	}
	setvbuf(run->csv, NULL, _IOLBF, 0);
	output_csv_header(run->csv);
	return true;
}

static void
init_stage(Run *run)
{
	run->stage.loop = &run->loop;
	run->stage.options = run->options;
	run->stage.targets = run->targets;
	run->stage.tally = &run->tally;
}

static void
init_requests(Run *run)
{
	run->requests.stage = &run->stage;
	run->requests.mode = run->mode;
	run->requests.mode_state = run->mode_state;
	gate_init(&run->requests.gate, &run->loop, run->options->gate, run->options->gate_wait_ms * 1000);
	run->requests.handler = handle_request;
	run->requests.owner = run;
}

static void
init_random(Run *run)
{
	uint64_t	seed = (uint64_t) run->options->seed;

	random_init(&run->arrivals, seed, STREAM_ARRIVALS);
	random_init(&run->requests.places, seed, STREAM_PLACES);
	random_init(&run->requests.values, seed, STREAM_VALUES);
	random_init(&run->stage.jitter, seed, STREAM_JITTER);
}

static void
init_timers(Run *run)
{
	loop_init_timer(&run->arrival, handle_arrival, run);
	loop_init_timer(&run->second, handle_second, run);
	loop_init_timer(&run->profile_end, handle_profile_end, run);
	loop_init_timer(&run->end, handle_end, run);
}

bool
run_init(Run *run, const Options *options)
{
	memset(run, 0, sizeof(*run));
	run->options = options;
	loop_init_watch(&run->signals, handle_signal, run);
	init_timers(run);
	init_random(run);
	init_stage(run);
	tally_init(&run->tally, &options->profile);
	if (!loop_init(&run->loop) || !catch_signals(run))
	{
		perror("storm: could not prepare to wait");
		return false;
	}
	if (!find_mode(run) || !init_targets(run) ||
		!raise_descriptor_limit(options) || !open_csv(run))
		return false;
	run->mode_state = run->mode->create(&run->stage);
	init_requests(run);
	return true;
}

/*
 * The storm.
 */

static void
set_timers(Run *run)
{
	int64_t		profile_end_us = run->started_us + profile_us(run);

	loop_set_timer(&run->loop, &run->second, end_of_second_us(run));
	loop_set_timer(&run->loop, &run->profile_end, profile_end_us);
	loop_set_timer(&run->loop, &run->end,
				   profile_end_us + run->options->timeout_ms * 1000);
	if (run->options->probe)
		prober_start(&run->prober, run->started_us, profile_end_us);
}

bool
run_storm(Run *run)
{
	if (!run->mode->open(run->mode_state))
		return run->interrupted;
	run->started_us = loop_now_us();
	tally_start(&run->tally, run->started_us);
	set_timers(run);
	if (run->options->closed_clients > 0)
		start_closed_loop(run);
	else
		start_open_loop(run);
	loop_run(&run->loop);
	run->ended_us = loop_now_us();
	end_last_second(run);
	request_abandon_all(&run->requests);
	return true;
}

Report
run_report(const Run *run)
{
	Report		report = {
		.options = run->options,
		.tally = &run->tally,
		.prober = &run->prober,
		.interrupted = run->interrupted
	};

	return report;
}

void
run_free(Run *run)
{
	request_abandon_all(&run->requests);
	if (run->mode_state)
		run->mode->destroy(run->mode_state);
	prober_free(&run->prober);
	tally_free(&run->tally);
	for (int i = 0; i < OPTIONS_MAX_APPS; i++)
		target_free(&run->targets[i]);
	if (run->csv)
		fclose(run->csv);
	if (run->signals.fd >= 0)
		close(run->signals.fd);
	loop_free(&run->loop);
}
