#include "make.h"

#include "cram.h"
#include "credential.h"
#include "digest.h"
#include "encode.h"
#include "hmac.h"
#include "secret.h"

#include <argon2.h>
#include <crypt.h>
#include <err.h>
#include <stdio.h>
#include <strings.h>
#include <sys/random.h>

#define SALT_BYTES 16
#define ARGON_KIBIBYTES 32768
#define ARGON_PASSES 3
#define ARGON_HASH_BYTES 32
#define PBKDF2_ITERATIONS 100000
#define SCRAM_ITERATIONS 32768
#define UNKNOWN ": no scheme that can be made; poppasswd(8) lists them"
#define BCRYPT_COST 10
#define VALUE_BYTES 1024

/* How a value is written where no encoding is named. */
enum form { FORM_TEXT = 0, FORM_HEX, FORM_BASE64 };

struct maker {
	const char *name;
	const char *written; /* between the braces; NULL: the name */
	enum form form;
	enum digest_method method;
	bool (*make)(const struct maker *maker, struct span login, struct span password);
	const char *prefix; /* of crypt(3) */
	unsigned long cost; /* of crypt(3); 0: libcrypt's default */
	size_t longest;     /* bytes of a password that count; 0: all */
};

/* The value that is made, before it is encoded, and the text that is handed out. */
static char value[VALUE_BYTES];
static size_t value_length;
static char made[CREDENTIAL_MAX_BYTES];
static struct secret_region value_region = { .base = value, .size = sizeof(value) };
static struct secret_region made_region = { .base = made, .size = sizeof(made) };

static struct crypt_data work;
static struct secret_region work_region = { .base = &work, .size = sizeof(work) };

static bool random_bytes(void *out, size_t size)
{
	return getrandom(out, size, 0) == (ssize_t)size;
}

static void set_value(const void *bytes, size_t size)
{
	memcpy(value, bytes, size);
	value_length = size;
}

static bool make_clear(const struct maker *maker, struct span login, struct span password)
{
	(void)maker;
	(void)login;
	if (password.length > sizeof(value))
		return false;
	set_value(password.at, password.length);
	return true;
}

static bool make_context(const struct maker *maker, struct span login, struct span password)
{
	struct cram_context context;

	(void)maker;
	(void)login;
	cram_context_derive(&context, password);
	set_value(context.bytes, sizeof(context.bytes));
	secret_wipe(&context, sizeof(context));
	return true;
}

static bool make_crypt(const struct maker *maker, struct span login, struct span password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	(void)login;
	secret_register(&work_region);
	work_region.dirty = sizeof(work);
	if (crypt_gensalt_rn(maker->prefix, maker->cost, NULL, 0, setting, sizeof(setting)) == NULL)
		return false;
	hash = crypt_rn(password.at, setting, &work, sizeof(work));
	if (hash == NULL || strlen(hash) > sizeof(value))
		return false;
	set_value(hash, strlen(hash));
	return true;
}

static bool make_argon(const struct maker *maker, struct span login, struct span password)
{
	uint8_t salt[SALT_BYTES];
	argon2_type type = strcmp(maker->name, "ARGON2I") == 0 ? Argon2_i : Argon2_id;

	(void)login;
	if (!random_bytes(salt, sizeof(salt)) ||
	    argon2_hash(ARGON_PASSES, ARGON_KIBIBYTES, 1, password.at, password.length, salt,
			sizeof(salt), NULL, ARGON_HASH_BYTES, value, sizeof(value), type,
			ARGON2_VERSION_13) != ARGON2_OK)
		return false;
	value_length = strlen(value);
	return true;
}

static bool make_digest(const struct maker *maker, struct span login, struct span password)
{
	(void)login;
	digest_of(maker->method, password, span_of(""), (uint8_t *)value);
	value_length = digest_bytes(maker->method);
	return true;
}

static bool make_salted(const struct maker *maker, struct span login, struct span password)
{
	size_t size = digest_bytes(maker->method);
	struct span salt = { value + size, SALT_BYTES };

	(void)login;
	if (!random_bytes(value + size, SALT_BYTES))
		return false;
	digest_of(maker->method, password, salt, (uint8_t *)value);
	value_length = size + SALT_BYTES;
	return true;
}

