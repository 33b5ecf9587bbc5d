/*
 * runaway.h - who is past the limits set for one, and how many may be stopped.
 */
#ifndef ADM_RUNAWAY_H
#define ADM_RUNAWAY_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which they are judged. */
typedef enum AdmRunawayKind
{
	ADM_RUNAWAY_CPU_TIME,		/* seconds of processor time in one transaction */
	ADM_RUNAWAY_RUNTIME,		/* seconds in one statement */
	ADM_RUNAWAY_IDLE_IN_TRANSACTION,	/* seconds */
	ADM_RUNAWAY_BLOCKING		/* processes that wait for its locks */
} AdmRunawayKind;

#define ADM_RUNAWAY_KIND_COUNT	(ADM_RUNAWAY_BLOCKING + 1)

/* By kind.  As limits, below 0 is none; as figures, not a number is unknown. */
typedef struct AdmRunawayFigures
{
	double		of[ADM_RUNAWAY_KIND_COUNT];
} AdmRunawayFigures;

/* Whether any limit is reached; *kind is the first that is. */
extern bool adm_runaway_judge(const AdmRunawayFigures *limits,
							  const AdmRunawayFigures *figures,
							  AdmRunawayKind *kind);

/* The words of the view, and of settings behind "runaway_". */
extern const char *adm_runaway_kind_name(AdmRunawayKind kind);

/*
 * At most so many are stopped in a minute: a limit that is wrong must not
 * empty the server.
 */
#define ADM_RUNAWAYS_PER_MINUTE	5

typedef struct AdmRunawayBudget
{
	int64_t		spent_ms[ADM_RUNAWAYS_PER_MINUTE];	/* 0: never */
} AdmRunawayBudget;

/* Whether one of the last minute's is left. */
extern bool adm_runaway_may_spend(const AdmRunawayBudget *budget, int64_t now_ms);

/* Spends one of them; false: they are all spent. */
extern bool adm_runaway_spend(AdmRunawayBudget *budget, int64_t now_ms);

#endif							/* ADM_RUNAWAY_H */
