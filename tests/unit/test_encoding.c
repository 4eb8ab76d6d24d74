/* Hexadecimal and base64, and that both are strict. */
#include "encoding.h"

#include "unit.h"

typedef bool decoder(struct span text, uint8_t *out, size_t size, size_t *length);

static struct {
	const char *name;
	decoder *decode;
	struct span text;
	size_t size;
	const char *want; /* NULL: must be refused */
	size_t want_length;
} rows[] = {
	{ "hex: empty", encoding_from_hex, { BYTES("") }, 4, BYTES("") },
	{ "hex: lower case", encoding_from_hex, { BYTES("00ff7a") }, 4, BYTES("\0\xffz") },
	{ "hex: upper case", encoding_from_hex, { BYTES("AFfa") }, 4, BYTES("\xaf\xfa") },
	{ "hex: as long as the room", encoding_from_hex, { BYTES("61626364") }, 4, BYTES("abcd") },
	{ "hex: longer than the room", encoding_from_hex, { BYTES("6162636465") }, 4, NULL, 0 },
	{ "hex: an odd digit", encoding_from_hex, { BYTES("616") }, 4, NULL, 0 },
	{ "hex: an odd digit before another", encoding_from_hex, { "6161", 3 }, 4, NULL, 0 },
	{ "hex: a bad first digit", encoding_from_hex, { BYTES("g1") }, 4, NULL, 0 },
	{ "hex: a bad second digit", encoding_from_hex, { BYTES("1g") }, 4, NULL, 0 },
	{ "hex: a NUL", encoding_from_hex, { BYTES("61\0001") }, 4, NULL, 0 },
	{ "hex: a blank", encoding_from_hex, { BYTES("61 6") }, 4, NULL, 0 },
	{ "base64: empty", encoding_from_base64, { BYTES("") }, 4, BYTES("") },
	{ "base64: no padding", encoding_from_base64, { BYTES("YWJj") }, 4, BYTES("abc") },
	{ "base64: one =", encoding_from_base64, { BYTES("YWI=") }, 4, BYTES("ab") },
	{ "base64: two =", encoding_from_base64, { BYTES("YQ==") }, 4, BYTES("a") },
	{ "base64: + and /", encoding_from_base64, { BYTES("+/+/") }, 4, BYTES("\xfb\xff\xbf") },
	{ "base64: as long as the room",
	  encoding_from_base64,
	  { BYTES("YWJjZA==") },
	  4,
	  BYTES("abcd") },
	{ "base64: longer by 1", encoding_from_base64, { BYTES("YWJjZGU=") }, 4, NULL, 0 },
	{ "base64: longer by 2", encoding_from_base64, { BYTES("YWJjZGVm") }, 4, NULL, 0 },
	{ "base64: no room", encoding_from_base64, { BYTES("YQ==") }, 0, NULL, 0 },
	{ "base64: padding left out", encoding_from_base64, { BYTES("YQ") }, 4, NULL, 0 },
	{ "base64: half the padding", encoding_from_base64, { BYTES("YQ=") }, 4, NULL, 0 },
	{ "base64: three =", encoding_from_base64, { BYTES("Y===") }, 4, NULL, 0 },
	{ "base64: only =", encoding_from_base64, { BYTES("====") }, 4, NULL, 0 },
	{ "base64: = too many", encoding_from_base64, { BYTES("YWJj====") }, 8, NULL, 0 },
	{ "base64: = inside", encoding_from_base64, { BYTES("YQ==YWJj") }, 8, NULL, 0 },
	{ "base64: = inside a group", encoding_from_base64, { BYTES("Y=Jj") }, 8, NULL, 0 },
	{ "base64: = then a digit", encoding_from_base64, { BYTES("YQ=j") }, 8, NULL, 0 },
	{ "base64: bits behind one byte", encoding_from_base64, { BYTES("YR==") }, 4, NULL, 0 },
	{ "base64: bits behind two bytes", encoding_from_base64, { BYTES("YWJ=") }, 4, NULL, 0 },
	{ "base64: a newline", encoding_from_base64, { BYTES("YWJ\n") }, 4, NULL, 0 },
	{ "base64: a NUL", encoding_from_base64, { BYTES("YW\0j") }, 4, NULL, 0 },
	{ "unpadded: no padding needed",
	  encoding_from_unpadded_base64,
	  { BYTES("YWJj") },
	  4,
	  BYTES("abc") },
	{ "unpadded: two bytes", encoding_from_unpadded_base64, { BYTES("YWI") }, 4, BYTES("ab") },
	{ "unpadded: one byte", encoding_from_unpadded_base64, { BYTES("YQ") }, 4, BYTES("a") },
	{ "unpadded: empty", encoding_from_unpadded_base64, { BYTES("") }, 4, BYTES("") },
	{ "unpadded: a digit alone", encoding_from_unpadded_base64, { BYTES("Y") }, 4, NULL, 0 },
	{ "unpadded: five digits", encoding_from_unpadded_base64, { BYTES("YWJjY") }, 4, NULL, 0 },
	{ "unpadded: padding", encoding_from_unpadded_base64, { BYTES("YQ==") }, 4, NULL, 0 },
	{ "unpadded: bits behind one byte",
	  encoding_from_unpadded_base64,
	  { BYTES("YR") },
	  4,
	  NULL,
	  0 },
	{ "unpadded: bits behind two bytes",
	  encoding_from_unpadded_base64,
	  { BYTES("YWJ") },
	  4,
	  NULL,
	  0 },
	{ "unpadded: longer than the room",
	  encoding_from_unpadded_base64,
	  { BYTES("YWJjZGU") },
	  4,
	  NULL,
	  0 },
	{ "unpadded: as long as the room",
	  encoding_from_unpadded_base64,
	  { BYTES("YWJjZA") },
	  4,
	  BYTES("abcd") },
	{ "base64: of URLs", encoding_from_base64, { BYTES("-_-_") }, 4, NULL, 0 },
};