/* RFC 2831: MD5 of user:realm:password; the realm is what follows the last @ of the login. */
static bool make_digest_md5(const struct maker *maker, struct span login, struct span password)
{
	const char *at = login.length != 0 ? memrchr(login.at, '@', login.length) : NULL;
	struct span user = login, realm = span_of("");
	struct digest digest;

	if (at != NULL) {
		user.length = (size_t)(at - user.at);
		realm = span_from(login, user.length + 1);
	}
	digest_begin(&digest, maker->method);
	digest_add(&digest, user);
	digest_add(&digest, span_of(":"));
	digest_add(&digest, realm);
	digest_add(&digest, span_of(":"));
	digest_add(&digest, password);
	digest_end(&digest, (uint8_t *)value);
	value_length = digest_bytes(maker->method);
	return true;
}

/* A salt in hexadecimal: Dovecot takes it as text. */
static bool make_pbkdf2(const struct maker *maker, struct span login, struct span password)
{
	char salt[SALT_BYTES], text[2 * SALT_BYTES], hex[2 * DIGEST_MAX_BYTES];
	uint8_t key[DIGEST_MAX_BYTES];
	size_t text_length, hex_length;

	(void)login;
	if (!random_bytes(salt, sizeof(salt)) ||
	    !encode_hex((struct span){ salt, sizeof(salt) }, text, sizeof(text), &text_length))
		return false;
	pbkdf2(maker->method, password, (struct span){ text, text_length }, PBKDF2_ITERATIONS, key);
	(void)encode_hex((struct span){ (char *)key, digest_bytes(maker->method) }, hex,
			 sizeof(hex), &hex_length);
	value_length = (size_t)snprintf(value, sizeof(value), "$1$%.*s$%d$%.*s", (int)text_length,
					text, PBKDF2_ITERATIONS, (int)hex_length, hex);
	secret_wipe(key, sizeof(key));
	secret_wipe(hex, sizeof(hex));
	return true;
}

/* RFC 5802: StoredKey = H(HMAC(salted, "Client Key")), ServerKey = HMAC(salted, "Server Key"). */
static bool make_scram(const struct maker *maker, struct span login, struct span password)
{
	size_t size = digest_bytes(maker->method), length;
	uint8_t salted[DIGEST_MAX_BYTES], key[DIGEST_MAX_BYTES];
	struct span salted_span = { (char *)salted, size }, key_span = { (char *)key, size };
	char salt[SALT_BYTES];
	int head;

	(void)login;
	if (!random_bytes(salt, sizeof(salt)))
		return false;
	head = snprintf(value, sizeof(value), "%d,", SCRAM_ITERATIONS);
	value_length = (size_t)head;
	(void)encode_base64((struct span){ salt, sizeof(salt) }, value + value_length,
			    sizeof(value) - value_length, &length);
	value_length += length;
	pbkdf2(maker->method, password, (struct span){ salt, sizeof(salt) }, SCRAM_ITERATIONS,
	       salted);
	hmac(maker->method, salted_span, span_of("Client Key"), key);
	digest_of(maker->method, key_span, span_of(""), key);
	for (int i = 0; i < 2; i++) {
		value[value_length++] = ',';
		(void)encode_base64(key_span, value + value_length, sizeof(value) - value_length,
				    &length);
		value_length += length;
		hmac(maker->method, salted_span, span_of("Server Key"), key);
	}
	secret_wipe(salted, sizeof(salted));
	secret_wipe(key, sizeof(key));
	return true;
}

#define CRYPT(prefix, cost, longest) FORM_TEXT, DIGEST_NONE, make_crypt, prefix, cost, longest
#define DIGEST(form, method) form, method, make_digest, NULL, 0, 0
#define SALTED(method) FORM_BASE64, method, make_salted, NULL, 0, 0
#define OTHER(form, make, method) form, method, make, NULL, 0, 0

