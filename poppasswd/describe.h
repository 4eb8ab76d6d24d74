/*
 * describe - what a stored secret is, without its value.
 *
 * Pure.
 */
#ifndef POPPASSWD_DESCRIBE_H
#define POPPASSWD_DESCRIBE_H

#include "reason.h"
#include "text.h"

struct description {
	enum reason reason; /* REASON_OK if it can be used; behind a lock, if it were taken away */
	bool locked;
	const char *scheme;     /* its name, "-" where there is none */
	bool plain, cram, apop; /* the mechanisms that it can serve */
	bool clear;             /* the password itself is stored */
	bool marked;            /* with {SCHEME} */
	bool weak;              /* a hash that is guessed quickly */
};

struct description describe(struct span secret);

/* One word for the state: ok, locked, empty, no-shadow, unknown-scheme or damaged. */
const char *describe_state(const struct description *description);

/* "PLAIN CRAM-MD5 APOP" or less, with that between them; "-" for none. */
void describe_mechanisms(const struct description *description, const char *between,
			 struct text *text);

/* The secret without what locks it; empty if nothing is left that can be used. */
struct span describe_unlocked(struct span secret);

#endif
