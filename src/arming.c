/*
 * arming.c - what starts a warm-up by itself: gathers the evidence and has it
 * judged.  The log is told by the controller, since at start the postmaster's
 * goes past a logging collector that is not there yet.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "arming.h"
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "compat.h"
#include "events.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/host.h"
#include "persist.h"
#include "policy/brake.h"
#include "services.h"
#include "settings.h"
#include "state.h"

/* The server runs in its data directory, so relative paths will do. */
static void
gather(AdmEvidence *e)
{
	ControlFileData *control;
	bool		crc_ok;

	control = get_controlfile(DataDir, &crc_ok);
	e->identity.system_identifier = control->system_identifier;
	e->identity.major_version = ADM_COMPAT_MAJOR_VERSION;
	e->unclean_shutdown = control->state != DB_SHUTDOWNED &&
		control->state != DB_SHUTDOWNED_IN_RECOVERY;
	pfree(control);

	adm_host_read_ids("", e->identity.machine_id, e->identity.boot_id,
					  ADM_HOST_ID_SIZE);
	adm_host_file_place("global/pg_control", &e->identity.control_device,
						&e->identity.control_inode);
	e->backup_label = adm_file_exists("backup_label");
	e->standby = adm_file_exists("standby.signal") || adm_file_exists("recovery.signal");
	e->now_s = adm_clock_wall_us() / 1000000;
	e->enabled = adm_settings_warmup_on();
}

void
adm_arming_at_start(void)
{
	AdmEvidence evidence = {0};
	AdmRecord	record;
	AdmVerdict	verdict;
	AdmStart	start = {0};

	gather(&evidence);
	start.load = adm_persist_load(&record);
	start.load_errno = errno;
	if (start.load == ADM_LOAD_GOOD)
		evidence.record = &record;
	verdict = adm_evidence_judge(&evidence);

	if (evidence.record && !verdict.foreign_file)
	{
		start.warmup = record.warmup;
		start.brake = record.brake;
		adm_services_restore(&record);
	}
	if (verdict.trigger != ADM_TRIGGER_NONE)
	{
		AdmWindow	window = adm_settings_window();

		adm_warmup_begin_anew(&start.warmup, verdict.trigger, &window,
							  adm_clock_wall_us());
	}
	start.identity = evidence.identity;
	start.standby = evidence.standby;
	start.trigger = verdict.trigger;
	start.resumed = verdict.resume;
	start.foreign_file = verdict.foreign_file;
	strlcpy(start.reason,
			verdict.reason ? verdict.reason : "it goes on after a restart",
			ADM_REASON_SIZE);
	adm_state_set_start(&start);
}

static void
log_beginning(AdmTrigger trigger, const char *reason)
{
	adm_events_note(ADM_EVENT_WARMUP,
					psprintf("pg_admission starts a warm-up: %s", adm_trigger_name(trigger)),
					psprintf("Seen: %s.", reason));
}

static void
log_brake(const char *which, int brake)
{
	char		word[ADM_BRAKE_TEXT_SIZE];

	adm_events_note(ADM_EVENT_BRAKE,
					psprintf("pg_admission starts with %s: %s", which, adm_brake_print(brake, word)),
					NULL);
}

void
adm_arming_log_start(void)
{
	AdmStart	start;

	if (!adm_state_take_start(&start))
		return;
	adm_persist_tell_load(start.load, start.load_errno);
	if (start.foreign_file)
		ereport(LOG,
				(errmsg("pg_admission ignores its state file \"%s\": the file was written elsewhere",
						ADM_STATE_FILE),
				 errdetail("The warm-up, the brake and the pauses in it are another server's.")));
	if (start.trigger != ADM_TRIGGER_NONE)
		log_beginning(start.trigger, start.reason);
	if (start.brake != ADM_BRAKE_OFF)
		log_brake("the brake that admission.brake() put on", start.brake);
	if (adm_brake_setting != ADM_BRAKE_OFF)
		log_brake("pg_admission.brake", adm_brake_setting);
	if (start.trigger == ADM_TRIGGER_NONE && start.resumed)
		adm_events_note(ADM_EVENT_WARMUP,
						psprintf("pg_admission goes on with the warm-up that was interrupted, at progress %.2f",
								 adm_warmup_progress(&start.warmup)),
						NULL);
}

void
adm_arming_on_promotion(void)
{
	static const char reason[] = "the server was promoted";

	if (!adm_state_awaits_promotion() || RecoveryInProgress())
		return;
	adm_state_note_promotion();
	if ((adm_settings_warmup_on() & (1u << ADM_TRIGGER_PROMOTION)) == 0)
		return;
	adm_state_begin_warmup_anew(ADM_TRIGGER_PROMOTION, reason);
	log_beginning(ADM_TRIGGER_PROMOTION, reason);
}

void
adm_arming_on_relapse(void)
{
	static const char reason[] = "critical pressure, a standing line and clients that leave, for half a minute";

	if (adm_state_warmup().warmup.phase != ADM_PHASE_OPEN ||
		(adm_settings_warmup_on() & (1u << ADM_TRIGGER_RELAPSE)) == 0)
		return;
	adm_state_begin_warmup_anew(ADM_TRIGGER_RELAPSE, reason);
	log_beginning(ADM_TRIGGER_RELAPSE, reason);
}
