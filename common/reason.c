#include "reason.h"

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
	[REASON_EXEC] = { "exec", OUTCOME_TEMPORARY },
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
	[REASON_OK] = { "ok", OUTCOME_ACCEPTED },
};

const char *reason_word(enum reason reason)
{
	return reasons[reason].word;
}

enum outcome reason_outcome(enum reason reason)
{
	return reasons[reason].outcome;
}
