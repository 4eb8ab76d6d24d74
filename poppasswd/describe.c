#include "describe.h"

#include "credential.h"

/* The methods of crypt(3) and what is written like them, by the names of Dovecot where it has one.
 */
static const struct {
	const char *prefix, *name;
	bool weak;
} methods[] = {
	{ "$argon2id$", "ARGON2ID", false },
	{ "$argon2i$", "ARGON2I", false },
	{ "$y$", "YESCRYPT", false },
	{ "$gy$", "GOST-YESCRYPT", false },
	{ "$7$", "SCRYPT", false },
	{ "$2", "BLF-CRYPT", false },
	{ "$6$", "SHA512-CRYPT", false },
	{ "$5$", "SHA256-CRYPT", false },
	{ "$sha1$", "SHA1-CRYPT", true },
	{ "$md5", "SUNMD5", true },
	{ "$1$", "MD5-CRYPT", true },
	{ "$apr1$", "APR1", true },
	{ "$3$", "NT", true },
	{ "_", "BSDI-CRYPT", true },
	{ "", "DES-CRYPT", true },
};

/* Of the other schemes those whose guessing is slowed down by rounds. */
static const char *const slow[] = { "PBKDF2", "SCRAM-SHA-1", "SCRAM-SHA-256" };

static void describe_method(struct span hash, struct description *description)
{
	size_t i = 0;

	while (!span_begins(hash, methods[i].prefix))
		i++;
	description->scheme = methods[i].name;
	description->weak = methods[i].weak;
}

static void describe_hash(const struct credential *credential, struct description *description)
{
	const char *name = credential->scheme->name;

	description->weak = true;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		if (strcmp(name, slow[i]) == 0)
			description->weak = false;
	}
	/* {CRYPT} is any method, and {MD5} may be one; the names of the others say which. */
	if (credential->scheme->form == SCHEME_TEXT && description->weak &&
	    strcmp(name, "PLAIN-TRUNC") != 0)
		describe_method(credential->value, description);
}

struct span describe_unlocked(struct span secret)
{
	while (span_begins(secret, "!"))
		secret = span_from(secret, 1);
	if (span_begins(secret, "*") || span_is(secret, "x"))
		secret.length = 0;
	return secret;
}

static bool is_locked(struct span secret)
{
	return span_begins(secret, "!") || span_begins(secret, "*");
}

struct description describe(struct span secret)
{
	struct description description = { .scheme = "-", .locked = is_locked(secret) };
	struct credential credential;

	if (description.locked)
		secret = describe_unlocked(secret);
	description.marked = span_begins(secret, "{");
	description.reason = credential_parse(&credential, secret);
	if (description.reason != REASON_OK)
		return description;
	description.scheme = credential.scheme->name;
	description.clear = credential.scheme->kind == SCHEME_CLEAR;
	if (description.clear && credential.value.length == 0) {
		description.reason = REASON_EMPTY_SECRET;
		return description;
	}
	description.plain = true;
	description.cram = credential.scheme->kind != SCHEME_ONE_WAY;
	description.apop = description.clear;
	if (credential.scheme->kind == SCHEME_ONE_WAY)
		describe_hash(&credential, &description);
	return description;
}

const char *describe_state(const struct description *description)
{
	if (description->locked)
		return "locked";
	switch (description->reason) {
	case REASON_OK:
		return "ok";
	case REASON_EMPTY_SECRET:
		return "empty";
	case REASON_NO_SHADOW:
		return "no-shadow";
	case REASON_UNKNOWN_SCHEME:
		return "unknown-scheme";
	default:
		return "damaged";
	}
}

void describe_mechanisms(const struct description *description, const char *between,
			 struct text *text)
{
	text_join(text, description->plain ? "PLAIN" : "-");
	if (description->cram)
		text_add(text, between);
	if (description->cram)
		text_add(text, "CRAM-MD5");
	if (description->apop)
		text_add(text, between);
	if (description->apop)
		text_add(text, "APOP");
}
