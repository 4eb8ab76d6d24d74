/* What a vpopmail user may use. */
#include "vflags.h"

#include "unit.h"

/* The bits of vpopmail.h, written out once more. */
#define NO_POP 0x02
#define NO_WEBMAIL 0x04
#define NO_IMAP 0x08
#define NO_SMTP 0x800
#define OF_OTHERS 0x7d7f1 /* all other bits up to NO_MAILDROP */

static struct {
	const char *name;
	unsigned flags;
	enum service service;
	const char *address;
	enum reason want;
} rows[] = {
	{ "no flag, SMTP", 0, SERVICE_SMTP, "127.0.0.1", REASON_OK },
	{ "no flag, POP3", 0, SERVICE_POP3, "127.0.0.1", REASON_OK },
	{ "no flag, IMAP", 0, SERVICE_IMAP, "127.0.0.1", REASON_OK },
	{ "no flag, unknown", 0, SERVICE_UNKNOWN, "127.0.0.1", REASON_OK },
	{ "the others, SMTP", OF_OTHERS, SERVICE_SMTP, "127.0.0.1", REASON_OK },
	{ "the others, POP3", OF_OTHERS, SERVICE_POP3, "127.0.0.1", REASON_OK },
	{ "the others, IMAP", OF_OTHERS, SERVICE_IMAP, "127.0.0.1", REASON_OK },
	{ "NO_SMTP, SMTP", NO_SMTP, SERVICE_SMTP, "-", REASON_NO_SMTP },
	{ "NO_SMTP, POP3", NO_SMTP, SERVICE_POP3, "-", REASON_OK },
	{ "NO_SMTP, IMAP", NO_SMTP, SERVICE_IMAP, "-", REASON_OK },
	{ "NO_SMTP, unknown", NO_SMTP, SERVICE_UNKNOWN, "-", REASON_OK },
	{ "NO_POP, SMTP", NO_POP, SERVICE_SMTP, "-", REASON_OK },
	{ "NO_POP, POP3", NO_POP, SERVICE_POP3, "-", REASON_NO_POP3 },
	{ "NO_POP, IMAP", NO_POP, SERVICE_IMAP, "-", REASON_OK },
	{ "NO_POP, unknown", NO_POP, SERVICE_UNKNOWN, "-", REASON_NO_POP3 },
	{ "NO_IMAP, SMTP", NO_IMAP, SERVICE_SMTP, "-", REASON_OK },
	{ "NO_IMAP, POP3", NO_IMAP, SERVICE_POP3, "-", REASON_OK },
	{ "NO_IMAP, IMAP", NO_IMAP, SERVICE_IMAP, "-", REASON_NO_IMAP },
	{ "NO_IMAP, unknown", NO_IMAP, SERVICE_UNKNOWN, "-", REASON_OK },
	{ "NO_WEBMAIL, SMTP, here", NO_WEBMAIL, SERVICE_SMTP, "127.0.0.1", REASON_OK },
	{ "NO_WEBMAIL, POP3, here", NO_WEBMAIL, SERVICE_POP3, "127.0.0.1", REASON_NO_WEBMAIL },
	{ "NO_WEBMAIL, IMAP, here", NO_WEBMAIL, SERVICE_IMAP, "127.0.0.1", REASON_NO_WEBMAIL },
	{ "NO_WEBMAIL, unknown, here", NO_WEBMAIL, SERVICE_UNKNOWN, "::1", REASON_NO_WEBMAIL },
	{ "NO_WEBMAIL, POP3, elsewhere", NO_WEBMAIL, SERVICE_POP3, "192.0.2.1", REASON_OK },
	{ "NO_WEBMAIL, IMAP, elsewhere", NO_WEBMAIL, SERVICE_IMAP, "127.0.0.11", REASON_OK },
	{ "NO_WEBMAIL, IMAP, nowhere", NO_WEBMAIL, SERVICE_IMAP, "-", REASON_OK },
	{ "all, SMTP", 0x7ffff, SERVICE_SMTP, "127.0.0.1", REASON_NO_SMTP },
	{ "all, POP3", 0x7ffff, SERVICE_POP3, "192.0.2.1", REASON_NO_POP3 },
	{ "all, IMAP", 0x7ffff, SERVICE_IMAP, "192.0.2.1", REASON_NO_IMAP },
};

static void examines(void **state)
{
	__typeof__(rows[0]) *row = *state;

	assert_int_equal(vflags_examine(row->flags, row->service, row->address), row->want);
}

static struct {
	const char *name;
	struct span line;
	unsigned want;
} lines[] = {
	{ "limit: disable_pop", { BYTES("disable_pop") }, NO_POP },
	{ "limit: disable_imap", { BYTES("disable_imap") }, NO_IMAP },
	{ "limit: disable_smtp", { BYTES("disable_smtp") }, NO_SMTP },
	{ "limit: disable_webmail", { BYTES("disable_webmail") }, NO_WEBMAIL },
	{ "limit: disable_external_relay", { BYTES("disable_external_relay") }, 0x20 },
	{ "limit: disable_dialup", { BYTES("disable_dialup") }, 0x40 },
	{ "limit: disable_password_changing", { BYTES("disable_password_changing") }, 0x01 },
	{ "limit: a number behind it", { BYTES("disable_pop: 0") }, NO_POP },
	{ "limit: behind an equals sign", { BYTES("disable_pop=no") }, NO_POP },
	{ "limit: behind a blank", { BYTES("disable_pop # x") }, NO_POP },
	{ "limit: behind a tab", { BYTES("disable_pop\t1") }, NO_POP },
	{ "limit: blanks before it", { BYTES(" \t disable_pop") }, NO_POP },
	{ "limit: in capitals", { BYTES("Disable_POP") }, NO_POP },
	{ "limit: a comment", { BYTES("#disable_pop") }, 0 },
	{ "limit: a comment with a blank", { BYTES("# disable_pop") }, 0 },
	{ "limit: longer", { BYTES("disable_popx") }, 0 },
	{ "limit: shorter", { BYTES("disable_po") }, 0 },
	{ "limit: not the first word", { BYTES("x disable_pop") }, 0 },
	{ "limit: another key", { BYTES("maxpopaccounts: 5") }, 0 },
	{ "limit: empty", { BYTES("") }, 0 },
	{ "limit: blanks", { BYTES("   ") }, 0 },
	{ "limit: a separator", { BYTES(":disable_pop") }, 0 },
	{ "limit: a NUL behind it", { BYTES("disable_pop\0x") }, 0 },
	{ "limit: a NUL in it", { BYTES("disable\0pop") }, 0 },
};

static void reads_limits(void **state)
{
	__typeof__(lines[0]) *row = *state;

	assert_int_equal(vflags_of_limit(row->line), row->want);
}

static void has_vpopmails_bits(void **state)
{
	(void)state;
	assert_int_equal(VFLAG_NO_PASSWORD_CHANGE, 0x01);
	assert_int_equal(VFLAG_NO_POP, 0x02);
	assert_int_equal(VFLAG_NO_WEBMAIL, 0x04);
	assert_int_equal(VFLAG_NO_IMAP, 0x08);
	assert_int_equal(VFLAG_NO_RELAY, 0x20);
	assert_int_equal(VFLAG_NO_DIALUP, 0x40);
	assert_int_equal(VFLAG_NO_SMTP, 0x800);
	assert_int_equal(VFLAG_OVERRIDE, 0x2000);
}

int main(void)
{
	UNIT_ROWS(rows, examines);
	UNIT_ROWS(lines, reads_limits);
	UNIT_TEST(has_vpopmails_bits);
	return unit_run();
}
