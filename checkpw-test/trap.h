/*
 * trap - reading what a checker sends to syslog, as root: in a mount namespace of the attempt's own
 * /dev/log is a socket of ours. The checker, its set-uid bit and its configuration are as always.
 */
#ifndef CHECKPW_TEST_TRAP_H
#define CHECKPW_TEST_TRAP_H

#include "text.h"

#include <stddef.h>

/* Makes the socket; once. False with `why` set: nothing can be trapped, all else works. */
bool trap_open(struct text *why);

/* In the process that is to become the checker, still as root: false if it cannot be set. */
bool trap_set(void);

/* What has come since the last time: lines without their priority. Returns the length. */
size_t trap_read(char *out, size_t size);

void trap_close(void);

#endif
