/*
 * line_order.h - whose turn it is in a gate's line.
 *
 * A line that empties is served in the order of arrival.  A line that stands,
 * its head having waited longer than ADM_LINE_STANDS_MS, is mostly made of
 * clients about to give up: serving the oldest then spends every permit on
 * somebody whose patience is used up, and the work is thrown away.  So while
 * the line stands most permits go to the newest, who still has all its
 * patience, and every ADM_LINE_OLDEST_EVERY-th to the oldest, so that those
 * who are patient (a pooler, a person) are served too.
 */
#ifndef ADM_LINE_ORDER_H
#define ADM_LINE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define ADM_LINE_STANDS_MS		500
#define ADM_LINE_OLDEST_EVERY	8

/*
 * Whether the next permit goes to the newest waiter rather than the oldest,
 * when the oldest has waited oldest_wait_ms and grants permits were given to
 * this line so far.
 */
static inline bool
adm_line_serves_newest(int64_t oldest_wait_ms, uint64_t grants)
{
	return oldest_wait_ms > ADM_LINE_STANDS_MS &&
		grants % ADM_LINE_OLDEST_EVERY != 0;
}

#endif							/* ADM_LINE_ORDER_H */
