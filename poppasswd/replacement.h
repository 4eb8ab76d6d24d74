/*
 * replacement - a new file that takes the place of another at one instant.
 *
 * The new file is made beside the old one under a name of its own, `.NAME.new`, for its owner only,
 * and takes the name by rename(2). Whoever holds the lock (lock.h) is the only one to make it, so
 * what a killed process left is taken away by the next.
 */
#ifndef POPPASSWD_REPLACEMENT_H
#define POPPASSWD_REPLACEMENT_H

#include "text.h"

#include <limits.h>
#include <sys/stat.h>

struct replacement {
	char path[PATH_MAX]; /* of what is replaced, no symbolic link in it */
	const char *name;    /* the last part of it */
	int directory;       /* -1: not located */
	int descriptor;      /* of the new file, for reading and writing; -1: there is none */
};

#define REPLACEMENT_NONE                                                                           \
	{                                                                                          \
		.directory = -1, .descriptor = -1                                                  \
	}

/* What replacement_name makes of NAME. */
enum replacement_kind { REPLACEMENT_NEW, REPLACEMENT_LOCK };

/* `.NAME.new` or `.NAME.lock`; false if that is no name. */
bool replacement_name(const struct replacement *replacement, enum replacement_kind kind,
		      char name[NAME_MAX + 1]);

enum replacement_target { REPLACEMENT_OF_TARGET, REPLACEMENT_OF_LINK };

/*
 * Finds out what `path` stands for; it need not exist, but its directory must.
 * If it is a symbolic link, what it leads to will be replaced, or with REPLACEMENT_OF_LINK it
 * itself. A link is followed only if it and the directory around it are root's or our own. False
 * with `why` set.
 */
bool replacement_locate(struct replacement *replacement, const char *path,
			enum replacement_target target, struct text *why);

/* Takes away what was left behind. */
void replacement_clean(const struct replacement *replacement);

/*
 * Makes the new file, empty, with owner, group, mode, ACL and other attributes of `like`, or, where
 * that is -1, with mode 0400 and the user checkpw as its owner if there is one and root runs this.
 * False with `why` set.
 */
bool replacement_create(struct replacement *replacement, int like, struct text *why);

/* Writes the new file out to the disk. */
bool replacement_sync(const struct replacement *replacement, struct text *why);

/* Gives it the name, and writes that out. False with `why` set; `done` tells if it has the name. */
bool replacement_publish(struct replacement *replacement, bool *done, struct text *why);

/* Closes all, and takes a new file away that was not published. */
void replacement_end(struct replacement *replacement);

#endif
