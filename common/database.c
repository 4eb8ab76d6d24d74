#include "database.h"

#include <cdb.h>
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#define FIRST_RECORD 2048 /* behind the 256 pointers */

static uint32_t unpack(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* A file full of zeros, which a crash leaves, must not pass for one without the key. */
static bool has_table(int descriptor, struct span key)
{
	unsigned char pointer[4];
	off_t at = (off_t)(cdb_hash(key.at, (unsigned)key.length) & 255) * 8;

	errno = EPROTO;
	return pread(descriptor, pointer, sizeof(pointer), at) == (ssize_t)sizeof(pointer) &&
	       unpack(pointer) >= FIRST_RECORD;
}

enum database_lookup database_find(int descriptor, struct span key, char *data, size_t size,
				   size_t *length)
{
	unsigned found;

	*length = 0;
	if (!has_table(descriptor, key))
		return DATABASE_TROUBLE;
	switch (cdb_seek(descriptor, key.at, (unsigned)key.length, &found)) {
	case 0:
		return DATABASE_ABSENT;
	case 1:
		break;
	default:
		return DATABASE_TROUBLE;
	}
	if (found > size || cdb_bread(descriptor, data, (int)found) != 0) {
		errno = EPROTO;
		return DATABASE_TROUBLE;
	}
	*length = found;
	return DATABASE_FOUND;
}

enum database_lookup database_first(int descriptor, char *data, size_t size, size_t *length)
{
	unsigned char head[12];
	uint32_t key_length, data_length;

	*length = 0;
	/* The first pointer is that of a hash table, which stands behind all records. */
	if (pread(descriptor, head, 4, 0) != 4 || pread(descriptor, head + 4, 8, FIRST_RECORD) != 8)
		return DATABASE_TROUBLE;
	key_length = unpack(head + 4);
	data_length = unpack(head + 8);
	if (unpack(head) <= FIRST_RECORD)
		return DATABASE_ABSENT;
	if (data_length > size || key_length > size ||
	    pread(descriptor, data, data_length, FIRST_RECORD + 8 + (off_t)key_length) !=
		    (ssize_t)data_length)
		return DATABASE_TROUBLE;
	*length = data_length;
	return DATABASE_FOUND;
}
