/*
 * settings.h - the settings under pg_admission.
 *
 * The variables hold what this process last read.  Only the controller and new
 * backends are up to date; those who wait obey what the controller publishes
 * (state.h).
 */
#ifndef ADM_SETTINGS_H
#define ADM_SETTINGS_H

#include <limits.h>

#include "policy/rules.h"
#include "policy/warmup.h"

typedef enum AdmMode
{
	ADM_MODE_OFF,
	ADM_MODE_OBSERVE,
	ADM_MODE_ENFORCE
} AdmMode;

typedef enum AdmAdvance
{
	ADM_ADVANCE_LOAD,
	ADM_ADVANCE_CLOCK
} AdmAdvance;

typedef enum AdmRunawayAction
{
	ADM_RUNAWAY_NONE,
	ADM_RUNAWAY_LOG,
	ADM_RUNAWAY_CANCEL,
	ADM_RUNAWAY_TERMINATE
} AdmRunawayAction;

/* Bounds of a warm-up's duration and age; the upper one is the GUC's. */
#define ADM_SHORTEST_WARMUP_MS	100
#define ADM_LONGEST_WARMUP_MS	INT_MAX

#define ADM_SHORTEST_SAMPLE_MS	100

extern int	adm_mode;			/* AdmMode */
extern int	adm_warmup_advance; /* AdmAdvance */
extern int	adm_warmup_duration_ms;
extern int	adm_warmup_max_age_ms;
extern int	adm_warmup_initial_connections; /* -1 = no cap */
extern int	adm_warmup_target_connections;	/* -1 = no cap */
extern bool adm_hold_for_health;
extern int	adm_brake_setting;			/* policy/brake.h */
extern int	adm_connection_queue_timeout_ms;
extern bool adm_transaction_gate;
extern int	adm_max_running_transactions;	/* policy/per_core.h, likewise */
extern int	adm_warmup_initial_transactions;
extern int	adm_transaction_queue_timeout_ms;	/* of this session */
extern int	adm_long_transaction_after_ms;	/* -1 = never */
extern int	adm_client_check_interval_ms;	/* 0 = never */
extern int	adm_refusal_sqlstate;	/* an encoded SQLSTATE */
extern char *adm_exempt_roles;	/* for adm_role_list_next() */
extern int	adm_exempt_connections;
extern const AdmRules *adm_service_rules;	/* pg_admission.services */
extern char *adm_paused_services;	/* for adm_service_names_next() */
extern int	adm_runaway_action; /* AdmRunawayAction */
extern int	adm_runaway_only_under; /* AdmLevel */
extern int	adm_runaway_cpu_time_s; /* -1 = no limit, likewise the others */
extern int	adm_runaway_runtime_s;
extern int	adm_runaway_idle_in_transaction_s;
extern int	adm_runaway_blocking;	/* processes */
extern int	adm_cores;			/* 0 = as many as the process may use */
extern int	adm_sample_interval_ms;
extern char *adm_metrics_file;	/* "" = none */
extern char *adm_system_root;	/* "" = the system itself */

/* Defines them all.  Call once, while shared_preload_libraries load. */
extern void adm_settings_define(void);

/* Triggers in pg_admission.warmup_on, as bits 1 << AdmTrigger. */
extern uint32 adm_settings_warmup_on(void);

/* Whether this session's transaction_queue_timeout was set for it. */
extern bool adm_settings_patience_chosen(void);

/* The window that the settings ask for. */
extern AdmWindow adm_settings_window(void);

/* The word for a mode, as in the setting. */
extern const char *adm_mode_name(AdmMode mode);

#endif							/* ADM_SETTINGS_H */
