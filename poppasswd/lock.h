/*
 * lock - one writer at a time.
 *
 * The lock is on a file of its own, `.NAME.lock` in the directory of the file, for that one is
 * replaced with each change. Only its owner can open it, so no other user can hold writers up. It
 * stays there, empty. The kernel ends the lock with the process.
 */
#ifndef POPPASSWD_LOCK_H
#define POPPASSWD_LOCK_H

#include "replacement.h"

/*
 * Waits up to `seconds` for the lock of what is to be replaced. Returns the descriptor that holds
 * it, to be closed in the end; -1 with `why` set.
 */
int lock_take(const struct replacement *replacement, unsigned seconds, struct text *why);

#endif
