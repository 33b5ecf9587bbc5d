/*
 * brake.h - the caps that are put down at once, in the hour in which nothing
 * was armed.
 *
 * A brake is one number, so that it can be published and saved: off, on, or how
 * many transactions may run.
 */
#ifndef ADM_BRAKE_H
#define ADM_BRAKE_H

#include <stdbool.h>
#include <stddef.h>

#define ADM_BRAKE_OFF		0
#define ADM_BRAKE_ON		(-1)	/* as at the beginning of a warm-up */
#define ADM_BRAKE_MOST		262143	/* as MAX_BACKENDS */

/* "4294967295" and its end. */
#define ADM_BRAKE_TEXT_SIZE	12

/*
 * "off", "on", in any case, or a number from 1 to ADM_BRAKE_MOST of at most nine
 * digits, with blanks around it.  False, and *brake as it was, for anything else.
 */
extern bool adm_brake_parse(const char *text, int *brake);

/* The reverse; the buffer has ADM_BRAKE_TEXT_SIZE. */
extern const char *adm_brake_print(int brake, char *buffer);

/*
 * A cap on transactions under the brake: no more than it was, and no more than
 * the brake says, where on stands for initial.
 */
extern int	adm_brake_cap(int brake, int initial, int cap);

#endif							/* ADM_BRAKE_H */
