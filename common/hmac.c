#include "hmac.h"

#include "secret.h"

/* A key made ready: both digests, with their first block taken in. */
struct prepared {
	struct digest inner, outer;
};

static void begin_with_pad(struct digest *digest, enum digest_method method, const uint8_t *key,
			   uint8_t pad)
{
	char block[DIGEST_MAX_BLOCK_BYTES];
	size_t size = digest_block_bytes(method);

	for (size_t i = 0; i < size; i++)
		block[i] = (char)(key[i] ^ pad);
	digest_begin(digest, method);
	digest_add(digest, (struct span){ block, size });
	secret_wipe(block, sizeof(block));
}

static void prepare(struct prepared *prepared, enum digest_method method, struct span key)
{
	uint8_t padded[DIGEST_MAX_BLOCK_BYTES] = { 0 };

	if (key.length > digest_block_bytes(method))
		digest_of(method, key, span_of(""), padded);
	else
		memcpy(padded, key.at, key.length);
	begin_with_pad(&prepared->inner, method, padded, 0x36);
	begin_with_pad(&prepared->outer, method, padded, 0x5c);
	secret_wipe(padded, sizeof(padded));
}

static void finish(const struct prepared *prepared, struct span first, struct span second,
		   uint8_t *out)
{
	struct digest digest = prepared->inner;

	digest_add(&digest, first);
	digest_add(&digest, second);
	digest_end(&digest, out);
	digest = prepared->outer;
	digest_add(&digest, (struct span){ (const char *)out, digest_bytes(digest.method) });
	digest_end(&digest, out);
}

void hmac(enum digest_method method, struct span key, struct span text, uint8_t *out)
{
	struct prepared prepared;

	prepare(&prepared, method, key);
	finish(&prepared, text, span_of(""), out);
	secret_wipe(&prepared, sizeof(prepared));
}

void pbkdf2(enum digest_method method, struct span password, struct span salt,
	    unsigned long iterations, uint8_t *out)
{
	static const char first_block[] = { 0, 0, 0, 1 };
	size_t size = digest_bytes(method);
	uint8_t round[DIGEST_MAX_BYTES];
	struct prepared prepared;

	prepare(&prepared, method, password);
	finish(&prepared, salt, (struct span){ first_block, sizeof(first_block) }, round);
	memcpy(out, round, size);
	while (--iterations > 0) {
		finish(&prepared, (struct span){ (const char *)round, size }, span_of(""), round);
		for (size_t i = 0; i < size; i++)
			out[i] ^= round[i];
	}
	secret_wipe(round, sizeof(round));
	secret_wipe(&prepared, sizeof(prepared));
}
