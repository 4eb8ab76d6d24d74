/*
 * unit - what the unit tests share: a list of tests in which every row of a table is a test with
 * its own name, and scratch files.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include "span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The initialiser of a span, or two arguments, from a literal that may hold NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1
#define SPAN(literal) ((struct span){ BYTES(literal) })

#if defined(__SANITIZE_ADDRESS__)
#define UNIT_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIT_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef UNIT_ADDRESS_SANITIZER
#define UNIT_ADDRESS_SANITIZER 0
#endif

#define UNIT_TESTS_MAX 2048
#define UNIT_SECONDS 300 /* a test that hangs dies by SIGALRM */

static struct CMUnitTest unit_tests[UNIT_TESTS_MAX];
static size_t unit_count;

static inline void unit_add(const char *name, CMUnitTestFunction function, void *row)
{
	if (unit_count == UNIT_TESTS_MAX)
		abort();
	unit_tests[unit_count++] =
		(struct CMUnitTest){ .name = name, .test_func = function, .initial_state = row };
}

#define UNIT_TEST(function) unit_add(#function, function, NULL)

/* One test for each row of a table whose rows have a `name`; the row is the test's *state. */
#define UNIT_ROWS(rows, function)                                                                  \
	do {                                                                                       \
		for (size_t row_ = 0; row_ < COUNT(rows); row_++)                                  \
			unit_add((rows)[row_].name, function, &(rows)[row_]);                      \
	} while (0)

static inline int unit_run(void)
{
	alarm(UNIT_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("unit", unit_tests, unit_count, NULL, NULL);
}

/* A descriptor that reads `content` from its start. The caller closes it. */
static inline int unit_memory_file(struct span content)
{
	int descriptor = memfd_create("unit", MFD_CLOEXEC);

	assert_int_not_equal(descriptor, -1);
	while (content.length != 0) {
		ssize_t written = write(descriptor, content.at, content.length);

		assert_true(written > 0);
		content = span_from(content, (size_t)written);
	}
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	return descriptor;
}

#endif
