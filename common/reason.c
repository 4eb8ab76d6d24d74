#include "reason.h"

#include <stddef.h>

static const struct {
	const char *word;
	enum outcome outcome;
} reasons[REASON_COUNT] = {
	[REASON_INTERNAL] = { "internal", OUTCOME_TEMPORARY },
	[REASON_CONFIGURATION] = { "configuration", OUTCOME_TEMPORARY },
	[REASON_STORE] = { "store", OUTCOME_TEMPORARY },
	[REASON_PRIVILEGES] = { "privileges", OUTCOME_TEMPORARY },
	[REASON_LIMITS] = { "limits", OUTCOME_TEMPORARY },
	[REASON_MEMORY] = { "memory", OUTCOME_TEMPORARY },
	[REASON_HANDSHAKE] = { "handshake", OUTCOME_TEMPORARY },
	[REASON_DEADLINE] = { "deadline", OUTCOME_TEMPORARY },
	[REASON_NOLOGIN] = { "nologin", OUTCOME_TEMPORARY },
	[REASON_HOME] = { "home", OUTCOME_TEMPORARY },
	[REASON_EXEC] = { "exec", OUTCOME_TEMPORARY },
	[REASON_LINK] = { "link", OUTCOME_TEMPORARY },
	[REASON_USAGE] = { "usage", OUTCOME_MISUSE },
	[REASON_DESCRIPTOR] = { "descriptor", OUTCOME_MISUSE },
	[REASON_MALFORMED] = { "malformed", OUTCOME_MISUSE },
	[REASON_OVERSIZE] = { "oversize", OUTCOME_REFUSED },
	[REASON_EMPTY] = { "empty", OUTCOME_REFUSED },
	[REASON_METHOD] = { "method", OUTCOME_REFUSED },
	[REASON_MISMATCH] = { "mismatch", OUTCOME_REFUSED },
	[REASON_UNKNOWN_LOGIN] = { "unknown-login", OUTCOME_REFUSED },
	[REASON_STALE] = { "stale", OUTCOME_REFUSED },
	[REASON_ONE_WAY] = { "one-way", OUTCOME_REFUSED },
	[REASON_HASH_TEXT] = { "hash-text", OUTCOME_REFUSED },
	[REASON_LOCKED] = { "locked", OUTCOME_REFUSED },
	[REASON_EMPTY_SECRET] = { "empty-secret", OUTCOME_REFUSED },
	[REASON_UNKNOWN_SCHEME] = { "unknown-scheme", OUTCOME_REFUSED },
	[REASON_BAD_SECRET] = { "bad-secret", OUTCOME_REFUSED },
	[REASON_NO_SHADOW] = { "no-shadow", OUTCOME_REFUSED },
	[REASON_ACCOUNT_EXPIRED] = { "account-expired", OUTCOME_REFUSED },
	[REASON_PASSWORD_EXPIRED] = { "password-expired", OUTCOME_REFUSED },
	[REASON_CHANGE_DUE] = { "change-due", OUTCOME_REFUSED },
	[REASON_SHELL] = { "shell", OUTCOME_REFUSED },
	[REASON_MIN_UID] = { "min-uid", OUTCOME_REFUSED },
	[REASON_NOT_ALLOWED] = { "not-allowed", OUTCOME_REFUSED },
	[REASON_NO_SMTP] = { "no-smtp", OUTCOME_REFUSED },
	[REASON_NO_POP3] = { "no-pop3", OUTCOME_REFUSED },
	[REASON_NO_IMAP] = { "no-imap", OUTCOME_REFUSED },
	[REASON_NO_WEBMAIL] = { "no-webmail", OUTCOME_REFUSED },
	[REASON_REFUSED] = { "refused", OUTCOME_REFUSED },
	[REASON_OK] = { "ok", OUTCOME_ACCEPTED },
};

static const char *const advice[REASON_COUNT] = {
	[REASON_USAGE] = "no subprogram given",
	[REASON_DESCRIPTOR] = "descriptor 3 is not open for reading: this is run by a mail server",
	[REASON_MALFORMED] =
		"descriptor 3 held fewer than two strings: the caller does not speak the protocol",
	[REASON_STALE] = "the challenge is too old or has no time: a replay, a wrong clock, or "
			 "a server for which challenge-window must be set",
	[REASON_ONE_WAY] = "a hash is stored, which cannot answer a challenge: store {CRAM-MD5} to "
			   "serve CRAM-MD5",
	[REASON_HASH_TEXT] = "the password is the text of the stored hash: somebody read the "
			     "store, or it is a plaintext that needs {PLAIN} before it",
	[REASON_NO_SHADOW] = "x stands for a hash in shadow(5), and there is none",
	[REASON_CHANGE_DUE] = "the password must be changed before it can be used",
	[REASON_EMPTY_SECRET] = "the stored secret is empty",
	[REASON_UNKNOWN_SCHEME] = "the stored secret begins like a {SCHEME} or a $hash$ but is "
				  "none that is known: before a plaintext write {PLAIN}",
	[REASON_BAD_SECRET] = "the stored secret is not what its {SCHEME} or $hash$ says: cut, "
			      "damaged or mistyped",
};

const char *reason_word(enum reason reason)
{
	return reasons[reason].word;
}

const char *reason_advice(enum reason reason)
{
	return advice[reason] != NULL ? advice[reason] : "";
}

enum outcome reason_outcome(enum reason reason)
{
	return reasons[reason].outcome;
}

int reason_exit_code(enum reason reason)
{
	switch (reason_outcome(reason)) {
	case OUTCOME_REFUSED:
		return 1;
	case OUTCOME_MISUSE:
		return 2;
	case OUTCOME_TEMPORARY:
	case OUTCOME_ACCEPTED: /* that the subprogram could not be run is said elsewhere */
		break;
	}
	return 111;
}
