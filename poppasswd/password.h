/*
 * password - the password that a command is about: typed twice, read, or made.
 */
#ifndef POPPASSWD_PASSWORD_H
#define POPPASSWD_PASSWORD_H

#include "command.h"
#include "request.h"

/* What fits into the message of a mail server beside the login: three NULs are in it. */
#define PASSWORD_ROOM_BYTES (REQUEST_MAX_BYTES - 3)

/*
 * Gets the password for `login` as the options say; it is in a static buffer, a NUL follows it, and
 * it holds none. ENDING_DONE, or after a complaint why not.
 */
enum ending password_get(const struct options *options, struct span login, struct span *password);

/* Prints a generated password to standard output, alone on its line; nothing for another one. */
void password_tell(const struct options *options, struct span password);

#endif
