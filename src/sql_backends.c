/*
 * sql_backends.c - what the sample and the gate know of each process, for the
 * view backends.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_authid.h"
#include "compat.h"
#include "miscadmin.h"
#include "permits.h"
#include "samples.h"
#include "sql_access.h"
#include "sql_row.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(adm_backend_samples);

#define PERCENT		100.0

/*
 * What it holds at the transaction gate, if anything, else at the other.  The
 * slots of client backends come first, whether or not they are at a gate.
 */
static void
put_gate_state(AdmRow *row, int index)
{
	AdmSlotState transaction = adm_permits_slot_state(ADM_GATE_TRANSACTION, index);
	AdmSlotState session = adm_permits_slot_state(ADM_GATE_CONNECTION, index);

	if (transaction != ADM_SLOT_FREE && transaction != ADM_SLOT_OPEN)
		adm_row_put_text(row, adm_permits_state_name(ADM_GATE_TRANSACTION, transaction));
	else if (session != ADM_SLOT_FREE)
		adm_row_put_text(row, adm_permits_state_name(ADM_GATE_CONNECTION, session));
	else if (index < MaxConnections)
		adm_row_put_text(row, "outside");
	else
		adm_row_put_null(row);
}

/*
 * As in pg_stat_activity: of sessions whose statistics the caller must not read
 * there is not more than the process.  One that has no role is the server's.
 */
static bool
may_read(int index)
{
	Oid			role = *(volatile Oid *) &ProcGlobal->allProcs[index].roleId;

	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
		(OidIsValid(role) && has_privs_of_role(GetUserId(), role));
}

/*
 * Of a client's session, from its login on: its identity, with the process id,
 * without which nobody could stop it.
 */
static void
put_start(AdmRow *row, int index, int pid)
{
	AdmSession	session;

	if (index < MaxBackends && adm_permits_session(index, &session) && session.pid == pid)
		adm_row_put(row, TimestampTzGetDatum(session.start));
	else
		adm_row_put_null(row);
}

/* A process that came after the sample has no figures yet. */
static void
put_figures(AdmRow *row, const AdmBackendSample *sample, bool known)
{
	if (!known)
	{
		for (int i = 0; i < 8; i++)
			adm_row_put_null(row);
		return;
	}
	if (sample->leader_pid == 0)
		adm_row_put_null(row);
	else
		adm_row_put(row, Int32GetDatum(sample->leader_pid));
	adm_row_put_real(row, sample->cpu * PERCENT);
	adm_row_put_real(row, sample->run_queue_wait * PERCENT);
	adm_row_put_real(row, sample->cpu_s);
	adm_row_put_real(row, sample->transaction_cpu_s);
	adm_row_put_bytes(row, sample->memory_bytes);
	adm_row_put_real(row, sample->read_bytes_per_s);
	adm_row_put_real(row, sample->write_bytes_per_s);
}

/* Of a client's session that has come to its login. */
static void
put_service(AdmRow *row, int index)
{
	AdmServiceView view;

	if (index < MaxBackends &&
		adm_permits_slot_state(ADM_GATE_CONNECTION, index) != ADM_SLOT_FREE && may_read(index) &&
		adm_services_view(adm_permits_slot_service(ADM_GATE_CONNECTION, index), &view))
		adm_row_put_client_text(row, view.name);
	else
		adm_row_put_null(row);
}

Datum
adm_backend_samples(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo;
	AdmBackendSample *samples;

	adm_sql_require_preloaded();
	rsinfo = adm_rows_begin(fcinfo);
	samples = adm_samples_backends();
	for (int i = 0; i < adm_samples_slots(); i++)
	{
		int			pid = adm_compat_pid(&ProcGlobal->allProcs[i]);
		AdmRow		row = {.count = 0};

		if (pid == 0)
			continue;
		adm_row_put(&row, Int32GetDatum(pid));
		put_start(&row, i, pid);
		put_gate_state(&row, i);
		put_figures(&row, &samples[i], samples[i].pid == pid && may_read(i));
		put_service(&row, i);
		adm_rows_add(rsinfo, &row);
	}
	return (Datum) 0;
}
