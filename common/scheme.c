#include "scheme.h"

#include "apr1.h"
#include "argon.h"
#include "cram.h"
#include "crypthash.h"
#include "encoding.h"
#include "hmac.h"
#include "scan.h"
#include "secret.h"

#include <strings.h>

/* Far beyond any use, and done within the deadline. */
#define ITERATIONS_MAX 10000000
#define SALT_MAX_BYTES 128

static enum match compare(const uint8_t *computed, struct span expected)
{
	struct span given = { (const char *)computed, expected.length };

	return secret_equal(given, expected) ? MATCH_YES : MATCH_NO;
}

static enum match verify_clear(const struct scheme *scheme, const struct scheme_trial *trial,
			       struct text *why)
{
	(void)scheme;
	(void)why;
	return secret_equal(trial->password, trial->value) ? MATCH_YES : MATCH_NO;
}

/* LENGTH-TEXT: passwords are compared as far as the store kept them. */
static enum match verify_truncated(const struct scheme *scheme, const struct scheme_trial *trial,
				   struct text *why)
{
	struct span text = trial->value, password = trial->password;
	uint64_t length;

	(void)scheme;
	(void)why;
	if (!scan_number(&text, 512, &length) || !scan_literal(&text, "-") ||
	    length != text.length || length == 0)
		return MATCH_DAMAGED;
	if (password.length > length)
		password.length = length;
	return secret_equal(password, text) ? MATCH_YES : MATCH_NO;
}

static enum match verify_cram_context(const struct scheme *scheme, const struct scheme_trial *trial,
				      struct text *why)
{
	struct cram_context derived;
	enum match match;

	(void)scheme;
	(void)why;
	cram_context_derive(&derived, trial->password);
	match = compare(derived.bytes, trial->value);
	secret_wipe(&derived, sizeof(derived));
	return match;
}

static enum match verify_crypt(const struct scheme *scheme, const struct scheme_trial *trial,
			       struct text *why)
{
	(void)scheme;
	return crypthash_verify(trial->value, trial->password, why);
}

static enum match verify_des(const struct scheme *scheme, const struct scheme_trial *trial,
			     struct text *why)
{
	return crypthash_is_des(trial->value) ? verify_crypt(scheme, trial, why) : MATCH_DAMAGED;
}

static enum match verify_apr1(const struct scheme *scheme, const struct scheme_trial *trial,
			      struct text *why)
{
	(void)scheme;
	(void)why;
	return apr1_verify(trial->value, trial->password);
}

static enum match verify_argon(const struct scheme *scheme, const struct scheme_trial *trial,
			       struct text *why)
{
	(void)scheme;
	return argon_verify(trial->value, trial->password, why);
}

/* A digest of the password and, where the value goes on behind it, the salt. */
static enum match verify_digest(const struct scheme *scheme, const struct scheme_trial *trial,
				struct text *why)
{
	struct span expected = { trial->value.at, scheme->raw_bytes };
	uint8_t computed[DIGEST_MAX_BYTES];
	enum match match;

	(void)why;
	digest_of(scheme->method, trial->password, span_from(trial->value, scheme->raw_bytes),
		  computed);
	match = compare(computed, expected);
	secret_wipe(computed, sizeof(computed));
	return match;
}

/* RFC 2831: MD5 of user:realm:password; the realm is what follows the last @ of the login. */
static enum match verify_digest_md5(const struct scheme *scheme, const struct scheme_trial *trial,
				    struct text *why)
{
	const char *at = memrchr(trial->login.at, '@', trial->login.length);
	struct span user = trial->login, realm = span_of("");
	uint8_t computed[DIGEST_MD5_BYTES];
	struct digest digest;
	enum match match;

	(void)why;
	if (at != NULL) {
		user.length = (size_t)(at - user.at);
		realm = span_from(trial->login, user.length + 1);
	}
	digest_begin(&digest, scheme->method);
	digest_add(&digest, user);
	digest_add(&digest, span_of(":"));
	digest_add(&digest, realm);
	digest_add(&digest, span_of(":"));
	digest_add(&digest, trial->password);
	digest_end(&digest, computed);
	match = compare(computed, trial->value);
	secret_wipe(computed, sizeof(computed));
	return match;
}

/* $1$SALT$ITERATIONS$HEX, the salt taken as text. */
static enum match verify_pbkdf2(const struct scheme *scheme, const struct scheme_trial *trial,
				struct text *why)
{
	struct span rest = trial->value, salt;
	uint8_t computed[DIGEST_MAX_BYTES], expected[DIGEST_MAX_BYTES];
	size_t length, size = digest_bytes(scheme->method);
	uint64_t iterations;
	enum match match;

	(void)why;
	if (!scan_literal(&rest, "$1$") || !scan_until(&rest, '$', &salt) || salt.length == 0 ||
	    !scan_number(&rest, ITERATIONS_MAX, &iterations) || iterations == 0 ||
	    !scan_literal(&rest, "$") ||
	    !encoding_from_hex(rest, expected, sizeof(expected), &length) || length != size)
		return MATCH_DAMAGED;
	secret_lock();
	pbkdf2(scheme->method, trial->password, salt, iterations, computed);
	match = compare(computed, (struct span){ (const char *)expected, size });
	secret_wipe(computed, sizeof(computed));
	secret_wipe(expected, sizeof(expected));
	return match;
}

/* RFC 5802: ITERATIONS,SALT,STOREDKEY,SERVERKEY; StoredKey = H(HMAC(salted, "Client Key")). */
static enum match verify_scram(const struct scheme *scheme, const struct scheme_trial *trial,
			       struct text *why)
{
	struct span rest = trial->value, salt_text, key_text, salt;
	uint8_t salt_bytes[SALT_MAX_BYTES], expected[DIGEST_MAX_BYTES], server[DIGEST_MAX_BYTES];
	uint8_t key[DIGEST_MAX_BYTES];
	size_t salt_length, length, server_length, size = digest_bytes(scheme->method);
	uint64_t iterations;
	enum match match;

