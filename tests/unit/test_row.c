/* What the columns of an answer say. */
#include "row.h"

#include "unit.h"

static struct row row;
static struct row_account account;
static struct text why;

static void set(enum column column, struct span text)
{
	row.state[column] = COLUMN_TEXT;
	row.length[column] = (uint32_t)text.length;
	memcpy(row_place(&row, column), text.at, text.length);
}

static bool read_row(void)
{
	memset(&account, 'x', sizeof(account));
	text_clear(&why);
	return row_read(&row, &account, &why);
}

/* The least that a row must have. */
static void begin(void)
{
	memset(&row, 0, sizeof(row));
	memset(row.text, 'x', sizeof(row.text));
	set(COLUMN_LOGIN, SPAN("joe"));
	set(COLUMN_PASSWORD, SPAN("{PLAIN}secret"));
}

static void reads_the_least(void **state)
{
	(void)state;
	begin();
	assert_true(read_row());
	assert_true(span_is(account.login, "joe"));
	assert_true(span_is(account.password, "{PLAIN}secret"));
	assert_null(account.clear.at);
	assert_false(account.has_uid || account.has_gid || account.has_flags);
	assert_null(account.home.at);
	assert_null(account.shell.at);
	assert_false(account.disabled);
	assert_int_equal(account.expires, INT64_MAX);
}

static void reads_all(void **state)
{
	(void)state;
	begin();
	set(COLUMN_CLEAR, SPAN("clear"));
	set(COLUMN_UID, SPAN("1000"));
	set(COLUMN_GID, SPAN("0100"));
	set(COLUMN_HOME, SPAN("/home/joe"));
	set(COLUMN_SHELL, SPAN("/bin/sh"));
	set(COLUMN_DISABLED, SPAN("1"));
	set(COLUMN_FLAGS, SPAN("2048"));
	set(COLUMN_EXPIRES, SPAN("17"));
	assert_true(read_row());
	assert_true(span_is(account.clear, "clear"));
	assert_true(account.has_uid && account.uid == 1000);
	assert_true(account.has_gid && account.gid == 100);
	assert_true(span_is(account.home, "/home/joe"));
	assert_true(span_is(account.shell, "/bin/sh"));
	assert_true(account.disabled);
	assert_true(account.has_flags && account.flags == 2048);
	assert_int_equal(account.expires, 17);
}

static void finds_columns(void **state)
{
	(void)state;
	for (enum column column = COLUMN_LOGIN; column < COLUMN_COUNT; column++)
		assert_int_equal(column_find(column_name(column)), column);
	assert_int_equal(column_find("LoGiN"), COLUMN_LOGIN);
	assert_int_equal(column_find("logins"), COLUMN_COUNT);
	assert_int_equal(column_find("logi"), COLUMN_COUNT);
	assert_int_equal(column_find(""), COLUMN_COUNT);
}

/* No two columns share a byte, and one is left behind each. */
static void keeps_columns_apart(void **state)
{
	(void)state;
	for (enum column column = COLUMN_LOGIN; column < COLUMN_COUNT; column++) {
		char *end = row_place(&row, column) + column_max_bytes(column) + 1;

		assert_true(end <= row.text + sizeof(row.text));
		if (column + 1 < COLUMN_COUNT)
			assert_ptr_equal(end, row_place(&row, column + 1));
	}
}

