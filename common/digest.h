/*
 * digest - MD4, MD5, SHA-1, SHA-256, SHA-512. The one user of OpenSSL.
 *
 * OpenSSL's low-level functions are used, not EVP: a static program with EVP in it costs every
 * login a hundred page faults more, used or not, and EVP does not show the state words that a
 * {CRAM-MD5} context is made of.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include "span.h"

#include <stdint.h>

#define DIGEST_MAX_BYTES 64
#define DIGEST_MAX_BLOCK_BYTES 128
#define DIGEST_MD5_BYTES 16
#define DIGEST_MD5_BLOCK_BYTES 64

enum digest_method {
	DIGEST_NONE = 0, /* for tables; computes nothing */
	DIGEST_MD4,
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA256,
	DIGEST_SHA512,
};

/* A computation under way; it holds secrets, and digest_end wipes it. May be copied. */
struct digest {
	enum digest_method method;
	union {
		uint64_t alignment;
		uint8_t bytes[216];
	} state;
};

size_t digest_bytes(enum digest_method method);
size_t digest_block_bytes(enum digest_method method);

void digest_begin(struct digest *digest, enum digest_method method);
void digest_add(struct digest *digest, struct span bytes);
void digest_end(struct digest *digest, uint8_t *out);

/* The digest of `first` followed by `second`. */
void digest_of(enum digest_method method, struct span first, struct span second, uint8_t *out);

/* The state of MD5 after whole blocks: A B C D, each little-endian. */
void digest_md5_store(const struct digest *digest, uint8_t state[DIGEST_MD5_BYTES]);
void digest_md5_resume(struct digest *digest, const uint8_t state[DIGEST_MD5_BYTES],
		       uint32_t bytes_so_far);

#endif
