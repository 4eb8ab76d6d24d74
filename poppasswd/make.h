/*
 * make - making a stored secret of a password. The one maker of hashes.
 *
 * What is made is tried with the code of the checkers before it is handed out.
 */
#ifndef POPPASSWD_MAKE_H
#define POPPASSWD_MAKE_H

#include "command.h"
#include "text.h"

#define MAKE_DEFAULT_SCHEME "CRAM-MD5"

enum make_result {
	MAKE_FAILED = 0, /* no memory, no random bytes */
	MAKE_UNKNOWN,    /* there is no such scheme, or none that can be made */
	MAKE_REFUSED,    /* the password does not fit the scheme */
	MAKE_DONE,
};

/*
 * `scheme` is a name such as SSHA512, in any case, with .B64 or .HEX behind it if that is wanted,
 * NULL for the default. `secret` gets {SCHEME}value, in a static buffer that is good until the next
 * call; it fits a line of a file of users. `password` holds no NUL, and one follows it. `why` is
 * set where it is not made.
 */
enum make_result make_secret(const char *scheme, struct span login, struct span password,
			     struct span *secret, struct text *why);

/*
 * The same for a command: ENDING_DONE, or why not, after a complaint. make_check only looks whether
 * the scheme is known, so that nobody types a password twice in vain.
 */
enum ending make_check(const struct options *options);
enum ending make_for(const struct options *options, struct span login, struct span password,
		     struct span *secret);

#endif
