/*
 * reason - the one word for how an attempt ended, and the exit code that follows from it.
 *
 * Every step of the driver answers with a reason. REASON_OK is made on purpose by a step
 * that has no objection; zero, which a forgotten assignment leaves, is a temporary failure.
 */
#ifndef COMMON_REASON_H
#define COMMON_REASON_H

enum reason {
	REASON_INTERNAL = 0,

	/* 111: temporary, or an installation that needs the operator */
	REASON_CONFIGURATION,
	REASON_STORE,
	REASON_PRIVILEGES,
	REASON_LIMITS,
	REASON_MEMORY,
	REASON_HANDSHAKE,
	REASON_DEADLINE,
	REASON_NOLOGIN,
	REASON_HOME,
	REASON_EXEC,
	REASON_LINK,

	/* 2: the caller does not speak the protocol */
	REASON_USAGE,
	REASON_DESCRIPTOR,
	REASON_MALFORMED,

	/* 1: refused */
	REASON_OVERSIZE,
	REASON_EMPTY,
	REASON_METHOD,
	REASON_MISMATCH,
	REASON_UNKNOWN_LOGIN,
	REASON_STALE,
	REASON_ONE_WAY,
	REASON_HASH_TEXT,
	REASON_LOCKED,
	REASON_EMPTY_SECRET,
	REASON_UNKNOWN_SCHEME,
	REASON_BAD_SECRET,
	REASON_NO_SHADOW,
	REASON_ACCOUNT_EXPIRED,
	REASON_PASSWORD_EXPIRED,
	REASON_CHANGE_DUE,
	REASON_SHELL,
	REASON_MIN_UID,
	REASON_NOT_ALLOWED,
	REASON_NO_SMTP,
	REASON_NO_POP3,
	REASON_NO_IMAP,
	REASON_NO_WEBMAIL,
	REASON_REFUSED,

	REASON_OK,
	REASON_COUNT
};

/* How the log begins a line, and what the caller is told. */
enum outcome {
	OUTCOME_TEMPORARY = 0, /* exit 111 */
	OUTCOME_MISUSE,        /* exit 2 */
	OUTCOME_REFUSED,       /* exit 1 */
	OUTCOME_ACCEPTED,      /* exec */
};

const char *reason_word(enum reason reason);

/* What the operator should know or do where the word does not tell; "" where it does. */
const char *reason_advice(enum reason reason);

enum outcome reason_outcome(enum reason reason);

/* 1, 2 or 111. An accepted login has none: the subprogram runs, or 111 says that it could not. */
int reason_exit_code(enum reason reason);

#endif
