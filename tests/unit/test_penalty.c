/* The rules of the penalty, each by its number in penalty.h, with a clock of the test's own. */
#include "penalty.h"

#include "unit.h"

#include <stdio.h>

#define START 1795000000
#define LIMIT PENALTY_LIMIT_SECONDS

static uint8_t secret[PENALTY_SECRET_BYTES] = { 1, 2, 3 };

/* The whole table, as the file holds it. */
static struct penalty_bucket table[PENALTY_BUCKETS];
static uint32_t now;

static void begin(void)
{
	memset(table, 0, sizeof(table));
	now = START;
}

static struct penalty_who identify(const char *address, const char *login)
{
	struct network_address parsed;
	struct penalty_who who;

	if (address != NULL) {
		assert_true(network_parse(span_of(address), &parsed));
		network_reduce(&parsed);
	}
	penalty_identify(&who, secret, address != NULL ? &parsed : NULL, span_of(login));
	return who;
}

static void load(struct penalty_buckets *buckets, const struct penalty_who *who)
{
	memset(buckets, 0, sizeof(*buckets));
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		if (who->keys[kind] != 0)
			buckets->of[kind] = table[penalty_place(kind, who->keys[kind])];
		penalty_tidy(&buckets->of[kind], now);
	}
}

static void store(struct penalty_buckets *buckets, const struct penalty_who *who)
{
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		penalty_seal(&buckets->of[kind]);
		if (who->keys[kind] != 0)
			table[penalty_place(kind, who->keys[kind])] = buckets->of[kind];
	}
}

static uint16_t digest(const char *login, const char *password)
{
	const struct request request = { .login = span_of(login), .password = span_of(password) };

	return penalty_digest(secret, span_of("boot"), &request);
}

/* An attempt; `password` NULL: one with a challenge, whose response is new each time. */
static unsigned try(const char *address, const char *login, const char *password, bool right,
		    unsigned limit)
{
	struct penalty_who who = identify(address, login);
	struct penalty_buckets buckets;
	static uint16_t response = 0x8000;
	unsigned wait;

	if (!right)
		who.proof = password != NULL ? digest(login, password) : ++response;
	load(&buckets, &who);
	wait = penalty_charge(&buckets, &who, !right, now, limit);
	store(&buckets, &who);
	if (right) {
		load(&buckets, &who);
		penalty_forgive(&buckets, &who, now + wait);
		store(&buckets, &who);
	}
	return wait;
}

/* One after the other: time goes on by the wait. */
static unsigned mistake(const char *address, const char *login)
{
	unsigned wait = try(address, login, NULL, false, LIMIT);

	now += wait;
	return wait;
}

static unsigned succeed(const char *address, const char *login)
{
	unsigned wait = try(address, login, NULL, true, LIMIT);

	now += wait;
	return wait;
}

static void make_mistakes(const char *address, const char *login, int times)
{
	while (times-- > 0)
		(void)mistake(address, login);
}

#define HOME "192.0.2.1"
#define OTHER "198.51.100.7"

static void rule_3_nobody_waits_who_did_not_fail(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 100; i++)
		assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), 0);
}

static void rule_4_steps(void **state)
{
	static const unsigned expected[] = { 0, 2, 4, 8, 15, 15, 15 };

	(void)state;
	begin();
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(mistake(HOME, "joe"), expected[i]);
	begin();
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(mistake(HOME, i % 2 ? "joe" : "ann"), expected[i]);
}

static void rule_4_by_address(void **state)
{
	(void)state;
	begin();
	make_mistakes("2001:db8::1", "joe", 4);
	assert_int_equal(try("2001:db8::ffff:0:0:1", "ann", NULL, false, LIMIT), 15);
	assert_int_equal(try("2001:db8:0:1::1", "bob", NULL, false, LIMIT), 0);
	make_mistakes("192.0.2.1", "joe", 4);
	assert_int_equal(try("192.0.2.2", "zoe", NULL, false, LIMIT), 0);
}

static void rule_2_right_waits_like_wrong(void **state)
{
	(void)state;
	for (int failures = 0; failures < 8; failures++) {
		unsigned wrong;

		begin();
		make_mistakes(HOME, "joe", failures);
		wrong = try(HOME, "joe", NULL, false, LIMIT);
		begin();
		make_mistakes(HOME, "joe", failures);
		assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), wrong);
	}
}

static void rule_5_one_after_the_other(void **state)
{
	static const unsigned expected[] = { 0, 2, 6, 14, 29, 44, 45, 45, 45 };

	(void)state;
	begin();
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), expected[i]);
	now += LIMIT;
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 15);
	assert_int_equal(try(HOME, "joe", NULL, false, 20), 20);
	assert_int_equal(try(HOME, "joe", NULL, false, 0), 0);
	now += 100;
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 15);
}

