/*
 * store - what a checker's back end provides to the driver.
 *
 * A store answers who there is and what the stored secret is. It knows nothing of verdicts,
 * privileges, exec or exit codes.
 */
#ifndef COMMON_STORE_H
#define COMMON_STORE_H

#include "configuration.h"
#include "span.h"
#include "text.h"

enum store_lookup {
	STORE_TROUBLE = 0, /* `why` is set */
	STORE_ABSENT,
	STORE_FOUND,
};

struct store {
	const char *program;                  /* names the log's lines and the configuration file */
	const struct configuration_key *keys; /* of its own */

	/* Opens what may need privileges. False with `why` set. */
	bool (*open)(struct text *why);

	/* Looks `login` up. `secret` is good until the end; it is set when found. */
	enum store_lookup (*find)(struct span login, struct span *secret, struct text *why);

	/*
	 * Does what is left of the work of looking up an absent login, and returns the secret of
	 * some other user; empty if there is none. Trying it makes a refusal cost the same
	 * whether a login exists or not.
	 */
	struct span (*find_decoy)(void);

	/* What the operator should know of the store, or an empty text. */
	const char *(*complaint)(void);
};

#endif
