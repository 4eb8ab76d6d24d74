/*
 * rewrite - changing a file of users: the lock, the edits, the new file, the index.
 *
 * The file is the old one or the new one at every instant, also if this process is killed. An index
 * that exists is made anew before the text is renamed and takes effect after it, so that a crash
 * between leaves one that does not match, never a wrong one.
 */
#ifndef POPPASSWD_REWRITE_H
#define POPPASSWD_REWRITE_H

#include "edits.h"
#include "replacement.h"

struct rewrite {
	struct replacement text, index;
	const char *path;   /* as it was named; the index is beside this */
	int lock, old;      /* descriptors; `old` is -1 if there is no file yet */
	struct stat status; /* of the old one */
};

/* Takes the lock and opens the file, or, with `create`, does without. False with `why` set. */
bool rewrite_begin(struct rewrite *rewrite, const char *path, bool create, unsigned seconds,
		   struct text *why);

/* Whether a newline has to go before a line that is added. */
bool rewrite_ends_within_line(const struct rewrite *rewrite);

/*
 * Writes the file with the edits. False with `why` set: then it is the old one, unless `why` says
 * that it was changed. True with `why` not empty: it was changed, but there is a remark.
 */
bool rewrite_commit(struct rewrite *rewrite, const struct edits *edits, struct text *why);

/* Makes the index of the file as it is, whether or not there is one. */
bool rewrite_index(struct rewrite *rewrite, uint64_t *logins, struct text *why);

void rewrite_end(struct rewrite *rewrite);

#endif
