/*
 * fitness.h - what the health checks last found in each database that
 * keeps the instance from being opened to traffic.
 *
 * Whoever runs the checks records what he found in his database; the
 * controller, which cannot read catalogs, reads it.
 */
#ifndef ADM_FITNESS_H
#define ADM_FITNESS_H

#include "datatype/timestamp.h"

#define ADM_FITNESS_FINDING_SIZE	256
#define ADM_FITNESS_REMEDY_SIZE		256

/* Of one database. */
typedef struct AdmDatabaseHealth
{
	Oid			database;
	char		database_name[NAMEDATALEN];
	int			blocking;		/* findings; more than 0 */
	char		finding[ADM_FITNESS_FINDING_SIZE];	/* the first of them */
	char		remedy[ADM_FITNESS_REMEDY_SIZE];
} AdmDatabaseHealth;

typedef struct AdmFitness
{
	TimestampTz checked_at;		/* a database, the last time; 0: never */
	int			blocking;		/* findings, in all databases */
	AdmDatabaseHealth	first;			/* if there are any */
} AdmFitness;

extern void adm_fitness_shmem_request(void);
extern void adm_fitness_shmem_startup(void);

/* For anyone: what is known now. */
extern AdmFitness adm_fitness_read(void);

/* Records what was found in health->database, which may be nothing. */
extern void adm_fitness_record(const AdmDatabaseHealth *health);

/*
 * For the worker that goes through all databases: what has not been recorded
 * between the two calls, as of a database that is gone, is forgotten.
 */
extern void adm_fitness_begin_round(void);
extern void adm_fitness_end_round(void);

#endif							/* ADM_FITNESS_H */
