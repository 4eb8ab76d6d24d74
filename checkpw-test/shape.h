/*
 * shape - what the mail servers that are known write to descriptor 3, and what they put into the
 * environment.
 *
 * Pure. A new caller is a row of the table in shape.c.
 */
#ifndef CHECKPW_TEST_SHAPE_H
#define CHECKPW_TEST_SHAPE_H

#include "span.h"

#include <stdint.h>

#define SHAPE_MESSAGE_BYTES 1024 /* more than the protocol allows, to see what happens then */
#define SHAPE_CHALLENGE_BYTES 128

enum shape_mechanism {
	SHAPE_PLAIN = 0,
	SHAPE_LOGIN,
	SHAPE_CRAM_MD5,
	SHAPE_APOP,
	SHAPE_LOOKUP,
	SHAPE_MECHANISMS
};

extern const char *const shape_mechanism_words[SHAPE_MECHANISMS + 1]; /* ends with NULL */

struct shape {
	const char *id, *caller;

	/*
	 * What is written for each mechanism, NULL where the caller has not got it: U login,
	 * P password, C challenge, D digest, A digest of APOP, Y a constant, 0 NUL, 1 to 3 that
	 * byte.
	 */
	const char *strings[SHAPE_MECHANISMS];
	const char *variables[4]; /* NAME=VALUE, with % for the mechanism */
};

/* The shapes in their order; NULL behind the last one. */
const struct shape *shape_at(size_t index);

/* The shape of that id, in any case, or NULL. */
const struct shape *shape_find(const char *id);

enum shape_order { SHAPE_ORDER_USUAL = 0, SHAPE_ORDER_OLD, SHAPE_ORDER_NEW };

struct shape_secrets {
	struct span login, password;
	struct span challenge;
};

/*
 * Writes the message of `shape` for `mechanism` to `out`, with the strings of CRAM-MD5 in the
 * given order: SHAPE_MESSAGE_BYTES at most. Returns its length, 0 if it does not fit or the shape
 * has no such mechanism. It holds a secret.
 */
size_t shape_compose(const struct shape *shape, enum shape_mechanism mechanism,
		     enum shape_order order, const struct shape_secrets *secrets, char *out);

#endif