static struct {
	const char *name;
	enum column column;
	bool is_null;
	struct span text;
	const char *why; /* NULL: taken */
} faults[] = {
	{ "row: login is NULL", COLUMN_LOGIN, true, { NULL, 0 }, "column login is NULL" },
	{ "row: password is NULL", COLUMN_PASSWORD, true, { NULL, 0 }, "column password is NULL" },
	{ "row: uid is NULL", COLUMN_UID, true, { NULL, 0 }, "column uid is NULL" },
	{ "row: gid is NULL", COLUMN_GID, true, { NULL, 0 }, "column gid is NULL" },
	{ "row: home is NULL", COLUMN_HOME, true, { NULL, 0 }, "column home is NULL" },
	{ "row: shell is NULL", COLUMN_SHELL, true, { NULL, 0 }, "column shell is NULL" },
	{ "row: disabled is NULL", COLUMN_DISABLED, true, { NULL, 0 }, "column disabled is NULL" },
	{ "row: flags is NULL", COLUMN_FLAGS, true, { NULL, 0 }, "column flags is NULL" },
	{ "row: clear is NULL", COLUMN_CLEAR, true, { NULL, 0 }, NULL },
	{ "row: expires is NULL", COLUMN_EXPIRES, true, { NULL, 0 }, NULL },
	{ "row: the highest uid", COLUMN_UID, false, { BYTES("4294967294") }, NULL },
	{ "row: uid -1",
	  COLUMN_UID,
	  false,
	  { BYTES("4294967295") },
	  "column uid is no number, or too large" },
	{ "row: a negative uid",
	  COLUMN_UID,
	  false,
	  { BYTES("-1") },
	  "column uid is no number, or too large" },
	{ "row: a uid behind 2^32",
	  COLUMN_UID,
	  false,
	  { BYTES("4294967296") },
	  "column uid is no number, or too large" },
	{ "row: a uid behind 2^64",
	  COLUMN_UID,
	  false,
	  { BYTES("18446744073709551616") },
	  "column uid is no number, or too large" },
	{ "row: an empty uid",
	  COLUMN_UID,
	  false,
	  { BYTES("") },
	  "column uid is no number, or too large" },
	{ "row: a blank before the uid",
	  COLUMN_UID,
	  false,
	  { BYTES(" 1") },
	  "column uid is no number, or too large" },
	{ "row: more behind the uid",
	  COLUMN_UID,
	  false,
	  { BYTES("1.0") },
	  "column uid is no number, or too large" },
	{ "row: a NUL behind the uid",
	  COLUMN_UID,
	  false,
	  { BYTES("1\0") },
	  "column uid is no number, or too large" },
	{ "row: the highest gid", COLUMN_GID, false, { BYTES("4294967294") }, NULL },
	{ "row: gid -1",
	  COLUMN_GID,
	  false,
	  { BYTES("4294967295") },
	  "column gid is no number, or too large" },
	{ "row: disabled is text",
	  COLUMN_DISABLED,
	  false,
	  { BYTES("N") },
	  "column disabled is no number, or too large" },
	{ "row: disabled is a BIT",
	  COLUMN_DISABLED,
	  false,
	  { BYTES("\0") },
	  "column disabled is no number, or too large" },
	{ "row: flags are text",
	  COLUMN_FLAGS,
	  false,
	  { BYTES("0x2") },
	  "column flags is no number, or too large" },
	{ "row: the highest flags", COLUMN_FLAGS, false, { BYTES("4294967295") }, NULL },
	{ "row: too many flags",
	  COLUMN_FLAGS,
	  false,
	  { BYTES("4294967296") },
	  "column flags is no number, or too large" },
	{ "row: a NUL in home",
	  COLUMN_HOME,
	  false,
	  { BYTES("/a\0b") },
	  "column home holds a NUL byte" },
	{ "row: a NUL in shell",
	  COLUMN_SHELL,
	  false,
	  { BYTES("/a\0") },
	  "column shell holds a NUL byte" },
	{ "row: an empty home", COLUMN_HOME, false, { BYTES("") }, NULL },
	{ "row: an empty password", COLUMN_PASSWORD, false, { BYTES("") }, NULL },
	{ "row: an empty login", COLUMN_LOGIN, false, { BYTES("") }, NULL },
	{ "row: expires is text",
	  COLUMN_EXPIRES,
	  false,
	  { BYTES("never") },
	  "column expires is neither a date nor a Unix time" },
	{ "row: expires is empty",
	  COLUMN_EXPIRES,
	  false,
	  { BYTES("") },
	  "column expires is neither a date nor a Unix time" },
};

