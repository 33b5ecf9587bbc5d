/*
 * controller.h - the background worker that moves the warm-up, serves the
 * line, publishes settings and caps, and keeps the state file.
 *
 * It has shared memory and no database, and runs from the postmaster's start,
 * on a standby too.
 */
#ifndef ADM_CONTROLLER_H
#define ADM_CONTROLLER_H

/* Registers the worker. */
extern void adm_controller_init(void);

extern PGDLLEXPORT void adm_controller_main(Datum arg);

#endif							/* ADM_CONTROLLER_H */
