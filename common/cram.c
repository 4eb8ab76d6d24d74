#include "cram.h"

#include "digest.h"
#include "secret.h"

/* RFC 2104: the state after one block of the key, each byte exclusive-or `pad`. */
static void state_of_pad(const uint8_t *key, uint8_t pad, uint8_t *state)
{
	char block[DIGEST_MD5_BLOCK_BYTES];
	struct digest digest;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(key[i] ^ pad);
	digest_begin(&digest, DIGEST_MD5);
	digest_add(&digest, (struct span){ block, sizeof(block) });
	digest_md5_store(&digest, state);
	secret_wipe(block, sizeof(block));
	secret_wipe(&digest, sizeof(digest));
}

/* Completes the MD5 that was stopped at `state` with `rest`. */
static void complete(const uint8_t *state, struct span rest, uint8_t *out)
{
	struct digest digest;

	digest_md5_resume(&digest, state, DIGEST_MD5_BLOCK_BYTES);
	digest_add(&digest, rest);
	digest_end(&digest, out);
}

/* Compares in hexadecimal, and wipes `digest`. */
static bool equals_in_hex(uint8_t *digest, struct span response)
{
	static const char hex[] = "0123456789abcdef";
	char text[2 * DIGEST_MD5_BYTES];
	bool equal;

	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++) {
		text[2 * i] = hex[digest[i] >> 4];
		text[2 * i + 1] = hex[digest[i] & 15];
	}
	equal = secret_equal(response, (struct span){ text, sizeof(text) });
	secret_wipe(text, sizeof(text));
	secret_wipe(digest, DIGEST_MD5_BYTES);
	return equal;
}

void cram_context_derive(struct cram_context *context, struct span password)
{
	uint8_t key[DIGEST_MD5_BLOCK_BYTES] = { 0 };

	if (password.length > sizeof(key))
		digest_of(DIGEST_MD5, password, span_of(""), key);
	else
		memcpy(key, password.at, password.length);
	state_of_pad(key, 0x5c, context->bytes);
	state_of_pad(key, 0x36, context->bytes + DIGEST_MD5_BYTES);
	secret_wipe(key, sizeof(key));
}

bool cram_verify(const struct cram_context *context, struct span challenge, struct span response)
{
	uint8_t digest[DIGEST_MD5_BYTES];

	complete(context->bytes + DIGEST_MD5_BYTES, challenge, digest);
	complete(context->bytes, (struct span){ (const char *)digest, sizeof(digest) }, digest);
	return equals_in_hex(digest, response);
}

bool apop_verify(struct span password, struct span challenge, struct span response)
{
	uint8_t digest[DIGEST_MD5_BYTES];

	digest_of(DIGEST_MD5, challenge, password, digest);
	return equals_in_hex(digest, response);
}
