#include "walk.h"

#include <unistd.h>

bool walk_begin(struct walk *walk, int descriptor)
{
	file_lines_begin(&walk->lines, descriptor);
	walk->at = walk->length = 0;
	return lseek(descriptor, 0, SEEK_SET) == 0;
}

enum userfile_line walk_next(struct walk *walk)
{
	enum userfile_line kind;

	walk->at = file_lines_offset(&walk->lines);
	kind = userfile_next(&walk->lines, &walk->entry);
	walk->length = file_lines_offset(&walk->lines) - walk->at;
	return kind;
}

enum userfile_line walk_next_entry(struct walk *walk)
{
	enum userfile_line kind;

	do {
		kind = walk_next(walk);
	} while (kind != USERFILE_ENTRY && kind != USERFILE_END && kind != USERFILE_TROUBLE);
	return kind;
}

bool walk_is_of(const struct walk *walk, struct span login)
{
	struct span found = walk->entry.login;

	return found.length == login.length && memcmp(found.at, login.at, login.length) == 0;
}

uint64_t walk_secret_at(const struct walk *walk)
{
	return walk->at + walk->entry.login.length + 1;
}
