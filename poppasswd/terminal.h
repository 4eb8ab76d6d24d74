/*
 * terminal - asking for a password on the terminal, without echo.
 */
#ifndef POPPASSWD_TERMINAL_H
#define POPPASSWD_TERMINAL_H

#include "text.h"

/*
 * Writes `prompt` to the terminal of the process and reads a line of at most `size` bytes, without
 * its end, to `answer`. A signal that stops or ends the process takes effect when the terminal is
 * as it was; after a stop the question is asked again. False with `why` set.
 */
bool terminal_ask(const char *prompt, char *answer, size_t size, size_t *length, struct text *why);

#endif
