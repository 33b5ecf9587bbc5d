/*
 * blocking.c - who waits for whom to release a lock.
 */
#include "postgres.h"

#include "blocking.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "samples.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "waits.h"

/* The place of a process, by its pid. */
typedef struct Place
{
	int			pid;			/* key */
	int			place;
} Place;

/* What is being read, and how much room there is. */
typedef struct Reading
{
	AdmBlocking *graph;
	HTAB	   *places;
	int			process_room;
	int			wait_room;
} Reading;

/* Makes sure of room for one more behind so many. */
static void *
enlarge(void *array, int count, int *room, Size size)
{
	if (count < *room)
		return array;
	*room = Max(2 * *room, 16);
	return array ? repalloc_huge(array, *room * size) : palloc(*room * size);
}

/* The place of a process among all, who may be new. */
static int
place_of(Reading *r, int pid)
{
	AdmBlocking *g = r->graph;
	bool		found;
	Place	   *place = hash_search(r->places, &pid, HASH_ENTER, &found);

	if (found)
		return place->place;
	place->place = g->count;
	g->processes = enlarge(g->processes, g->count, &r->process_room, sizeof(AdmBlockingProcess));
	g->processes[g->count] = (AdmBlockingProcess)
	{
		.pid = pid, .parent = ADM_BLOCKING_NOBODY, .root = ADM_BLOCKING_NOBODY
	};
	return g->count++;
}

static void
add_wait(Reading *r, int waiter, int blocker)
{
	AdmBlocking *g = r->graph;

	g->waits = enlarge(g->waits, g->wait_count, &r->wait_room, sizeof(AdmBlockingWait));
	g->waits[g->wait_count++] = (AdmBlockingWait) {waiter, blocker};
	g->processes[waiter].waits = true;
	g->processes[blocker].blocks++;
}

static int
compare_pids(const void *a, const void *b)
{
	return DatumGetInt32(*(const Datum *) a) - DatumGetInt32(*(const Datum *) b);
}

/* Whom the process waits for, each once. */
static void
add_blockers(Reading *r, int pid)
{
	ArrayType  *array;
	Datum	   *pids;
	int			count;
	int			waiter;

	array = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &pids, NULL, &count);
	if (count == 0)
		return;
	qsort(pids, count, sizeof(Datum), compare_pids);
	waiter = place_of(r, pid);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || DatumGetInt32(pids[i]) != DatumGetInt32(pids[i - 1]))
			add_wait(r, waiter, place_of(r, DatumGetInt32(pids[i])));
	}
	pfree(pids);
}

AdmBlocking
adm_blocking_read(void)
{
	AdmBlocking g = {0};
	Reading		r = {.graph = &g};
	HASHCTL		control = {.keysize = sizeof(int), .entrysize = sizeof(Place), .hcxt = CurrentMemoryContext};

	r.places = hash_create("pg_admission blocking", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < adm_samples_slots(); i++)
	{
		int			pid = adm_compat_pid(&ProcGlobal->allProcs[i]);

		if (pid != 0 && adm_wait_is_for_lock(adm_wait_event(i)))
			add_blockers(&r, pid);
	}
	hash_destroy(r.places);
	return g;
}

int
adm_blocking_behind(const AdmBlocking *b, int pid)
{
	for (int i = 0; i < b->count; i++)
	{
		if (b->processes[i].pid == pid)
			return b->processes[i].waits ? 0 : b->processes[i].below;
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

/* One of those it waits for. */
static int
blocker_of(const AdmBlocking *g, int place)
{
	for (int i = 0; i < g->wait_count; i++)
	{
		if (g->waits[i].waiter == place)
			return g->waits[i].blocker;
	}
	return place;
}

/* Whoever is outside waits for others outside, so that the way ends in a circle. */
static int
in_circle_above(const AdmBlocking *g, int place)
{
	for (int i = 0; i < g->count; i++)
		place = blocker_of(g, place);
	return place;
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

/*
 * In a deadlock that has not been found yet all wait: any of them will do, but
 * none of those behind them.
 */
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
		make_root(g, in_circle_above(g, outside));
		grow_all(g);
	}
	count_below(g);
}
