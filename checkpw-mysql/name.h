/*
 * name - the login that is asked for, taken apart, and whether a row is this login's.
 *
 * Pure. A stranger wrote it. It is bound to a query, never a part of its text or of a path.
 */
#ifndef CHECKPW_MYSQL_NAME_H
#define CHECKPW_MYSQL_NAME_H

#include "configuration.h"
#include "login.h"

#define NAME_LOGIN_BYTES (2 * LOGIN_MAX_BYTES) /* user, '@', default domain; with the NUL */

struct name {
	char login[NAME_LOGIN_BYTES]; /* user@domain, or the user alone */
	char user[LOGIN_MAX_BYTES];
	char domain[CONFIGURATION_TEXT_BYTES]; /* empty if there is none */
};

/*
 * Splits at the last '@'; a login without one belongs to `default_domain`, which may be empty.
 * With `as_vpopmail` as login_parse says, and there must be a domain. False if it is nobody's
 * login: not UTF-8, with a control byte, with an empty user or domain, or too long.
 */
bool name_parse(struct span text, bool as_vpopmail, const char *default_domain, struct name *name);

/* Whether `login` is the name's, byte by byte, or but for the case of ASCII letters. */
bool name_is(const struct name *name, struct span login, bool exact);

#endif
