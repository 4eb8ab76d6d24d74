/*
 * The smallest `softlimit -m` under which a program still ends as it should: soft limits on address
 * space, data, stack and locked memory, all the same.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "message.h"

#define LIMIT_MAX_BYTES ((size_t)1 << 30)

/* In bytes, a multiple of 4096; 0 if LIMIT_MAX_BYTES do not do, or nothing can be started. */
size_t limit_find(char **argv, const struct message *message, int wanted_status);

#endif
