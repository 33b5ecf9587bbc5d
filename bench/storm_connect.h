/*
 * storm_connect.h - the mode in which each request has its own connection.
 */
#ifndef STORM_CONNECT_H
#define STORM_CONNECT_H

#include "storm_mode.h"

extern const Mode storm_connect_mode;

#endif							/* STORM_CONNECT_H */
