/* The form and the age of challenges. */
#include "challenge.h"

#include "unit.h"

static struct {
	const char *name;
	struct span text;
	bool want;
} forms[] = {
	{ "form: the shortest", { BYTES("<a@b>") }, true },
	{ "form: qmail's", { BYTES("<1234.1700000000@mail.ex.com>") }, true },
	{ "form: the ends of the bytes allowed", { BYTES("<!@~>") }, true },
	{ "form: quotes, percent, backslash", { BYTES("<\"%\\'@h>") }, true },
	{ "form: empty", { BYTES("") }, false },
	{ "form: nowhere", { NULL, 0 }, false },
	{ "form: <", { BYTES("<") }, false },
	{ "form: <>", { BYTES("<>") }, false },
	{ "form: <@>", { BYTES("<@>") }, false },
	{ "form: nothing before the @", { BYTES("<@bb>") }, false },
	{ "form: nothing behind the @", { BYTES("<aa@>") }, false },
	{ "form: no @", { BYTES("<aaa>") }, false },
	{ "form: two @", { BYTES("<a@b@c>") }, false },
	{ "form: two @ side by side", { BYTES("<a@@b>") }, false },
	{ "form: no <", { BYTES("aa@bb>") }, false },
	{ "form: no >", { BYTES("<a@bbb") }, false },
	{ "form: < inside", { BYTES("<a<b@c>") }, false },
	{ "form: > inside", { BYTES("<a@b>c>") }, false },
	{ "form: text before", { BYTES(" <a@b>") }, false },
	{ "form: text behind", { BYTES("<a@b> ") }, false },
	{ "form: a blank", { BYTES("<a @b>") }, false },
	{ "form: a NUL", { BYTES("<a\0@b>") }, false },
	{ "form: two challenges", { BYTES("<a@b><a@b>") }, false },
};

static void tells_form(void **state)
{
	__typeof__(forms[0]) *row = *state;

	assert_int_equal(challenge_is_well_formed(row->text), row->want);
}

static void allows_only_visible_ascii(void **state)
{
	(void)state;
	for (int value = 0; value < 256; value++) {
		char local[] = "<aaa@bbb>", host[] = "<aaa@bbb>";
		bool want = value >= 0x21 && value <= 0x7e && strchr("<>@", value) == NULL;

		local[2] = host[6] = (char)value;
		assert_int_equal(challenge_is_well_formed((struct span){ BYTES(local) }), want);
		assert_int_equal(challenge_is_well_formed((struct span){ BYTES(host) }), want);
	}
}

static void bounds_the_length(void **state)
{
	(void)state;
	for (size_t length = 3; length < 600; length++) {
		char *text = malloc(length);

		assert_non_null(text);
		memset(text, 'x', length);
		text[0] = '<';
		text[length / 2] = '@';
		text[length - 1] = '>';
		assert_int_equal(challenge_is_well_formed((struct span){ text, length }),
				 length >= 5 && length <= 255);
		free(text);
	}
}

#define NOW 1700000000
#define WINDOW 1200

static struct {
	const char *name;
	const char *challenge;
	int64_t window;
	bool want;
} ages[] = {
	{ "age: made now", "<1.1700000000@h>", WINDOW, true },
	{ "age: at the end of the window", "<1.1699998800@h>", WINDOW, true },
	{ "age: one second too old", "<1.1699998799@h>", WINDOW, false },
	{ "age: the clock ahead as far as allowed", "<1.1700000060@h>", WINDOW, true },
	{ "age: one second farther", "<1.1700000061@h>", WINDOW, false },
	{ "age: a window of one second", "<1.1699999999@h>", 1, true },
	{ "age: two seconds in a window of one", "<1.1699999998@h>", 1, false },
	{ "age: the time alone", "<1700000000@h>", WINDOW, true },
	{ "age: the last part counts", "<1.1.1700000000@h>", WINDOW, true },
	{ "age: the first part does not", "<1700000000.1@h>", WINDOW, false },
	{ "age: nor does the host", "<1.x@1700000000>", WINDOW, false },
	{ "age: nor a dot-part of the host", "<1.1@h.1700000000>", WINDOW, false },
	{ "age: no digits", "<1.@h>", WINDOW, false },
	{ "age: a letter in front", "<1.a1700000000@h>", WINDOW, false },
	{ "age: a letter at the end", "<1.1700000000a@h>", WINDOW, false },
	{ "age: / is no digit", "<1.170000000/@h>", WINDOW, false },
	{ "age: : is no digit", "<1.1699999990:@h>", WINDOW, false },
	{ "age: a sign", "<1.+1700000000@h>", WINDOW, false },
	{ "age: hexadecimal", "<1.0x6553f100@h>", WINDOW, false },
	{ "age: leading zeros", "<1.000000001700000000@h>", WINDOW, true },
	{ "age: 18 digits", "<1.999999999999999999@h>", WINDOW, false },
	{ "age: 40 digits, leading zeros", "<1.0000000000000000000000000000001700000000@h>", WINDOW,
	  true },
	{ "age: the largest number", "<1.9223372036854775807@h>", WINDOW, false },
	{ "age: a number that is negative in 64 bits", "<1.18446744073709551615@h>", WINDOW,
	  false },
	{ "age: a number that wraps at 64 bits", "<1.18446744075409551616@h>", WINDOW, false },
	{ "age: zero", "<1.0@h>", WINDOW, false },
	{ "age: no window, old", "<1.1@h>", 0, true },
	{ "age: no window, no time", "<a@h>", 0, true },
};

static void tells_age(void **state)
{
	__typeof__(ages[0]) *row = *state;

	assert_true(challenge_is_well_formed(span_of(row->challenge)));
	assert_int_equal(challenge_is_fresh(span_of(row->challenge), NOW, row->window), row->want);
}

int main(void)
{
	UNIT_ROWS(forms, tells_form);
	UNIT_TEST(allows_only_visible_ascii);
	UNIT_TEST(bounds_the_length);
	UNIT_ROWS(ages, tells_age);
	return unit_run();
}