static void rule_6_by_login_without_a_queue(void **state)
{
	static const unsigned expected[] = { 0, 2, 4, 8, 15, 15, 15 };
	static const char *const addresses[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4",
						 "10.0.0.5", "10.0.0.6", "10.0.0.7" };

	(void)state;
	begin();
	for (size_t i = 0; i < COUNT(expected); i++)
		assert_int_equal(try(addresses[i], "joe", NULL, false, LIMIT), expected[i]);
	assert_int_equal(try(OTHER, "joe", NULL, false, 7), 7);
	assert_int_equal(try(HOME, "ann", NULL, false, LIMIT), 0);
}

static void logins_that_stores_take_for_one(void **state)
{
	static const char *const same[] = { "Joe@Example.ORG", "joe%example.org",
					    "JOE/example.org" };

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		begin();
		make_mistakes(OTHER, "joe@example.org", 4);
		assert_int_equal(try(HOME, same[i], NULL, false, LIMIT), 15);
	}
	assert_int_equal(try("10.0.0.1", "joe@example.or", NULL, false, LIMIT), 0);
}

static void rule_8_right_clears_the_address(void **state)
{
	(void)state;
	begin();
	make_mistakes(HOME, "joe", 5);
	assert_int_equal(succeed(HOME, "ann"), 15);
	assert_int_equal(mistake(HOME, "bob"), 0);
	assert_int_equal(mistake(HOME, "bob"), 2);
}

static void rule_8_known_pair_waits_for_itself_only(void **state)
{
	(void)state;
	begin();
	assert_int_equal(succeed(HOME, "joe"), 0);
	/* Others fail on the login, and strangers behind the same address. */
	make_mistakes(OTHER, "joe", 20);
	make_mistakes(HOME, "ann", 20);
	assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), 0);
	make_mistakes(HOME, "ann", 20);
	/* Its own failures count, for it and for the address. */
	assert_int_equal(mistake(HOME, "joe"), 0);
	assert_int_equal(mistake(HOME, "joe"), 2);
	assert_int_equal(mistake(HOME, "joe"), 4);
	assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), 8);
	assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), 0);
}

/* A guesser with an account of his own cannot start anew each time. */
static void rule_8_known_pair_forgives_itself_only(void **state)
{
	(void)state;
	begin();
	assert_int_equal(succeed(HOME, "joe"), 0);
	make_mistakes(HOME, "joe", 3);
	make_mistakes(HOME, "ann", 1);
	(void)succeed(HOME, "joe");
	assert_int_equal(mistake(HOME, "bob"), 2);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(succeed(HOME, "joe"), 0);
		(void)mistake(HOME, "bob");
	}
	assert_int_equal(mistake(HOME, "zoe"), 15);
}

static void rule_8_at_most_once(void **state)
{
	(void)state;
	begin();
	make_mistakes(OTHER, "joe", 50);
	assert_int_equal(succeed(HOME, "joe"), 15);
	for (int i = 0; i < 20; i++) {
		make_mistakes(OTHER, "joe", 3);
		assert_int_equal(succeed(HOME, "joe"), 0);
	}
	/* The guesser has gained nothing by it. */
	assert_int_equal(mistake(OTHER, "joe"), 15);
}

static void rule_8_for_30_days(void **state)
{
	(void)state;
	begin();
	(void)succeed(HOME, "joe");
	now += PENALTY_KNOWN_SECONDS - 1;
	for (int i = 0; i < 5; i++)
		(void)try(OTHER, "joe", NULL, false, 0);
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 0);
	now += 1;
	/* Its own failure was remembered, but the pair is known no more. */
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 15);
}

static void rule_9_forgotten_after_an_hour(void **state)
{
	(void)state;
	begin();
	make_mistakes(HOME, "joe", 5);
	/* The last one was charged after 14 seconds, and waited 15. */
	now = START + 14 + PENALTY_FORGET_SECONDS - 1;
	assert_int_equal(try(HOME, "joe", NULL, true, LIMIT), 15);
	begin();
	(void)mistake(HOME, "joe");
	now = START + PENALTY_FORGET_SECONDS - 1;
	assert_int_equal(mistake(HOME, "joe"), 2);
	now += PENALTY_FORGET_SECONDS;
	assert_int_equal(mistake(HOME, "joe"), 0);
	assert_int_equal(mistake(HOME, "joe"), 2);
}

