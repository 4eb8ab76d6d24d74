/* Which files are opened, and how they are read by lines. */
#include "file.h"
#include "secret.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

/* What the next line is, read anew from all bytes at once. */
static enum file_line model_next(struct span *rest, struct span *line)
{
	const char *newline;

	if (rest->length == 0)
		return FILE_LINE_END;
	newline = memchr(rest->at, '\n', rest->length);
	*line = *rest;
	if (newline != NULL)
		line->length = (size_t)(newline - rest->at);
	*rest = span_from(*rest, line->length + (newline != NULL));
	if (line->length != 0 && line->at[line->length - 1] == '\r')
		line->length--;
	if (line->length > FILE_LINE_MAX_BYTES)
		return FILE_LINE_OVERLONG;
	if (memchr(line->at, '\0', line->length) != NULL)
		return FILE_LINE_NUL;
	return FILE_LINE;
}

static void assert_reads_as_model(int descriptor, struct span content)
{
	struct file_lines lines;
	unsigned long number = 0;
	enum file_line kind, want;

	file_lines_begin(&lines, descriptor);
	do {
		struct span line, wanted = { 0 };

		want = model_next(&content, &wanted);
		kind = file_lines_next(&lines, &line);
		number += want != FILE_LINE_END;
		if (kind != want || lines.number != number)
			fail_msg("line %lu is of kind %d, not %d (counted %lu)", number, kind, want,
				 lines.number);
		if (kind == FILE_LINE && (line.length != wanted.length ||
					  memcmp(line.at, wanted.at, wanted.length) != 0))
			fail_msg("line %lu has other bytes", number);
	} while (want != FILE_LINE_END);
	/* The end stays the end. */
	assert_int_equal(file_lines_next(&lines, &content), FILE_LINE_END);
}

static void assert_content(struct span content)
{
	int descriptor = unit_memory_file(content);

	assert_reads_as_model(descriptor, content);
	close(descriptor);
}

static struct {
	const char *name;
	struct span content;
	const char *want; /* the lines' kinds: l line, o overlong, n NUL */
	const char *lines[4];
} contents[] = {
	{ "lines: empty file", { BYTES("") }, "", { NULL } },
	{ "lines: one", { BYTES("abc\n") }, "l", { "abc" } },
	{ "lines: no newline at the end", { BYTES("abc\ndef") }, "ll", { "abc", "def" } },
	{ "lines: a newline alone", { BYTES("\n") }, "l", { "" } },
	{ "lines: newlines only", { BYTES("\n\n\n") }, "lll", { "", "", "" } },
	{ "lines: CRLF", { BYTES("abc\r\ndef\r\n") }, "ll", { "abc", "def" } },
	{ "lines: one CR is taken, not two", { BYTES("abc\r\r\n") }, "l", { "abc\r" } },
	{ "lines: a CR inside stays", { BYTES("a\rb\n\rc\n") }, "ll", { "a\rb", "\rc" } },
	{ "lines: CRLF alone", { BYTES("\r\n") }, "l", { "" } },
	{ "lines: a CR at the end", { BYTES("abc\r") }, "l", { "abc" } },
	{ "lines: a NUL", { BYTES("a\0b\nc\n") }, "nl", { NULL, "c" } },
	{ "lines: a NUL first", { BYTES("\0\nc\n") }, "nl", { NULL, "c" } },
	{ "lines: a NUL at the end", { BYTES("a\n\0") }, "ln", { "a" } },
	{ "lines: blanks stay", { BYTES(" a \n") }, "l", { " a " } },
	{ "lines: 8 bits", { BYTES("\377\200\n") }, "l", { "\377\200" } },
};

static void splits(void **state)
{
	__typeof__(contents[0]) *row = *state;
	int descriptor = unit_memory_file(row->content);
	struct file_lines lines;
	struct span line;

	file_lines_begin(&lines, descriptor);
	for (size_t i = 0; row->want[i] != '\0'; i++) {
		enum file_line kind = file_lines_next(&lines, &line);

		assert_int_equal(kind, row->want[i] == 'l' ? FILE_LINE : FILE_LINE_NUL);
		assert_int_equal(lines.number, i + 1);
		if (kind != FILE_LINE)
			continue;
		assert_int_equal(line.length, strlen(row->lines[i]));
		assert_memory_equal(line.at, row->lines[i], line.length);
	}
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE_END);
	close(descriptor);
	assert_content(row->content);
}

