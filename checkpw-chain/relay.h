/*
 * relay - what is left of the chain while the subprogram runs: it passes on signals, and ends as
 * the subprogram ends.
 */
#ifndef CHECKPW_CHAIN_RELAY_H
#define CHECKPW_CHAIN_RELAY_H

#include <sys/types.h>

/*
 * To be called before the subprogram can run: a signal that comes from then on waits for the two
 * below, and ends nothing before.
 */
void relay_hold_signals(void);

/* Waits until `connection` can be read or is closed, and passes signals on to `child` meanwhile. */
void relay_await(pid_t child, int connection);

/*
 * Closes all descriptors, so that a connection which the subprogram closes is closed; passes on
 * to `child` the signals that processes send, and waits for its end. Returns its exit status;
 * where it was killed, dies by the same signal, without a core.
 */
int relay_run(pid_t child);

#endif
