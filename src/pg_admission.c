/*
 * pg_admission.c - wires the parts together; reads as a table of contents.
 */
#include "postgres.h"

#include "arming.h"
#include "connection_gate.h"
#include "controller.h"
#include "counters.h"
#include "deep_check.h"
#include "fmgr.h"
#include "events.h"
#include "fitness.h"
#include "history.h"
#include "lending.h"
#include "miscadmin.h"
#include "permits.h"
#include "refusal_log.h"
#include "samples.h"
#include "server_refusals.h"
#include "services.h"
#include "settings.h"
#include "starts.h"
#include "state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "transaction_gate.h"

PG_MODULE_MAGIC;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

extern PGDLLEXPORT void _PG_init(void);

static void
request_shmem(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	adm_state_shmem_request();
	adm_services_shmem_request();
	adm_permits_shmem_request();
	adm_starts_shmem_request();
	adm_lending_shmem_request();
	adm_counters_shmem_request();
	adm_refusal_log_shmem_request();
	adm_samples_shmem_request();
	adm_history_shmem_request();
	adm_events_shmem_request();
	adm_fitness_shmem_request();
	adm_deep_check_shmem_request();
}

static void
startup_shmem(void)
{
	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	adm_state_shmem_startup();
	adm_counters_shmem_startup();
	adm_services_shmem_startup();
	adm_permits_shmem_startup();
	adm_starts_shmem_startup();
	adm_lending_shmem_startup();
	adm_refusal_log_shmem_startup();
	adm_samples_shmem_startup();
	adm_history_shmem_startup();
	adm_events_shmem_startup();
	adm_fitness_shmem_startup();
	adm_deep_check_shmem_startup();
	LWLockRelease(AddinShmemInitLock);

	if (IsPostmasterEnvironment && !IsUnderPostmaster)
	{
		static const bool nobody[ADM_SERVICE_ENTRIES];

		adm_state_publish_settings();
		(void) adm_services_publish(nobody);
		adm_arming_at_start();
		adm_events_load();
	}
}

/*
 * Without preloading only the SQL functions are there, to say so.  During a
 * binary upgrade nobody but pg_upgrade logs in, and nothing must be remembered
 * of it.
 */
void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	adm_settings_define();
	if (IsBinaryUpgrade)
		return;

	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;

	adm_refusal_log_init();
	adm_server_refusals_init();
	adm_connection_gate_init();
	adm_transaction_gate_init();
	adm_controller_init();
}
