/* Taking a text apart from its front. */
#include "scan.h"

#include "unit.h"

static void takes_literals(void **state)
{
	struct span rest = SPAN("$1$salt");

	(void)state;
	assert_false(scan_literal(&rest, "$2"));
	assert_false(scan_literal(&rest, "$1$salts"));
	assert_true(span_is(rest, "$1$salt"));
	assert_true(scan_literal(&rest, ""));
	assert_true(scan_literal(&rest, "$1$"));
	assert_true(span_is(rest, "salt"));
	assert_true(scan_literal(&rest, "salt"));
	assert_int_equal(rest.length, 0);
	assert_false(scan_literal(&rest, "s"));
}

static void takes_parts(void **state)
{
	struct span rest = SPAN("ab,,c"), part = SPAN("before");

	(void)state;
	assert_false(scan_until(&rest, ';', &part));
	assert_true(span_is(rest, "ab,,c"));
	assert_true(scan_until(&rest, ',', &part));
	assert_true(span_is(part, "ab"));
	assert_true(span_is(rest, ",c"));
	assert_true(scan_until(&rest, ',', &part));
	assert_true(span_is(part, ""));
	assert_true(span_is(rest, "c"));
	assert_false(scan_until(&rest, ',', &part));
	assert_true(span_is(rest, "c"));
	rest = SPAN("x");
	rest.length = 0;
	assert_false(scan_until(&rest, 'x', &part));
	rest = (struct span){ NULL, 0 };
	assert_false(scan_until(&rest, ',', &part));
}

static void takes_a_part_before_nul(void **state)
{
	struct span rest = SPAN("joe\0secret\0"), part;

	(void)state;
	assert_true(scan_until(&rest, '\0', &part));
	assert_true(span_is(part, "joe"));
	assert_true(scan_until(&rest, '\0', &part));
	assert_true(span_is(part, "secret"));
	/* The NUL of the literal is behind the span. */
	assert_false(scan_until(&rest, '\0', &part));
}

static struct {
	const char *name;
	struct span text;
	uint64_t maximum;
	bool good;
	uint64_t number;
	const char *rest;
} numbers[] = {
	{ "number: 0", { BYTES("0") }, 9, true, 0, "" },
	{ "number: up to what is no digit", { BYTES("12,3") }, 99, true, 12, ",3" },
	{ "number: the maximum", { BYTES("512-") }, 512, true, 512, "-" },
	{ "number: one more", { BYTES("513-") }, 512, false, 0, "513-" },
	{ "number: a digit more", { BYTES("5120") }, 512, false, 0, "5120" },
	{ "number: leading zeros", { BYTES("000000000000000000000000512") }, 512, true, 512, "" },
	{ "number: a maximum of 0", { BYTES("0x") }, 0, true, 0, "x" },
	{ "number: more than 0", { BYTES("1") }, 0, false, 0, "1" },
	{ "number: no digit", { BYTES("x1") }, 9, false, 0, "x1" },
	{ "number: empty", { BYTES("") }, 9, false, 0, "" },
	{ "number: a sign", { BYTES("-1") }, 9, false, 0, "-1" },
	{ "number: a blank", { BYTES(" 1") }, 9, false, 0, " 1" },
	{ "number: / and :", { BYTES("1/") }, 9, true, 1, "/" },
	{ "number: :", { BYTES("1:") }, 99, true, 1, ":" },
	{ "number: 2^63 - 1", { BYTES("9223372036854775807") }, INT64_MAX, true, INT64_MAX, "" },
	{ "number: 2^63",
	  { BYTES("9223372036854775808") },
	  INT64_MAX,
	  false,
	  0,
	  "9223372036854775808" },
	{ "number: 2^64",
	  { BYTES("18446744073709551616") },
	  INT64_MAX,
	  false,
	  0,
	  "18446744073709551616" },
	{ "number: wraps to 5",
	  { BYTES("18446744073709551621") },
	  INT64_MAX,
	  false,
	  0,
	  "18446744073709551621" },
};

static void takes_numbers(void **state)
{
	__typeof__(numbers[0]) *row = *state;
	struct span rest = row->text;
	uint64_t number = 77;

	assert_int_equal(scan_number(&rest, row->maximum, &number), row->good);
	assert_true(span_is(rest, row->rest));
	if (row->good)
		assert_int_equal(number, row->number);
}

int main(void)
{
	UNIT_TEST(takes_literals);
	UNIT_TEST(takes_parts);
	UNIT_TEST(takes_a_part_before_nul);
	UNIT_ROWS(numbers, takes_numbers);
	return unit_run();
}
