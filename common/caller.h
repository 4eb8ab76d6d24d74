/*
 * caller - what the environment tells about the mail server that started us.
 *
 * The environment is the caller's; under a set-id bit it may lie, so it never chooses a file
 * or a privilege. It tells the service, the client's address for the log, and which
 * mechanisms the server offered.
 */
#ifndef COMMON_CALLER_H
#define COMMON_CALLER_H

#include "service.h"

#include <stdbool.h>

#define CALLER_ADDRESS_BYTES 64 /* the longest IPv6 address fits; with the NUL */

struct caller {
	enum service service;
	char address[CALLER_ADDRESS_BYTES]; /* of the client; "-" when unknown or no address */
	bool lookup;                        /* AUTHORIZED=1: Dovecot asks for a login only */
	bool credentials;                   /* CREDENTIALS_LOOKUP=1: ... and for its secret */
	bool method_plaintext;              /* $SMTPAUTHMETHOD names LOGIN or PLAIN */
	bool smtpauth_without_cram;         /* $SMTPAUTH is set and names no cram */
};

/*
 * Reads $SERVICE, $TCPLOCALPORT, $TCPREMOTEIP, $SMTPAUTH, $SMTPAUTHMETHOD, $AUTHORIZED and
 * $CREDENTIALS_LOOKUP.
 */
void caller_describe(struct caller *caller, const char *subprogram);

/*
 * Sets $SERVICE for the programs that are run next, where it is not set and the service is known:
 * they cannot tell it from the name of a subprogram that stands between. True if it was set; then
 * caller_forget_service takes it away again.
 */
bool caller_tell_service(const struct caller *caller);
void caller_forget_service(void);

#endif
