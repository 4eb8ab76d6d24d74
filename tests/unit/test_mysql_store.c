/*
 * What the store makes of a row that a server found: the secret, the account, the verdict on it. A
 * row comes from a server, so the store's own functions are called, and its state is set.
 */
#include "unit.h"

#define mysql_store mysql_store_under_test
#include "../../checkpw-mysql/mysql_store.c"
#undef mysql_store

static struct text why;

static struct {
	const char *name;
	enum schema schema;
	struct span password, clear; /* .at is NULL where there is none */
	const char *secret;
} rows[] = {
	{ "secret: a scheme", SCHEMA_CHECKPW, { BYTES("{SSHA}x") }, { NULL, 0 }, "{SSHA}x" },
	{ "secret: a plaintext", SCHEMA_NONE, { BYTES("secret") }, { NULL, 0 }, "secret" },
	{ "secret: clear", SCHEMA_ACCOUNTS, { NULL, 0 }, { BYTES("c") }, "{PLAIN}c" },
	{ "secret: clear that looks like a hash",
	  SCHEMA_NONE,
	  { NULL, 0 },
	  { BYTES("$1$x") },
	  "{PLAIN}$1$x" },
	{ "secret: password before clear", SCHEMA_NONE, { BYTES("p") }, { BYTES("c") }, "p" },
	{ "secret: empty", SCHEMA_NONE, { BYTES("") }, { NULL, 0 }, "" },
	{ "secret: clear for an empty one",
	  SCHEMA_NONE,
	  { BYTES("") },
	  { BYTES("c") },
	  "{PLAIN}c" },
	{ "secret: courier, a hash",
	  SCHEMA_COURIER,
	  { BYTES("$1$x") },
	  { NULL, 0 },
	  "{CRYPT}$1$x" },
	{ "secret: courier, no plaintext",
	  SCHEMA_COURIER,
	  { BYTES("secret") },
	  { NULL, 0 },
	  "{CRYPT}secret" },
	{ "secret: courier, a scheme",
	  SCHEMA_COURIER,
	  { BYTES("{PLAIN}s") },
	  { NULL, 0 },
	  "{PLAIN}s" },
	{ "secret: courier, clear for NULL",
	  SCHEMA_COURIER,
	  { NULL, 0 },
	  { BYTES("c") },
	  "{PLAIN}c" },
	{ "secret: courier, clear for an empty one",
	  SCHEMA_COURIER,
	  { BYTES("") },
	  { BYTES("c") },
	  "{PLAIN}c" },
	{ "secret: vpopmail, a hash",
	  SCHEMA_VPOPMAIL,
	  { BYTES("$6$x") },
	  { NULL, 0 },
	  "{CRYPT}$6$x" },
	{ "secret: vpopmail, locked", SCHEMA_VPOPMAIL, { BYTES("!$6$x") }, { NULL, 0 }, "!$6$x" },
	{ "secret: vpopmail, hash before clear",
	  SCHEMA_VPOPMAIL_CLEAR,
	  { BYTES("$1$x") },
	  { BYTES("c") },
	  "{CRYPT}$1$x" },
	{ "secret: vpopmail, an empty hash",
	  SCHEMA_VPOPMAIL_CLEAR,
	  { BYTES("") },
	  { BYTES("c") },
	  "" },
	{ "secret: vpopmail, a hash that is NULL",
	  SCHEMA_VPOPMAIL_CLEAR,
	  { NULL, 0 },
	  { BYTES("c") },
	  "" },
	{ "secret: vpopmail, single domain",
	  SCHEMA_VPOPMAIL_SINGLE_DOMAIN,
	  { BYTES("p") },
	  { NULL, 0 },
	  "{CRYPT}p" },
};

static void chooses_the_secret(void **state)
{
	__typeof__(rows[0]) *row = *state;

	settings.schema = (int)row->schema;
	found = (struct row_account){ .password = row->password, .clear = row->clear };
	assert_true(span_is(secret_of_row(), row->secret));
	settings.schema = SCHEMA_NONE;
}

static void takes_the_longest_clear(void **state)
{
	static char clear[REQUEST_MAX_BYTES];

	(void)state;
	memset(clear, 'c', sizeof(clear));
	found = (struct row_account){ .clear = { clear, sizeof(clear) } };
	assert_int_equal(secret_of_row().length, sizeof("{PLAIN}") - 1 + sizeof(clear));
}

#define NO_IDS "become = yes needs uid and gid, as columns or as keys"

