/*
 * test_evidence.c - tests of whether an instance is new to its load.
 *
 * Each case begins with a server that was restarted in order, on the same
 * machine and boot, long after initdb and without a warm-up; a row names what
 * is different.
 */
#include "rows.h"

#include "policy/evidence.h"

#define NOW_S	INT64_C(1700000000)
#define DAY_S	INT64_C(86400)

#define BIT(trigger)	(1u << (trigger))
#define INSTANCE		BIT(ADM_TRIGGER_NEW_INSTANCE)
#define HOST			BIT(ADM_TRIGGER_NEW_HOST)
#define PROMOTION		BIT(ADM_TRIGGER_PROMOTION)
#define CRASH			BIT(ADM_TRIGGER_CRASH)
#define ALL				(INSTANCE | HOST | PROMOTION | CRASH)

typedef struct Case
{
	AdmEvidence now;
	AdmRecord	before;			/* what the state file says */
	bool		file;			/* there is one */
} Case;

static uint64_t
identifier_of(int64_t initdb_s)
{
	return ((uint64_t) initdb_s << 32) | 0xFFFFFFFF;
}

static Case
ordinary(void)
{
	Case		c;

	memset(&c, 0, sizeof(c));
	c.now.enabled = ALL;
	c.now.now_s = NOW_S;
	c.now.identity.system_identifier = identifier_of(NOW_S - 400 * DAY_S);
	c.now.identity.major_version = 17;
	strcpy(c.now.identity.machine_id, "0123456789abcdef0123456789abcdef");
	strcpy(c.now.identity.boot_id, "01234567-89ab-4cde-8f01-23456789abcd");
	c.now.identity.control_device = 2049;
	c.now.identity.control_inode = 131;
	c.before.identity = c.now.identity;
	c.before.warmup.window.duration_ms = 300000;
	c.file = true;
	return c;
}

/*
 * What may be different.
 */

typedef void (*Change) (Case *c);

static void
no_file(Case *c)
{
	c->file = false;
}

static void
initdb_ago(Case *c, int64_t age_s)
{
	c->now.identity.system_identifier = identifier_of(NOW_S - age_s);
	c->before.identity.system_identifier = c->now.identity.system_identifier;
}

static void
initdb_now(Case *c)
{
	initdb_ago(c, 0);
}

static void
initdb_1_day_ago(Case *c)
{
	initdb_ago(c, DAY_S);
}

static void
initdb_13_99_days_ago(Case *c)
{
	initdb_ago(c, 14 * DAY_S - DAY_S / 100);
}

static void
initdb_almost_14_days_ago(Case *c)
{
	initdb_ago(c, 14 * DAY_S - 1);
}

static void
initdb_14_days_ago(Case *c)
{
	initdb_ago(c, 14 * DAY_S);
}

static void
initdb_15_days_ago(Case *c)
{
	initdb_ago(c, 15 * DAY_S);
}

static void
initdb_in_a_second(Case *c)
{
	initdb_ago(c, -1);
}

static void
initdb_in_a_year(Case *c)
{
	initdb_ago(c, -365 * DAY_S);
}

/* The wall clock of a machine without a battery. */
static void
clock_at_1970(Case *c)
{
	c->now.now_s = 0;
}

static void
other_cluster(Case *c)
{
	c->before.identity.system_identifier--;
}

static void
other_major_version(Case *c)
{
	c->before.identity.major_version = 16;
}

static void
other_machine(Case *c)
{
	c->before.identity.machine_id[0] = 'f';
}

static void
machine_unknown_before(Case *c)
{
	c->before.identity.machine_id[0] = '\0';
}

static void
machine_unknown_now(Case *c)
{
	c->now.identity.machine_id[0] = '\0';
}

static void
other_boot(Case *c)
{
	c->before.identity.boot_id[0] = 'f';
}

static void
boot_unknown_before(Case *c)
{
	c->before.identity.boot_id[0] = '\0';
}

static void
boot_unknown_now(Case *c)
{
	c->now.identity.boot_id[0] = '\0';
}

static void
other_inode(Case *c)
{
	c->before.identity.control_inode++;
}

static void
other_device(Case *c)
{
	c->before.identity.control_device++;
}

