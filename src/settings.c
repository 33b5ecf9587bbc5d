/*
 * settings.c - the settings under pg_admission: definitions and checks.
 *
 * Every setting can be changed by a reload; docs/settings.md describes each.
 */
#include "postgres.h"

#include <limits.h>

#include "compat.h"
#include "mb/pg_wchar.h"
#include "policy/brake.h"
#include "policy/level.h"
#include "policy/per_core.h"
#include "policy/role_list.h"
#include "settings.h"
#include "utils/varlena.h"

StaticAssertDecl(ADM_ROLE_NAME_SIZE == NAMEDATALEN,
				 "a role's name must fit in an item of exempt_roles");

#define ALL_TRIGGERS	(((1u << ADM_TRIGGER_COUNT) - 1) & \
						 ~(1u << ADM_TRIGGER_NONE) & \
						 ~(1u << ADM_TRIGGER_MANUAL))

int			adm_mode = ADM_MODE_ENFORCE;
int			adm_warmup_advance = ADM_ADVANCE_LOAD;
int			adm_warmup_duration_ms = 5 * 60 * 1000;
int			adm_warmup_max_age_ms = 24 * 60 * 60 * 1000;
int			adm_warmup_initial_connections = -1;
int			adm_warmup_target_connections = -1;
bool		adm_hold_for_health = true;
int			adm_brake_setting = ADM_BRAKE_OFF;
int			adm_connection_queue_timeout_ms = 10 * 1000;
bool		adm_transaction_gate = true;
int			adm_max_running_transactions = 0;
int			adm_warmup_initial_transactions = 0;
int			adm_transaction_queue_timeout_ms = 1000;
int			adm_long_transaction_after_ms = 1000;
int			adm_client_check_interval_ms = 500;
int			adm_refusal_sqlstate = ERRCODE_TOO_MANY_CONNECTIONS;
char	   *adm_exempt_roles = NULL;
int			adm_exempt_connections = 5;
const AdmRules *adm_service_rules = NULL;
char	   *adm_paused_services = NULL;
int			adm_runaway_action = ADM_RUNAWAY_NONE;
int			adm_runaway_only_under = ADM_LEVEL_HIGH;
int			adm_runaway_cpu_time_s = 60;
int			adm_runaway_runtime_s = -1;
int			adm_runaway_idle_in_transaction_s = 60;
int			adm_runaway_blocking = 5;
int			adm_cores = 0;
int			adm_sample_interval_ms = 1000;
char	   *adm_metrics_file = NULL;
char	   *adm_system_root = NULL;

static char *services = NULL;
static char *brake = NULL;
static char *max_running_transactions = NULL;
static char *warmup_initial_transactions = NULL;
static bool patience_chosen = false;
static char *warmup_on = NULL;
static uint32 warmup_on_triggers = ALL_TRIGGERS;

static const struct config_enum_entry mode_options[] = {
	{"enforce", ADM_MODE_ENFORCE, false},
	{"observe", ADM_MODE_OBSERVE, false},
	{"off", ADM_MODE_OFF, false},
	{NULL, 0, false}
};

static const struct config_enum_entry advance_options[] = {
	{"load", ADM_ADVANCE_LOAD, false},
	{"clock", ADM_ADVANCE_CLOCK, false},
	{NULL, 0, false}
};

static const struct config_enum_entry runaway_action_options[] = {
	{"none", ADM_RUNAWAY_NONE, false},
	{"log", ADM_RUNAWAY_LOG, false},
	{"cancel", ADM_RUNAWAY_CANCEL, false},
	{"terminate", ADM_RUNAWAY_TERMINATE, false},
	{NULL, 0, false}
};

static const struct config_enum_entry level_options[] = {
	{"comfortable", ADM_LEVEL_COMFORTABLE, false},
	{"high", ADM_LEVEL_HIGH, false},
	{"critical", ADM_LEVEL_CRITICAL, false},
	{NULL, 0, false}
};

static const struct config_enum_entry sqlstate_options[] = {
	{"53300", ERRCODE_TOO_MANY_CONNECTIONS, false},
	{"57P03", ERRCODE_CANNOT_CONNECT_NOW, false},
	{NULL, 0, false}
};

