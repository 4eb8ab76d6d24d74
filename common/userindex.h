/*
 * userindex - FILE.cdb beside a file of users: where in it the line of a login begins.
 *
 * A cdb: login -> offset of its first line, 8 bytes, little-endian. It holds no secret, and what it
 * says is believed only after the line that begins there was seen to be that login's. So a wrong
 * index lets nobody in. The first record, key ":index", which no login can be, holds the head
 * below: the index counts only while the text is the very file that it was made from. The device
 * is not part of that, for many file systems get another number with each mount.
 */
#ifndef COMMON_USERINDEX_H
#define COMMON_USERINDEX_H

#include "span.h"
#include "text.h"

#include <stdint.h>
#include <sys/stat.h>

#define USERINDEX_SUFFIX ".cdb"
#define USERINDEX_KEY ":index"
#define USERINDEX_KEY_BYTES 6
#define USERINDEX_OFFSET_BYTES 8
#define USERINDEX_DECOYS_MAX 1024
#define USERINDEX_HEAD_BYTES 96
#define USERINDEX_DATA_BYTES (USERINDEX_HEAD_BYTES + USERINDEX_DECOYS_MAX * USERINDEX_OFFSET_BYTES)
#define USERINDEX_DATA_AT (2048 + 8 + USERINDEX_KEY_BYTES) /* in the cdb: its first record */

/* The data of the first record: a mark that names the format and its version, then these. */
struct userindex_head {
	uint64_t size, inode; /* of the text */
	uint64_t changed_seconds, changed_nanoseconds;
	uint64_t modified_seconds, modified_nanoseconds;
	uint64_t index_size;                   /* of the cdb, in bytes */
	uint64_t skipped_count, skipped_first; /* lines of the text that are no entries */
	uint64_t decoys;                       /* how many offsets of decoys follow the head */
};

/* Pure: little-endian numbers as they stand in the file, and the head. */
void userindex_pack(uint64_t number, uint8_t bytes[USERINDEX_OFFSET_BYTES]);
uint64_t userindex_unpack(const uint8_t bytes[USERINDEX_OFFSET_BYTES]);
void userindex_pack_head(const struct userindex_head *head, uint8_t bytes[USERINDEX_HEAD_BYTES]);
bool userindex_unpack_head(const uint8_t bytes[USERINDEX_HEAD_BYTES], struct userindex_head *head);

/* Pure: the part of the head that tells which text it was made from. */
void userindex_identify(struct userindex_head *head, const struct stat *text);

struct userindex {
	int descriptor; /* -1: none */
	struct userindex_head head;
};

enum userindex_state {
	USERINDEX_UNUSABLE = 0, /* `why` says why, and what to do */
	USERINDEX_MISSING,
	USERINDEX_MATCHES,
};

/*
 * Opens the index of the file of users `path`, which is open as `text`. It must be trusted as the
 * text is. Unless it matches, `index->descriptor` is -1.
 */
enum userindex_state userindex_open(struct userindex *index_of, const char *path, int text,
				    struct text *why);
void userindex_close(struct userindex *index_of);

enum userindex_lookup { USERINDEX_DAMAGED = 0, USERINDEX_ABSENT, USERINDEX_FOUND };

enum userindex_lookup userindex_find(const struct userindex *index_of, struct span login,
				     uint64_t *offset);

/* Of the offsets of decoys the one that `choice` falls on. False if there is none. */
bool userindex_decoy(const struct userindex *index_of, uint64_t choice, uint64_t *offset);

#endif
