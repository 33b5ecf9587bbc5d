/*
 * ramp.c - from a warm-up's progress to caps.
 *
 * Goodput in a storm is the same with two to eight times the cores at work;
 * an administrator's login is not, since it competes with all of them: its
 * 99th percentile was 25 ms at twice the cores and over half a second at four
 * times (bench/README.md).  The same holds for running transactions.  The floors
 * are for a single core.
 */
#include "ramp.h"

#define START_INITIAL_FLOOR		4
#define START_INITIAL_PER_CORE	2
#define START_TARGET_FLOOR		8
#define START_TARGET_PER_CORE	4

#define RUN_INITIAL_FLOOR		4
#define RUN_INITIAL_PER_CORE	2
#define RUN_TARGET_FLOOR		16
#define RUN_TARGET_PER_CORE		4

/* Keeps cores x factor within int, whatever was configured or read. */
#define MAX_CORES				65536

static int
max_int(int a, int b)
{
	return a > b ? a : b;
}

int
adm_ramp_value(int initial, int target, double progress)
{
	if (!(progress > 0))
		return initial;
	if (progress >= 1)
		return target;
	return (int) (initial + (int64_t) (((double) target - initial) * progress));
}

double
adm_ramp_cut(int initial, int target, double progress, double keeps)
{
	double		range = (double) target - initial;
	double		value;

	if (!(progress > 0) || range <= 0)
		return progress > 0 ? progress : 0;
	value = keeps * (initial + range * (progress < 1 ? progress : 1));
	return value > initial ? (value - initial) / range : 0;
}

int
adm_ramp_connection_cap(int initial, int target, int room, double progress)
{
	if (initial < 0 && target < 0)
		return ADM_UNCAPPED;
	if (target < 0)
		target = max_int(room, initial);
	if (initial < 0 || initial > target)
		initial = target;
	return adm_ramp_value(initial, target, progress);
}

static int
by_cores(int cores, int per_core, int floor)
{
	if (cores < 1)
		cores = 1;
	if (cores > MAX_CORES)
		cores = MAX_CORES;
	return max_int(floor, per_core * cores);
}

static int
start_initial(int cores)
{
	return by_cores(cores, START_INITIAL_PER_CORE, START_INITIAL_FLOOR);
}

static int
start_target(int cores)
{
	return by_cores(cores, START_TARGET_PER_CORE, START_TARGET_FLOOR);
}

int
adm_ramp_start_cap(int cores, double progress)
{
	return adm_ramp_value(start_initial(cores), start_target(cores), progress);
}

/* What a value of the settings stands for. */
static int
transactions(int value, int cores, int per_core, int floor)
{
	if (value > 0)
		return value;
	return value < 0 ? by_cores(cores, -value, 1) : by_cores(cores, per_core, floor);
}

int
adm_ramp_transaction_cap(int initial, int target, int cores, double progress)
{
	initial = transactions(initial, cores, RUN_INITIAL_PER_CORE, RUN_INITIAL_FLOOR);
	target = transactions(target, cores, RUN_TARGET_PER_CORE, RUN_TARGET_FLOOR);
	return adm_ramp_value(initial < target ? initial : target, target, progress);
}

double
adm_ramp_start_cut(int cores, double progress, double keeps)
{
	return adm_ramp_cut(start_initial(cores), start_target(cores), progress, keeps);
}
