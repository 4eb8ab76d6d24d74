/* What the end of a checker means for the chain: each exit code and each signal. */
#include "answer.h"

#include "unit.h"

#include <signal.h>

static struct {
	const char *name;
	const char *list;
	bool good;
	int refuses; /* a code beyond 1; 0: none */
} lists[] = {
	{ "none", "", true, 0 },
	{ "one", "3", true, 3 },
	{ "two", "3 100", true, 100 },
	{ "blanks and tabs", " 3 \t 100  ", true, 100 },
	{ "answer 1", "1", true, 1 },
	{ "answer 255", "255", true, 255 },
	{ "answer 0", "0", false, 0 },
	{ "answer 111", "3 111", false, 0 },
	{ "answer 256", "256", false, 0 },
	{ "a comma", "3,100", false, 0 },
	{ "a word", "three", false, 0 },
	{ "a sign", "-1", false, 0 },
	{ "a letter behind", "3x", false, 0 },
};

static void takes_codes(void **state)
{
	const __typeof__(lists[0]) *row = *state;
	struct answer_codes codes;
	struct text why;

	assert_int_equal(answer_take_codes(&codes, span_of(row->list), &why), row->good);
	if (!row->good)
		return;
	assert_true(codes.refuses[1]);
	assert_false(codes.refuses[0]);
	assert_false(codes.refuses[111]);
	if (row->refuses != 0)
		assert_true(codes.refuses[row->refuses]);
}

static void knows_each_code(void **state)
{
	struct answer_codes codes;
	struct text why, said;

	(void)state;
	assert_true(answer_take_codes(&codes, span_of("3 100"), &why));
	for (int code = 0; code < 256; code++) {
		bool refuses = code == 1 || code == 3 || code == 100;

		assert_int_equal(answer_of(code << 8, &codes, &said),
				 refuses ? ANSWER_REFUSED : ANSWER_TEMPORARY);
		assert_int_not_equal(said.length, 0);
	}
}

/* The low byte of a status: a signal, with or without a core. */
static void takes_no_signal_for_a_code(void **state)
{
	struct answer_codes codes;
	struct text why, said;

	(void)state;
	assert_true(answer_take_codes(&codes, span_of("3"), &why));
	for (int signal = 1; signal < 65; signal++) {
		assert_int_equal(answer_of(signal, &codes, &said), ANSWER_TEMPORARY);
		assert_int_equal(answer_of(signal | 0x80, &codes, &said), ANSWER_TEMPORARY);
		assert_int_equal(answer_of(1 << 8 | signal, &codes, &said), ANSWER_TEMPORARY);
	}
	assert_int_equal(answer_of(SIGSEGV, &codes, &said), ANSWER_TEMPORARY);
	assert_string_equal(said.bytes, "killed by signal 11");
}

int main(void)
{
	UNIT_ROWS(lists, takes_codes);
	UNIT_TEST(knows_each_code);
	UNIT_TEST(takes_no_signal_for_a_code);
	return unit_run();
}
