#include "penalty.h"

#include "hmac.h"
#include "secret.h"

#include <stddef.h>

/* A clock that was set back, or another machine's. Less is what processes differ in. */
#define FUTURE_SECONDS 60

_Static_assert(sizeof(struct penalty_slot) == 64, "as it is in the file");
_Static_assert(sizeof(struct penalty_bucket) == PENALTY_BUCKET_BYTES, "as it is in the file");
_Static_assert(PENALTY_FILE_BYTES == PENALTY_BUCKETS * PENALTY_BUCKET_BYTES, "all of them");

static const struct {
	unsigned first, count;
} regions[PENALTY_KINDS] = {
	[PENALTY_NONE] = { 0, 1 },
	[PENALTY_ADDRESS] = { 1, 255 },
	[PENALTY_LOGIN] = { 256, 256 },
	[PENALTY_PAIR] = { 512, PENALTY_BUCKETS - 512 },
};

static const unsigned steps[] = { 0, 2, 4, 8, 15 };
#define LAST_STEP (sizeof(steps) / sizeof(steps[0]) - 1)

static struct span span_at(const void *bytes, size_t length)
{
	return (struct span){ bytes, length };
}

static uint64_t begin_of(const uint8_t *bytes)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

/* Never 0, which says that there is none. */
static uint64_t key_of(const uint8_t *secret, enum penalty_kind kind,
		       const struct network_address *address, struct span login)
{
	const char mark = (char)kind;
	uint8_t digested[DIGEST_MAX_BYTES], out[DIGEST_MAX_BYTES];
	struct digest digest;
	uint64_t key;

	digest_begin(&digest, DIGEST_SHA256);
	digest_add(&digest, span_at(&mark, 1));
	if (address != NULL)
		digest_add(&digest, span_at(address->bytes, sizeof(address->bytes)));
	digest_add(&digest, login);
	digest_end(&digest, digested);
	hmac(DIGEST_SHA256, span_at(secret, PENALTY_SECRET_BYTES),
	     span_at(digested, digest_bytes(DIGEST_SHA256)), out);
	key = begin_of(out);
	return key != 0 ? key : 1;
}

static char fold(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte - 'A' + 'a');
	if (byte == '%' || byte == '/')
		return '@';
	return byte;
}

void penalty_identify(struct penalty_who *who, const uint8_t *secret,
		      const struct network_address *address, struct span login)
{
	char folded[REQUEST_MAX_BYTES];
	struct span name = { folded,
			     login.length < sizeof(folded) ? login.length : sizeof(folded) };

	*who = (struct penalty_who){ 0 };
	for (size_t i = 0; i < name.length; i++)
		folded[i] = fold(login.at[i]);
	who->keys[PENALTY_LOGIN] = key_of(secret, PENALTY_LOGIN, NULL, name);
	memcpy(who->names[PENALTY_LOGIN], folded,
	       name.length < PENALTY_NAME_BYTES ? name.length : PENALTY_NAME_BYTES);
	if (address != NULL) {
		who->keys[PENALTY_ADDRESS] = key_of(secret, PENALTY_ADDRESS, address, span_of(""));
		who->keys[PENALTY_PAIR] = key_of(secret, PENALTY_PAIR, address, name);
		memcpy(who->names[PENALTY_ADDRESS], address->bytes, sizeof(address->bytes));
		memcpy(who->names[PENALTY_PAIR], address->bytes, sizeof(address->bytes));
		memcpy(who->names[PENALTY_PAIR] + sizeof(address->bytes), &who->keys[PENALTY_LOGIN],
		       sizeof(uint64_t));
	}
	secret_wipe(folded, sizeof(folded));
}

