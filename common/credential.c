#include "credential.h"

#include "challenge.h"
#include "cram.h"
#include "crypthash.h"
#include "encoding.h"
#include "layout.h"
#include "scan.h"
#include "secret.h"

#include <strings.h>

static LAYOUT_SECRET uint8_t decoded[CREDENTIAL_MAX_BYTES];
static struct secret_region region = { .base = decoded, .size = sizeof(decoded) };

typedef bool decoder(struct span text, uint8_t *out, size_t size, size_t *length);

/* `$id$...` or `$id,...`: some crypt(3) hash, known or not. */
static bool looks_like_hash(struct span text)
{
	size_t i = 1;

	if (text.length == 0 || text.at[0] != '$')
		return crypthash_is_hash(text);
	while (i < text.length && text.at[i] != '$' && text.at[i] != ',')
		i++;
	return i < text.length && i > 1;
}

/*
 * passwd -l, usermod -L, pw lock and shadow(5) mark a login that must not log in with '!' or '*',
 * before its hash or alone.
 */
static bool is_locked(struct span stored)
{
	return span_begins(stored, "!") || span_begins(stored, "*");
}

/* " {SSHA}..." was meant to be a hash: it must not become a plaintext. */
static bool is_hash_behind_blanks(struct span stored)
{
	struct span rest = stored;

	while (span_begins(rest, " ") || span_begins(rest, "\t"))
		rest = span_from(rest, 1);
	return rest.length != stored.length && (span_begins(rest, "{") || looks_like_hash(rest));
}

static bool decode(struct credential *credential, decoder *decode_text)
{
	size_t length;

	secret_register(&region);
	region.dirty = sizeof(decoded);
	if (!decode_text(credential->value, decoded, sizeof(decoded), &length))
		return false;
	credential->value = (struct span){ (const char *)decoded, length };
	return true;
}

static decoder *find_decoder(struct span encoding)
{
	if (encoding.length == 3 && strncasecmp(encoding.at, "HEX", 3) == 0)
		return encoding_from_hex;
	if ((encoding.length == 3 && strncasecmp(encoding.at, "B64", 3) == 0) ||
	    (encoding.length == 6 && strncasecmp(encoding.at, "BASE64", 6) == 0))
		return encoding_from_base64;
	return NULL;
}

static bool has_form(const struct scheme *scheme, struct span value)
{
	switch (scheme->form) {
	case SCHEME_TEXT:
		return true;
	case SCHEME_BINARY:
		return value.length == scheme->raw_bytes;
	case SCHEME_SALTED:
		return value.length > scheme->raw_bytes;
	}
	return false;
}

/* Digests are binary: without an encoding's name, the length tells hex from base64. */
static decoder *guess_decoder(const struct scheme *scheme, struct span value)
{
	if (scheme->form == SCHEME_TEXT)
		return NULL;
	if (scheme->form == SCHEME_BINARY && value.length == 2 * scheme->raw_bytes)
		return encoding_from_hex;
	return encoding_from_base64;
}

static enum reason parse_value(struct credential *credential, struct span name,
			       decoder *decode_text)
{
	if (decode_text != NULL && !decode(credential, decode_text))
		return REASON_BAD_SECRET;
	credential->scheme = scheme_find(name, credential->value);
	if (credential->scheme == NULL)
		return REASON_BAD_SECRET;
	if (decode_text == NULL) {
		decode_text = guess_decoder(credential->scheme, credential->value);
		if (decode_text != NULL && !decode(credential, decode_text))
			return REASON_BAD_SECRET;
	}
	return has_form(credential->scheme, credential->value) ? REASON_OK : REASON_BAD_SECRET;
}

/* `stored` begins with a brace. */
static enum reason parse_scheme(struct credential *credential)
{
	struct span rest = span_from(credential->stored, 1), name, scheme_name;
	decoder *decode_text = NULL;

	if (!scan_until(&rest, '}', &name))
		return REASON_UNKNOWN_SCHEME;
	credential->value = rest;
	if (scan_until(&name, '.', &scheme_name)) {
		decode_text = find_decoder(name);
		if (decode_text == NULL)
			return REASON_UNKNOWN_SCHEME;
		name = scheme_name;
	}
	if (!scheme_exists(name))
		return REASON_UNKNOWN_SCHEME;
	return parse_value(credential, name, decode_text);
}

bool credential_is_hash(struct span text)
{
	static const char *const prefixes[] = { "$apr1$", "$argon2i$", "$argon2id$" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (span_begins(text, prefixes[i]))
			return true;
	}
	return crypthash_is_hash(text);
}

enum reason credential_parse(struct credential *credential, struct span stored)
{
	bool is_hash = credential_is_hash(stored);