static void names_the_fault(void **state)
{
	__typeof__(faults[0]) *fault = *state;

	begin();
	if (fault->is_null)
		row.state[fault->column] = COLUMN_NULL;
	else
		set(fault->column, fault->text);
	assert_int_equal(read_row(), fault->why == NULL);
	assert_string_equal(why.bytes, fault->why != NULL ? fault->why : "");
}

static void bounds_each_column(void **state)
{
	(void)state;
	for (enum column column = COLUMN_LOGIN; column < COLUMN_COUNT; column++) {
		size_t max = column_max_bytes(column);
		const uint32_t lengths[] = { (uint32_t)max, (uint32_t)max + 1, UINT32_MAX };

		for (size_t i = 0; i < COUNT(lengths); i++) {
			begin();
			/* Leading zeros make a number of any length. */
			memset(row_place(&row, column), '0', max);
			row.state[column] = COLUMN_TEXT;
			row.length[column] = lengths[i];
			assert_int_equal(read_row(), i == 0);
			if (i != 0)
				assert_non_null(strstr(why.bytes, "is too long"));
		}
	}
}

/* The process that asked the server may say anything. */
static void believes_no_state(void **state)
{
	static const uint32_t states[] = { 3, 0x100, 0x80000000, UINT32_MAX };

	(void)state;
	for (enum column column = COLUMN_LOGIN; column < COLUMN_COUNT; column++) {
		for (size_t i = 0; i < COUNT(states); i++) {
			begin();
			row.state[column] = states[i];
			assert_false(read_row());
			assert_non_null(strstr(why.bytes, column_name(column)));
		}
	}
}

static void wants_a_login(void **state)
{
	(void)state;
	begin();
	row.state[COLUMN_LOGIN] = COLUMN_ABSENT;
	assert_false(read_row());
	assert_string_equal(why.bytes, "column login is missing");
}

/* What there is of password and clear, each absent, NULL, empty or there. */
static struct {
	const char *name;
	int password, clear; /* a state; 3: empty */
	const char *why;     /* NULL: taken */
} secrets[] = {
	{ "secret: neither", 0, 0, "column password is missing, and so is clear" },
	{ "secret: absent, NULL", 0, 1, "column clear is NULL or empty" },
	{ "secret: absent, empty", 0, 3, "column clear is NULL or empty" },
	{ "secret: absent, there", 0, 2, NULL },
	{ "secret: NULL, absent", 1, 0, "column password is NULL" },
	{ "secret: NULL, NULL", 1, 1, "column password is NULL" },
	{ "secret: NULL, empty", 1, 3, "column password is NULL" },
	{ "secret: NULL, there", 1, 2, NULL },
	{ "secret: there, NULL", 2, 1, NULL },
	{ "secret: there, there", 2, 2, NULL },
	{ "secret: empty, there", 3, 2, NULL },
	{ "secret: empty, absent", 3, 0, NULL },
};

static void set_secret(enum column column, int kind)
{
	row.state[column] = COLUMN_ABSENT;
	if (kind >= COLUMN_TEXT)
		set(column, kind == 3 ? SPAN("") : SPAN("secret"));
	else
		row.state[column] = (uint32_t)kind;
}

static void wants_a_secret(void **state)
{
	__typeof__(secrets[0]) *secret = *state;

	begin();
	set_secret(COLUMN_PASSWORD, secret->password);
	set_secret(COLUMN_CLEAR, secret->clear);
	assert_int_equal(read_row(), secret->why == NULL);
	if (secret->why != NULL) {
		assert_string_equal(why.bytes, secret->why);
		return;
	}
	assert_int_equal(account.password.at != NULL, secret->password >= COLUMN_TEXT);
	assert_int_equal(account.clear.at != NULL, secret->clear == COLUMN_TEXT);
}

