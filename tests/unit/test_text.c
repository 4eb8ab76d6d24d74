/* What the log and the explanations are built of. */
#include "text.h"

#include "unit.h"

#include <errno.h>
#include <limits.h>

static void joins_pieces(void **state)
{
	struct text text;

	(void)state;
	text_join(&text, "a", "", "%s\n", "b");
	assert_string_equal(text.bytes, "a%s\nb");
	assert_int_equal(text.length, 5);
	text_add(&text, "c");
	assert_string_equal(text.bytes, "a%s\nbc");
	text_join(&text, "anew");
	assert_string_equal(text.bytes, "anew");
	text_clear(&text);
	assert_string_equal(text.bytes, "");
	assert_int_equal(text.length, 0);
}

static struct {
	const char *name;
	long long number;
	const char *want;
} numbers[] = {
	{ "number: 0", 0, "0" },
	{ "number: 9", 9, "9" },
	{ "number: 10", 10, "10" },
	{ "number: -1", -1, "-1" },
	{ "number: the largest", LLONG_MAX, "9223372036854775807" },
	{ "number: the smallest", LLONG_MIN, "-9223372036854775808" },
};

static void writes_number(void **state)
{
	__typeof__(numbers[0]) *row = *state;
	struct text text;

	text_join(&text, "=");
	text_add_number(&text, row->number);
	assert_string_equal(text.bytes + 1, row->want);
	assert_int_equal(text.length, strlen(text.bytes));
}

static struct {
	const char *name;
	unsigned number;
	const char *want;
} octals[] = {
	{ "octal: 0", 0, "0" },
	{ "octal: 7", 7, "07" },
	{ "octal: 0644", 0644, "0644" },
	{ "octal: 04755", 04755, "04755" },
	{ "octal: the largest", UINT_MAX, "037777777777" },
};

static void writes_octal(void **state)
{
	__typeof__(octals[0]) *row = *state;
	struct text text;

	text_clear(&text);
	text_add_octal(&text, row->number);
	assert_string_equal(text.bytes, row->want);
}

static struct {
	const char *name;
	struct span raw;
	size_t limit;
	const char *want;
} quotes[] = {
	{ "quoted: plain", { BYTES("joe@ex.com") }, 64, "\"joe@ex.com\"" },
	{ "quoted: empty", { BYTES("") }, 64, "\"\"" },
	{ "quoted: a format stays as it is", { BYTES("%s%n") }, 64, "\"%s%n\"" },
	{ "quoted: a quote", { BYTES("a\"b") }, 64, "\"a\\x22b\"" },
	{ "quoted: a backslash", { BYTES("a\\b") }, 64, "\"a\\x5cb\"" },
	{ "quoted: a newline forges no line", { BYTES("a\nb") }, 64, "\"a\\x0ab\"" },
	{ "quoted: a NUL", { BYTES("a\0b") }, 64, "\"a\\x00b\"" },
	{ "quoted: the ends of printable ASCII", { BYTES(" ~") }, 64, "\" ~\"" },
	{ "quoted: the bytes beside them", { BYTES("\x1f\x7f") }, 64, "\"\\x1f\\x7f\"" },
	{ "quoted: 8 bits", { BYTES("\x80\xff") }, 64, "\"\\x80\\xff\"" },
	{ "quoted: as long as the limit", { BYTES("abc") }, 3, "\"abc\"" },
	{ "quoted: longer than the limit", { BYTES("abcd") }, 3, "\"abc\"..." },
	{ "quoted: a limit of 0", { BYTES("a") }, 0, "\"\"..." },
	{ "quoted: the limit counts raw bytes", { BYTES("\n\n\n") }, 2, "\"\\x0a\\x0a\"..." },
};

static void writes_quoted(void **state)
{
	__typeof__(quotes[0]) *row = *state;
	struct text text;

	text_clear(&text);
	text_add_quoted(&text, row->raw, row->limit);
	assert_string_equal(text.bytes, row->want);
}

/* Whatever the bytes: what comes out is printable, between two quotes and without another. */
static void quotes_each_byte(void **state)
{
	struct text text;

	(void)state;
	for (int value = 0; value < 256; value++) {
		char raw = (char)value;

		text_clear(&text);
		text_add_quoted(&text, (struct span){ &raw, 1 }, 64);
		for (size_t i = 0; i < text.length; i++)
			assert_in_range(text.bytes[i], 0x20, 0x7e);
		assert_true(text.length == 3 || text.length == 6);
		assert_ptr_equal(strchr(text.bytes + 1, '"'), text.bytes + text.length - 1);
	}
}

static void fill(struct text *text, size_t count)
{
	text_clear(text);
	while (text->length < count)
		text_add(text, "f");
}

static void cuts_what_does_not_fit(void **state)
{
	struct text text;

	(void)state;
	fill(&text, TEXT_MAX_BYTES - 4);
	text_add(&text, "abcdef");
	assert_int_equal(text.length, TEXT_MAX_BYTES - 1);
	assert_string_equal(text.bytes + TEXT_MAX_BYTES - 4, "abc");
	text_add(&text, "g");
	text_add_number(&text, LLONG_MIN);
	text_add_octal(&text, UINT_MAX);
	text_add_quoted(&text, SPAN("\n\n"), 64);
	assert_int_equal(text.length, TEXT_MAX_BYTES - 1);
	assert_string_equal(text.bytes + TEXT_MAX_BYTES - 4, "abc");
}

/* Wherever the room ends, the quotes are closed, and no escape is cut. */
static void closes_quotes_at_every_place(void **state)
{
	static const char *const forms[] = {
		"\"\"...",
		"\"\\x0a\"...",
		"\"\\x0aa\"...",
		"\"\\x0aa\\x0a\"",
	};
	struct text text;

	(void)state;
	for (size_t room = 5; room < 40; room++) {
		size_t start = TEXT_MAX_BYTES - 1 - room, form = 0;

		fill(&text, start);
		text_add_quoted(&text, SPAN("\na\n"), 64);
		assert_int_equal(text.length, strlen(text.bytes));
		while (form < COUNT(forms) && strcmp(text.bytes + start, forms[form]) != 0)
			form++;
		if (form == COUNT(forms))
			fail_msg("with room for %zu: %s", room, text.bytes + start);
		if (room >= 20)
			assert_int_equal(form, COUNT(forms) - 1);
	}
}

static void names_errors(void **state)
{
	(void)state;
	assert_string_equal(text_of_errno(EACCES), "Permission denied");
	assert_string_equal(text_of_errno(ENOENT), "No such file or directory");
	assert_string_equal(text_of_errno(99999), "unknown error");
	assert_string_equal(text_of_errno(-1), "unknown error");
}

int main(void)
{
	UNIT_TEST(joins_pieces);
	UNIT_ROWS(numbers, writes_number);
	UNIT_ROWS(octals, writes_octal);
	UNIT_ROWS(quotes, writes_quoted);
	UNIT_TEST(quotes_each_byte);
	UNIT_TEST(cuts_what_does_not_fit);
	UNIT_TEST(closes_quotes_at_every_place);
	UNIT_TEST(names_errors);
	return unit_run();
}
