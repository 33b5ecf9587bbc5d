/*
 * host.h - which machine, which boot of it, which copy of a directory, and how
 * many processors.
 *
 * Root directories are arguments, so that tests can use a folder of their own.
 */
#ifndef ADM_HOST_H
#define ADM_HOST_H

#include <stddef.h>
#include <stdint.h>

/*
 * The machine's id and the id of its present boot, from etc/machine-id and
 * proc/sys/kernel/random/boot_id under root ("" on a live system).  What
 * cannot be read, is no id of 32 hexadecimal digits, or does not fit becomes the
 * empty string.
 */
extern void adm_host_read_ids(const char *root, char *machine_id,
							  char *boot_id, size_t size);

/*
 * Device and inode of the file; both 0 if it cannot be asked for, the device
 * also where its number changes with each mount.
 */
extern void adm_host_file_place(const char *path, uint64_t *device,
								uint64_t *inode);

/* Processors that this process may run on; at least 1. */
extern int	adm_host_usable_cores(void);

#endif							/* ADM_HOST_H */
