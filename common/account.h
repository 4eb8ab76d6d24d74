/*
 * account - the system account that a checker becomes for its subprogram.
 *
 * Source: cr.yp.to/checkpwd.html: groups, gid, uid, home directory, USER, HOME, SHELL.
 */
#ifndef COMMON_ACCOUNT_H
#define COMMON_ACCOUNT_H

#include "text.h"

#include <sys/types.h>

struct account {
	const char *name, *home, *shell;
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* all of them, the primary one among them */
	size_t group_count;
};

/*
 * Changes to the home directory, or to / where that is impossible and `root_will_do`, and sets
 * USER, HOME and SHELL. To be called with the account's own rights. False with `why` set.
 */
bool account_enter(const struct account *account, bool root_will_do, struct text *why);

#endif