static void
device_unknown_now(Case *c)
{
	c->now.identity.control_device = 0;
}

static void
place_unknown_before(Case *c)
{
	c->before.identity.control_device = 0;
	c->before.identity.control_inode = 0;
}

static void
place_unknown_now(Case *c)
{
	c->now.identity.control_device = 0;
	c->now.identity.control_inode = 0;
}

static void
backup(Case *c)
{
	c->now.backup_label = true;
}

static void
was_standby(Case *c)
{
	c->before.in_recovery = true;
}

static void
is_standby(Case *c)
{
	c->now.standby = true;
}

static void
unclean(Case *c)
{
	c->now.unclean_shutdown = true;
}

static void
was_warming(Case *c)
{
	c->before.warmup.phase = ADM_PHASE_WARMING;
	c->before.warmup.trigger = ADM_TRIGGER_MANUAL;
}

static void
was_holding(Case *c)
{
	was_warming(c);
	c->before.warmup.phase = ADM_PHASE_HOLDING;
}

/*
 * One row for each rule, for each that is disabled, and for who goes first.
 */

#define MOST_CHANGES	6

typedef enum Outcome
{
	STAYS_OPEN,
	RESUMES,
	ARMS						/* with the window of the settings */
} Outcome;

typedef struct Expected
{
	Outcome		outcome;
	AdmTrigger	trigger;
	const char *reason;			/* a part of it */
} Expected;

typedef struct Row
{
	const char *label;
	Change		changes[MOST_CHANGES];
	uint32_t	disabled;		/* triggers */
	bool		foreign_file;
	Expected	expected;
} Row;

#define OURS					false
#define FOREIGN					true
#define NOTHING					{STAYS_OPEN, ADM_TRIGGER_NONE, NULL}
#define RESUMED					{RESUMES, ADM_TRIGGER_NONE, NULL}
#define ARMED(trigger, reason)	{ARMS, ADM_TRIGGER_##trigger, reason}

