/* complain - what went wrong, on standard error, and the exit code that goes with it. */
#ifndef POPPASSWD_COMPLAIN_H
#define POPPASSWD_COMPLAIN_H

#include "command.h"
#include "text.h"

/* ENDING_TROUBLE: `path` and errno, or `why`. */
enum ending complain_errno(const char *path);
enum ending complain_why(const struct text *why);

/* ENDING_NO: what is wrong with a login. */
enum ending complain_login(struct span login, const char *what);

#endif
