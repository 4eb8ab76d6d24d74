#include "argon.h"

#include "encoding.h"
#include "memlimit.h"
#include "scan.h"
#include "secret.h"

#include <argon2.h>
#include <pthread.h>

#define SALT_MAX_BYTES 64
#define HASH_MAX_BYTES 128

/*
 * By these libargon2 begins and ends threads, which it does not do here: `threads` is 1. Found
 * before its own, they keep the C library's threads out of a static program, 50 kB that every login
 * would pay for. A shared libargon2 does not see them.
 */
int argon2_thread_create(pthread_t *thread, void *(*run)(void *), void *argument);
int argon2_thread_join(pthread_t thread);
void argon2_thread_exit(void);

int argon2_thread_create(pthread_t *thread, void *(*run)(void *), void *argument)
{
	(void)thread, (void)run, (void)argument;
	return -1;
}

int argon2_thread_join(pthread_t thread)
{
	(void)thread;
	return -1;
}

void argon2_thread_exit(void)
{
}

struct phc {
	argon2_type type;
	uint64_t version, kibibytes, passes, lanes;
	uint8_t salt[SALT_MAX_BYTES], hash[HASH_MAX_BYTES];
	size_t salt_bytes, hash_bytes;
};

/* An Argon2d hash is not accepted: no mail server makes them. */
static bool parse_phc(struct span rest, struct phc *phc)
{
	struct span salt;

	if (scan_literal(&rest, "$argon2id$"))
		phc->type = Argon2_id;
	else if (scan_literal(&rest, "$argon2i$"))
		phc->type = Argon2_i;
	else
		return false;
	/* Version 1.0 wrote no version. */
	phc->version = ARGON2_VERSION_10;
	if (scan_literal(&rest, "v=") &&
	    (!scan_number(&rest, UINT32_MAX, &phc->version) || !scan_literal(&rest, "$")))
		return false;
	return scan_literal(&rest, "m=") && scan_number(&rest, UINT32_MAX, &phc->kibibytes) &&
	       scan_literal(&rest, ",t=") && scan_number(&rest, UINT32_MAX, &phc->passes) &&
	       scan_literal(&rest, ",p=") && scan_number(&rest, UINT32_MAX, &phc->lanes) &&
	       scan_literal(&rest, "$") && scan_until(&rest, '$', &salt) &&
	       encoding_from_unpadded_base64(salt, phc->salt, sizeof(phc->salt),
					     &phc->salt_bytes) &&
	       encoding_from_unpadded_base64(rest, phc->hash, sizeof(phc->hash), &phc->hash_bytes);
}

static int compute(struct phc *phc, struct span password, uint8_t *out)
{
	argon2_context context = {
		.out = out,
		.outlen = (uint32_t)phc->hash_bytes,
		.salt = phc->salt,
		.saltlen = (uint32_t)phc->salt_bytes,
		.t_cost = (uint32_t)phc->passes,
		.m_cost = (uint32_t)phc->kibibytes,
		.lanes = (uint32_t)phc->lanes,
		.threads = 1, /* more would need stacks, and processes beyond RLIMIT_NPROC */
		.version = (uint32_t)phc->version,
	};
	int result;

	/* libargon2 only reads it; its field lacks the const. */
	memcpy(&context.pwd, &password.at, sizeof(context.pwd));
	context.pwdlen = (uint32_t)password.length;
	secret_lock();
	memlimit_raise();
	result = argon2_ctx(&context, phc->type);
	memlimit_restore();
	return result;
}

enum match argon_verify(struct span stored, struct span password, struct text *why)
{
	enum match match = MATCH_DAMAGED;
	uint8_t computed[HASH_MAX_BYTES];
	struct phc phc;

	if (!parse_phc(stored, &phc) ||
	    (phc.version != ARGON2_VERSION_10 && phc.version != ARGON2_VERSION_13))
		return MATCH_DAMAGED;
	switch (compute(&phc, password, computed)) {
	case ARGON2_OK:
		match = secret_equal((struct span){ (char *)computed, phc.hash_bytes },
				     (struct span){ (char *)phc.hash, phc.hash_bytes })
				? MATCH_YES
				: MATCH_NO;
		break;
	case ARGON2_MEMORY_ALLOCATION_ERROR:
		memlimit_explain(why, phc.kibibytes * 1024);
		match = MATCH_NO_MEMORY;
		break;
	default:
		break;
	}
	secret_wipe(computed, sizeof(computed));
	secret_wipe(&phc, sizeof(phc));
	return match;
}
