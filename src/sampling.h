/*
 * sampling.h - the controller's eyes: looks at the machine and the server's
 * processes, judges pressure, has the governor act on it, and keeps the sample
 * and the history.
 */
#ifndef ADM_SAMPLING_H
#define ADM_SAMPLING_H

/* Once, in a new controller. */
extern void adm_sampling_start(void);

/* In each round: does what is due, which may be nothing. */
extern void adm_sampling_round(void);

/* How long until something is due, in milliseconds. */
extern long adm_sampling_due_in_ms(void);

/*
 * Whether the machine is comfortable by the level and by the last look, which
 * is ahead of it.
 */
extern bool adm_sampling_is_comfortable(void);

/*
 * Whether the figures have been comfortable for a second, though the level may
 * not have fallen yet.
 */
extern bool adm_sampling_has_calmed(void);

/*
 * The same by a look that is taken now; false if there was one less than 0.05 s
 * ago, so that nobody decides twice by the same.
 */
extern bool adm_sampling_finds_comfort(void);

#endif							/* ADM_SAMPLING_H */
