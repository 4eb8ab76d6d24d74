/* CRAM-MD5 and APOP against the vectors of the RFCs and against OpenSSL's HMAC. */
#include "cram.h"

#include "digest.h"
#include "encoding.h"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define TEN(x) x x x x x x x x x x
#define AA80 TEN("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa")

static struct {
	const char *name;
	struct span password, challenge;
	const char *response;
} cram[] = {
	{ "CRAM-MD5: RFC 2195",
	  { BYTES("tanstaaftanstaaf") },
	  { BYTES("<1896.697170952@postoffice.reston.mci.net>") },
	  "b913a602c7eda7a495b4e6e7334d3890" },
	{ "HMAC-MD5: RFC 2202, 1",
	  { BYTES("\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v") },
	  { BYTES("Hi There") },
	  "9294727a3638bb1c13f48ef8158bfc9d" },
	{ "HMAC-MD5: RFC 2202, 2",
	  { BYTES("Jefe") },
	  { BYTES("what do ya want for nothing?") },
	  "750c783e6ab0b503eaa86e310a5db738" },
	{ "HMAC-MD5: RFC 2202, 3",
	  { BYTES("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa") },
	  { BYTES(TEN("\xdd\xdd\xdd\xdd\xdd")) },
	  "56be34521d144c88dbb8c733f0e8b3f6" },
	{ "HMAC-MD5: RFC 2202, 4",
	  { BYTES("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31") },
	  { BYTES(TEN("\xcd\xcd\xcd\xcd\xcd")) },
	  "697eaf0aca3a3aea3a75164746ffaa79" },
	{ "HMAC-MD5: RFC 2202, 6",
	  { BYTES(AA80) },
	  { BYTES("Test Using Larger Than Block-Size Key - Hash Key First") },
	  "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
	{ "HMAC-MD5: RFC 2202, 7",
	  { BYTES(AA80) },
	  { BYTES("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data") },
	  "6f630fad67cda0ee1fb1f562db3aa53e" },
};

static bool verify_cram(struct span password, struct span challenge, struct span response)
{
	struct cram_context context;

	cram_context_derive(&context, password);
	return cram_verify(&context, challenge, response);
}

static void knows_cram_vector(void **state)
{
	__typeof__(cram[0]) *row = *state;

	assert_true(verify_cram(row->password, row->challenge, span_of(row->response)));
	assert_false(verify_cram(row->password, SPAN("<1.1@other>"), span_of(row->response)));
	assert_false(verify_cram(SPAN("other"), row->challenge, span_of(row->response)));
}

static void derives_the_context(void **state)
{
	static const char hex[] =
		"e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6";
	struct cram_context want, got;
	size_t length;

	(void)state;
	assert_true(encoding_from_hex(span_of(hex), want.bytes, sizeof(want.bytes), &length));
	assert_int_equal(length, CRAM_CONTEXT_BYTES);
	cram_context_derive(&got, SPAN("test"));
	assert_memory_equal(got.bytes, want.bytes, sizeof(want.bytes));
}

static void to_hex(const unsigned char *bytes, char *hex)
{
	for (size_t i = 0; i < DIGEST_MD5_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

/* All lengths around the block size of 64 and around where the padding needs a block more. */
static void cram_agrees_with_openssl(void **state)
{
	char key[140], challenge[260], hex[33];
	unsigned char digest[EVP_MAX_MD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(challenge); i++) {
		challenge[i] = (char)(33 + i * 7 % 90);
		key[i % sizeof(key)] = (char)(i * 59 + 5);
	}
	for (size_t k = 0; k <= sizeof(key); k++) {
		for (size_t c = 0; c <= sizeof(challenge); c += c < 140 ? 1 : 23) {
			assert_non_null(HMAC(EVP_md5(), key, (int)k,
					     (const unsigned char *)challenge, c, digest, NULL));
			to_hex(digest, hex);
			if (!verify_cram((struct span){ key, k }, (struct span){ challenge, c },
					 span_of(hex)))
				fail_msg("a key of %zu bytes, a challenge of %zu", k, c);
		}
	}
}

static void apop_agrees_with_openssl(void **state)
{
	char text[400], hex[33];
	unsigned char digest[EVP_MAX_MD_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 59 + 5);
	for (size_t whole = 1; whole <= sizeof(text); whole++) {
		struct span challenge = { text, whole / 3 };
		struct span password = { text + whole / 3, whole - whole / 3 };

		assert_true(EVP_Digest(text, whole, digest, NULL, EVP_md5(), NULL));
		to_hex(digest, hex);
		assert_true(apop_verify(password, challenge, span_of(hex)));
		hex[31] ^= 1;
		assert_false(apop_verify(password, challenge, span_of(hex)));
	}
}

static void knows_apop_vector(void **state)
{
	struct span challenge = SPAN("<1896.697170952@dbc.mtview.ca.us>");
	struct span response = SPAN("c4c9334bac560ecc979e58001b3e22fb");

	(void)state;
	assert_true(apop_verify(SPAN("tanstaaf"), challenge, response));
	assert_false(apop_verify(SPAN("tanstaag"), challenge, response));
	assert_false(
		apop_verify(SPAN("tanstaaf"), SPAN("<1896.697170953@dbc.mtview.ca.us>"), response));
	/* The challenge comes first. */
	assert_false(apop_verify(challenge, SPAN("tanstaaf"), response));
}

/* Not the digest in any case, cut, with more behind it, or as bytes. */
static struct {
	const char *name;
	struct span response;
} wrong[] = {
	{ "wrong response: upper case", { BYTES("B913A602C7EDA7A495B4E6E7334D3890") } },
	{ "wrong response: cut", { BYTES("b913a602c7eda7a495b4e6e7334d389") } },
	{ "wrong response: longer", { BYTES("b913a602c7eda7a495b4e6e7334d38900") } },
	{ "wrong response: a NUL behind", { BYTES("b913a602c7eda7a495b4e6e7334d3890\0") } },
	{ "wrong response: empty", { BYTES("") } },
	{ "wrong response: the first digit", { BYTES("a913a602c7eda7a495b4e6e7334d3890") } },
	{ "wrong response: the last digit", { BYTES("b913a602c7eda7a495b4e6e7334d3891") } },
	{ "wrong response: bytes",
	  { BYTES("\xb9\x13\xa6\x02\xc7\xed\xa7\xa4\x95\xb4\xe6\xe7\x33\x4d\x38\x90") } },
};

static void refuses_response(void **state)
{
	__typeof__(wrong[0]) *row = *state;

	assert_false(verify_cram(cram[0].password, cram[0].challenge, row->response));
}

static void refuses_each_flipped_bit(void **state)
{
	struct cram_context context;
	struct span response = span_of(cram[0].response);

	(void)state;
	cram_context_derive(&context, cram[0].password);
	for (size_t bit = 0; bit < 8 * sizeof(context.bytes); bit++) {
		context.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(cram_verify(&context, cram[0].challenge, response));
		context.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(cram_verify(&context, cram[0].challenge, response));
}

int main(void)
{
	UNIT_ROWS(cram, knows_cram_vector);
	UNIT_TEST(derives_the_context);
	UNIT_TEST(cram_agrees_with_openssl);
	UNIT_TEST(knows_apop_vector);
	UNIT_TEST(apop_agrees_with_openssl);
	UNIT_ROWS(wrong, refuses_response);
	UNIT_TEST(refuses_each_flipped_bit);
	return unit_run();
}