uint16_t penalty_digest(const uint8_t *secret, struct span boot, const struct request *request)
{
	const struct span parts[] = { request->login, request->password, request->challenge,
				      request->digest };
	uint8_t digested[DIGEST_MAX_BYTES], out[DIGEST_MAX_BYTES];
	struct digest digest;
	uint16_t proof;

	digest_begin(&digest, DIGEST_SHA256);
	digest_add(&digest, boot);
	/* The NUL that no part holds keeps them apart. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		digest_add(&digest, span_at("", 1));
		if (parts[i].at != NULL)
			digest_add(&digest, parts[i]);
	}
	digest_end(&digest, digested);
	hmac(DIGEST_SHA256, span_at(secret, PENALTY_SECRET_BYTES),
	     span_at(digested, digest_bytes(DIGEST_SHA256)), out);
	memcpy(&proof, out, sizeof(proof));
	secret_wipe(digested, sizeof(digested));
	secret_wipe(out, sizeof(out));
	return proof != 0 ? proof : 1;
}

unsigned penalty_place(enum penalty_kind kind, uint64_t key)
{
	return regions[kind].first + (unsigned)(key % regions[kind].count);
}

enum penalty_kind penalty_kind_of(unsigned number)
{
	enum penalty_kind kind = PENALTY_KINDS - 1;

	while (number < regions[kind].first)
		kind--;
	return kind;
}

/* FNV-1a; against accidents, not against people: whoever may write to the file needs no forgery. */
static uint32_t check_of(const struct penalty_slot *slot)
{
	struct penalty_slot copy = *slot;
	unsigned char bytes[sizeof(copy)];
	uint32_t check = 0x811c9dc5;

	copy.check = 0;
	memcpy(bytes, &copy, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		check = (check ^ bytes[i]) * 0x01000193;
	return check;
}

static bool is_over(uint32_t since, uint32_t seconds, uint32_t now)
{
	return since > now ? since - now > FUTURE_SECONDS : now - since >= seconds;
}

static void tidy_slot(struct penalty_slot *slot, uint32_t now)
{
	if (is_over(slot->last, PENALTY_FORGET_SECONDS, now))
		slot->last = slot->failures = 0;
	if (slot->failures == 0)
		slot->turn = 0;
	if (is_over(slot->tried, PENALTY_FORGET_SECONDS, now)) {
		slot->tried = 0;
		memset(slot->proofs, 0, sizeof(slot->proofs));
	}
	if (is_over(slot->known, PENALTY_KNOWN_SECONDS, now))
		slot->known = 0;
}

void penalty_tidy(struct penalty_bucket *bucket, uint32_t now)
{
	for (size_t i = 0; i < PENALTY_BUCKET_SLOTS; i++) {
		struct penalty_slot *slot = &bucket->slots[i];

		if (slot->key != 0 && slot->check == check_of(slot))
			tidy_slot(slot, now);
		else
			slot->key = 0;
		if (slot->key == 0 || (slot->failures == 0 && slot->tried == 0 && slot->known == 0))
			*slot = (struct penalty_slot){ 0 };
	}
}

void penalty_seal(struct penalty_bucket *bucket)
{
	for (size_t i = 0; i < PENALTY_BUCKET_SLOTS; i++) {
		struct penalty_slot *slot = &bucket->slots[i];

		slot->check = slot->key != 0 ? check_of(slot) : 0;
	}
}

struct penalty_slot *penalty_find(struct penalty_bucket *bucket, uint64_t key)
{
	for (size_t i = 0; key != 0 && i < PENALTY_BUCKET_SLOTS; i++) {
		if (bucket->slots[i].key == key)
			return &bucket->slots[i];
	}
	return NULL;
}

static struct penalty_slot *find(struct penalty_buckets *buckets, const struct penalty_who *who,
				 enum penalty_kind kind)
{
	return penalty_find(&buckets->of[kind], who->keys[kind]);
}

static size_t step_number(const struct penalty_slot *slot)
{
	return slot->failures < LAST_STEP ? slot->failures : LAST_STEP;
}

/* Rule 12: the smaller, the sooner it makes room. */
static uint64_t worth(const struct penalty_slot *slot)
{
	uint32_t latest = slot->last > slot->tried ? slot->last : slot->tried;

	if (slot->key == 0)
		return 0;
	if (slot->known != 0)
		return slot->known;
	return (uint64_t)step_number(slot) << 32 | latest;
}

/* The entry of `who`, made if there is none; NULL if the kind does not apply. */
static struct penalty_slot *take(struct penalty_buckets *buckets, const struct penalty_who *who,
				 enum penalty_kind kind)
{
	struct penalty_slot *slot = find(buckets, who, kind);

	if (slot != NULL || who->keys[kind] == 0)
		return slot;
	slot = &buckets->of[kind].slots[0];
	for (size_t i = 1; i < PENALTY_BUCKET_SLOTS; i++) {
		if (worth(&buckets->of[kind].slots[i]) < worth(slot))
			slot = &buckets->of[kind].slots[i];
	}
	*slot = (struct penalty_slot){ .key = who->keys[kind] };
	memcpy(slot->name, who->names[kind], sizeof(slot->name));
	return slot;
}

unsigned penalty_step(const struct penalty_slot *slot)
{
	return slot != NULL ? steps[step_number(slot)] : 0;
}

/* Rule 5: the seconds until the attempt's turn, which is taken. */
static unsigned queue(struct penalty_slot *slot, uint32_t now, unsigned limit)
{
	uint32_t turn;

	if (penalty_step(slot) == 0)
		return 0;
	turn = slot->turn > now ? slot->turn : now;
	turn += penalty_step(slot);
	if (turn - now > limit)
		turn = now + limit;
	slot->turn = turn;
	return turn - now;
}

/* Rule 10. */
static bool is_repeated(struct penalty_slot *slot, uint16_t proof, uint32_t now)
{
	if (slot == NULL || proof == 0)
		return false;
	slot->tried = now;
	for (size_t i = 0; i < PENALTY_PROOFS; i++) {
		if (slot->proofs[i] == proof)
			return true;
	}
	memmove(slot->proofs + 1, slot->proofs, sizeof(slot->proofs) - sizeof(slot->proofs[0]));
	slot->proofs[0] = proof;
	return false;
}

static void count_failure(struct penalty_slot *slot, uint32_t now)
{
	if (slot == NULL)
		return;
	slot->last = now;
	if (slot->failures < UINT32_MAX)
		slot->failures++;
}

static void count(struct penalty_buckets *buckets, const struct penalty_who *who, uint32_t now)
{
	enum penalty_kind origin =
		who->keys[PENALTY_ADDRESS] != 0 ? PENALTY_ADDRESS : PENALTY_LOGIN;

	/* Before anything else makes room: what counts once must not push out others. */
	if (is_repeated(take(buckets, who, origin), who->proof, now))
		return;
	count_failure(take(buckets, who, PENALTY_ADDRESS), now);
	count_failure(take(buckets, who, PENALTY_LOGIN), now);
	count_failure(find(buckets, who, PENALTY_PAIR), now);
}

unsigned penalty_charge(struct penalty_buckets *buckets, const struct penalty_who *who, bool failed,
			uint32_t now, unsigned limit)
{
	struct penalty_slot *pair = find(buckets, who, PENALTY_PAIR);
	unsigned wait, step = penalty_step(find(buckets, who, PENALTY_LOGIN));

	if (pair != NULL && pair->known != 0) {
		wait = queue(pair, now, limit);
	} else {
		wait = queue(find(buckets, who, PENALTY_ADDRESS), now, limit);
		if (step > limit)
			step = limit;
		if (wait < step)
			wait = step;
	}
	if (failed)
		count(buckets, who, now);
	return wait;
}

/* What it tried is kept: an old password must not count anew after each right one. */
static void take_off(struct penalty_slot *slot, uint32_t failures)
{
	if (slot == NULL)
		return;
	if (slot->failures > failures)
		slot->failures -= failures;
	else
		slot->failures = slot->last = slot->turn = 0;
}

void penalty_forgive(struct penalty_buckets *buckets, const struct penalty_who *who, uint32_t now)
{
	struct penalty_slot *pair = take(buckets, who, PENALTY_PAIR);

	if (pair == NULL) {
		take_off(find(buckets, who, PENALTY_LOGIN), UINT32_MAX);
		return;
	}
	take_off(find(buckets, who, PENALTY_ADDRESS),
		 pair->known != 0 ? pair->failures : UINT32_MAX);
	take_off(pair, UINT32_MAX);
	pair->known = now;
}
