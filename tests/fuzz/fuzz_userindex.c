/*
 * An index that lies: a line with the login asked for, a line with how many decoys it claims to
 * have (its length), two bytes with the length of the text, the text, and the rest is the index.
 */
#include "fuzz.h"

#include "userfile.h"
#include "userindex.h"

/* Its static state is made anew for each input. */
#include "../../cmd5checkpw/poppasswd.c"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

static int file_of(struct span bytes)
{
	int file = memfd_create("fuzz", MFD_CLOEXEC);

	if (file == -1 || pwrite(file, bytes.at, bytes.length, 0) != (ssize_t)bytes.length)
		abort();
	return file;
}

/* Whether some line of the text is that login's, with that secret. */
static bool holds(int text, struct span login, struct span secret)
{
	struct userfile_entry entry;
	struct file_lines all;
	enum userfile_line kind;

	lseek(text, 0, SEEK_SET);
	file_lines_begin(&all, text);
	while ((kind = userfile_next(&all, &entry)) > USERFILE_END)
		if (kind == USERFILE_ENTRY && userfile_same_login(login, entry.login) &&
		    entry.secret.length == secret.length &&
		    memcmp(entry.secret.at, secret.at, secret.length) == 0)
			return true;
	return false;
}

static bool cut_line(struct span *rest, struct span *line)
{
	const char *newline = rest->length != 0 ? memchr(rest->at, '\n', rest->length) : NULL;

	if (newline == NULL)
		return false;
	*line = (struct span){ rest->at, (size_t)(newline - rest->at) };
	*rest = span_from(*rest, line->length + 1);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, login, decoys, text, secret, decoy;
	char copy[sizeof(kept)];
	struct text why;
	size_t length;

	if (!cut_line(&rest, &login) || !cut_line(&rest, &decoys) || rest.length < 2)
		return 0;
	length = (unsigned char)rest.at[0] | (size_t)(unsigned char)rest.at[1] << 8;
	rest = span_from(rest, 2);
	text = rest;
	if (text.length > length)
		text.length = length;
	rest = span_from(rest, text.length);

	decoy_length = 0;
	file_lines_begin(&lines, file_of(text));
	offsets.descriptor = file_of(rest);
	offsets.head.decoys = decoys.length;
	switch (find(login, &secret, &why)) {
	case STORE_FOUND:
		memcpy(copy, secret.at, secret.length);
		assert(holds(lines.descriptor, login, (struct span){ copy, secret.length }));
		break;
	case STORE_ABSENT:
		break;
	case STORE_TROUBLE:
		abort(); /* reading the text does not fail here */
	}
	lseek(lines.descriptor, 0, SEEK_SET);
	file_lines_begin(&lines, lines.descriptor);
	decoy = find_decoy();
	assert(decoy.length <= FILE_LINE_MAX_BYTES);
	close(lines.descriptor);
	userindex_close(&offsets);
	return 0;
}
