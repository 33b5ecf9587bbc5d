/*
 * deep_check.h - amcheck over all relations of a database, by a worker that
 * takes its time.
 *
 * One runs at a time.  What it has come to is in shared memory: a worker that
 * was stopped is gone on from where it was, a server that was stopped begins
 * anew.
 */
#ifndef ADM_DEEP_CHECK_H
#define ADM_DEEP_CHECK_H

#include "datatype/timestamp.h"
#include "findings.h"

#define ADM_DEEP_MOST_FINDINGS	32
#define ADM_DEEP_MESSAGE_SIZE	200

/* Of a relation; known until it is found sound, built anew, or dropped. */
typedef struct AdmDeepFinding
{
	Oid			database;		/* InvalidOid: free */
	Oid			relation;
	Oid			filenode;		/* another one now: it has been built anew */
	char		message[ADM_DEEP_MESSAGE_SIZE];
} AdmDeepFinding;

typedef struct AdmDeepProgress
{
	Oid			last;			/* relation looked at; they are taken in order */
	int64		relations;		/* done, skipped ones included */
	int64		bytes;
	int64		skipped;		/* locked, or not to be checked */
	int64		damaged;
} AdmDeepProgress;

typedef struct AdmDeepCheck
{
	Oid			database;		/* InvalidOid: none has run */
	int			pid;			/* of the worker; 0: it does not run */
	TimestampTz started_at;
	TimestampTz finished_at;	/* 0: it has not come to the end */
	int64		relations;		/* to check */
	int64		bytes;
	AdmDeepProgress done;
	AdmDeepProgress resume;		/* from where the next worker goes on: before
								 * the first relation that is left for later */
	AdmDeepFinding findings[ADM_DEEP_MOST_FINDINGS];	/* in all databases; the
														 * first ones */
	char		problem[ADM_DEEP_MESSAGE_SIZE]; /* why it gave up; "": it did
												 * not */
} AdmDeepCheck;

typedef enum AdmDeepStart
{
	ADM_DEEP_STARTED,			/* or goes on */
	ADM_DEEP_RUNS,				/* already, in this database */
	ADM_DEEP_RUNS_ELSEWHERE,
	ADM_DEEP_IS_FRESH,			/* the last one ended a short while ago */
	ADM_DEEP_NO_WORKER			/* no worker slot is free */
} AdmDeepStart;

extern void adm_deep_check_shmem_request(void);
extern void adm_deep_check_shmem_startup(void);

/* The last one, of whatever database. */
extern AdmDeepCheck adm_deep_check_read(void);

/* Starts one in this session's database, or goes on with one. */
extern AdmDeepStart adm_deep_check_start(void);

/*
 * Adds the damage that is known in this session's database and has not been
 * mended by building the relation anew.
 */
extern void adm_deep_check_add_damage(AdmFindings *all);

/* Adds how far the check of this session's database is, if there has been one. */
extern void adm_deep_check_add_progress(AdmFindings *all);

/* The file of a relation, as in the catalog: 0 where it is elsewhere, or dropped. */
extern Oid	adm_deep_check_filenode(Oid relation);

/*
 * For the worker (deep_worker.c), connected to the database.
 */

/*
 * Goes on with the last one or begins anew.  Returns false when another worker was
 * quicker.
 */
extern bool adm_deep_check_take_over(void);

/* What is still to be checked, behind the last one that need not be again. */
extern void adm_deep_check_note_left(int64 relations, int64 bytes);

/* This one has been looked at; all before it have been if none is left out. */
extern void adm_deep_check_note_done(Oid relation, int64 bytes, bool none_left_out);

/* What came of it. */
extern void adm_deep_check_note_sound(Oid relation);
extern void adm_deep_check_note_damage(Oid relation, Oid filenode, const char *message);
extern void adm_deep_check_note_skipped(Oid relation, const char *reason);

/* It has come to the end, or could not be done: problem is "" or the reason. */
extern void adm_deep_check_note_end(const char *problem);

#endif							/* ADM_DEEP_CHECK_H */
