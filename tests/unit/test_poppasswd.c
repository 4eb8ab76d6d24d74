/* The store /etc/poppasswd, through its struct store. */
#include "poppasswd.h"

#include "secret.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char directory[] = "/tmp/unit-poppasswd-XXXXXX";
static char path[sizeof(directory) + 16];

/* What a child found, in whose memory the store is as new. */
struct answer {
	bool opened;
	enum store_lookup lookup;
	size_t secret_length, decoy_length;
	char secret[8192], decoy[8192];
	struct text why, complaint;
};

static struct answer *answer; /* shared with the child */

static void set_path(const char *name)
{
	const struct configuration_key *key = poppasswd_store.keys;
	struct text why;

	while (key->name != NULL && strcmp(key->name, "file") != 0)
		key++;
	if (key->name == NULL || !configuration_set(key, span_of(name), &why))
		_exit(10);
}

static void look_up(struct span login)
{
	struct span secret = { 0 }, decoy;

	answer->opened = poppasswd_store.open(&answer->why);
	if (!answer->opened)
		return;
	answer->lookup = poppasswd_store.find(login, &secret, &answer->why);
	if (answer->lookup == STORE_FOUND) {
		answer->secret_length = secret.length;
		memcpy(answer->secret, secret.at, secret.length);
	}
	decoy = poppasswd_store.find_decoy();
	answer->decoy_length = decoy.length;
	memcpy(answer->decoy, decoy.at, decoy.length);
	text_join(&answer->complaint, poppasswd_store.complaint());
}

