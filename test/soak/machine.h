/*
 * machine.h - a comfortable machine, invented: what a server with
 * pg_admission.system_root reads instead of /proc.
 */
#ifndef SOAK_MACHINE_H
#define SOAK_MACHINE_H

#include <signal.h>

/* Keeps the files below FOLDER/proc moving until *stop. */
extern void machine_run(const char *folder, volatile sig_atomic_t *stop);

#endif							/* SOAK_MACHINE_H */
