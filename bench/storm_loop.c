/*
 * storm_loop.c - waiting: timers in a binary heap, sockets by epoll.
 */
#define _GNU_SOURCE				/* ppoll() */
#include "storm_loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "storm_memory.h"

#define LONGEST_WAIT_US		INT64_C(1000000)
#define FIRST_HEAP_ROOM		256

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

int64_t
loop_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

bool
loop_init(Loop *loop)
{
	loop->stopped = false;
	loop->heap_count = 0;
	loop->batch_count = 0;
	loop->heap_room = FIRST_HEAP_ROOM;
	loop->heap = memory_allocate(loop->heap_room * sizeof(Timer *));
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd >= 0;
}

void
loop_free(Loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop->heap);
}

void
loop_init_timer(Timer *timer, LoopHandler handler, void *arg)
{
	timer->handler = handler;
	timer->arg = arg;
	timer->due_us = 0;
	timer->place = 0;
}

void
loop_init_watch(Watch *watch, LoopHandler handler, void *arg)
{
	watch->handler = handler;
	watch->arg = arg;
	watch->fd = -1;
}

/*
 * Timers.
 */

static void
put_in_place(Loop *loop, Timer *timer, size_t place)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void
move_up(Loop *loop, Timer *timer)
{
	size_t		place = timer->place;

	while (place > 1 && loop->heap[place / 2]->due_us > timer->due_us)
	{
		put_in_place(loop, loop->heap[place / 2], place);
		place /= 2;
	}
	put_in_place(loop, timer, place);
}

static void
move_down(Loop *loop, Timer *timer)
{
	size_t		place = timer->place;

	for (;;)
	{
		size_t		child = 2 * place;

		if (child < loop->heap_count &&
			loop->heap[child + 1]->due_us < loop->heap[child]->due_us)
			child++;
		if (child > loop->heap_count ||
			loop->heap[child]->due_us >= timer->due_us)
			break;
		put_in_place(loop, loop->heap[child], place);
		place = child;
	}
	put_in_place(loop, timer, place);
}

static void
make_room(Loop *loop)
{
	if (loop->heap_count + 1 < loop->heap_room)
		return;
	loop->heap_room *= 2;
	loop->heap = memory_resize(loop->heap, loop->heap_room * sizeof(Timer *));
}

void
loop_set_timer(Loop *loop, Timer *timer, int64_t due_us)
{
	timer->due_us = due_us;
	if (timer->place == 0)
	{
		make_room(loop);
		put_in_place(loop, timer, ++loop->heap_count);
	}
	move_up(loop, timer);
	move_down(loop, timer);
}

void
loop_clear_timer(Loop *loop, Timer *timer)
{
	size_t		place = timer->place;
	Timer	   *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = loop->heap[loop->heap_count--];
	if (last == timer)
		return;
	put_in_place(loop, last, place);
	move_up(loop, last);
	move_down(loop, last);
}

/*
 * What was set while firing waits for the sockets to have their turn, or a
 * timer that sets itself to now would keep everything else from running.
 */
static void
fire_timers(Loop *loop)
{
	int64_t		now_us = loop_now_us();

	while (loop->heap_count > 0 && !loop->stopped)
	{
		Timer	   *timer = loop->heap[1];

		if (timer->due_us >= now_us)
			return;
		loop_clear_timer(loop, timer);
		timer->handler(timer->arg);
	}
}

/*
 * Sockets.
 */

void
loop_watch(Loop *loop, Watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events,.data = {.ptr = watch}};

	watch->fd = fd;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return;
	if (errno != ENOENT || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		die("storm: could not watch a socket");
}

/* The rest of the batch may hold an event of a watch that goes away. */
static void
drop_from_batch(Loop *loop, const Watch *watch)
{
	for (int i = 0; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
}

void
loop_unwatch(Loop *loop, Watch *watch)
{
	if (watch->fd < 0)
		return;
	(void) epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
	drop_from_batch(loop, watch);
}

static int64_t
time_left_us(const Loop *loop)
{
	int64_t		left_us = LONGEST_WAIT_US;

	if (loop->heap_count > 0)
		left_us = loop->heap[1]->due_us - loop_now_us() + 1;
	if (left_us < 0)
		return 0;
	return left_us < LONGEST_WAIT_US ? left_us : LONGEST_WAIT_US;
}

/* epoll_wait() itself knows no time shorter than a millisecond. */
static void
wait_for_something(Loop *loop)
{
	int64_t		left_us = time_left_us(loop);
	struct timespec left = {.tv_sec = left_us / 1000000,.tv_nsec = left_us % 1000000 * 1000};
	struct pollfd events = {.fd = loop->epoll_fd,.events = POLLIN};

	if (ppoll(&events, 1, &left, NULL) < 0 && errno != EINTR)
		die("storm: could not wait");
}

static void
serve_sockets(Loop *loop)
{
	int			n;

	wait_for_something(loop);
	n = epoll_wait(loop->epoll_fd, loop->batch, LOOP_BATCH, 0);
	if (n < 0 && errno != EINTR)
		die("storm: could not wait for sockets");
	loop->batch_count = n > 0 ? n : 0;
	for (int i = 0; i < loop->batch_count && !loop->stopped; i++)
	{
		Watch	   *watch = loop->batch[i].data.ptr;

		if (watch != NULL)
			watch->handler(watch->arg);
	}
	loop->batch_count = 0;
}

void
loop_run(Loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped)
	{
		serve_sockets(loop);
		fire_timers(loop);
	}
}

void
loop_stop(Loop *loop)
{
	loop->stopped = true;
}
