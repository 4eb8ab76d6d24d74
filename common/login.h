/*
 * login - a vpopmail login taken apart: user, separator, domain.
 *
 * Pure. Source: vpopmail's parse_email. A stranger writes it; neither part ever becomes a path.
 */
#ifndef COMMON_LOGIN_H
#define COMMON_LOGIN_H

#include "span.h"

#define LOGIN_MAX_BYTES 512 /* of each part, with the NUL */

struct login {
	char user[LOGIN_MAX_BYTES], domain[LOGIN_MAX_BYTES];
};

/*
 * Splits at the first '@', or else the first '%', or else the first '/', in lower case. A login
 * without any of them has an empty domain. False if a part is empty or holds a byte that
 * vpopmail does not take: the user one of ! # $ & ' * + - . / 0-9 = ? a-z ^ _ ` { | } ~, the
 * domain a letter, a digit, '.' or '-'.
 */
bool login_parse(struct span text, struct login *login);

/* Takes `domain` for a login without one. False if it is no domain. */
bool login_set_domain(struct login *login, struct span domain);

#endif
