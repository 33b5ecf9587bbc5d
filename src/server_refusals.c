/*
 * server_refusals.c - counts the logins that PostgreSQL itself refuses.
 *
 * The hook sees what goes to the server log.  Most of these messages come from
 * processes that have no PGPROC, some from ones that are only there to say so:
 * nothing but atomics may be touched.  Other processes, the logging collector
 * among them, have left shared memory: so the SQLSTATE is tested first.
 */
#include "postgres.h"

#include "counters.h"
#include "server_refusals.h"
#include "state.h"
#include "utils/elog.h"

static emit_log_hook_type prev_emit_log_hook = NULL;

/* By its beginning: the text before translation, of all versions. */
typedef struct Refusal
{
	const char *message;
	AdmServerTotal total;
} Refusal;

static const Refusal refusals[] = {
	{"sorry, too many clients already", ADM_SERVER_NO_SLOT},
	{"remaining connection slots are reserved", ADM_SERVER_RESERVED},
	{"too many connections for role", ADM_SERVER_LIMIT},
	{"too many connections for database", ADM_SERVER_LIMIT}
};

static void
count_refusal(const char *message)
{
	for (size_t i = 0; i < lengthof(refusals); i++)
	{
		if (strncmp(message, refusals[i].message, strlen(refusals[i].message)) != 0)
			continue;
		adm_counters_add_server(refusals[i].total);
		return;
	}
}

static void
see_message(ErrorData *edata)
{
	if (prev_emit_log_hook)
		prev_emit_log_hook(edata);
	if (edata->sqlerrcode == ERRCODE_TOO_MANY_CONNECTIONS &&
		edata->message_id != NULL && adm_state_attached())
		count_refusal(edata->message_id);
}

void
adm_server_refusals_init(void)
{
	prev_emit_log_hook = emit_log_hook;
	emit_log_hook = see_message;
}
