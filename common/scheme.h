/*
 * scheme - the table of {SCHEME}s a stored secret may be written in.
 *
 * Names, encodings and lengths are Dovecot's (doveadm pw -l). A new scheme is one row in
 * scheme.c.
 */
#ifndef COMMON_SCHEME_H
#define COMMON_SCHEME_H

#include "digest.h"
#include "match.h"
#include "span.h"
#include "text.h"

/* What the decoded value is, and so which mechanisms it can serve. */
enum scheme_kind {
	SCHEME_ONE_WAY = 0,  /* a hash: PLAIN and LOGIN */
	SCHEME_CRAM_CONTEXT, /* a cram_context: PLAIN, LOGIN, CRAM-MD5 */
	SCHEME_CLEAR,        /* the password: all, and APOP */
};

/* How the value is written where no encoding is named. */
enum scheme_form {
	SCHEME_TEXT = 0, /* as it is */
	SCHEME_BINARY,   /* raw_bytes long: hexadecimal if twice as long, else base64 */
	SCHEME_SALTED,   /* raw_bytes of digest and then a salt: base64 */
};

/* What is compared. No value of it is NUL-terminated but the password. */
struct scheme_trial {
	struct span value; /* decoded; may be anything */
	struct span password;
	struct span login;
};

struct scheme {
	const char *name;   /* without braces, upper case; several rows may share one */
	const char *prefix; /* with which the value must begin; of these rows the first that fits */
	enum scheme_kind kind;
	enum scheme_form form;
	size_t raw_bytes; /* of a binary value, without the salt */
	enum digest_method method;

	/* `why` explains MATCH_NO_MEMORY. */
	enum match (*verify)(const struct scheme *scheme, const struct scheme_trial *trial,
			     struct text *why);
};

/* Whether there is a scheme of that name, in any case. */
bool scheme_exists(struct span name);

/* The row for a name and a value; NULL if the value is of none of its forms. */
const struct scheme *scheme_find(struct span name, struct span value);

#endif
