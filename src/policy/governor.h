/*
 * governor.h - moves a gate's caps from pressure, use and lines.
 *
 * The master rule: a comfortable machine lets nobody wait.  A line that stands
 * while pressure is comfortable means that the cap is wrong, so the cap is
 * lifted over what the ramp says, a quarter more per 0.2 s, and comes down as
 * gently when no line has stood for a while.  Progress is made only while
 * pressure is comfortable and gated work has used the machine or its caps for
 * some seconds; high pressure holds both, critical pressure cuts.
 */
#ifndef ADM_GOVERNOR_H
#define ADM_GOVERNOR_H

#include "level.h"

/* What gated work must use, of its caps or of the cores, to prove anything. */
#define ADM_PROOF_USE			0.5

/* And for how long without a break: the logins of a large pool take seconds. */
#define ADM_PROOF_AFTER_MS		5000

/* A cut takes a fifth of the cap, at most once in this time. */
#define ADM_CUT_KEEPS			0.8
#define ADM_CUT_COOL_DOWN_MS	10000

/* A quarter more, once in this time. */
#define ADM_LIFT_FACTOR			1.25
#define ADM_LIFT_EVERY_MS		200
#define ADM_LIFT_MOST			1000.0

/* Without a line for so long, in comfort, the last quarter is taken back. */
#define ADM_LIFT_SINKS_AFTER_MS	10000

/* Pressure is remembered so long after it, and after the last line. */
#define ADM_PRESSED_LASTS_MS	60000

/* Critical, standing and leaving together for so long is a relapse. */
#define ADM_RELAPSE_AFTER_MS	30000

/*
 * Signs of harm are remembered for a while: clients do not leave every moment,
 * and a line that stands may be empty for one.
 */
#define ADM_LEAVING_LASTS_MS	5000
#define ADM_STANDING_LASTS_MS	1000

/* One gate's. */
typedef struct AdmGovernor
{
	double		lift;			/* factor on the ramp's caps, >= 1 */
	int64_t		stood_ms;		/* the line, since the last lift */
	int64_t		sank_ms;		/* since the last line, or quarter taken back */
	int64_t		proving_ms;		/* how long work has used enough */
	bool		pressed;		/* pressure has been there lately */
	int64_t		relaxed_ms;		/* since pressure or a line was there */
	int64_t		cool_ms;		/* since the last cut */
	int64_t		left_ms;		/* since a client left */
	int64_t		empty_ms;		/* since a line stood */
	int64_t		relapse_ms;		/* how long all its signs have been there */
} AdmGovernor;

/* What happened in the elapsed time. */
typedef struct AdmGovernorInput
{
	int64_t		elapsed_ms;
	AdmLevel	level;
	AdmLevel	figures;		/* the last ones, without harm */
	double		use;			/* of caps or cores by gated work; NaN: unknown */
	bool		line_stands;
	bool		clients_left;
} AdmGovernorInput;

/* What is to be done to the warm-up. */
typedef struct AdmGovernorOrder
{
	bool		advance;		/* the elapsed time counts as progress */
	bool		cut;			/* a fifth off the ramp's cap */
	bool		relapse;		/* begin a warm-up where none runs */
} AdmGovernorOrder;

/* As at the beginning of a warm-up: no lift, and a cut may come at once. */
extern void adm_governor_init(AdmGovernor *g);

extern AdmGovernorOrder adm_governor_step(AdmGovernor *g, const AdmGovernorInput *in);

/*
 * Whether there has been pressure lately: then caps also bind outside a
 * warm-up, so that they do not come and go with the level.
 */
extern bool adm_governor_is_pressed(const AdmGovernor *g);

/* The signs of harm, as they are remembered. */
extern AdmLineSigns adm_governor_signs(const AdmGovernor *g);

/* A cap of the ramp's, lifted; negative values mean no cap and stay so. */
extern int	adm_governor_lifted(const AdmGovernor *g, int cap);

#endif							/* ADM_GOVERNOR_H */
