/* Bytes that must not reach a terminal. */
#include "print.h"

#include "unit.h"

static struct {
	const char *name;
	struct span bytes;
	const char *shown;
} rows[] = {
	{ "ASCII", { BYTES("joe@example.org") }, "joe@example.org" },
	{ "UTF-8",
	  { BYTES("j\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80") },
	  "j\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "nothing", { BYTES("") }, "\"\"" },
	{ "a blank", { BYTES("a b") }, "\"a b\"" },
	{ "an escape", { BYTES("\x1b[2J") }, "\"\\x1b[2J\"" },
	{ "DEL", { BYTES("\x7f") }, "\"\\x7f\"" },
	{ "Latin-1", { BYTES("\xf6") }, "\"\\xf6\"" },
	{ "CSI of Latin-1", { BYTES("\xc2\x9b") }, "\"\\xc2\\x9b\"" },
	{ "no-break space", { BYTES("\xc2\xa0") }, "\"\\xc2\\xa0\"" },
	{ "right-to-left", { BYTES("\xe2\x80\xae") }, "\"\\xe2\\x80\\xae\"" },
	{ "isolate", { BYTES("\xe2\x81\xa6") }, "\"\\xe2\\x81\\xa6\"" },
	{ "byte order mark", { BYTES("\xef\xbb\xbfjoe") }, "\"\\xef\\xbb\\xbfjoe\"" },
	{ "overlong", { BYTES("\xc0\xaf") }, "\"\\xc0\\xaf\"" },
	{ "overlong, 3", { BYTES("\xe0\x80\xaf") }, "\"\\xe0\\x80\\xaf\"" },
	{ "surrogate", { BYTES("\xed\xa0\x80") }, "\"\\xed\\xa0\\x80\"" },
	{ "beyond Unicode", { BYTES("\xf4\x90\x80\x80") }, "\"\\xf4\\x90\\x80\\x80\"" },
	{ "cut", { BYTES("\xe2\x82") }, "\"\\xe2\\x82\"" },
	{ "alone", { BYTES("\x80") }, "\"\\x80\"" },
	{ "five bytes", { BYTES("\xf8\x88\x80\x80\x80") }, "\"\\xf8\\x88\\x80\\x80\\x80\"" },
	{ "NUL", { BYTES("a\0b") }, "\"a\\x00b\"" },
};

static void shows(void **state)
{
	const typeof(rows[0]) *row = *state;
	struct text text;

	print_shown(&text, row->bytes);
	assert_string_equal(text.bytes, row->shown);
}

static void cuts_what_is_long(void **state)
{
	static char bytes[4000];
	struct text text;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	print_shown(&text, (struct span){ bytes, 256 });
	assert_int_equal(text.length, 256);
	print_shown(&text, (struct span){ bytes, 257 });
	assert_int_equal(text.length, 256 + 2 + 3);
}

int main(void)
{
	UNIT_ROWS(rows, shows);
	UNIT_TEST(cuts_what_is_long);
	return unit_run();
}
