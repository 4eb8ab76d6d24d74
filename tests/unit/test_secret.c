/* Comparing and wiping secrets. */
#include "secret.h"

#include "layout.h"
#include "unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	const char *name;
	struct span given, stored;
	bool want;
} pairs[] = {
	{ "equal: the same", { BYTES("secret") }, { BYTES("secret") }, true },
	{ "equal: both empty", { BYTES("") }, { BYTES("") }, true },
	{ "equal: both nowhere", { NULL, 0 }, { NULL, 0 }, true },
	{ "equal: nothing given", { BYTES("") }, { BYTES("secret") }, false },
	{ "equal: nothing stored", { BYTES("secret") }, { BYTES("") }, false },
	{ "equal: a NUL given, nothing stored", { BYTES("\0") }, { BYTES("") }, false },
	{ "equal: nothing given, a NUL stored", { BYTES("") }, { BYTES("\0") }, false },
	{ "equal: given is the beginning", { BYTES("secre") }, { BYTES("secret") }, false },
	{ "equal: stored is the beginning", { BYTES("secrets") }, { BYTES("secret") }, false },
	{ "equal: given repeats stored", { BYTES("abab") }, { BYTES("ab") }, false },
	{ "equal: longer by 256", { BYTES("") }, { NULL, 256 }, false },
	{ "equal: other case", { BYTES("Secret") }, { BYTES("secret") }, false },
	{ "equal: differ behind a NUL", { BYTES("a\0b") }, { BYTES("a\0c") }, false },
	{ "equal: the same with a NUL", { BYTES("a\0b") }, { BYTES("a\0b") }, true },
};

static void compares(void **state)
{
	__typeof__(pairs[0]) *row = *state;

	assert_int_equal(secret_equal(row->given, row->stored), row->want);
}

static void compares_each_bit(void **state)
{
	char left[40], right[40];

	(void)state;
	for (size_t i = 0; i < sizeof(left); i++)
		left[i] = right[i] = (char)(i * 7);
	for (size_t bit = 0; bit < 8 * sizeof(left); bit++) {
		struct span given = { left, sizeof(left) }, stored = { right, sizeof(right) };

		left[bit / 8] = (char)(left[bit / 8] ^ 1 << bit % 8);
		assert_false(secret_equal(given, stored));
		assert_false(secret_equal(stored, given));
		left[bit / 8] = (char)(left[bit / 8] ^ 1 << bit % 8);
		assert_true(secret_equal(given, stored));
	}
}

/* Two differences do not cancel each other out. */
static void compares_all_bytes(void **state)
{
	(void)state;
	assert_false(secret_equal(SPAN("aXbXc"), SPAN("aYbYc")));
	assert_false(secret_equal(SPAN("Xa"), SPAN("aX")));
	/* The lengths differ by 1, and so do the bytes. */
	assert_false(secret_equal(SPAN("a"), SPAN("`b")));
}

static void wipes_exactly_what_it_should(void **state)
{
	char bytes[] = "0123456789";

	(void)state;
	secret_wipe(bytes + 2, 5);
	assert_memory_equal(bytes,
			    "01\0\0\0\0\0"
			    "789",
			    10);
	secret_wipe(bytes, 0);
	assert_int_equal(bytes[0], '0');
}

static char first[64], second[32];
static struct secret_region first_region = { .base = first, .size = sizeof(first) };
static struct secret_region second_region = { .base = second, .size = sizeof(second) };

static void wipes_all_dirty_regions(void **state)
{
	(void)state;
	secret_register(&first_region);
	secret_register(&second_region);
	/* Again: the list must not become a ring. */
	secret_register(&first_region);
	secret_register(&second_region);
	memset(first, 'f', sizeof(first));
	memset(second, 's', sizeof(second));
	first_region.dirty = 10;
	second_region.dirty = sizeof(second);
	secret_wipe_all();
	for (size_t i = 0; i < sizeof(first); i++)
		assert_int_equal(first[i], i < 10 ? 0 : 'f');
	for (size_t i = 0; i < sizeof(second); i++)
		assert_int_equal(second[i], 0);
	assert_int_equal(first_region.dirty, 0);
	assert_int_equal(second_region.dirty, 0);
	secret_wipe_all();
	assert_int_equal(first[10], 'f');
}

static long locked_kilobytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	long found = -1;

	if (status == NULL)
		return -1;
	while (fgets(line, sizeof(line), status) != NULL) {
		if (strncmp(line, "VmLck:", 6) == 0)
			found = strtol(line + 6, NULL, 10);
	}
	fclose(status);
	return found;
}

/* Alone in their pages: a page that a neighbour locked would not be counted. */
static _Alignas(4096) char large[256 * 1024], late[64 * 1024];
static struct secret_region large_region = { .base = large, .size = sizeof(large) };
static struct secret_region late_region = { .base = late, .size = sizeof(late) };
static LAYOUT_SECRET char placed[512 * 1024], beside[128 * 1024];
/* Where the linker does not sort, each region is locked by itself. */
static LAYOUT_BEFORE_SECRETS char first_mark[1];
static LAYOUT_AFTER_SECRETS char last_mark[1];

