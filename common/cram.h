/*
 * cram - CRAM-MD5 (RFC 2195, HMAC of RFC 2104) and APOP (RFC 1939 section 7).
 *
 * Pure; what it leaves on the stack it wipes.
 */
#ifndef COMMON_CRAM_H
#define COMMON_CRAM_H

#include "span.h"

#include <stdint.h>

#define CRAM_CONTEXT_BYTES 32

/*
 * The HMAC-MD5 of a password, stopped after its first block: the outer state, then the inner
 * one, each A B C D little-endian. It serves CRAM-MD5 as well as the password does, and needs
 * the same protection. Dovecot's and cvm's {CRAM-MD5} is this in hexadecimal.
 */
struct cram_context {
	uint8_t bytes[CRAM_CONTEXT_BYTES];
};

void cram_context_derive(struct cram_context *context, struct span password);

/* Whether `response`, 32 lower-case hex digits, answers `challenge`. */
bool cram_verify(const struct cram_context *context, struct span challenge, struct span response);

/* Whether `response` is the MD5 of the challenge followed by the password, in hex. */
bool apop_verify(struct span password, struct span challenge, struct span response);

#endif
