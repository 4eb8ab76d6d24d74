/*
 * request - the handshake that the mail server writes to descriptor 3.
 *
 * Pure. Source: cr.yp.to/checkpwd/interface.html, and the shapes that its callers really
 * send; the rules are the table in request.c. All spans point into the bytes given, hold
 * no NUL and are followed by one. They are secrets, the login too.
 */
#ifndef COMMON_REQUEST_H
#define COMMON_REQUEST_H

#include "reason.h"
#include "span.h"

#define REQUEST_MAX_BYTES 512
#define REQUEST_DIGEST_CHARACTERS 32 /* hex digits of an MD5 digest */

/* What the configuration and the environment say about the caller. */
struct request_hints {
	bool dovecot_lookup;   /* lookups are switched on and AUTHORIZED=1 */
	bool indimail;         /* a method byte may follow the third string */
	bool challenges;       /* CRAM-MD5 and APOP are switched on */
	bool method_plaintext; /* $SMTPAUTHMETHOD is login or plain */
	bool cram_not_offered; /* $SMTPAUTH is set and names no cram, in an SMTP service */
};

/* What is to be tried against the stored credential; .at is NULL where it is not to be. */
struct request {
	struct span login;
	bool lookup_only;      /* only whether the login exists */
	struct span password;  /* PLAIN, LOGIN, USER/PASS */
	struct span challenge; /* CRAM-MD5, APOP: well-formed */
	struct span digest;    /* 32 lower-case hex digits; set when challenge is */
	bool digest_may_be_apop;
};

/* What was tried, or has proved it. */
enum mechanism {
	MECHANISM_NONE = 0,
	MECHANISM_PLAIN,
	MECHANISM_CRAM_MD5,
	MECHANISM_APOP,
	MECHANISM_LOOKUP,
};

/*
 * Parses `message`, whose REQUEST_MAX_BYTES + 1 first bytes were read. Returns REASON_OK and
 * fills `request`, or REASON_OVERSIZE, _MALFORMED, _EMPTY, _METHOD with `request` zeroed but
 * for the login where there is one. `message` must be followed by a NUL of the caller's.
 */
enum reason request_parse(struct span message, const struct request_hints *hints,
			  struct request *request);

#endif
