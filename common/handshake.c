#include "handshake.h"

#include "layout.h"
#include "process.h"
#include "request.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* One byte to see that there are too many, one for the NUL that ends an unended string. */
static LAYOUT_SECRET char bytes[REQUEST_MAX_BYTES + 2];
static struct secret_region region = { .base = bytes, .size = sizeof(bytes) };

/* With what has come locked in memory, unless the rest is there. */
static void await_more(void)
{
	struct pollfd more = { PROCESS_HANDSHAKE_DESCRIPTOR, POLLIN, 0 };

	if (poll(&more, 1, 0) != 0)
		return;
	secret_lock();
	(void)poll(&more, 1, -1);
}

enum reason handshake_read(struct span *message, struct text *why)
{
	size_t length = 0;

	*message = (struct span){ bytes, 0 };
	secret_register(&region);
	region.dirty = sizeof(bytes);
	while (length <= REQUEST_MAX_BYTES) {
		ssize_t got;

		if (length != 0)
			await_more();
		got = read(PROCESS_HANDSHAKE_DESCRIPTOR, bytes + length,
			   REQUEST_MAX_BYTES + 1 - length);
		if (got == 0)
			break;
		if (got > 0) {
			length += (size_t)got;
		} else if (errno == EAGAIN) {
			await_more();
		} else if (errno != EINTR) {
			text_join(why, "reading descriptor 3: ", text_of_errno(errno));
			return errno == EBADF ? REASON_DESCRIPTOR : REASON_HANDSHAKE;
		}
	}
	close(PROCESS_HANDSHAKE_DESCRIPTOR);
	message->length = length;
	return REASON_OK;
}

/* A pipe holds more than a message has: it is there before anyone reads. */
int handshake_offer(struct span message)
{
	int ends[2];
	ssize_t written;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	written = write(ends[1], message.at, message.length);
	close(ends[1]);
	if (written == (ssize_t)message.length)
		return ends[0];
	close(ends[0]);
	errno = EIO;
	return -1;
}
