/*
 * OpenSSL's low-level MD5 is used because EVP does not show the state words that a
 * {CRAM-MD5} context is made of, and because EVP would cost every login its start-up.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "digest.h"

#include "secret.h"

#include <openssl/md5.h>

#define STATE_BYTES 16

static void state_store(const MD5_CTX *md5, uint8_t *out)
{
	const MD5_LONG words[] = { md5->A, md5->B, md5->C, md5->D };

	for (size_t i = 0; i < STATE_BYTES; i++)
		out[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
}

/* Continues where state_store stopped: after one block. */
static void state_resume(MD5_CTX *md5, const uint8_t *in)
{
	MD5_LONG words[4] = { 0 };

	for (size_t i = 0; i < STATE_BYTES; i++)
		words[i / 4] |= (MD5_LONG)in[i] << (8 * (i % 4));
	MD5_Init(md5);
	md5->A = words[0];
	md5->B = words[1];
	md5->C = words[2];
	md5->D = words[3];
	md5->Nl = MD5_CBLOCK * 8;
	secret_wipe(words, sizeof(words));
}

/* RFC 2104: one block of the key, each byte exclusive-or `pad`. */
static void state_of_pad(const uint8_t *key, uint8_t pad, uint8_t *out)
{
	uint8_t block[MD5_CBLOCK];
	MD5_CTX md5;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	MD5_Init(&md5);
	MD5_Update(&md5, block, sizeof(block));
	state_store(&md5, out);
	secret_wipe(block, sizeof(block));
	secret_wipe(&md5, sizeof(md5));
}

static void md5(uint8_t *out, struct span first, struct span second)
{
	MD5_CTX md5;

	MD5_Init(&md5);
	MD5_Update(&md5, first.at, first.length);
	MD5_Update(&md5, second.at, second.length);
	MD5_Final(out, &md5);
	secret_wipe(&md5, sizeof(md5));
}

static bool equals_in_hex(const uint8_t *digest, struct span response)
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
	return equal;
}

void cram_context_derive(struct cram_context *context, struct span password)
{
	uint8_t key[MD5_CBLOCK] = { 0 };

	if (password.length > sizeof(key))
		md5(key, password, span_of(""));
	else
		memcpy(key, password.at, password.length);
	state_of_pad(key, 0x5c, context->bytes);
	state_of_pad(key, 0x36, context->bytes + STATE_BYTES);
	secret_wipe(key, sizeof(key));
}

bool cram_verify(const struct cram_context *context, struct span challenge, struct span response)
{
	uint8_t digest[DIGEST_MD5_BYTES];
	MD5_CTX md5;
	bool equal;

	state_resume(&md5, context->bytes + STATE_BYTES);
	MD5_Update(&md5, challenge.at, challenge.length);
	MD5_Final(digest, &md5);
	state_resume(&md5, context->bytes);
	MD5_Update(&md5, digest, sizeof(digest));
	MD5_Final(digest, &md5);
	equal = equals_in_hex(digest, response);
	secret_wipe(digest, sizeof(digest));
	secret_wipe(&md5, sizeof(md5));
	return equal;
}

bool apop_verify(struct span password, struct span challenge, struct span response)
{
	uint8_t digest[DIGEST_MD5_BYTES];
	bool equal;

	md5(digest, challenge, password);
	equal = equals_in_hex(digest, response);
	secret_wipe(digest, sizeof(digest));
	return equal;
}
