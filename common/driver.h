/*
 * driver - the checkpassword program around a store.
 *
 * Source: cr.yp.to/checkpwd/interface.html. Exit codes 1 (refused), 2 (misused), 111
 * (temporary); otherwise the subprogram's, which replaces this process.
 */
#ifndef COMMON_DRIVER_H
#define COMMON_DRIVER_H

#include "store.h"

/* All of main. Returns the exit code, or not at all when the subprogram runs. */
int driver_run(const struct store *store, int argc, char **argv);

#endif
