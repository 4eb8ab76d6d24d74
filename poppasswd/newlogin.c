#include "newlogin.h"

#include "request.h"

/* Beside it the message holds three NULs and a password of one byte at least. */
#define LOGIN_MAX_BYTES (REQUEST_MAX_BYTES - 4)

const char *newlogin_fault(struct span login)
{
	if (login.length == 0)
		return "the login is empty";
	if (login.at[0] == '#')
		return "a login cannot begin with #: that is a comment";
	if (login.length > LOGIN_MAX_BYTES)
		return "the login is longer than a mail server can send";
	if (memchr(login.at, ':', login.length) != NULL)
		return "a login cannot hold a colon";
	for (size_t i = 0; i < login.length; i++) {
		unsigned char byte = (unsigned char)login.at[i];

		if (byte < 0x20 || byte == 0x7f)
			return "a login cannot hold control characters";
	}
	return NULL;
}
