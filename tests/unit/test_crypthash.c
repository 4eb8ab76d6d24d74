/* What is a crypt(3) hash, and what its verification answers. */
#include "crypthash.h"

#include "unit.h"

#include <crypt.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { NO = 0, HASH = 1, DES = 3 };

static struct {
	const char *name;
	struct span text;
	int want;
} forms[] = {
	{ "form: yescrypt", { BYTES("$y$j75$s$h") }, HASH },
	{ "form: gost-yescrypt", { BYTES("$gy$j75$s$h") }, HASH },
	{ "form: scrypt", { BYTES("$7$C6..../....s$h") }, HASH },
	{ "form: bcrypt a", { BYTES("$2a$04$x") }, HASH },
	{ "form: bcrypt b", { BYTES("$2b$04$x") }, HASH },
	{ "form: bcrypt x", { BYTES("$2x$04$x") }, HASH },
	{ "form: bcrypt y", { BYTES("$2y$04$x") }, HASH },
	{ "form: SHA-512", { BYTES("$6$s$h") }, HASH },
	{ "form: SHA-256", { BYTES("$5$s$h") }, HASH },
	{ "form: SHA-1", { BYTES("$sha1$10$s$h") }, HASH },
	{ "form: SunMD5", { BYTES("$md5$s$$h") }, HASH },
	{ "form: SunMD5 with rounds", { BYTES("$md5,rounds=10$s$$h") }, HASH },
	{ "form: MD5", { BYTES("$1$s$h") }, HASH },
	{ "form: NT", { BYTES("$3$$h") }, HASH },
	{ "form: BSDi", { BYTES("_J9..rasmz0.F/jqjWck") }, HASH },
	{ "form: DES", { BYTES("abNANd1rDfiNc") }, DES },
	{ "form: not bcrypt 2", { BYTES("$2$04$x") }, NO },
	{ "form: not bcrypt z", { BYTES("$2z$04$x") }, NO },
	{ "form: not argon2", { BYTES("$argon2id$v=19$m=65536,t=3,p=1$c$h") }, NO },
	{ "form: not apr1", { BYTES("$apr1$s$h") }, NO },
	{ "form: not $4$", { BYTES("$4$s$h") }, NO },
	{ "form: not $", { BYTES("$") }, NO },
	{ "form: not $6", { BYTES("$6") }, NO },
	{ "form: not empty", { BYTES("") }, NO },
	{ "form: not plaintext", { BYTES("plain") }, NO },
	{ "form: BSDi, a byte less", { BYTES("_J9..rasmz0.F/jqjWc") }, NO },
	{ "form: BSDi, a byte more", { BYTES("_J9..rasmz0.F/jqjWckk") }, NO },
	{ "form: BSDi, a bad byte", { BYTES("_J9..rasmz0.F/jqjWc!") }, NO },
	{ "form: BSDi, a bad first byte", { BYTES("_!9..rasmz0.F/jqjWck") }, NO },
	{ "form: DES, a byte less", { BYTES("abNANd1rDfiN") }, NO },
	{ "form: DES, a byte more", { BYTES("abNANd1rDfiNcc") }, NO },
	{ "form: DES, a bad byte", { BYTES("abNANd1-DfiNc") }, NO },
	{ "form: DES, a bad salt", { BYTES(":bNANd1rDfiNc") }, NO },
	{ "form: DES, a NUL", { BYTES("abNANd1\0DfiNc") }, NO },
	{ "form: DES, a NUL at the end", { BYTES("abNANd1rDfiN\0") }, NO },
	{ "form: DES cannot end in d", { BYTES("abNANd1rDfiNd") }, NO },
};

static void tells_form(void **state)
{
	__typeof__(forms[0]) *row = *state;

	assert_int_equal(crypthash_is_hash(row->text), row->want != NO);
	assert_int_equal(crypthash_is_des(row->text), row->want == DES);
}

/* The 16 characters with two zero bits at their end. */
static void knows_where_des_ends(void **state)
{
	static const char ends[] = ".26AEIMQUYcgkosw";
	char text[] = "abNANd1rDfiN?";

	(void)state;
	for (int value = 0; value < 256; value++) {
		text[12] = (char)value;
		assert_int_equal(crypthash_is_des((struct span){ text, 13 }),
				 value != 0 && strchr(ends, value) != NULL);
	}
}

#define SHA512                                                                                     \
	"$6$rounds=1000$saltsalt$"                                                                 \
	"LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/"
#define DIGEST_43 "0123456789012345678901234567890123456789012"

