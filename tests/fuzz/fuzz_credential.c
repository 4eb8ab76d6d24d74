/* A stored secret; tried with its own text as the password, which must never work. */
#include "fuzz.h"

#include "credential.h"
#include "scan.h"

#include <assert.h>

/*
 * A hash may ask for any amount of work: those of libcrypt, which is not what is fuzzed here
 * (BSDi's begin with '_'), and SCRAM, which begins with the number of rounds.
 */
static bool is_costly(struct span value)
{
	uint64_t rounds;

	return memchr(value.at, '$', value.length) != NULL || span_begins(value, "_") ||
	       (scan_number(&value, UINT64_MAX, &rounds) && rounds > 10000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char stored[CREDENTIAL_MAX_BYTES + 1];
	static const char challenge[] = "<1.2@h>", digest[] = "0123456789abcdef0123456789abcdef";
	const struct credential_rules rules = { .apop = true };
	struct credential credential;
	struct request request;
	enum mechanism mechanism;
	struct text why;
	enum reason reason;

	if (size > CREDENTIAL_MAX_BYTES)
		return 0;
	memcpy(stored, data, size);
	stored[size] = '\0';
	reason = credential_parse(&credential, (struct span){ stored, size });
	if (reason != REASON_OK)
		return 0;
	if (credential.scheme->kind == SCHEME_ONE_WAY && is_costly(credential.value))
		return 0;
	request = (struct request){
		.login = span_of("login"),
		.password = { stored, strnlen(stored, REQUEST_MAX_BYTES) },
		.challenge = span_of(challenge),
		.digest = span_of(digest),
		.digest_may_be_apop = true,
	};
	stored[request.password.length] = '\0';
	reason = credential_verify(&credential, &request, &rules, &mechanism, &why);
	/* A truncated password may quote itself; plaintext is what it is. */
	assert(reason != REASON_OK || strcmp(credential.scheme->name, "PLAIN-TRUNC") == 0 ||
	       (credential.scheme->kind == SCHEME_CLEAR && credential.value.at == stored));
	return 0;
}
