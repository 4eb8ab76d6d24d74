/*
 * credential - a stored secret, and whether a request proves that its sender knows it.
 *
 * Forms: {SCHEME}value, {SCHEME.ENC}value with ENC = B64, BASE64 or HEX, a crypt(3) string, or
 * plaintext. What looks like a scheme or a hash and is none is refused, never taken for
 * plaintext: the text of a hash must not work as a password.
 */
#ifndef COMMON_CREDENTIAL_H
#define COMMON_CREDENTIAL_H

#include "reason.h"
#include "request.h"
#include "scheme.h"

#include <stdint.h>

#define CREDENTIAL_MAX_BYTES 4096 /* of a stored secret as it is written */

struct credential {
	const struct scheme *scheme;
	struct span stored; /* as it is written */
	struct span value;  /* decoded */
	struct span clear;  /* the password, where a store keeps it beside a hash; or .at is NULL */
};

struct credential_rules {
	bool apop;      /* APOP is switched on */
	int64_t now;    /* Unix time */
	int64_t window; /* seconds that a challenge is fresh; 0: for ever */
};

/*
 * Takes a stored secret apart. Returns REASON_OK, or REASON_EMPTY_SECRET, _LOCKED, _NO_SHADOW,
 * _UNKNOWN_SCHEME, _BAD_SECRET. The credential points into `stored` or into one static
 * buffer: it is good until the next call.
 */
enum reason credential_parse(struct credential *credential, struct span stored);

/* Whether it begins as a hash that {CRYPT} takes: one of crypt(3), apr1, Argon2. */
bool credential_is_hash(struct span text);

/* As vpopmail 5.6 makes it: for a store that has no other secret to try for an absent login. */
#define CREDENTIAL_DECOY                                                                           \
	"{CRYPT}$6$G0Vlb90eMrD7NLD7$cBXafpWHj.X/Cg90BujDSv56kj.0tXEds1MvacQW"                      \
	"I3kTvFLHUtiLUzfszDJkVUcAFwnp1Uj5mqFuhgofuLSHv."

#define CREDENTIAL_CRYPT_BYTES (sizeof("{CRYPT}") + CREDENTIAL_MAX_BYTES)

/*
 * For a store of crypt(3) hashes, where nothing without a {SCHEME} is a plaintext: `field` as a
 * secret for credential_parse, with {CRYPT} before it in `buffer` where it needs that.
 */
struct span credential_of_crypt(struct span field, char buffer[CREDENTIAL_CRYPT_BYTES]);

/*
 * Tries what `request` offers. Returns REASON_OK and the mechanism that proved it, or why
 * not: REASON_MISMATCH, _STALE, _ONE_WAY, _HASH_TEXT, _EMPTY_SECRET, _BAD_SECRET, or
 * REASON_MEMORY with `why` set.
 */
enum reason credential_verify(const struct credential *credential, const struct request *request,
			      const struct credential_rules *rules, enum mechanism *mechanism,
			      struct text *why);

#endif
