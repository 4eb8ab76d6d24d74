/* identity - the user that a checker is run as: root only. */
#ifndef CHECKPW_TEST_IDENTITY_H
#define CHECKPW_TEST_IDENTITY_H

#include "account.h"

/* Finds the user `name` with all groups. False with `why` set. */
bool identity_find(const char *name, const struct account **account, struct text *why);

#endif
