/*
 * clock - the time, and waiting.
 *
 * A module of its own so that a simulation (tests/simulation) can be linked with another clock; the
 * programs that are installed know this one only.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* Unix time. */
int64_t clock_now(void);

void clock_wait(unsigned seconds);

#endif
