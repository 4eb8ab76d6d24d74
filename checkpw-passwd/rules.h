/*
 * rules - whether an account whose password was right may log in.
 *
 * Pure. Source: shadow(5), login.defs(5), nologin(5), shells(5).
 */
#ifndef CHECKPW_PASSWD_RULES_H
#define CHECKPW_PASSWD_RULES_H

#include "reason.h"

#include <stdbool.h>

/* What is known of the account. Days count from 1970-01-01; -1 is "not set", as in shadow(5). */
struct account_state {
	long uid;
	bool has_group_zero;  /* gid 0 is its group or among its groups */
	long last_change;     /* of the password; 0: must be changed at the next login */
	long maximum_age;     /* of the password, in days */
	long expires;         /* the day from which the account is closed */
	bool shell_is_listed; /* in /etc/shells */
	bool is_allowed;      /* named by `allow`, or there is no such list */
	bool is_denied;       /* named by `deny` */
	bool nologin_exists;  /* /etc/nologin */
};

struct account_rules {
	long today;
	long min_uid; /* 0 allows root, and gid 0 */
	bool valid_shell;
	bool nologin;
};

enum reason account_rules_apply(const struct account_rules *rules,
				const struct account_state *state);

#endif