static const struct maker makers[] = {
	{ "CRAM-MD5", NULL, OTHER(FORM_HEX, make_context, DIGEST_MD5) },
	{ "HMAC-MD5", NULL, OTHER(FORM_HEX, make_context, DIGEST_MD5) },
	{ "PLAIN", NULL, OTHER(FORM_TEXT, make_clear, DIGEST_NONE) },
	{ "CLEAR", NULL, OTHER(FORM_TEXT, make_clear, DIGEST_NONE) },
	{ "CLEARTEXT", NULL, OTHER(FORM_TEXT, make_clear, DIGEST_NONE) },
	{ "ARGON2ID", NULL, OTHER(FORM_TEXT, make_argon, DIGEST_NONE) },
	{ "ARGON2I", NULL, OTHER(FORM_TEXT, make_argon, DIGEST_NONE) },
	{ "YESCRYPT", "CRYPT", CRYPT("$y$", 0, 0) },
	{ "CRYPT", "CRYPT", CRYPT("$y$", 0, 0) },
	{ "GOST-YESCRYPT", "CRYPT", CRYPT("$gy$", 0, 0) },
	{ "SCRYPT", "CRYPT", CRYPT("$7$", 0, 0) },
	{ "BLF-CRYPT", NULL, CRYPT("$2y$", BCRYPT_COST, 72) },
	{ "SHA512-CRYPT", NULL, CRYPT("$6$", 0, 0) },
	{ "SHA256-CRYPT", NULL, CRYPT("$5$", 0, 0) },
	{ "SCRAM-SHA-256", NULL, OTHER(FORM_TEXT, make_scram, DIGEST_SHA256) },
	{ "SCRAM-SHA-1", NULL, OTHER(FORM_TEXT, make_scram, DIGEST_SHA1) },
	{ "PBKDF2", NULL, OTHER(FORM_TEXT, make_pbkdf2, DIGEST_SHA1) },
	{ "SSHA512", NULL, SALTED(DIGEST_SHA512) },
	{ "SSHA256", NULL, SALTED(DIGEST_SHA256) },
	{ "SSHA", NULL, SALTED(DIGEST_SHA1) },
	{ "SMD5", NULL, SALTED(DIGEST_MD5) },
	{ "MD5-CRYPT", NULL, CRYPT("$1$", 0, 0) },
	{ "MD5", NULL, CRYPT("$1$", 0, 0) },
	{ "DES-CRYPT", NULL, CRYPT("", 0, 8) },
	{ "SHA512", NULL, DIGEST(FORM_BASE64, DIGEST_SHA512) },
	{ "SHA256", NULL, DIGEST(FORM_BASE64, DIGEST_SHA256) },
	{ "SHA", NULL, DIGEST(FORM_BASE64, DIGEST_SHA1) },
	{ "SHA1", NULL, DIGEST(FORM_BASE64, DIGEST_SHA1) },
	{ "PLAIN-MD5", NULL, DIGEST(FORM_HEX, DIGEST_MD5) },
	{ "LDAP-MD5", NULL, DIGEST(FORM_BASE64, DIGEST_MD5) },
	{ "PLAIN-MD4", NULL, DIGEST(FORM_HEX, DIGEST_MD4) },
	{ "DIGEST-MD5", NULL, OTHER(FORM_HEX, make_digest_md5, DIGEST_MD5) },
};

#define MAKERS (sizeof(makers) / sizeof(makers[0]))

static const struct {
	const char *name;
	enum form form;
} encodings[] = { { "B64", FORM_BASE64 }, { "BASE64", FORM_BASE64 }, { "HEX", FORM_HEX } };

/* SCHEME or SCHEME.ENC; `encoding` is NULL if none is named. */
static const struct maker *find_maker(const char *scheme, const char **encoding, enum form *form)
{
	const char *dot;
	size_t length;
	bool known;

	if (scheme == NULL)
		scheme = MAKE_DEFAULT_SCHEME;
	dot = strchr(scheme, '.');
	length = dot != NULL ? (size_t)(dot - scheme) : strlen(scheme);
	known = dot == NULL;
	*encoding = NULL;
	for (size_t i = 0; !known && i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		known = strcasecmp(dot + 1, encodings[i].name) == 0;
		if (known) {
			*encoding = encodings[i].name;
			*form = encodings[i].form;
		}
	}
	for (size_t i = 0; known && i < MAKERS; i++) {
		if (strlen(makers[i].name) == length &&
		    strncasecmp(makers[i].name, scheme, length) == 0)
			return &makers[i];
	}
	return NULL;
}

