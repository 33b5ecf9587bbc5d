/*
 * storm_loop.h - waiting: timers and sockets, in one thread.
 *
 * A handler may set and clear timers, watch and unwatch anything, and free
 * what it belongs to.  Timers and watches live in their owner's memory; the
 * owner clears them before that goes.  Times are of the monotonic clock.
 */
#ifndef STORM_LOOP_H
#define STORM_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_BATCH		64

typedef void (*LoopHandler) (void *arg);

typedef struct Timer
{
	LoopHandler handler;
	void	   *arg;
	int64_t		due_us;
	size_t		place;			/* in the heap, from 1; 0: not set */
} Timer;

typedef struct Watch
{
	LoopHandler handler;
	void	   *arg;
	int			fd;				/* -1: none */
} Watch;

typedef struct Loop
{
	int			epoll_fd;
	bool		stopped;
	Timer	  **heap;			/* earliest first, from place 1 */
	size_t		heap_count;
	size_t		heap_room;
	struct epoll_event batch[LOOP_BATCH];
	int			batch_count;	/* events of the batch being handled */
} Loop;

/* False if the system has no epoll descriptor for us (errno says why). */
extern bool loop_init(Loop *loop);
extern void loop_free(Loop *loop);

/* The monotonic clock. */
extern int64_t loop_now_us(void);

/* Before their first use. */
extern void loop_init_timer(Timer *timer, LoopHandler handler, void *arg);
extern void loop_init_watch(Watch *watch, LoopHandler handler, void *arg);

/* Sets a timer, or moves it.  It fires once. */
extern void loop_set_timer(Loop *loop, Timer *timer, int64_t due_us);

/* Does nothing to a timer that is not set. */
extern void loop_clear_timer(Loop *loop, Timer *timer);

/* Watches a descriptor for EPOLLIN, EPOLLOUT, instead of any before it. */
extern void loop_watch(Loop *loop, Watch *watch, int fd, uint32_t events);

/* The descriptor may be closed already. */
extern void loop_unwatch(Loop *loop, Watch *watch);

/* Serves timers and sockets until loop_stop(); may be run again. */
extern void loop_run(Loop *loop);
extern void loop_stop(Loop *loop);

#endif							/* STORM_LOOP_H */
