/*
 * server_refusals.h - counts the logins that PostgreSQL itself refuses for
 * want of a connection slot.
 *
 * They fail before any gate of ours, and are the first sign of a server that
 * nobody can reach any more.
 */
#ifndef ADM_SERVER_REFUSALS_H
#define ADM_SERVER_REFUSALS_H

/* Installs the hook that counts them. */
extern void adm_server_refusals_init(void);

#endif							/* ADM_SERVER_REFUSALS_H */