static const Row rows[] = {
	/* Nothing is different. */
	{"restart", {NULL}, 0, OURS, NOTHING},
	{"restart of a warm-up", {was_warming}, 0, OURS, RESUMED},
	{"restart of a held warm-up", {was_holding}, 0, OURS, RESUMED},
	{"restart of a warm-up, all disabled", {was_warming}, ALL, OURS, RESUMED},
	{"restart of a young cluster", {initdb_1_day_ago}, 0, OURS, NOTHING},
	{"restart of a young cluster's warm-up", {initdb_1_day_ago, was_warming},
	0, OURS, RESUMED},

	/* No file. */
	{"old cluster without a file", {no_file}, 0, OURS, NOTHING},
	{"no file, initdb now", {no_file, initdb_now},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"no file, 1 day", {no_file, initdb_1_day_ago},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"no file, 13.99 days", {no_file, initdb_13_99_days_ago},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"no file, a second less than 14 days",
		{no_file, initdb_almost_14_days_ago},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"no file, 14 days", {no_file, initdb_14_days_ago}, 0, OURS, NOTHING},
	{"no file, 15 days", {no_file, initdb_15_days_ago}, 0, OURS, NOTHING},
	{"no file, initdb in a second", {no_file, initdb_in_a_second},
	0, OURS, NOTHING},
	{"no file, initdb in a year", {no_file, initdb_in_a_year},
	0, OURS, NOTHING},
	{"no file, clock at 1970", {no_file, initdb_1_day_ago, clock_at_1970},
	0, OURS, NOTHING},
	{"no file, 1 day, disabled", {no_file, initdb_1_day_ago},
	INSTANCE, OURS, NOTHING},
	{"no file, what it would say counts for nothing",
		{no_file, other_machine, was_standby, was_warming},
	0, OURS, NOTHING},

	/* Of another cluster or version. */
	{"other cluster", {other_cluster},
	0, FOREIGN, ARMED(NEW_INSTANCE, "cluster")},
	{"other cluster, disabled", {other_cluster}, INSTANCE, FOREIGN, NOTHING},
	{"other cluster's warm-up", {other_cluster, was_warming},
	0, FOREIGN, ARMED(NEW_INSTANCE, "cluster")},
	{"other cluster's warm-up, disabled", {other_cluster, was_warming},
	ALL, FOREIGN, NOTHING},
	{"other version", {other_major_version},
	0, FOREIGN, ARMED(NEW_INSTANCE, "major version")},
	{"other version, disabled", {other_major_version},
	INSTANCE, FOREIGN, NOTHING},
	{"other version's warm-up, disabled", {other_major_version, was_warming},
	INSTANCE, FOREIGN, NOTHING},
	{"other cluster, clock at 1970", {other_cluster, clock_at_1970},
	0, FOREIGN, ARMED(NEW_INSTANCE, "cluster")},

	/* Of another machine. */
	{"other machine", {other_machine},
	0, FOREIGN, ARMED(NEW_HOST, "another machine")},
	{"other machine, disabled", {other_machine}, HOST, FOREIGN, NOTHING},
	{"other machine's warm-up", {other_machine, was_warming},
	0, FOREIGN, ARMED(NEW_HOST, "another machine")},
	{"other machine's warm-up, disabled", {other_machine, was_warming},
	HOST, FOREIGN, NOTHING},
	{"machine unknown before", {machine_unknown_before}, 0, OURS, NOTHING},
	{"machine unknown now", {machine_unknown_now}, 0, OURS, NOTHING},
	{"machine never known", {machine_unknown_before, machine_unknown_now},
	0, OURS, NOTHING},
	{"machine unknown, warm-up", {machine_unknown_now, was_warming},
	0, OURS, RESUMED},

	/* Another boot of the same machine. */
	{"other boot", {other_boot}, 0, OURS, ARMED(NEW_HOST, "booted")},
	{"other boot, disabled", {other_boot}, HOST, OURS, NOTHING},
	{"other boot during a warm-up", {other_boot, was_warming},
	0, OURS, ARMED(NEW_HOST, "booted")},
	{"other boot while held", {other_boot, was_holding},
	0, OURS, ARMED(NEW_HOST, "booted")},
	{"other boot during a warm-up, disabled", {other_boot, was_warming},
	HOST, OURS, RESUMED},
	{"boot unknown before", {boot_unknown_before}, 0, OURS, NOTHING},
	{"boot unknown now", {boot_unknown_now}, 0, OURS, NOTHING},
	{"boot never known", {boot_unknown_before, boot_unknown_now},
	0, OURS, NOTHING},
	{"boot unknown, warm-up", {boot_unknown_now, was_warming},
	0, OURS, RESUMED},

	/* Another copy of the directory. */
	{"other inode", {other_inode}, 0, FOREIGN, ARMED(NEW_HOST, "copy")},
	{"other inode, disabled", {other_inode}, HOST, FOREIGN, NOTHING},
	{"other inode's warm-up, disabled", {other_inode, was_warming},
	HOST, FOREIGN, NOTHING},
	{"other inode after a boot", {other_inode, other_boot},
	0, FOREIGN, ARMED(NEW_HOST, "copy")},
	{"other device in the same boot", {other_device},
	0, FOREIGN, ARMED(NEW_HOST, "copy")},
	{"other device in the same boot, disabled", {other_device},
	HOST, FOREIGN, NOTHING},
	{"other device in the same boot, warm-up", {other_device, was_warming},
	0, FOREIGN, ARMED(NEW_HOST, "copy")},
	{"other device after a boot", {other_device, other_boot},
	0, OURS, ARMED(NEW_HOST, "booted")},
	{"other device after a boot, disabled", {other_device, other_boot},
	HOST, OURS, NOTHING},
	{"other device after a boot, warm-up",
		{other_device, other_boot, was_warming},
	0, OURS, ARMED(NEW_HOST, "booted")},
	{"other device after a boot, warm-up, disabled",
		{other_device, other_boot, was_warming},
	HOST, OURS, RESUMED},
	{"other device, boot unknown", {other_device, boot_unknown_now},
	0, OURS, NOTHING},
	{"other device, boot unknown, warm-up",
		{other_device, boot_unknown_now, was_warming},
	0, OURS, RESUMED},
	{"device unknown", {device_unknown_now}, 0, OURS, NOTHING},
	{"a standby's copy opened elsewhere, disabled",
		{other_machine, was_standby},
	HOST, FOREIGN, NOTHING},
	{"place unknown before", {place_unknown_before}, 0, OURS, NOTHING},
	{"place unknown now", {place_unknown_now}, 0, OURS, NOTHING},
	{"place unknown, warm-up", {place_unknown_before, was_warming},
	0, OURS, RESUMED},
	{"place unknown, other machine", {place_unknown_now, other_machine},
	0, FOREIGN, ARMED(NEW_HOST, "another machine")},

	/* A base backup. */
	{"backup", {backup}, 0, OURS, ARMED(NEW_HOST, "base backup")},
	{"backup, disabled", {backup}, HOST, OURS, NOTHING},
	{"backup without a file", {backup, no_file},
	0, OURS, ARMED(NEW_HOST, "base backup")},
	{"backup without a file, disabled", {backup, no_file},
	HOST, OURS, NOTHING},
	{"backup taken during a warm-up", {backup, was_warming},
	0, OURS, ARMED(NEW_HOST, "base backup")},
	{"backup on another machine", {backup, other_machine, was_warming},
	0, FOREIGN, ARMED(NEW_HOST, "base backup")},

	/* Promotion. */
	{"promoted", {was_standby}, 0, OURS, ARMED(PROMOTION, "standby")},
	{"promoted, disabled", {was_standby}, PROMOTION, OURS, NOTHING},
	{"promoted during a warm-up", {was_standby, was_warming},
	0, OURS, ARMED(PROMOTION, "standby")},
	{"promoted during a warm-up, disabled", {was_standby, was_warming},
	PROMOTION, OURS, RESUMED},
	{"still a standby", {was_standby, is_standby}, 0, OURS, NOTHING},
	{"still a standby, warm-up", {was_standby, is_standby, was_warming},
	0, OURS, RESUMED},
	{"turned into a standby", {is_standby}, 0, OURS, NOTHING},

	/* Crash. */
	{"crash", {unclean}, 0, OURS, ARMED(CRASH, "cleanly")},
	{"crash, disabled", {unclean}, CRASH, OURS, NOTHING},
	{"crash during a warm-up", {unclean, was_warming},
	0, OURS, ARMED(CRASH, "cleanly")},
	{"crash while held", {unclean, was_holding},
	0, OURS, ARMED(CRASH, "cleanly")},
	{"crash during a warm-up, disabled", {unclean, was_warming},
	CRASH, OURS, RESUMED},
	{"crash without a file", {unclean, no_file},
	0, OURS, ARMED(CRASH, "cleanly")},
	{"crash of a standby", {unclean, was_standby, is_standby},
	0, OURS, ARMED(CRASH, "cleanly")},
	{"a backup is no crash", {unclean, backup}, HOST, OURS, NOTHING},

	/* Who goes first. */
	{"all at once",
		{other_cluster, other_machine, backup, was_standby, unclean},
	0, FOREIGN, ARMED(NEW_INSTANCE, "cluster")},
	{"new, crashed", {no_file, initdb_1_day_ago, unclean},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"new, from a backup", {no_file, initdb_1_day_ago, backup},
	0, OURS, ARMED(NEW_INSTANCE, "14 days")},
	{"new, from a backup, first disabled", {no_file, initdb_1_day_ago, backup},
	INSTANCE, OURS, ARMED(NEW_HOST, "base backup")},
	{"new, crashed, first disabled", {no_file, initdb_1_day_ago, unclean},
	INSTANCE, OURS, ARMED(CRASH, "cleanly")},
	{"other cluster and machine, first disabled",
		{other_cluster, other_machine},
	INSTANCE, FOREIGN, ARMED(NEW_HOST, "another machine")},
	{"backup rather than machine", {backup, other_machine},
	0, FOREIGN, ARMED(NEW_HOST, "base backup")},
	{"machine rather than boot", {other_machine, other_boot},
	0, FOREIGN, ARMED(NEW_HOST, "another machine")},
	{"booted, promoted, crashed", {other_boot, was_standby, unclean},
	0, OURS, ARMED(NEW_HOST, "booted")},
	{"booted, promoted, crashed, first disabled",
		{other_boot, was_standby, unclean},
	HOST, OURS, ARMED(PROMOTION, "standby")},
	{"booted, promoted, crashed, two disabled",
		{other_boot, was_standby, unclean},
	HOST | PROMOTION, OURS, ARMED(CRASH, "cleanly")},
	{"booted, promoted, crashed, warm-up, all disabled",
		{other_boot, was_standby, unclean, was_warming},
	ALL, OURS, RESUMED},
};

