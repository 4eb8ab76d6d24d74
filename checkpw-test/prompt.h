/* prompt - asking for a login and a password, on the terminal or from standard input. */
#ifndef CHECKPW_TEST_PROMPT_H
#define CHECKPW_TEST_PROMPT_H

#include "text.h"

#define PROMPT_BYTES 512 /* of an answer, with its newline */

/*
 * Asks for a line with `question` on the terminal, or takes the next line of standard input. `out`
 * has PROMPT_BYTES and gets a NUL; the caller registers it as a secret. What is typed for a secret
 * is not shown. False with `why` set.
 */
bool prompt_ask(const char *question, bool from_stdin, bool is_secret, char *out, struct text *why);

#endif
