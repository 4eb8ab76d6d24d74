/* The configuration file and the values of its keys. */
#include "configuration.h"
#include "log.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static bool flag;
static long number;
static int word;
static char path[CONFIGURATION_TEXT_BYTES], text[CONFIGURATION_TEXT_BYTES];
static const char *const words[] = { "zero", "one", "two", NULL };

static const struct configuration_key keys[] = {
	{ "flag", CONFIGURATION_FLAG, &flag, 0, 0, NULL },
	{ "number", CONFIGURATION_NUMBER, &number, 10, 2000, NULL },
	{ "word", CONFIGURATION_WORD, &word, 0, 0, words },
	{ "path", CONFIGURATION_PATH, path, 0, 0, NULL },
	{ "text", CONFIGURATION_TEXT, text, 0, 0, NULL },
	{ NULL, CONFIGURATION_FLAG, NULL, 0, 0, NULL },
};

enum { FLAG, NUMBER, WORD, PATH, TEXT };

static struct {
	const char *name;
	int key;
	struct span value;
	bool good;
	long want; /* PATH, TEXT: its length */
} values[] = {
	{ "flag: yes", FLAG, { BYTES("yes") }, true, 1 },
	{ "flag: no", FLAG, { BYTES("no") }, true, 0 },
	{ "flag: Yes", FLAG, { BYTES("Yes") }, false, 0 },
	{ "flag: 1", FLAG, { BYTES("1") }, false, 0 },
	{ "flag: true", FLAG, { BYTES("true") }, false, 0 },
	{ "flag: empty", FLAG, { BYTES("") }, false, 0 },
	{ "flag: yess", FLAG, { BYTES("yess") }, false, 0 },
	{ "flag: noo", FLAG, { BYTES("noo") }, false, 0 },
	{ "number: the least", NUMBER, { BYTES("10") }, true, 10 },
	{ "number: one less", NUMBER, { BYTES("9") }, false, 0 },
	{ "number: the most", NUMBER, { BYTES("2000") }, true, 2000 },
	{ "number: one more", NUMBER, { BYTES("2001") }, false, 0 },
	{ "number: a digit more", NUMBER, { BYTES("20000") }, false, 0 },
	{ "number: that wraps at 32 bits", NUMBER, { BYTES("4294967396") }, false, 0 },
	{ "number: that wraps at 64 bits", NUMBER, { BYTES("18446744073709551716") }, false, 0 },
	{ "number: leading zeros", NUMBER, { BYTES("0000000000000000000000000100") }, true, 100 },
	{ "number: empty", NUMBER, { BYTES("") }, false, 0 },
	{ "number: a sign", NUMBER, { BYTES("+100") }, false, 0 },
	{ "number: negative", NUMBER, { BYTES("-100") }, false, 0 },
	{ "number: hexadecimal", NUMBER, { BYTES("0x10") }, false, 0 },
	{ "number: a unit", NUMBER, { BYTES("100s") }, false, 0 },
	{ "number: a byte below the digits", NUMBER, { BYTES("10/") }, false, 0 },
	{ "number: a byte above the digits", NUMBER, { BYTES("10:") }, false, 0 },
	{ "number: a blank", NUMBER, { BYTES("1 00") }, false, 0 },
	{ "word: the first", WORD, { BYTES("zero") }, true, 0 },
	{ "word: the last", WORD, { BYTES("two") }, true, 2 },
	{ "word: in another case", WORD, { BYTES("One") }, false, 0 },
	{ "word: a beginning", WORD, { BYTES("on") }, false, 0 },
	{ "word: more", WORD, { BYTES("ones") }, false, 0 },
	{ "word: empty", WORD, { BYTES("") }, false, 0 },
	{ "path: absolute", PATH, { BYTES("/etc/x") }, true, 6 },
	{ "path: /", PATH, { BYTES("/") }, true, 1 },
	{ "path: relative", PATH, { BYTES("etc/x") }, false, 0 },
	{ "path: empty", PATH, { BYTES("") }, false, 0 },
	{ "text: one byte", TEXT, { BYTES("x") }, true, 1 },
	{ "text: anything", TEXT, { BYTES("{A} \"b\" = # \377") }, true, 13 },
	{ "text: empty", TEXT, { BYTES("") }, false, 0 },
};

