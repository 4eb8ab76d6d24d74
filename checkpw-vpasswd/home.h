/*
 * home - a vpopmail user's directory: making it, and noting the last login there.
 *
 * To be called with the rights of the domain, never with root's: vpopmail's user owns the
 * directories and could lead root astray.
 */
#ifndef CHECKPW_VPASSWD_HOME_H
#define CHECKPW_VPASSWD_HOME_H

#include "text.h"

/*
 * Makes `directory`, which must be below `domain`, with what is missing between them, and a
 * Maildir in it, all of mode 0700. What exists stays as it is. False with `why` set.
 */
bool home_make(const char *domain, const char *directory, struct text *why);

/* Writes the client's address to lastauth in `directory`, whole or not at all. */
void home_note_login(const char *directory, const char *address);

#endif
