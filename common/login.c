#include "login.h"

#include "scan.h"

static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* Copies in lower case; false if it is empty, too long or holds a byte not in the two sets. */
static bool copy_part(struct span part, const char *more, char *out)
{
	/* Nothing is left behind of a part that does not fit. */
	out[0] = '\0';
	if (part.length == 0 || part.length >= LOGIN_MAX_BYTES)
		return false;
	for (size_t i = 0; i < part.length; i++) {
		char byte = part.at[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		if (byte == '\0' ||
		    (strchr(letters_and_digits, byte) == NULL && strchr(more, byte) == NULL)) {
			out[0] = '\0';
			return false;
		}
		out[i] = byte;
	}
	out[part.length] = '\0';
	return true;
}

bool login_set_domain(struct login *login, struct span domain)
{
	return copy_part(domain, ".-", login->domain);
}

bool login_parse(struct span text, struct login *login)
{
	struct span user = text, domain = text;
	bool has_domain = scan_until(&domain, '@', &user) || scan_until(&domain, '%', &user) ||
			  scan_until(&domain, '/', &user);

	login->domain[0] = '\0';
	return copy_part(user, "!#$&'*+-./=?^_`{|}~", login->user) &&
	       (!has_domain || login_set_domain(login, domain));
}
