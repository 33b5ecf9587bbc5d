/*
 * exemption.h - who is not subject to the connection gate.
 */
#ifndef ADM_EXEMPTION_H
#define ADM_EXEMPTION_H

typedef enum AdmExemption
{
	ADM_EXEMPTION_UNKNOWN_ROLE, /* the login will fail by itself */
	ADM_EXEMPTION_NONE,
	ADM_EXEMPTION_FULL,			/* never waits */
	ADM_EXEMPTION_LANE			/* by exempt_roles: never waits while the lane
								 * has room */
} AdmExemption;

/*
 * The exemption of a role that has just authenticated.  For the login hook:
 * needs a transaction, not a database, and leaves no cache behind that would be
 * wrong once the database is known.
 */
extern AdmExemption adm_exemption_of(const char *role_name);

#endif							/* ADM_EXEMPTION_H */
