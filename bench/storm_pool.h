/*
 * storm_pool.h - the mode in which requests come through app servers, each of
 * which has a pool of persistent connections.
 */
#ifndef STORM_POOL_H
#define STORM_POOL_H

#include "storm_mode.h"

extern const Mode storm_pool_mode;

#endif							/* STORM_POOL_H */
