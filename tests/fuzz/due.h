/*
 * due - whether an acceptance by cmd5checkpw is due, for a target that runs the whole of it.
 *
 * The rules as they are written, once more, and with nothing of the checker's but its spans.
 */
#ifndef TESTS_DUE_H
#define TESTS_DUE_H

#include "span.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum setting {
	APOP = 1 << 0,
	INDIMAIL = 1 << 1,
	NO_CHALLENGES = 1 << 2,
	NO_WINDOW = 1 << 3,
	SAID_PLAINTEXT = 1 << 4,
	CRAM_NOT_OFFERED = 1 << 5,
	LOOKUPS = 1 << 6,
	FORGED = 1 << 7, /* no setting: DIGITS and SECONDS in the message become the right ones */
};

#define MESSAGE_MAX_BYTES 4096 /* fits into a pipe */

enum serves { ONE_WAY = 0, CRAM, CLEAR };

static const struct user {
	const char *login, *stored, *password; /* NULL: none is right */
	enum serves serves;
} users[] = {
	{ "joe", "secret", "secret", CLEAR },
	{ "joe@example.org", "{PLAIN}{PLAIN}x", "{PLAIN}x", CLEAR },
	{ "hex", "00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff", CLEAR },
	{ "angle", "<1.2@h>", "<1.2@h>", CLEAR },
	{ "ctx", "{CRAM-MD5}ce7eeff81769a64e64eadf0f558de88099b159058e033b4de8d862881e53434f",
	  "tan%40gerine", CRAM },
	{ "md5", "$1$saltsalt$qyFH9G.Y4vVRtMMWKoom8/", "lemon tree", ONE_WAY },
	{ "six",
	  "{SHA512-CRYPT}$6$rounds=1000$saltsalt$"
	  "k6b3myhIB5cNU1Mkg24f2P6haBVOPbmimZ8bvWSP3NPN8BHAtV7NOmGzJWxhb.H.C9ALQ50lRwGPA/2c9rxho0",
	  "grape6", ONE_WAY },
	{ "salted", "{SSHA256}ofdXT+z0cxpL7wcnIJWqKvc0fT/FnvvQRsIQQJ+X8ntzYWx0c2FsdA==", "quince",
	  ONE_WAY },
	{ "locked", "!secret", NULL, ONE_WAY },
	{ "empty", "", NULL, ONE_WAY },
	{ "strange", "{NO-SUCH}secret", NULL, ONE_WAY },
	{ "joe", "second", "secret", CLEAR }, /* the first line of a login counts */
};

#define USERS (sizeof(users) / sizeof(users[0]))

struct parts {
	struct span string[3], tail;
	size_t count; /* of the strings that end with a NUL */
};

static struct parts cut(struct span message)
{
	struct parts parts = { .tail = message };
	const char *nul;

	while (parts.count < 3 && parts.tail.length != 0 &&
	       (nul = memchr(parts.tail.at, '\0', parts.tail.length)) != NULL) {
		size_t length = (size_t)(nul - parts.tail.at);

		parts.string[parts.count++] = (struct span){ parts.tail.at, length };
		parts.tail = span_from(parts.tail, length + 1);
	}
	return parts;
}

static const struct user *find_user(struct span login)
{
	for (size_t i = 0; i < USERS; i++) {
		if (span_is(login, users[i].login))
			return &users[i];
	}
	return NULL;
}

static void to_hex(const unsigned char *bytes, char hex[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

static void answer_cram(const char *password, struct span challenge, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	HMAC(EVP_md5(), password, (int)strlen(password), (const unsigned char *)challenge.at,
	     challenge.length, digest, NULL);
	to_hex(digest, hex);
}

static void answer_apop(const char *password, struct span challenge, char hex[33])
{
	char text[2 * MESSAGE_MAX_BYTES];
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t length = strlen(password);

	memcpy(text, challenge.at, challenge.length);
	memcpy(text + challenge.length, password, length);
	EVP_Digest(text, challenge.length + length, digest, NULL, EVP_md5(), NULL);
	to_hex(digest, hex);
}

/* <...SECONDS@...>, of the last twenty minutes; 5 s for the time that this takes itself. */
static bool is_recent(struct span challenge)
{
	char text[256], *at_sign, *dot, *end;
	long long made, now = time(NULL);

	if (challenge.length >= sizeof(text))
		return false;
	memcpy(text, challenge.at, challenge.length);
	text[challenge.length] = '\0';
	at_sign = strchr(text, '@');
	if (at_sign == NULL)
		return false;
	*at_sign = '\0';
	dot = strrchr(text, '.');
	made = strtoll(dot != NULL ? dot + 1 : text + 1, &end, 10);
	return end == at_sign && made >= now - 1205 && made <= now + 65;
}

static bool proves(const struct user *user, struct span challenge, struct span digest,
		   bool may_be_apop, unsigned settings)
{
	char hex[33];

	if (user->serves == ONE_WAY || challenge.length < 5 || challenge.length > 255 ||
	    challenge.at[0] != '<' || challenge.at[challenge.length - 1] != '>')
		return false;
	if (!(settings & NO_WINDOW) && !is_recent(challenge))
		return false;
	answer_cram(user->password, challenge, hex);
	if (span_is(digest, hex))
		return true;
	answer_apop(user->password, challenge, hex);
	return settings & APOP && may_be_apop && user->serves == CLEAR && span_is(digest, hex);
}

/* Whether an acceptance is due, for whatever of it is right. */
static bool may_log_in(struct span message, const struct parts *parts, unsigned settings)
{
	const struct user *user = find_user(parts->string[0]);
	bool says_cram = settings & INDIMAIL && parts->count == 3 && parts->tail.length == 2 &&
			 memcmp(parts->tail.at, "\3", 2) == 0;

	if (message.length > 512 || parts->count < 2 || user == NULL)
		return false;
	if (parts->string[1].length == 0)
		return settings & LOOKUPS;
	if (user->password == NULL)
		return false;
	if (span_is(parts->string[1], user->password))
		return true;
	if (settings & NO_CHALLENGES || parts->count < 3)
		return false;
	if (!says_cram &&
	    (parts->tail.length != 0 || settings & (SAID_PLAINTEXT | CRAM_NOT_OFFERED)))
		return false;
	return proves(user, parts->string[1], parts->string[2], false, settings) ||
	       proves(user, parts->string[2], parts->string[1], true, settings);
}

/* The plainest messages with the right password, as every caller sends them. */
static bool must_log_in(struct span message, const struct parts *parts)
{
	const struct user *user = find_user(parts->string[0]);

	return message.length <= 512 && user != NULL && user->password != NULL &&
	       span_is(parts->string[1], user->password) &&
	       (parts->count == 2 || (parts->string[2].length == 0 && parts->tail.length == 0));
}

#endif
