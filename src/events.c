/*
 * events.c - the record: what pg_admission did, and who asked for it.
 */
#include "postgres.h"

#include "epoch.h"
#include "events.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "os/clock.h"
#include "ring_file.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/guc.h"

#define LOCK_NAME		"pg_admission_events"
#define SAVE_EVERY_MS	2000

typedef struct SharedEvents
{
	LWLock	   *lock;			/* constant after start-up; covers the rest */
	uint64		added;			/* ever; the next goes to added % length */
	uint64		changed;		/* grows with each change */
	AdmEventEntry entries[ADM_EVENTS_LENGTH];
} SharedEvents;

static SharedEvents *shared = NULL;

void
adm_events_shmem_request(void)
{
	RequestAddinShmemSpace(MAXALIGN(sizeof(SharedEvents)));
	RequestNamedLWLockTranche(LOCK_NAME, 1);
}

void
adm_events_shmem_startup(void)
{
	bool		found;

	shared = ShmemInitStruct("pg_admission events", sizeof(SharedEvents), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(SharedEvents));
	shared->lock = &GetNamedLWLockTranche(LOCK_NAME)->lock;
}

/* Needs the lock. */
static AdmEventEntry *
entry_at(uint64 index)
{
	return &shared->entries[index % ADM_EVENTS_LENGTH];
}

static uint64
append(const AdmEventEntry *entry)
{
	uint64		number;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	*entry_at(shared->added) = *entry;
	number = ++shared->added;
	shared->changed++;
	LWLockRelease(shared->lock);
	return number;
}

AdmEventEntry *
adm_events_read(int *count)
{
	AdmEventEntry *copy = palloc(sizeof(shared->entries));
	uint64		first;
	int			n;

	LWLockAcquire(shared->lock, LW_SHARED);
	n = (int) Min(shared->added, ADM_EVENTS_LENGTH);
	first = shared->added - n;
	for (int i = 0; i < n; i++)
		copy[i] = *entry_at(first + i);
	LWLockRelease(shared->lock);
	*count = n;
	return copy;
}

/*
 * Adding.
 */

static int64
wall_us(TimestampTz at)
{
	return at == 0 ? 0 : at + ADM_EPOCH_US;
}

AdmEventEntry
adm_events_about(const AdmSession *session, TimestampTz query_start)
{
	AdmEventEntry e = {.pid = session->pid};

	e.backend_start_us = wall_us(session->start);
	e.query_start_us = wall_us(query_start);
	strlcpy(e.role, session->login.role, sizeof(e.role));
	strlcpy(e.database, session->login.database, sizeof(e.database));
	strlcpy(e.application, session->login.application_name, sizeof(e.application));
	return e;
}

/*
 * The role of the session, whatever function it went through; the controller
 * has none.
 */
static void
describe_actor(AdmEventEntry *e)
{
	AdmLogin	login;
	const char *role;

	if (!OidIsValid(MyDatabaseId))
		return;
	role = GetUserNameFromId(GetSessionUserId(), true);
	e->actor_pid = MyProcPid;
	strlcpy(e->actor_role, role ? role : "", sizeof(e->actor_role));
	if (MyProcPort == NULL)
		return;
	adm_login_describe(MyProcPort, application_name, &login);
	strlcpy(e->actor_application, login.application_name, sizeof(e->actor_application));
	strlcpy(e->actor_address, login.client_address[0] ? login.client_address : "local",
			sizeof(e->actor_address));
}

static void
tell_log(const AdmEventEntry *e)
{
	StringInfoData detail;

	initStringInfo(&detail);
	if (e->actor_pid != 0)
		appendStringInfo(&detail, "Asked for by role \"%s\", process %d, client %s, application \"%s\".",
						 e->actor_role, (int) e->actor_pid, e->actor_address, e->actor_application);
	if (e->detail[0])
		appendStringInfo(&detail, "%s%s", detail.len > 0 ? " " : "", e->detail);
	ereport(LOG,
			(errmsg("%s", e->message),
			 detail.len > 0 ? errdetail("%s", detail.data) : 0,
			 errhidestmt(true), errhidecontext(true)));
	pfree(detail.data);
}

uint64
adm_events_add(AdmEventEntry *e, AdmEventKind kind, const char *message, const char *detail)
{
	e->at_us = adm_clock_wall_us();
	e->kind = kind;
	strlcpy(e->message, message, sizeof(e->message));
	strlcpy(e->detail, detail ? detail : "", sizeof(e->detail));
	describe_actor(e);
	tell_log(e);
	return append(e);
}

void
adm_events_note(AdmEventKind kind, const char *message, const char *detail)
{
	AdmEventEntry entry = {0};

	(void) adm_events_add(&entry, kind, message, detail);
}

void
adm_events_set_outcome(uint64 number, const char *outcome)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	if (number > 0 && number <= shared->added && shared->added - number < ADM_EVENTS_LENGTH)
	{
		strlcpy(entry_at(number - 1)->outcome, outcome, ADM_EVENT_OUTCOME_SIZE);
		shared->changed++;
	}
	LWLockRelease(shared->lock);
}

/*
 * The file.
 */

static size_t
print_entry(const void *entry, char *line, size_t size)
{
	return adm_event_print(entry, line, size);
}

static bool
take_line(const char *line)
{
	AdmEventEntry entry;

	if (!adm_event_parse(line, &entry))
		return false;
	(void) append(&entry);
	return true;
}

static void
forget_all(void)
{
	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	shared->added = 0;
	LWLockRelease(shared->lock);
}

static AdmRingFile ring = {
	.file = {
		.path = ADM_EVENTS_FILE,
		.purpose = "events file",
		.consequence = "Until this is mended, a crash or restart loses the record of events."
	},
	.format = "pg_admission_events 1\n",
	.consequence_of_loss = "The record of events begins anew; the file will be replaced.",
	.line_size = ADM_EVENT_LINE_SIZE,
	.most_entries = ADM_EVENTS_LENGTH,
	.entry_size = sizeof(AdmEventEntry),
	.print_header = adm_event_print_header,
	.print_entry = print_entry,
	.take_line = take_line,
	.forget_all = forget_all
};

void
adm_events_load(void)
{
	adm_ring_file_load(&ring);
}

static uint64
changes(void)
{
	uint64		changed;

	LWLockAcquire(shared->lock, LW_SHARED);
	changed = shared->changed;
	LWLockRelease(shared->lock);
	return changed;
}

void
adm_events_save(bool at_exit)
{
	static int64 last_ms = 0;
	static uint64 saved = 0;
	uint64		changed = changes();
	AdmEventEntry *entries;
	int			count;

	if (!at_exit && (changed == saved || adm_clock_ms() - last_ms < SAVE_EVERY_MS))
		return;
	last_ms = adm_clock_ms();
	entries = adm_events_read(&count);
	if (adm_ring_file_save(&ring, entries, count, at_exit))
		saved = changed;
	pfree(entries);
}
