/*
 * argon - Argon2 hashes as PHC strings: $argon2id$v=19$m=65536,t=3,p=1$salt$hash (RFC 9106).
 *
 * The one user of libargon2.
 */
#ifndef COMMON_ARGON_H
#define COMMON_ARGON_H

#include "match.h"
#include "span.h"
#include "text.h"

/* Raises the memory limits meanwhile. `why` is set when the answer is MATCH_NO_MEMORY. */
enum match argon_verify(struct span stored, struct span password, struct text *why);

#endif
