#include "crypthash.h"

#include "layout.h"
#include "memlimit.h"
#include "secret.h"

#include <crypt.h>
#include <stdint.h>
#include <sys/mman.h>

#define DES_CHARACTERS 13
#define BSDI_CHARACTERS 20

static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#define PAGE_BYTES 4096

static LAYOUT_SECRET _Alignas(PAGE_BYTES) struct crypt_data work;
static struct secret_region region = { .base = &work, .size = sizeof(work) };

static bool is_of_alphabet(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (memchr(alphabet, text.at[i], sizeof(alphabet) - 1) == NULL)
			return false;
	}
	return true;
}

bool crypthash_is_des(struct span text)
{
	/* 64 bits in 11 characters of 6: the last two bits are always zero. */
	return text.length == DES_CHARACTERS && is_of_alphabet(text) &&
	       (strchr(alphabet, text.at[DES_CHARACTERS - 1]) - alphabet) % 4 == 0;
}

bool crypthash_is_hash(struct span text)
{
	static const char *const prefixes[] = {
		"$y$", "$gy$", "$7$",    "$2a$",  "$2b$",  "$2x$", "$2y$",
		"$6$", "$5$",  "$sha1$", "$md5$", "$md5,", "$1$",  "$3$",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (span_begins(text, prefixes[i]))
			return true;
	}
	if (span_begins(text, "_"))
		return text.length == BSDI_CHARACTERS && is_of_alphabet(span_from(text, 1));
	return crypthash_is_des(text);
}

/* The value of a character of the alphabet; the NUL and all others are no digit. */
static bool read_digit(const char **at, uint32_t *value)
{
	const char *found = **at != '\0' ? strchr(alphabet, **at) : NULL;

	if (found == NULL)
		return false;
	*value = (uint32_t)(found - alphabet);
	++*at;
	return true;
}

/*
 * yescrypt's variable-length number, counted from `least`: a first digit of 0 to 47 is the
 * number itself, 48 to 55 begin a number of two digits, 56 to 59 one of three, and so on, and
 * each form goes on counting where the shorter one ends.
 */
static bool read_number(const char **at, uint32_t least, uint32_t *number)
{
	uint32_t low = 0, high = 47, digit;
	unsigned more = 0;

	if (!read_digit(at, &digit))
		return false;
	*number = least;
	for (; digit > high; more++) {
		uint32_t next = high + 1;

		*number += (next - low) << (6 * more);
		high = next + (62 - high) / 2;
		low = next;
	}
	*number += (digit - low) << (6 * more);
	while (more-- > 0) {
		if (!read_digit(at, &digit))
			return false;
		*number += digit << (6 * more);
	}
	return true;
}

/* scrypt's block size: five digits, the least significant first. */
static bool read_fixed_number(const char **at, uint32_t *number)
{
	uint32_t digit;

	*number = 0;
	for (unsigned shift = 0; shift < 30; shift += 6) {
		if (!read_digit(at, &digit))
			return false;
		*number |= digit << shift;
	}
	return true;
}

/*
 * The memory in bytes that a $y$, $gy$ or $7$ hash asks for: 128 * r * 2^n. Returns 0 where its
 * parameters are damaged and for the methods that need next to none.
 */
static uint64_t memory_need(const char *hash)
{
	uint32_t flavour, exponent, block;
	const char *at = hash;

	if (strncmp(hash, "$7$", 3) == 0) {
		at += 3;
		if (!read_digit(&at, &exponent) || !read_fixed_number(&at, &block))
			return 0;
	} else if (strncmp(hash, "$y$", 3) == 0 || strncmp(hash, "$gy$", 4) == 0) {
		at += hash[1] == 'y' ? 3 : 4;
		if (!read_number(&at, 0, &flavour) || !read_number(&at, 1, &exponent) ||
		    !read_number(&at, 1, &block))
			return 0;
	} else {
		return 0;
	}
	if (exponent > 40 || block > 1U << 15)
		return 0;
	return (uint64_t)128 * block << exponent;
}

/*
 * libcrypt answers EINVAL both to a damaged hash and to memory that it could not get. So the
 * memory is asked for once more, with a little for the rest. The limits are raised.
 */
static enum match explain_failure(struct text *why)
{
	uint64_t need = memory_need(work.setting);

	if (need == 0 || memlimit_allows(need + (1 << 20)))
		return MATCH_DAMAGED;
	memlimit_explain(why, need);
	return MATCH_NO_MEMORY;
}

enum match crypthash_verify(struct span stored, struct span password, struct text *why)
{
	enum match match = MATCH_DAMAGED;
	const char *hash;

	if (!crypthash_is_hash(stored) || stored.length >= sizeof(work.setting) ||
	    memchr(stored.at, '\0', stored.length) != NULL)
		return MATCH_DAMAGED;
	secret_register(&region);
	secret_lock();
#ifdef MADV_POPULATE_WRITE
	/* libcrypt wipes all of it: one call instead of eight page faults, since Linux 5.14. */
	(void)madvise(&work, sizeof(work), MADV_POPULATE_WRITE);
#endif
	region.dirty = sizeof(work);
	memcpy(work.setting, stored.at, stored.length);
	work.setting[stored.length] = '\0';

	memlimit_raise();
	hash = crypt_rn(password.at, work.setting, &work, sizeof(work));
	if (hash == NULL)
		match = explain_failure(why);
	else if (strlen(hash) == stored.length) /* of another length it can never match */
		match = secret_equal(span_of(hash), stored) ? MATCH_YES : MATCH_NO;
	memlimit_restore();
	secret_wipe_region(&region);
	return match;
}
