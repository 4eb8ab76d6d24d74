/*
 * poppasswd - the store /etc/poppasswd: `login:secret[:ignored...]`, one login a line.
 *
 * The first line of a login counts. Lines that begin with # and blank lines are ignored; lines
 * that are too long, hold a NUL or have no colon are skipped whole. See poppasswd(5).
 */
#ifndef CMD5CHECKPW_POPPASSWD_H
#define CMD5CHECKPW_POPPASSWD_H

#include "store.h"

extern const struct store poppasswd_store;

#endif
