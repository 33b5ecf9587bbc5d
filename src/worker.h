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
 * For the worker, once it has a database: it trusts no search_path, and writes
 * nothing.
 */
extern void adm_worker_settle(void);

#endif							/* ADM_WORKER_H */
