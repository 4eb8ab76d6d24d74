/* The decision table of the handshake, the shapes that callers send, and forgeries. */
#include "request.h"

#include "unit.h"

#define D "0123456789abcdef0123456789abcdef"
#define C "<1.1700000000@h>"

/* clang-format off */
#define BARE { .challenges = false }
#define USUAL { .challenges = true }
#define LOOKUP { .challenges = true, .dovecot_lookup = true }
#define INDIMAIL { .challenges = true, .indimail = true }
#define INDIMAIL_OFF { .indimail = true }
#define SAID { .challenges = true, .method_plaintext = true }
#define NO_CRAM { .challenges = true, .cram_not_offered = true }

/* What the request must offer. */
#define NOTHING NULL, NULL, NULL, false
#define PLAIN(password) password, NULL, NULL, false
#define NEW(digest, challenge) digest, challenge, digest, true
#define OLD(challenge, digest) NULL, challenge, digest, false

static struct {
	const char *name;
	struct span message;
	struct request_hints hints;
	enum reason reason;
	const char *login; /* "" where there is none */
	const char *password, *challenge, *digest;
	bool may_be_apop;
} rows[] = {
	{ "row 2: no byte", { BYTES("") }, USUAL, REASON_MALFORMED, "", NOTHING },
	{ "row 2: no NUL", { BYTES("joe") }, USUAL, REASON_MALFORMED, "", NOTHING },
	{ "row 2: a NUL", { BYTES("\0") }, USUAL, REASON_MALFORMED, "", NOTHING },
	{ "row 2: one NUL", { BYTES("joe\0") }, USUAL, REASON_MALFORMED, "joe", NOTHING },
	{ "row 2: the second NUL missing", { BYTES("joe\0secret") }, USUAL, REASON_MALFORMED, "joe", NOTHING },
	{ "row 2 before 3", { BYTES("joe\0") }, LOOKUP, REASON_MALFORMED, "joe", NOTHING },

	{ "row 3: U000", { BYTES("joe\0\0\0") }, LOOKUP, REASON_OK, "joe", NOTHING },
	{ "row 3: U00", { BYTES("joe\0\0") }, LOOKUP, REASON_OK, "joe", NOTHING },
	{ "row 3: with a password no lookup", { BYTES("joe\0x\0\0") }, LOOKUP, REASON_OK, "joe", PLAIN("x") },
	{ "row 3: without a login no lookup", { BYTES("\0\0\0") }, LOOKUP, REASON_EMPTY, "", NOTHING },

	{ "row 4: empty login", { BYTES("\0secret\0\0") }, USUAL, REASON_EMPTY, "", NOTHING },
	{ "row 4: empty password", { BYTES("joe\0\0\0") }, USUAL, REASON_EMPTY, "joe", NOTHING },
	{ "row 4: both empty", { BYTES("\0\0") }, USUAL, REASON_EMPTY, "", NOTHING },
	{ "row 4: empty password, challenge", { BYTES("joe\0\0" C "\0") }, USUAL, REASON_EMPTY, "joe", NOTHING },
	{ "row 4: empty challenge, digest", { BYTES("joe\0\0" D "\0") }, USUAL, REASON_EMPTY, "joe", NOTHING },
	{ "row 4 before 5", { BYTES("joe\0\0\0\1\0") }, INDIMAIL, REASON_EMPTY, "joe", NOTHING },

	{ "row 5: LOGIN", { BYTES("joe\0secret\0\0\1\0") }, INDIMAIL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 5: PLAIN", { BYTES("joe\0secret\0\0\2\0") }, INDIMAIL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 5: a third string", { BYTES("joe\0" D "\0" C "\0\1\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 5: off by default", { BYTES("joe\0" D "\0" C "\0\1\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 6: CRAM-MD5", { BYTES("joe\0" C "\0" D "\0\3\0") }, INDIMAIL, REASON_OK, "joe", OLD(C, D) },
	{ "row 6: challenges are switched off", { BYTES("joe\0" C "\0" D "\0\3\0") }, INDIMAIL_OFF, REASON_METHOD, "joe", NOTHING },
	{ "row 5: challenges are switched off", { BYTES("joe\0secret\0\0\2\0") }, INDIMAIL_OFF, REASON_OK, "joe", PLAIN("secret") },
	{ "row 6: the new order", { BYTES("joe\0" D "\0" C "\0\3\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 6: no digest", { BYTES("joe\0" C "\0x\0\3\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 6: no challenge", { BYTES("joe\0x\0" D "\0\3\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 6: plaintext", { BYTES("joe\0secret\0\0\3\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 7: method 4", { BYTES("joe\0secret\0\0\4\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 7: method 0", { BYTES("joe\0secret\0\0\0\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 7: method 255", { BYTES("joe\0secret\0\0\377\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "row 7: method '1'", { BYTES("joe\0secret\0\0001\0") }, INDIMAIL, REASON_METHOD, "joe", NOTHING },
	{ "indimail: no method byte", { BYTES("joe\0secret\0\0") }, INDIMAIL, REASON_OK, "joe", PLAIN("secret") },
	{ "indimail: a method byte without NUL", { BYTES("joe\0" D "\0" C "\0\3") }, INDIMAIL, REASON_OK, "joe", PLAIN(D) },
	{ "indimail: two bytes", { BYTES("joe\0" C "\0" D "\0\3\3") }, INDIMAIL, REASON_OK, "joe", PLAIN(C) },
	{ "indimail: bytes behind the method", { BYTES("joe\0" C "\0" D "\0\3\0x") }, INDIMAIL, REASON_OK, "joe", PLAIN(C) },

	{ "row 8: U0P0", { BYTES("joe\0secret\0") }, USUAL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 8: U0P00", { BYTES("joe\0secret\0\0") }, USUAL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 8: a digest as the password", { BYTES("joe\0" D "\0\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 8: a challenge as the password", { BYTES("joe\0" C "\0\0") }, USUAL, REASON_OK, "joe", PLAIN(C) },
	{ "row 8: unterminated challenge", { BYTES("joe\0" D "\0" C) }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 8: unterminated digest", { BYTES("joe\0" C "\0" D) }, USUAL, REASON_OK, "joe", PLAIN(C) },
	{ "row 8: empty third, then a challenge", { BYTES("joe\0" D "\0\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },

	{ "row 9: forged, S2", { BYTES("joe\0" D "\0" C "\0\0\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 9: forged, one NUL more", { BYTES("joe\0" D "\0" C "\0\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 9: forged, S4", { BYTES("joe\0" C "\0" D "\0\0") }, USUAL, REASON_OK, "joe", PLAIN(C) },
	{ "row 9: forged, S7", { BYTES("joe\0" D "\0" C "\0Y123456\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 9: a byte behind", { BYTES("joe\0" D "\0" C "\0x") }, USUAL, REASON_OK, "joe", PLAIN(D) },

	{ "row 10: new order", { BYTES("joe\0" D "\0" C "\0") }, SAID, REASON_OK, "joe", PLAIN(D) },
	{ "row 10: old order", { BYTES("joe\0" C "\0" D "\0") }, SAID, REASON_OK, "joe", PLAIN(C) },
	{ "row 11: new order", { BYTES("joe\0" D "\0" C "\0") }, NO_CRAM, REASON_OK, "joe", PLAIN(D) },
	{ "row 11: old order", { BYTES("joe\0" C "\0" D "\0") }, NO_CRAM, REASON_OK, "joe", PLAIN(C) },
	{ "row 12: new order", { BYTES("joe\0" D "\0" C "\0") }, BARE, REASON_OK, "joe", PLAIN(D) },
	{ "row 12: old order", { BYTES("joe\0" C "\0" D "\0") }, BARE, REASON_OK, "joe", PLAIN(C) },

	{ "row 13: new order", { BYTES("joe\0" D "\0" C "\0") }, USUAL, REASON_OK, "joe", NEW(D, C) },
	{ "row 13: without method byte", { BYTES("joe\0" D "\0" C "\0") }, INDIMAIL, REASON_OK, "joe", NEW(D, C) },
	{ "row 13: lookups on", { BYTES("joe\0" D "\0" C "\0") }, LOOKUP, REASON_OK, "joe", NEW(D, C) },
	{ "row 14: old order", { BYTES("joe\0" C "\0" D "\0") }, USUAL, REASON_OK, "joe", OLD(C, D) },

	{ "row 15: U0P0C0", { BYTES("joe\0secret\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 15: U0P0Y123456", { BYTES("joe\0secret\0Y123456\0") }, USUAL, REASON_OK, "joe", PLAIN("secret") },
	{ "row 15: two digests", { BYTES("joe\0" D "\0" D "\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "row 15: two challenges", { BYTES("joe\0" C "\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN(C) },
	{ "row 15: no method byte needed", { BYTES("joe\0x\0y\0") }, INDIMAIL, REASON_OK, "joe", PLAIN("x") },
	{ "digest: upper case", { BYTES("joe\0" "0123456789ABCDEF0123456789abcdef\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN("0123456789ABCDEF0123456789abcdef") },
	{ "digest: 31 digits", { BYTES("joe\0a123456789abcdef0123456789abcde\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN("a123456789abcdef0123456789abcde") },
	{ "digest: 33 digits", { BYTES("joe\0" D "0\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN(D "0") },
	{ "digest: g", { BYTES("joe\0g123456789abcdef0123456789abcdef\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN("g123456789abcdef0123456789abcdef") },
	{ "digest: a bad last digit", { BYTES("joe\0z123456789abcdef0123456789abcdeg\0" C "\0") }, USUAL, REASON_OK, "joe", PLAIN("z123456789abcdef0123456789abcdeg") },
	{ "challenge: no @", { BYTES("joe\0" D "\0<1.1700000000>\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },
	{ "challenge: <@>", { BYTES("joe\0" D "\0<@>\0") }, USUAL, REASON_OK, "joe", PLAIN(D) },

	{ "bytes of 8 bits", { BYTES("\354\204\270\0\377\1\0\0") }, USUAL, REASON_OK, "\354\204\270", PLAIN("\377\1") },
	{ "a password of one byte", { BYTES("j\0p\0\0") }, USUAL, REASON_OK, "j", PLAIN("p") },
};
/* clang-format on */

/* An exact copy with the NUL behind it, so that a sanitizer sees a byte read too far. */
static enum reason parse(struct span message, const struct request_hints *hints,
			 struct request *request, char **copy)
{
	*copy = malloc(message.length + 1);
	assert_non_null(*copy);
	memcpy(*copy, message.at, message.length);
	(*copy)[message.length] = '\0';
	memset(request, 0xa5, sizeof(*request));
	return request_parse((struct span){ *copy, message.length }, hints, request);
}

static void assert_span(struct span got, const char *want)
{
	if (want == NULL) {
		assert_null(got.at);
		return;
	}
	assert_int_equal(got.length, strlen(want));
	if (got.length == 0)
		return;
	assert_memory_equal(got.at, want, got.length);
	assert_int_equal(got.at[got.length], '\0');
}

static void decides(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct request request;
	char *copy;

	assert_int_equal(parse(row->message, &row->hints, &request, &copy), row->reason);
	assert_span(request.login, row->login);
	assert_span(request.password, row->password);
	assert_span(request.challenge, row->challenge);
	assert_span(request.digest, row->digest);
	assert_int_equal(request.digest_may_be_apop, row->may_be_apop);
	assert_int_equal(request.lookup_only, row->reason == REASON_OK && row->password == NULL &&
						      row->challenge == NULL);
	free(copy);
}

static const struct request_hints usual = USUAL;

static void bounds_the_size(void **state)
{
	static const struct request_hints lookup = LOOKUP;
	char message[REQUEST_MAX_BYTES + 1];
	struct request request;
	char *copy;

	(void)state;
	memset(message, 'p', sizeof(message));
	memcpy(message, "joe", 4);
	message[REQUEST_MAX_BYTES - 2] = message[REQUEST_MAX_BYTES - 1] = '\0';
	message[REQUEST_MAX_BYTES] = '\0';
	assert_int_equal(parse((struct span){ message, 512 }, &usual, &request, &copy), REASON_OK);
	assert_int_equal(request.password.length, 512 - 6);
	free(copy);
	assert_int_equal(parse((struct span){ message, 513 }, &usual, &request, &copy),
			 REASON_OVERSIZE);
	assert_null(request.password.at);
	free(copy);
	/* Row 1 comes before all others. */
	memcpy(message, "joe\0\0\0", 6);
	assert_int_equal(parse((struct span){ message, 513 }, &lookup, &request, &copy),
			 REASON_OVERSIZE);
	assert_false(request.lookup_only);
	free(copy);
	memset(message, 'p', sizeof(message));
	assert_int_equal(parse((struct span){ message, 513 }, &usual, &request, &copy),
			 REASON_OVERSIZE);
	free(copy);
}

static size_t first_nul(const char *message, size_t length, size_t from)
{
	while (from < length && message[from] != '\0')
		from++;
	return from;
}

/* Every message of up to 14 bytes of NULs and letters: the rules for plaintext, said anew. */
static void agrees_with_a_second_reading(void **state)
{
	(void)state;
	for (size_t length = 0; length <= 14; length++) {
		for (unsigned bits = 0; bits < 1U << length; bits++) {
			char message[15] = "";
			struct request request;
			size_t first, second;
			char *copy;
			enum reason got, want = REASON_OK;

			for (size_t i = 0; i < length; i++)
				message[i] = bits >> i & 1 ? 'a' : '\0';
			first = first_nul(message, length, 0);
			second = first_nul(message, length, first + 1);
			if (second >= length)
				want = REASON_MALFORMED;
			else if (first == 0 || second == first + 1)
				want = REASON_EMPTY;
			got = parse((struct span){ message, length }, &usual, &request, &copy);
			assert_int_equal(got, want);
			assert_null(request.challenge.at);
			assert_int_equal(request.password.at != NULL, want == REASON_OK);
			if (want == REASON_OK) {
				assert_int_equal(request.login.length, first);
				assert_ptr_equal(request.password.at, copy + first + 1);
				assert_int_equal(request.password.length, second - first - 1);
			}
			free(copy);
		}
	}
}

/* A genuine exchange cut anywhere, or with a byte more, is none. */
static void takes_only_whole_challenges(void **state)
{
	static const char *const genuine[] = { "joe\0" D "\0" C, "joe\0" C "\0" D };
	size_t length = sizeof("joe\0" D "\0" C);
	struct request request;
	char *copy;

	(void)state;
	for (size_t order = 0; order < COUNT(genuine); order++) {
		for (size_t cut = 0; cut <= length; cut++) {
			(void)parse((struct span){ genuine[order], cut }, &usual, &request, &copy);
			assert_int_equal(request.challenge.at != NULL, cut == length);
			assert_int_equal(request.digest.at != NULL, cut == length);
			free(copy);
		}
	}
}

int main(void)
{
	UNIT_ROWS(rows, decides);
	UNIT_TEST(bounds_the_size);
	UNIT_TEST(agrees_with_a_second_reading);
	UNIT_TEST(takes_only_whole_challenges);
	return unit_run();
}
