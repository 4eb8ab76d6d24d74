/* Edits of a text: all else comes through byte for byte. */
#include "edits.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>

static void assert_content(int file, struct span expected)
{
	char *bytes = malloc(expected.length + 1);

	assert_non_null(bytes);
	assert_int_equal(pread(file, bytes, expected.length + 1, 0), expected.length);
	assert_memory_equal(bytes, expected.at, expected.length);
	free(bytes);
	close(file);
}

static struct {
	const char *name;
	struct span before;
	struct {
		uint64_t at, length;
		const char *text;
	} edits[3];
	size_t count;
	struct span after;
} rows[] = {
	{ "none", { BYTES("a\0\xff\n") }, { { 0 } }, 0, { BYTES("a\0\xff\n") } },
	{ "front", { BYTES("bc") }, { { 0, 0, "a" } }, 1, { BYTES("abc") } },
	{ "end", { BYTES("ab") }, { { 2, 0, "c" } }, 1, { BYTES("abc") } },
	{ "replaced", { BYTES("a:x:b") }, { { 2, 1, "long" } }, 1, { BYTES("a:long:b") } },
	{ "taken away", { BYTES("abc") }, { { 1, 1, "" } }, 1, { BYTES("ac") } },
	{ "all of it", { BYTES("abc") }, { { 0, 3, "" } }, 1, { BYTES("") } },
	{ "three",
	  { BYTES("0123456789") },
	  { { 1, 1, "A" }, { 4, 3, "" }, { 10, 0, "B" } },
	  3,
	  { BYTES("0A23789B") } },
	{ "at one place", { BYTES("ab") }, { { 1, 0, "1" }, { 1, 0, "2" } }, 2, { BYTES("a12b") } },
	{ "of nothing", { BYTES("") }, { { 0, 0, "a" } }, 1, { BYTES("a") } },
};

static void applies(void **state)
{
	const typeof(rows[0]) *row = *state;
	int from = unit_memory_file(row->before), to = unit_memory_file(SPAN(""));
	struct edits edits = { 0 };

	for (size_t i = 0; i < row->count; i++)
		assert_true(edits_add(&edits, row->edits[i].at, row->edits[i].length,
				      span_of(row->edits[i].text)));
	assert_true(edits_apply(&edits, from, to));
	assert_content(to, row->after);
	edits_free(&edits);
	assert_int_equal(edits.count, 0);
	close(from);
}

/* Beyond one block, with an edit at each border of one. */
static void applies_to_large(void **state)
{
	enum { SIZE = 300000, STEP = 65536 };
	char *before = malloc(SIZE), *after = malloc(SIZE + SIZE / STEP + 1);
	struct edits edits = { 0 };
	size_t length = 0;
	int from, to = unit_memory_file(SPAN(""));

	(void)state;
	assert_true(before != NULL && after != NULL);
	for (size_t i = 0; i < SIZE; i++) {
		before[i] = (char)(i * 31 >> 3);
		if (i != 0 && i % STEP == 0) {
			assert_true(edits_add(&edits, i, 0, span_of("#")));
			after[length++] = '#';
		}
		after[length++] = before[i];
	}
	from = unit_memory_file((struct span){ before, SIZE });
	assert_true(edits_apply(&edits, from, to));
	assert_content(to, (struct span){ after, length });
	edits_free(&edits);
	close(from);
	free(before);
	free(after);
}

static void needs_the_text(void **state)
{
	int from = unit_memory_file(SPAN("abc")), to = unit_memory_file(SPAN(""));
	struct edits edits = { 0 };

	(void)state;
	assert_true(edits_add(&edits, 4, 0, span_of("x")));
	assert_false(edits_apply(&edits, from, to));
	assert_int_equal(errno, EPROTO);
	edits_free(&edits);
	close(from);
	close(to);
}

static void tells_of_a_full_disk(void **state)
{
	int from = unit_memory_file(SPAN("abc")), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	const struct edits none = { 0 };

	(void)state;
	if (full == -1)
		skip();
	assert_false(edits_apply(&none, from, full));
	assert_int_equal(errno, ENOSPC);
	close(from);
	close(full);
}

int main(void)
{
	UNIT_ROWS(rows, applies);
	UNIT_TEST(applies_to_large);
	UNIT_TEST(needs_the_text);
	UNIT_TEST(tells_of_a_full_disk);
	return unit_run();
}
