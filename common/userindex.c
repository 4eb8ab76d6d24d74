#include "userindex.h"

#include "database.h"
#include "file.h"

#include <errno.h>
#include <unistd.h>

static const char mark[] = "poppasswd-index1";

#define MARK_BYTES (sizeof(mark) - 1)
#define FIELDS 10 /* of 8 bytes, behind the mark */

_Static_assert(USERINDEX_HEAD_BYTES == 16 + 10 * 8, "the layout");
_Static_assert(sizeof(USERINDEX_KEY) - 1 == USERINDEX_KEY_BYTES, "the layout");

void userindex_pack(uint64_t number, uint8_t bytes[USERINDEX_OFFSET_BYTES])
{
	for (unsigned i = 0; i < USERINDEX_OFFSET_BYTES; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
}

uint64_t userindex_unpack(const uint8_t bytes[USERINDEX_OFFSET_BYTES])
{
	uint64_t number = 0;

	for (unsigned i = 0; i < USERINDEX_OFFSET_BYTES; i++)
		number |= (uint64_t)bytes[i] << 8 * i;
	return number;
}

void userindex_pack_head(const struct userindex_head *head, uint8_t bytes[USERINDEX_HEAD_BYTES])
{
	const uint64_t fields[FIELDS] = {
		head->size,
		head->inode,
		head->changed_seconds,
		head->changed_nanoseconds,
		head->modified_seconds,
		head->modified_nanoseconds,
		head->index_size,
		head->skipped_count,
		head->skipped_first,
		head->decoys,
	};

	memcpy(bytes, mark, MARK_BYTES);
	for (size_t i = 0; i < FIELDS; i++)
		userindex_pack(fields[i], bytes + MARK_BYTES + i * USERINDEX_OFFSET_BYTES);
}

bool userindex_unpack_head(const uint8_t bytes[USERINDEX_HEAD_BYTES], struct userindex_head *head)
{
	uint64_t *const fields[FIELDS] = {
		&head->size,
		&head->inode,
		&head->changed_seconds,
		&head->changed_nanoseconds,
		&head->modified_seconds,
		&head->modified_nanoseconds,
		&head->index_size,
		&head->skipped_count,
		&head->skipped_first,
		&head->decoys,
	};

	for (size_t i = 0; i < FIELDS; i++)
		*fields[i] = userindex_unpack(bytes + MARK_BYTES + i * USERINDEX_OFFSET_BYTES);
	return memcmp(bytes, mark, MARK_BYTES) == 0 && head->decoys <= USERINDEX_DECOYS_MAX;
}

void userindex_identify(struct userindex_head *head, const struct stat *text)
{
	head->size = (uint64_t)text->st_size;
	head->inode = text->st_ino;
	head->changed_seconds = (uint64_t)text->st_ctim.tv_sec;
	head->changed_nanoseconds = (uint64_t)text->st_ctim.tv_nsec;
	head->modified_seconds = (uint64_t)text->st_mtim.tv_sec;
	head->modified_nanoseconds = (uint64_t)text->st_mtim.tv_nsec;
}

static bool is_of(const struct userindex_head *head, const struct stat *text)
{
	struct userindex_head now = { 0 };

	userindex_identify(&now, text);
	return head->size == now.size && head->inode == now.inode &&
	       head->changed_seconds == now.changed_seconds &&
	       head->changed_nanoseconds == now.changed_nanoseconds &&
	       head->modified_seconds == now.modified_seconds &&
	       head->modified_nanoseconds == now.modified_nanoseconds;
}

/* The head of the record, its key and the front of its data, in one read. */
static bool read_head(int descriptor, struct userindex_head *head)
{
	uint8_t bytes[8 + USERINDEX_KEY_BYTES + USERINDEX_HEAD_BYTES];

	return pread(descriptor, bytes, sizeof(bytes),
		     USERINDEX_DATA_AT - 8 - USERINDEX_KEY_BYTES) == (ssize_t)sizeof(bytes) &&
	       memcmp(bytes + 8, USERINDEX_KEY, USERINDEX_KEY_BYTES) == 0 &&
	       userindex_unpack_head(bytes + 8 + USERINDEX_KEY_BYTES, head);
}

static enum userindex_state judge(const struct userindex *index_of, const char *path, int text,
				  struct text *why)
{
	struct stat text_status, index_status;

	if (fstat(text, &text_status) == -1 || fstat(index_of->descriptor, &index_status) == -1) {
		text_join(why, path, ": ", text_of_errno(errno));
		return USERINDEX_UNUSABLE;
	}
	if (!is_of(&index_of->head, &text_status)) {
		text_join(why, path, " was not made from the file of users as it is now");
		return USERINDEX_UNUSABLE;
	}
	if (index_of->head.index_size != (uint64_t)index_status.st_size) {
		text_join(why, path, " is damaged");
		return USERINDEX_UNUSABLE;
	}
	return USERINDEX_MATCHES;
}

enum userindex_state userindex_open(struct userindex *index_of, const char *path, int text,
				    struct text *why)
{
	enum userindex_state state = USERINDEX_UNUSABLE;
	struct text name;

	text_join(&name, path, USERINDEX_SUFFIX);
	/* Cut short it would be the name of another file; poppasswd makes none of that length. */
	index_of->descriptor = -1;
	errno = ENOENT;
	if (name.length == strlen(path) + strlen(USERINDEX_SUFFIX))
		index_of->descriptor = file_open(name.bytes, FILE_TRUST_STORE, NULL, why);
	if (index_of->descriptor == -1) {
		if (errno == ENOENT) {
			text_clear(why);
			return USERINDEX_MISSING;
		}
	} else if (!read_head(index_of->descriptor, &index_of->head)) {
		text_join(why, name.bytes, " is damaged, or of another version");
	} else {
		state = judge(index_of, name.bytes, text, why);
	}
	if (state == USERINDEX_MATCHES)
		return state;
	text_add(why, "; all lines are read instead: run poppasswd index");
	userindex_close(index_of);
	return state;
}

void userindex_close(struct userindex *index_of)
{
	if (index_of->descriptor != -1)
		close(index_of->descriptor);
	index_of->descriptor = -1;
}

enum userindex_lookup userindex_find(const struct userindex *index_of, struct span login,
				     uint64_t *offset)
{
	char data[USERINDEX_OFFSET_BYTES];
	size_t length;

	*offset = 0;
	/* No login holds a colon; the key of the head does. */
	if (memchr(login.at, ':', login.length) != NULL)
		return USERINDEX_ABSENT;
	switch (database_find(index_of->descriptor, login, data, sizeof(data), &length)) {
	case DATABASE_ABSENT:
		/* What a login that is there costs more: reading a record. */
		(void)database_first(index_of->descriptor, data, sizeof(data), &length);
		return USERINDEX_ABSENT;
	case DATABASE_FOUND:
		if (length != sizeof(data))
			break;
		*offset = userindex_unpack((const uint8_t *)data);
		return USERINDEX_FOUND;
	case DATABASE_TROUBLE:
		break;
	}
	return USERINDEX_DAMAGED;
}

bool userindex_decoy(const struct userindex *index_of, uint64_t choice, uint64_t *offset)
{
	uint8_t bytes[USERINDEX_OFFSET_BYTES];
	off_t at = USERINDEX_DATA_AT + USERINDEX_HEAD_BYTES;

	if (index_of->head.decoys == 0)
		return false;
	at += (off_t)(choice % index_of->head.decoys * sizeof(bytes));
	if (pread(index_of->descriptor, bytes, sizeof(bytes), at) != (ssize_t)sizeof(bytes))
		return false;
	*offset = userindex_unpack(bytes);
	return true;
}
