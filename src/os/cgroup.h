/*
 * cgroup.h - what the kernel says of the server's control group.
 *
 * Version 2, or version 1 for the controllers that are mounted so.  A limit
 * may stand on the group itself or on any above it; the tightest counts, and
 * use and throttling are read where it stands.
 */
#ifndef ADM_CGROUP_H
#define ADM_CGROUP_H

#include <stdbool.h>

#include "policy/pressure.h"

#define ADM_CGROUP_PATH_SIZE	1024

/* Where one controller's files are; "" if nowhere. */
typedef struct AdmCgroupPlace
{
	bool		v2;
	char		top[ADM_CGROUP_PATH_SIZE];	/* the mount, where climbing ends */
	char		own[ADM_CGROUP_PATH_SIZE];	/* our group, below top or it */
} AdmCgroupPlace;

typedef struct AdmCgroup
{
	AdmCgroupPlace cpu;
	AdmCgroupPlace usage;		/* of processors: cpuacct in version 1 */
	AdmCgroupPlace memory;
	AdmCgroupPlace unified;		/* version 2's, where stalls are told */
} AdmCgroup;

/*
 * Finds the group of this process by proc/self/cgroup and proc/self/mountinfo
 * below root ("" on a live system).  False if there is none.
 */
extern bool adm_cgroup_find(const char *root, AdmCgroup *group);

/*
 * Fills the group's fields of the reading: quota (cores and limited), use and
 * throttling; memory limit and what is available of it, where that is less than
 * what the reading already says of the machine; stalls of the group.
 */
extern void adm_cgroup_read(const AdmCgroup *group, AdmReading *reading);

#endif							/* ADM_CGROUP_H */
