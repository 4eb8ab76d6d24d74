#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int file = -1;

	if (file == -1) {
		file = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	if (file == -1 || fchmod(file, 0600) != 0 || ftruncate(file, 0) != 0 ||
	    pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	return path;
}
