/*
 * blocking.c - who waits for whom to release a lock.
 */
#include "postgres.h"

#include "blocking.h"
#include "compat.h"
#include "samples.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/wait_event.h"
#include "waits.h"

static bool
waits_for_lock(int index)
{
	return (adm_wait_event(index) & 0xFF000000U) == PG_WAIT_LOCK;
}

/* Room for one more behind so many. */
static void *
enlarge(void *array, int count, Size size)
{
	return array ? repalloc(array, (count + 1) * size) : palloc(size);
}

/* The place of a process among all, who may be new. */
static int
place_of(AdmBlocking *g, int pid)
{
	for (int i = 0; i < g->count; i++)
	{
		if (g->processes[i].pid == pid)
			return i;
	}
	g->processes = enlarge(g->processes, g->count, sizeof(AdmBlockingProcess));
	g->processes[g->count] = (AdmBlockingProcess)
	{
		.pid = pid, .parent = ADM_BLOCKING_NOBODY, .root = ADM_BLOCKING_NOBODY
	};
	return g->count++;
}

static void
add_wait(AdmBlocking *g, int waiter, int blocker)
{
	g->waits = enlarge(g->waits, g->wait_count, sizeof(AdmBlockingWait));
	g->waits[g->wait_count++] = (AdmBlockingWait) {waiter, blocker};
	g->processes[waiter].waits = true;
	g->processes[blocker].blocks++;
}

/* Whom the process waits for, each once. */
static void
add_blockers(AdmBlocking *g, int pid)
{
	ArrayType  *array;
	Datum	   *pids;
	int			count;
	int			waiter;

	array = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &pids, NULL, &count);
	if (count == 0)
		return;
	waiter = place_of(g, pid);
	for (int i = 0; i < count; i++)
	{
		bool		seen = false;

		for (int j = 0; j < i; j++)
			seen |= DatumGetInt32(pids[j]) == DatumGetInt32(pids[i]);
		if (!seen)
			add_wait(g, waiter, place_of(g, DatumGetInt32(pids[i])));
	}
}

AdmBlocking
adm_blocking_read(void)
{
	AdmBlocking g = {0};

	for (int i = 0; i < adm_samples_slots(); i++)
	{
		int			pid = adm_compat_pid(&ProcGlobal->allProcs[i]);

		if (pid != 0 && waits_for_lock(i))
			add_blockers(&g, pid);
	}
	return g;
}

int
adm_blocking_by(const AdmBlocking *b, int pid)
{
	for (int i = 0; i < b->count; i++)
	{
		if (b->processes[i].pid == pid)
			return b->processes[i].blocks;
	}
	return 0;
}

/*
 * The tree.
 */

static void
make_root(AdmBlocking *g, int place)
{
	g->processes[place].root = place;
}

/* Hangs those below who wait for somebody at this depth; false: nobody did. */
static bool
grow(AdmBlocking *g, int depth)
{
	bool		grown = false;

	for (int i = 0; i < g->wait_count; i++)
	{
		AdmBlockingProcess    *waiter = &g->processes[g->waits[i].waiter];
		AdmBlockingProcess    *blocker = &g->processes[g->waits[i].blocker];

		if (waiter->root != ADM_BLOCKING_NOBODY || blocker->root == ADM_BLOCKING_NOBODY || blocker->depth != depth)
			continue;
		waiter->root = blocker->root;
		waiter->parent = g->waits[i].blocker;
		waiter->depth = depth + 1;
		grown = true;
	}
	return grown;
}

static void
grow_all(AdmBlocking *g)
{
	for (int depth = 0; grow(g, depth); depth++)
		 /* until nobody is added */ ;
}

static int
first_outside(const AdmBlocking *g)
{
	for (int i = 0; i < g->count; i++)
	{
		if (g->processes[i].root == ADM_BLOCKING_NOBODY)
			return i;
	}
	return ADM_BLOCKING_NOBODY;
}

static void
count_below(AdmBlocking *g)
{
	for (int i = 0; i < g->count; i++)
	{
		for (int up = g->processes[i].parent; up != ADM_BLOCKING_NOBODY; up = g->processes[up].parent)
			g->processes[up].below++;
	}
}

/* In a deadlock that has not been found yet all wait: any of them will do. */
void
adm_blocking_build_tree(AdmBlocking *g)
{
	int			outside;

	for (int i = 0; i < g->count; i++)
	{
		if (!g->processes[i].waits)
			make_root(g, i);
	}
	grow_all(g);
	while ((outside = first_outside(g)) != ADM_BLOCKING_NOBODY)
	{
		make_root(g, outside);
		grow_all(g);
	}
	count_below(g);
}
