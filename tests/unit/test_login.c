/* A vpopmail login taken apart. */
#include "login.h"

#include "unit.h"

static struct {
	const char *name;
	struct span text;
	const char *user, *domain; /* user NULL: refused */
} rows[] = {
	{ "login: @", { BYTES("joe@example.org") }, "joe", "example.org" },
	{ "login: %", { BYTES("joe%example.org") }, "joe", "example.org" },
	{ "login: /", { BYTES("joe/example.org") }, "joe", "example.org" },
	{ "login: no domain", { BYTES("joe") }, "joe", "" },
	{ "login: in lower case", { BYTES("JoE@Example.ORG") }, "joe", "example.org" },
	{ "login: the ends of the alphabet", { BYTES("AZaz@AZaz") }, "azaz", "azaz" },
	{ "login: @ goes before /", { BYTES("j/oe@example.org") }, "j/oe", "example.org" },
	{ "login: @ goes before %", { BYTES("j%oe@example.org") }, NULL, NULL },
	{ "login: % goes before /", { BYTES("j/oe%example.org") }, "j/oe", "example.org" },
	{ "login: the first @ of two", { BYTES("joe@a@b") }, NULL, NULL },
	{ "login: the first % of two", { BYTES("joe%a%b") }, NULL, NULL },
	{ "login: the first / of two", { BYTES("joe/a/b") }, NULL, NULL },
	{ "login: % behind @", { BYTES("joe@a%b") }, NULL, NULL },
	{ "login: / behind @", { BYTES("joe@a/b") }, NULL, NULL },
	{ "login: / behind %", { BYTES("joe%a/b") }, NULL, NULL },
	{ "login: empty", { BYTES("") }, NULL, NULL },
	{ "login: nothing", { NULL, 0 }, NULL, NULL },
	{ "login: @ alone", { BYTES("@") }, NULL, NULL },
	{ "login: no user", { BYTES("@example.org") }, NULL, NULL },
	{ "login: nothing behind @", { BYTES("joe@") }, NULL, NULL },
	{ "login: nothing behind %", { BYTES("joe%") }, NULL, NULL },
	{ "login: nothing behind /", { BYTES("joe/") }, NULL, NULL },
	{ "login: a NUL in the user", { BYTES("jo\0e@example.org") }, NULL, NULL },
	{ "login: a NUL in the domain", { BYTES("joe@example\0.org") }, NULL, NULL },
	{ "login: a NUL at the end", { BYTES("joe@example.org\0") }, NULL, NULL },
	{ "login: .. in the user", { BYTES("../joe@a") }, "../joe", "a" },
	{ "login: .. for a domain", { BYTES("joe@..") }, "joe", ".." },
	{ "login: a path for a domain", { BYTES("joe@../x") }, NULL, NULL },
	{ "login: a newline", { BYTES("joe@example.org\n") }, NULL, NULL },
	{ "login: UTF-8", { BYTES("jo\xc3\xa9@example.org") }, NULL, NULL },
};

static void splits(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct login login;

	memset(&login, 'x', sizeof(login));
	assert_int_equal(login_parse(row->text, &login), row->user != NULL);
	if (row->user == NULL)
		return;
	assert_string_equal(login.user, row->user);
	assert_string_equal(login.domain, row->domain);
}

static void takes_the_bytes_that_vpopmail_takes(void **state)
{
	(void)state;
	for (int value = 0; value < 256; value++) {
		char user[] = "jXe@example.org", domain[] = "joe@exXmple.org";
		bool alphanumeric = (value >= '0' && value <= '9') ||
				    (value >= 'A' && value <= 'Z') ||
				    (value >= 'a' && value <= 'z');
		bool of_user = value != 0 && strchr("!#$&'*+-./=?^_`{|}~", value) != NULL;
		bool of_domain = value == '.' || value == '-';
		struct login login;

		user[1] = domain[6] = (char)value;
		assert_int_equal(login_parse((struct span){ BYTES(user) }, &login),
				 alphanumeric || of_user);
		assert_int_equal(login_parse((struct span){ BYTES(domain) }, &login),
				 alphanumeric || of_domain);
		assert_int_equal(login_set_domain(&login, span_of(domain + 4)),
				 value != 0 ? alphanumeric || of_domain : true);
	}
}

static void bounds_each_part(void **state)
{
	char text[2 * LOGIN_MAX_BYTES + 2];

	(void)state;
	for (size_t length = LOGIN_MAX_BYTES - 2; length <= LOGIN_MAX_BYTES + 1; length++) {
		struct login login;
		bool fits = length < LOGIN_MAX_BYTES;

		memset(text, 'a', sizeof(text));
		assert_int_equal(login_parse((struct span){ text, length }, &login), fits);
		if (fits)
			assert_int_equal(strlen(login.user), length);
		text[length] = '@';
		assert_int_equal(login_parse((struct span){ text, length + 2 }, &login), fits);
		memset(text, 'a', sizeof(text));
		text[1] = '@';
		assert_int_equal(login_parse((struct span){ text, length + 2 }, &login), fits);
		if (fits)
			assert_int_equal(strlen(login.domain), length);
		assert_int_equal(login_set_domain(&login, (struct span){ text + 2, length }), fits);
	}
}

static void sets_a_domain(void **state)
{
	struct login login;

	(void)state;
	assert_true(login_parse(SPAN("joe"), &login));
	assert_true(login_set_domain(&login, SPAN("Example.ORG")));
	assert_string_equal(login.user, "joe");
	assert_string_equal(login.domain, "example.org");
	assert_true(login_set_domain(&login, SPAN("a")));
	assert_string_equal(login.domain, "a");
	assert_false(login_set_domain(&login, SPAN("")));
}

/* Nobody must be looked up in the part of it that is a domain. */
static void leaves_no_half_domain(void **state)
{
	static const struct span bad[] = { SPAN("example.org x"), SPAN("example.org/"),
					   SPAN("example.org@x"), SPAN("e\0x") };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct login login = { 0 };

		assert_true(login_parse(SPAN("joe"), &login));
		assert_false(login_set_domain(&login, bad[i]));
		assert_string_equal(login.domain, "");
	}
}

int main(void)
{
	UNIT_ROWS(rows, splits);
	UNIT_TEST(takes_the_bytes_that_vpopmail_takes);
	UNIT_TEST(bounds_each_part);
	UNIT_TEST(sets_a_domain);
	UNIT_TEST(leaves_no_half_domain);
	return unit_run();
}
