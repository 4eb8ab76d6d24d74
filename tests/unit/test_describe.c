/* What stored secrets are. */
#include "describe.h"

#include "unit.h"

static struct {
	const char *name, *state, *scheme, *mechanisms;
	bool weak;
} rows[] = {
	{ "secret", "ok", "PLAIN", "PLAIN CRAM-MD5 APOP", false },
	{ "{plain}x", "ok", "PLAIN", "PLAIN CRAM-MD5 APOP", false },
	{ "{PLAIN.B64}YTpiIGM=", "ok", "PLAIN", "PLAIN CRAM-MD5 APOP", false },
	{ "{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56", "ok",
	  "CRAM-MD5", "PLAIN CRAM-MD5", false },
	{ "{CRAM-MD5}00", "damaged", "-", "-", false },
	{ "$6$a$b", "ok", "SHA512-CRYPT", "PLAIN", false },
	{ "{CRYPT}$6$a$b", "ok", "SHA512-CRYPT", "PLAIN", false },
	{ "{SHA512-CRYPT}$6$a$b", "ok", "SHA512-CRYPT", "PLAIN", false },
	{ "$5$a$b", "ok", "SHA256-CRYPT", "PLAIN", false },
	{ "$y$j9T$a$b", "ok", "YESCRYPT", "PLAIN", false },
	{ "$gy$j9T$a$b", "ok", "GOST-YESCRYPT", "PLAIN", false },
	{ "$7$a", "ok", "SCRYPT", "PLAIN", false },
	{ "$2y$05$a", "ok", "BLF-CRYPT", "PLAIN", false },
	{ "$argon2id$v=19$x", "ok", "ARGON2ID", "PLAIN", false },
	{ "{ARGON2I}$argon2i$v=19$x", "ok", "ARGON2I", "PLAIN", false },
	{ "{PBKDF2}$1$a$1$b", "ok", "PBKDF2", "PLAIN", false },
	{ "{SCRAM-SHA-256}1,a,b,c", "ok", "SCRAM-SHA-256", "PLAIN", false },
	{ "$1$a$b", "ok", "MD5-CRYPT", "PLAIN", true },
	{ "{MD5}$1$a$b", "ok", "MD5-CRYPT", "PLAIN", true },
	{ "{MD5}X03MO1qnZdYdgyfeuILPmQ==", "ok", "MD5", "PLAIN", true },
	{ "$apr1$a$b", "ok", "APR1", "PLAIN", true },
	{ "$sha1$1$a$b", "ok", "SHA1-CRYPT", "PLAIN", true },
	{ "$md5,rounds=1$a", "ok", "SUNMD5", "PLAIN", true },
	{ "$3$$a", "ok", "NT", "PLAIN", true },
	{ "rEK1ecacw.7.c", "ok", "DES-CRYPT", "PLAIN", true },
	{ "_J9..XXXXXXXXXXXXXXX", "ok", "BSDI-CRYPT", "PLAIN", true },
	{ "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "ok", "SHA", "PLAIN", true },
	{ "{PLAIN-TRUNC}3-abc", "ok", "PLAIN-TRUNC", "PLAIN", true },
	{ "", "empty", "-", "-", false },
	{ "{PLAIN}", "empty", "PLAIN", "-", false },
	{ "x", "no-shadow", "-", "-", false },
	{ "{NOSUCH}x", "unknown-scheme", "-", "-", false },
	{ "$9$a$b", "unknown-scheme", "-", "-", false },
	{ " {PLAIN}x", "damaged", "-", "-", false },
	{ "!", "locked", "-", "-", false },
	{ "*", "locked", "-", "-", false },
	{ "!*x", "locked", "-", "-", false },
	{ "!$6$a$b", "locked", "SHA512-CRYPT", "PLAIN", false },
	{ "!!{PLAIN}x", "locked", "PLAIN", "PLAIN CRAM-MD5 APOP", false },
};

static void describes(void **state)
{
	const typeof(rows[0]) *row = *state;
	struct description description = describe(span_of(row->name));
	struct text mechanisms;

	assert_string_equal(describe_state(&description), row->state);
	assert_string_equal(description.scheme, row->scheme);
	describe_mechanisms(&description, " ", &mechanisms);
	assert_string_equal(mechanisms.bytes, row->mechanisms);
	assert_int_equal(description.weak, row->weak);
}

static void unlocks(void **state)
{
	(void)state;
	assert_true(span_is(describe_unlocked(span_of("!a")), "a"));
	assert_true(span_is(describe_unlocked(span_of("!!a!")), "a!"));
	assert_true(span_is(describe_unlocked(span_of("a")), "a"));
	assert_int_equal(describe_unlocked(span_of("!")).length, 0);
	assert_int_equal(describe_unlocked(span_of("*a")).length, 0);
	assert_int_equal(describe_unlocked(span_of("!*a")).length, 0);
	assert_int_equal(describe_unlocked(span_of("!x")).length, 0);
}

int main(void)
{
	UNIT_ROWS(rows, describes);
	UNIT_TEST(unlocks);
	return unit_run();
}
