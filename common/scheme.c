#include "scheme.h"

#include "crypthash.h"
#include "digest.h"
#include "secret.h"

#include <strings.h>

static enum match verify_clear(struct span value, struct span password, struct text *why)
{
	(void)why;
	return secret_equal(password, value) ? MATCH_YES : MATCH_NO;
}

static enum match verify_des(struct span value, struct span password, struct text *why)
{
	return crypthash_is_des(value) ? crypthash_verify(value, password, why) : MATCH_DAMAGED;
}

static enum match verify_cram_context(struct span value, struct span password, struct text *why)
{
	struct cram_context derived;
	bool equal;

	(void)why;
	cram_context_derive(&derived, password);
	equal = secret_equal((struct span){ (const char *)derived.bytes, sizeof(derived.bytes) },
			     value);
	secret_wipe(&derived, sizeof(derived));
	return equal ? MATCH_YES : MATCH_NO;
}

const struct scheme scheme_plain = { "PLAIN", SCHEME_CLEAR, 0, "", verify_clear };
const struct scheme scheme_crypt = { "CRYPT", SCHEME_ONE_WAY, 0, "", crypthash_verify };

static const struct scheme schemes[] = {
	{ "PLAIN", SCHEME_CLEAR, 0, "", verify_clear },
	{ "CLEAR", SCHEME_CLEAR, 0, "", verify_clear },
	{ "CLEARTEXT", SCHEME_CLEAR, 0, "", verify_clear },
	{ "CRAM-MD5", SCHEME_CRAM_CONTEXT, CRAM_CONTEXT_BYTES, "", verify_cram_context },
	{ "HMAC-MD5", SCHEME_CRAM_CONTEXT, CRAM_CONTEXT_BYTES, "", verify_cram_context },
	{ "CRYPT", SCHEME_ONE_WAY, 0, "", crypthash_verify },
	{ "DES-CRYPT", SCHEME_ONE_WAY, 0, "", verify_des },
	{ "MD5-CRYPT", SCHEME_ONE_WAY, 0, "$1$", crypthash_verify },
	{ "SHA256-CRYPT", SCHEME_ONE_WAY, 0, "$5$", crypthash_verify },
	{ "SHA512-CRYPT", SCHEME_ONE_WAY, 0, "$6$", crypthash_verify },
	{ "BLF-CRYPT", SCHEME_ONE_WAY, 0, "$2", crypthash_verify },
};

const struct scheme *scheme_find(struct span name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strlen(schemes[i].name) == name.length &&
		    strncasecmp(schemes[i].name, name.at, name.length) == 0)
			return &schemes[i];
	}
	return NULL;
}
