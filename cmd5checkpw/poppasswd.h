/*
 * poppasswd - the store /etc/poppasswd, whose format is userfile.h's. See poppasswd(5).
 *
 * Where an index matches, one line is read, else all of them are.
 */
#ifndef CMD5CHECKPW_POPPASSWD_H
#define CMD5CHECKPW_POPPASSWD_H

#include "store.h"

extern const struct store poppasswd_store;

#endif
