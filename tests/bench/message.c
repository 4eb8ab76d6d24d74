#include "message.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, tolower((unsigned char)c), sizeof(digits) - 1);

	return at != NULL ? (int)(at - digits) : -1;
}

bool message_from_hex(struct message *message, const char *hex)
{
	size_t length = strlen(hex);

	message->length = 0;
	if (length % 2 != 0 || length / 2 > MESSAGE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < length; i += 2) {
		int high = hex_digit(hex[i]);
		int low = hex_digit(hex[i + 1]);

		if (high == -1 || low == -1)
			return false;
		message->bytes[message->length++] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool message_from_login(struct message *message, const char *login, const char *password)
{
	size_t login_size = strlen(login) + 1;
	size_t password_size = strlen(password) + 1;

	message->length = 0;
	if (login_size + password_size + 1 > MESSAGE_MAX_BYTES)
		return false;
	memcpy(message->bytes, login, login_size);
	memcpy(message->bytes + login_size, password, password_size);
	message->length = login_size + password_size;
	message->bytes[message->length++] = '\0';
	return true;
}

/* The message fits the pipe's buffer: it is written, and the end closed, before anyone reads. */
bool message_offer(const struct message *message)
{
	int ends[2];
	bool good;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	good = write(ends[1], message->bytes, message->length) == (ssize_t)message->length &&
	       dup2(ends[0], message->descriptor) != -1;
	close(ends[0]);
	close(ends[1]);
	return good;
}
