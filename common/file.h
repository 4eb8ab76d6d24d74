/*
 * file - opening a file that decides who may log in, and reading it line by line.
 *
 * The file may be hostile: not a plain file, endless, with NULs, with lines of any length.
 * It is read in chunks and never mapped, so that a low memory limit does not matter.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "span.h"
#include "text.h"

#include <stdint.h>

#define FILE_LINE_MAX_BYTES 4096 /* without the newline; longer lines are skipped whole */
#define FILE_CHUNK_BYTES ((size_t)64 * 1024)

/* Who may own the file, and what others may do to it. */
enum file_trust {
	FILE_TRUST_OWN = 0, /* of root or of the effective user; nobody else may write to it */
	FILE_TRUST_SECRET,  /* the same, and others must not read it */
	FILE_TRUST_STORE,   /* as own, but its group may write, and root reads anybody's */
	FILE_TRUST_SHARED,  /* as store, and others must not read it */
	FILE_TRUST_NAMED,   /* of anybody, for a trusted file named it; others may not write */
	FILE_TRUST_ANY,     /* of anybody, whatever others may do: for who examines the file */
};

/*
 * Opens `path`, an absolute path to a regular file, for reading (close-on-exec, without
 * waiting on a FIFO). A symbolic link is followed. Returns the descriptor, or -1 with `why`
 * set and errno: ENOENT, and only then, if the file does not exist. `mode` may be NULL and
 * else gets the permission bits.
 */
int file_open(const char *path, enum file_trust trust, unsigned *mode, struct text *why);

/*
 * Opens `path`, an absolute path to a regular file, for reading and writing, and makes it if it
 * does not exist: empty, mode 0600, of the effective user, or of the owner of its directory where
 * the effective user is root. A symbolic link, a file with a second name, and one that others
 * may read or write are refused: what is written must not reach another file. The file belongs to
 * root or to the effective user; root takes anybody's. Returns the descriptor, or -1 with `why`
 * set.
 */
int file_open_to_update(const char *path, struct text *why);

/* Reading a file by lines. */
struct file_lines {
	int descriptor;
	unsigned long number; /* of the line last returned, from 1 */
	size_t start, end;    /* what of the buffer is unread */
	size_t whole;         /* where its last whole line ends; not behind the start: none */
	size_t step;          /* bytes to read next: small for a small file, then growing */
	uint64_t taken;       /* bytes that were read from the descriptor */
	bool ended;
	bool nul; /* there was one in what was read: each line is searched for one */
};

enum file_line {
	FILE_LINE_TROUBLE = 0, /* reading failed; errno is set */
	FILE_LINE_END,
	FILE_LINE,
	FILE_LINE_OVERLONG, /* skipped whole */
	FILE_LINE_NUL,      /* holds a NUL byte; skipped whole */
};

/* One file at a time: the buffer is shared, registered as a secret and wiped by begin. */
void file_lines_begin(struct file_lines *lines, int descriptor);

/*
 * The next line, without its newline and one carriage return before it; a last line need not
 * end in a newline. `line` points into the buffer and is good until the next call.
 */
enum file_line file_lines_next(struct file_lines *lines, struct span *line);

/*
 * For who looks at many lines at once: the whole lines that were read and not yet returned, and
 * that are known to hold no NUL byte. They may be none. FILE_AHEAD_BYTES behind the end may be
 * looked at too: they are of the buffer.
 */
#define FILE_AHEAD_BYTES 64
struct span file_lines_ready(const struct file_lines *lines);

/* Passes over the first `bytes` bytes of those, which are `count` lines. */
void file_lines_pass(struct file_lines *lines, size_t bytes, unsigned long count);

/* Where the next line begins, in bytes from where reading began. */
uint64_t file_lines_offset(const struct file_lines *lines);

#endif
