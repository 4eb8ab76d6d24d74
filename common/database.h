/*
 * database - looking a key up in a cdb file. The one user of libcdb.
 *
 * The file is read, not mapped, so that its size does not matter under a memory limit. It may be
 * damaged: that ends in an error, never in a wrong record that looks right.
 */
#ifndef COMMON_DATABASE_H
#define COMMON_DATABASE_H

#include "span.h"

enum database_lookup {
	DATABASE_TROUBLE = 0, /* damaged, a record larger than `size`, or errno tells */
	DATABASE_ABSENT,
	DATABASE_FOUND,
};

/* Reads the first record of `key` into `data`, at most `size` bytes. */
enum database_lookup database_find(int descriptor, struct span key, char *data, size_t size,
				   size_t *length);

/* The first record of the file, whatever its key. */
enum database_lookup database_first(int descriptor, char *data, size_t size, size_t *length);

#endif
