/* The list of servers. */
#include "server.h"

#include "unit.h"

static struct {
	const char *name;
	struct span list;
	const char *names; /* as server_name writes them, each with a blank; NULL: refused */
} rows[] = {
	{ "servers: a host", { BYTES("db.example.org") }, "db.example.org:3306 " },
	{ "servers: a host and a port", { BYTES("db-1:3307") }, "db-1:3307 " },
	{ "servers: an address", { BYTES("192.0.2.1") }, "192.0.2.1:3306 " },
	{ "servers: IPv6", { BYTES("[2001:DB8::1]") }, "[2001:DB8::1]:3306 " },
	{ "servers: IPv6 and a port", { BYTES("[::ffff:192.0.2.1]:1") }, "[::ffff:192.0.2.1]:1 " },
	{ "servers: a socket", { BYTES("/run/mysqld/mysqld.sock") }, "/run/mysqld/mysqld.sock " },
	{ "servers: a socket with odd bytes", { BYTES("/a:b;c=d[") }, "/a:b;c=d[ " },
	{ "servers: blanks between", { BYTES("a b\t c") }, "a:3306 b:3306 c:3306 " },
	{ "servers: commas between", { BYTES(",a,b, c ,") }, "a:3306 b:3306 c:3306 " },
	{ "servers: in their order", { BYTES("b:2 /s a:1") }, "b:2 /s a:1 " },
	{ "servers: the same twice", { BYTES("a a") }, "a:3306 a:3306 " },
	{ "servers: the last port", { BYTES("a:65535") }, "a:65535 " },
	{ "servers: none", { BYTES("") }, NULL },
	{ "servers: only separators", { BYTES(" ,\t") }, NULL },
	{ "servers: port 0", { BYTES("a:0") }, NULL },
	{ "servers: too large a port", { BYTES("a:65536") }, NULL },
	{ "servers: an endless port", { BYTES("a:99999999999999999999999999") }, NULL },
	{ "servers: no port", { BYTES("a:") }, NULL },
	{ "servers: a sign before the port", { BYTES("a:+1") }, NULL },
	{ "servers: more behind the port", { BYTES("a:1x") }, NULL },
	{ "servers: two ports", { BYTES("a:1:2") }, NULL },
	{ "servers: a port alone", { BYTES(":1") }, NULL },
	{ "servers: IPv6 without brackets", { BYTES("::1") }, NULL },
	{ "servers: an open bracket", { BYTES("[::1") }, NULL },
	{ "servers: empty brackets", { BYTES("[]") }, NULL },
	{ "servers: a name in brackets", { BYTES("[example]") }, NULL },
	{ "servers: a zone", { BYTES("[fe80::1%eth0]") }, NULL },
	{ "servers: more behind the bracket", { BYTES("[::1]1") }, NULL },
	{ "servers: no port behind the bracket", { BYTES("[::1]:") }, NULL },
	{ "servers: what the library takes for options", { BYTES("host=a;user=root") }, NULL },
	{ "servers: a URL", { BYTES("mysql://a") }, NULL },
	{ "servers: a relative path", { BYTES("run/mysqld") }, NULL },
	{ "servers: _", { BYTES("a_b") }, NULL },
	{ "servers: UTF-8", { BYTES("\xc3\xa9") }, NULL },
	{ "servers: a NUL in a host", { BYTES("a\0b") }, NULL },
	{ "servers: a NUL in a path", { BYTES("/a\0b") }, NULL },
	{ "servers: the second is none", { BYTES("a b_c") }, NULL },
};

static void takes_apart(void **state)
{
	__typeof__(rows[0]) *row = *state;
	static struct servers servers;
	struct text names, why;

	memset(&servers, 'x', sizeof(servers));
	text_clear(&names);
	assert_int_equal(servers_parse(row->list, &servers, &why), row->names != NULL);
	if (row->names == NULL) {
		assert_ptr_equal(strstr(why.bytes, "servers"), why.bytes);
		return;
	}
	for (size_t i = 0; i < servers.count; i++) {
		assert_true((servers.at[i].host[0] == '\0') != (servers.at[i].path[0] == '\0'));
		server_name(&servers.at[i], &names);
		text_add(&names, " ");
	}
	assert_string_equal(names.bytes, row->names);
}

static void bounds_their_number(void **state)
{
	static struct servers servers;
	struct text list, why;

	(void)state;
	text_clear(&list);
	for (int i = 0; i < SERVERS_MAX; i++)
		text_add(&list, "a ");
	assert_true(servers_parse(span_of(list.bytes), &servers, &why));
	assert_int_equal(servers.count, SERVERS_MAX);
	text_add(&list, "a");
	assert_false(servers_parse(span_of(list.bytes), &servers, &why));
	assert_string_equal(why.bytes, "servers names more than 16");
}

/* `begin` with so many `x` behind it that it has `length` bytes. */
static bool is_taken(const char *begin, const char *end, size_t length)
{
	static struct servers servers;
	static char text[512];
	struct text why;
	size_t first = strlen(begin), last = strlen(end);

	memset(text, 'a', sizeof(text));
	memcpy(text, begin, first);
	memcpy(text + length - last, end, last);
	return servers_parse((struct span){ text, length }, &servers, &why);
}

static void bounds_their_length(void **state)
{
	(void)state;
	assert_true(is_taken("/", "", SERVER_PATH_BYTES - 1));
	assert_false(is_taken("/", "", SERVER_PATH_BYTES));
	assert_true(is_taken("", "", SERVER_HOST_BYTES - 1));
	assert_false(is_taken("", "", SERVER_HOST_BYTES));
	assert_true(is_taken("[", "]", SERVER_HOST_BYTES + 1));
	assert_false(is_taken("[", "]", SERVER_HOST_BYTES + 2));
}

static void names_what_is_wrong(void **state)
{
	static struct servers servers;
	struct text why;

	(void)state;
	assert_false(servers_parse(SPAN("a b\x1b c"), &servers, &why));
	assert_string_equal(why.bytes, "servers: \"b\\x1b\" is neither host, host:port, "
				       "[IPv6]:port nor /path");
	assert_false(servers_parse(SPAN(" "), &servers, &why));
	assert_string_equal(why.bytes, "servers names none");
}

int main(void)
{
	UNIT_ROWS(rows, takes_apart);
	UNIT_TEST(bounds_their_number);
	UNIT_TEST(bounds_their_length);
	UNIT_TEST(names_what_is_wrong);
	return unit_run();
}
