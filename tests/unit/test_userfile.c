/* A line of the file of users. */
#include "userfile.h"

#include "unit.h"

static struct {
	const char *name;
	struct span line;
	enum userfile_line kind;
	struct span login, secret;
} rows[] = {
	{ "entry", { BYTES("joe:secret") }, USERFILE_ENTRY, { BYTES("joe") }, { BYTES("secret") } },
	{ "further", { BYTES("a:b:c:d") }, USERFILE_ENTRY, { BYTES("a") }, { BYTES("b") } },
	{ "empty secret", { BYTES("a:") }, USERFILE_ENTRY, { BYTES("a") }, { BYTES("") } },
	{ "empty both", { BYTES("::") }, USERFILE_ENTRY, { BYTES("") }, { BYTES("") } },
	{ "blank #", { BYTES(" #a:b") }, USERFILE_ENTRY, { BYTES(" #a") }, { BYTES("b") } },
	{ "bytes", { BYTES("\xff:\x80") }, USERFILE_ENTRY, { BYTES("\xff") }, { BYTES("\x80") } },
	{ "empty", { BYTES("") }, USERFILE_REMARK, { 0 }, { 0 } },
	{ "comment", { BYTES("#a:b") }, USERFILE_REMARK, { 0 }, { 0 } },
	{ "no colon", { BYTES("joe") }, USERFILE_NO_COLON, { 0 }, { 0 } },
};

static void parses(void **state)
{
	const typeof(rows[0]) *row = *state;
	struct userfile_entry entry = { { NULL, 99 }, { NULL, 99 } };

	assert_int_equal(userfile_parse(row->line, &entry), row->kind);
	if (row->kind != USERFILE_ENTRY)
		return;
	assert_int_equal(entry.login.length, row->login.length);
	assert_memory_equal(entry.login.at, row->login.at, row->login.length);
	assert_int_equal(entry.secret.length, row->secret.length);
	assert_memory_equal(entry.secret.at, row->secret.at, row->secret.length);
}

static void counts_what_is_skipped(void **state)
{
	int file = unit_memory_file(SPAN("# x\n\nnone\na:1\nn\0l:2\nb:3\nlast"));
	struct userfile_skipped skipped = { 0 };
	struct userfile_entry entry;
	struct file_lines lines;

	(void)state;
	file_lines_begin(&lines, file);
	assert_int_equal(userfile_next_entry(&lines, &entry, &skipped), USERFILE_ENTRY);
	assert_true(span_is(entry.login, "a"));
	assert_int_equal(file_lines_offset(&lines), 14);
	assert_int_equal(userfile_next_entry(&lines, &entry, &skipped), USERFILE_ENTRY);
	assert_true(span_is(entry.login, "b"));
	assert_int_equal(userfile_next_entry(&lines, &entry, &skipped), USERFILE_END);
	assert_int_equal(skipped.count, 3);
	assert_int_equal(skipped.first, 3);
	close(file);
	file_lines_begin(&lines, file);
	assert_int_equal(userfile_next_entry(&lines, &entry, &skipped), USERFILE_TROUBLE);
}

static void knows_decoys(void **state)
{
	(void)state;
	assert_true(userfile_serves_as_decoy(span_of("x")));
	assert_true(userfile_serves_as_decoy(span_of("{PLAIN}x")));
	assert_false(userfile_serves_as_decoy(span_of("")));
	assert_false(userfile_serves_as_decoy(span_of("!x")));
	assert_false(userfile_serves_as_decoy(span_of("*")));
}

int main(void)
{
	UNIT_ROWS(rows, parses);
	UNIT_TEST(counts_what_is_skipped);
	UNIT_TEST(knows_decoys);
	return unit_run();
}
