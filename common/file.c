#include "file.h"

#include "layout.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_FIRST_STEP_BYTES 8192

static LAYOUT_SECRET char buffer[FILE_CHUNK_BYTES + FILE_AHEAD_BYTES];
static struct secret_region region = { .base = buffer, .size = FILE_CHUNK_BYTES };

static bool is_trusted_owner(uid_t owner, enum file_trust trust)
{
	uid_t effective;

	if (owner == 0 || trust == FILE_TRUST_NAMED || trust == FILE_TRUST_ANY)
		return true;
	effective = geteuid();
	/* Root's privilege reads any file: whoever keeps the store, root decided to name it. */
	return owner == effective ||
	       ((trust == FILE_TRUST_STORE || trust == FILE_TRUST_SHARED) && effective == 0);
}

static bool is_acceptable(const char *path, const struct stat *status, enum file_trust trust,
			  struct text *why)
{
	mode_t forbidden = S_IWOTH;

	if (trust == FILE_TRUST_OWN || trust == FILE_TRUST_SECRET)
		forbidden |= S_IWGRP;
	if (trust == FILE_TRUST_SECRET || trust == FILE_TRUST_SHARED)
		forbidden |= S_IROTH;
	if (!S_ISREG(status->st_mode)) {
		text_join(why, path, ": not a regular file");
		return false;
	}
	if (!is_trusted_owner(status->st_uid, trust)) {
		text_join(why, path, ": owner is uid ");
		text_add_number(why, status->st_uid);
		text_add(why, ", must be root or uid ");
		text_add_number(why, geteuid());
		return false;
	}
	if (trust != FILE_TRUST_ANY && status->st_mode & forbidden) {
		text_join(why, path, ": mode is ");
		text_add_octal(why, status->st_mode & 07777);
		text_add(why, status->st_mode & forbidden & (S_IWGRP | S_IWOTH)
				      ? ": others may write to it"
				      : ": others may read it");
		return false;
	}
	return true;
}

static void explain_open(const char *path, int error, struct text *why)
{
	text_join(why, path, ": ", text_of_errno(error), " (as uid ");
	text_add_number(why, geteuid());
	text_add(why, ")");
}

int file_open(const char *path, enum file_trust trust, unsigned *mode, struct text *why)
{
	struct stat status;
	int descriptor = -1;

	if (path[0] != '/') {
		text_join(why, path, ": not an absolute path");
		errno = EINVAL;
		return -1;
	}
	descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor == -1 || fstat(descriptor, &status) == -1) {
		int error = errno;

		explain_open(path, error, why);
		if (descriptor != -1)
			close(descriptor);
		errno = error;
		return -1;
	}
	if (!is_acceptable(path, &status, trust, why)) {
		close(descriptor);
		errno = EPERM;
		return -1;
	}
	if (mode != NULL)
		*mode = status.st_mode & 07777;
	return descriptor;
}

/*
 * Makes the file at `path`, which must not be there, in its directory as it is now. Root makes it
 * for those who will need it: the owner of the directory. Its mode is not the caller's to choose.
 */
