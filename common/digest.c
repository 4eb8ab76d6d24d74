#define OPENSSL_SUPPRESS_DEPRECATED

#include "digest.h"

#include "secret.h"

#include <openssl/md4.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

/*
 * When a program starts, libcrypto asks the processor what it can. Only SHA is the faster for it,
 * and on a virtual machine, where each question goes to the host, it is dearer than a login's MD5.
 * So the linker leads libcrypto's call here (--wrap in the Makefile), where the first is not
 * answered. Where libcrypto is a shared library nothing of this is in use, and its own function
 * absent.
 */
void digest_at_start(void) __asm__("__wrap_OPENSSL_cpuid_setup");
void learn_processor(void) __asm__("__real_OPENSSL_cpuid_setup") __attribute__((weak));

void digest_at_start(void)
{
	static unsigned calls;

	/* By one instruction: a page that is read before it is written to costs two page faults. */
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) > 1 && learn_processor != NULL)
		learn_processor();
}

static const struct {
	size_t bytes, block_bytes, state_bytes;
} sizes[] = {
	[DIGEST_MD4] = { MD4_DIGEST_LENGTH, MD4_CBLOCK, sizeof(MD4_CTX) },
	[DIGEST_MD5] = { MD5_DIGEST_LENGTH, MD5_CBLOCK, sizeof(MD5_CTX) },
	[DIGEST_SHA1] = { SHA_DIGEST_LENGTH, SHA_CBLOCK, sizeof(SHA_CTX) },
	[DIGEST_SHA256] = { SHA256_DIGEST_LENGTH, SHA256_CBLOCK, sizeof(SHA256_CTX) },
	[DIGEST_SHA512] = { SHA512_DIGEST_LENGTH, SHA512_CBLOCK, sizeof(SHA512_CTX) },
};

_Static_assert(sizeof(SHA512_CTX) <= sizeof(((struct digest *)0)->state), "the largest state fits");

size_t digest_bytes(enum digest_method method)
{
	return sizes[method].bytes;
}

size_t digest_block_bytes(enum digest_method method)
{
	return sizes[method].block_bytes;
}

void digest_begin(struct digest *digest, enum digest_method method)
{
	void *state = &digest->state;

	digest->method = method;
	switch (method) {
	case DIGEST_NONE:
		break;
	case DIGEST_MD4:
		MD4_Init(state);
		break;
	case DIGEST_MD5:
		MD5_Init(state);
		break;
	case DIGEST_SHA1:
		digest_at_start();
		SHA1_Init(state);
		break;
	case DIGEST_SHA256:
		digest_at_start();
		SHA256_Init(state);
		break;
	case DIGEST_SHA512:
		digest_at_start();
		SHA512_Init(state);
		break;
	}
}

void digest_add(struct digest *digest, struct span bytes)
{
	void *state = &digest->state;

	switch (digest->method) {
	case DIGEST_NONE:
		break;
	case DIGEST_MD4:
		MD4_Update(state, bytes.at, bytes.length);
		break;
	case DIGEST_MD5:
		MD5_Update(state, bytes.at, bytes.length);
		break;
	case DIGEST_SHA1:
		SHA1_Update(state, bytes.at, bytes.length);
		break;
	case DIGEST_SHA256:
		SHA256_Update(state, bytes.at, bytes.length);
		break;
	case DIGEST_SHA512:
		SHA512_Update(state, bytes.at, bytes.length);
		break;
	}
}

void digest_end(struct digest *digest, uint8_t *out)
{
	void *state = &digest->state;

	switch (digest->method) {
	case DIGEST_NONE:
		break;
	case DIGEST_MD4:
		MD4_Final(out, state);
		break;
	case DIGEST_MD5:
		MD5_Final(out, state);
		break;
	case DIGEST_SHA1:
		SHA1_Final(out, state);
		break;
	case DIGEST_SHA256:
		SHA256_Final(out, state);
		break;
	case DIGEST_SHA512:
		SHA512_Final(out, state);
		break;
	}
	secret_wipe(state, sizes[digest->method].state_bytes);
}

void digest_of(enum digest_method method, struct span first, struct span second, uint8_t *out)
{
	struct digest digest;

	digest_begin(&digest, method);
	digest_add(&digest, first);
	digest_add(&digest, second);
	digest_end(&digest, out);
}

void digest_md5_store(const struct digest *digest, uint8_t state[DIGEST_MD5_BYTES])
{
	const MD5_CTX *md5 = (const void *)&digest->state;
	const MD5_LONG words[] = { md5->A, md5->B, md5->C, md5->D };

	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++)
		state[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
}

void digest_md5_resume(struct digest *digest, const uint8_t state[DIGEST_MD5_BYTES],
		       uint32_t bytes_so_far)
{
	MD5_CTX *md5 = (void *)&digest->state;
	MD5_LONG words[4] = { 0 };

	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++)
		words[i / 4] |= (MD5_LONG)state[i] << (8 * (i % 4));
	digest_begin(digest, DIGEST_MD5);
	md5->A = words[0];
	md5->B = words[1];
	md5->C = words[2];
	md5->D = words[3];
	md5->Nl = bytes_so_far * 8;
	secret_wipe(words, sizeof(words));
}
