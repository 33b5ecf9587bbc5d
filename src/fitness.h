/*
 * fitness.h - what the health checks last found in each database that keeps the
 * instance from being opened to traffic.
 *
 * Whoever runs the checks records what blocks; the controller, which cannot read
 * catalogs, reads it.
 */
#ifndef ADM_FITNESS_H
#define ADM_FITNESS_H

#include "datatype/timestamp.h"

#define ADM_FITNESS_FINDING_SIZE	256
#define ADM_FITNESS_REMEDY_SIZE		256

/* In one database, or of the server as a whole. */
typedef struct AdmBlocked
{
	Oid			database;		/* InvalidOid: the server */
	char		database_name[NAMEDATALEN];
	int			findings;
	bool		incomplete;		/* there may be more */
	char		finding[ADM_FITNESS_FINDING_SIZE];	/* the first of them */
	char		remedy[ADM_FITNESS_REMEDY_SIZE];
} AdmBlocked;

typedef struct AdmFitness
{
	TimestampTz checked_at;		/* any database, the last time; 0: never */
	int			blocking;		/* findings, all together */
	AdmBlocked	first;			/* if there are any */
} AdmFitness;

extern void adm_fitness_shmem_request(void);
extern void adm_fitness_shmem_startup(void);

/* For anyone: what is known now. */
extern AdmFitness adm_fitness_read(void);

/* "in database x" or "of the server"; palloc'd. */
extern char *adm_fitness_place(const AdmBlocked *blocked);

/*
 * Records what was found there, which may be nothing.  What was known stays
 * where less was found by a run that could not look at everything.
 */
extern void adm_fitness_record(const AdmBlocked *blocked);

/* Forgets databases that are not among these. */
extern void adm_fitness_keep_only(const Oid *databases, int count);

#endif							/* ADM_FITNESS_H */
