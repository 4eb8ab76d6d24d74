/* The digests, HMAC and PBKDF2, against OpenSSL's EVP and against vectors of the RFCs. */
#include "digest.h"

#include "hmac.h"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

static struct {
	const char *name;
	enum digest_method method;
	const EVP_MD *(*evp)(void); /* NULL: OpenSSL has it in another provider */
	size_t bytes, block;
} methods[] = {
	{ "MD4", DIGEST_MD4, NULL, 16, 64 },
	{ "MD5", DIGEST_MD5, EVP_md5, 16, 64 },
	{ "SHA-1", DIGEST_SHA1, EVP_sha1, 20, 64 },
	{ "SHA-256", DIGEST_SHA256, EVP_sha256, 32, 64 },
	{ "SHA-512", DIGEST_SHA512, EVP_sha512, 64, 128 },
};

static char text[400];

static void knows_its_lengths(void **state)
{
	__typeof__(methods[0]) *row = *state;

	assert_int_equal(digest_bytes(row->method), row->bytes);
	assert_int_equal(digest_block_bytes(row->method), row->block);
	assert_true(row->bytes <= DIGEST_MAX_BYTES && row->block <= DIGEST_MAX_BLOCK_BYTES);
}

/* All lengths, in two parts and byte by byte, and nothing written behind the digest. */
static void digests(void **state)
{
	__typeof__(methods[0]) *row = *state;
	uint8_t want[EVP_MAX_MD_SIZE], got[DIGEST_MAX_BYTES + 1];

	if (row->evp == NULL)
		skip();
	for (size_t length = 0; length <= sizeof(text); length++) {
		struct span all = { text, length }, first = { text, length / 3 };
		struct digest digest;

		assert_true(EVP_Digest(text, length, want, NULL, row->evp(), NULL));
		memset(got, 0x55, sizeof(got));
		digest_of(row->method, first, span_from(all, first.length), got);
		assert_memory_equal(got, want, row->bytes);
		assert_int_equal(got[row->bytes], 0x55);
		digest_begin(&digest, row->method);
		for (size_t i = 0; i < length; i++)
			digest_add(&digest, (struct span){ text + i, 1 });
		digest_end(&digest, got);
		assert_memory_equal(got, want, row->bytes);
	}
}

static void may_be_copied(void **state)
{
	__typeof__(methods[0]) *row = *state;
	uint8_t first[DIGEST_MAX_BYTES], second[DIGEST_MAX_BYTES];
	struct digest digest = { 0 }, copy;

	digest_begin(&digest, row->method);
	digest_add(&digest, SPAN("one"));
	copy = digest;
	digest_add(&digest, SPAN("two"));
	digest_end(&digest, first);
	digest_add(&copy, SPAN("two"));
	digest_end(&copy, second);
	assert_memory_equal(first, second, row->bytes);
	digest_of(row->method, SPAN("one"), SPAN("two"), second);
	assert_memory_equal(first, second, row->bytes);
	/* What it held is wiped; what it never held was zero. */
	for (size_t i = 0; i < sizeof(digest.state.bytes); i++)
		assert_int_equal(digest.state.bytes[i], 0);
}

/* RFC 1320, A.5. */
static struct {
	const char *name;
	struct span text;
	const char *want;
} md4[] = {
	{ "MD4: empty", { BYTES("") }, "31d6cfe0d16ae931b73c59d7e0c089c0" },
	{ "MD4: a", { BYTES("a") }, "bde52cb31de33e46245e05fbdbd6fb24" },
	{ "MD4: abc", { BYTES("abc") }, "a448017aaf21d8525fc10ae87aa6729d" },
	{ "MD4: message digest", { BYTES("message digest") }, "d9130a8164549fe818874806e1c7014b" },
	{ "MD4: 80 digits",
	  { BYTES("1234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890") },
	  "e33b4ddc9c38f2199c3e7b164fcc0536" },
};

static void assert_hex(const uint8_t *bytes, const char *want)
{
	char hex[2 * DIGEST_MAX_BYTES + 1];

	for (size_t i = 0; i < strlen(want) / 2; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(hex, want);
}

static void digests_md4(void **state)
{
	__typeof__(md4[0]) *row = *state;
	uint8_t out[DIGEST_MAX_BYTES];

	digest_of(DIGEST_MD4, row->text, SPAN(""), out);
	assert_hex(out, row->want);
}

static void hmac_agrees(void **state)
{
	__typeof__(methods[0]) *row = *state;
	uint8_t want[EVP_MAX_MD_SIZE], got[DIGEST_MAX_BYTES];

	if (row->evp == NULL)
		skip();
	for (size_t key = 0; key < 270; key++) {
		for (size_t length = 0; length < 300; length += 37) {
			assert_non_null(HMAC(row->evp(), text, (int)key,
					     (const unsigned char *)text + 50, length, want, NULL));
			hmac(row->method, (struct span){ text, key },
			     (struct span){ text + 50, length }, got);
			assert_memory_equal(got, want, row->bytes);
		}
	}
}

static void pbkdf2_agrees(void **state)
{
	__typeof__(methods[0]) *row = *state;
	static const size_t lengths[] = { 0, 1, 8, 63, 64, 65, 127, 128, 129, 200 };
	static const unsigned long iterations[] = { 1, 2, 3, 1000 };
	uint8_t want[EVP_MAX_MD_SIZE], got[DIGEST_MAX_BYTES];

	if (row->evp == NULL)
		skip();
	for (size_t i = 0; i < COUNT(lengths) * COUNT(lengths) * COUNT(iterations); i++) {
		struct span password = { text, lengths[i % 10] };
		struct span salt = { text + 100, lengths[i / 10 % 10] };
		unsigned long count = iterations[i / 100];

		assert_true(PKCS5_PBKDF2_HMAC(password.at, (int)password.length,
					      (const unsigned char *)salt.at, (int)salt.length,
					      (int)count, row->evp(), (int)row->bytes, want));
		pbkdf2(row->method, password, salt, count, got);
		assert_memory_equal(got, want, row->bytes);
	}
}

/* RFC 6070, 1 and 3. */
static void knows_pbkdf2_vectors(void **state)
{
	uint8_t out[DIGEST_MAX_BYTES];

	(void)state;
	pbkdf2(DIGEST_SHA1, SPAN("password"), SPAN("salt"), 1, out);
	assert_hex(out, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
	pbkdf2(DIGEST_SHA1, SPAN("password"), SPAN("salt"), 4096, out);
	assert_hex(out, "4b007901b765489abead49d926f721d065a429c1");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 59 + 5);
	UNIT_ROWS(methods, knows_its_lengths);
	UNIT_ROWS(methods, digests);
	UNIT_ROWS(methods, may_be_copied);
	UNIT_ROWS(md4, digests_md4);
	UNIT_ROWS(methods, hmac_agrees);
	UNIT_ROWS(methods, pbkdf2_agrees);
	UNIT_TEST(knows_pbkdf2_vectors);
	return unit_run();
}