static char big[3 * FILE_CHUNK_BYTES];

/* Lines of 99 bytes and the newline up to `length`. */
static void fill_with_lines(size_t length)
{
	for (size_t i = 0; i < length; i++)
		big[i] = i % 100 == 99 || i + 1 == length ? '\n' : (char)('a' + i / 100 % 26);
}

static size_t put_line(size_t at, size_t length, const char *end)
{
	memset(big + at, 'L', length);
	memcpy(big + at + length, end, strlen(end));
	return at + length + strlen(end);
}

static void bounds_the_length(void **state)
{
	static const char *const ends[] = { "", "\n", "\r\n", "\r", "\r\r\n", "\n\nx\n" };

	(void)state;
	for (size_t length = FILE_LINE_MAX_BYTES - 3; length < FILE_LINE_MAX_BYTES + 6; length++) {
		for (size_t i = 0; i < COUNT(ends); i++)
			assert_content((struct span){ big, put_line(0, length, ends[i]) });
	}
}

/* The limit itself, told without the model. */
static void takes_4096_bytes(void **state)
{
	static const struct {
		size_t length;
		enum file_line want;
	} rows[] = { { 4096, FILE_LINE }, { 4097, FILE_LINE_OVERLONG } };
	struct file_lines lines;
	struct span line;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t end = put_line(0, rows[i].length, "\r\nnext\n");
		int descriptor = unit_memory_file((struct span){ big, end });

		file_lines_begin(&lines, descriptor);
		assert_int_equal(file_lines_next(&lines, &line), rows[i].want);
		assert_int_equal(file_lines_next(&lines, &line), FILE_LINE);
		assert_true(span_is(line, "next"));
		assert_int_equal(lines.number, 2);
		close(descriptor);
	}
}

/* A line of `length` begins at each of the last offsets before a read of the file ends. */
static void skip_around(size_t boundary, size_t length, const char *filler, int descriptor)
{
	for (size_t offset = boundary - 4200; offset < boundary + 4; offset++) {
		size_t end;

		memcpy(big, filler, offset);
		big[offset - 1] = '\n';
		end = put_line(offset, length, offset % 2 ? "\nnext\n" : "\r\nnext");
		assert_int_equal(ftruncate(descriptor, 0), 0);
		assert_int_equal(pwrite(descriptor, big, end, 0), end);
		assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
		assert_reads_as_model(descriptor, (struct span){ big, end });
	}
}

static void skips_at_every_offset(void **state)
{
	static const size_t lengths[] = { 1, 4095, 4096, 4097, 4098, 4099, 4100, 9000 };
	static char filler[FILE_CHUNK_BYTES + 4];
	int descriptor = memfd_create("unit", MFD_CLOEXEC);

	(void)state;
	assert_int_not_equal(descriptor, -1);
	fill_with_lines(sizeof(filler));
	memcpy(filler, big, sizeof(filler));
	for (size_t i = 0; i < COUNT(lengths); i++) {
		/* The first reads are shorter. */
		skip_around(8192, lengths[i], filler, descriptor);
		skip_around(8192 + 16384, lengths[i], filler, descriptor);
		skip_around(FILE_CHUNK_BYTES, lengths[i], filler, descriptor);
	}
	close(descriptor);
}

static void skips_lines_longer_than_a_chunk(void **state)
{
	(void)state;
	for (size_t length = FILE_CHUNK_BYTES - 8; length < FILE_CHUNK_BYTES + 8; length++) {
		for (size_t offset = 0; offset < 300; offset += 100) {
			fill_with_lines(offset);
			assert_content((struct span){ big, put_line(offset, length, "\nx\n") });
			fill_with_lines(offset);
			assert_content((struct span){ big, put_line(offset, length, "") });
		}
	}
	assert_content((struct span){ big, put_line(0, 2 * FILE_CHUNK_BYTES, "\n\nx") });
	assert_content((struct span){ big, put_line(0, 2 * FILE_CHUNK_BYTES + 1, "\n\nx") });
	assert_content((struct span){ big, put_line(0, sizeof(big), "") });
}

/* An overlong line of NULs is one line of one kind, wherever the chunks end. */
static void skips_overlong_nuls(void **state)
{
	(void)state;
	memset(big, 0, sizeof(big));
	assert_content((struct span){ big, sizeof(big) });
	big[70000] = '\n';
	big[70100] = '\n';
	assert_content((struct span){ big, sizeof(big) });
}

