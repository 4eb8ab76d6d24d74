/*
 * scheme - the table of {SCHEME}s a stored secret may be written in.
 *
 * Names, encodings and lengths are Dovecot's (doveadm pw -l). A new scheme is one row in
 * scheme.c.
 */
#ifndef COMMON_SCHEME_H
#define COMMON_SCHEME_H

#include "match.h"
#include "span.h"
#include "text.h"

/* What the decoded value is, and so which mechanisms it can serve. */
enum scheme_kind {
	SCHEME_ONE_WAY = 0,  /* a hash: PLAIN and LOGIN */
	SCHEME_CRAM_CONTEXT, /* a cram_context: PLAIN, LOGIN, CRAM-MD5 */
	SCHEME_CLEAR,        /* the password: all, and APOP */
};

struct scheme {
	const char *name; /* without braces, upper case */
	enum scheme_kind kind;
	size_t raw_bytes;   /* length of the decoded value; 0: the value is text */
	const char *prefix; /* with which the text must begin; "" for any */

	/* `value` is decoded. `why` explains MATCH_NO_MEMORY. Values may come from a stranger. */
	enum match (*verify)(struct span value, struct span password, struct text *why);
};

extern const struct scheme scheme_plain; /* a stored secret without a {SCHEME} */
extern const struct scheme scheme_crypt; /* a crypt(3) string without a {SCHEME} */

/* By name in any case; NULL if there is none. */
const struct scheme *scheme_find(struct span name);

#endif
