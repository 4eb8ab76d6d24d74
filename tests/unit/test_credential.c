/* What a stored secret is taken for, and what proves it. The schemes' vectors: test_vectors.c. */
#include "credential.h"

#include "unit.h"

#include <stdio.h>

#define CRAM_HEX "cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56"
#define CRAM_BASE64 "zTun3qrW5cojRIukLjeXR6ng9/H7wAyKgbuqw5VzG1Y="
#define CRAM_EMPTY "00747cf2ffaf11c5ea4a64979c3901fc1d20dee13f480bb598f7d8575b23e61b"
#define MD5 "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"
#define DES "abNANd1rDfiNc"
#define SHA512                                                                                     \
	"$6$rounds=1000$saltsalt$"                                                                 \
	"LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"

static struct {
	const char *name;
	struct span stored;
	enum reason reason;
	const char *scheme; /* NULL: not asked */
	const char *value;
} parses[] = {
	{ "parse: plaintext", { BYTES("secret") }, REASON_OK, "PLAIN", "secret" },
	{ "parse: empty", { BYTES("") }, REASON_EMPTY_SECRET, NULL, NULL },
	{ "parse: $ecret is plaintext", { BYTES("$ecret") }, REASON_OK, "PLAIN", "$ecret" },
	{ "parse: $ is plaintext", { BYTES("$") }, REASON_OK, "PLAIN", "$" },
	{ "parse: $$ is plaintext", { BYTES("$$money") }, REASON_OK, "PLAIN", "$$money" },
	{ "parse: a $ inside is plaintext", { BYTES("a$6$b") }, REASON_OK, "PLAIN", "a$6$b" },
	{ "parse: a } is plaintext", { BYTES("}a{PLAIN}") }, REASON_OK, "PLAIN", "}a{PLAIN}" },
	{ "parse: $6$", { BYTES(SHA512) }, REASON_OK, "CRYPT", SHA512 },
	{ "parse: $1$", { BYTES(MD5) }, REASON_OK, "CRYPT", MD5 },
	{ "parse: DES", { BYTES(DES) }, REASON_OK, "CRYPT", DES },
	{ "parse: 13 bytes that look like DES",
	  { BYTES("averylongword") },
	  REASON_OK,
	  "PLAIN",
	  "averylongword" },
	{ "parse: 13 bytes that DES can make",
	  { BYTES("averylongpass") },
	  REASON_OK,
	  "CRYPT",
	  "averylongpass" },
	{ "parse: BSDi", { BYTES("_J9..rasmz0.F/jqjWck") }, REASON_OK, "CRYPT", NULL },
	{ "parse: _ alone is plaintext", { BYTES("_secret") }, REASON_OK, "PLAIN", "_secret" },
	{ "parse: $apr1$",
	  { BYTES("$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0") },
	  REASON_OK,
	  "CRYPT",
	  "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0" },
	{ "parse: $argon2id$",
	  { BYTES("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$+RsCrdHrAKGEJIDLM0Esow") },
	  REASON_OK,
	  "CRYPT",
	  NULL },
	{ "parse: $argon2i$", { BYTES("$argon2i$x") }, REASON_OK, "CRYPT", NULL },
	{ "parse: $argon2d$", { BYTES("$argon2d$x") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "parse: {CRYPT}$apr1$",
	  { BYTES("{CRYPT}$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0") },
	  REASON_OK,
	  "CRYPT",
	  "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0" },
	{ "salted: no salt",
	  { BYTES("{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "salted: empty", { BYTES("{SSHA}") }, REASON_BAD_SECRET, NULL, NULL },
	{ "binary: a byte more",
	  { BYTES("{SHA.HEX}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f400") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "binary: a byte less",
	  { BYTES("{SHA.HEX}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "parse: an unknown method", { BYTES("$foo$bar") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "parse: an unknown method, comma",
	  { BYTES("$foo,b=1$c") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "parse: an unknown method, nothing behind",
	  { BYTES("$f$") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },

	{ "locked: !", { BYTES("!") }, REASON_LOCKED, NULL, NULL },
	{ "locked: !!", { BYTES("!!") }, REASON_LOCKED, NULL, NULL },
	{ "locked: *", { BYTES("*") }, REASON_LOCKED, NULL, NULL },
	{ "no shadow: x", { BYTES("x") }, REASON_NO_SHADOW, NULL, NULL },
	{ "locked: !*", { BYTES("!*") }, REASON_LOCKED, NULL, NULL },
	{ "locked: *LK*", { BYTES("*LK*") }, REASON_LOCKED, NULL, NULL },
	{ "locked: *NP*", { BYTES("*NP*") }, REASON_LOCKED, NULL, NULL },
	{ "locked: ! before $6$", { BYTES("!" SHA512) }, REASON_LOCKED, NULL, NULL },
	{ "locked: !! before $1$", { BYTES("!!" MD5) }, REASON_LOCKED, NULL, NULL },
	{ "locked: * before $1$", { BYTES("*" MD5) }, REASON_LOCKED, NULL, NULL },
	{ "locked: ! before DES", { BYTES("!" DES) }, REASON_LOCKED, NULL, NULL },
	{ "locked: ! before an unknown method", { BYTES("!$foo$bar") }, REASON_LOCKED, NULL, NULL },
	{ "locked: ! before {CRAM-MD5}",
	  { BYTES("!{CRAM-MD5}" CRAM_HEX) },
	  REASON_LOCKED,
	  NULL,
	  NULL },
	{ "locked: ! before an unknown scheme", { BYTES("!{NONE}x") }, REASON_LOCKED, NULL, NULL },
	{ "locked: ! before plaintext", { BYTES("!secret") }, REASON_LOCKED, NULL, NULL },
	{ "locked: * before plaintext", { BYTES("*secret") }, REASON_LOCKED, NULL, NULL },
	{ "not locked: ! in braces", { BYTES("{PLAIN}!secret") }, REASON_OK, "PLAIN", "!secret" },
	{ "blanks: before a scheme", { BYTES(" {SSHA}x") }, REASON_BAD_SECRET, NULL, NULL },
	{ "blanks: before a hash", { BYTES("\t $1$s$h") }, REASON_BAD_SECRET, NULL, NULL },
	{ "blanks: before an unknown method",
	  { BYTES(" $foo$bar") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "blanks: before plaintext", { BYTES(" secret") }, REASON_OK, "PLAIN", " secret" },
	{ "not locked: xx", { BYTES("xx") }, REASON_OK, "PLAIN", "xx" },
	{ "not locked: X", { BYTES("X") }, REASON_OK, "PLAIN", "X" },

	{ "scheme: PLAIN", { BYTES("{PLAIN}secret") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: CLEAR", { BYTES("{CLEAR}secret") }, REASON_OK, "CLEAR", "secret" },
	{ "scheme: CLEARTEXT", { BYTES("{CLEARTEXT}secret") }, REASON_OK, "CLEARTEXT", "secret" },
	{ "scheme: in lower case", { BYTES("{plain}secret") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: value empty", { BYTES("{PLAIN}") }, REASON_OK, "PLAIN", "" },
	{ "scheme: the value is a scheme",
	  { BYTES("{PLAIN}{PLAIN}x") },
	  REASON_OK,
	  "PLAIN",
	  "{PLAIN}x" },
	{ "scheme: the value looks locked", { BYTES("{PLAIN}!") }, REASON_OK, "PLAIN", "!" },
	{ "scheme: the value is a hash", { BYTES("{PLAIN}" MD5) }, REASON_OK, "PLAIN", MD5 },
	{ "scheme: .B64", { BYTES("{PLAIN.B64}c2VjcmV0") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: .BASE64", { BYTES("{PLAIN.BASE64}c2VjcmV0") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: .HEX", { BYTES("{PLAIN.HEX}736563726574") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: .hex", { BYTES("{plain.hex}736563726574") }, REASON_OK, "PLAIN", "secret" },
	{ "scheme: { alone", { BYTES("{") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: no }", { BYTES("{PLAIN") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: no } but a secret", { BYTES("{secret") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: {}", { BYTES("{}secret") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: unknown", { BYTES("{NONE}secret") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: the beginning of a name",
	  { BYTES("{PLAI}secret") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: more than a name",
	  { BYTES("{PLAINS}secret") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: blanks", { BYTES("{ PLAIN}secret") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: a NUL behind the name",
	  { BYTES("{PLAIN\0}secret") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: unknown encoding",
	  { BYTES("{PLAIN.B32}secret") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: no encoding", { BYTES("{PLAIN.}secret") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: two encodings",
	  { BYTES("{PLAIN.HEX.B64}00") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: an encoding alone", { BYTES("{.HEX}00") }, REASON_UNKNOWN_SCHEME, NULL, NULL },
	{ "scheme: the beginning of an encoding",
	  { BYTES("{PLAIN.BASE}YQ==") },
	  REASON_UNKNOWN_SCHEME,
	  NULL,
	  NULL },
	{ "scheme: bad base64", { BYTES("{PLAIN.B64}c2VjcmV") }, REASON_BAD_SECRET, NULL, NULL },
	{ "scheme: bad hex", { BYTES("{PLAIN.HEX}7365637265740") }, REASON_BAD_SECRET, NULL, NULL },
	{ "scheme: hex in base64's place",
	  { BYTES("{PLAIN.HEX}c2VjcmV0") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },

	{ "CRAM-MD5: hex", { BYTES("{CRAM-MD5}" CRAM_HEX) }, REASON_OK, "CRAM-MD5", NULL },
	{ "CRAM-MD5: base64", { BYTES("{CRAM-MD5}" CRAM_BASE64) }, REASON_OK, "CRAM-MD5", NULL },
	{ "CRAM-MD5: .HEX", { BYTES("{CRAM-MD5.HEX}" CRAM_HEX) }, REASON_OK, "CRAM-MD5", NULL },
	{ "CRAM-MD5: .B64", { BYTES("{CRAM-MD5.B64}" CRAM_BASE64) }, REASON_OK, "CRAM-MD5", NULL },
	{ "CRAM-MD5: HMAC-MD5", { BYTES("{HMAC-MD5}" CRAM_HEX) }, REASON_OK, "HMAC-MD5", NULL },
	{ "CRAM-MD5: wrong encoding named",
	  { BYTES("{CRAM-MD5.B64}" CRAM_HEX) },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "CRAM-MD5: empty", { BYTES("{CRAM-MD5}") }, REASON_BAD_SECRET, NULL, NULL },
	{ "CRAM-MD5: a digit less",
	  { "{CRAM-MD5}" CRAM_HEX, 10 + 63 },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "CRAM-MD5: two digits less",
	  { "{CRAM-MD5}" CRAM_HEX, 10 + 62 },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "CRAM-MD5: two digits more",
	  { BYTES("{CRAM-MD5}" CRAM_HEX "00") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "CRAM-MD5: 31 bytes",
	  { BYTES("{CRAM-MD5.HEX}"
		  "cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b") },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "CRAM-MD5: a password", { BYTES("{CRAM-MD5}secret") }, REASON_BAD_SECRET, NULL, NULL },
	{ "prefix: MD5-CRYPT", { BYTES("{MD5-CRYPT}" MD5) }, REASON_OK, "MD5-CRYPT", MD5 },
	{ "prefix: MD5-CRYPT, another hash",
	  { BYTES("{MD5-CRYPT}" SHA512) },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "prefix: SHA256-CRYPT, another hash",
	  { BYTES("{SHA256-CRYPT}" SHA512) },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "prefix: SHA512-CRYPT, another hash",
	  { BYTES("{SHA512-CRYPT}" MD5) },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "prefix: BLF-CRYPT, another hash",
	  { BYTES("{BLF-CRYPT}" MD5) },
	  REASON_BAD_SECRET,
	  NULL,
	  NULL },
	{ "prefix: none at all", { BYTES("{SHA512-CRYPT}") }, REASON_BAD_SECRET, NULL, NULL },
};

static void parses_as(void **state)
{
	__typeof__(parses[0]) *row = *state;
	struct credential credential;

	assert_int_equal(credential_parse(&credential, row->stored), row->reason);
	if (row->scheme != NULL)
		assert_string_equal(credential.scheme->name, row->scheme);
	if (row->value != NULL) {
		assert_int_equal(credential.value.length, strlen(row->value));
		assert_memory_equal(credential.value.at, row->value, strlen(row->value));
	}
	assert_ptr_equal(credential.stored.at, row->stored.at);
	assert_int_equal(credential.stored.length, row->stored.length);
}

static void bounds_what_it_decodes(void **state)
{
	static char stored[11 + 2 * (CREDENTIAL_MAX_BYTES + 1)];
	struct credential credential;

	(void)state;
	memset(stored, '6', sizeof(stored));
	memcpy(stored, "{PLAIN.HEX}", 11);
	assert_int_equal(credential_parse(&credential, (struct span){ stored, sizeof(stored) }),
			 REASON_BAD_SECRET);
	assert_int_equal(credential_parse(&credential, (struct span){ stored, sizeof(stored) - 2 }),
			 REASON_OK);
	assert_int_equal(credential.value.length, CREDENTIAL_MAX_BYTES);
}

#define C "<1.1700000000@h>"
#define NOW 1700000000
#define WINDOW 1200

/* Of the passwords "secret" and "", to C. */
#define CRAM "255efaf2c4405adb7ee7197600bf6b10"
#define APOP "a8b5eaffdc0f6ca62539a2b25efe05b1"
#define CRAM_OF_EMPTY "edf516cac20ea3bac65236c843bc753f"
#define APOP_OF_EMPTY "efe13738a606e3c2dfd90fc9e3998992"
/* ... of the texts {CRAM-MD5}CRAM_HEX, CRAM_HEX and {PLAIN}secret. */
#define CRAM_OF_STORED "feb86c34b1711349714fedf36cc3dad1"
#define CRAM_OF_VALUE "e3351490bce1ecdf26b6e88d1b49dbc1"
#define CRAM_OF_PLAIN "f5a5f61fb5c5ba256f6d0065f47bfab9"

#define PASSWORD(text)                                                                             \
	{                                                                                          \
		{ 0 }, false, { BYTES(text) }, { 0 }, { 0 }, false                                 \
	}
#define RESPONSE(digest)                                                                           \
	{                                                                                          \
		{ 0 }, false, { BYTES(digest) }, { BYTES(C) }, { BYTES(digest) }, true             \
	}
#define OLD_ORDER(digest)                                                                          \
	{                                                                                          \
		{ 0 }, false, { 0 }, { BYTES(C) }, { BYTES(digest) }, false                        \
	}

#define ALLOWED                                                                                    \
	{                                                                                          \
		true, NOW, WINDOW                                                                  \
	}
#define NO_APOP                                                                                    \
	{                                                                                          \
		false, NOW, WINDOW                                                                 \
	}
#define LATE                                                                                       \
	{                                                                                          \
		true, NOW + WINDOW + 1, WINDOW                                                     \
	}
#define NO_WINDOW                                                                                  \
	{                                                                                          \
		true, NOW + 1000000, 0                                                             \
	}

static struct {
	const char *name;
	struct span stored;
	struct request request;
	struct credential_rules rules;
	enum reason reason;
	enum mechanism mechanism;
} verifies[] = {
	{ "plaintext: right",
	  { BYTES("secret") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_PLAIN },
	{ "plaintext: wrong",
	  { BYTES("secret") },
	  PASSWORD("Secret"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "plaintext: empty given",
	  { BYTES("secret") },
	  PASSWORD(""),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "plaintext: stored text as the password",
	  { BYTES("{PLAIN}secret") },
	  PASSWORD("{PLAIN}secret"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "plaintext: value text as the password",
	  { BYTES("{PLAIN.B64}c2VjcmV0") },
	  PASSWORD("c2VjcmV0"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "plaintext: 32 digits",
	  { BYTES(CRAM) },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_PLAIN },
	{ "crypt: right", { BYTES(MD5) }, PASSWORD("secret"), ALLOWED, REASON_OK, MECHANISM_PLAIN },
	{ "crypt: wrong",
	  { BYTES(MD5) },
	  PASSWORD("secrets"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "crypt: damaged",
	  { BYTES("$1$saltsalt$short") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "crypt: damaged, with a challenge",
	  { BYTES("$1$saltsalt$short") },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{CRYPT}: plaintext in it",
	  { BYTES("{CRYPT}plain") },
	  PASSWORD("plain"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{CRYPT}: empty",
	  { BYTES("{CRYPT}") },
	  PASSWORD(""),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{CRYPT}: *0",
	  { BYTES("{CRYPT}*0") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{CRYPT}: locked",
	  { BYTES("{CRYPT}!" MD5) },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{DES-CRYPT}: right",
	  { BYTES("{DES-CRYPT}" DES) },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: longer",
	  { BYTES("{PLAIN-TRUNC}6-secret") },
	  PASSWORD("secretXYZ"),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: shorter",
	  { BYTES("{PLAIN-TRUNC}6-secret") },
	  PASSWORD("secre"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: 0 takes any",
	  { BYTES("{PLAIN-TRUNC}0-") },
	  PASSWORD("any"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: a length too small",
	  { BYTES("{PLAIN-TRUNC}1-secret") },
	  PASSWORD("s"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: a length too large",
	  { BYTES("{PLAIN-TRUNC}7-secret") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PLAIN-TRUNC}: no length",
	  { BYTES("{PLAIN-TRUNC}secret") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PBKDF2}: no iterations",
	  { BYTES("{PBKDF2}$1$s$0$d93813863b2c4867f671376bd48d9e65da4bf684") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PBKDF2}: no salt",
	  { BYTES("{PBKDF2}$1$$1$d93813863b2c4867f671376bd48d9e65da4bf684") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PBKDF2}: too many iterations",
	  { BYTES("{PBKDF2}$1$s$10000001$d93813863b2c4867f671376bd48d9e65da4bf684") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{PBKDF2}: a short hash",
	  { BYTES("{PBKDF2}$1$s$1$d93813863b2c4867f671376bd48d9e65da4bf6") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: no iterations",
	  { BYTES("{SCRAM-SHA-1}0,c2FsdA==,5en6G6MezRroT3XKqkdPOmY/BfQ=,5en6G6MezRroT3XKqkdPOmY/"
		  "BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: wrong",
	  { BYTES("{SCRAM-SHA-1}1,c2FsdA==,5en6G6MezRroT3XKqkdPOmY/BfQ=,5en6G6MezRroT3XKqkdPOmY/"
		  "BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: no salt",
	  { BYTES("{SCRAM-SHA-1}1,,5en6G6MezRroT3XKqkdPOmY/BfQ=,5en6G6MezRroT3XKqkdPOmY/BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: no server key",
	  { BYTES("{SCRAM-SHA-1}1,c2FsdA==,5en6G6MezRroT3XKqkdPOmY/BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: a short stored key",
	  { BYTES("{SCRAM-SHA-1}1,c2FsdA==,c2FsdA==,5en6G6MezRroT3XKqkdPOmY/BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{SCRAM-SHA-1}: of the other digest",
	  { BYTES("{SCRAM-SHA-256}1,c2FsdA==,5en6G6MezRroT3XKqkdPOmY/BfQ=,5en6G6MezRroT3XKqkdPOmY/"
		  "BfQ=") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{DES-CRYPT}: another hash",
	  { BYTES("{DES-CRYPT}" MD5) },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "{BLF-CRYPT}: $2$",
	  { BYTES("{BLF-CRYPT}$2$04$x") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_BAD_SECRET,
	  MECHANISM_PLAIN },
	{ "crypt: too much memory",
	  { BYTES("$7$c6..../....s$0123456789012345678901234567890123456789012") },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_MEMORY,
	  MECHANISM_PLAIN },
	{ "context: right",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  PASSWORD("secret"),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_PLAIN },
	{ "context: wrong",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  PASSWORD("secre"),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_PLAIN },
	{ "context: value text as the password",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  PASSWORD(CRAM_HEX),
	  ALLOWED,
	  REASON_HASH_TEXT,
	  MECHANISM_PLAIN },
	{ "averylongpass is DES, not its text",
	  { BYTES("averylongpass") },
	  PASSWORD("averylongpass"),
	  ALLOWED,
	  REASON_HASH_TEXT,
	  MECHANISM_PLAIN },

	{ "CRAM-MD5: plaintext",
	  { BYTES("secret") },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: old order",
	  { BYTES("secret") },
	  OLD_ORDER(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: {PLAIN.HEX}",
	  { BYTES("{PLAIN.HEX}736563726574") },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: context",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: context, old order",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  OLD_ORDER(CRAM),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: wrong password",
	  { BYTES("secrets") },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: wrong digest",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  RESPONSE(CRAM_OF_EMPTY),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: keyed with the stored text",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  RESPONSE(CRAM_OF_STORED),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: keyed with the value text",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  RESPONSE(CRAM_OF_VALUE),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: keyed with {PLAIN}...",
	  { BYTES("{PLAIN}secret") },
	  RESPONSE(CRAM_OF_PLAIN),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: empty plaintext",
	  { BYTES("{PLAIN}") },
	  RESPONSE(CRAM_OF_EMPTY),
	  ALLOWED,
	  REASON_EMPTY_SECRET,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: empty plaintext, old order",
	  { BYTES("{PLAIN.HEX}") },
	  OLD_ORDER(CRAM_OF_EMPTY),
	  ALLOWED,
	  REASON_EMPTY_SECRET,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: a NUL is as good as empty",
	  { BYTES("{PLAIN.HEX}00") },
	  RESPONSE(CRAM_OF_EMPTY),
	  ALLOWED,
	  REASON_EMPTY_SECRET,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: context of the empty password",
	  { BYTES("{CRAM-MD5}" CRAM_EMPTY) },
	  RESPONSE(CRAM_OF_EMPTY),
	  ALLOWED,
	  REASON_EMPTY_SECRET,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: stale",
	  { BYTES("secret") },
	  RESPONSE(CRAM),
	  LATE,
	  REASON_STALE,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: stale, old order",
	  { BYTES("secret") },
	  OLD_ORDER(CRAM),
	  LATE,
	  REASON_STALE,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: stale and wrong",
	  { BYTES("secrets") },
	  RESPONSE(CRAM),
	  LATE,
	  REASON_STALE,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: late, no window",
	  { BYTES("secret") },
	  RESPONSE(CRAM),
	  NO_WINDOW,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: against a hash",
	  { BYTES(MD5) },
	  RESPONSE(CRAM),
	  ALLOWED,
	  REASON_ONE_WAY,
	  MECHANISM_CRAM_MD5 },
	{ "CRAM-MD5: against a hash, old order",
	  { BYTES(DES) },
	  OLD_ORDER(CRAM),
	  ALLOWED,
	  REASON_ONE_WAY,
	  MECHANISM_CRAM_MD5 },
	{ "plaintext goes before a stale challenge",
	  { BYTES(CRAM) },
	  RESPONSE(CRAM),
	  LATE,
	  REASON_OK,
	  MECHANISM_PLAIN },

	{ "APOP: plaintext",
	  { BYTES("secret") },
	  RESPONSE(APOP),
	  ALLOWED,
	  REASON_OK,
	  MECHANISM_APOP },
	{ "APOP: switched off",
	  { BYTES("secret") },
	  RESPONSE(APOP),
	  NO_APOP,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: switched off, CRAM-MD5 is not",
	  { BYTES("secret") },
	  RESPONSE(CRAM),
	  NO_APOP,
	  REASON_OK,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: not in the old order",
	  { BYTES("secret") },
	  OLD_ORDER(APOP),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: not from a context",
	  { BYTES("{CRAM-MD5}" CRAM_HEX) },
	  RESPONSE(APOP),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: not from a hash",
	  { BYTES(MD5) },
	  RESPONSE(APOP),
	  ALLOWED,
	  REASON_ONE_WAY,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: empty plaintext",
	  { BYTES("{PLAIN}") },
	  RESPONSE(APOP_OF_EMPTY),
	  ALLOWED,
	  REASON_EMPTY_SECRET,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: stale",
	  { BYTES("secret") },
	  RESPONSE(APOP),
	  LATE,
	  REASON_STALE,
	  MECHANISM_CRAM_MD5 },
	{ "APOP: wrong",
	  { BYTES("secret") },
	  RESPONSE(APOP_OF_EMPTY),
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_CRAM_MD5 },

	{ "a request that offers nothing",
	  { BYTES("secret") },
	  { .lookup_only = false },
	  ALLOWED,
	  REASON_MISMATCH,
	  MECHANISM_NONE },
};

static void verifies_as(void **state)
{
	__typeof__(verifies[0]) *row = *state;
	struct credential credential;
	enum mechanism mechanism = MECHANISM_LOOKUP;
	struct text why;

	text_clear(&why);
	assert_int_equal(credential_parse(&credential, row->stored), REASON_OK);
	assert_int_equal(
		credential_verify(&credential, &row->request, &row->rules, &mechanism, &why),
		row->reason);
	assert_int_equal(mechanism, row->mechanism);
	assert_int_equal(why.length != 0, row->reason == REASON_MEMORY);
}

/* One of each scheme, all of the password "secret". */
static struct {
	const char *name;
	struct span stored;
} hashes[] = {
	{ "hash text: $apr1$", { BYTES("$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0") } },
	{ "hash text: $argon2id$",
	  { BYTES("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$+RsCrdHrAKGEJIDLM0Esow") } },
	{ "hash text: SHA", { BYTES("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=") } },
	{ "hash text: PLAIN-TRUNC", { BYTES("{PLAIN-TRUNC}6-secret") } },
	{ "hash text: DES", { BYTES(DES) } },
	{ "hash text: BSDi", { BYTES("_J9..rasmz0.F/jqjWck") } },
	{ "hash text: $1$", { BYTES(MD5) } },
	{ "hash text: $3$", { BYTES("$3$$878d8014606cda29677a44efa1353fc7") } },
	{ "hash text: $5$",
	  { BYTES("$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2") } },
	{ "hash text: $6$", { BYTES(SHA512) } },
	{ "hash text: $sha1$", { BYTES("$sha1$10$saltsalt$22i.gaaYjccrPyvd/Dq/F5Z10YNz") } },
	{ "hash text: $md5", { BYTES("$md5,rounds=10$saltsalt$$1rkdxD32fVaPr5LM8K90f1") } },
	{ "hash text: $2y$",
	  { BYTES("$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW") } },
	{ "hash text: $y$",
	  { BYTES("$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2") } },
	{ "hash text: $gy$",
	  { BYTES("$gy$j75$saltsalt$lKLXtt/QvsyxW9ILYZt1u1hNXyI7ZoBnbdUTsPBwSi5") } },
	{ "hash text: CRYPT", { BYTES("{CRYPT}" MD5) } },
	{ "hash text: DES-CRYPT", { BYTES("{DES-CRYPT}" DES) } },
	{ "hash text: MD5-CRYPT", { BYTES("{MD5-CRYPT}" MD5) } },
	{ "hash text: SHA256-CRYPT",
	  { BYTES("{SHA256-CRYPT}$5$rounds=1000$saltsalt$"
		  "eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2") } },
	{ "hash text: SHA512-CRYPT", { BYTES("{SHA512-CRYPT}" SHA512) } },
	{ "hash text: BLF-CRYPT",
	  { BYTES("{BLF-CRYPT}$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW") } },
	{ "hash text: CRAM-MD5", { BYTES("{CRAM-MD5}" CRAM_HEX) } },
	{ "hash text: CRAM-MD5 in base64", { BYTES("{CRAM-MD5}" CRAM_BASE64) } },
	{ "hash text: HMAC-MD5", { BYTES("{HMAC-MD5}" CRAM_HEX) } },
	{ "hash text: CRAM-MD5.B64", { BYTES("{CRAM-MD5.B64}" CRAM_BASE64) } },
	{ "hash text: MD5-CRYPT.HEX",
	  { BYTES("{MD5-CRYPT.HEX}2431247361"
		  "6c7473616c742439787931"
		  "62746a677a4c5966623768697658744"
		  "32f2f") } },
};

static enum reason try_password(const struct credential *credential, struct span password)
{
	static const struct credential_rules rules = ALLOWED;
	struct request request = { .password = password };
	enum mechanism mechanism;
	char copy[600];
	struct text why;

	/* As in a request, a NUL follows. */
	snprintf(copy, sizeof(copy), "%.*s", (int)password.length, password.at);
	request.password.at = copy;
	return credential_verify(credential, &request, &rules, &mechanism, &why);
}

static void is_no_password(void **state)
{
	__typeof__(hashes[0]) *row = *state;
	struct credential credential;
	const char *brace = memchr(row->stored.at, '}', row->stored.length);
	struct span value = row->stored;

	assert_int_equal(credential_parse(&credential, row->stored), REASON_OK);
	assert_int_equal(try_password(&credential, SPAN("secret")), REASON_OK);
	assert_int_equal(try_password(&credential, row->stored), REASON_HASH_TEXT);
	if (brace != NULL)
		value = span_from(row->stored, (size_t)(brace - row->stored.at) + 1);
	assert_int_equal(try_password(&credential, value), REASON_HASH_TEXT);
	/* Decoded it is another text, unless there was nothing to decode. */
	assert_int_equal(try_password(&credential, credential.value),
			 credential.value.length == value.length ? REASON_HASH_TEXT
								 : REASON_MISMATCH);
}

static void finds_schemes_by_name(void **state)
{
	(void)state;
	assert_string_equal(scheme_find(SPAN("cRaM-mD5"), SPAN(""))->name, "CRAM-MD5");
	assert_null(scheme_find(SPAN(""), SPAN("")));
	assert_null(scheme_find(SPAN("CRAM-MD"), SPAN("")));
	assert_null(scheme_find(SPAN("CRAM-MD5 "), SPAN("")));
	assert_true(scheme_exists(SPAN("md5-crypt")));
	assert_false(scheme_exists(SPAN("md5-crypts")));
	assert_false(scheme_exists(SPAN("")));
	assert_non_null(scheme_find(SPAN("MD5-CRYPT"), SPAN("$1$")));
	assert_null(scheme_find(SPAN("MD5-CRYPT"), SPAN("$1")));
	assert_ptr_not_equal(scheme_find(SPAN("MD5"), SPAN("$1$s$h")),
			     scheme_find(SPAN("MD5"), SPAN("h")));
}

static struct {
	const char *name;
	enum scheme_kind kind;
	const char *prefix; /* of its values */
} kinds[] = {
	{ "PLAIN", SCHEME_CLEAR, "" },
	{ "CLEAR", SCHEME_CLEAR, "" },
	{ "CLEARTEXT", SCHEME_CLEAR, "" },
	{ "PLAIN-TRUNC", SCHEME_ONE_WAY, "6-" },
	{ "CRAM-MD5", SCHEME_CRAM_CONTEXT, "" },
	{ "HMAC-MD5", SCHEME_CRAM_CONTEXT, "" },
	{ "CRYPT", SCHEME_ONE_WAY, "" },
	{ "DES-CRYPT", SCHEME_ONE_WAY, "" },
	{ "MD5-CRYPT", SCHEME_ONE_WAY, "$1$" },
	{ "SHA256-CRYPT", SCHEME_ONE_WAY, "$5$" },
	{ "SHA512-CRYPT", SCHEME_ONE_WAY, "$6$" },
	{ "BLF-CRYPT", SCHEME_ONE_WAY, "$2y$" },
	{ "ARGON2I", SCHEME_ONE_WAY, "$argon2i$" },
	{ "ARGON2ID", SCHEME_ONE_WAY, "$argon2id$" },
	{ "PBKDF2", SCHEME_ONE_WAY, "$1$" },
	{ "SCRAM-SHA-1", SCHEME_ONE_WAY, "" },
	{ "SCRAM-SHA-256", SCHEME_ONE_WAY, "" },
	{ "MD5", SCHEME_ONE_WAY, "" },
	{ "PLAIN-MD4", SCHEME_ONE_WAY, "" },
	{ "PLAIN-MD5", SCHEME_ONE_WAY, "" },
	{ "LDAP-MD5", SCHEME_ONE_WAY, "" },
	{ "DIGEST-MD5", SCHEME_ONE_WAY, "" },
	{ "SHA", SCHEME_ONE_WAY, "" },
	{ "SHA1", SCHEME_ONE_WAY, "" },
	{ "SHA256", SCHEME_ONE_WAY, "" },
	{ "SHA512", SCHEME_ONE_WAY, "" },
	{ "SMD5", SCHEME_ONE_WAY, "" },
	{ "SSHA", SCHEME_ONE_WAY, "" },
	{ "SSHA256", SCHEME_ONE_WAY, "" },
	{ "SSHA512", SCHEME_ONE_WAY, "" },
};

static void knows_what_the_scheme_serves(void **state)
{
	__typeof__(kinds[0]) *row = *state;
	const struct scheme *scheme = scheme_find(span_of(row->name), span_of(row->prefix));

	assert_non_null(scheme);
	assert_string_equal(scheme->name, row->name);
	assert_int_equal(scheme->kind, row->kind);
}

static struct {
	const char *name;
	struct span field;
	enum reason reason;
	const char *scheme; /* NULL: not asked */
} fields[] = {
	{ "field of hashes: a hash", { BYTES(SHA512) }, REASON_OK, "CRYPT" },
	{ "field of hashes: DES", { BYTES(DES) }, REASON_OK, "CRYPT" },
	{ "field of hashes: no plaintext", { BYTES("secret") }, REASON_OK, "CRYPT" },
	{ "field of hashes: no plaintext behind a blank",
	  { BYTES(" secret") },
	  REASON_OK,
	  "CRYPT" },
	{ "field of hashes: {PLAIN}", { BYTES("{PLAIN}secret") }, REASON_OK, "PLAIN" },
	{ "field of hashes: empty", { BYTES("") }, REASON_EMPTY_SECRET, NULL },
	{ "field of hashes: locked", { BYTES("!" DES) }, REASON_LOCKED, NULL },
	{ "field of hashes: *", { BYTES("*") }, REASON_LOCKED, NULL },
	{ "field of hashes: x", { BYTES("x") }, REASON_NO_SHADOW, NULL },
};

static void takes_fields_of_hashes(void **state)
{
	__typeof__(fields[0]) *row = *state;
	char buffer[CREDENTIAL_CRYPT_BYTES];
	struct credential credential;

	assert_int_equal(credential_parse(&credential, credential_of_crypt(row->field, buffer)),
			 row->reason);
	if (row->scheme != NULL)
		assert_string_equal(credential.scheme->name, row->scheme);
}

static void cuts_an_overlong_field_of_hashes(void **state)
{
	static char field[CREDENTIAL_MAX_BYTES + 2], buffer[CREDENTIAL_CRYPT_BYTES];
	struct span secret;

	(void)state;
	memset(field, 'a', sizeof(field));
	secret = credential_of_crypt((struct span){ field, sizeof(field) }, buffer);
	assert_true(secret.at == buffer && secret.length < sizeof(buffer));
	assert_true(span_begins(secret, "{CRYPT}"));
}

int main(void)
{
	UNIT_ROWS(parses, parses_as);
	UNIT_TEST(bounds_what_it_decodes);
	UNIT_ROWS(verifies, verifies_as);
	UNIT_ROWS(hashes, is_no_password);
	UNIT_TEST(finds_schemes_by_name);
	UNIT_ROWS(kinds, knows_what_the_scheme_serves);
	UNIT_ROWS(fields, takes_fields_of_hashes);
	UNIT_TEST(cuts_an_overlong_field_of_hashes);
	return unit_run();
}