static void reads_a_file_of_newlines(void **state)
{
	(void)state;
	memset(big, '\n', sizeof(big));
	assert_content((struct span){ big, sizeof(big) });
	for (size_t length = FILE_CHUNK_BYTES - 2; length < FILE_CHUNK_BYTES + 3; length++)
		assert_content((struct span){ big, length });
}

static void reads_200000_lines(void **state)
{
	FILE *file = tmpfile();
	struct file_lines lines;
	struct span line;
	char want[64];

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 200000; i++)
		fprintf(file, "user%d@ex.com:secret-%d\n", i, i * 7);
	rewind(file);
	file_lines_begin(&lines, fileno(file));
	for (int i = 0; i < 200000; i++) {
		snprintf(want, sizeof(want), "user%d@ex.com:secret-%d", i, i * 7);
		assert_int_equal(file_lines_next(&lines, &line), FILE_LINE);
		if (!span_is(line, want))
			fail_msg("line %d is not %s", i + 1, want);
	}
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE_END);
	assert_int_equal(lines.number, 200000);
	fclose(file);
}

/* Bytes of all sorts in lines of all lengths, always the same ones. */
static void agrees_with_the_model_on_noise(void **state)
{
	static const char bytes[] = "\n\n\n\r\r\0abcdefghijklmnopqrstuvwxyz";
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 30; round++) {
		size_t sparse = (size_t)1 << round % 12;

		for (size_t i = 0; i < sizeof(big); i++) {
			seed = seed * 1664525 + 1013904223;
			big[i] = (seed >> 8) % sparse == 0
					 ? bytes[(seed >> 20) % (sizeof(bytes) - 1)]
					 : 'x';
		}
		assert_content((struct span){ big, sizeof(big) - (size_t)round });
	}
}

static void write_in_pieces(int descriptor, size_t length)
{
	size_t piece = 1;

	for (size_t at = 0; at < length; at += piece) {
		piece = at % 7 + 1 < length - at ? at % 7 + 1 : length - at;
		if (write(descriptor, big + at, piece) != (ssize_t)piece)
			_exit(1);
	}
	_exit(0);
}

/* A read may return less than was asked for. */
static void reads_in_small_pieces(void **state)
{
	size_t length;
	int ends[2], status;
	pid_t child;

	(void)state;
	fill_with_lines(1000);
	length = put_line(1000, 4096, "\r\n");
	length = put_line(length, 4097, "\n");
	length = put_line(length, 4100, "\nx\ny");
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		write_in_pieces(ends[1], length);
	close(ends[1]);
	assert_reads_as_model(ends[0], (struct span){ big, length });
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int late_end;

static void write_late(int number)
{
	(void)number;
	if (write(late_end, "late\n", 5) != 5)
		_exit(1);
}

/* A read that a signal interrupts is made again. */
static void survives_signals(void **state)
{
	struct sigaction action = { .sa_handler = write_late }, before;
	struct itimerval soon = { .it_value = { 0, 50000 } };
	struct file_lines lines;
	struct span line;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	late_end = ends[1];
	assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	file_lines_begin(&lines, ends[0]);
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE);
	assert_true(span_is(line, "late"));
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	close(ends[0]);
	close(ends[1]);
	alarm(UNIT_SECONDS);
}

static void tells_trouble(void **state)
{
	struct file_lines lines;
	struct span line;
	int descriptor = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	file_lines_begin(&lines, descriptor);
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE_TROUBLE);
	assert_int_equal(errno, EISDIR);
	close(descriptor);
	file_lines_begin(&lines, -1);
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE_TROUBLE);
	assert_int_equal(errno, EBADF);
}

static void wipes_what_it_read(void **state)
{
	int descriptor = unit_memory_file(SPAN("joe:secret\nx\n"));
	struct file_lines lines;
	struct span line;

	(void)state;
	file_lines_begin(&lines, descriptor);
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE);
	assert_true(span_is(line, "joe:secret"));
	file_lines_begin(&lines, descriptor);
	for (size_t i = 0; i < line.length; i++)
		assert_int_equal(line.at[i], 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	assert_int_equal(file_lines_next(&lines, &line), FILE_LINE);
	secret_wipe_all();
	for (size_t i = 0; i < line.length + 3; i++)
		assert_int_equal(line.at[i], 0);
	close(descriptor);
}

