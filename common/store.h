/*
 * store - what a checker's back end provides to the driver.
 *
 * A store answers who there is and what the stored secret is. It knows nothing of exec
 * and exit codes.
 */
#ifndef COMMON_STORE_H
#define COMMON_STORE_H

#include "account.h"
#include "configuration.h"
#include "reason.h"
#include "span.h"
#include "text.h"

enum store_lookup {
	STORE_TROUBLE = 0, /* `why` is set */
	STORE_ABSENT,
	STORE_FOUND,
};

/* How long a set-id bit's privileges are needed. */
enum store_privilege {
	STORE_NEEDS_OPEN = 0, /* to open the store; given up before a stranger's bytes are read */
	STORE_NEEDS_FIND,     /* to look the login up; given up before the password is tried */
	STORE_BECOMES,        /* to become the account in the end */
};

struct store {
	const char *program;                  /* names the log's lines and the configuration file */
	const struct configuration_key *keys; /* of its own */
	bool configuration_is_secret;         /* its file must exist, hidden from others */

	/* Opens what may need privileges. False with `why` set. */
	bool (*open)(struct text *why);

	/* Looks `login` up. `secret` is set when found, and good until find_decoy is called. */
	enum store_lookup (*find)(struct span login, struct span *secret, struct text *why);

	/*
	 * Does what is left of the work of looking up an absent login, and returns the secret of
	 * some other user; empty if there is none. Trying it makes a refusal cost the same
	 * whether a login exists or not.
	 */
	struct span (*find_decoy)(void);

	/*
	 * The plaintext that is kept beside the secret returned last by find or find_decoy; .at is
	 * NULL if there is none. NULL stands for a store without any.
	 */
	struct span (*clear)(void);

	/* NULL stands for STORE_NEEDS_OPEN. */
	enum store_privilege (*privilege)(const struct configuration *configuration,
					  const struct caller *caller);

	/*
	 * The rules for the account that was found, asked after its password was right.
	 * REASON_OK, or why it must not log in. NULL stands for no rules.
	 */
	enum reason (*examine)(const struct configuration *configuration,
			       const struct caller *caller, struct text *why);

	/*
	 * The account whose home and environment the subprogram gets, and which is become first
	 * with STORE_BECOMES, or which Dovecot is told of; whether / will do for a home. NULL for
	 * none.
	 */
	const struct account *(*account)(bool *root_will_do);

	/*
	 * What is to be done for a login that is accepted, with the rights that the subprogram
	 * gets and before the home is entered. False with `why` set. NULL for nothing.
	 */
	bool (*accepted)(const struct caller *caller, struct text *why);

	/* Ends what the store still has open, whatever the verdict. NULL for nothing. */
	void (*close)(void);

	/* What the operator should know of the store, or an empty text. NULL stands for that. */
	const char *(*complaint)(void);
};

#endif
