/*
 * ramp.c - from a warm-up's progress to caps.
 *
 * Goodput in a storm is the same with two to eight times the cores at work;
 * an administrator's login is not, since it competes with all of them: its
 * 99th percentile was 25 ms at twice the cores and over half a second at four
 * times (bench/README.md).  The floors are for a single core.
 */
#include "ramp.h"

#define START_INITIAL_FLOOR		4
#define START_INITIAL_PER_CORE	2
#define START_TARGET_FLOOR		8
#define START_TARGET_PER_CORE	4

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

int
adm_ramp_start_cap(int cores, double progress)
{
	if (cores < 1)
		cores = 1;
	if (cores > MAX_CORES)
		cores = MAX_CORES;
	return adm_ramp_value(max_int(START_INITIAL_FLOOR, START_INITIAL_PER_CORE * cores),
						  max_int(START_TARGET_FLOOR, START_TARGET_PER_CORE * cores),
						  progress);
}