/* ---- opening ---------------------------------------------------------------------------- */

static char directory[] = "/tmp/unit-file-XXXXXX";
static char path[sizeof(directory) + 16];

static void make_file(mode_t mode, uid_t owner)
{
	int descriptor;

	unlink(path);
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(descriptor, -1);
	assert_int_equal(write(descriptor, "content", 7), 7);
	if (owner != geteuid())
		assert_int_equal(fchown(descriptor, owner, (gid_t)-1), 0);
	assert_int_equal(fchmod(descriptor, mode), 0);
	close(descriptor);
}

static void assert_opens(enum file_trust trust, unsigned mode)
{
	struct text why;
	unsigned got = 1;
	char byte;
	int descriptor = file_open(path, trust, &got, &why);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(got, mode);
	assert_int_equal(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(descriptor, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(read(descriptor, &byte, 1), 1);
	assert_int_equal(byte, 'c');
	close(descriptor);
	descriptor = file_open(path, trust, NULL, &why);
	assert_int_not_equal(descriptor, -1);
	close(descriptor);
}

/* Refused, with `error` and a reason that holds `piece`, and without a descriptor left open. */
static void assert_refused(const char *name, enum file_trust trust, int error, const char *piece)
{
	struct text why;
	int probe = dup(2), next;

	close(probe);
	text_clear(&why);
	errno = 0;
	assert_int_equal(file_open(name, trust, NULL, &why), -1);
	assert_int_equal(errno, error);
	if (strstr(why.bytes, piece) == NULL || !span_begins(span_of(why.bytes), name))
		fail_msg("\"%s\" should begin with the path and tell \"%s\"", why.bytes, piece);
	next = dup(2);
	assert_int_equal(next, probe);
	close(next);
}

static struct {
	const char *name;
	mode_t mode;
	bool own, store;
} modes[] = {
	{ "mode 0400", 0400, true, true },   { "mode 0600", 0600, true, true },
	{ "mode 0644", 0644, true, true },   { "mode 0755", 0755, true, true },
	{ "mode 04755", 04755, true, true }, { "mode 0660", 0660, false, true },
	{ "mode 0420", 0420, false, true },  { "mode 0602", 0602, false, false },
	{ "mode 0666", 0666, false, false }, { "mode 0777", 0777, false, false },
};

static void judges_mode(void **state)
{
	__typeof__(modes[0]) *row = *state;
	char told[64];

	make_file(row->mode, geteuid());
	snprintf(told, sizeof(told), ": mode is 0%o: others may write to it", row->mode);
	if (row->own)
		assert_opens(FILE_TRUST_OWN, row->mode);
	else
		assert_refused(path, FILE_TRUST_OWN, EPERM, told);
	if (row->store)
		assert_opens(FILE_TRUST_STORE, row->mode);
	else
		assert_refused(path, FILE_TRUST_STORE, EPERM, told);
}

static void refuses_what_does_not_exist(void **state)
{
	char below[sizeof(path) + 8];

	(void)state;
	unlink(path);
	assert_refused(path, FILE_TRUST_STORE, ENOENT, ": No such file or directory (as uid ");
	assert_refused("/nonexistent/x", FILE_TRUST_OWN, ENOENT, ": No such file or directory");
	make_file(0600, geteuid());
	snprintf(below, sizeof(below), "%s/x", path);
	assert_refused(below, FILE_TRUST_OWN, ENOTDIR, ": Not a directory");
}

static void refuses_relative_paths(void **state)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	make_file(0600, geteuid());
	assert_int_equal(chdir(directory), 0);
	assert_refused("x", FILE_TRUST_STORE, EINVAL, ": not an absolute path");
	assert_refused("./x", FILE_TRUST_STORE, EINVAL, ": not an absolute path");
	assert_refused("", FILE_TRUST_STORE, EINVAL, ": not an absolute path");
	assert_int_equal(fchdir(here), 0);
	close(here);
}

static void refuses_what_is_no_file(void **state)
{
	(void)state;
	assert_refused(directory, FILE_TRUST_STORE, EPERM, ": not a regular file");
	assert_refused("/dev/null", FILE_TRUST_STORE, EPERM, ": not a regular file");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	/* And at once: nobody has the other end. */
	assert_refused(path, FILE_TRUST_STORE, EPERM, ": not a regular file");
	unlink(path);
}

static void follows_symbolic_links(void **state)
{
	char link[sizeof(directory) + 16];

	(void)state;
	make_file(0600, geteuid());
	snprintf(link, sizeof(link), "%s/link", directory);
	assert_int_equal(symlink("x", link), 0);
	snprintf(path, sizeof(path), "%s/link", directory);
	assert_opens(FILE_TRUST_OWN, 0600);
	snprintf(path, sizeof(path), "%s/x", directory);
	make_file(0666, geteuid());
	assert_refused(link, FILE_TRUST_OWN, EPERM, ": mode is 0666");
	unlink(path);
	assert_refused(link, FILE_TRUST_OWN, ENOENT, ": No such file or directory");
	unlink(link);
}

#define STRANGER 65534

static void judges_owner_as_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_file(0600, STRANGER);
	assert_refused(path, FILE_TRUST_OWN, EPERM, ": owner is uid 65534, must be root or uid 0");
	assert_opens(FILE_TRUST_STORE, 0600);
}

