/*
 * level.h - pressure in three words: comfortable, high, critical.
 *
 * The level rises when pressure has been over a threshold for
 * ADM_LEVEL_RISES_AFTER_MS and falls, one step at a time, when it has been
 * under four fifths of it (of memory_used, 97 %) for ADM_LEVEL_FALLS_AFTER_MS.
 * Time is what the samples cover; there is no clock here.
 */
#ifndef ADM_LEVEL_H
#define ADM_LEVEL_H

#include "pressure.h"

typedef enum AdmLevel
{
	ADM_LEVEL_COMFORTABLE,
	ADM_LEVEL_HIGH,
	ADM_LEVEL_CRITICAL
} AdmLevel;

#define ADM_LEVEL_COUNT				(ADM_LEVEL_CRITICAL + 1)

#define ADM_LEVEL_RISES_AFTER_MS	500
#define ADM_LEVEL_FALLS_AFTER_MS	3000

/* A line that stands while clients leave makes high pressure critical. */
#define ADM_LEVEL_HARM_AFTER_MS		5000

#define ADM_CAUSE_SIZE				32

typedef struct AdmLevelState
{
	AdmLevel	level;
	AdmLevel	figures;		/* what the last figures enter, without harm */
	int64_t		over_ms[ADM_LEVEL_COUNT];	/* how long at this level or above */
	int64_t		under_ms;		/* how long below the present one */
	int64_t		harm_ms;		/* how long it was high and harmful */
	char		cause[ADM_CAUSE_SIZE];	/* the figure that is over most, or "" */
	double		cause_value;
} AdmLevelState;

/* What the gates know of the time that the pressure is about. */
typedef struct AdmLineSigns
{
	bool		line_stands;
	bool		clients_leave;	/* hung up, or refused after waiting */
} AdmLineSigns;

/* Starts at comfortable. */
extern void adm_level_init(AdmLevelState *s);

/* Takes in the pressure of the elapsed time.  Returns whether the level changed. */
extern bool adm_level_step(AdmLevelState *s, const AdmPressure *pressure,
						   AdmLineSigns signs, int64_t elapsed_ms);

/* comfortable | high | critical */
extern const char *adm_level_name(AdmLevel level);

/* The reverse; false when there is no such word. */
extern bool adm_level_by_name(const char *name, AdmLevel *level);

#endif							/* ADM_LEVEL_H */
