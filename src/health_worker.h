/*
 * health_worker.h - has the health checks run in all databases while a warm-up
 * may have to wait for them.
 */
#ifndef ADM_HEALTH_WORKER_H
#define ADM_HEALTH_WORKER_H

/*
 * For the controller alone, every round: starts a worker when the databases are
 * due to be checked, and holds the progress of the warm-up or lets it go on, by
 * what is known.
 */
extern void adm_health_round(void);

#endif							/* ADM_HEALTH_WORKER_H */
