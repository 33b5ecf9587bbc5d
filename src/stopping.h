/*
 * stopping.h - signals to other sessions, and only to those that are meant.
 *
 * A session is its process and the time at which that began: the process id
 * alone may be somebody else's by the time the signal is sent.  Who may stop
 * whom is for the caller to judge.
 */
#ifndef ADM_STOPPING_H
#define ADM_STOPPING_H

#include "compat.h"
#include "permits.h"

typedef struct AdmTarget
{
	int			pid;
	TimestampTz start;
} AdmTarget;

typedef enum AdmSignal
{
	ADM_SIGNAL_CANCEL,			/* what it does now */
	ADM_SIGNAL_TERMINATE		/* the session */
} AdmSignal;

/* What a session does, by the activity that it reports. */
typedef struct AdmDoing
{
	int			state;			/* BackendState */
	TimestampTz transaction_start;	/* 0: in none */
	TimestampTz query_start;	/* of the present or the last one */
	TimestampTz state_start;
} AdmDoing;

/* Whether there is such a session, its login included; *session: who it is. */
extern bool adm_stopping_find(AdmTarget target, AdmSession *session);

/* The role that authenticated, as PostgreSQL knows it; InvalidOid: not yet. */
extern Oid	adm_stopping_role(AdmTarget target);

/*
 * Sends the signal while the session cannot end.  False: it has.  *error is
 * errno where the kernel would not, else 0.
 */
extern bool adm_stopping_signal(AdmTarget target, AdmSignal signal, int *error);

/*
 * What it does, by the backend's own copy of all activity, which
 * adm_compat_forget_activity() makes fresh.  False: it reports none (yet).
 */
extern bool adm_stopping_doing(AdmTarget target, AdmDoing *doing);

/* Whether there is nothing in it that could be cancelled. */
extern bool adm_stopping_is_idle(const AdmDoing *doing);

/* Whether its process has left the server. */
extern bool adm_stopping_has_left(AdmTarget target);

/*
 * Whether what it did then has ended: the transaction, or where it was in none
 * the query, or the session.
 */
extern bool adm_stopping_has_ended(AdmTarget target, const AdmDoing *then);

#endif							/* ADM_STOPPING_H */
