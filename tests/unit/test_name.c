/* The login that is asked for, and the one that came back. */
#include "name.h"

#include "unit.h"

static struct {
	const char *name;
	struct span text;
	const char *default_domain;
	bool as_vpopmail;
	const char *login, *user, *domain; /* login NULL: refused */
} rows[] = {
	{ "name: an address", { BYTES("joe@a.b") }, "", false, "joe@a.b", "joe", "a.b" },
	{ "name: as it is written", { BYTES("JoE@A.b") }, "", false, "JoE@A.b", "JoE", "A.b" },
	{ "name: no domain", { BYTES("joe") }, "", false, "joe", "joe", "" },
	{ "name: the default domain", { BYTES("joe") }, "a.b", false, "joe@a.b", "joe", "a.b" },
	{ "name: its own domain", { BYTES("joe@c") }, "a.b", false, "joe@c", "joe", "c" },
	{ "name: the last @", { BYTES("j@o@e") }, "", false, "j@o@e", "j@o", "e" },
	{ "name: % is no @", { BYTES("joe%a/b") }, "", false, "joe%a/b", "joe%a/b", "" },
	{ "name: blanks stay", { BYTES(" joe @a ") }, "", false, " joe @a ", " joe ", "a " },
	{ "name: quotes", { BYTES("'\"`\\;--#") }, "", false, "'\"`\\;--#", "'\"`\\;--#", "" },
	{ "name: nothing behind @", { BYTES("joe@") }, "", false, NULL, NULL, NULL },
	{ "name: nothing behind @, a default", { BYTES("joe@") }, "a", false, NULL, NULL, NULL },
	{ "name: nothing before @", { BYTES("@a.b") }, "", false, NULL, NULL, NULL },
	{ "name: @ alone", { BYTES("@") }, "", false, NULL, NULL, NULL },
	{ "name: empty", { BYTES("") }, "", false, NULL, NULL, NULL },
	{ "name: empty, a default", { BYTES("") }, "a", false, NULL, NULL, NULL },
	{ "name: nothing", { NULL, 0 }, "a", false, NULL, NULL, NULL },
	{ "name: a NUL", { BYTES("jo\0e") }, "", false, NULL, NULL, NULL },
	{ "name: a newline", { BYTES("joe\n") }, "", false, NULL, NULL, NULL },
	{ "name: DEL", { BYTES("joe\x7f") }, "", false, NULL, NULL, NULL },
	{ "name: UTF-8, 2 bytes",
	  { BYTES("jo\xc3\xa9") },
	  "",
	  false,
	  "jo\xc3\xa9",
	  "jo\xc3\xa9",
	  "" },
	{ "name: UTF-8, the first of 2",
	  { BYTES("\xc2\x80") },
	  "",
	  false,
	  "\xc2\x80",
	  "\xc2\x80",
	  "" },
	{ "name: UTF-8, the first of 3",
	  { BYTES("\xe0\xa0\x80") },
	  "",
	  false,
	  "\xe0\xa0\x80",
	  "\xe0\xa0\x80",
	  "" },
	{ "name: UTF-8, before surrogates",
	  { BYTES("\xed\x9f\xbf") },
	  "",
	  false,
	  "\xed\x9f\xbf",
	  "\xed\x9f\xbf",
	  "" },
	{ "name: UTF-8, the first of 4",
	  { BYTES("\xf0\x90\x80\x80") },
	  "",
	  false,
	  "\xf0\x90\x80\x80",
	  "\xf0\x90\x80\x80",
	  "" },
	{ "name: UTF-8, the last",
	  { BYTES("\xf4\x8f\xbf\xbf") },
	  "",
	  false,
	  "\xf4\x8f\xbf\xbf",
	  "\xf4\x8f\xbf\xbf",
	  "" },
	{ "name: latin1", { BYTES("jo\xe9") }, "", false, NULL, NULL, NULL },
	{ "name: latin1 before ASCII", { BYTES("jo\xe9x") }, "", false, NULL, NULL, NULL },
	{ "name: a byte of more alone", { BYTES("\x80") }, "", false, NULL, NULL, NULL },
	{ "name: overlong, 2 bytes", { BYTES("\xc0\xaf") }, "", false, NULL, NULL, NULL },
	{ "name: overlong, the last of 2", { BYTES("\xc1\xbf") }, "", false, NULL, NULL, NULL },
	{ "name: overlong, 3 bytes", { BYTES("\xe0\x9f\xbf") }, "", false, NULL, NULL, NULL },
	{ "name: overlong, 4 bytes", { BYTES("\xf0\x8f\xbf\xbf") }, "", false, NULL, NULL, NULL },
	{ "name: a surrogate", { BYTES("\xed\xa0\x80") }, "", false, NULL, NULL, NULL },
	{ "name: behind Unicode", { BYTES("\xf4\x90\x80\x80") }, "", false, NULL, NULL, NULL },
	{ "name: far behind Unicode", { BYTES("\xf5\x80\x80\x80") }, "", false, NULL, NULL, NULL },
	{ "name: 0xff", { BYTES("\xff") }, "", false, NULL, NULL, NULL },
	{ "name: cut, 2 of 3", { BYTES("\xe2\x82") }, "", false, NULL, NULL, NULL },
	{ "name: cut, 3 of 4", { BYTES("\xf0\x90\x80") }, "", false, NULL, NULL, NULL },
	{ "name: 0xc0 in a character", { BYTES("\xe2\x82\xc0") }, "", false, NULL, NULL, NULL },
	{ "name: vpopmail", { BYTES("JoE@A.b") }, "", true, "joe@a.b", "joe", "a.b" },
	{ "name: vpopmail, %", { BYTES("joe%a.b") }, "", true, "joe@a.b", "joe", "a.b" },
	{ "name: vpopmail, a default", { BYTES("JOE") }, "A.B", true, "joe@a.b", "joe", "a.b" },
	{ "name: vpopmail, no domain", { BYTES("joe") }, "", true, NULL, NULL, NULL },
	{ "name: vpopmail, two @", { BYTES("j@o@e") }, "", true, NULL, NULL, NULL },
	{ "name: vpopmail, UTF-8", { BYTES("jo\xc3\xa9@a") }, "", true, NULL, NULL, NULL },
	{ "name: vpopmail, a bad default", { BYTES("joe") }, "a_b", true, NULL, NULL, NULL },
};

