/*
 * span - a run of bytes that somebody else owns.
 *
 * Not NUL-terminated unless the function that returns it says so; may hold any byte.
 * `at` is NULL only where "there is none" differs from "it is empty".
 */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at;
	size_t length; /* bytes */
};

static inline struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* The part of `whole` from byte `offset` on; empty when it is not longer than that. */
static inline struct span span_from(struct span whole, size_t offset)
{
	if (offset > whole.length)
		offset = whole.length;
	return (struct span){ whole.at + offset, whole.length - offset };
}

/* For public text such as keywords; secrets are compared by secret_equal. */
static inline bool span_is(struct span left, const char *right)
{
	return left.length == strlen(right) && memcmp(left.at, right, left.length) == 0;
}

static inline bool span_begins(struct span whole, const char *prefix)
{
	size_t length = strlen(prefix);

	return whole.length >= length && memcmp(whole.at, prefix, length) == 0;
}

/* A copy in the `size` bytes of `to`, with a NUL behind it. False, and no copy, if it is longer. */
static inline bool span_copy(struct span text, char *to, size_t size)
{
	if (text.length >= size)
		return false;
	memcpy(to, text.at, text.length);
	to[text.length] = '\0';
	return true;
}

#endif
