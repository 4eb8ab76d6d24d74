/*
 * walk - the lines of a file of users, with where in the file each of them stands.
 */
#ifndef POPPASSWD_WALK_H
#define POPPASSWD_WALK_H

#include "userfile.h"

struct walk {
	struct file_lines lines;
	uint64_t at, length;         /* of the line last returned, its end included */
	struct userfile_entry entry; /* good until the next call */
};

/* One at a time, from the start of the file. False with errno set if it cannot be read so. */
bool walk_begin(struct walk *walk, int descriptor);

/* The next line, of whatever kind; `entry` is set for USERFILE_ENTRY. */
enum userfile_line walk_next(struct walk *walk);

/* The next line that is an entry; USERFILE_END, or USERFILE_TROUBLE with errno set. */
enum userfile_line walk_next_entry(struct walk *walk);

/* Whether the entry last returned is that login's. */
bool walk_is_of(const struct walk *walk, struct span login);

/* Where the secret of the entry last returned begins in the file. */
uint64_t walk_secret_at(const struct walk *walk);

#endif