static void rule_10_repeated_proofs_count_once(void **state)
{
	static const char *const old[] = { "a", "b", "c", "d" };

	(void)state;
	begin();
	assert_int_equal(try(HOME, "joe", "old", false, LIMIT), 0);
	for (int i = 0; i < 50; i++) {
		now += 300;
		assert_int_equal(try(HOME, "joe", "old", false, LIMIT),
				 now - START < PENALTY_FORGET_SECONDS ? 2 : 0);
	}
	/* The same password is another proof for another login, or elsewhere. */
	begin();
	(void)try(HOME, "joe", "old", false, LIMIT);
	assert_int_equal(try(HOME, "ann", "old", false, LIMIT), 2);
	assert_int_equal(try(HOME, "bob", "new", false, LIMIT), 6);
	/* Four at a time. */
	begin();
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < COUNT(old); i++) {
			(void)try(HOME, "joe", old[i], false, LIMIT);
			now += 100;
		}
	}
	assert_int_equal(try(HOME, "ann", NULL, false, LIMIT), 15);
	(void)succeed(HOME, "ann");
	for (size_t i = 0; i < COUNT(old); i++)
		(void)try(HOME, "joe", old[(i + 1) % COUNT(old)], false, LIMIT);
	assert_int_equal(try(HOME, "bob", NULL, false, LIMIT), 2);
}

/* An old telephone asks all the while; nobody else in the house waits more than once. */
static void rule_10_a_stale_telephone(void **state)
{
	unsigned waits[2] = { 0 };

	(void)state;
	begin();
	for (int i = 0; i < 200; i++) {
		now += 300;
		(void)try(HOME, "joe", "old", false, LIMIT);
		if (try(HOME, i % 2 ? "joe" : "ann", NULL, true, LIMIT) != 0)
			waits[i % 2]++;
	}
	assert_in_range(waits[0], 0, 1);
	assert_in_range(waits[1], 0, 1);
}

static void rule_11_without_an_address(void **state)
{
	(void)state;
	begin();
	assert_int_equal(mistake(NULL, "joe"), 0);
	assert_int_equal(mistake(NULL, "joe"), 2);
	assert_int_equal(mistake(NULL, "ann"), 0);
	assert_int_equal(try(NULL, "joe", "old", false, LIMIT), 4);
	assert_int_equal(try(NULL, "joe", "old", false, LIMIT), 8);
	assert_int_equal(try(NULL, "joe", "old", false, LIMIT), 8);
	assert_int_equal(try(NULL, "joe", NULL, true, LIMIT), 8);
	assert_int_equal(try(NULL, "joe", NULL, true, LIMIT), 0);
	assert_int_equal(mistake(NULL, "joe"), 0);
}

static void rule_12_a_flood_pushes_nobody_out(void **state)
{
	char login[16], address[32];

	(void)state;
	begin();
	(void)succeed(HOME, "ann");
	make_mistakes(OTHER, "joe", 6);
	for (int i = 0; i < 50000; i++) {
		snprintf(login, sizeof(login), "x%d", i);
		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16, (i >> 8) & 255, i & 255);
		(void)try(address, login, NULL, false, 0);
	}
	assert_int_equal(try(OTHER, "zoe", NULL, false, LIMIT), 15);
	assert_int_equal(try("192.0.2.9", "joe", NULL, false, LIMIT), 15);
	make_mistakes(OTHER, "ann", 6);
	assert_int_equal(try(HOME, "ann", NULL, false, LIMIT), 0);
}

static void rule_12_the_oldest_of_equals_goes(void **state)
{
	struct penalty_buckets buckets = { 0 };
	struct penalty_who who = { 0 };

	(void)state;
	for (uint64_t key = 1; key <= PENALTY_BUCKET_SLOTS + 1; key++) {
		who.keys[PENALTY_LOGIN] = key;
		(void)penalty_charge(&buckets, &who, true, START + (uint32_t)key, 0);
	}
	assert_null(penalty_find(&buckets.of[PENALTY_LOGIN], 1));
	for (uint64_t key = 2; key <= PENALTY_BUCKET_SLOTS + 1; key++)
		assert_non_null(penalty_find(&buckets.of[PENALTY_LOGIN], key));
}

/* Where known pairs lie the one that was right longest ago goes. */
static void rule_12_the_oldest_pair_goes(void **state)
{
	struct penalty_buckets buckets = { 0 };
	struct penalty_who who = { 0 };

	(void)state;
	for (uint64_t key = 1; key <= PENALTY_BUCKET_SLOTS; key++) {
		who.keys[PENALTY_PAIR] = key;
		penalty_forgive(&buckets, &who, START + (uint32_t)key);
	}
	who.keys[PENALTY_PAIR] = 1;
	penalty_forgive(&buckets, &who, START + 100);
	who.keys[PENALTY_PAIR] = PENALTY_BUCKET_SLOTS + 1;
	penalty_forgive(&buckets, &who, START + 101);
	assert_null(penalty_find(&buckets.of[PENALTY_PAIR], 2));
	assert_non_null(penalty_find(&buckets.of[PENALTY_PAIR], 1));
	assert_non_null(penalty_find(&buckets.of[PENALTY_PAIR], PENALTY_BUCKET_SLOTS + 1));
}

