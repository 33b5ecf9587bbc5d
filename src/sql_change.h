/*
 * sql_change.h - what functions have in common that change what the server
 * admits.
 */
#ifndef ADM_SQL_CHANGE_H
#define ADM_SQL_CHANGE_H

/* Who is behind the call, whatever function it went through. */
extern const char *adm_sql_session_user(void);

/*
 * Lets in whom the new caps admit, and makes sure that a restart will remember
 * them, or warns that it would not.
 */
extern void adm_sql_finish_change(const char *what);

/*
 * Whether the condition holds.  Right after a reload the controller may not have
 * published the settings yet: then it is given a moment.
 */
extern bool adm_sql_published_soon(bool (*condition) (const char *name), const char *name);

/* Warns where the mode makes the change hold nobody. */
extern void adm_sql_tell_if_not_binding(const char *what);

#endif							/* ADM_SQL_CHANGE_H */
