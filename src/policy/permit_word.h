/*
 * permit_word.h - the word that counts a gate's permits.
 *
 * A gate keeps three counts that must change together: who waits in line, who
 * is active (holds a permit for work), and who is present (counts against a
 * cap on sessions).  They share one 64-bit word, so that one compare-and-swap
 * both checks the caps and takes the permits, and no wake-up can fall between
 * two counts.  A pair of caps has the same layout, with the place of "waiting"
 * unused; ADM_NO_CAP in a field means that the field has no cap.
 *
 * Pure arithmetic: the atomic operations on the word are the caller's.
 */
#ifndef ADM_PERMIT_WORD_H
#define ADM_PERMIT_WORD_H

#include <stdbool.h>
#include <stdint.h>

#define ADM_WORD_FIELD_BITS		20
#define ADM_WORD_FIELD_MASK		((UINT64_C(1) << ADM_WORD_FIELD_BITS) - 1)

/* One unit of each count, for adding to and subtracting from the word. */
#define ADM_ONE_PRESENT			UINT64_C(1)
#define ADM_ONE_ACTIVE			(UINT64_C(1) << ADM_WORD_FIELD_BITS)
#define ADM_ONE_WAITING			(UINT64_C(1) << (2 * ADM_WORD_FIELD_BITS))

/* Greater than any number of backends, which PostgreSQL bounds by 2^18 - 1. */
#define ADM_NO_CAP				((uint32_t) ADM_WORD_FIELD_MASK)

typedef struct AdmCounts
{
	uint32_t	waiting;
	uint32_t	active;
	uint32_t	present;
} AdmCounts;

/* The three counts in a word. */
static inline AdmCounts
adm_word_counts(uint64_t word)
{
	AdmCounts	counts;

	counts.present = (uint32_t) (word & ADM_WORD_FIELD_MASK);
	counts.active = (uint32_t) ((word >> ADM_WORD_FIELD_BITS) & ADM_WORD_FIELD_MASK);
	counts.waiting = (uint32_t) ((word >> (2 * ADM_WORD_FIELD_BITS)) & ADM_WORD_FIELD_MASK);
	return counts;
}

/* The word for a pair of caps; larger values than ADM_NO_CAP mean no cap. */
static inline uint64_t
adm_word_caps(uint32_t active_cap, uint32_t present_cap)
{
	if (active_cap > ADM_NO_CAP)
		active_cap = ADM_NO_CAP;
	if (present_cap > ADM_NO_CAP)
		present_cap = ADM_NO_CAP;
	return ((uint64_t) active_cap << ADM_WORD_FIELD_BITS) | present_cap;
}

/* The caps that bound nothing. */
#define ADM_WORD_NO_CAPS		adm_word_caps(ADM_NO_CAP, ADM_NO_CAP)

/* Whether these caps bound anything at all. */
static inline bool
adm_word_bounds(uint64_t caps)
{
	return caps != ADM_WORD_NO_CAPS;
}

/* Whether one more may enter without exceeding either cap. */
static inline bool
adm_word_has_room(uint64_t word, uint64_t caps)
{
	AdmCounts	now = adm_word_counts(word);
	AdmCounts	cap = adm_word_counts(caps);

	return now.active < cap.active && now.present < cap.present;
}

/* Whether a newcomer may pass at once: room, and nobody in line before it. */
static inline bool
adm_word_admits(uint64_t word, uint64_t caps)
{
	return adm_word_counts(word).waiting == 0 && adm_word_has_room(word, caps);
}

#endif							/* ADM_PERMIT_WORD_H */