static void keeps_damage_out(void **state)
{
	struct penalty_buckets buckets;
	struct penalty_who who = identify(HOME, "joe");
	unsigned place = penalty_place(PENALTY_ADDRESS, who.keys[PENALTY_ADDRESS]);

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof(table[place]); bit++) {
		struct penalty_slot *slot;

		begin();
		make_mistakes(HOME, "joe", 5);
		((uint8_t *)&table[place])[bit / 8] ^= (uint8_t)(1 << bit % 8);
		load(&buckets, &who);
		slot = penalty_find(&buckets.of[PENALTY_ADDRESS], who.keys[PENALTY_ADDRESS]);
		assert_int_equal(slot == NULL, bit < 8 * sizeof(struct penalty_slot));
	}
}

/* The clock was set back: what is from the future is forgotten, and nobody waits for years. */
static void survives_the_clock(void **state)
{
	(void)state;
	begin();
	(void)succeed(HOME, "joe");
	make_mistakes(HOME, "joe", 5);
	now -= 86400;
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 0);
	begin();
	make_mistakes(HOME, "joe", 5);
	/* What processes differ in when they read the clock does not matter. */
	now -= 2;
	assert_int_equal(try(HOME, "joe", NULL, false, LIMIT), 17);
}

static void digests_depend_on_all(void **state)
{
	static struct request requests[] = {
		{ .login = { BYTES("joe") }, .password = { BYTES("secret") } },
		{ .login = { BYTES("joes") }, .password = { BYTES("ecret") } },
		{ .login = { BYTES("joe") }, .password = { BYTES("Secret") } },
		{ .login = { BYTES("joe") }, .challenge = { BYTES("secret") } },
		{ .login = { BYTES("joe") }, .digest = { BYTES("secret") } },
	};
	uint16_t digests[COUNT(requests)];
	uint8_t other[PENALTY_SECRET_BYTES] = { 9 };

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		digests[i] = penalty_digest(secret, span_of("boot"), &requests[i]);
		assert_int_not_equal(digests[i], 0);
		assert_int_equal(penalty_digest(secret, span_of("boot"), &requests[i]), digests[i]);
		assert_int_not_equal(penalty_digest(secret, span_of("toob"), &requests[i]),
				     digests[i]);
		assert_int_not_equal(penalty_digest(other, span_of("boot"), &requests[i]),
				     digests[i]);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(digests[i], digests[j]);
	}
}

static void every_bucket_has_a_kind(void **state)
{
	(void)state;
	assert_int_equal(penalty_kind_of(0), PENALTY_NONE);
	for (enum penalty_kind kind = PENALTY_ADDRESS; kind < PENALTY_KINDS; kind++) {
		bool used[PENALTY_BUCKETS] = { false };

		for (uint64_t key = 1; key < 100000; key++) {
			unsigned place = penalty_place(kind, key * 0x9e3779b97f4a7c15);

			assert_in_range(place, 1, PENALTY_BUCKETS - 1);
			assert_int_equal(penalty_kind_of(place), kind);
			used[place] = true;
		}
		for (unsigned place = 0; place < PENALTY_BUCKETS; place++)
			assert_int_equal(used[place], penalty_kind_of(place) == kind);
	}
}

int main(void)
{
	UNIT_TEST(rule_3_nobody_waits_who_did_not_fail);
	UNIT_TEST(rule_4_steps);
	UNIT_TEST(rule_4_by_address);
	UNIT_TEST(rule_2_right_waits_like_wrong);
	UNIT_TEST(rule_5_one_after_the_other);
	UNIT_TEST(rule_6_by_login_without_a_queue);
	UNIT_TEST(logins_that_stores_take_for_one);
	UNIT_TEST(rule_8_right_clears_the_address);
	UNIT_TEST(rule_8_known_pair_waits_for_itself_only);
	UNIT_TEST(rule_8_known_pair_forgives_itself_only);
	UNIT_TEST(rule_8_at_most_once);
	UNIT_TEST(rule_8_for_30_days);
	UNIT_TEST(rule_9_forgotten_after_an_hour);
	UNIT_TEST(rule_10_repeated_proofs_count_once);
	UNIT_TEST(rule_10_a_stale_telephone);
	UNIT_TEST(rule_11_without_an_address);
	UNIT_TEST(rule_12_a_flood_pushes_nobody_out);
	UNIT_TEST(rule_12_the_oldest_of_equals_goes);
	UNIT_TEST(rule_12_the_oldest_pair_goes);
	UNIT_TEST(keeps_damage_out);
	UNIT_TEST(survives_the_clock);
	UNIT_TEST(digests_depend_on_all);
	UNIT_TEST(every_bucket_has_a_kind);
	return unit_run();
}
