/* Where a vpopmail domain lives: users/cdb and users/assign. */
#include "domain.h"

#include "unit.h"

#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static struct {
	const char *name;
	struct span data;
	const char *directory; /* NULL: damaged */
	uid_t uid;
	gid_t gid;
} entries[] = {
	{ "entry: qmail-newu's",
	  { BYTES("a.org\00089\00090\0/v/a.org\0-\0") },
	  "/v/a.org",
	  89,
	  90 },
	{ "entry: uid and gid 0", { BYTES("a\0000\0000\0/v\0-\0") }, "/v", 0, 0 },
	{ "entry: the largest ids",
	  { BYTES("a\0004294967294\0004294967294\0/v\0-\0") },
	  "/v",
	  4294967294,
	  4294967294 },
	{ "entry: uid (uid_t)-1", { BYTES("a\0004294967295\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: gid (gid_t)-1", { BYTES("a\0001\0004294967295\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: uid 2^32", { BYTES("a\0004294967296\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: uid 2^64", { BYTES("a\00018446744073709551616\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: uid -1", { BYTES("a\0-1\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: uid +1", { BYTES("a\0+1\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: uid 1x", { BYTES("a\0001x\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: a blank before the uid", { BYTES("a\0 1\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: no uid", { BYTES("a\0\0001\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: no gid", { BYTES("a\0001\0\0/v\0-\0") }, NULL, 0, 0 },
	{ "entry: no directory", { BYTES("a\0001\0001\0\0-\0") }, NULL, 0, 0 },
	{ "entry: a relative directory", { BYTES("a\0001\0001\0v/a\0-\0") }, NULL, 0, 0 },
	{ "entry: ..", { BYTES("a\0001\0001\0/v/../a\0-\0") }, NULL, 0, 0 },
	{ "entry: a NUL in the directory", { BYTES("a\0001\0001\0/v\0a\0-\0") }, NULL, 0, 0 },
	{ "entry: no dash", { BYTES("a\0001\0001\0/v\0") }, NULL, 0, 0 },
	{ "entry: the directory is not ended", { BYTES("a\0001\0001\0/v") }, NULL, 0, 0 },
	{ "entry: three fields", { BYTES("a\0001\0001\0") }, NULL, 0, 0 },
	{ "entry: one field", { BYTES("a\0") }, NULL, 0, 0 },
	{ "entry: no NUL", { BYTES("a") }, NULL, 0, 0 },
	{ "entry: empty", { BYTES("") }, NULL, 0, 0 },
	{ "entry: nothing", { NULL, 0 }, NULL, 0, 0 },
	{ "entry: colons are bytes", { BYTES("a:1:1:/v:-::") }, NULL, 0, 0 },
};

static void parses(void **state)
{
	__typeof__(entries[0]) *row = *state;
	struct domain domain;

	memset(&domain, 'x', sizeof(domain));
	assert_int_equal(domain_parse(row->data, &domain), row->directory != NULL);
	if (row->directory == NULL)
		return;
	assert_string_equal(domain.directory, row->directory);
	assert_int_equal(domain.uid, row->uid);
	assert_int_equal(domain.gid, row->gid);
}

static struct {
	const char *name;
	struct span path;
	bool want;
} paths[] = {
	{ "path: vpopmail's", { BYTES("/home/vpopmail/domains/a.org") }, true },
	{ "path: the root", { BYTES("/") }, true },
	{ "path: ends in a slash", { BYTES("/v/") }, true },
	{ "path: two slashes", { BYTES("//v//a") }, true },
	{ "path: dots in names", { BYTES("/.v/..a/b../c./...") }, true },
	{ "path: empty", { BYTES("") }, false },
	{ "path: nothing", { NULL, 0 }, false },
	{ "path: relative", { BYTES("v/a") }, false },
	{ "path: . alone", { BYTES(".") }, false },
	{ "path: /.", { BYTES("/.") }, false },
	{ "path: /..", { BYTES("/..") }, false },
	{ "path: . inside", { BYTES("/v/./a") }, false },
	{ "path: .. inside", { BYTES("/v/../a") }, false },
	{ "path: . at the end", { BYTES("/v/.") }, false },
	{ "path: .. at the end", { BYTES("/v/..") }, false },
	{ "path: ../ at the end", { BYTES("/v/../") }, false },
	{ "path: .. first", { BYTES("../v") }, false },
	{ "path: a NUL", { BYTES("/v\0a") }, false },
	{ "path: a NUL at the end", { BYTES("/v\0") }, false },
};

static void judges_paths(void **state)
{
	__typeof__(paths[0]) *row = *state;

	assert_int_equal(domain_path_is_sound(row->path, DOMAIN_DIRECTORY_BYTES), row->want);
}

static void bounds_paths(void **state)
{
	static char data[DOMAIN_DIRECTORY_BYTES + 64];

	(void)state;
	assert_true(domain_path_is_sound(SPAN("/abc"), 5));
	assert_false(domain_path_is_sound(SPAN("/abc"), 4));
	for (size_t length = DOMAIN_DIRECTORY_BYTES - 2; length <= DOMAIN_DIRECTORY_BYTES + 1;
	     length++) {
		struct domain domain;
		size_t start = (size_t)sprintf(data, "a%c1%c1%c", 0, 0, 0);

		memset(data + start, 'x', length);
		data[start] = '/';
		data[start + length] = '\0';
		memcpy(data + start + length + 1, "-", 2);
		assert_int_equal(domain_parse((struct span){ data, start + length + 3 }, &domain),
				 length < DOMAIN_DIRECTORY_BYTES);
	}
}

/* ---- files ---- */

static char folder[] = "/tmp/unit-domain-XXXXXX";

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

/* A cdb with one record, made by tinycdb as qmail-newu would. */
static void write_cdb(const char *name, struct span key, struct span data)
{
	int descriptor = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct cdb_make made;

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(cdb_make_start(&made, descriptor), 0);
	assert_int_equal(
		cdb_make_add(&made, key.at, (unsigned)key.length, data.at, (unsigned)data.length),
		0);
	assert_int_equal(cdb_make_finish(&made), 0);
	close(descriptor);
}

static void remove_all(void)
{
	unlink(path_of("cdb"));
	unlink(path_of("assign.cdb"));
	unlink(path_of("assign"));
}

static struct domain domain;
static struct text why;

static enum store_lookup find(const char *name)
{
	memset(&domain, 0, sizeof(domain));
	text_join(&why, "stale");
	return domain_find(path_of("cdb"), name, &domain, &why);
}

static void expect(const char *name, const char *directory)
{
	assert_int_equal(find(name), directory != NULL ? STORE_FOUND : STORE_ABSENT);
	if (directory != NULL)
		assert_string_equal(domain.directory, directory);
	assert_string_equal(why.bytes, "");
}

static void expect_trouble(const char *name, const char *file)
{
	assert_int_equal(find(name), STORE_TROUBLE);
	assert_ptr_equal(strstr(why.bytes, path_of(file)), why.bytes);
}

static void prefers_the_cdb(void **state)
{
	(void)state;
	remove_all();
	expect_trouble("a.org", "assign");
	write_text("assign", SPAN("+a.org-:a.org:1:2:/text:-::\n.\n"));
	expect("a.org", "/text");
	write_cdb("assign.cdb", SPAN("!a.org-"), SPAN("a.org\0001\0002\0/assign.cdb\0-\0"));
	expect("a.org", "/assign.cdb");
	write_cdb("cdb", SPAN("!a.org-"), SPAN("a.org\0001\0002\0/cdb\0-\0"));
	expect("a.org", "/cdb");
	assert_int_equal(domain.uid, 1);
	assert_int_equal(domain.gid, 2);
	/* One that is there counts, whatever it lacks. */
	write_cdb("cdb", SPAN("!b.org-"), SPAN("b.org\0001\0002\0/cdb\0-\0"));
	expect("a.org", NULL);
	assert_int_equal(chmod(path_of("cdb"), 0602), 0);
	expect_trouble("a.org", "cdb");
}

static struct {
	const char *name;
	struct span key;
	const char *domain;
	bool found;
} keys[] = {
	{ "key: as qmail-newu writes it", { BYTES("!a.org-") }, "a.org", true },
	{ "key: a NUL behind it", { BYTES("!a.org-\0") }, "a.org", false },
	{ "key: no dash", { BYTES("!a.org") }, "a.org", false },
	{ "key: no !", { BYTES("a.org-") }, "a.org", false },
	{ "key: in capitals", { BYTES("!A.ORG-") }, "a.org", false },
	{ "key: the wildcard", { BYTES("!") }, "a.org", false },
	{ "key: a part of the domain", { BYTES("!a-") }, "a.org", false },
	{ "key: of a domain with a dash", { BYTES("!a-b-") }, "a-b", true },
	{ "key: the domain begins like it", { BYTES("!a-") }, "a-b", false },
};

static void asks_for_the_exact_key(void **state)
{
	__typeof__(keys[0]) *row = *state;

	remove_all();
	write_cdb("cdb", row->key, SPAN("x\0001\0002\0/v\0-\0"));
	expect(row->domain, row->found ? "/v" : NULL);
}

static void names_the_damaged_file(void **state)
{
	(void)state;
	remove_all();
	write_text("assign", SPAN("+a.org-:a.org:1:2:relative:-::\n.\n"));
	expect_trouble("a.org", "assign");
	write_text("assign", SPAN("+a.org-:a.org:1:2\n.\n"));
	expect_trouble("a.org", "assign");
	write_cdb("assign.cdb", SPAN("!a.org-"), SPAN("a.org\0x\0002\0/v\0-\0"));
	expect_trouble("a.org", "assign.cdb");
	write_cdb("cdb", SPAN("!a.org-"), SPAN("a.org\0001\0002\0v\0-\0"));
	expect_trouble("a.org", "cdb");
	write_text("cdb", SPAN("no cdb"));
	expect_trouble("a.org", "cdb");
}

static struct {
	const char *name;
	struct span text;
	const char *directory; /* of a.org; NULL: absent */
} texts[] = {
	{ "assign: alone", { BYTES("+a.org-:a.org:1:2:/v:-::\n.\n") }, "/v" },
	{ "assign: an alias domain", { BYTES("+a.org-:b.org:1:2:/b:-::\n.\n") }, "/b" },
	{ "assign: behind others",
	  { BYTES("=a.org-:x:1:2:/x:-::\n+b.org-:b:1:2:/b:-::\n+a.org-:a:1:2:/v:-::\n.\n") },
	  "/v" },
	{ "assign: the first of two",
	  { BYTES("+a.org-:a:1:2:/v:-::\n+a.org-:a:1:2:/w:-::\n.\n") },
	  "/v" },
	{ "assign: no end", { BYTES("+a.org-:a:1:2:/v:-::") }, "/v" },
	{ "assign: CRLF", { BYTES("+a.org-:a:1:2:/v:-::\r\n.\r\n") }, "/v" },
	{ "assign: behind the end", { BYTES(".\n+a.org-:a:1:2:/v:-::\n") }, NULL },
	{ "assign: empty", { BYTES("") }, NULL },
	{ "assign: a name that begins like it", { BYTES("+a.org-x-:a:1:2:/v:-::\n.\n") }, NULL },
	{ "assign: no dash", { BYTES("+a.org:a:1:2:/v:-::\n.\n") }, NULL },
	{ "assign: a blank before it", { BYTES(" +a.org-:a:1:2:/v:-::\n.\n") }, NULL },
	{ "assign: a line with a NUL",
	  { BYTES("+a.org-:\0a:1:2:/v:-::\n+a.org-:a:1:2:/w:-::\n.\n") },
	  "/w" },
};

static void reads_assign(void **state)
{
	__typeof__(texts[0]) *row = *state;

	remove_all();
	write_text("assign", row->text);
	expect("a.org", row->directory);
}

int main(void)
{
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	UNIT_ROWS(entries, parses);
	UNIT_ROWS(paths, judges_paths);
	UNIT_TEST(bounds_paths);
	UNIT_TEST(prefers_the_cdb);
	UNIT_ROWS(keys, asks_for_the_exact_key);
	UNIT_TEST(names_the_damaged_file);
	UNIT_ROWS(texts, reads_assign);
	failed = unit_run();
	remove_all();
	rmdir(folder);
	return failed;
}
