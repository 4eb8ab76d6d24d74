#include "apr1.h"

#include "digest.h"
#include "secret.h"

#define MAGIC "$apr1$"
#define SALT_MAX_BYTES 8
#define HASH_CHARACTERS 22
#define ROUNDS 1000

static struct span as_span(const uint8_t *digest)
{
	return (struct span){ (const char *)digest, DIGEST_MD5_BYTES };
}

/* The digest that the rounds begin with. */
static void mix(struct span salt, struct span password, uint8_t *out)
{
	struct digest digest;
	uint8_t inner[DIGEST_MD5_BYTES];
	struct span nul = { "", 1 }, initial = { password.at, 1 };

	digest_begin(&digest, DIGEST_MD5);
	digest_add(&digest, password);
	digest_add(&digest, salt);
	digest_add(&digest, password);
	digest_end(&digest, inner);

	digest_begin(&digest, DIGEST_MD5);
	digest_add(&digest, password);
	digest_add(&digest, span_of(MAGIC));
	digest_add(&digest, salt);
	for (size_t left = password.length; left > 0;) {
		struct span part = as_span(inner);

		if (part.length > left)
			part.length = left;
		digest_add(&digest, part);
		left -= part.length;
	}
	/* For each bit of the length: a NUL where it is set, the first character where not. */
	for (size_t bits = password.length; bits > 0; bits >>= 1)
		digest_add(&digest, bits & 1 ? nul : initial);
	digest_end(&digest, out);
	secret_wipe(inner, sizeof(inner));
}

static void stretch(struct span salt, struct span password, uint8_t *state)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct span current = as_span(state);
		struct digest digest;

		digest_begin(&digest, DIGEST_MD5);
		digest_add(&digest, round % 2 ? password : current);
		if (round % 3 != 0)
			digest_add(&digest, salt);
		if (round % 7 != 0)
			digest_add(&digest, password);
		digest_add(&digest, round % 2 ? current : password);
		digest_end(&digest, state);
	}
}

/* Three bytes make four characters, the lowest bits first; the bytes are taken crosswise. */
static void write_hash(const uint8_t *state, char *out)
{
	static const char alphabet[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const uint8_t order[] = { 12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4 };
	size_t written = 0;

	for (size_t i = 0; i < sizeof(order); i += 3) {
		uint32_t bits = state[order[i]] | (uint32_t)state[order[i + 1]] << 8 |
				(uint32_t)state[order[i + 2]] << 16;

		for (int digit = 0; digit < 4; digit++, bits >>= 6)
			out[written++] = alphabet[bits & 63];
	}
	out[written++] = alphabet[state[11] & 63];
	out[written] = alphabet[state[11] >> 6];
}

enum match apr1_verify(struct span stored, struct span password)
{
	struct span salt = span_from(stored, strlen(MAGIC)), hash;
	const char *end = salt.length != 0 ? memchr(salt.at, '$', salt.length) : NULL;
	uint8_t state[DIGEST_MD5_BYTES];
	char text[HASH_CHARACTERS];
	bool equal;

	if (!span_begins(stored, MAGIC) || end == NULL)
		return MATCH_DAMAGED;
	hash = span_from(salt, (size_t)(end + 1 - salt.at));
	salt.length = (size_t)(end - salt.at);
	if (salt.length > SALT_MAX_BYTES || hash.length != HASH_CHARACTERS)
		return MATCH_DAMAGED;
	mix(salt, password, state);
	stretch(salt, password, state);
	write_hash(state, text);
	equal = secret_equal((struct span){ text, sizeof(text) }, hash);
	secret_wipe(state, sizeof(state));
	secret_wipe(text, sizeof(text));
	return equal ? MATCH_YES : MATCH_NO;
}