/* What would end the secret or the line. */
static bool needs_encoding(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (strchr(":\r\n", text.at[i]) != NULL)
			return true;
	}
	return false;
}

static bool write_out(const struct maker *maker, const char *encoding, enum form form,
		      struct span *secret)
{
	struct span bytes = { value, value_length };
	size_t length = 0;
	int head;

	if (encoding == NULL)
		form = maker->form;
	if (encoding == NULL && form == FORM_TEXT && needs_encoding(bytes)) {
		encoding = "B64";
		form = FORM_BASE64;
	}
	head = snprintf(made, sizeof(made), "{%s%s%s}",
			maker->written != NULL ? maker->written : maker->name,
			encoding != NULL ? "." : "", encoding != NULL ? encoding : "");
	if (head < 0)
		return false;
	if (form == FORM_TEXT) {
		memcpy(made + head, value, value_length);
		length = value_length;
	} else if (!(form == FORM_HEX ? encode_hex : encode_base64)(
			   bytes, made + head, sizeof(made) - (size_t)head, &length)) {
		return false;
	}
	*secret = (struct span){ made, (size_t)head + length };
	return true;
}

/* Whether a checker will accept the password against what was made. */
static bool is_proved(struct span secret, struct span login, struct span password, struct text *why)
{
	struct scheme_trial trial = { .password = password, .login = login };
	struct credential credential;

	if (credential_parse(&credential, secret) != REASON_OK)
		return false;
	trial.value = credential.value;
	return credential.scheme->verify(credential.scheme, &trial, why) == MATCH_YES;
}

enum make_result make_secret(const char *scheme, struct span login, struct span password,
			     struct span *secret, struct text *why)
{
	enum form form = FORM_TEXT;
	const struct maker *maker;
	const char *encoding;

	*secret = (struct span){ made, 0 };
	maker = find_maker(scheme, &encoding, &form);
	if (maker == NULL) {
		text_join(why, scheme, UNKNOWN);
		return MAKE_UNKNOWN;
	}
	if (maker->longest != 0 && password.length > maker->longest) {
		text_join(why, maker->name, " counts only the first ");
		text_add_number(why, (long long)maker->longest);
		text_add(why, " bytes of a password, and this one is longer");
		return MAKE_REFUSED;
	}
	secret_register(&value_region);
	secret_register(&made_region);
	value_region.dirty = sizeof(value);
	made_region.dirty = sizeof(made);
	text_join(why, maker->name, ": it could not be made: too little memory?");
	if (maker->make(maker, login, password) && write_out(maker, encoding, form, secret) &&
	    is_proved(*secret, login, password, why)) {
		text_clear(why);
		return MAKE_DONE;
	}
	secret->length = 0;
	return MAKE_FAILED;
}

enum ending make_check(const struct options *options)
{
	const char *encoding;
	enum form form;

	if (find_maker(options->scheme, &encoding, &form) != NULL)
		return ENDING_DONE;
	warnx("%s" UNKNOWN, options->scheme);
	return ENDING_USAGE;
}

enum ending make_for(const struct options *options, struct span login, struct span password,
		     struct span *secret)
{
	static const enum ending endings[] = {
		[MAKE_FAILED] = ENDING_TROUBLE,
		[MAKE_UNKNOWN] = ENDING_USAGE,
		[MAKE_REFUSED] = ENDING_NO,
		[MAKE_DONE] = ENDING_DONE,
	};
	struct text why;
	enum make_result result = make_secret(options->scheme, login, password, secret, &why);

	if (result != MAKE_DONE)
		warnx("%s", why.bytes);
	return endings[result];
}
