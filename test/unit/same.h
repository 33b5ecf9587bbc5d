/*
 * same.h - whether two of the policy's structs are equal, field by field.
 */
#ifndef ADM_TEST_SAME_H
#define ADM_TEST_SAME_H

#include <string.h>

#include "policy/evidence.h"

static inline bool
same_warmup(const AdmWarmup *a, const AdmWarmup *b)
{
	return a->phase == b->phase &&
		a->trigger == b->trigger &&
		a->ending == b->ending &&
		a->window.duration_ms == b->window.duration_ms &&
		a->window.initial_connections == b->window.initial_connections &&
		a->window.target_connections == b->window.target_connections &&
		a->window.initial_transactions == b->window.initial_transactions &&
		a->window.target_transactions == b->window.target_transactions &&
		a->spent_ms == b->spent_ms &&
		a->age_ms == b->age_ms &&
		a->started_at_us == b->started_at_us;
}

static inline bool
same_identity(const AdmIdentity *a, const AdmIdentity *b)
{
	return a->system_identifier == b->system_identifier &&
		a->major_version == b->major_version &&
		strcmp(a->machine_id, b->machine_id) == 0 &&
		strcmp(a->boot_id, b->boot_id) == 0 &&
		a->control_device == b->control_device &&
		a->control_inode == b->control_inode;
}

static inline bool
same_record(const AdmRecord *a, const AdmRecord *b)
{
	return same_identity(&a->identity, &b->identity) &&
		a->in_recovery == b->in_recovery &&
		same_warmup(&a->warmup, &b->warmup) &&
		a->brake == b->brake;
}

#endif							/* ADM_TEST_SAME_H */
