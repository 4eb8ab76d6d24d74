/*
 * The message of one login, and the descriptor on which a program finds it: 3, as a mail server
 * offers it, or another one for programs that are no checkpassword programs.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#define MESSAGE_FD 3
#define MESSAGE_MAX_BYTES 512

struct message {
	unsigned char bytes[MESSAGE_MAX_BYTES];
	size_t length;
	int descriptor;
};

/* False if `hex` is no even number of hexadecimal digits, or too many. */
bool message_from_hex(struct message *message, const char *hex);

/* LOGIN NUL PASSWORD NUL NUL; false if that is too long. */
bool message_from_login(struct message *message, const char *login, const char *password);

/* Makes the descriptor a pipe that holds the message and then ends. False with errno set. */
bool message_offer(const struct message *message);

#endif
