#include "user.h"

#include "database.h"
#include "file.h"
#include "scan.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

bool user_parse(struct user *user, size_t length)
{
	struct span rest = { user->bytes, length }, uid, gid, gecos, quota;
	uint64_t flags;

	user->bytes[length] = '\0';
	user->clear.at = NULL;
	if (!scan_until(&rest, ':', &user->hash) || !scan_until(&rest, ':', &uid) ||
	    !scan_until(&rest, ':', &gid) || !scan_until(&rest, ':', &gecos) ||
	    !scan_until(&rest, ':', &user->directory))
		return false;
	/* All behind the next colon is the password, colons included. */
	if (scan_until(&rest, ':', &quota) && rest.length != 0)
		user->clear = rest;
	if (!scan_number(&gid, INT32_MAX, &flags) || gid.length != 0)
		return false;
	user->flags = (unsigned)flags;
	return true;
}

static bool trouble(struct text *why, const char *path, const char *what)
{
	text_join(why, path, ": ", what);
	return false;
}

/* Where it is damaged nobody is let in, but `why` tells. */
static enum store_lookup parse(const char *path, struct user *user, size_t length, struct text *why)
{
	if (user_parse(user, length))
		return STORE_FOUND;
	text_join(why, path, ": the record of the user is damaged");
	return STORE_TROUBLE;
}

static enum store_lookup find_in_cdb(int descriptor, const char *path, const char *name,
				     struct user *user, struct user *other, struct text *why)
{
	size_t length;

	if (database_first(descriptor, other->bytes, USER_MAX_BYTES, &length) != DATABASE_FOUND ||
	    !user_parse(other, length))
		other->bytes[0] = '\0';
	switch (database_find(descriptor, span_of(name), user->bytes, USER_MAX_BYTES, &length)) {
	case DATABASE_TROUBLE:
		(void)trouble(why, path, text_of_errno(errno));
		return STORE_TROUBLE;
	case DATABASE_ABSENT:
		return STORE_ABSENT;
	case DATABASE_FOUND:
		break;
	}
	return parse(path, user, length, why);
}

/* The record is what a cdb would hold: the line after its first colon. */
static void take_record(struct span line, struct user *user, size_t *length)
{
	*length = line.length;
	memcpy(user->bytes, line.at, line.length);
}

/* The file is read to its end, so that a name that is found costs what another one does. */
static enum store_lookup find_in_text(int descriptor, const char *path, const char *name,
				      struct user *user, struct user *other,
				      struct user_notes *notes, struct text *why)
{
	size_t length = 0, other_length = 0;
	bool found = false, has_other = false;
	struct file_lines lines;
	struct span line, key;
	enum file_line kind;

	file_lines_begin(&lines, descriptor);
	while ((kind = file_lines_next(&lines, &line)) != FILE_LINE_END) {
		if (kind == FILE_LINE_TROUBLE) {
			(void)trouble(why, path, text_of_errno(errno));
			return STORE_TROUBLE;
		}
		if (kind != FILE_LINE && notes->damaged_line == 0)
			notes->damaged_line = lines.number;
		if (kind != FILE_LINE || !scan_until(&line, ':', &key))
			continue;
		if (!has_other)
			take_record(line, other, &other_length);
		has_other = true;
		if (!found && span_is(key, name)) {
			take_record(line, user, &length);
			found = true;
		}
	}
	if (!has_other || !user_parse(other, other_length))
		other->bytes[0] = '\0';
	return found ? parse(path, user, length, why) : STORE_ABSENT;
}

/* Whether the cdb is there and counts. -1: it cannot be opened. */
static int choose(const char *cdb, const char *text, enum user_newer newer, int *descriptor,
		  struct user_notes *notes, struct text *why)
{
	struct stat cdb_status, text_status;

	*descriptor = file_open(cdb, FILE_TRUST_NAMED, NULL, why);
	if (*descriptor == -1) {
		notes->cdb_is_missing = errno == ENOENT;
		return errno == ENOENT ? 0 : -1;
	}
	if (fstat(*descriptor, &cdb_status) == 0 && stat(text, &text_status) == 0)
		notes->cdb_is_old = cdb_status.st_mtime < text_status.st_mtime;
	if (!notes->cdb_is_old || newer == USER_CDB)
		return 1;
	close(*descriptor);
	return 0;
}

enum store_lookup user_find(const char *directory, const char *name, enum user_newer newer,
			    struct user *user, struct user *other, struct user_notes *notes,
			    struct text *why)
{
	enum store_lookup lookup = STORE_TROUBLE;
	struct text cdb, text;
	int descriptor, chosen;

	text_join(&cdb, directory, "/vpasswd.cdb");
	text_join(&text, directory, "/vpasswd");
	chosen = choose(cdb.bytes, text.bytes, newer, &descriptor, notes, why);
	if (chosen == 1) {
		lookup = find_in_cdb(descriptor, cdb.bytes, name, user, other, why);
	} else if (chosen == 0) {
		descriptor = file_open(text.bytes, FILE_TRUST_NAMED, NULL, why);
		if (descriptor != -1)
			lookup =
				find_in_text(descriptor, text.bytes, name, user, other, notes, why);
	}
	if (descriptor != -1)
		close(descriptor);
	if (lookup != STORE_TROUBLE)
		text_clear(why);
	return lookup;
}