static int make(const char *path, int flags)
{
	const char *slash = strrchr(path, '/');
	struct text name;
	struct stat status;
	int directory, descriptor;

	text_join(&name, path);
	if (slash == NULL || name.length != strlen(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	name.bytes[slash - path + 1] = '\0';
	directory = open(name.bytes, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory == -1)
		return -1;
	descriptor = openat(directory, slash + 1, flags | O_CREAT | O_EXCL, 0600);
	if (descriptor != -1) {
		(void)fchmod(descriptor, 0600);
		if (geteuid() == 0 && fstat(directory, &status) == 0)
			(void)!fchown(descriptor, status.st_uid, (gid_t)-1);
	}
	close(directory);
	return descriptor;
}

int file_open_to_update(const char *path, struct text *why)
{
	static const int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	struct stat status;
	int descriptor = open(path, flags);

	if (descriptor == -1 && errno == ENOENT) {
		descriptor = make(path, flags);
		if (descriptor == -1 && errno == EEXIST)
			descriptor = open(path, flags);
	}
	if (descriptor == -1 || fstat(descriptor, &status) == -1) {
		explain_open(path, errno, why);
	} else if (status.st_nlink > 1) {
		text_join(why, path, ": the file has other names");
	} else if (is_acceptable(path, &status, FILE_TRUST_SHARED, why)) {
		return descriptor;
	}
	if (descriptor != -1)
		close(descriptor);
	return -1;
}

void file_lines_begin(struct file_lines *lines, int descriptor)
{
	secret_register(&region);
	secret_wipe(buffer, region.dirty);
	*lines = (struct file_lines){ .descriptor = descriptor, .step = FILE_FIRST_STEP_BYTES };
}

/* Reads on behind what is unread, which first moves to the front if it must. */
static bool fill(struct file_lines *lines)
{
	const char *newline;
	size_t room;
	ssize_t got;

	if (lines->end == FILE_CHUNK_BYTES) {
		memmove(buffer, buffer + lines->start, lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = lines->whole = 0;
	}
	room = FILE_CHUNK_BYTES - lines->end;
	if (room > lines->step)
		room = lines->step;
	do {
		got = read(lines->descriptor, buffer + lines->end, room);
	} while (got == -1 && errno == EINTR);
	if (lines->step < FILE_CHUNK_BYTES)
		lines->step *= 2;
	if (got == -1)
		return false;
	lines->ended = got == 0;
	lines->nul = lines->nul || memchr(buffer + lines->end, '\0', (size_t)got) != NULL;
	newline = memrchr(buffer + lines->end, '\n', (size_t)got);
	if (newline != NULL)
		lines->whole = (size_t)(newline + 1 - buffer);
	lines->end += (size_t)got;
	lines->taken += (size_t)got;
	if (region.dirty < lines->end)
		region.dirty = lines->end;
	return true;
}

/*
 * Makes the next line whole in the buffer and returns it with its newline. A line longer than
 * the limit is read over; `overlong` tells.
 */
static bool take_line(struct file_lines *lines, struct span *line, bool *overlong)
{
	size_t searched = 0;

	*overlong = false;
	for (;;) {
		struct span unread = { buffer + lines->start, lines->end - lines->start };
		struct span fresh = span_from(unread, searched);
		const char *newline =
			fresh.length != 0 ? memchr(fresh.at, '\n', fresh.length) : NULL;

		if (newline != NULL || lines->ended) {
			line->at = unread.at;
			line->length =
				newline != NULL ? (size_t)(newline + 1 - unread.at) : unread.length;
			lines->start += line->length;
			return true;
		}
		searched = unread.length;
		if (searched > FILE_LINE_MAX_BYTES + 2) {
			*overlong = true;
			lines->start = lines->end;
			searched = 0;
		}
		if (!fill(lines))
			return false;
	}
}

static void drop_last(struct span *line, char byte)
{
	if (line->length != 0 && line->at[line->length - 1] == byte)
		line->length--;
}

enum file_line file_lines_next(struct file_lines *lines, struct span *line)
{
	bool overlong;

	if (!take_line(lines, line, &overlong))
		return FILE_LINE_TROUBLE;
	if (line->length == 0 && !overlong)
		return FILE_LINE_END;
	lines->number++;
	drop_last(line, '\n');
	drop_last(line, '\r');
	if (overlong || line->length > FILE_LINE_MAX_BYTES)
		return FILE_LINE_OVERLONG;
	if (lines->nul && memchr(line->at, '\0', line->length) != NULL)
		return FILE_LINE_NUL;
	return FILE_LINE;
}

struct span file_lines_ready(const struct file_lines *lines)
{
	struct span ready = { buffer + lines->start, 0 };

	if (!lines->nul && lines->whole > lines->start)
		ready.length = lines->whole - lines->start;
	return ready;
}

void file_lines_pass(struct file_lines *lines, size_t bytes, unsigned long count)
{
	lines->start += bytes;
	lines->number += count;
}

uint64_t file_lines_offset(const struct file_lines *lines)
{
	return lines->taken - (lines->end - lines->start);
}