/* What a check has found out, for the assignment; false: out of memory. */
static bool
keep_extra(void **extra, const void *value, size_t size)
{
	*extra = adm_compat_guc_malloc(size);
	if (*extra == NULL)
		return false;
	memcpy(*extra, value, size);
	return true;
}

static bool
trigger_may_be_set(const char *word, uint32 *triggers)
{
	AdmTrigger	trigger;

	if (strcmp(word, "all") == 0)
	{
		*triggers |= ALL_TRIGGERS;
		return true;
	}
	if (!adm_trigger_by_name(word, &trigger) ||
		(ALL_TRIGGERS & (1u << trigger)) == 0)
		return false;
	*triggers |= 1u << trigger;
	return true;
}

/* Cuts the words apart in place. */
static bool
parse_triggers(char *words, uint32 *triggers)
{
	List	   *list = NIL;
	ListCell   *lc;

	*triggers = 0;
	if (!SplitIdentifierString(words, ',', &list))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	foreach(lc, list)
	{
		if (trigger_may_be_set(lfirst(lc), triggers))
			continue;
		GUC_check_errdetail("\"%s\" is not one of new_instance, new_host, promotion, crash, relapse, all.",
							(char *) lfirst(lc));
		return false;
	}
	return true;
}

static bool
check_warmup_on(char **newval, void **extra, GucSource source)
{
	char	   *words = pstrdup(*newval);
	uint32		triggers;
	bool		valid = parse_triggers(words, &triggers);

	pfree(words);
	if (!valid)
		return false;
	return keep_extra(extra, &triggers, sizeof(triggers));
}

static void
assign_warmup_on(const char *newval, void *extra)
{
	warmup_on_triggers = *(uint32 *) extra;
}

static bool
check_exempt_roles(char **newval, void **extra, GucSource source)
{
	const char *rest = *newval;
	AdmRoleItem item;
	AdmRoleListResult result;

	while ((result = adm_role_list_next(&rest, &item)) == ADM_ROLE_ITEM)
		 /* only checking */ ;
	if (result == ADM_ROLE_END)
		return true;
	GUC_check_errdetail("%s", adm_role_list_error(result));
	return false;
}

/* A name goes to clients, whatever their encoding. */
static bool
names_are_valid(const AdmRules *rules)
{
	for (int i = 0; i < rules->service_count; i++)
	{
		const char *name = rules->services[i].name;

		if (pg_verify_mbstr(PG_UTF8, name, strlen(name), true))
			continue;
		GUC_check_errdetail("The name of a service is not valid UTF-8.");
		return false;
	}
	return true;
}

static bool
check_services(char **newval, void **extra, GucSource source)
{
	AdmRules   *rules = palloc(sizeof(AdmRules));
	char		error[ADM_RULES_ERROR_SIZE];
	bool		valid = adm_rules_parse(*newval, rules, error);

	if (!valid)
		GUC_check_errdetail("%s", error);
	valid = valid && names_are_valid(rules) &&
		keep_extra(extra, rules, adm_rules_size(rules));
	pfree(rules);
	return valid;
}

static void
assign_services(const char *newval, void *extra)
{
	adm_service_rules = extra;
}

static bool
check_paused_services(char **newval, void **extra, GucSource source)
{
	const char *rest = *newval;
	char		name[ADM_SERVICE_NAME_SIZE];
	char		error[ADM_RULES_ERROR_SIZE];
	AdmNamesResult result;

	do
		result = adm_service_names_next(&rest, name, error);
	while (result == ADM_NAMES_NAME || result == ADM_NAMES_ALL);
	if (result == ADM_NAMES_END)
		return true;
	GUC_check_errdetail("%s", error);
	return false;
}

/* Zero sessions would be a lock-out, not a cap. */
static bool
check_session_cap(int *newval, void **extra, GucSource source)
{
	if (*newval != 0)
		return true;
	GUC_check_errdetail("A cap of 0 would shut everybody out; -1 means no cap.");
	return false;
}