/* The seconds are those of date -u +%s. */
static struct {
	const char *name;
	struct span text;
	bool taken;
	int64_t seconds;
} dates[] = {
	{ "date: 1970", { BYTES("1970-01-01") }, true, 0 },
	{ "date: the second before", { BYTES("1969-12-31 23:59:59") }, true, -1 },
	{ "date: a leap day", { BYTES("2024-02-29") }, true, 1709164800 },
	{ "date: behind a leap day", { BYTES("2024-03-01 00:00:01") }, true, 1709251201 },
	{ "date: 2400 has one", { BYTES("2400-02-29") }, true, 13574563200 },
	{ "date: 2000 has one", { BYTES("2000-02-29 12:34:56") }, true, 951827696 },
	{ "date: behind 2038", { BYTES("2038-01-19 03:14:08") }, true, 2147483648 },
	{ "date: the last", { BYTES("9999-12-31 23:59:59") }, true, 253402300799 },
	{ "date: the first", { BYTES("0001-01-01") }, true, -62135596800 },
	{ "date: a fraction", { BYTES("1970-01-01 00:00:01.999999") }, true, 1 },
	{ "date: Unix time", { BYTES("1709164800") }, true, 1709164800 },
	{ "date: Unix time 0", { BYTES("0") }, true, 0 },
	{ "date: the last Unix time", { BYTES("9223372036854775807") }, true, INT64_MAX },
	{ "date: behind it", { BYTES("9223372036854775808") }, false, 0 },
	{ "date: a negative one", { BYTES("-1") }, false, 0 },
	{ "date: zero", { BYTES("0000-00-00") }, false, 0 },
	{ "date: zero with a time", { BYTES("0000-00-00 00:00:00") }, false, 0 },
	{ "date: year 0", { BYTES("0000-01-01") }, false, 0 },
	{ "date: year 10000", { BYTES("10000-01-01") }, false, 0 },
	{ "date: no leap day", { BYTES("2023-02-29") }, false, 0 },
	{ "date: 1900 has none", { BYTES("1900-02-29") }, false, 0 },
	{ "date: April 31", { BYTES("2024-04-31") }, false, 0 },
	{ "date: December 31", { BYTES("2024-12-31") }, true, 1735603200 },
	{ "date: month 13", { BYTES("2024-13-01") }, false, 0 },
	{ "date: day 0", { BYTES("2024-01-00") }, false, 0 },
	{ "date: day 32", { BYTES("2024-01-32") }, false, 0 },
	{ "date: hour 24", { BYTES("2024-01-01 24:00:00") }, false, 0 },
	{ "date: minute 60", { BYTES("2024-01-01 00:60:00") }, false, 0 },
	{ "date: second 60", { BYTES("2024-01-01 00:00:60") }, false, 0 },
	{ "date: no seconds", { BYTES("2024-01-01 00:00") }, false, 0 },
	{ "date: a zone behind", { BYTES("2024-01-01 00:00:00Z") }, false, 0 },
	{ "date: a T between", { BYTES("2024-01-01T00:00:00") }, false, 0 },
	{ "date: a blank behind", { BYTES("2024-01-01 ") }, false, 0 },
	{ "date: one digit at the end", { BYTES("2024-01-1") }, false, 0 },
	{ "date: a time alone", { BYTES("00:00:00") }, false, 0 },
};

static void reads_dates(void **state)
{
	__typeof__(dates[0]) *date = *state;

	begin();
	set(COLUMN_EXPIRES, date->text);
	assert_int_equal(read_row(), date->taken);
	if (date->taken)
		assert_int_equal(account.expires, date->seconds);
}

int main(void)
{
	UNIT_TEST(reads_the_least);
	UNIT_TEST(reads_all);
	UNIT_TEST(finds_columns);
	UNIT_TEST(keeps_columns_apart);
	UNIT_ROWS(faults, names_the_fault);
	UNIT_TEST(bounds_each_column);
	UNIT_TEST(believes_no_state);
	UNIT_TEST(wants_a_login);
	UNIT_ROWS(secrets, wants_a_secret);
	UNIT_ROWS(dates, reads_dates);
	return unit_run();
}
