/*
 * line_order.h - whose turn it is among those of one service at a gate.
 *
 * Those who wait stand in one line for each rank, and take turns: who holds
 * something that others may need goes before the ordinary, and these before
 * the patient, who may wait much longer than a standing line lets the ordinary
 * wait and would otherwise be all that is left in it.  But half of the permits
 * are not for the holders first, and one in four is for the patient first, so
 * that nobody starves.
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

typedef enum AdmRank
{
	ADM_RANK_HOLDER,			/* has a lock or a cursor that outlives
								 * transactions */
	ADM_RANK_ORDINARY,
	ADM_RANK_PATIENT			/* a standing line does not shorten its wait */
} AdmRank;

#define ADM_RANK_COUNT			(ADM_RANK_PATIENT + 1)

/*
 * The rank that the next permit goes to, when it is the holders' turn at the
 * gate or not, and choices permits of this service were given when it was not,
 * or when none of it waited; somebody waits in at least one.
 */
static inline AdmRank
adm_line_next_rank(const bool waits[ADM_RANK_COUNT], bool of_holders, uint64_t choices)
{
	bool		patient_first = waits[ADM_RANK_HOLDER] ? choices % 2 == 1 : choices % 4 == 3;

	if (of_holders && waits[ADM_RANK_HOLDER])
		return ADM_RANK_HOLDER;
	if (waits[ADM_RANK_PATIENT] && (patient_first || !waits[ADM_RANK_ORDINARY]))
		return ADM_RANK_PATIENT;
	return waits[ADM_RANK_ORDINARY] ? ADM_RANK_ORDINARY : ADM_RANK_HOLDER;
}

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