static char long_password[601];

static struct {
	const char *name;
	struct span stored;
	const char *password;
	enum match want;
} hashes[] = {
	{ "DES", { BYTES("abNANd1rDfiNc") }, "secret", MATCH_YES },
	{ "DES, wrong", { BYTES("abNANd1rDfiNc") }, "secres", MATCH_NO },
	{ "DES, the hash as the password", { BYTES("abNANd1rDfiNc") }, "abNANd1rDfiNc", MATCH_NO },
	{ "BSDi", { BYTES("_J9..rasmz0.F/jqjWck") }, "secret", MATCH_YES },
	{ "BSDi, wrong", { BYTES("_J9..rasmz0.F/jqjWck") }, "Secret", MATCH_NO },
	{ "MD5", { BYTES("$1$saltsalt$9xy1btjgzLYfb7hivXtC//") }, "secret", MATCH_YES },
	{ "MD5, wrong", { BYTES("$1$saltsalt$9xy1btjgzLYfb7hivXtC//") }, "", MATCH_NO },
	{ "NT", { BYTES("$3$$878d8014606cda29677a44efa1353fc7") }, "secret", MATCH_YES },
	{ "NT, wrong", { BYTES("$3$$878d8014606cda29677a44efa1353fc7") }, "secreT", MATCH_NO },
	{ "SHA-1",
	  { BYTES("$sha1$10$saltsalt$22i.gaaYjccrPyvd/Dq/F5Z10YNz") },
	  "secret",
	  MATCH_YES },
	{ "SunMD5",
	  { BYTES("$md5,rounds=10$saltsalt$$1rkdxD32fVaPr5LM8K90f1") },
	  "secret",
	  MATCH_YES },
	{ "SHA-256",
	  { BYTES("$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2") },
	  "secret",
	  MATCH_YES },
	{ "SHA-512", { BYTES(SHA512) }, "secret", MATCH_YES },
	{ "SHA-512, wrong", { BYTES(SHA512) }, "secrets", MATCH_NO },
	{ "SHA-512, 511 bytes", { BYTES(SHA512) }, long_password + 89, MATCH_NO },
	{ "bcrypt",
	  { BYTES("$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW") },
	  "secret",
	  MATCH_YES },
	{ "yescrypt",
	  { BYTES("$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2") },
	  "secret",
	  MATCH_YES },
	{ "yescrypt, wrong",
	  { BYTES("$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2") },
	  "secret ",
	  MATCH_NO },
	{ "gost-yescrypt",
	  { BYTES("$gy$j75$saltsalt$lKLXtt/QvsyxW9ILYZt1u1hNXyI7ZoBnbdUTsPBwSi5") },
	  "secret",
	  MATCH_YES },

	{ "plaintext is no hash", { BYTES("plain") }, "plain", MATCH_DAMAGED },
	{ "empty is no hash", { BYTES("") }, "", MATCH_DAMAGED },
	{ "*0 is no hash", { BYTES("*0") }, "", MATCH_DAMAGED },
	{ "*1 is no hash", { BYTES("*1") }, "*1", MATCH_DAMAGED },
	{ "an unknown method", { BYTES("$9$salt$hash") }, "secret", MATCH_DAMAGED },
	{ "MD5, cut", { BYTES("$1$saltsalt$9xy1btjgzLYfb7hivXtC/") }, "secret", MATCH_DAMAGED },
	{ "MD5, longer",
	  { BYTES("$1$saltsalt$9xy1btjgzLYfb7hivXtC///") },
	  "secret",
	  MATCH_DAMAGED },
	{ "MD5, the setting alone", { BYTES("$1$saltsalt$") }, "secret", MATCH_DAMAGED },
	{ "MD5, the prefix alone", { BYTES("$1$") }, "secret", MATCH_DAMAGED },
	{ "MD5, a NUL behind",
	  { BYTES("$1$saltsalt$9xy1btjgzLYfb7hivXtC//\0") },
	  "secret",
	  MATCH_DAMAGED },
	{ "MD5, a NUL inside",
	  { BYTES("$1$saltsalt$\0xy1btjgzLYfb7hivXtC//") },
	  "secret",
	  MATCH_DAMAGED },
	{ "SHA-512, cut", { SHA512, sizeof(SHA512) - 2 }, "secret", MATCH_DAMAGED },
	{ "SHA-512, too many rounds given as text",
	  { BYTES("$6$rounds=x$saltsalt$abc") },
	  "secret",
	  MATCH_DAMAGED },
	{ "bcrypt, no cost", { BYTES("$2y$") }, "secret", MATCH_DAMAGED },
	{ "bcrypt, a cost out of range",
	  { BYTES("$2y$99$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW") },
	  "secret",
	  MATCH_DAMAGED },
	{ "SunMD5 without the second $", { BYTES("$md5,rounds=10") }, "secret", MATCH_DAMAGED },
	{ "SunMD5, the prefix alone", { BYTES("$md5,") }, "secret", MATCH_DAMAGED },
	{ "SHA-1, the prefix alone", { BYTES("$sha1$") }, "secret", MATCH_DAMAGED },
	{ "yescrypt, the prefix alone", { BYTES("$y$") }, "secret", MATCH_DAMAGED },
	{ "yescrypt, the parameters alone", { BYTES("$y$j9T$") }, "secret", MATCH_DAMAGED },
	{ "yescrypt, bad parameters", { BYTES("$y$!9T$s$" DIGEST_43) }, "secret", MATCH_DAMAGED },
	{ "yescrypt, parameters cut", { BYTES("$y$j$" DIGEST_43) }, "secret", MATCH_DAMAGED },
	{ "yescrypt, the digest cut",
	  { BYTES("$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh") },
	  "secret",
	  MATCH_DAMAGED },
	{ "gost-yescrypt, the prefix alone", { BYTES("$gy$") }, "secret", MATCH_DAMAGED },
	{ "scrypt, the prefix alone", { BYTES("$7$") }, "secret", MATCH_DAMAGED },
	{ "scrypt, parameters cut", { BYTES("$7$C6..$" DIGEST_43) }, "secret", MATCH_DAMAGED },
	{ "scrypt, a digest of 42",
	  { "$7$66..../....salt$" DIGEST_43, sizeof("$7$66..../....salt$" DIGEST_43) - 2 },
	  "secret",
	  MATCH_DAMAGED },
	{ "scrypt, a bad byte in the digest",
	  { BYTES("$7$66..../....salt$!123456789012345678901234567890123456789012") },
	  "secret",
	  MATCH_DAMAGED },
	/* libcrypt refuses 512 bytes and more; requests are shorter. */
	{ "DES, 600 bytes", { BYTES("abNANd1rDfiNc") }, long_password, MATCH_DAMAGED },
	{ "BSDi, 600 bytes", { BYTES("_J9..rasmz0.F/jqjWck") }, long_password, MATCH_DAMAGED },
	{ "SHA-512, 600 bytes", { BYTES(SHA512) }, long_password, MATCH_DAMAGED },

	/* 2^40 blocks of 1 KiB: more than the machine can address, whatever the limits. */
	{ "scrypt, memory", { BYTES("$7$c6..../....salt$" DIGEST_43) }, "secret", MATCH_NO_MEMORY },
	{ "yescrypt, memory", { BYTES("$y$jb5$salt$" DIGEST_43) }, "secret", MATCH_NO_MEMORY },
	/* Beyond what libcrypt computes with there is no size to name. */
	{ "scrypt, 2^41 blocks",
	  { BYTES("$7$d6..../....salt$" DIGEST_43) },
	  "secret",
	  MATCH_DAMAGED },
	{ "yescrypt, a number cut", { BYTES("$y$jbk") }, "secret", MATCH_DAMAGED },
};