/* Not as for the server's own time-outs, of which 0 is none. */
static bool
check_runaway_limit(int *newval, void **extra, GucSource source)
{
	if (*newval != 0)
		return true;
	GUC_check_errdetail("Everybody would be past a limit of 0; -1 means no limit.");
	return false;
}

static bool
check_per_core(char **newval, void **extra, GucSource source)
{
	int			value;

	if (!adm_per_core_parse(*newval, &value))
	{
		GUC_check_errdetail("It must be a number up to %d, or like \"4x\" up to \"%dx\": so many for each processor.",
							ADM_PER_CORE_MOST, ADM_PER_CORE_MOST_FACTOR);
		return false;
	}
	return keep_extra(extra, &value, sizeof(value));
}

static void
assign_max_running_transactions(const char *newval, void *extra)
{
	adm_max_running_transactions = *(int *) extra;
}

static void
assign_warmup_initial_transactions(const char *newval, void *extra)
{
	adm_warmup_initial_transactions = *(int *) extra;
}

static bool
check_brake(char **newval, void **extra, GucSource source)
{
	int			value;

	if (!adm_brake_parse(*newval, &value))
	{
		GUC_check_errdetail("It must be off, on, or how many transactions may run, from 1 to %d.",
							ADM_BRAKE_MOST);
		return false;
	}
	return keep_extra(extra, &value, sizeof(value));
}

static void
assign_brake(const char *newval, void *extra)
{
	adm_brake_setting = *(int *) extra;
}

/*
 * What stands in the configuration file, or is set for all roles in all
 * databases, is meant for all; the rest for some.
 */
static bool
check_transaction_queue_timeout(int *newval, void **extra, GucSource source)
{
	bool		chosen = source > PGC_S_GLOBAL;

	return keep_extra(extra, &chosen, sizeof(chosen));
}

static void
assign_transaction_queue_timeout(int newval, void *extra)
{
	patience_chosen = *(bool *) extra;
}

