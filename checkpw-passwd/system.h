/*
 * system - the store of system accounts: passwd and shadow, through NSS.
 *
 * See nsswitch.conf(5), getpwnam(3), getspnam(3).
 */
#ifndef CHECKPW_PASSWD_SYSTEM_H
#define CHECKPW_PASSWD_SYSTEM_H

#include "store.h"

extern const struct store system_store;

#endif
