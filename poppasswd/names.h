/*
 * names - the logins that were seen, and on which line first. A hash table.
 */
#ifndef POPPASSWD_NAMES_H
#define POPPASSWD_NAMES_H

#include "span.h"

#include <stdint.h>

struct name {
	struct name *next; /* in its bucket */
	uint64_t line;     /* where it was seen first */
	uint64_t hash;
	void *of; /* what the caller keeps with it; NULL at first */
	size_t length;
	char login[];
};

/* Zero-initialised it is empty. */
struct names {
	struct name **buckets;
	size_t count, room; /* of names, of buckets */
};

/* The entry for `login`, made with `line` if there is none yet. NULL if there is no memory. */
struct name *names_add(struct names *names, struct span login, uint64_t line);

/* NULL if it is not there. */
struct name *names_find(const struct names *names, struct span login);

void names_free(struct names *names);

#endif
