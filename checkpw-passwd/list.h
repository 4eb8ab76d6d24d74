/*
 * list - the `allow` and `deny` lists: logins, and groups with an @ before them.
 *
 * Names are set apart by blanks and commas. What can be no name, a group that does not exist and
 * a list without any name are errors: a typing error must not let anybody in.
 */
#ifndef CHECKPW_PASSWD_LIST_H
#define CHECKPW_PASSWD_LIST_H

#include "account.h"

/* Whether `list` names the account, by its name or by one of its groups. False with `why` set. */
bool list_names(const char *list, const struct account *account, bool *named, struct text *why);

bool list_is_member(const struct account *account, gid_t group);

#endif
