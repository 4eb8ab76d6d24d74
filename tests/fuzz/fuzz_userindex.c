/*
 * An index that lies: a line with the login asked for, a line with how many decoys it claims to
 * have (its length), two bytes with the length of the text, the text, and the rest is the index. If
 * it claims some it also claims to be the index of that text, which no input could guess.
 */
#include "fuzz.h"

#include "file.h"
#include "scan.h"
#include "userfile.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int text_file, index_file;

static int open_file(const char *path, unsigned *mode)
{
	size_t length = strlen(path);
	bool is_index = length > 4 && strcmp(path + length - 4, ".cdb") == 0;

	if (mode != NULL)
		*mode = 0600;
	return dup(is_index ? index_file : text_file);
}

/* Their static state is made anew for each input. */
#define file_open(path, trust, mode, why) (text_clear(why), open_file(path, mode))
#include "../../cmd5checkpw/poppasswd.c"
#include "../../common/userindex.c"

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

static void claim(size_t decoys)
{
	uint8_t key[8 + USERINDEX_KEY_BYTES] = { USERINDEX_KEY_BYTES, 0, 0, 0,
						 USERINDEX_HEAD_BYTES };
	uint8_t bytes[USERINDEX_HEAD_BYTES] = { 0 };
	struct userindex_head head;
	struct stat status;

	if (pread(index_file, bytes, sizeof(bytes), USERINDEX_DATA_AT) == -1)
		abort();
	(void)userindex_unpack_head(bytes, &head);
	memcpy(key + 8, USERINDEX_KEY, USERINDEX_KEY_BYTES);
	if (fstat(text_file, &status) != 0)
		abort();
	userindex_identify(&head, &status);
	head.decoys = decoys;
	if (fstat(index_file, &status) != 0)
		abort();
	head.index_size = (uint64_t)status.st_size;
	if (head.index_size < USERINDEX_DATA_AT + USERINDEX_HEAD_BYTES)
		head.index_size = USERINDEX_DATA_AT + USERINDEX_HEAD_BYTES;
	userindex_pack_head(&head, bytes);
	if (pwrite(index_file, key, sizeof(key), USERINDEX_DATA_AT - (off_t)sizeof(key)) == -1 ||
	    pwrite(index_file, bytes, sizeof(bytes), USERINDEX_DATA_AT) == -1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, login, decoys, text, secret, decoy;
	char copy[sizeof(kept)];
	struct text why;
	size_t length;

	if (!scan_until(&rest, '\n', &login) || !scan_until(&rest, '\n', &decoys) ||
	    rest.length < 2)
		return 0;
	length = (unsigned char)rest.at[0] | (size_t)(unsigned char)rest.at[1] << 8;
	rest = span_from(rest, 2);
	text = rest;
	if (text.length > length)
		text.length = length;
	rest = span_from(rest, text.length);

	text_file = file_of(text);
	index_file = file_of(rest);
	if (decoys.length != 0)
		claim(decoys.length);
	decoy_length = 0;
	if (!open_store(&why))
		abort();
	assert(decoys.length == 0 || decoys.length > USERINDEX_DECOYS_MAX ||
	       offsets.descriptor != -1);
	switch (find(login, &secret, &why)) {
	case STORE_FOUND:
		memcpy(copy, secret.at, secret.length);
		assert(holds(text_file, login, (struct span){ copy, secret.length }));
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
	close(text_file);
	close(index_file);
	return 0;
}
