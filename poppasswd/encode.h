/*
 * encode - bytes to hexadecimal and base64 (RFC 4648 section 4): the way back from
 * common/encoding.h.
 *
 * Pure. They write to `out`, which has room for `size` characters, and set `length`; false if it
 * does not fit. No NUL follows.
 */
#ifndef POPPASSWD_ENCODE_H
#define POPPASSWD_ENCODE_H

#include "span.h"

bool encode_hex(struct span bytes, char *out, size_t size, size_t *length);
bool encode_base64(struct span bytes, char *out, size_t size, size_t *length);

/* The same without padding, as PHC strings have it. */
bool encode_unpadded_base64(struct span bytes, char *out, size_t size, size_t *length);

#endif
