/* fuzz - what the fuzz targets share. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file with these bytes; good until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/*
 * How often each edge was run since libFuzzer last looked; none if it does not fuzz. For a target
 * that has its work done by another process, whose counts it must bring home.
 */
struct fuzz_counters {
	uint8_t *at;
	size_t count;
};
struct fuzz_counters fuzz_counters(void);

#endif