static void takes_value(void **state)
{
	__typeof__(values[0]) *row = *state;
	struct text why;
	long got[5];

	flag = true;
	number = word = -1;
	memset(path, 'p', sizeof(path));
	memset(text, 'p', sizeof(text));
	text_clear(&why);
	assert_int_equal(configuration_set(&keys[row->key], row->value, &why), row->good);
	if (!row->good) {
		assert_non_null(strstr(why.bytes, "must "));
		assert_int_equal(number, -1);
		assert_int_equal(word, -1);
		assert_int_equal(path[0], 'p');
		assert_int_equal(text[0], 'p');
		return;
	}
	got[FLAG] = flag;
	got[NUMBER] = number;
	got[WORD] = word;
	got[PATH] = (long)strnlen(path, sizeof(path));
	got[TEXT] = (long)strnlen(text, sizeof(text));
	assert_int_equal(got[row->key], row->want);
	if (row->key == PATH)
		assert_memory_equal(path, row->value.at, row->value.length);
	if (row->key == TEXT)
		assert_memory_equal(text, row->value.at, row->value.length);
}

static void says_what_fits(void **state)
{
	struct text why;

	(void)state;
	assert_false(configuration_set(&keys[FLAG], SPAN("x"), &why));
	assert_string_equal(why.bytes, "must be yes or no");
	assert_false(configuration_set(&keys[NUMBER], SPAN("x"), &why));
	assert_string_equal(why.bytes, "must be a number from 10 to 2000");
	assert_false(configuration_set(&keys[WORD], SPAN("x"), &why));
	assert_string_equal(why.bytes, "must be one of zero one two");
	assert_false(configuration_set(&keys[PATH], SPAN("x"), &why));
	assert_string_equal(why.bytes, "must be an absolute path");
	assert_false(configuration_set(&keys[TEXT], SPAN(""), &why));
	assert_string_equal(why.bytes, "must have 1 to 959 bytes");
}

static void bounds_path_and_text(void **state)
{
	char value[CONFIGURATION_TEXT_BYTES];
	struct text why;

	(void)state;
	memset(value, '/', sizeof(value));
	assert_true(
		configuration_set(&keys[PATH], (struct span){ value, sizeof(value) - 1 }, &why));
	assert_int_equal(strlen(path), CONFIGURATION_TEXT_BYTES - 1);
	assert_false(configuration_set(&keys[PATH], (struct span){ value, sizeof(value) }, &why));
	assert_true(
		configuration_set(&keys[TEXT], (struct span){ value, sizeof(value) - 1 }, &why));
	assert_int_equal(strlen(text), CONFIGURATION_TEXT_BYTES - 1);
	assert_false(configuration_set(&keys[TEXT], (struct span){ value, sizeof(value) }, &why));
}

static void gathers_a_list(void **state)
{
	static struct configuration_list list;
	static char value[CONFIGURATION_LIST_BYTES];
	const struct configuration_key key = { .name = "list", CONFIGURATION_LIST, .value = &list };
	struct text why;

	(void)state;
	assert_true(configuration_set(&key, SPAN("/bin/a b"), &why));
	assert_true(configuration_set(&key, SPAN("c"), &why));
	assert_int_equal(list.length, sizeof("/bin/a b\0c"));
	assert_memory_equal(list.bytes, "/bin/a b\0c", sizeof("/bin/a b\0c"));
	assert_false(configuration_set(&key, SPAN(""), &why));
	assert_non_null(strstr(why.bytes, "together less than 4096"));
	/* All of the room, and a byte more. */
	memset(value, 'x', sizeof(value));
	assert_false(
		configuration_set(&key, (struct span){ value, sizeof(value) - list.length }, &why));
	assert_int_equal(list.length, sizeof("/bin/a b\0c"));
	assert_true(configuration_set(&key, (struct span){ value, sizeof(value) - list.length - 1 },
				      &why));
	assert_int_equal(list.length, sizeof(list.bytes));
	assert_false(configuration_set(&key, SPAN("x"), &why));
}

