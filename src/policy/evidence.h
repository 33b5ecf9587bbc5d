/*
 * evidence.h - is this instance new to its load?
 *
 * Decides at start, from what was read before recovery began, whether to arm a
 * warm-up, to go on with one that a restart interrupted, or neither.  All that
 * is known comes in as arguments.
 */
#ifndef ADM_EVIDENCE_H
#define ADM_EVIDENCE_H

#include "rules.h"
#include "service_state.h"
#include "warmup.h"

/* initdb less long ago than this counts as a new instance: 14 days. */
#define ADM_NEW_INSTANCE_AGE_S		(INT64_C(14) * 24 * 60 * 60)

#define ADM_HOST_ID_SIZE			40	/* a UUID as text, and its end */

/* Where and what a data directory is.  An empty id was not readable. */
typedef struct AdmIdentity
{
	uint64_t	system_identifier;
	int			major_version;
	char		machine_id[ADM_HOST_ID_SIZE];
	char		boot_id[ADM_HOST_ID_SIZE];
	uint64_t	control_device; /* of global/pg_control; 0 if unknown */
	uint64_t	control_inode;
} AdmIdentity;

/* A service that is not open. */
typedef struct AdmServiceRecord
{
	char		name[ADM_SERVICE_NAME_SIZE];
	AdmServiceState state;
} AdmServiceRecord;

#define ADM_RECORD_SERVICES_MOST	128

/*
 * What the state file keeps: who wrote it, the warm-up, the brake, and the
 * services that are paused or come back.
 */
typedef struct AdmRecord
{
	AdmIdentity identity;
	bool		in_recovery;	/* the writer was a standby */
	AdmWarmup	warmup;
	int			brake;			/* pulled by the function; policy/brake.h */
	int			service_count;
	AdmServiceRecord services[ADM_RECORD_SERVICES_MOST];
} AdmRecord;

typedef struct AdmEvidence
{
	uint32_t	enabled;		/* triggers that may arm, bits 1 << AdmTrigger */
	AdmIdentity identity;		/* as it is now */
	int64_t		now_s;			/* wall clock, since 1970 */
	const AdmRecord *record;	/* of the state file; NULL: no usable file */
	bool		unclean_shutdown;	/* pg_control: was not shut down */
	bool		backup_label;	/* starts from a base backup */
	bool		standby;		/* standby.signal or recovery.signal exists */
} AdmEvidence;

typedef struct AdmVerdict
{
	AdmTrigger	trigger;		/* arms a warm-up, unless none */
	bool		resume;			/* goes on with the record's warm-up */
	bool		foreign_file;	/* the record is of another place: ignored */
	const char *reason;			/* what was seen, constant text; or NULL */
} AdmVerdict;

/* The verdict on the evidence.  resume and trigger exclude each other. */
extern AdmVerdict adm_evidence_judge(const AdmEvidence *evidence);

#endif							/* ADM_EVIDENCE_H */
