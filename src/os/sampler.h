/*
 * sampler.h - reads everything there is to know of the machine at a moment.
 *
 * What may be missing is missing in the reading, and its place in the mask
 * tells, so that the caller can say so once.
 */
#ifndef ADM_SAMPLER_H
#define ADM_SAMPLER_H

#include <stdint.h>

#include "cgroup.h"

/* Bits of what could not be read. */
#define ADM_MISSES_STAT			0x01
#define ADM_MISSES_LOAD			0x02
#define ADM_MISSES_MEMORY		0x04
#define ADM_MISSES_PRESSURE		0x08
#define ADM_MISSES_PROCESSES	0x10

typedef struct AdmSampler
{
	const char *root;			/* "" on a live system; outlives the sampler */
	bool		has_group;
	AdmCgroup	group;
	int			readings;		/* since the group was last looked for */
} AdmSampler;

extern void adm_sampler_init(AdmSampler *sampler, const char *root);

/*
 * Reads the machine and the control group; the server's processes are the
 * caller's to add.  cores, if above 0, overrides what is found.  Returns a mask
 * of what is missing.
 */
extern uint32_t adm_sampler_read(AdmSampler *sampler, int cores,
								 AdmReading *reading);

/* The path of a source, for one bit of a mask. */
extern const char *adm_sampler_source(uint32_t miss);

#endif							/* ADM_SAMPLER_H */
