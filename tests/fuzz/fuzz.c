#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of clang's. Where a target itself declared them, clang would not find them for libFuzzer. */
extern uint8_t counters_begin[] __asm__("__start___sancov_cntrs") __attribute__((weak));
extern uint8_t counters_end[] __asm__("__stop___sancov_cntrs") __attribute__((weak));

struct fuzz_counters fuzz_counters(void)
{
	struct fuzz_counters counters = { counters_begin, 0 };

	if (counters_begin != NULL)
		counters.count = (size_t)(counters_end - counters_begin);
	return counters;
}

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
