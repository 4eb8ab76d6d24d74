#include "edits.h"

#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_ROOM 16
#define BLOCK_BYTES (64 * 1024)

/* What is copied, and what is gathered before it is written. Secrets, both. */
static char in[BLOCK_BYTES], out[BLOCK_BYTES];
static struct secret_region in_region = { .base = in, .size = sizeof(in) };
static struct secret_region out_region = { .base = out, .size = sizeof(out) };

bool edits_add(struct edits *edits, uint64_t at, uint64_t length, struct span text)
{
	if (edits->count == edits->room) {
		size_t room = edits->room != 0 ? 2 * edits->room : FIRST_ROOM;
		struct edit *items = reallocarray(edits->items, room, sizeof(*items));

		if (items == NULL)
			return false;
		edits->items = items;
		edits->room = room;
	}
	edits->items[edits->count++] = (struct edit){ at, length, text };
	return true;
}

void edits_free(struct edits *edits)
{
	free(edits->items);
	*edits = (struct edits){ 0 };
}

struct output {
	int descriptor;
	size_t held; /* bytes of `out` */
};

static bool flush(struct output *output)
{
	struct span rest = { out, output->held };

	while (rest.length != 0) {
		ssize_t written = write(output->descriptor, rest.at, rest.length);

		if (written > 0)
			rest = span_from(rest, (size_t)written);
		else if (written == 0 || errno != EINTR)
			return false;
	}
	output->held = 0;
	return true;
}

static bool put(struct output *output, struct span text)
{
	while (text.length != 0) {
		size_t room = sizeof(out) - output->held;
		size_t part = text.length < room ? text.length : room;

		memcpy(out + output->held, text.at, part);
		output->held += part;
		text = span_from(text, part);
		if (output->held == sizeof(out) && !flush(output))
			return false;
	}
	return true;
}

/* Copies from `*at` to `end`, or to the end of the file. */
static bool copy(int from, uint64_t *at, uint64_t end, struct output *output)
{
	while (*at < end) {
		size_t size = end - *at < sizeof(in) ? (size_t)(end - *at) : sizeof(in);
		ssize_t got = pread(from, in, size, (off_t)*at);

		if (got == 0) {
			errno = EPROTO;
			return end == UINT64_MAX;
		}
		if (got > 0 && !put(output, (struct span){ in, (size_t)got }))
			return false;
		if (got > 0)
			*at += (uint64_t)got;
		else if (errno != EINTR)
			return false;
	}
	return true;
}

bool edits_apply(const struct edits *edits, int from, int to)
{
	struct output output = { .descriptor = to };
	uint64_t at = 0;

	secret_register(&in_region);
	secret_register(&out_region);
	in_region.dirty = sizeof(in);
	out_region.dirty = sizeof(out);
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->items[i];

		if (from != -1 && !copy(from, &at, edit->at, &output))
			return false;
		if (!put(&output, edit->text))
			return false;
		at = edit->at + edit->length;
	}
	return (from == -1 || copy(from, &at, UINT64_MAX, &output)) && flush(&output);
}
