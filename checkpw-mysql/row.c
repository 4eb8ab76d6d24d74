#include "row.h"

#include "request.h"
#include "scan.h"

#include <limits.h>
#include <strings.h>

#define NUMBER_MAX_BYTES 31

static const struct {
	const char *name;
	size_t max_bytes;
} columns[COLUMN_COUNT] = {
	[COLUMN_LOGIN] = { "login", REQUEST_MAX_BYTES },
	[COLUMN_PASSWORD] = { "password", 1024 },
	[COLUMN_CLEAR] = { "clear", REQUEST_MAX_BYTES },
	[COLUMN_UID] = { "uid", NUMBER_MAX_BYTES },
	[COLUMN_GID] = { "gid", NUMBER_MAX_BYTES },
	[COLUMN_HOME] = { "home", 900 },
	[COLUMN_SHELL] = { "shell", 255 },
	[COLUMN_DISABLED] = { "disabled", NUMBER_MAX_BYTES },
	[COLUMN_FLAGS] = { "flags", NUMBER_MAX_BYTES },
	[COLUMN_EXPIRES] = { "expires", NUMBER_MAX_BYTES },
};

enum column column_find(const char *name)
{
	int column = 0;

	while (column < COLUMN_COUNT && strcasecmp(columns[column].name, name) != 0)
		column++;
	return (enum column)column;
}

const char *column_name(enum column column)
{
	return columns[column].name;
}

size_t column_max_bytes(enum column column)
{
	return columns[column].max_bytes;
}

_Static_assert(REQUEST_MAX_BYTES * 2 + 1024 + 900 + 255 + 5 * NUMBER_MAX_BYTES + COLUMN_COUNT <=
		       ROW_TEXT_BYTES,
	       "each column has its place");

static size_t place(enum column column)
{
	size_t offset = 0;

	for (int i = 0; i < (int)column; i++)
		offset += columns[i].max_bytes + 1;
	return offset;
}

char *row_place(struct row *row, enum column column)
{
	return row->text + place(column);
}

static bool object(struct text *why, enum column column, const char *objection)
{
	text_join(why, "column ", columns[column].name, " ", objection);
	return false;
}

/* .at is NULL for a column that is NULL or absent. False for a length that cannot be. */
static bool take(const struct row *row, enum column column, struct span *text, struct text *why)
{
	*text = (struct span){ 0 };
	if (row->state[column] == COLUMN_ABSENT || row->state[column] == COLUMN_NULL)
		return true;
	if (row->state[column] != COLUMN_TEXT || row->length[column] > columns[column].max_bytes)
		return object(why, column, "is too long");
	*text = (struct span){ row->text + place(column), row->length[column] };
	return true;
}

/* A column that may be absent but not NULL. */
static bool take_known(const struct row *row, enum column column, struct span *text,
		       struct text *why)
{
	if (row->state[column] == COLUMN_NULL)
		return object(why, column, "is NULL");
	return take(row, column, text, why);
}

static bool take_number(const struct row *row, enum column column, uint64_t maximum, bool *has,
			uint64_t *number, struct text *why)
{
	struct span text;

	*has = false;
	*number = 0;
	if (!take_known(row, column, &text, why))
		return false;
	if (text.at == NULL)
		return true;
	*has = scan_number(&text, maximum, number) && text.length == 0;
	return *has || object(why, column, "is no number, or too large");
}

static bool take_path(const struct row *row, enum column column, struct span *text,
		      struct text *why)
{
	if (!take_known(row, column, text, why))
		return false;
	if (text->at != NULL && memchr(text->at, '\0', text->length) != NULL)
		return object(why, column, "holds a NUL byte");
	return true;
}

