/*
 * compat.h - what differs between major versions of PostgreSQL.
 *
 * The only file with PG_VERSION_NUM in it.  The floor is 15.
 */
#ifndef ADM_COMPAT_H
#define ADM_COMPAT_H

#include "miscadmin.h"
#include "postmaster/postmaster.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_authid.h"
#endif

#if PG_VERSION_NUM < 150000
#error "pg_admission needs PostgreSQL 15 or later"
#endif

#define ADM_COMPAT_MAJOR_VERSION	(PG_VERSION_NUM / 10000)

/* A backend's index in ProcGlobal->allProcs: below MaxBackends for clients. */
static inline int
adm_compat_my_slot(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyProc->pgprocno;
#endif
}

/* Whether at least this many slots for client backends are free. */
static inline bool
adm_compat_have_free_slots(int wanted)
{
#if PG_VERSION_NUM >= 160000
	int			available;

	return HaveNFreeProcs(wanted, &available);
#else
	return HaveNFreeProcs(wanted);
#endif
}

/* Slots that ordinary sessions can never have. */
static inline int
adm_compat_reserved_slots(void)
{
#if PG_VERSION_NUM >= 160000
	return SuperuserReservedConnections + ReservedConnections;
#else
	return ReservedBackends;
#endif
}

/* The predefined role whose members have slots reserved, or InvalidOid. */
static inline Oid
adm_compat_reserved_role(void)
{
#if PG_VERSION_NUM >= 160000
	return ROLE_PG_USE_RESERVED_CONNECTIONS;
#else
	return InvalidOid;
#endif
}

/* A wait event of this name, where versions have names for extensions'. */
static inline uint32
adm_compat_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/* Memory for a check hook's extra, which the server frees by itself. */
static inline void *
adm_compat_guc_malloc(size_t size)
{
#if PG_VERSION_NUM >= 160000
	return guc_malloc(LOG, size);
#else
	return malloc(size);
#endif
}

#endif							/* ADM_COMPAT_H */
