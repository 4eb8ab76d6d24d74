/*
 * penalty - how long a guesser waits: the rules, and the table that they are applied to.
 *
 * Pure: the time comes from the caller, the table is a few buckets that somebody else read.
 *
 * The rules. An address is an IPv4 address or the /64 of an IPv6 address; a login is compared
 * without regard to ASCII case, and with % and / as @, which some stores take for the same; a pair
 * is an address and a login.
 *
 *  1. An attempt whose proof was tried MUST be charged after its verdict is known, before anybody
 * is told, and in one locked step: so parallel attempts see each other, whoever hangs up early has
 *     paid, and secrets can be wiped before the wait.
 *  2. A right and a wrong attempt of the same state MUST wait equally long: else whoever is not
 *     answered at once knows that he may hang up.
 *  3. A wait MUST NOT change a verdict, and MUST be 0 where nothing failed before.
 *  4. The step is 0, 2, 4, 8, 15 s after 0, 1, 2, 3, 4 and more failures.
 *  5. The attempts of an address MUST be answered one after the other, each its step after the one
 *     before, so that many connections guess no faster than one; but none MUST wait longer than the
 *     limit (PENALTY_LIMIT_SECONDS, or less where the deadline is short). Whom the limit meets is
 *     answered, not refused: a stranger behind the same address must not be able to lock out.
 *  6. The attempts on a login, whatever their addresses, MUST wait its step, but not for each
 * other: a user at a new address waits 15 s at most.
 *  7. A wait is the longer one of rule 5 and rule 6.
 *  8. A right login MUST clear its address, and make the pair known for PENALTY_KNOWN_SECONDS. A
 * known pair MUST wait for its own failures only, by rules 4 and 5, whatever others do to the
 * address or to the login; and when it is right again it takes its own failures off the address,
 * not those of others, for an account of his own must not let a guesser start anew each time.
 *  9. Failures MUST be forgotten PENALTY_FORGET_SECONDS after the last one that counted.
 * 10. A wrong proof that the address has tried on that login within PENALTY_FORGET_SECONDS MUST NOT
 *     count again: a mail program with an old password repeats it. Its wait is that of any other
 *     attempt. Digests of the last PENALTY_PROOFS proofs of an address are kept. A response to a
 *     challenge differs each time, so there each attempt counts.
 * 11. Without an address rules 5, 8 and 10 hold for the login alone, as far as they can: it is
 * cleared by a right login, and nobody queues.
 * 12. The table MUST NOT grow. Of a full bucket that entry makes room which has the fewest
 * failures, and of these the oldest: a flood of new names does not push out those who guess. Known
 * pairs lie apart, where only a right login gets in.
 *
 * The digest of a proof MUST be worthless outside of the running system. Its key is the secret of
 * the file and the boot id, which ends with the system and is in no copy of the file. A disk may
 * hold the boot id in a journal; so the digest has 16 bits only: it rules out most passwords, and
 * proves none. Two wrong proofs are taken for one in 1 of 16384 cases, which spares an attempt the
 * count, never the wait.
 */
#ifndef COMMON_PENALTY_H
#define COMMON_PENALTY_H

#include "network.h"
#include "request.h"

#define PENALTY_LIMIT_SECONDS 45
#define PENALTY_FORGET_SECONDS 3600
#define PENALTY_KNOWN_SECONDS (30 * 86400)
#define PENALTY_PROOFS 4

#define PENALTY_SECRET_BYTES 32
#define PENALTY_NAME_BYTES 24
#define PENALTY_BUCKET_BYTES 512 /* never across the border of a page, so it is written whole */
#define PENALTY_BUCKET_SLOTS 8
#define PENALTY_BUCKETS 1024 /* the first is the head of the file */
#define PENALTY_FILE_BYTES 524288

enum penalty_kind { PENALTY_NONE = 0, PENALTY_ADDRESS, PENALTY_LOGIN, PENALTY_PAIR, PENALTY_KINDS };

/* An entry as it is in the file; all zero: none. Times are Unix time, and 0 for never. */
struct penalty_slot {
	uint64_t key;   /* keyed hash of the name */
	uint32_t check; /* over the rest: damage is noticed */
	uint32_t last;  /* failure that counted */
	uint32_t tried; /* when a proof of `proofs` was tried last */
	uint32_t known; /* the last right login, of a pair */
	uint32_t turn;  /* when the last one of those who wait is answered */
	uint32_t failures;
	uint16_t proofs[PENALTY_PROOFS]; /* digests, the newest first; 0: none */
	/* For the operator: the address; the beginning of the login; the address, and the login's
	 * key. */
	uint8_t name[PENALTY_NAME_BYTES];
};

struct penalty_bucket {
	struct penalty_slot slots[PENALTY_BUCKET_SLOTS];
};

/* The buckets that an attempt is concerned with, by kind. */
struct penalty_buckets {
	struct penalty_bucket of[PENALTY_KINDS];
};

/* Who attempts, as the table knows him. Holds the beginning of the login, but no other secret. */
struct penalty_who {
	uint64_t keys[PENALTY_KINDS]; /* 0: does not apply */
	uint8_t names[PENALTY_KINDS][PENALTY_NAME_BYTES];
	uint16_t proof; /* 0: not known */
};

/* `address` is reduced, or NULL. `secret` has PENALTY_SECRET_BYTES. */
void penalty_identify(struct penalty_who *who, const uint8_t *secret,
		      const struct network_address *address, struct span login);

/* The digest of what `request` offers; `boot` is the boot id. Wipes what it leaves on the stack. */
uint16_t penalty_digest(const uint8_t *secret, struct span boot, const struct request *request);

/* The number of the bucket, 1 to PENALTY_BUCKETS - 1, in which a key has its place. */
unsigned penalty_place(enum penalty_kind kind, uint64_t key);

/* The kind of the entries of bucket `number`; PENALTY_NONE for the head. */
enum penalty_kind penalty_kind_of(unsigned number);

/* Drops what is damaged, from the future, or to be forgotten. To be called on what was read. */
void penalty_tidy(struct penalty_bucket *bucket, uint32_t now);

/* Sets the checks. To be called on what will be written. */
void penalty_seal(struct penalty_bucket *bucket);

/* The entry of `key`, or NULL. */
struct penalty_slot *penalty_find(struct penalty_bucket *bucket, uint64_t key);

/* The step of rule 4, in seconds; `slot` may be NULL. */
unsigned penalty_step(const struct penalty_slot *slot);

/* Charges an attempt. Returns the seconds that it has to wait, `limit` at most. */
unsigned penalty_charge(struct penalty_buckets *buckets, const struct penalty_who *who, bool failed,
			uint32_t now, unsigned limit);

/* Rule 8, after the wait of an attempt that was right. */
void penalty_forgive(struct penalty_buckets *buckets, const struct penalty_who *who, uint32_t now);

#endif
