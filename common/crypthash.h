/*
 * crypthash - crypt(3) strings. The one user of libcrypt.
 *
 * libcrypt takes any text for a setting ("plain" is DES with the salt "pl"), so what is a
 * hash is decided here, before it is called, by an allow-list of the methods of libxcrypt 4.4.
 */
#ifndef COMMON_CRYPTHASH_H
#define COMMON_CRYPTHASH_H

#include "match.h"
#include "span.h"
#include "text.h"

/* A traditional DES hash: 13 of ./0-9A-Za-z, the last one of the 16 that DES can end in. */
bool crypthash_is_des(struct span text);

/* Any hash that crypthash_verify may be asked about: $y$ $gy$ $7$ $2abxy$ $6$ $5$ $sha1$
 * $md5 $1$ $3$, BSDi's _ and DES. Tells by prefix and form, not whether the rest is sound. */
bool crypthash_is_hash(struct span text);

/*
 * Hashes `password` (NUL-terminated, no NUL inside) as `stored` was and compares. Raises the
 * memory limits meanwhile. `why` is set when the answer is MATCH_NO_MEMORY.
 */
enum match crypthash_verify(struct span stored, struct span password, struct text *why);

#endif
