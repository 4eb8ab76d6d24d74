/* A poppasswd: the first line is the login asked for, the rest the file. */
#include "fuzz.h"

#include "userfile.h"

/* Its static state is made anew for each input. */
#include "../../cmd5checkpw/poppasswd.c"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size != 0 ? memchr(data, '\n', size) : NULL;
	struct span login = { (const char *)data, 0 }, secret = { 0 }, decoy;
	struct text why;
	size_t rest;

	if (newline == NULL)
		return 0;
	login.length = (size_t)(newline - data);
	rest = login.length + 1;
	decoy_length = 0;
	strcpy(userfile_path, fuzz_file(data + rest, size - rest));
	if (!open_store(&why))
		return 0;
	switch (find(login, &secret, &why)) {
	case STORE_FOUND:
		assert(memchr(login.at, ':', login.length) == NULL);
		assert(memchr(secret.at, ':', secret.length) == NULL);
		assert(memchr(secret.at, '\0', secret.length) == NULL);
		assert(login.length == 0 || login.at[0] != '#');
		break;
	case STORE_ABSENT:
		break;
	case STORE_TROUBLE:
		abort(); /* reading a file does not fail here */
	}
	decoy = find_decoy();
	assert(decoy.length <= FILE_LINE_MAX_BYTES);
	(void)complaint();
	close(lines.descriptor);
	return 0;
}