static void assert_opens_and_closes(enum file_trust trust)
{
	struct text why;
	int descriptor = file_open(path, trust, NULL, &why);

	assert_int_not_equal(descriptor, -1);
	close(descriptor);
}

/* As a set-uid program is: the effective user is not the real one. */
static void judges_owner_as_another_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(directory, 0755), 0);
	make_file(0644, STRANGER);
	assert_int_equal(seteuid(1234), 0);
	assert_refused(path, FILE_TRUST_OWN, EPERM,
		       ": owner is uid 65534, must be root or uid 1234");
	assert_refused(path, FILE_TRUST_STORE, EPERM, ": owner is uid 65534");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(seteuid(STRANGER), 0);
	assert_opens_and_closes(FILE_TRUST_OWN);
	assert_opens_and_closes(FILE_TRUST_STORE);
	assert_int_equal(seteuid(0), 0);
	make_file(0644, 0);
	assert_int_equal(seteuid(1234), 0);
	assert_opens_and_closes(FILE_TRUST_OWN);
	assert_opens_and_closes(FILE_TRUST_STORE);
	assert_int_equal(seteuid(0), 0);
	make_file(0600, 0);
	assert_int_equal(seteuid(1234), 0);
	assert_refused(path, FILE_TRUST_STORE, EACCES, ": Permission denied (as uid 1234)");
	assert_int_equal(seteuid(0), 0);
}

/* As a program that is set-uid root and started by somebody else: it is the owner that counts. */
static void judges_owner_as_set_uid_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_file(0600, STRANGER);
	assert_int_equal(setresuid(1234, 0, 0), 0);
	assert_refused(path, FILE_TRUST_OWN, EPERM, ": owner is uid 65534, must be root");
	assert_opens(FILE_TRUST_STORE, 0600);
	assert_int_equal(setresuid(0, 0, 0), 0);
}

int main(void)
{
	int status;

	if (mkdtemp(directory) == NULL)
		return 2;
	snprintf(path, sizeof(path), "%s/x", directory);
	UNIT_ROWS(contents, splits);
	UNIT_TEST(bounds_the_length);
	UNIT_TEST(takes_4096_bytes);
	UNIT_TEST(skips_at_every_offset);
	UNIT_TEST(skips_lines_longer_than_a_chunk);
	UNIT_TEST(skips_overlong_nuls);
	UNIT_TEST(reads_a_file_of_newlines);
	UNIT_TEST(reads_200000_lines);
	UNIT_TEST(agrees_with_the_model_on_noise);
	UNIT_TEST(reads_in_small_pieces);
	UNIT_TEST(survives_signals);
	UNIT_TEST(tells_trouble);
	UNIT_TEST(wipes_what_it_read);
	UNIT_ROWS(modes, judges_mode);
	UNIT_TEST(refuses_what_does_not_exist);
	UNIT_TEST(refuses_relative_paths);
	UNIT_TEST(refuses_what_is_no_file);
	UNIT_TEST(follows_symbolic_links);
	UNIT_TEST(judges_owner_as_root);
	UNIT_TEST(judges_owner_as_another_user);
	UNIT_TEST(judges_owner_as_set_uid_root);
	status = unit_run();
	unlink(path);
	rmdir(directory);
	return status;
}