static bool linker_sorts(void)
{
	return (uintptr_t)first_mark < (uintptr_t)placed &&
	       (uintptr_t)placed < (uintptr_t)last_mark &&
	       (uintptr_t)first_mark < (uintptr_t)beside &&
	       (uintptr_t)beside < (uintptr_t)last_mark;
}

/* Behind what lies with the secrets. */
static __attribute__((section(".bss.zz_zz"))) char behind[64 * 1024];
static struct secret_region behind_region = { .base = behind, .size = sizeof(behind) };
static struct secret_region placed_region = { .base = placed, .size = sizeof(placed) };
static struct secret_region beside_region = { .base = beside, .size = sizeof(beside) };

static void keeps_regions_out_of_swap(void **state)
{
	struct rlimit limit;
	long before = locked_kilobytes();

	(void)state;
	/* The sanitizer makes mlock do nothing. */
	if (UNIT_ADDRESS_SANITIZER || before == -1 || getrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
	    limit.rlim_cur < 1024 * 1024)
		skip();
	secret_register(&large_region);
	assert_int_equal(locked_kilobytes(), before);
	secret_lock();
	/* With the small ones of the tests before, and what lies with the secrets. */
	before = locked_kilobytes();
	assert_in_range(before, 256 + (linker_sorts() ? 640 : 0), 272 + (linker_sorts() ? 644 : 0));
	secret_register(&placed_region);
	if (linker_sorts())
		assert_int_equal(locked_kilobytes(), before);
	before = locked_kilobytes();
	secret_register(&late_region);
	secret_register(&behind_region);
	assert_in_range(locked_kilobytes() - before, 128, 136);
}

static int in_child(int (*run)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(run());
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* The limit is too low for all that lies with the secrets, and not for each. */
static int lock_as_nobody(void)
{
	struct rlimit limit = { 600 * 1024, 600 * 1024 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 1;
	secret_lock();
	return locked_kilobytes() >= 256 + 128 + 64 + 64 ? 0 : 2;
}

static void locks_what_the_limit_allows(void **state)
{
	struct rlimit limit;

	(void)state;
	if (UNIT_ADDRESS_SANITIZER || locked_kilobytes() == -1 ||
	    getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max < 1024 * 1024)
		skip();
	secret_register(&large_region);
	secret_register(&late_region);
	secret_register(&behind_region);
	secret_register(&beside_region);
	assert_int_equal(in_child(lock_as_nobody), 0);
}

/* Locks are not inherited. */
static int lock_again(void)
{
	long before = locked_kilobytes();

	secret_lock();
	return before == 0 && locked_kilobytes() >= 256 + 512 + 128 + 64 + 64 ? 0 : 1;
}

static void locks_in_a_child_again(void **state)
{
	struct rlimit limit;

	(void)state;
	if (UNIT_ADDRESS_SANITIZER || locked_kilobytes() == -1 ||
	    getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur < 2048 * 1024)
		skip();
	secret_register(&large_region);
	secret_register(&late_region);
	secret_register(&behind_region);
	secret_register(&placed_region);
	secret_register(&beside_region);
	secret_lock();
	assert_int_equal(in_child(lock_again), 0);
}

static void is_content_without_the_right_to_lock(void **state)
{
	static char other[32];
	static struct secret_region region = { .base = other, .size = sizeof(other) };
	struct rlimit none = { 0, 0 };

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	secret_register(&region);
	secret_lock();
	memset(other, 'o', sizeof(other));
	region.dirty = sizeof(other);
	secret_wipe_all();
	assert_int_equal(other[0] | other[sizeof(other) - 1], 0);
}

static void same_is_equal_in_every_byte(void **state)
{
	char left[40], right[40];

	(void)state;
	for (size_t i = 0; i < sizeof(left); i++)
		left[i] = right[i] = (char)(i * 37);
	for (size_t length = 0; length <= sizeof(left); length++) {
		assert_true(secret_same(left, right, length));
		for (size_t i = 0; i < sizeof(left); i++) {
			right[i] ^= (char)(1 << (i % 8));
			assert_int_equal(secret_same(left, right, length), i >= length);
			right[i] ^= (char)(1 << (i % 8));
		}
	}
}

int main(void)
{
	UNIT_ROWS(pairs, compares);
	UNIT_TEST(compares_each_bit);
	UNIT_TEST(compares_all_bytes);
	UNIT_TEST(wipes_exactly_what_it_should);
	UNIT_TEST(wipes_all_dirty_regions);
	UNIT_TEST(keeps_regions_out_of_swap);
	UNIT_TEST(locks_what_the_limit_allows);
	UNIT_TEST(locks_in_a_child_again);
	UNIT_TEST(is_content_without_the_right_to_lock);
	UNIT_TEST(same_is_equal_in_every_byte);
	return unit_run();
}