	*credential = (struct credential){ .stored = stored, .value = stored };
	if (stored.length == 0)
		return REASON_EMPTY_SECRET;
	if (is_locked(stored))
		return REASON_LOCKED;
	if (span_is(stored, "x")) /* as in passwd(5) */
		return REASON_NO_SHADOW;
	if (is_hash_behind_blanks(stored))
		return REASON_BAD_SECRET;
	if (span_begins(stored, "{"))
		return parse_scheme(credential);
	if (!is_hash && looks_like_hash(stored))
		return REASON_UNKNOWN_SCHEME;
	return parse_value(credential, span_of(is_hash ? "CRYPT" : "PLAIN"), NULL);
}

struct span credential_of_crypt(struct span field, char buffer[CREDENTIAL_CRYPT_BYTES])
{
	static const char scheme[] = "{CRYPT}";
	size_t prefix = sizeof(scheme) - 1;

	if (field.length == 0 || span_begins(field, "{") || is_locked(field) || span_is(field, "x"))
		return field;
	if (field.length > CREDENTIAL_MAX_BYTES)
		field.length = CREDENTIAL_MAX_BYTES;
	memcpy(buffer, scheme, prefix);
	memcpy(buffer + prefix, field.at, field.length);
	return (struct span){ buffer, prefix + field.length };
}

/* Someone holds a copy of the store, or a plaintext password looks like a hash. */
static bool is_text_of(const struct credential *credential, struct span password)
{
	struct span text = credential->stored, name;

	return secret_equal(password, credential->stored) ||
	       (scan_literal(&text, "{") && scan_until(&text, '}', &name) &&
		secret_equal(password, text));
}

static enum reason verify_password(const struct credential *credential,
				   const struct request *request, struct text *why)
{
	const struct scheme_trial trial = { credential->value, request->password, request->login };

	switch (credential->scheme->verify(credential->scheme, &trial, why)) {
	case MATCH_YES:
		return REASON_OK;
	case MATCH_NO:
		break;
	case MATCH_DAMAGED:
		return REASON_BAD_SECRET;
	case MATCH_NO_MEMORY:
		return REASON_MEMORY;
	}
	if (credential->scheme->kind != SCHEME_CLEAR && is_text_of(credential, request->password))
		return REASON_HASH_TEXT;
	return REASON_MISMATCH;
}

/* Whether the password itself is stored. */
static bool find_clear(const struct credential *credential, struct span *clear)
{
	bool is_clear = credential->scheme->kind == SCHEME_CLEAR;

	*clear = is_clear ? credential->value : credential->clear;
	return is_clear || credential->clear.at != NULL;
}

/* Anyone can answer a challenge for an empty password (vpopmail 5.4.16). */
static enum reason find_context(const struct credential *credential, struct cram_context *context)
{
	struct cram_context of_empty;
	struct span clear;
	bool empty;

	if (find_clear(credential, &clear))
		cram_context_derive(context, clear);
	else if (credential->scheme->kind == SCHEME_ONE_WAY)
		return REASON_ONE_WAY;
	else
		memcpy(context->bytes, credential->value.at, sizeof(context->bytes));
	cram_context_derive(&of_empty, span_of(""));
	empty = secret_equal((struct span){ (const char *)context->bytes, sizeof(context->bytes) },
			     (struct span){ (const char *)of_empty.bytes, sizeof(of_empty.bytes) });
	return empty ? REASON_EMPTY_SECRET : REASON_OK;
}

static enum reason verify_digest(const struct credential *credential, const struct request *request,
				 const struct credential_rules *rules, enum mechanism *mechanism)
{
	struct cram_context context;
	enum reason reason;
	struct span clear;
	bool proved;

	if (!challenge_is_fresh(request->challenge, rules->now, rules->window))
		return REASON_STALE;
	reason = find_context(credential, &context);
	if (reason != REASON_OK)
		return reason;
	proved = cram_verify(&context, request->challenge, request->digest);
	secret_wipe(&context, sizeof(context));
	if (proved) {
		*mechanism = MECHANISM_CRAM_MD5;
		return REASON_OK;
	}
	if (rules->apop && request->digest_may_be_apop && find_clear(credential, &clear) &&
	    apop_verify(clear, request->challenge, request->digest)) {
		*mechanism = MECHANISM_APOP;
		return REASON_OK;
	}
	return REASON_MISMATCH;
}

/* The digest comes first: it costs little, and where it is right the password's hash is spared. */
enum reason credential_verify(const struct credential *credential, const struct request *request,
			      const struct credential_rules *rules, enum mechanism *mechanism,
			      struct text *why)
{
	enum reason digest = REASON_MISMATCH, password = REASON_MISMATCH;

	*mechanism = MECHANISM_NONE;
	if (request->challenge.at != NULL) {
		*mechanism = MECHANISM_CRAM_MD5;
		digest = verify_digest(credential, request, rules, mechanism);
		if (digest == REASON_OK)
			return REASON_OK;
	}
	if (request->password.at != NULL)
		password = verify_password(credential, request, why);
	/* Of two refusals that of the digest tells more, unless the password's has a cause. */
	if (password == REASON_MISMATCH && request->challenge.at != NULL)
		return digest;
	if (request->password.at != NULL)
		*mechanism = MECHANISM_PLAIN;
	return password;
}