static struct {
	const char *name;
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
	long key_uid, key_gid;
	const char *home, *base;
	const char *why; /* "": taken, as uid 1, gid 2 and /h/joe */
} accounts[] = {
	{ "account: of the row", true, true, 1, 2, 0, 0, "/h/joe", "", "" },
	{ "account: the row goes first", true, true, 1, 2, 8, 9, "/h/joe", "", "" },
	{ "account: of the configuration", false, false, 0, 0, 1, 2, "/h/joe", "", "" },
	{ "account: of both", true, false, 1, 0, 8, 2, "/h/joe", "", "" },
	{ "account: behind home-base", true, true, 1, 2, 0, 0, "joe", "/h", "" },
	{ "account: not behind home-base", true, true, 1, 2, 0, 0, "/h/joe", "/x", "" },
	{ "account: no ids", false, false, 0, 0, 0, 0, "/h/joe", "", NO_IDS },
	{ "account: no uid", false, true, 0, 2, 0, 2, "/h/joe", "", NO_IDS },
	{ "account: no gid", true, false, 1, 0, 1, 0, "/h/joe", "", NO_IDS },
	{ "account: no home", true, true, 1, 2, 0, 0, NULL, "/h",
	  "become = yes needs a column home" },
};

static void keeps_the_account(void **state)
{
	__typeof__(accounts[0]) *row = *state;

	enters = true;
	settings.uid = row->key_uid;
	settings.gid = row->key_gid;
	memcpy(settings.home_base, row->base, strlen(row->base) + 1);
	found = (struct row_account){
		.has_uid = row->has_uid, .has_gid = row->has_gid, .uid = row->uid, .gid = row->gid
	};
	if (row->home != NULL)
		found.home = span_of(row->home);
	text_clear(&why);
	assert_int_equal(keep_account(&why), row->why[0] == '\0');
	assert_string_equal(why.bytes, row->why);
	if (row->why[0] != '\0')
		return;
	assert_int_equal(account.uid, 1);
	assert_int_equal(account.gid, 2);
	assert_int_equal(account.groups[0], 2);
	assert_int_equal(account.group_count, 1);
	assert_string_equal(account.home, "/h/joe");
	assert_string_equal(account.shell, "NOLOGIN");
}

/* Root is become only if a row or the configuration says uid 0, and min-uid lets it pass. */
static void keeps_root_where_it_is_said(void **state)
{
	(void)state;
	enters = true;
	found = (struct row_account){ .has_uid = true, .has_gid = true, .home = SPAN("/root") };
	assert_true(keep_account(&why));
	enters = false;
	found = (struct row_account){ 0 };
	assert_true(keep_account(&why));
}

static void bounds_the_home(void **state)
{
	static char path[sizeof(home)];

	(void)state;
	enters = true;
	found = (struct row_account){ .has_uid = true, .has_gid = true, .uid = 1, .gid = 1 };
	memset(path, 'h', sizeof(path));
	memcpy(settings.home_base, "/b", 3);
	found.home = (struct span){ path, sizeof(home) - 4 };
	assert_true(keep_account(&why));
	assert_int_equal(strlen(home), sizeof(home) - 1);
	found.home.length++;
	assert_false(keep_account(&why));
	assert_string_equal(why.bytes, "column home or shell is too long");
	path[0] = '/';
	found.home.length = sizeof(home) - 1;
	assert_true(keep_account(&why));
	found.home.length++;
	assert_false(keep_account(&why));
}

static struct {
	const char *name;
	struct row_account found;
	enum service service;
	enum reason reason;
} verdicts[] = {
	{ "verdict: no rule", { .expires = INT64_MAX }, SERVICE_SMTP, REASON_OK },
	{ "verdict: disabled",
	  { .expires = INT64_MAX, .disabled = true },
	  SERVICE_SMTP,
	  REASON_LOCKED },
	{ "verdict: expired in 1970", { .expires = 0 }, SERVICE_SMTP, REASON_ACCOUNT_EXPIRED },
	{ "verdict: expired before", { .expires = -1 }, SERVICE_SMTP, REASON_ACCOUNT_EXPIRED },
	{ "verdict: expires later", { .expires = INT64_MAX - 1 }, SERVICE_SMTP, REASON_OK },
	{ "verdict: flags",
	  { .expires = INT64_MAX, .has_flags = true, .flags = VFLAG_NO_SMTP },
	  SERVICE_SMTP,
	  REASON_NO_SMTP },
	{ "verdict: flags of another service",
	  { .expires = INT64_MAX, .has_flags = true, .flags = VFLAG_NO_SMTP },
	  SERVICE_IMAP,
	  REASON_OK },
	{ "verdict: no column of flags",
	  { .expires = INT64_MAX, .flags = VFLAG_NO_SMTP },
	  SERVICE_SMTP,
	  REASON_OK },
};

static void examines(void **state)
{
	__typeof__(verdicts[0]) *row = *state;
	const struct configuration configuration = { .min_uid = 1 };
	const struct caller caller = { .service = row->service, .address = "192.0.2.1" };

	enters = false;
	found = row->found;
	assert_int_equal(examine(&configuration, &caller, &why), row->reason);
}

int main(void)
{
	UNIT_ROWS(rows, chooses_the_secret);
	UNIT_TEST(takes_the_longest_clear);
	UNIT_ROWS(accounts, keeps_the_account);
	UNIT_TEST(keeps_root_where_it_is_said);
	UNIT_TEST(bounds_the_home);
	UNIT_ROWS(verdicts, examines);
	return unit_run();
}