static void
define_modes(void)
{
	DefineCustomEnumVariable("pg_admission.mode",
							 "What the gates do: enforce the caps, only observe, or nothing.",
							 "With \"off\" every waiter is let in at once.",
							 &adm_mode, ADM_MODE_ENFORCE, mode_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("pg_admission.warmup_advance",
							 "What moves a warm-up's progress and its caps.",
							 "With \"load\" caps follow pressure, and progress needs gated work on a comfortable machine; with \"clock\" only time counts.",
							 &adm_warmup_advance, ADM_ADVANCE_LOAD,
							 advance_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("pg_admission.brake",
							   "Puts the caps down at once, whatever runs.",
							   "off; on: as at the beginning of a warm-up; or how many transactions may run. admission.brake() does the same.",
							   &brake, "off",
							   PGC_SIGHUP, 0, check_brake, assign_brake, NULL);
	DefineCustomEnumVariable("pg_admission.refusal_sqlstate",
							 "The SQLSTATE with which a connection is refused.",
							 "With 57P03 pg_isready answers \"rejecting\", and probes that act on it may restart the server.",
							 &adm_refusal_sqlstate,
							 ERRCODE_TOO_MANY_CONNECTIONS, sqlstate_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
}

static void
define_warmup(void)
{
	DefineCustomStringVariable("pg_admission.warmup_on",
							   "What starts a warm-up by itself.",
							   "A list of new_instance, new_host, promotion, crash, relapse; \"all\", or empty for nothing.",
							   &warmup_on, "all",
							   PGC_SIGHUP, GUC_LIST_INPUT,
							   check_warmup_on, assign_warmup_on, NULL);
	DefineCustomIntVariable("pg_admission.warmup_duration",
							"How long a warm-up's progress takes from 0 to 1.",
							NULL,
							&adm_warmup_duration_ms, 5 * 60 * 1000,
							ADM_SHORTEST_WARMUP_MS, ADM_LONGEST_WARMUP_MS,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("pg_admission.warmup_max_age",
							"The age at which a warm-up ends whatever its progress, holding included.",
							NULL,
							&adm_warmup_max_age_ms, 24 * 60 * 60 * 1000,
							ADM_SHORTEST_WARMUP_MS, ADM_LONGEST_WARMUP_MS,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("pg_admission.hold_for_health",
							 "Whether a warm-up's progress waits while health_check() has blocking findings.",
							 "After initdb, an upgrade or a move, and when started by hand; not after a crash or a promotion. warmup_max_age ends it all the same.",
							 &adm_hold_for_health, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("pg_admission.warmup_initial_connections",
							"The cap on admitted sessions at a warm-up's beginning.",
							"-1 means no cap, or the target's when that is set.",
							&adm_warmup_initial_connections, -1,
							-1, MAX_BACKENDS,
							PGC_SIGHUP, 0, check_session_cap, NULL, NULL);
	DefineCustomIntVariable("pg_admission.warmup_target_connections",
							"The cap on admitted sessions at a warm-up's end.",
							"-1 means no cap, or all slots that ordinary sessions can have when the initial cap is set.",
							&adm_warmup_target_connections, -1,
							-1, MAX_BACKENDS,
							PGC_SIGHUP, 0, check_session_cap, NULL, NULL);
}

static void
define_transactions(void)
{
	DefineCustomBoolVariable("pg_admission.transaction_gate",
							 "Whether transactions are gated, too.",
							 "The gate binds in a warm-up and under pressure.",
							 &adm_transaction_gate, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("pg_admission.max_running_transactions",
							   "The cap on running transactions at a warm-up's end, and under pressure.",
							   "A number, or like \"4x\": so many for each processor. 0 means 4x, and 16 at least.",
							   &max_running_transactions, "0",
							   PGC_SIGHUP, 0,
							   check_per_core, assign_max_running_transactions, NULL);
	DefineCustomStringVariable("pg_admission.warmup_initial_transactions",
							   "The cap on running transactions at a warm-up's beginning.",
							   "A number, or like \"2x\": so many for each processor. 0 means 2x, and 8 at least.",
							   &warmup_initial_transactions, "0",
							   PGC_SIGHUP, 0,
							   check_per_core, assign_warmup_initial_transactions, NULL);
	DefineCustomIntVariable("pg_admission.transaction_queue_timeout",
							"How long a transaction may wait for a permit before it is refused.",
							"At most 0.1 s while the line stands, unless it is set for a role, a database or a session; never longer than a quarter of statement_timeout.",
							&adm_transaction_queue_timeout_ms, 1000,
							0, INT_MAX,
							PGC_SUSET, GUC_UNIT_MS,
							check_transaction_queue_timeout,
							assign_transaction_queue_timeout, NULL);
	DefineCustomIntVariable("pg_admission.long_transaction_after",
							"How long a transaction may run until it counts as long.",
							"Long ones take at most half of the cap; -1 means that none is long.",
							&adm_long_transaction_after_ms, 1000,
							-1, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("pg_admission.client_check_interval",
							"How often a running statement looks whether its client is still there, while the gate binds.",
							"It sets client_connection_check_interval where nobody else has; 0 means not to.",
							&adm_client_check_interval_ms, 500,
							0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
}

static void
define_connections(void)
{
	DefineCustomIntVariable("pg_admission.connection_queue_timeout",
							"How long a login may wait for admission before it is refused.",
							"It is refused a little before authentication_timeout in any case.",
							&adm_connection_queue_timeout_ms, 10 * 1000,
							0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("pg_admission.exempt_roles",
							   "Roles that never wait, +role for all members of a role.",
							   "At most exempt_connections of their sessions at once are exempt.",
							   &adm_exempt_roles, "+pg_monitor",
							   PGC_SIGHUP, GUC_LIST_INPUT,
							   check_exempt_roles, NULL, NULL);
	DefineCustomIntVariable("pg_admission.exempt_connections",
							"How many sessions of exempt_roles are exempt at once; further ones are treated like everybody's.",
							NULL,
							&adm_exempt_connections, 5,
							0, MAX_BACKENDS,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("pg_admission.cores",
							"How many processors the server can use.",
							"0 means as many as it may run on.",
							&adm_cores, 0,
							0, 65536,
							PGC_SIGHUP, 0, NULL, NULL, NULL);
}

static void
define_runaways(void)
{
	DefineCustomEnumVariable("pg_admission.runaway_action",
							 "What is done about a session past one of the limits for runaways.",
							 "none, log, cancel or terminate; at most five in a minute, and never about exempt sessions.",
							 &adm_runaway_action, ADM_RUNAWAY_NONE, runaway_action_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("pg_admission.runaway_only_under",
							 "The pressure from which on it is done.",
							 "\"comfortable\" means always.",
							 &adm_runaway_only_under, ADM_LEVEL_HIGH, level_options,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("pg_admission.runaway_cpu_time",
							"The processor time in one transaction from which on a session is a runaway.",
							"Parallel workers included; -1 means no limit.",
							&adm_runaway_cpu_time_s, 60,
							-1, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S, check_runaway_limit, NULL, NULL);
	DefineCustomIntVariable("pg_admission.runaway_runtime",
							"The running time of a statement from which on its session is a runaway.",
							"-1 means no limit.",
							&adm_runaway_runtime_s, -1,
							-1, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S, check_runaway_limit, NULL, NULL);
	DefineCustomIntVariable("pg_admission.runaway_idle_in_transaction",
							"The time idle in a transaction from which on a session is a runaway.",
							"-1 means no limit.",
							&adm_runaway_idle_in_transaction_s, 60,
							-1, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S, check_runaway_limit, NULL, NULL);
	DefineCustomIntVariable("pg_admission.runaway_blocking",
							"How many processes that wait for its locks make a session a runaway.",
							"-1 means no limit.",
							&adm_runaway_blocking, 5,
							-1, MAX_BACKENDS,
							PGC_SIGHUP, 0, check_runaway_limit, NULL, NULL);
}

/* A path that is a folder fails when it is written, with the reason. */
static void
define_pressure(void)
{
	DefineCustomIntVariable("pg_admission.sample_interval",
							"How often the machine and the server's processes are looked at.",
							"The machine is looked at five times as often while somebody waits.",
							&adm_sample_interval_ms, 1000,
							ADM_SHORTEST_SAMPLE_MS, 60 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("pg_admission.metrics_file",
							   "The file to which metrics are written every five seconds.",
							   "For a node exporter's textfile collector, which wants a name that ends in .prom; empty for none. A relative path is below the data directory.",
							   &adm_metrics_file, "",
							   PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("pg_admission.system_root",
							   "The folder below which /proc and /sys are read.",
							   "For tests with invented pressure; empty for the system itself.",
							   &adm_system_root, "",
							   PGC_SIGHUP, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);
}

static void
define_services(void)
{
	DefineCustomStringVariable("pg_admission.services",
							   "The services: who belongs to which, and what they may do.",
							   "Like \"chat: role=chat_app limit=50 priority=low; agents: role=agent_app priority=high\"; the first that fits is a session's, else \"default\".",
							   &services, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_services, assign_services, NULL);
	DefineCustomStringVariable("pg_admission.paused_services",
							   "Services that are paused whatever the functions say.",
							   "Names separated by commas, or * for all.",
							   &adm_paused_services, "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_paused_services, NULL, NULL);
}

void
adm_settings_define(void)
{
	define_modes();
	define_services();
	define_warmup();
	define_connections();
	define_transactions();
	define_runaways();
	define_pressure();
	MarkGUCPrefixReserved("pg_admission");
}

uint32
adm_settings_warmup_on(void)
{
	return warmup_on_triggers;
}

bool
adm_settings_patience_chosen(void)
{
	return patience_chosen;
}

AdmWindow
adm_settings_window(void)
{
	AdmWindow	window;

	window.duration_ms = adm_warmup_duration_ms;
	window.initial_connections = adm_warmup_initial_connections;
	window.target_connections = adm_warmup_target_connections;
	window.initial_transactions = adm_warmup_initial_transactions;
	window.target_transactions = adm_max_running_transactions;
	return window;
}

const char *
adm_mode_name(AdmMode mode)
{
	for (const struct config_enum_entry *option = mode_options; option->name; option++)
	{
		if (option->val == (int) mode)
			return option->name;
	}
	return "unknown";
}
