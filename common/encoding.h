/*
 * encoding - hexadecimal and base64 (RFC 4648 section 4) to bytes.
 *
 * Pure. Both are strict: a byte outside the alphabet, an odd digit, padding in the wrong
 * place or left out, bits set behind the last byte are errors, for a damaged secret must be
 * told from a wrong password.
 */
#ifndef COMMON_ENCODING_H
#define COMMON_ENCODING_H

#include "span.h"

#include <stdint.h>

/* They write at most `size` bytes to `out` and set `length`; false if malformed or too long. */
bool encoding_from_hex(struct span text, uint8_t *out, size_t size, size_t *length);
bool encoding_from_base64(struct span text, uint8_t *out, size_t size, size_t *length);

/* The same without padding, as PHC strings have it. */
bool encoding_from_unpadded_base64(struct span text, uint8_t *out, size_t size, size_t *length);

#endif
