/*
 * governor.c - moves a gate's caps from pressure, use and lines.
 */
#include "governor.h"

#include <limits.h>
#include <math.h>

void
adm_governor_init(AdmGovernor *g)
{
	*g = (AdmGovernor)
	{
		.lift = 1,
		.cool_ms = ADM_CUT_COOL_DOWN_MS,
		.left_ms = ADM_LEAVING_LASTS_MS,
		.empty_ms = ADM_STANDING_LASTS_MS
	};
}

/* Both are not negative. */
static int64_t
add_saturating(int64_t a, int64_t b)
{
	return b > INT64_MAX - a ? INT64_MAX : a + b;
}

static void
raise_lift(AdmGovernor *g, int64_t elapsed_ms)
{
	g->stood_ms = add_saturating(g->stood_ms, elapsed_ms);
	while (g->stood_ms >= ADM_LIFT_EVERY_MS && g->lift < ADM_LIFT_MOST)
	{
		g->stood_ms -= ADM_LIFT_EVERY_MS;
		g->lift = fmin(g->lift * ADM_LIFT_FACTOR, ADM_LIFT_MOST);
	}
	if (g->lift >= ADM_LIFT_MOST)
		g->stood_ms = 0;
}

static void
remember_pressure(AdmGovernor *g, const AdmGovernorInput *in)
{
	bool		relaxed = in->level == ADM_LEVEL_COMFORTABLE && !in->line_stands;

	g->relaxed_ms = relaxed ? add_saturating(g->relaxed_ms, in->elapsed_ms) : 0;
	if (in->level != ADM_LEVEL_COMFORTABLE)
		g->pressed = true;
	else if (g->relaxed_ms >= ADM_PRESSED_LASTS_MS)
		g->pressed = false;
}

static void
sink_lift(AdmGovernor *g, int64_t elapsed_ms)
{
	g->sank_ms = add_saturating(g->sank_ms, elapsed_ms);
	if (g->sank_ms < ADM_LIFT_SINKS_AFTER_MS)
		return;
	g->sank_ms = 0;
	g->lift = fmax(g->lift / ADM_LIFT_FACTOR, 1);
}

/*
 * Raised only where the last figures are comfortable as well as the level,
 * which is half a second behind them: else it would overshoot by two steps.
 */
static void
move_lift(AdmGovernor *g, const AdmGovernorInput *in)
{
	bool		comfortable = in->level == ADM_LEVEL_COMFORTABLE;

	if (!comfortable || in->line_stands)
		g->sank_ms = 0;
	if (!comfortable || !in->line_stands || in->figures != ADM_LEVEL_COMFORTABLE)
		g->stood_ms = 0;
	else
		raise_lift(g, in->elapsed_ms);
	if (comfortable && !in->line_stands)
		sink_lift(g, in->elapsed_ms);
}

static bool
proven(AdmGovernor *g, const AdmGovernorInput *in)
{
	bool		works = in->level == ADM_LEVEL_COMFORTABLE && in->use >= ADM_PROOF_USE;

	g->proving_ms = works ? add_saturating(g->proving_ms, in->elapsed_ms) : 0;
	return g->proving_ms >= ADM_PROOF_AFTER_MS;
}

/*
 * A lift was only lent by a comfortable machine: where figures are critical the
 * first cut takes it all.  Where harm makes them so a fifth is enough, and all
 * of it would have the cap swing.  Returns whether there was none to take.
 */
static bool
cut(AdmGovernor *g, const AdmGovernorInput *in)
{
	g->cool_ms = add_saturating(g->cool_ms, in->elapsed_ms);
	if (in->level != ADM_LEVEL_CRITICAL || g->cool_ms < ADM_CUT_COOL_DOWN_MS)
		return false;
	g->cool_ms = 0;
	if (g->lift <= 1)
		return true;
	g->lift = in->figures == ADM_LEVEL_CRITICAL ? 1 : fmax(g->lift * ADM_CUT_KEEPS, 1);
	return false;
}

static bool
relapsed(AdmGovernor *g, const AdmGovernorInput *in)
{
	AdmLineSigns signs = adm_governor_signs(g);
	bool		all = in->level == ADM_LEVEL_CRITICAL && signs.line_stands && signs.clients_leave;

	g->relapse_ms = all ? add_saturating(g->relapse_ms, in->elapsed_ms) : 0;
	if (g->relapse_ms < ADM_RELAPSE_AFTER_MS)
		return false;
	g->relapse_ms = 0;
	return true;
}

AdmGovernorOrder
adm_governor_step(AdmGovernor *g, const AdmGovernorInput *in)
{
	AdmGovernorOrder order = {false, false, false};

	if (in->elapsed_ms <= 0)
		return order;
	g->left_ms = in->clients_left ? 0 : add_saturating(g->left_ms, in->elapsed_ms);
	g->empty_ms = in->line_stands ? 0 : add_saturating(g->empty_ms, in->elapsed_ms);
	remember_pressure(g, in);
	move_lift(g, in);
	order.advance = proven(g, in);
	order.cut = cut(g, in);
	order.relapse = relapsed(g, in);
	return order;
}

bool
adm_governor_is_pressed(const AdmGovernor *g)
{
	return g->pressed;
}

AdmLineSigns
adm_governor_signs(const AdmGovernor *g)
{
	AdmLineSigns signs;

	signs.line_stands = g->empty_ms < ADM_STANDING_LASTS_MS;
	signs.clients_leave = g->left_ms < ADM_LEAVING_LASTS_MS;
	return signs;
}

/* At least one more than the ramp's as soon as there is any lift. */
int
adm_governor_lifted(const AdmGovernor *g, int cap)
{
	double		lifted = ceil(cap * g->lift);

	if (cap < 0)
		return cap;
	return lifted >= INT_MAX ? INT_MAX : (int) lifted;
}
