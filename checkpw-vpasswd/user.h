/*
 * user - a line of a vpasswd file, and looking it up in vpasswd.cdb or vpasswd.
 *
 * Source: vpopmail's vpopmail.h and vcdb.c. A line is name:hash:uid:gid:gecos:dir:quota[:clear];
 * the record of a cdb has the name as its key and the rest as its data.
 */
#ifndef CHECKPW_VPASSWD_USER_H
#define CHECKPW_VPASSWD_USER_H

#include "store.h"

#define USER_MAX_BYTES 4096 /* of a record */

struct user {
	char bytes[USER_MAX_BYTES + 1]; /* a secret; a NUL follows the record */
	struct span hash, directory;
	struct span clear; /* .at is NULL if none is stored */
	unsigned flags;    /* the gid field */
};

/* Which file counts where vpasswd.cdb is older than vpasswd. */
enum user_newer { USER_CDB = 0, USER_TEXT };

/* What the operator should know. */
struct user_notes {
	bool cdb_is_missing, cdb_is_old;
	unsigned long damaged_line; /* of a text vpasswd, the first that was skipped; or 0 */
};

/*
 * Looks `name` up in the domain's directory. `other` gets the first user of the file, to be
 * tried where there is none of that name; its bytes are empty if there is no such file.
 */
enum store_lookup user_find(const char *directory, const char *name, enum user_newer newer,
			    struct user *user, struct user *other, struct user_notes *notes,
			    struct text *why);

/* Pure: takes the record that user->bytes holds apart. False if it is malformed. */
bool user_parse(struct user *user, size_t length);

#endif
