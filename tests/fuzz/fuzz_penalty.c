/*
 * What the file of penalties may hold: three buckets, then the attempts that meet them. The file
 * may be damaged, or written by somebody hostile; a wait stays within its limit all the same, and
 * what is written is sound again.
 */
#include "fuzz.h"

#include "penalty.h"

#include <assert.h>
#include <string.h>

#define NOW 1795000000
#define ATTEMPTS_MAX 48

/* What is written is taken for sound when it is read again, whatever is dropped then for being
 * empty. */
static void check_bucket(struct penalty_bucket bucket, uint32_t now)
{
	struct penalty_bucket again;

	penalty_seal(&bucket);
	penalty_tidy(&bucket, now);
	again = bucket;
	penalty_tidy(&again, now);
	assert(memcmp(&bucket, &again, sizeof(bucket)) == 0);
	for (size_t i = 0; i < PENALTY_BUCKET_SLOTS; i++) {
		const struct penalty_slot *slot = &bucket.slots[i];

		assert(slot->key != 0 || (slot->failures == 0 && slot->known == 0));
		assert(slot->key == 0 || slot->failures != 0 || slot->tried != 0 ||
		       slot->known != 0);
		assert(penalty_step(slot) <= 15);
	}
}

/* Sound checks half of the time, or nothing of the input would get further. */
static void load(struct penalty_buckets *buckets, const uint8_t *data, int seal, uint32_t now)
{
	memset(buckets, 0, sizeof(*buckets));
	memcpy(&buckets->of[PENALTY_ADDRESS], data, 3 * sizeof(struct penalty_bucket));
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		if (seal)
			penalty_seal(&buckets->of[kind]);
		penalty_tidy(&buckets->of[kind], now);
	}
}

static void attempt(struct penalty_buckets *buckets, struct penalty_who *who, uint8_t what,
		    uint32_t now)
{
	unsigned limit = what & 64 ? 45 : what & 15;
	int failed = what & 128;

	who->proof = failed ? what & 3 : 0;
	assert(penalty_charge(buckets, who, failed, now, limit) <= limit);
	if (!failed)
		penalty_forgive(buckets, who, now);
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++)
		check_bucket(buckets->of[kind], now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t table = 3 * sizeof(struct penalty_bucket);
	struct penalty_buckets buckets;
	struct penalty_who who = { 0 };
	uint32_t now = NOW;

	if (size < table + 1)
		return 0;
	load(&buckets, data, data[table] & 1, now);
	/* Of entries that are there, so that they are met. */
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		if (data[table] & (1 << kind))
			who.keys[kind] = buckets.of[kind].slots[data[table] >> 5].key;
	}
	if (who.keys[PENALTY_LOGIN] == 0)
		who.keys[PENALTY_LOGIN] = 1;
	for (size_t i = table + 1; i < size && i <= table + ATTEMPTS_MAX; i++) {
		attempt(&buckets, &who, data[i], now);
		now += data[i] & 32 ? data[i] : 0;
		for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
			penalty_seal(&buckets.of[kind]);
			penalty_tidy(&buckets.of[kind], now);
		}
	}
	return 0;
}
