/* Bytes to text and back. */
#include "encode.h"

#include "encoding.h"
#include "unit.h"

#define ALL 256

/* RFC 4648 section 10. */
static struct {
	const char *name, *hex, *base64;
} rows[] = {
	{ "", "", "" },
	{ "f", "66", "Zg==" },
	{ "fo", "666f", "Zm8=" },
	{ "foo", "666f6f", "Zm9v" },
	{ "foob", "666f6f62", "Zm9vYg==" },
	{ "fooba", "666f6f6261", "Zm9vYmE=" },
	{ "foobar", "666f6f626172", "Zm9vYmFy" },
};

static void encodes(void **state)
{
	const typeof(rows[0]) *row = *state;
	char out[32];
	size_t length;

	assert_true(encode_hex(span_of(row->name), out, sizeof(out), &length));
	assert_true(span_is((struct span){ out, length }, row->hex));
	assert_true(encode_base64(span_of(row->name), out, sizeof(out), &length));
	assert_true(span_is((struct span){ out, length }, row->base64));
	assert_true(encode_unpadded_base64(span_of(row->name), out, sizeof(out), &length));
	assert_int_equal(length, strcspn(row->base64, "="));
	assert_memory_equal(out, row->base64, length);
}

static void comes_back(void **state)
{
	char bytes[ALL], out[2 * ALL];
	uint8_t back[ALL];
	size_t length, back_length;

	(void)state;
	for (size_t i = 0; i < ALL; i++)
		bytes[i] = (char)(255 - i);
	for (size_t size = 0; size <= ALL; size++) {
		struct span given = { bytes, size };

		assert_true(encode_hex(given, out, sizeof(out), &length));
		assert_true(encoding_from_hex((struct span){ out, length }, back, sizeof(back),
					      &back_length));
		assert_int_equal(back_length, size);
		assert_memory_equal(back, bytes, size);
		assert_true(encode_base64(given, out, sizeof(out), &length));
		assert_true(encoding_from_base64((struct span){ out, length }, back, sizeof(back),
						 &back_length));
		assert_int_equal(back_length, size);
		assert_memory_equal(back, bytes, size);
	}
}

static void keeps_within_its_room(void **state)
{
	static const struct span given = { BYTES("0123456789") };
	char out[64];
	size_t length;

	(void)state;
	for (size_t size = 0; size <= 24; size++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(encode_hex(given, out, size, &length), size >= 20);
		assert_true(length <= size && out[size] == '#');
		assert_int_equal(encode_base64(given, out, size, &length), size >= 16);
		assert_true(length <= size && out[size] == '#');
	}
}

int main(void)
{
	UNIT_ROWS(rows, encodes);
	UNIT_TEST(comes_back);
	UNIT_TEST(keeps_within_its_room);
	return unit_run();
}