	(void)why;
	if (!scan_number(&rest, ITERATIONS_MAX, &iterations) || iterations == 0 ||
	    !scan_literal(&rest, ",") || !scan_until(&rest, ',', &salt_text) ||
	    !scan_until(&rest, ',', &key_text) ||
	    !encoding_from_base64(salt_text, salt_bytes, sizeof(salt_bytes), &salt_length) ||
	    !encoding_from_base64(key_text, expected, sizeof(expected), &length) ||
	    !encoding_from_base64(rest, server, sizeof(server), &server_length) ||
	    salt_length == 0 || length != size || server_length != size)
		return MATCH_DAMAGED;
	salt = (struct span){ (const char *)salt_bytes, salt_length };
	secret_lock();
	pbkdf2(scheme->method, trial->password, salt, iterations, key);
	hmac(scheme->method, (struct span){ (const char *)key, size }, span_of("Client Key"), key);
	digest_of(scheme->method, (struct span){ (const char *)key, size }, span_of(""), key);
	match = compare(key, (struct span){ (const char *)expected, size });
	secret_wipe(key, sizeof(key));
	secret_wipe(expected, sizeof(expected));
	return match;
}

/* Kind, form, raw bytes; the method follows. */
#define CLEAR SCHEME_CLEAR, SCHEME_TEXT, 0
#define CONTEXT SCHEME_CRAM_CONTEXT, SCHEME_BINARY, CRAM_CONTEXT_BYTES
#define HASH SCHEME_ONE_WAY, SCHEME_TEXT, 0
#define BINARY(bytes) SCHEME_ONE_WAY, SCHEME_BINARY, bytes
#define SALTED(bytes) SCHEME_ONE_WAY, SCHEME_SALTED, bytes

static const struct scheme schemes[] = {
	{ "PLAIN", "", CLEAR, DIGEST_NONE, verify_clear },
	{ "CLEAR", "", CLEAR, DIGEST_NONE, verify_clear },
	{ "CLEARTEXT", "", CLEAR, DIGEST_NONE, verify_clear },
	{ "PLAIN-TRUNC", "", HASH, DIGEST_NONE, verify_truncated },
	{ "CRAM-MD5", "", CONTEXT, DIGEST_MD5, verify_cram_context },
	{ "HMAC-MD5", "", CONTEXT, DIGEST_MD5, verify_cram_context },
	{ "CRYPT", "$apr1$", HASH, DIGEST_NONE, verify_apr1 },
	{ "CRYPT", "$argon2", HASH, DIGEST_NONE, verify_argon },
	{ "CRYPT", "", HASH, DIGEST_NONE, verify_crypt },
	{ "DES-CRYPT", "", HASH, DIGEST_NONE, verify_des },
	{ "MD5-CRYPT", "$1$", HASH, DIGEST_NONE, verify_crypt },
	{ "SHA256-CRYPT", "$5$", HASH, DIGEST_NONE, verify_crypt },
	{ "SHA512-CRYPT", "$6$", HASH, DIGEST_NONE, verify_crypt },
	{ "BLF-CRYPT", "$2", HASH, DIGEST_NONE, verify_crypt },
	{ "ARGON2I", "$argon2i$", HASH, DIGEST_NONE, verify_argon },
	{ "ARGON2ID", "$argon2id$", HASH, DIGEST_NONE, verify_argon },
	{ "PBKDF2", "$1$", HASH, DIGEST_SHA1, verify_pbkdf2 },
	{ "SCRAM-SHA-1", "", HASH, DIGEST_SHA1, verify_scram },
	{ "SCRAM-SHA-256", "", HASH, DIGEST_SHA256, verify_scram },
	{ "MD5", "$1$", HASH, DIGEST_NONE, verify_crypt },
	{ "MD5", "", BINARY(16), DIGEST_MD5, verify_digest },
	{ "PLAIN-MD4", "", BINARY(16), DIGEST_MD4, verify_digest },
	{ "PLAIN-MD5", "", BINARY(16), DIGEST_MD5, verify_digest },
	{ "LDAP-MD5", "", BINARY(16), DIGEST_MD5, verify_digest },
	{ "DIGEST-MD5", "", BINARY(16), DIGEST_MD5, verify_digest_md5 },
	{ "SHA", "", BINARY(20), DIGEST_SHA1, verify_digest },
	{ "SHA1", "", BINARY(20), DIGEST_SHA1, verify_digest },
	{ "SHA256", "", BINARY(32), DIGEST_SHA256, verify_digest },
	{ "SHA512", "", BINARY(64), DIGEST_SHA512, verify_digest },
	{ "SMD5", "", SALTED(16), DIGEST_MD5, verify_digest },
	{ "SSHA", "", SALTED(20), DIGEST_SHA1, verify_digest },
	{ "SSHA256", "", SALTED(32), DIGEST_SHA256, verify_digest },
	{ "SSHA512", "", SALTED(64), DIGEST_SHA512, verify_digest },
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

static bool is_named(const struct scheme *scheme, struct span name)
{
	return strlen(scheme->name) == name.length &&
	       strncasecmp(scheme->name, name.at, name.length) == 0;
}

bool scheme_exists(struct span name)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++) {
		if (is_named(&schemes[i], name))
			return true;
	}
	return false;
}

const struct scheme *scheme_find(struct span name, struct span value)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++) {
		if (is_named(&schemes[i], name) && span_begins(value, schemes[i].prefix))
			return &schemes[i];
	}
	return NULL;
}
