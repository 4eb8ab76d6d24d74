/*
 * vflags - what a vpopmail user may use, apart from his password.
 *
 * Pure. Source: vpopmail.h, vlimits.c. The flags are the gid field of a vpasswd line, together
 * with the mask of the domain's limits file, unless the user has VFLAG_OVERRIDE.
 */
#ifndef COMMON_VFLAGS_H
#define COMMON_VFLAGS_H

#include "reason.h"
#include "service.h"
#include "span.h"

enum {
	VFLAG_NO_PASSWORD_CHANGE = 0x01,
	VFLAG_NO_POP = 0x02,
	VFLAG_NO_WEBMAIL = 0x04,
	VFLAG_NO_IMAP = 0x08,
	VFLAG_NO_RELAY = 0x20,
	VFLAG_NO_DIALUP = 0x40,
	VFLAG_NO_SMTP = 0x800,
	VFLAG_OVERRIDE = 0x2000,
};

/* The flag that a line of .qmailadmin-limits or vlimits.default sets; 0 if none. */
unsigned vflags_of_limit(struct span line);

/*
 * REASON_OK, or which service the flags forbid. A service that is not known is POP3, as for
 * vchkpw; POP3 and IMAP from 127.0.0.1 are webmail.
 */
enum reason vflags_examine(unsigned flags, enum service service, const char *address);

#endif
