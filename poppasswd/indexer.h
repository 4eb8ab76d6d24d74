/*
 * indexer - making the index that common/userindex.h reads. The one writer of cdb files.
 *
 * An index is built first and sealed last: until then it is one that matches no text. Which text it
 * was made from is told by times, and they move in ticks of the kernel's clock. So the sealing
 * waits until the clock is past the text's times: any later change gives the text others.
 */
#ifndef POPPASSWD_INDEXER_H
#define POPPASSWD_INDEXER_H

#include "userindex.h"

/*
 * Writes the offsets of the entries of `text` to `index_file`, an empty file. `logins` gets how
 * many entries there are; `head` what the text's lines tell of it. False with errno set; EFBIG if
 * it would not fit into the 4 GiB of a cdb.
 */
bool indexer_build(int text, int index_file, struct userindex_head *head, uint64_t *logins);

/* Waits until a change would show in the times of a file with this status. False if it is no use:
 * its times lie in the future. */
bool indexer_settle(const struct stat *status);

/* Makes `index_file` the index of the text with this status. False with errno set. */
bool indexer_seal(int index_file, const struct stat *text, struct userindex_head *head);

/* Whether two looks saw the same content: size, inode, time of the last writing. */
bool indexer_same(const struct stat *left, const struct stat *right);

#endif
