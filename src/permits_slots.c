/*
 * permits_slots.c - the shared memory of the permits, and who owns a slot.
 */
#include "postgres.h"

#include "permits_slots.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#define LOCK_NAME			"pg_admission_line"

AdmSharedPermits *adm_permits_shared = NULL;
AdmBackendSlots *adm_permits_slots = NULL;

static Size
shared_size(void)
{
	return add_size(offsetof(AdmSharedPermits, owners), mul_size(MaxBackends, sizeof(AdmOwner)));
}

static Size
slots_size(void)
{
	return mul_size(MaxBackends, sizeof(AdmBackendSlots));
}

void
adm_permits_shmem_request(void)
{
	RequestAddinShmemSpace(CACHELINEALIGN(shared_size()));
	RequestAddinShmemSpace(CACHELINEALIGN(slots_size()));
	RequestNamedLWLockTranche(LOCK_NAME, ADM_GATE_COUNT);
}

static void
init_part(AdmPart *part)
{
	pg_atomic_init_u64(&part->word.value, 0);
	pg_atomic_init_u64(&part->above_since_ms, 0);
	pg_atomic_init_u64(&part->turned_away_ms, 0);
	pg_atomic_init_u64(&part->leavers, 0);
	pg_atomic_init_u64(&part->served, 0);
	for (int rank = 0; rank < ADM_RANK_COUNT; rank++)
		part->lines[rank].oldest = part->lines[rank].newest = ADM_NOBODY;
}

static void
init_gate(AdmGate gate)
{
	AdmGateLines *lines = adm_gate_lines(gate);

	lines->lock = &GetNamedLWLockTranche(LOCK_NAME)[gate].lock;
	pg_atomic_init_u32(&lines->in_line, 0);
	pg_atomic_init_u64(&lines->refused_at_once, 0);
	pg_atomic_init_u64(&lines->admitted_before, 0);
	pg_atomic_init_u64(&adm_gate_of(gate)->word.value, 0);
	for (int i = 0; i < ADM_SERVICE_ENTRIES; i++)
		init_part(adm_part_of(gate, i));
	for (int i = 0; i < MaxBackends; i++)
		pg_atomic_init_u32(&adm_slot_at(gate, i)->value, ADM_SLOT_FREE);
}

void
adm_permits_shmem_startup(void)
{
	bool		found;

	adm_permits_shared = ShmemInitStruct("pg_admission permits", shared_size(), &found);
	adm_permits_slots = ShmemInitStruct("pg_admission slots", slots_size(), &found);
	if (found)
		return;
	memset(adm_permits_shared, 0, shared_size());
	memset(adm_permits_slots, 0, slots_size());
	for (int gate = 0; gate < ADM_GATE_COUNT; gate++)
		init_gate((AdmGate) gate);
	pg_atomic_init_u32(&adm_permits_shared->exempt, 0);
	pg_atomic_init_u32(&adm_permits_shared->lane, 0);
}

/*
 * Who it is.
 */

static void
set_owner_pid(AdmOwner *owner, int pid)
{
	pg_write_barrier();
	*(volatile int *) &owner->session.pid = pid;
	pg_write_barrier();
}

void
adm_permits_introduce(const AdmSession *session)
{
	AdmOwner   *owner = adm_owner_of(adm_compat_my_slot());
	AdmSession	unowned = *session;

	unowned.pid = 0;
	set_owner_pid(owner, 0);
	owner->session = unowned;
	set_owner_pid(owner, session->pid);
}

void
adm_permits_say_goodbye(void)
{
	set_owner_pid(adm_owner_of(adm_compat_my_slot()), 0);
}

bool
adm_permits_session(int index, AdmSession *session)
{
	AdmOwner   *owner;
	int			pid;

	if (index >= MaxBackends)
		return false;
	owner = adm_owner_of(index);
	pid = *(volatile int *) &owner->session.pid;
	if (pid == 0)
		return false;
	pg_read_barrier();
	*session = owner->session;
	pg_read_barrier();
	return *(volatile int *) &owner->session.pid == pid;
}

/*
 * Room.
 */

bool
adm_permits_service_has_room(AdmGate gate, int service)
{
	return adm_word_has_room(pg_atomic_read_u64(&adm_part_of(gate, service)->word.value),
							 adm_services_caps(gate, service));
}