static void answers(void **state)
{
	__typeof__(hashes[0]) *row = *state;
	struct text why;

	text_clear(&why);
	assert_int_equal(crypthash_verify(row->stored, span_of(row->password), &why), row->want);
	assert_int_equal(why.length != 0, row->want == MATCH_NO_MEMORY);
}

static void refuses_a_hash_longer_than_libcrypt_takes(void **state)
{
	char *stored = malloc(8192);
	struct text why;

	(void)state;
	assert_non_null(stored);
	memset(stored, 'a', 8192);
	memcpy(stored, "$1$", 3);
	for (size_t length = CRYPT_OUTPUT_SIZE - 5; length < CRYPT_OUTPUT_SIZE + 5; length++)
		assert_int_equal(
			crypthash_verify((struct span){ stored, length }, span_of("secret"), &why),
			MATCH_DAMAGED);
	assert_int_equal(crypthash_verify((struct span){ stored, 8192 }, span_of("x"), &why),
			 MATCH_DAMAGED);
	free(stored);
}

static void says_how_much_memory(void **state)
{
	struct text why;

	(void)state;
	text_clear(&why);
	assert_int_equal(
		crypthash_verify(SPAN("$7$c6..../....salt$" DIGEST_43), span_of("secret"), &why),
		MATCH_NO_MEMORY);
	/* N = 2^40, r = 8: 128 * 8 * 2^40 */
	assert_non_null(strstr(why.bytes, "1125899906842624 bytes"));
}

