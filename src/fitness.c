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

#define MOST_PLACES		32
#define LOCK_NAME		"pg_admission_fitness"

typedef struct SharedFitness
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	TimestampTz checked_at;
	AdmBlocked	places[MOST_PLACES];	/* findings = 0: free */
} SharedFitness;

static SharedFitness *shared = NULL;

void
adm_fitness_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedFitness)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_fitness_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission fitness", sizeof(SharedFitness), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedFitness));
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
		const AdmBlocked *b = &shared->places[i];

		if (b->findings > 0 && f.blocking == 0)
			f.first = *b;
		f.blocking += b->findings;
	}
	LWLockRelease(shared->lock);
	return f;
}

char *
adm_fitness_place(const AdmBlocked *blocked)
{
	if (!OidIsValid(blocked->database))
		return pstrdup("of the server");
	return psprintf("in database %s", blocked->database_name);
}

/* The database's, else a free one, else NULL.  Needs the lock. */
static AdmBlocked *
place_for(Oid database)
{
	AdmBlocked *free_place = NULL;

	for (int i = 0; i < MOST_PLACES; i++)
	{
		AdmBlocked *place = &shared->places[i];

		if (place->findings == 0)
			free_place = free_place ? free_place : place;
		else if (place->database == database)
			return place;
	}
	return free_place;
}

void
adm_fitness_record(const AdmBlocked *blocked)
{
	AdmBlocked *place;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->checked_at = GetCurrentTimestamp();
	place = place_for(blocked->database);
	if (place && !(blocked->incomplete && blocked->findings < place->findings))
		*place = *blocked;
	LWLockRelease(shared->lock);
}

static bool
is_among(Oid database, const Oid *databases, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (databases[i] == database)
			return true;
	}
	return false;
}

void
adm_fitness_keep_only(const Oid *databases, int count)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MOST_PLACES; i++)
	{
		AdmBlocked *place = &shared->places[i];

		if (OidIsValid(place->database) && !is_among(place->database, databases, count))
			place->findings = 0;
	}
	LWLockRelease(shared->lock);
}
