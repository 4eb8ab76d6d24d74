/* The records of vpasswd, and finding a user in vpasswd.cdb or vpasswd. */
#include "user.h"

#include "unit.h"

#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define NONE ((const char *)NULL)

static struct {
	const char *name;
	struct span record;
	const char *hash; /* NULL: damaged */
	const char *directory;
	struct span clear; /* .at NULL: none */
	unsigned flags;
} records[] = {
	{ "record: of 5.6",
	  { BYTES("$6$s$h:1:0:Joe:/v/joe:NOQUOTA") },
	  "$6$s$h",
	  "/v/joe",
	  { NULL, 0 },
	  0 },
	{ "record: of 5.4",
	  { BYTES("$1$s$h:1:0:Joe:/v/joe:NOQUOTA:clear") },
	  "$1$s$h",
	  "/v/joe",
	  { BYTES("clear") },
	  0 },
	{ "record: colons in the clear password",
	  { BYTES("h:1:0:g:/d:q:a:b::") },
	  "h",
	  "/d",
	  { BYTES("a:b::") },
	  0 },
	{ "record: a colon is the clear password",
	  { BYTES("h:1:0:g:/d:q::") },
	  "h",
	  "/d",
	  { BYTES(":") },
	  0 },
	{ "record: an empty clear password",
	  { BYTES("h:1:0:g:/d:q:") },
	  "h",
	  "/d",
	  { NULL, 0 },
	  0 },
	{ "record: a NUL in the clear password",
	  { BYTES("h:1:0:g:/d:q:a\0b") },
	  "h",
	  "/d",
	  { BYTES("a\0b") },
	  0 },
	{ "record: no quota", { BYTES("h:1:0:g:/d:") }, "h", "/d", { NULL, 0 }, 0 },
	{ "record: empty fields", { BYTES("::0::::") }, "", "", { NULL, 0 }, 0 },
	{ "record: flags", { BYTES("h:1:10248:g:/d:q") }, "h", "/d", { NULL, 0 }, 0x2808 },
	{ "record: the largest flags",
	  { BYTES("h:1:2147483647:g:/d:q") },
	  "h",
	  "/d",
	  { NULL, 0 },
	  0x7fffffff },
	{ "record: flags too large",
	  { BYTES("h:1:2147483648:g:/d:q") },
	  NONE,
	  NONE,
	  { NULL, 0 },
	  0 },
	{ "record: flags of 2^64",
	  { BYTES("h:1:18446744073709551616:g:/d:q") },
	  NONE,
	  NONE,
	  { NULL, 0 },
	  0 },
	{ "record: no flags", { BYTES("h:1::g:/d:q") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: flags -1", { BYTES("h:1:-1:g:/d:q") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: flags 0x800", { BYTES("h:1:0x800:g:/d:q") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: flags with a blank", { BYTES("h:1: 0:g:/d:q") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: the directory is not ended",
	  { BYTES("h:1:0:g:/d") },
	  NONE,
	  NONE,
	  { NULL, 0 },
	  0 },
	{ "record: four fields", { BYTES("h:1:0:g") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: one field", { BYTES("h") }, NONE, NONE, { NULL, 0 }, 0 },
	{ "record: empty", { BYTES("") }, NONE, NONE, { NULL, 0 }, 0 },
};

static void parses(void **state)
{
	__typeof__(records[0]) *row = *state;
	static struct user user;

	memset(&user, 'x', sizeof(user));
	memcpy(user.bytes, row->record.at, row->record.length);
	assert_int_equal(user_parse(&user, row->record.length), row->hash != NULL);
	if (row->hash == NULL)
		return;
	assert_true(span_is(user.hash, row->hash));
	assert_true(span_is(user.directory, row->directory));
	assert_int_equal(user.clear.at != NULL, row->clear.at != NULL);
	if (row->clear.at != NULL) {
		assert_int_equal(user.clear.length, row->clear.length);
		assert_memory_equal(user.clear.at, row->clear.at, row->clear.length);
		assert_int_equal(user.clear.at[user.clear.length], '\0');
	}
	assert_int_equal(user.flags, row->flags);
}

static void takes_the_longest_record(void **state)
{
	static struct user user;

	(void)state;
	memset(user.bytes, 'x', sizeof(user.bytes));
	memcpy(user.bytes, "h:1:0:g:/d:q:", 13);
	assert_true(user_parse(&user, USER_MAX_BYTES));
	assert_int_equal(user.clear.length, USER_MAX_BYTES - 13);
	assert_int_equal(user.bytes[USER_MAX_BYTES], '\0');
}

/* ---- files ---- */

static char folder[] = "/tmp/unit-user-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[sizeof(folder) + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_text(const char *name, struct span content)
{
	int descriptor = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(write(descriptor, content.at, content.length), content.length);
	close(descriptor);
}

struct pair {
	struct span name, record;
};

static void write_cdb(const struct pair *pairs, size_t count)
{
	int descriptor = open(path_of("vpasswd.cdb"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct cdb_make made;

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(cdb_make_start(&made, descriptor), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(cdb_make_add(&made, pairs[i].name.at,
					      (unsigned)pairs[i].name.length, pairs[i].record.at,
					      (unsigned)pairs[i].record.length),
				 0);
	}
	assert_int_equal(cdb_make_finish(&made), 0);
	close(descriptor);
}

static void set_time(const char *name, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };

	assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

static void remove_all(void)
{
	unlink(path_of("vpasswd"));
	unlink(path_of("vpasswd.cdb"));
}

static struct user user, other;
static struct user_notes notes;
static struct text why;

static enum store_lookup find(const char *name, enum user_newer newer)
{
	memset(&user, 0, sizeof(user));
	memset(&other, 'x', sizeof(other));
	notes = (struct user_notes){ 0 };
	text_join(&why, "stale");
	return user_find(folder, name, newer, &user, &other, &notes, &why);
}

/* `hash` NULL: absent. */
static void expect(const char *name, enum user_newer newer, const char *hash)
{
	assert_int_equal(find(name, newer), hash != NULL ? STORE_FOUND : STORE_ABSENT);
	if (hash != NULL)
		assert_true(span_is(user.hash, hash));
	assert_string_equal(why.bytes, "");
}

static void expect_trouble(const char *name, const char *file)
{
	assert_int_equal(find(name, USER_CDB), STORE_TROUBLE);
	assert_ptr_equal(strstr(why.bytes, path_of(file)), why.bytes);
}

static void expect_notes(bool missing, bool old)
{
	assert_int_equal(notes.cdb_is_missing, missing);
	assert_int_equal(notes.cdb_is_old, old);
}

static const struct pair two[] = { { { BYTES("ann") }, { BYTES("ann1:1:0:g:/d:q") } },
				   { { BYTES("joe") }, { BYTES("joe1:1:0:g:/d:q:clear") } },
				   { { BYTES("joe") }, { BYTES("joe2:1:0:g:/d:q") } } };
#define TEXT "bob:bob1:1:0:g:/d:q\njoe:joe3:1:0:g:/d:q\njoe:joe4:1:0:g:/d:q\n"

static void prefers_the_cdb(void **state)
{
	(void)state;
	remove_all();
	expect_trouble("joe", "vpasswd");
	expect_notes(true, false);

	write_text("vpasswd", SPAN(TEXT));
	expect("joe", USER_CDB, "joe3");
	expect_notes(true, false);
	expect("ann", USER_CDB, NULL);
	expect_notes(true, false);
	assert_true(span_is(other.hash, "bob1"));

	write_cdb(two, COUNT(two));
	set_time("vpasswd.cdb", 1700000000);
	set_time("vpasswd", 1700000000);
	for (enum user_newer newer = USER_CDB; newer <= USER_TEXT; newer++) {
		expect("joe", newer, "joe1");
		assert_true(span_is(user.clear, "clear"));
		assert_true(span_is(other.hash, "ann1"));
		expect("bob", newer, NULL);
		assert_true(span_is(other.hash, "ann1"));
		expect_notes(false, false);
	}
	set_time("vpasswd", 1700000001);
	expect("joe", USER_CDB, "joe1");
	expect_notes(false, true);
	expect("joe", USER_TEXT, "joe3");
	expect_notes(false, true);
	set_time("vpasswd", 1699999999);
	expect("joe", USER_TEXT, "joe1");
	expect_notes(false, false);

	unlink(path_of("vpasswd"));
	expect("joe", USER_TEXT, "joe1");
	expect_notes(false, false);
	assert_int_equal(chmod(path_of("vpasswd.cdb"), 0602), 0);
	expect_trouble("joe", "vpasswd.cdb");
	expect_notes(false, false);
}

static struct {
	const char *name;
	struct span text;
	const char *login, *hash; /* NULL: absent */
	const char *other;        /* NULL: none */
} texts[] = {
	{ "text: the only line", { BYTES("joe:h:1:0:g:/d:q\n") }, "joe", "h", "h" },
	{ "text: no newline", { BYTES("joe:h:1:0:g:/d:q") }, "joe", "h", "h" },
	{ "text: CRLF", { BYTES("joe:h:1:0:g:/d:\r\n") }, "joe", "h", "h" },
	{ "text: empty", { BYTES("") }, "joe", NULL, NULL },
	{ "text: no colon", { BYTES("joe\n") }, "joe", NULL, NULL },
	{ "text: the first line is malformed",
	  { BYTES("ann:h\njoe:i:1:0:g:/d:q\n") },
	  "joe",
	  "i",
	  NULL },
	{ "text: a line with a NUL",
	  { BYTES("joe:h:1:0:\0:/d:q\njoe:i:1:0:g:/d:q\n") },
	  "joe",
	  "i",
	  "i" },
	{ "text: a part of a name", { BYTES("joe:h:1:0:g:/d:q\n") }, "jo", NULL, "h" },
	{ "text: more than a name", { BYTES("joe:h:1:0:g:/d:q\n") }, "joex", NULL, "h" },
	{ "text: another case", { BYTES("JOE:h:1:0:g:/d:q\n") }, "joe", NULL, "h" },
	{ "text: # is part of a name", { BYTES("#joe:h:1:0:g:/d:q\n") }, "#joe", "h", "h" },
};

static void reads_text(void **state)
{
	__typeof__(texts[0]) *row = *state;

	remove_all();
	write_text("vpasswd", row->text);
	expect(row->login, USER_CDB, row->hash);
	if (row->other != NULL)
		assert_true(span_is(other.hash, row->other));
	else
		assert_string_equal(other.bytes, "");
}

static void names_the_damaged_file(void **state)
{
	static const struct pair damaged[] = {
		{ { BYTES("ann") }, { BYTES("damaged") } },
		{ { BYTES("joe") }, { BYTES("h:1:0:g:/d:q") } },
	};

	(void)state;
	remove_all();
	write_text("vpasswd", SPAN("joe:h:1:x:g:/d:q\n"));
	expect_trouble("joe", "vpasswd");
	expect("ann", USER_CDB, NULL);
	write_cdb(damaged, COUNT(damaged));
	expect_trouble("ann", "vpasswd.cdb");
	/* Nobody else suffers from it. */
	expect("joe", USER_CDB, "h");
	assert_string_equal(other.bytes, "");
	expect("bob", USER_CDB, NULL);
	assert_string_equal(other.bytes, "");
	write_text("vpasswd.cdb", SPAN("no cdb"));
	expect_trouble("joe", "vpasswd.cdb");
}

static void bounds_the_record(void **state)
{
	static char record[USER_MAX_BYTES + 1];

	(void)state;
	memset(record, 'x', sizeof(record));
	memcpy(record, "h:1:0:g:/d:q:", 13);
	for (size_t length = USER_MAX_BYTES - 1; length <= USER_MAX_BYTES + 1; length++) {
		const struct pair pair = { { BYTES("joe") }, { record, length } };

		remove_all();
		write_cdb(&pair, 1);
		if (length > USER_MAX_BYTES) {
			expect_trouble("joe", "vpasswd.cdb");
			continue;
		}
		expect("joe", USER_CDB, "h");
		assert_int_equal(user.clear.length, length - 13);
	}
}

/* The bytes of a record that begins with a NUL must not pass for an empty hash or none. */
static void keeps_nul_bytes(void **state)
{
	static const struct pair pair = { { BYTES("joe") }, { BYTES("\0h:1:0:g:/d:q") } };

	(void)state;
	remove_all();
	write_cdb(&pair, 1);
	if (find("joe", USER_CDB) == STORE_FOUND)
		assert_int_equal(user.hash.length, 2);
}

int main(void)
{
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	UNIT_ROWS(records, parses);
	UNIT_TEST(takes_the_longest_record);
	UNIT_TEST(prefers_the_cdb);
	UNIT_ROWS(texts, reads_text);
	UNIT_TEST(names_the_damaged_file);
	UNIT_TEST(bounds_the_record);
	UNIT_TEST(keeps_nul_bytes);
	failed = unit_run();
	remove_all();
	rmdir(folder);
	return failed;
}
