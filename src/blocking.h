/*
 * blocking.h - who waits for whom to release a lock.
 *
 * A look locks the whole lock table once for each process that waits.
 */
#ifndef ADM_BLOCKING_H
#define ADM_BLOCKING_H

#define ADM_BLOCKING_NOBODY	(-1)

/* A process that waits or is waited for; others are told by their places. */
typedef struct AdmBlockingProcess
{
	int			pid;			/* 0: a prepared transaction */
	bool		waits;
	int			blocks;			/* how many wait for it */

	/* In the tree. */
	int			parent;			/* NOBODY: a root */
	int			root;			/* NOBODY: there is no tree yet */
	int			depth;
	int			below;			/* how many stand below it */
} AdmBlockingProcess;

/* That one process waits for another. */
typedef struct AdmBlockingWait
{
	int			waiter;
	int			blocker;
} AdmBlockingWait;

/* All of it palloc'd. */
typedef struct AdmBlocking
{
	AdmBlockingProcess *processes;
	int			count;
	AdmBlockingWait *waits;
	int			wait_count;
} AdmBlocking;

extern AdmBlocking adm_blocking_read(void);

/*
 * How many wait behind this process, for it or for one another; 0 if it waits
 * itself: whoever stands in a queue is not the reason.  Needs the tree.
 */
extern int	adm_blocking_behind(const AdmBlocking *b, int pid);

/*
 * Makes a tree of it, in which each process stands once, below the one of those
 * it waits for that is nearest to a root: who waits in a queue waits for all
 * before it, and would stand as often as there are ways to it.
 */
extern void adm_blocking_build_tree(AdmBlocking *b);

#endif							/* ADM_BLOCKING_H */
