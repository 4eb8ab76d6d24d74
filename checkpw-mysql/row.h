/*
 * row - the columns of the database's answer, and what they say.
 *
 * Pure. The columns count by their names. All of them come as text and are bounded, for the
 * process that asked the server hands them back as one block of bytes, in which the server may
 * have had its hands.
 */
#ifndef CHECKPW_MYSQL_ROW_H
#define CHECKPW_MYSQL_ROW_H

#include "text.h"

#include <stdint.h>
#include <sys/types.h>

enum column {
	COLUMN_LOGIN = 0,
	COLUMN_PASSWORD,
	COLUMN_CLEAR,
	COLUMN_UID,
	COLUMN_GID,
	COLUMN_HOME,
	COLUMN_SHELL,
	COLUMN_DISABLED,
	COLUMN_FLAGS,
	COLUMN_EXPIRES,
	COLUMN_COUNT
};

enum column_state { COLUMN_ABSENT = 0, COLUMN_NULL, COLUMN_TEXT };

#define ROW_TEXT_BYTES 3456

/* Holds secrets. */
struct row {
	uint32_t state[COLUMN_COUNT];  /* enum column_state */
	uint32_t length[COLUMN_COUNT]; /* bytes, without a NUL */
	char text[ROW_TEXT_BYTES];     /* each column has its place in it */
};

/* The column of that name, whatever its case; COLUMN_COUNT if there is none. */
enum column column_find(const char *name);
const char *column_name(enum column column);

/* How long the column may be, and where its text goes; one byte of its place is never used. */
size_t column_max_bytes(enum column column);
char *row_place(struct row *row, enum column column);

/* What a row says, taken apart. Points into the row. */
struct row_account {
	struct span login;
	struct span password, clear; /* .at is NULL where there is none */
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
	struct span home, shell; /* .at is NULL where there is none */
	bool disabled;
	bool has_flags;
	unsigned flags;  /* of vpopmail */
	int64_t expires; /* Unix time; INT64_MAX: never */
};

/*
 * False with `why` naming the column, if one is missing, too long, NULL or not what it should
 * be. A NULL is taken for "none" in expires, and in password or clear if the other is there.
 */
bool row_read(const struct row *row, struct row_account *account, struct text *why);

#endif
