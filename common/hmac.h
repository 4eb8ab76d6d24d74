/*
 * hmac - HMAC (RFC 2104) and PBKDF2 (RFC 8018 section 5.2) over any digest.
 *
 * Pure; what it leaves on the stack it wipes.
 */
#ifndef COMMON_HMAC_H
#define COMMON_HMAC_H

#include "digest.h"

/* `out` gets digest_bytes(method) bytes. */
void hmac(enum digest_method method, struct span key, struct span text, uint8_t *out);

/* The first block of PBKDF2, which is all that the schemes of this field use. */
void pbkdf2(enum digest_method method, struct span password, struct span salt,
	    unsigned long iterations, uint8_t *out);

#endif