static void ask_file(const char *name, struct span login)
{
	int status;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0) {
		memset(answer, 0, sizeof(*answer));
		set_path(name);
		look_up(login);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void write_file(struct span content, mode_t mode)
{
	int descriptor;

	unlink(path);
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(descriptor, -1);
	while (content.length != 0) {
		ssize_t written = write(descriptor, content.at, content.length);

		assert_true(written > 0);
		content = span_from(content, (size_t)written);
	}
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
}

static void ask(struct span content, struct span login)
{
	write_file(content, 0400);
	ask_file(path, login);
	assert_true(answer->opened);
}

static struct {
	const char *name;
	struct span content, login;
	const char *secret;  /* NULL: absent */
	const char *skipped; /* what the complaint tells; NULL: nothing */
} rows[] = {
	{ "find: the only line", { BYTES("joe:secret\n") }, { BYTES("joe") }, "secret", NULL },
	{ "find: no newline", { BYTES("joe:secret") }, { BYTES("joe") }, "secret", NULL },
	{ "find: CRLF", { BYTES("joe:secret\r\nx:y\r\n") }, { BYTES("joe") }, "secret", NULL },
	{ "find: the first of many", { BYTES("joe:1\nann:2\n") }, { BYTES("joe") }, "1", NULL },
	{ "find: the last of many", { BYTES("joe:1\nann:2\n") }, { BYTES("ann") }, "2", NULL },
	{ "find: the first of the same login",
	  { BYTES("joe:1\njoe:2\n") },
	  { BYTES("joe") },
	  "1",
	  NULL },
	{ "find: later fields are ignored",
	  { BYTES("joe:secret:real:/path\n") },
	  { BYTES("joe") },
	  "secret",
	  NULL },
	{ "find: an empty later field",
	  { BYTES("joe:secret:\n") },
	  { BYTES("joe") },
	  "secret",
	  NULL },
	{ "find: an empty secret", { BYTES("joe:\n") }, { BYTES("joe") }, "", NULL },
	{ "find: an empty secret, then a field",
	  { BYTES("joe::x\n") },
	  { BYTES("joe") },
	  "",
	  NULL },
	{ "find: a crypt(3) string", { BYTES("joe:$1$a$b\n") }, { BYTES("joe") }, "$1$a$b", NULL },
	{ "find: blanks belong to the secret",
	  { BYTES("joe: a \n") },
	  { BYTES("joe") },
	  " a ",
	  NULL },
	{ "find: the whole address",
	  { BYTES("joe@a.com:1\njoe@b.com:2\n") },
	  { BYTES("joe@b.com") },
	  "2",
	  NULL },
	{ "find: 8 bits",
	  { BYTES("\xec\x84\xb8:\xff\n") },
	  { BYTES("\xec\x84\xb8") },
	  "\xff",
	  NULL },
	{ "find: behind blank lines and comments",
	  { BYTES("# c\n\n#joe:no\njoe:yes\n") },
	  { BYTES("joe") },
	  "yes",
	  NULL },
	{ "find: behind damaged lines",
	  { BYTES("nocolon\nj\0oe:no\njoe:yes\n") },
	  { BYTES("joe") },
	  "yes",
	  ": lines skipped (too long, a NUL byte or no colon): 2, the first is line 1" },
	{ "absent: empty file", { BYTES("") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: another login", { BYTES("ann:2\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: a beginning", { BYTES("joey:1\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: more than the login", { BYTES("jo:1\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: other case", { BYTES("Joe:1\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: blank in front", { BYTES(" joe:1\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: blank behind", { BYTES("joe :1\n") }, { BYTES("joe") }, NULL, NULL },
	{ "absent: a comment", { BYTES("#joe:1\n") }, { BYTES("#joe") }, NULL, NULL },
	{ "absent: a login with a colon", { BYTES("joe:1:2\n") }, { BYTES("joe:1") }, NULL, NULL },
	{ "absent: the secret as the login", { BYTES("joe:ann\n") }, { BYTES("ann") }, NULL, NULL },
	{ "absent: a line without a colon",
	  { BYTES("\njoe\n") },
	  { BYTES("joe") },
	  NULL,
	  ": lines skipped (too long, a NUL byte or no colon): 1, the first is line 2" },
	{ "absent: a login that is a whole line",
	  { BYTES("joe:1\n") },
	  { BYTES("joe:1") },
	  NULL,
	  NULL },
};

static void finds(void **state)
{
	__typeof__(rows[0]) *row = *state;

	ask(row->content, row->login);
	assert_int_equal(answer->lookup, row->secret != NULL ? STORE_FOUND : STORE_ABSENT);
	assert_string_equal(answer->why.bytes, "");
	if (row->secret != NULL) {
		assert_int_equal(answer->secret_length, strlen(row->secret));
		assert_memory_equal(answer->secret, row->secret, answer->secret_length);
	}
	if (row->skipped == NULL) {
		assert_string_equal(answer->complaint.bytes, "");
		return;
	}
	assert_memory_equal(answer->complaint.bytes, path, strlen(path));
	assert_string_equal(answer->complaint.bytes + strlen(path), row->skipped);
}

static char big[400000];

/* joe:SECRET of `length` bytes as a line, then ann:yes. */
static struct span long_line(size_t length)
{
	memset(big, 's', length);
	memcpy(big, "joe:", 4);
	memcpy(big + length, "\nann:yes\n", 9);
	return (struct span){ big, length + 9 };
}

static void takes_lines_up_to_the_limit(void **state)
{
	(void)state;
	ask(long_line(4096), SPAN("joe"));
	assert_int_equal(answer->lookup, STORE_FOUND);
	assert_int_equal(answer->secret_length, 4092);
	assert_string_equal(answer->complaint.bytes, "");
	ask(long_line(4097), SPAN("joe"));
	assert_int_equal(answer->lookup, STORE_ABSENT);
	assert_non_null(strstr(answer->complaint.bytes, "no colon): 1, "));
	assert_non_null(strstr(answer->complaint.bytes, "the first is line 1"));
	ask(long_line(200000), SPAN("ann"));
	assert_int_equal(answer->lookup, STORE_FOUND);
	assert_int_equal(answer->secret_length, 3);
}

/* What is cut out of an overlong line is no line: its rest could be an entry of a stranger's. */
static void never_takes_the_rest_of_a_line(void **state)
{
	static const char entry[] = "joe:own";

	(void)state;
	for (size_t offset = 65536 - 16; offset < 65536 + 16; offset++) {
		struct span content = long_line(140000);

		memcpy(big, "eve:", 4);
		memcpy(big + offset, entry, sizeof(entry) - 1);
		ask(content, SPAN("joe"));
		assert_int_equal(answer->lookup, STORE_ABSENT);
	}
}

static void finds_among_many(void **state)
{
	size_t length = 0;
	char login[32];

	(void)state;
	for (int i = 0; i < 10000; i++)
		length += (size_t)snprintf(big + length, sizeof(big) - length, "user%d:s%d\n", i,
					   i * 3);
	for (int i = 0; i < 10000; i += 1111) {
		snprintf(login, sizeof(login), "user%d", i);
		ask((struct span){ big, length }, span_of(login));
		assert_int_equal(answer->lookup, STORE_FOUND);
		snprintf(login, sizeof(login), "s%d", i * 3);
		assert_string_equal(answer->secret, login);
	}
	ask((struct span){ big, length }, SPAN("user10000"));
	assert_int_equal(answer->lookup, STORE_ABSENT);
}

static struct {
	const char *name;
	struct span content;
	const char *decoy;
} decoys[] = {
	{ "decoy: none in an empty file", { BYTES("") }, "" },
	{ "decoy: the only user's", { BYTES("ann:2\n") }, "2" },
	{ "decoy: not an empty one", { BYTES("a:\nb:2\nc:\n") }, "2" },
	{ "decoy: not a locked one", { BYTES("a:!$1$x$y\nb:*\nc:2\nd:!\n") }, "2" },
	{ "decoy: none if all are locked", { BYTES("a:!\nb:*\nc:\n") }, "" },
	{ "decoy: not of a comment", { BYTES("#a:1\nb:2\n") }, "2" },
	{ "decoy: without later fields", { BYTES("b:2:3\n") }, "2" },
	{ "decoy: a short one after a long one is not mixed", { BYTES("b:22\n") }, "22" },
};

static void gives_decoy(void **state)
{
	__typeof__(decoys[0]) *row = *state;

	ask(row->content, SPAN("joe"));
	assert_int_equal(answer->lookup, STORE_ABSENT);
	assert_int_equal(answer->decoy_length, strlen(row->decoy));
	assert_memory_equal(answer->decoy, row->decoy, answer->decoy_length);
}

/* The same login always meets the same decoy, and different ones meet all of them. */
static void spreads_decoys(void **state)
{
	unsigned seen[4] = { 0 };
	char login[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		char first;

		snprintf(login, sizeof(login), "nobody%d", i);
		ask(SPAN("a:0\nb:1\nc:2\nd:3\n"), span_of(login));
		assert_int_equal(answer->decoy_length, 1);
		first = answer->decoy[0];
		assert_in_range(first, '0', '3');
		seen[first - '0']++;
		if (i % 10 != 0)
			continue;
		ask_file(path, span_of(login));
		assert_int_equal(answer->decoy[0], first);
	}
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_in_range(seen[i], 10, 40);
}

static void reads_on_for_the_decoy(void **state)
{
	(void)state;
	/* The damaged line is behind the login. */
	ask(SPAN("joe:1\nnocolon\n"), SPAN("joe"));
	assert_int_equal(answer->lookup, STORE_FOUND);
	assert_non_null(strstr(answer->complaint.bytes, "the first is line 2"));
}

static void complains_when_everybody_reads(void **state)
{
	(void)state;
	write_file(SPAN("joe:1\nx\n"), 0404);
	ask_file(path, SPAN("joe"));
	assert_int_equal(answer->lookup, STORE_FOUND);
	assert_non_null(strstr(answer->complaint.bytes, ": everybody can read it: chmod 400; "));
	assert_non_null(strstr(answer->complaint.bytes, "no colon): 1, "));
	write_file(SPAN("joe:1\n"), 0440);
	ask_file(path, SPAN("joe"));
	assert_string_equal(answer->complaint.bytes, "");
}

static void does_not_open(void **state)
{
	(void)state;
	write_file(SPAN("joe:1\n"), 0606);
	ask_file(path, SPAN("joe"));
	assert_false(answer->opened);
	assert_non_null(strstr(answer->why.bytes, ": mode is 0606: others may write to it"));
	ask_file("/nonexistent/poppasswd", SPAN("joe"));
	assert_false(answer->opened);
	assert_string_not_equal(answer->why.bytes, "");
	ask_file(directory, SPAN("joe"));
	assert_false(answer->opened);
	write_file(SPAN("joe:1\n"), 0460);
	ask_file(path, SPAN("joe"));
	assert_true(answer->opened);
}

static void knows_its_name(void **state)
{
	(void)state;
	assert_string_equal(poppasswd_store.program, "cmd5checkpw");
}

/* Runs as the last: the store of this very process is used. */
static void wipes_what_it_found(void **state)
{
	struct span secret, decoy;
	struct text why;

	(void)state;
	write_file(SPAN("ann:decoy\njoe:secret\n"), 0400);
	set_path(path);
	assert_true(poppasswd_store.open(&why));
	assert_int_equal(poppasswd_store.find(SPAN("joe"), &secret, &why), STORE_FOUND);
	decoy = poppasswd_store.find_decoy();
	assert_true(span_is(secret, "secret"));
	assert_int_not_equal(decoy.length, 0);
	secret_wipe_all();
	for (size_t i = 0; i < secret.length; i++)
		assert_int_equal(secret.at[i], 0);
	for (size_t i = 0; i < decoy.length; i++)
		assert_int_equal(decoy.at[i], 0);
}

int main(void)
{
	int status;

	if (mkdtemp(directory) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/x", directory);
	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (answer == MAP_FAILED)
		return 2;
	UNIT_ROWS(rows, finds);
	UNIT_TEST(takes_lines_up_to_the_limit);
	UNIT_TEST(never_takes_the_rest_of_a_line);
	UNIT_TEST(finds_among_many);
	UNIT_ROWS(decoys, gives_decoy);
	UNIT_TEST(spreads_decoys);
	UNIT_TEST(reads_on_for_the_decoy);
	UNIT_TEST(complains_when_everybody_reads);
	UNIT_TEST(does_not_open);
	UNIT_TEST(knows_its_name);
	UNIT_TEST(wipes_what_it_found);
	status = unit_run();
	unlink(path);
	rmdir(directory);
	return status;
}