/* Blocks of 128 * r bytes, 2^40 of them; r has one digit up to 48, two up to 560, then three. */
static struct {
	const char *name, *stored, *need;
} numbers[] = {
	{ "memory: r is 48", "$y$jbj$salt$" DIGEST_43, "6755399441055744 bytes" },
	{ "memory: r is 49", "$y$jbk.$salt$" DIGEST_43, "6896136929411072 bytes" },
	{ "memory: r is 50", "$y$jbk/$salt$" DIGEST_43, "7036874417766400 bytes" },
	{ "memory: r is 560", "$y$jbrz$salt$" DIGEST_43, "78812993478983680 bytes" },
	{ "memory: r is 562", "$y$jbs./$salt$" DIGEST_43, "79094468455694336 bytes" },
	{ "memory: r is 625", "$y$jbs/.$salt$" DIGEST_43, "87960930222080000 bytes" },
};

static void reads_numbers_of_yescrypt(void **state)
{
	__typeof__(numbers[0]) *row = *state;
	struct text why;

	text_clear(&why);
	assert_int_equal(crypthash_verify(span_of(row->stored), span_of("secret"), &why),
			 MATCH_NO_MEMORY);
	assert_non_null(strstr(why.bytes, row->need));
}

/* The result of `attempt` in a child: its limits must not outlive the test. */
static int in_child(int (*attempt)(void))
{
	int status = -1;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0)
		_exit(attempt());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static rlim_t address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (file == NULL || fscanf(file, "%lu", &pages) != 1)
		_exit(99);
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Debian's default, 16 MiB. */
#define YESCRYPT "$y$j9T$saltsalt$"

static char yescrypt[200];

static int verify_within(rlim_t soft, rlim_t hard, bool *limits_kept)
{
	struct rlimit limit = { soft, hard }, after;
	struct text why;
	int match;

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		_exit(98);
	text_clear(&why);
	match = (int)crypthash_verify(span_of(yescrypt), span_of("secret"), &why);
	*limits_kept = getrlimit(RLIMIT_AS, &after) == 0 && after.rlim_cur == soft &&
		       after.rlim_max == hard;
	if (match == MATCH_NO_MEMORY && (strstr(why.bytes, "16777216 bytes") == NULL ||
					 strstr(why.bytes, "the hard limit is ") == NULL))
		_exit(97);
	return match;
}

static int within_a_soft_limit(void)
{
	bool kept;
	int match = verify_within(address_space() + (4 << 20), RLIM_INFINITY, &kept);

	return kept ? match : 96;
}

static int within_a_hard_limit(void)
{
	rlim_t limit = address_space() + (4 << 20);
	bool kept;
	int match = verify_within(limit, limit, &kept);

	return kept ? match : 96;
}

static void make_yescrypt(void)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash;

	assert_non_null(data);
	hash = crypt_r("secret", YESCRYPT, data);
	assert_memory_equal(hash, YESCRYPT, sizeof(YESCRYPT) - 1);
	snprintf(yescrypt, sizeof(yescrypt), "%s", hash);
	free(data);
}

static void raises_the_soft_limit(void **state)
{
	(void)state;
	if (UNIT_ADDRESS_SANITIZER)
		skip();
	make_yescrypt();
	assert_int_equal(in_child(within_a_soft_limit), MATCH_YES);
}

static void tells_the_hard_limit(void **state)
{
	(void)state;
	if (UNIT_ADDRESS_SANITIZER)
		skip();
	make_yescrypt();
	assert_int_equal(in_child(within_a_hard_limit), MATCH_NO_MEMORY);
}

int main(void)
{
	memset(long_password, 'p', sizeof(long_password) - 1);
	UNIT_ROWS(forms, tells_form);
	UNIT_TEST(knows_where_des_ends);
	UNIT_ROWS(hashes, answers);
	UNIT_TEST(refuses_a_hash_longer_than_libcrypt_takes);
	UNIT_TEST(says_how_much_memory);
	UNIT_ROWS(numbers, reads_numbers_of_yescrypt);
	UNIT_TEST(raises_the_soft_limit);
	UNIT_TEST(tells_the_hard_limit);
	return unit_run();
}