/* Without a set-id bit, where the environment may say it; tests/root has the rest. */
static void tells_whom_to_become(void **state)
{
	struct configuration configuration = { 0 };
	struct caller caller = { 0 };

	(void)state;
	for (int service = 0; service < SERVICE_COUNT; service++) {
		caller.service = (enum service)service;
		configuration.dovecot = false;
		assert_int_equal(configuration_lets_become(&configuration, &caller),
				 service != SERVICE_SMTP);
		configuration.dovecot = true;
		assert_false(configuration_lets_become(&configuration, &caller));
	}
}

static char directory[] = "/tmp/unit-configuration-XXXXXX";
static char file[sizeof(directory) + 16];

static void write_file(struct span content, mode_t mode)
{
	int descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(write(descriptor, content.at, content.length), content.length);
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
}

/* What a child that reads the file finds: its variables are in the state they come in. */
struct found {
	bool good;
	struct configuration common;
	bool flag;
	long number;
	char path[CONFIGURATION_TEXT_BYTES];
	struct text why;
};

static struct found *found; /* shared with the child */
static bool without_descriptors;

static void read_in_child(const char *program)
{
	static const struct rlimit none = { 0, 0 };
	int status;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0) {
		memset(found, 0, sizeof(*found));
		flag = false;
		number = 1234;
		memset(path, 0, sizeof(path));
		memset(text, 0, sizeof(text));
		if (without_descriptors && setrlimit(RLIMIT_NOFILE, &none) != 0)
			_exit(1);
		found->good = configuration_read(program, keys, false, &found->common, &found->why);
		found->flag = flag;
		found->number = number;
		memcpy(found->path, path, sizeof(path));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void read_content(struct span content)
{
	write_file(content, 0600);
	assert_int_equal(setenv("CHECKPW_CONF", file, 1), 0);
	read_in_child("unit-test");
}

static void assert_defaults(void)
{
	assert_true(found->good);
	assert_int_equal(found->common.log, 0);
	assert_true(found->common.log_success);
	assert_false(found->common.log_unknown_login);
	assert_true(found->common.challenges);
	assert_int_equal(found->common.challenge_window, 1200);
	assert_false(found->common.apop);
	assert_false(found->common.indimail);
	assert_false(found->common.dovecot);
	assert_int_equal(found->common.deadline, 60);
	assert_int_equal(found->common.min_uid, 1);
	assert_int_equal(found->common.service, SERVICE_UNKNOWN);
	assert_string_equal(found->common.decoy, "");
	assert_false(found->flag);
	assert_int_equal(found->number, 1234);
}

static void has_defaults(void **state)
{
	(void)state;
	unsetenv("CHECKPW_CONF");
	read_in_child("no-such-checker");
	assert_defaults();
}

/* What cannot be opened might have said something: it is not taken for a file that is not there. */
static void trouble_is_not_absence(void **state)
{
	(void)state;
	unsetenv("CHECKPW_CONF");
	without_descriptors = true;
	read_in_child("no-such-checker");
	without_descriptors = false;
	assert_false(found->good);
	assert_non_null(strstr(found->why.bytes, "/no-such-checker.conf: Too many open files"));
}

static void an_empty_file_is_the_defaults(void **state)
{
	(void)state;
	read_content(SPAN(""));
	assert_defaults();
	read_content(SPAN("# only = a comment\n\n   \n\t# flag = yes\n#"));
	assert_defaults();
}

static void a_named_file_must_exist(void **state)
{
	(void)state;
	setenv("CHECKPW_CONF", "/nonexistent/x.conf", 1);
	read_in_child("unit-test");
	assert_false(found->good);
	assert_non_null(strstr(found->why.bytes, "/nonexistent/x.conf: No such file"));
	setenv("CHECKPW_CONF", "", 1);
	read_in_child("unit-test");
	assert_false(found->good);
}

/* At address 0 there is nothing to read. */
static void reading_must_succeed(void **state)
{
	(void)state;
	setenv("CHECKPW_CONF", "/proc/self/mem", 1);
	read_in_child("unit-test");
	assert_false(found->good);
	assert_string_equal(found->why.bytes, "/proc/self/mem: Input/output error");
}

static void must_be_trusted(void **state)
{
	(void)state;
	setenv("CHECKPW_CONF", file, 1);
	write_file(SPAN("flag = yes\n"), 0666);
	read_in_child("unit-test");
	assert_false(found->good);
	assert_false(found->flag);
	write_file(SPAN("flag = yes\n"), 0660);
	read_in_child("unit-test");
	assert_false(found->good);
	write_file(SPAN("flag = yes\n"), 0644);
	read_in_child("unit-test");
	assert_true(found->good);
	assert_true(found->flag);
}

static void sets_all_common_keys(void **state)
{
	(void)state;
	read_content(SPAN("log = none\nlog-success = no\nlog-unknown-login = yes\n"
			  "challenges = no\nchallenge-window = 86400\napop = yes\n"
			  "indimail = yes\ndovecot = yes\ndeadline = 3600\n"
			  "min-uid = 2147483647\nservice = imap\n"
			  "decoy = {PLAIN}x = y\n"));
	assert_string_equal(found->why.bytes, "");
	assert_true(found->good);
	assert_string_equal(log_target_words[found->common.log], "none");
	assert_false(found->common.log_success);
	assert_true(found->common.log_unknown_login);
	assert_false(found->common.challenges);
	assert_int_equal(found->common.challenge_window, 86400);
	assert_true(found->common.apop);
	assert_true(found->common.indimail);
	assert_true(found->common.dovecot);
	assert_int_equal(found->common.deadline, 3600);
	assert_int_equal(found->common.min_uid, 2147483647);
	assert_int_equal(found->common.service, SERVICE_IMAP);
	assert_string_equal(found->common.decoy, "{PLAIN}x = y");
}

static struct {
	const char *name;
	struct span content;
	const char *why; /* what follows the file's name; NULL: good, and flag is set */
} files[] = {
	{ "file: plain", { BYTES("flag = yes\n") }, NULL },
	{ "file: no blanks", { BYTES("flag=yes") }, NULL },
	{ "file: many blanks", { BYTES(" \tflag\t =  \tyes \t \n") }, NULL },
	{ "file: CRLF", { BYTES("flag = yes\r\n") }, NULL },
	{ "file: no newline", { BYTES("number = 20\nflag = yes") }, NULL },
	{ "file: own and common keys", { BYTES("apop = yes\nflag = yes\nlog = none\n") }, NULL },
	{ "file: an = in the value", { BYTES("path = /a=b\nflag = yes\n") }, NULL },
	{ "file: a # in the value", { BYTES("path = /a #b\nflag = yes\n") }, NULL },
	{ "file: unknown key", { BYTES("\nflga = yes\n") }, "line 2: unknown key" },
	{ "file: a secret in the wrong file is not shown",
	  { BYTES("joe:secret=x\n") },
	  "line 1: unknown key" },
	{ "file: key in capitals", { BYTES("Flag = yes\n") }, "line 1: unknown key" },
	{ "file: the beginning of a key", { BYTES("fla = yes\n") }, "line 1: unknown key" },
	{ "file: empty key", { BYTES("= yes\n") }, "line 1: unknown key" },
	{ "file: no =", { BYTES("flag yes\n") }, "line 1: not a line of the form key = value" },
	{ "file: own key twice",
	  { BYTES("flag = no\n\nflag = yes\n") },
	  "line 3: flag is set twice" },
	{ "file: common key twice",
	  { BYTES("apop=yes\napop=yes\n") },
	  "line 2: apop is set twice" },
	{ "file: bad value", { BYTES("# x\nflag = maybe\n") }, "line 2: flag must be yes or no" },
	{ "file: empty value", { BYTES("flag =\n") }, "line 1: flag must be yes or no" },
	{ "file: a comment behind the value",
	  { BYTES("flag = yes # x\n") },
	  "line 1: flag must be yes or no" },
	{ "file: two values", { BYTES("flag = yes no\n") }, "line 1: flag must be yes or no" },
	{ "file: a NUL", { BYTES("\nflag = yes\0\n") }, "line 2: the line holds a NUL byte" },
	{ "file: a NUL in a comment", { BYTES("#\0\n") }, "line 1: the line holds a NUL byte" },
	{ "file: window too long",
	  { BYTES("challenge-window = 86401\n") },
	  "line 1: challenge-window must be a number from 0 to 86400" },
	{ "file: no deadline",
	  { BYTES("deadline = 0\n") },
	  "line 1: deadline must be a number from 1 to 3600" },
	{ "file: deadline too long",
	  { BYTES("deadline = 3601\n") },
	  "line 1: deadline must be a number from 1 to 3600" },
	{ "file: uid too large",
	  { BYTES("min-uid = 2147483648\n") },
	  "line 1: min-uid must be a number from 0 to 2147483647" },
};

static void reads_file(void **state)
{
	__typeof__(files[0]) *row = *state;
	size_t length = strlen(file);

	read_content(row->content);
	assert_int_equal(found->good, row->why == NULL);
	if (row->why == NULL) {
		assert_true(found->flag);
		return;
	}
	assert_memory_equal(found->why.bytes, file, length);
	assert_memory_equal(found->why.bytes + length, ": ", 2);
	assert_string_equal(found->why.bytes + length + 2, row->why);
}

static void refuses_an_overlong_line(void **state)
{
	static char content[5000];

	(void)state;
	memset(content, '#', sizeof(content));
	content[0] = '\n';
	read_content((struct span){ content, sizeof(content) });
	assert_false(found->good);
	assert_non_null(strstr(found->why.bytes, ": line 2: the line is too long"));
}

static void keeps_the_bytes_of_a_path(void **state)
{
	(void)state;
	read_content(SPAN("path =  /a = b # c \t\n"));
	assert_true(found->good);
	assert_string_equal(found->path, "/a = b # c");
}

int main(void)
{
	int status;

	if (mkdtemp(directory) == NULL)
		return 2;
	snprintf(file, sizeof(file), "%s/x.conf", directory);
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (found == MAP_FAILED)
		return 2;
	UNIT_ROWS(values, takes_value);
	UNIT_TEST(says_what_fits);
	UNIT_TEST(bounds_path_and_text);
	UNIT_TEST(gathers_a_list);
	UNIT_TEST(tells_whom_to_become);
	UNIT_TEST(has_defaults);
	UNIT_TEST(trouble_is_not_absence);
	UNIT_TEST(an_empty_file_is_the_defaults);
	UNIT_TEST(a_named_file_must_exist);
	UNIT_TEST(reading_must_succeed);
	UNIT_TEST(must_be_trusted);
	UNIT_TEST(sets_all_common_keys);
	UNIT_ROWS(files, reads_file);
	UNIT_TEST(refuses_an_overlong_line);
	UNIT_TEST(keeps_the_bytes_of_a_path);
	status = unit_run();
	unlink(file);
	rmdir(directory);
	return status;
}
