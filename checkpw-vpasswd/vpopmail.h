/*
 * vpopmail - the store of vpopmail: users/cdb for the domains, vpasswd.cdb for the users.
 */
#ifndef CHECKPW_VPASSWD_VPOPMAIL_H
#define CHECKPW_VPASSWD_VPOPMAIL_H

#include "store.h"

extern const struct store vpopmail_store;

#endif