static void decodes(void **state)
{
	__typeof__(rows[0]) *row = *state;
	uint8_t out[16];
	size_t length = 99;
	bool good;

	memset(out, 0x55, sizeof(out));
	good = row->decode(row->text, out, row->size, &length);
	assert_int_equal(good, row->want != NULL);
	assert_int_equal(length, row->want_length);
	if (good)
		assert_memory_equal(out, row->want, length);
	for (size_t i = row->size; i < sizeof(out); i++)
		assert_int_equal(out[i], 0x55);
}

static void hex_takes_each_pair_of_digits(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	unsigned taken = 0;

	(void)state;
	for (unsigned pair = 0; pair < 65536; pair++) {
		char text[2] = { (char)(pair >> 8), (char)(pair & 255) };
		const char *high = memchr(digits, text[0], sizeof(digits) - 1);
		const char *low = memchr(digits, text[1], sizeof(digits) - 1);
		uint8_t out;
		size_t length;

		if (!encoding_from_hex((struct span){ text, 2 }, &out, 1, &length)) {
			assert_true(high == NULL || low == NULL);
			continue;
		}
		taken++;
		assert_non_null(high);
		assert_non_null(low);
		assert_int_equal(out, (high - digits - (high - digits > 15 ? 6 : 0)) * 16 +
					      (low - digits - (low - digits > 15 ? 6 : 0)));
	}
	assert_int_equal(taken, 22 * 22);
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t encode(const uint8_t *bytes, size_t count, char *text)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i += 3) {
		unsigned group = (unsigned)bytes[i] << 16 |
				 (i + 1 < count ? (unsigned)bytes[i + 1] << 8 : 0) |
				 (i + 2 < count ? (unsigned)bytes[i + 2] : 0);

		text[length++] = base64_digits[group >> 18];
		text[length++] = base64_digits[group >> 12 & 63];
		text[length++] = i + 1 < count ? base64_digits[group >> 6 & 63] : '=';
		text[length++] = i + 2 < count ? base64_digits[group & 63] : '=';
	}
	return length;
}

/* Two texts never mean the same bytes: what is taken is what an encoder writes. */
static void base64_takes_only_what_is_encoded(void **state)
{
	static const char tried[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \0\n";
	static const char *const ends[] = { "==", "=", "A", "x" };
	unsigned taken = 0;

	(void)state;
	for (size_t i = 0; i < 70 * 70 * 70 * COUNT(ends); i++) {
		char text[8] = { tried[i % 70], tried[i / 70 % 70], tried[i / 4900 % 70] };
		const char *end = ends[i / 343000];
		uint8_t out[8];
		char again[16];
		size_t length;

		memcpy(text + (end[1] == '=' ? 2 : 3), end, strlen(end));
		if (!encoding_from_base64((struct span){ text, 4 }, out, 8, &length))
			continue;
		taken++;
		assert_int_equal(encode(out, length, again), 4);
		assert_memory_equal(again, text, 4);
	}
	/* "==": 256 values, with each of 70 third characters; "=": 65536, and 256 more from
	 * the row where the third character is a "=" too; "A", "x": any three. */
	assert_int_equal(taken, 256 * 70 + 65536 + 256 + 2 * 64 * 64 * 64);
}

static void base64_takes_each_length(void **state)
{
	uint8_t bytes[200], out[200];
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t count = 0; count < sizeof(bytes); count++) {
		size_t text_length = encode(bytes, count, text), length;

		assert_true(encoding_from_base64((struct span){ text, text_length }, out, count,
						 &length));
		assert_int_equal(length, count);
		assert_memory_equal(out, bytes, count);
		if (count != 0)
			assert_false(encoding_from_base64((struct span){ text, text_length }, out,
							  count - 1, &length));
	}
}

int main(void)
{
	UNIT_ROWS(rows, decodes);
	UNIT_TEST(hex_takes_each_pair_of_digits);
	UNIT_TEST(base64_takes_only_what_is_encoded);
	UNIT_TEST(base64_takes_each_length);
	return unit_run();
}
