/*
 * worker.h - short-lived workers with a database, for what needs catalogs.
 */
#ifndef ADM_WORKER_H
#define ADM_WORKER_H

#include "postmaster/bgworker.h"

/*
 * Starts one in this function of the library; NULL: no worker slot is free.
 * Palloc'd.
 */
extern BackgroundWorkerHandle *adm_worker_start(const char *function, const char *name, Datum argument);

/*
 * For the worker, first of all: connects it as the bootstrap superuser, to this
 * database or, by InvalidOid, to none but the shared catalogs.  It can be
 * terminated like a session, only reads, and obeys no settings of the database,
 * which are its owner's.
 */
extern void adm_worker_begin(Oid database);

#endif							/* ADM_WORKER_H */
