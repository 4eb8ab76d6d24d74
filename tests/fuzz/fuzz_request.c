/* The handshake: first byte the hints, the rest the message. */
#include "fuzz.h"

#include "challenge.h"
#include "penalty.h"
#include "request.h"

#include <assert.h>

static void check_string(struct span string, const char *message, size_t length)
{
	if (string.at == NULL)
		return;
	assert(string.at >= message && string.at + string.length <= message + length);
	assert(string.at[string.length] == '\0');
	assert(memchr(string.at, '\0', string.length) == NULL);
}

/* Who is counted as failing; a login that differs in the case of letters only is the same one. */
static void check_penalty(const struct request *request)
{
	static const uint8_t key[PENALTY_SECRET_BYTES];
	static const struct network_address address = { .bytes = { 127, 0, 0, 1 } };
	struct penalty_who who, other;
	char login[REQUEST_MAX_BYTES];

	for (size_t i = 0; i < request->login.length; i++) {
		char byte = request->login.at[i];

		login[i] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
	}
	penalty_identify(&who, key, &address, request->login);
	penalty_identify(&other, key, &address, (struct span){ login, request->login.length });
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		unsigned place = penalty_place(kind, who.keys[kind]);

		assert(who.keys[kind] != 0 && who.keys[kind] == other.keys[kind]);
		assert(place < PENALTY_BUCKETS && penalty_kind_of(place) == kind);
	}
	assert(penalty_digest(key, span_of("boot"), request) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char message[REQUEST_MAX_BYTES + 2];
	struct request_hints hints;
	struct request request;
	size_t length;
	enum reason reason;

	if (size == 0)
		return 0;
	hints = (struct request_hints){
		.dovecot_lookup = data[0] & 1,
		.indimail = data[0] & 2,
		.challenges = data[0] & 4,
		.method_plaintext = data[0] & 8,
		.cram_not_offered = data[0] & 16,
	};
	length = size - 1 < sizeof(message) - 1 ? size - 1 : sizeof(message) - 1;
	memset(message, 0, sizeof(message));
	memcpy(message, data + 1, length);
	reason = request_parse((struct span){ message, length }, &hints, &request);
	assert((reason == REASON_OK) == (request.lookup_only || request.password.at != NULL ||
					 request.challenge.at != NULL));
	if (reason != REASON_OK)
		return 0;
	check_string(request.login, message, length);
	check_string(request.password, message, length);
	assert(request.login.length != 0);
	assert(request.password.at == NULL || request.password.length != 0);
	assert(!request.lookup_only || hints.dovecot_lookup);
	check_penalty(&request);
	if (request.challenge.at == NULL)
		return 0;
	check_string(request.challenge, message, length);
	check_string(request.digest, message, length);
	assert(hints.challenges || hints.indimail);
	assert(challenge_is_well_formed(request.challenge));
	assert(request.digest.length == REQUEST_DIGEST_CHARACTERS);
	/* What is fresh now is so in a longer time, too, and whatever there is without a limit. */
	assert(!challenge_is_fresh(request.challenge, 1700000000, 1200) ||
	       challenge_is_fresh(request.challenge, 1700000000, 86400));
	assert(challenge_is_fresh(request.challenge, 1700000000, 0));
	return 0;
}