static bool scan_two(struct span *rest, const char *separator, int minimum, int maximum, int *value)
{
	uint64_t number;

	if (!scan_literal(rest, separator) || rest->length < 2 ||
	    !scan_number(rest, (uint64_t)maximum, &number) || (int)number < minimum)
		return false;
	*value = (int)number;
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01, proleptic Gregorian. Not timegm(3), which reads the zone's file first. */
static bool count_days(int year, int month, int day, int64_t *days)
{
	static const int before_month[] = { 0,   31,  59,  90,  120, 151, 181,
					    212, 243, 273, 304, 334, 365 };
	int leap = is_leap(year), past = year - 1;
	int length = before_month[month] - before_month[month - 1] + (month == 2 ? leap : 0);

	*days = 365 * (int64_t)(year - 1970) + (past / 4 - past / 100 + past / 400 - 477) +
		before_month[month - 1] + (month > 2 ? leap : 0) + day - 1;
	return year > 0 && day <= length;
}

/* YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, UTC; a fraction of the second does not count. */
static bool read_date(struct span text, int64_t *seconds)
{
	int month, day, hour = 0, minute = 0, second = 0;
	uint64_t year;
	int64_t days;

	if (!scan_number(&text, 9999, &year) || !scan_two(&text, "-", 1, 12, &month) ||
	    !scan_two(&text, "-", 1, 31, &day))
		return false;
	if (text.length != 0 &&
	    (!scan_two(&text, " ", 0, 23, &hour) || !scan_two(&text, ":", 0, 59, &minute) ||
	     !scan_two(&text, ":", 0, 59, &second) || (text.length != 0 && text.at[0] != '.')))
		return false;
	if (!count_days((int)year, month, day, &days))
		return false;
	*seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

static bool take_expiry(const struct row *row, int64_t *expires, struct text *why)
{
	struct span text, rest;
	uint64_t number;

	*expires = INT64_MAX;
	if (!take(row, COLUMN_EXPIRES, &text, why))
		return false;
	if (text.at == NULL)
		return true;
	rest = text;
	if (scan_number(&rest, INT64_MAX, &number) && rest.length == 0) {
		*expires = (int64_t)number;
		return true;
	}
	return read_date(text, expires) ||
	       object(why, COLUMN_EXPIRES, "is neither a date nor a Unix time");
}

static bool take_secrets(const struct row *row, struct row_account *account, struct text *why)
{
	if (!take(row, COLUMN_PASSWORD, &account->password, why) ||
	    !take(row, COLUMN_CLEAR, &account->clear, why))
		return false;
	if (account->clear.length == 0)
		account->clear.at = NULL;
	if (account->password.at != NULL || account->clear.at != NULL)
		return true;
	if (row->state[COLUMN_PASSWORD] == COLUMN_ABSENT &&
	    row->state[COLUMN_CLEAR] == COLUMN_ABSENT)
		return object(why, COLUMN_PASSWORD, "is missing, and so is clear");
	return row->state[COLUMN_PASSWORD] == COLUMN_ABSENT
		       ? object(why, COLUMN_CLEAR, "is NULL or empty")
		       : object(why, COLUMN_PASSWORD, "is NULL");
}

bool row_read(const struct row *row, struct row_account *account, struct text *why)
{
	uint64_t uid, gid, disabled, flags;
	bool has_disabled;

	*account = (struct row_account){ 0 };
	if (!take_known(row, COLUMN_LOGIN, &account->login, why))
		return false;
	if (account->login.at == NULL)
		return object(why, COLUMN_LOGIN, "is missing");
	if (!take_secrets(row, account, why) ||
	    !take_number(row, COLUMN_UID, UINT_MAX - 1, &account->has_uid, &uid, why) ||
	    !take_number(row, COLUMN_GID, UINT_MAX - 1, &account->has_gid, &gid, why) ||
	    !take_path(row, COLUMN_HOME, &account->home, why) ||
	    !take_path(row, COLUMN_SHELL, &account->shell, why) ||
	    !take_number(row, COLUMN_DISABLED, INT_MAX, &has_disabled, &disabled, why) ||
	    !take_number(row, COLUMN_FLAGS, UINT_MAX, &account->has_flags, &flags, why) ||
	    !take_expiry(row, &account->expires, why))
		return false;
	account->uid = (uid_t)uid;
	account->gid = (gid_t)gid;
	account->disabled = disabled != 0;
	account->flags = (unsigned)flags;
	return true;
}
