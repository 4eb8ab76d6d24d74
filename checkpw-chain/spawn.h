/* spawn - a checker as a process of its own, with the message on descriptor 3. */
#ifndef CHECKPW_CHAIN_SPAWN_H
#define CHECKPW_CHAIN_SPAWN_H

#include "span.h"

#include <sys/types.h>

/*
 * Runs `words` with signals, limits and mask as they came to us, in a process group of its own,
 * which dies with us as far as the kernel allows. Returns the process id, or -1 with errno where
 * there can be no process, or where the program cannot be run.
 */
pid_t spawn_checker(char **words, struct span message);

#endif
