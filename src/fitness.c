/*
 * fitness.c - what the health checks last found in each database.
 *
 * Only databases with blocking findings have a place; should there be more of
 * them than places, these are enough to hold the warm-up.
 */
#include "postgres.h"

#include "fitness.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#define MOST_PLACES	32
#define LOCK_NAME		"pg_admission_health"

typedef struct Place
{
	AdmDatabaseHealth health;		/* blocking = 0: free */
	uint64		round;			/* in which it was recorded */
} Place;

typedef struct SharedHealth
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	uint64		round;
	TimestampTz checked_at;
	Place		places[MOST_PLACES];
} SharedHealth;

static SharedHealth *shared = NULL;

void
adm_fitness_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedHealth)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_fitness_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission health", sizeof(SharedHealth), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedHealth));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
}

AdmFitness
adm_fitness_read(void)
{
	AdmFitness	f;

	memset(&f, 0, sizeof(f));
	LWLockAcquire(shared->lock, LW_SHARED);
	f.checked_at = shared->checked_at;
	for (int i = 0; i < MOST_PLACES; i++)
	{
		const AdmDatabaseHealth *v = &shared->places[i].health;

		if (v->blocking > 0 && f.blocking == 0)
			f.first = *v;
		f.blocking += v->blocking;
	}
	LWLockRelease(shared->lock);
	return f;
}

/* The database's, else a free one, else NULL.  Needs the lock. */
static Place *
place_for(Oid database)
{
	Place	   *free_place = NULL;

	for (int i = 0; i < MOST_PLACES; i++)
	{
		Place	   *place = &shared->places[i];

		if (place->health.blocking == 0)
			free_place = free_place ? free_place : place;
		else if (place->health.database == database)
			return place;
	}
	return free_place;
}

void
adm_fitness_record(const AdmDatabaseHealth *health)
{
	Place	   *place;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->checked_at = GetCurrentTimestamp();
	place = place_for(health->database);
	if (place)
	{
		place->health = *health;
		place->round = shared->round;
	}
	LWLockRelease(shared->lock);
}

void
adm_fitness_begin_round(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->round++;
	LWLockRelease(shared->lock);
}

void
adm_fitness_end_round(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MOST_PLACES; i++)
	{
		if (shared->places[i].round < shared->round)
			shared->places[i].health.blocking = 0;
	}
	LWLockRelease(shared->lock);
}