static void takes_apart(void **state)
{
	__typeof__(rows[0]) *row = *state;
	struct name name;

	memset(&name, 'x', sizeof(name));
	assert_int_equal(name_parse(row->text, row->as_vpopmail, row->default_domain, &name),
			 row->login != NULL);
	if (row->login == NULL)
		return;
	assert_string_equal(name.login, row->login);
	assert_string_equal(name.user, row->user);
	assert_string_equal(name.domain, row->domain);
}

static void bounds_the_parts(void **state)
{
	static char text[LOGIN_MAX_BYTES + 2], domain[CONFIGURATION_TEXT_BYTES];
	struct name name;

	(void)state;
	memset(text, 'a', sizeof(text));
	memset(domain, 'd', sizeof(domain) - 1);
	assert_true(name_parse((struct span){ text, LOGIN_MAX_BYTES - 1 }, false, "", &name));
	assert_int_equal(strlen(name.login), LOGIN_MAX_BYTES - 1);
	assert_false(name_parse((struct span){ text, LOGIN_MAX_BYTES }, false, "", &name));
	/* user, '@' and domain together */
	domain[NAME_LOGIN_BYTES - 1 - LOGIN_MAX_BYTES - 1] = '\0';
	assert_true(name_parse((struct span){ text, LOGIN_MAX_BYTES - 1 }, false, domain, &name));
	assert_int_equal(strlen(name.login), NAME_LOGIN_BYTES - 2);
	memset(domain, 'd', sizeof(domain) - 1);
	assert_false(name_parse((struct span){ text, LOGIN_MAX_BYTES - 1 }, false, domain, &name));
	assert_true(name_parse((struct span){ text, 1 }, false, domain, &name));
	assert_int_equal(strlen(name.login), CONFIGURATION_TEXT_BYTES + 1);
}

static struct {
	const char *name;
	struct span login;
	bool folded, exact; /* whether it is joe@a.b, by either rule */
} answers[] = {
	{ "answer: the same", { BYTES("joe@a.b") }, true, true },
	{ "answer: in capitals", { BYTES("JOE@A.B") }, true, false },
	{ "answer: one capital", { BYTES("joe@a.B") }, true, false },
	{ "answer: another byte, 0x20 away", { BYTES("joe`a.b") }, false, false },
	{ "answer: a blank behind", { BYTES("joe@a.b ") }, false, false },
	{ "answer: a NUL behind", { BYTES("joe@a.b\0") }, false, false },
	{ "answer: a NUL for the last", { BYTES("joe@a.\0") }, false, false },
	{ "answer: a NUL for the first", { BYTES("\0oe@a.b") }, false, false },
	{ "answer: less", { BYTES("joe@a.") }, false, false },
	{ "answer: empty", { BYTES("") }, false, false },
	{ "answer: nothing", { NULL, 0 }, false, false },
	{ "answer: somebody else's", { BYTES("jim@a.b") }, false, false },
	{ "answer: an accent", { BYTES("jo\xc3\xa9@a.b") }, false, false },
	{ "answer: an accent, as long", { BYTES("jo\xe9@a.b") }, false, false },
};

static void knows_the_answer(void **state)
{
	__typeof__(answers[0]) *row = *state;
	static const struct name name = { .login = "joe@a.b" };

	assert_int_equal(name_is(&name, row->login, false), row->folded);
	assert_int_equal(name_is(&name, row->login, true), row->exact);
}

static void folds_ascii_only(void **state)
{
	static const struct name upper = { .login = "JO\xc3\x89" };

	(void)state;
	assert_true(name_is(&upper, SPAN("jo\xc3\x89"), false));
	assert_false(name_is(&upper, SPAN("jo\xc3\xa9"), false));
}

int main(void)
{
	UNIT_ROWS(rows, takes_apart);
	UNIT_TEST(bounds_the_parts);
	UNIT_ROWS(answers, knows_the_answer);
	UNIT_TEST(folds_ascii_only);
	return unit_run();
}
