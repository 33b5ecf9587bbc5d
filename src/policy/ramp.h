/*
 * ramp.h - from a warm-up's progress to caps.
 *
 * Linear in progress, between an initial and a target value.  Connection caps
 * use -1 for "no cap", as the settings do.
 */
#ifndef ADM_RAMP_H
#define ADM_RAMP_H

#include <stdint.h>

#define ADM_UNCAPPED	(-1)

/*
 * The value at progress 0..1 (clamped; not a number counts as 0) between
 * initial and target, rounded towards initial, so that target is reached only
 * at 1.
 */
extern int	adm_ramp_value(int initial, int target, double progress);

/*
 * The progress at which the value is the share keeps, 0..1, of what it is at
 * progress, or initial if that is more.
 */
extern double adm_ramp_cut(int initial, int target, double progress,
						   double keeps);

/*
 * The cap on admitted sessions at progress, or ADM_UNCAPPED.  With only the
 * target set it stands from the beginning; with only the initial value set it
 * rises to room, the number of slots that ordinary sessions can have.
 */
extern int	adm_ramp_connection_cap(int initial, int target, int room,
									double progress);

/*
 * The cap on sessions that start at once, at progress, on a machine with this
 * many usable cores: from max(4, 2 x cores) to max(8, 4 x cores).
 */
extern int	adm_ramp_start_cap(int cores, double progress);

/*
 * The cap on transactions that run at once, at progress.  The initial and the
 * target value are a number; 0 for max(4, 2 x cores) and max(16, 4 x cores); or
 * -n for n times the cores.  An initial value above the target counts as that.
 */
extern int	adm_ramp_transaction_cap(int initial, int target, int cores,
									 double progress);

/* The progress at which the start cap is the share keeps of what it is. */
extern double adm_ramp_start_cut(int cores, double progress, double keeps);

#endif							/* ADM_RAMP_H */
