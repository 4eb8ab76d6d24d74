#include "poppasswd.h"

#include "file.h"
#include "layout.h"
#include "secret.h"
#include "userfile.h"
#include "userindex.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

static struct file_lines lines;
static struct userindex offsets = { .descriptor = -1 };
static struct text index_complaint;
static bool readable_by_all;

/*
 * What was found, kept apart from the buffer of lines, which is used on: the decoy, and behind it
 * the secret, which a later decoy may overwrite, for by then it was tried. So few pages are used.
 * With an index these are the two lines that are read.
 */
#define LINE_ROOM (FILE_LINE_MAX_BYTES + 3) /* and the newlines before and after it, and a CR */
static LAYOUT_SECRET char kept[2 * LINE_ROOM];
static struct secret_region region = { .base = kept, .size = sizeof(kept) };

static size_t decoy_length;

static struct userfile_search search;

static bool open_store(struct text *why)
{
	unsigned mode;
	int descriptor = file_open(userfile_path, FILE_TRUST_STORE, &mode, why);

	if (descriptor == -1)
		return false;
	readable_by_all = (mode & S_IROTH) != 0;
	file_lines_begin(&lines, descriptor);
	secret_register(&region);
	(void)userindex_open(&offsets, userfile_path, descriptor, &index_complaint);
	return true;
}

static void dirty(size_t length)
{
	if (region.dirty < length)
		region.dirty = length;
}

static struct span keep(size_t at, struct span secret)
{
	memcpy(kept + at, secret.at, secret.length);
	dirty(at + secret.length);
	return (struct span){ kept + at, secret.length };
}

/* FNV-1a. The same login always meets the same decoy: asking again shows no difference. */
static uint64_t hash(struct span text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 0x100000001b3;
	return hash;
}

static enum userfile_line read_on(struct userfile_entry *entry, bool *found)
{
	bool drawn;
	enum userfile_line kind = userfile_search_next(&search, &lines, entry, found, &drawn);

	if (kind == USERFILE_ENTRY && drawn) {
		(void)keep(0, entry->secret);
		decoy_length = entry->secret.length;
	}
	return kind;
}

static enum store_lookup find_by_reading(struct span *secret, struct text *why)
{
	struct userfile_entry entry;
	enum userfile_line kind;
	bool found;

	while ((kind = read_on(&entry, &found)) == USERFILE_ENTRY) {
		if (!found)
			continue;
		*secret = keep(decoy_length, entry.secret);
		return STORE_FOUND;
	}
	if (kind == USERFILE_END)
		return STORE_ABSENT;
	text_join(why, userfile_path, ": ", text_of_errno(errno));
	return STORE_TROUBLE;
}

/*
 * Reads the line at `offset` to `room`, LINE_ROOM bytes of `kept`. False if none begins there that
 * is an entry.
 */
static bool read_entry(uint64_t offset, char *room, struct userfile_entry *entry)
{
	struct span line = { room, 0 };
	const char *newline;
	ssize_t got;

	if (offset > INT64_MAX - LINE_ROOM)
		return false;
	/* With the byte before it, which has to end another line. */
	got = pread(lines.descriptor, room, LINE_ROOM, offset != 0 ? (off_t)offset - 1 : 0);
	if (got <= 0)
		return false;
	dirty((size_t)(room - kept) + (size_t)got);
	line.length = (size_t)got;
	if (offset != 0) {
		if (room[0] != '\n')
			return false;
		line = span_from(line, 1);
	}
	newline = line.length != 0 ? memchr(line.at, '\n', line.length) : NULL;
	if (newline != NULL)
		line.length = (size_t)(newline - line.at);
	if (line.length != 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line.length <= FILE_LINE_MAX_BYTES && line.length != 0 &&
	       memchr(line.at, '\0', line.length) == NULL &&
	       userfile_parse(line, entry) == USERFILE_ENTRY;
}

/* STORE_TROUBLE if the index is damaged. */
static enum store_lookup find_by_index(struct span *secret)
{
	enum store_lookup lookup = STORE_TROUBLE;
	struct userfile_entry entry;
	uint64_t offset;

	switch (userindex_find(&offsets, search.login, &offset)) {
	case USERINDEX_DAMAGED:
		break;
	case USERINDEX_ABSENT:
		/* Read what is not asked for: a login that is there costs that. */
		(void)read_entry(0, kept + LINE_ROOM, &entry);
		return STORE_ABSENT;
	case USERINDEX_FOUND:
		if (!read_entry(offset, kept + LINE_ROOM, &entry) ||
		    !userfile_same_login(search.login, entry.login))
			break;
		*secret = entry.secret;
		lookup = STORE_FOUND;
		break;
	}
	return lookup;
}

static enum store_lookup find(struct span login, struct span *secret, struct text *why)
{
	enum store_lookup lookup;

	userfile_search_begin(&search, login, hash(login));
	if (offsets.descriptor == -1)
		return find_by_reading(secret, why);
	lookup = find_by_index(secret);
	if (lookup != STORE_TROUBLE)
		return lookup;
	userindex_close(&offsets);
	text_join(&index_complaint, userfile_path, USERINDEX_SUFFIX,
		  " is damaged; all lines are read instead: run poppasswd index");
	return find_by_reading(secret, why);
}

static struct span find_decoy(void)
{
	struct userfile_entry entry;
	uint64_t offset;
	bool found;

	if (offsets.descriptor != -1) {
		if (userindex_decoy(&offsets, search.draw, &offset) &&
		    read_entry(offset, kept, &entry))
			return entry.secret;
		return (struct span){ kept, 0 };
	}
	while (read_on(&entry, &found) == USERFILE_ENTRY)
		continue;
	return (struct span){ kept, decoy_length };
}

static void add_complaint(struct text *text, const char *more)
{
	if (text->length != 0)
		text_add(text, "; ");
	text_add(text, more);
}

static const char *complaint(void)
{
	static struct text text;
	struct userfile_skipped skipped = search.skipped;

	if (offsets.descriptor != -1)
		skipped = (struct userfile_skipped){ offsets.head.skipped_count,
						     offsets.head.skipped_first };
	text_clear(&text);
	if (readable_by_all)
		text_join(&text, userfile_path, ": everybody can read it: chmod 400");
	if (index_complaint.length != 0)
		add_complaint(&text, index_complaint.bytes);
	if (skipped.count == 0)
		return text.bytes;
	add_complaint(&text, userfile_path);
	text_add(&text, ": lines skipped (too long, a NUL byte or no colon): ");
	text_add_number(&text, (long long)skipped.count);
	text_add(&text, ", the first is line ");
	text_add_number(&text, (long long)skipped.first);
	return text.bytes;
}

const struct store poppasswd_store = {
	.program = "cmd5checkpw",
	.keys = userfile_keys,
	.open = open_store,
	.find = find,
	.find_decoy = find_decoy,
	.complaint = complaint,
};
