/*
 * evidence.c - is this instance new to its load?
 *
 * The first trigger that is both seen and enabled wins, in the order of how
 * much colder than before the instance must be assumed to be.
 */
#include "evidence.h"

#include <stddef.h>
#include <string.h>

/* The upper half of a system identifier is the time of initdb. */
static int64_t
initdb_time_s(uint64_t system_identifier)
{
	return (int64_t) (system_identifier >> 32);
}

/* A time in the future says that a clock is wrong, not that initdb was new. */
static bool
initdb_was_recent(const AdmEvidence *e)
{
	int64_t		age_s = e->now_s - initdb_time_s(e->identity.system_identifier);

	return age_s >= 0 && age_s < ADM_NEW_INSTANCE_AGE_S;
}

/* Unreadable on either side proves nothing. */
static bool
id_differs(const char *a, const char *b)
{
	return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

static bool
same_cluster(const AdmIdentity *a, const AdmIdentity *b)
{
	return a->system_identifier == b->system_identifier &&
		a->major_version == b->major_version;
}

static bool
number_differs(uint64_t a, uint64_t b)
{
	return a != 0 && b != 0 && a != b;
}

static bool
same_boot(const AdmIdentity *a, const AdmIdentity *b)
{
	return a->boot_id[0] != '\0' && strcmp(a->boot_id, b->boot_id) == 0;
}

/*
 * Devices are numbered anew at a boot, so the number says something only
 * within one.
 */
static bool
same_place(const AdmIdentity *a, const AdmIdentity *b)
{
	if (id_differs(a->machine_id, b->machine_id) ||
		number_differs(a->control_inode, b->control_inode))
		return false;
	return !(same_boot(a, b) &&
			 number_differs(a->control_device, b->control_device));
}

static bool
is_foreign(const AdmEvidence *e)
{
	return e->record != NULL &&
		!(same_cluster(&e->record->identity, &e->identity) &&
		  same_place(&e->record->identity, &e->identity));
}

static const char *
seen_new_instance(const AdmEvidence *e)
{
	if (e->record == NULL)
		return initdb_was_recent(e) ?
			"initdb was run less than 14 days ago and there is no earlier state" : NULL;
	if (!same_cluster(&e->record->identity, &e->identity))
		return "the state file is of another cluster or major version";
	return NULL;
}

static const char *
seen_new_host(const AdmEvidence *e)
{
	if (e->backup_label)
		return "the server starts from a base backup";
	if (e->record == NULL)
		return NULL;
	if (!same_place(&e->record->identity, &e->identity))
		return "the data directory is a copy or on another machine";
	if (id_differs(e->record->identity.boot_id, e->identity.boot_id))
		return "the machine has booted since";
	return NULL;
}

static const char *
seen_promotion(const AdmEvidence *e)
{
	if (e->record != NULL && !is_foreign(e) &&
		e->record->in_recovery && !e->standby)
		return "the server was a standby when it was last up";
	return NULL;
}

static const char *
seen_crash(const AdmEvidence *e)
{
	if (e->unclean_shutdown && !e->backup_label)
		return "the server was not shut down cleanly";
	return NULL;
}

static const struct
{
	AdmTrigger	trigger;
	const char *(*seen) (const AdmEvidence *e);
}			rules[] =
{
	{ADM_TRIGGER_NEW_INSTANCE, seen_new_instance},
	{ADM_TRIGGER_NEW_HOST, seen_new_host},
	{ADM_TRIGGER_PROMOTION, seen_promotion},
	{ADM_TRIGGER_CRASH, seen_crash},
};

AdmVerdict
adm_evidence_judge(const AdmEvidence *e)
{
	AdmVerdict	verdict = {ADM_TRIGGER_NONE, false, false, NULL};

	verdict.foreign_file = is_foreign(e);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		const char *reason = rules[i].seen(e);

		if (reason == NULL || (e->enabled & (1u << rules[i].trigger)) == 0)
			continue;
		verdict.trigger = rules[i].trigger;
		verdict.reason = reason;
		return verdict;
	}
	verdict.resume = e->record != NULL && !verdict.foreign_file &&
		e->record->warmup.phase != ADM_PHASE_OPEN;
	return verdict;
}
