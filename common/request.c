#include "request.h"

#include "challenge.h"
#include "scan.h"

/* The message taken apart: up to three strings and what follows the third NUL. */
struct parts {
	struct span first, second, third;
	struct span tail;
	bool has_second; /* two NULs or more */
	bool has_third;  /* three NULs or more */
};

/* What can be true of a message. */
enum fact {
	OVERSIZE = 1 << 0,          /* more than REQUEST_MAX_BYTES */
	ONE_STRING = 1 << 1,        /* fewer than two NULs */
	LOOKUP = 1 << 2,            /* a lookup by Dovecot, and no second string */
	NOTHING_TO_CHECK = 1 << 3,  /* first or second string empty */
	METHOD_BYTE = 1 << 4,       /* indimail: the tail is one byte and NUL */
	METHOD_PLAINTEXT = 1 << 5,  /* ... which is 1 (LOGIN) or 2 (PLAIN) */
	METHOD_CRAM = 1 << 6,       /* ... which is 3 */
	NO_THIRD = 1 << 7,          /* third string missing, unterminated or empty */
	TAIL = 1 << 8,              /* bytes after the third NUL */
	SAID_PLAINTEXT = 1 << 9,    /* the environment names another mechanism */
	CRAM_NOT_OFFERED = 1 << 10, /* ... or says that there is no CRAM-MD5 */
	CHALLENGES_OFF = 1 << 11,
	NEW_ORDER = 1 << 12, /* login, digest, challenge */
	OLD_ORDER = 1 << 13, /* login, challenge, digest: qmail-smtpd-auth 0.30, 0.31, indimail */
};

enum decision {
	REJECT_OVERSIZE,
	REJECT_MALFORMED,
	REJECT_EMPTY,
	REJECT_METHOD,
	LOOK_UP,
	PLAINTEXT,
	PLAINTEXT_OR_NEW_ORDER,
	ONLY_OLD_ORDER,
};

/*
 * The decision table: the first row whose facts are all true counts.
 *
 * Telling the shapes apart:
 * - The password may be anything, 32 hex digits or "<...@...>" as well, so the plaintext
 *   test is always made, and a challenge test is only ever added to it. The exception is
 *   the old order, where the second string is the server's challenge, not the client's.
 * - No string is 32 hex digits and begins with '<': both orders can be accepted at once.
 *
 * The forged message: through AUTH LOGIN most servers pass on the NULs of the decoded base64,
 * so a stranger writes the second *and* the third string and could play back a CRAM-MD5
 * exchange seen on the wire. The server adds its own terminators after the forgery: a genuine
 * challenge ends the message (TAIL). A server that sends two strings only does not expose the
 * forgery; what it tells in the environment does (SAID_PLAINTEXT, CRAM_NOT_OFFERED), and so
 * does the challenge's age (challenge_is_fresh).
 */
static const struct {
	unsigned facts;
	enum decision decision;
} table[] = {
	{ OVERSIZE, REJECT_OVERSIZE },
	{ ONE_STRING, REJECT_MALFORMED },
	{ LOOKUP, LOOK_UP },
	{ NOTHING_TO_CHECK, REJECT_EMPTY },
	{ METHOD_PLAINTEXT | NO_THIRD, PLAINTEXT },
	{ METHOD_CRAM | CHALLENGES_OFF, REJECT_METHOD },
	{ METHOD_CRAM | OLD_ORDER, ONLY_OLD_ORDER },
	{ METHOD_BYTE, REJECT_METHOD },
	{ NO_THIRD, PLAINTEXT },
	{ TAIL, PLAINTEXT },
	{ SAID_PLAINTEXT, PLAINTEXT },
	{ CRAM_NOT_OFFERED, PLAINTEXT },
	{ CHALLENGES_OFF, PLAINTEXT },
	{ NEW_ORDER, PLAINTEXT_OR_NEW_ORDER },
	{ OLD_ORDER, ONLY_OLD_ORDER },
	{ 0, PLAINTEXT },
};

static struct parts take_apart(struct span message)
{
	struct parts parts = { 0 };

	parts.tail = message;
	if (!scan_until(&parts.tail, '\0', &parts.first))
		return parts;
	parts.has_second = scan_until(&parts.tail, '\0', &parts.second);
	parts.has_third = parts.has_second && scan_until(&parts.tail, '\0', &parts.third);
	return parts;
}

static bool is_digest(struct span text)
{
	if (text.length != REQUEST_DIGEST_CHARACTERS)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (strchr("0123456789abcdef", text.at[i]) == NULL)
			return false;
	}
	return true;
}

static unsigned method_facts(struct span tail)
{
	if (tail.length != 2 || tail.at[1] != '\0')
		return 0;
	switch (tail.at[0]) {
	case 1:
	case 2:
		return METHOD_BYTE | METHOD_PLAINTEXT;
	case 3:
		return METHOD_BYTE | METHOD_CRAM;
	default:
		return METHOD_BYTE;
	}
}

static unsigned find_facts(size_t message_length, const struct parts *parts,
			   const struct request_hints *hints)
{
	unsigned facts = 0;

	if (message_length > REQUEST_MAX_BYTES)
		facts |= OVERSIZE;
	if (!parts->has_second)
		facts |= ONE_STRING;
	if (hints->dovecot_lookup && parts->first.length != 0 && parts->second.length == 0)
		facts |= LOOKUP;
	if (parts->first.length == 0 || parts->second.length == 0)
		facts |= NOTHING_TO_CHECK;
	if (hints->indimail && parts->has_third)
		facts |= method_facts(parts->tail);
	if (!parts->has_third || parts->third.length == 0)
		facts |= NO_THIRD;
	if (parts->has_third && parts->tail.length != 0)
		facts |= TAIL;
	if (hints->method_plaintext)
		facts |= SAID_PLAINTEXT;
	if (hints->cram_not_offered)
		facts |= CRAM_NOT_OFFERED;
	if (!hints->challenges)
		facts |= CHALLENGES_OFF;
	if (is_digest(parts->second) && challenge_is_well_formed(parts->third))
		facts |= NEW_ORDER;
	if (challenge_is_well_formed(parts->second) && is_digest(parts->third))
		facts |= OLD_ORDER;
	return facts;
}

static enum decision look_up_decision(unsigned facts)
{
	size_t row = 0;

	while ((table[row].facts & facts) != table[row].facts)
		row++;
	return table[row].decision;
}

enum reason request_parse(struct span message, const struct request_hints *hints,
			  struct request *request)
{
	struct parts parts = take_apart(message);

	*request = (struct request){ .login = parts.first };
	switch (look_up_decision(find_facts(message.length, &parts, hints))) {
	case REJECT_OVERSIZE:
		return REASON_OVERSIZE;
	case REJECT_MALFORMED:
		return REASON_MALFORMED;
	case REJECT_EMPTY:
		return REASON_EMPTY;
	case REJECT_METHOD:
		return REASON_METHOD;
	case LOOK_UP:
		request->lookup_only = true;
		return REASON_OK;
	case PLAINTEXT:
		request->password = parts.second;
		return REASON_OK;
	case PLAINTEXT_OR_NEW_ORDER:
		request->password = parts.second;
		request->digest = parts.second;
		request->challenge = parts.third;
		request->digest_may_be_apop = true;
		return REASON_OK;
	case ONLY_OLD_ORDER:
		request->challenge = parts.second;
		request->digest = parts.third;
		return REASON_OK;
	}
	return REASON_INTERNAL;
}
