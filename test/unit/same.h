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
same_service(const AdmServiceRecord *a, const AdmServiceRecord *b)
{
	return strcmp(a->name, b->name) == 0 &&
		a->state.phase == b->state.phase &&
		a->state.turn == b->state.turn &&
		a->state.over_ms == b->state.over_ms &&
		a->state.spent_ms == b->state.spent_ms;
}

static inline bool
same_services(const AdmRecord *a, const AdmRecord *b)
{
	for (int i = 0; i < a->service_count; i++)
	{
		if (i >= b->service_count || !same_service(&a->services[i], &b->services[i]))
			return false;
	}
	return a->service_count == b->service_count;
}

static inline bool
same_record(const AdmRecord *a, const AdmRecord *b)
{
	return same_identity(&a->identity, &b->identity) &&
		a->in_recovery == b->in_recovery &&
		same_warmup(&a->warmup, &b->warmup) &&
		a->brake == b->brake &&
		same_services(a, b);
}

#endif							/* ADM_TEST_SAME_H */
