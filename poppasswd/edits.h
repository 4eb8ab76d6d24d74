/*
 * edits - what is to change in a text, all else staying as it is, byte for byte.
 */
#ifndef POPPASSWD_EDITS_H
#define POPPASSWD_EDITS_H

#include "span.h"

#include <stdint.h>

/* In place of `length` bytes from byte `at` on there shall be `text`. */
struct edit {
	uint64_t at, length;
	struct span text;
};

/* Zero-initialised it is empty. `edits_free` wipes nothing: the texts are others'. */
struct edits {
	struct edit *items;
	size_t count, room;
};

/* In rising order of `at`. `text` must stay. False if there is no memory. */
bool edits_add(struct edits *edits, uint64_t at, uint64_t length, struct span text);
void edits_free(struct edits *edits);

/*
 * Writes the text of `from` with the edits to `to`, where it stands. False with errno set; EPROTO
 * if the text ends before an edit does.
 */
bool edits_apply(const struct edits *edits, int from, int to);

#endif