static AdmVerdict
judge(Case *c, uint32_t enabled)
{
	c->now.record = c->file ? &c->before : NULL;
	c->now.enabled = enabled;
	return adm_evidence_judge(&c->now);
}

static void
check_reason(const char *label, const char *reason, const char *expected)
{
	assert_row_int(label, reason != NULL, expected != NULL);
	if (expected != NULL && strstr(reason, expected) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", label, reason, expected);
}

static void
rules_and_their_order(void **state)
{
	(void) state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
	{
		const Row  *row = &rows[i];
		const Expected *expected = &row->expected;
		Case		c = ordinary();
		AdmVerdict	v;

		for (int n = 0; n < MOST_CHANGES && row->changes[n] != NULL; n++)
			row->changes[n] (&c);
		v = judge(&c, ALL & ~row->disabled);

		assert_row_int(row->label, v.trigger, expected->trigger);
		assert_row_int(row->label, v.resume, expected->outcome == RESUMES);
		assert_row_int(row->label, v.foreign_file, row->foreign_file);
		check_reason(row->label, v.reason, expected->reason);
	}
}

/*
 * Every set of changes with every set of triggers.
 */

static const Change all_changes[] = {
	no_file, initdb_1_day_ago, other_cluster, other_major_version,
	other_machine, machine_unknown_now, other_boot, boot_unknown_before,
	other_inode, other_device, place_unknown_now, backup, was_standby,
	is_standby, unclean, was_warming
};

static void
check_consistent(const Case *c, const AdmVerdict *v)
{
	bool		was_open = c->before.warmup.phase == ADM_PHASE_OPEN;
	bool		interrupted = c->file && !v->foreign_file && !was_open;
	bool		armed = v->trigger != ADM_TRIGGER_NONE;

	assert_int_equal(v->resume, interrupted && !armed);
	assert_int_equal(v->reason != NULL, armed);
	assert_false(v->foreign_file && !c->file);
}

/* The first of those that are seen and enabled, or none. */
static AdmTrigger
first_of(uint32_t triggers)
{
	for (int i = ADM_TRIGGER_NEW_INSTANCE; i <= ADM_TRIGGER_CRASH; i++)
	{
		if (triggers & BIT(i))
			return (AdmTrigger) i;
	}
	return ADM_TRIGGER_NONE;
}

static uint32_t
seen_alone(Case *c)
{
	uint32_t	seen = 0;

	for (int i = ADM_TRIGGER_NEW_INSTANCE; i <= ADM_TRIGGER_CRASH; i++)
	{
		if (judge(c, BIT(i)).trigger != ADM_TRIGGER_NONE)
			seen |= BIT(i);
	}
	return seen;
}

static void
check_all_triggers(Case *c)
{
	uint32_t	seen = seen_alone(c);
	bool		foreign_file = judge(c, 0).foreign_file;

	for (uint32_t enabled = 0; enabled < BIT(ADM_TRIGGER_COUNT); enabled++)
	{
		AdmVerdict	v = judge(c, enabled);

		assert_int_equal(v.trigger, first_of(seen & enabled));
		assert_int_equal(v.foreign_file, foreign_file);
		check_consistent(c, &v);
	}
}

static void
every_set_of_changes_and_triggers(void **state)
{
	(void) state;
	for (uint32_t set = 0; set < 1u << COUNT_OF(all_changes); set++)
	{
		Case		c = ordinary();

		for (size_t i = 0; i < COUNT_OF(all_changes); i++)
		{
			if (set & (1u << i))
				all_changes[i] (&c);
		}
		check_all_triggers(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_and_their_order),
		cmocka_unit_test(every_set_of_changes_and_triggers),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
